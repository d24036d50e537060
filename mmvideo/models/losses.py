"""Losses on class scores."""
import torch
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['BCELossWithLogits', 'CBFocalLoss', 'CrossEntropyLoss', 'HVULoss', 'NLLLoss',
           'OHEMHingeLoss']

# Tags of each category in Holistic Video Understanding (arXiv:1904.11451).
HVU_CATEGORIES = ('action', 'attribute', 'concept', 'event', 'object', 'scene')
HVU_TAGS = (739, 117, 291, 69, 1678, 248)


def _weights(module, class_weight):
    values = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
    module.register_buffer('class_weight', values, persistent=False)


def _check(module, score):
    if module.class_weight is not None and len(module.class_weight) != score.shape[1]:
        raise InputError(f'{type(module).__name__}.class_weight: {len(module.class_weight)} values '
                         f'for {score.shape[1]} classes')


@MODELS.register_module()
class CrossEntropyLoss(nn.Module):
    """Cross entropy for one class per sample.

    Args:
        loss_weight: factor of the loss.
        class_weight: one factor per class. The sum is divided by the weight that the labels carry,
            so that a batch of equal weights gives the unweighted mean.

    Shape: scores [N, C]; labels [N] (class indices) or [N, C] (shares of the classes, from mixing
    or smoothing) -> a scalar.
    """

    def __init__(self, loss_weight=1.0, class_weight=None):
        super().__init__()
        self.loss_weight = loss_weight
        _weights(self, class_weight)

    def forward(self, score, label):
        _check(self, score)
        if label.dim() == 1:
            return self.loss_weight * F.cross_entropy(score, label, self.class_weight)
        if label.shape != score.shape:
            raise InputError(f'CrossEntropyLoss: labels of shape {tuple(label.shape)} for scores '
                             f'{tuple(score.shape)}; class indices [N] or shares [N, C] are '
                             'expected (num_classes of head, dataset and blending must agree)')
        label = label.to(score.dtype)
        share = label if self.class_weight is None else label * self.class_weight
        entropy = -(share * F.log_softmax(score, 1)).sum()
        mass = len(label) if self.class_weight is None else share.sum()
        return self.loss_weight * entropy / mass


@MODELS.register_module()
class BCELossWithLogits(nn.Module):
    """Binary cross entropy of every class, for samples with several labels.

    Args:
        loss_weight: factor of the loss; the mean over classes is small, recipes use 160 or 333.
        class_weight: one factor per class.

    Shape: scores [N, C]; labels [N, C] in 0..1 -> a scalar.
    """

    def __init__(self, loss_weight=1.0, class_weight=None):
        super().__init__()
        self.loss_weight = loss_weight
        _weights(self, class_weight)

    def forward(self, score, label):
        _check(self, score)
        if label.shape != score.shape:
            raise InputError(f'BCELossWithLogits: labels of shape {tuple(label.shape)} for scores '
                             f'{tuple(score.shape)}; set multi_class=True in the dataset and the '
                             'head')
        return self.loss_weight * F.binary_cross_entropy_with_logits(
            score, label.to(score.dtype), self.class_weight)


@MODELS.register_module()
class NLLLoss(nn.Module):
    """Negative log likelihood, for networks that give log-probabilities.

    Args:
        loss_weight: factor of the loss.

    Shape: log-probabilities [N, C]; labels [N] class indices -> a scalar.
    """

    def __init__(self, loss_weight=1.0):
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, score, label):
        if label.dim() != 1:
            raise InputError(f'NLLLoss: labels are class indices [N], these have the shape '
                             f'{tuple(label.shape)}; for mixed or smoothed labels take '
                             'CrossEntropyLoss')
        return self.loss_weight * F.nll_loss(score, label)


@MODELS.register_module()
class CBFocalLoss(nn.Module):
    """Focal loss whose classes count by their effective number of samples.

    Class-Balanced Loss (arXiv:1901.05555), section 4: the weight of a class with n samples is
    proportional to ``(1 - beta) / (1 - beta**n)``, and the weights sum to the number of classes.
    Every class is a yes-or-no question; easy ones fade with the power ``gamma``.

    Args:
        loss_weight: factor of the loss.
        samples_per_cls: training samples of each class; empty: all classes count alike.
        beta: 0 (counts have no effect) to below 1 (weights inverse to counts).
        gamma: 0 leaves plain binary cross entropy.

    Shape: scores [N, C]; labels [N] (class indices) or [N, C] (0..1) -> a scalar, the sum divided
    by the positives.
    """

    def __init__(self, loss_weight=1.0, samples_per_cls=(), beta=0.9999, gamma=2.0):
        super().__init__()
        if not 0 <= beta < 1:
            raise InputError(f'CBFocalLoss.beta: 0 to below 1, not {beta}')
        if any(n < 1 for n in samples_per_cls):
            raise InputError('CBFocalLoss.samples_per_cls: every class needs a sample; there are '
                             f'{sum(n < 1 for n in samples_per_cls)} classes without')
        self.loss_weight = loss_weight
        self.gamma = gamma
        weights = [(1 - beta) / (1 - beta**n) for n in samples_per_cls]
        scale = len(weights) / sum(weights) if weights else 1
        _weights(self, [w * scale for w in weights] or None)

    def forward(self, score, label):
        _check(self, score)
        if label.shape != score.shape:
            label = F.one_hot(label, score.shape[1])
        label = label.to(score.dtype)
        entropy = F.binary_cross_entropy_with_logits(score, label, reduction='none')
        # log(1 - p) of the right answer, without the rounding of a sigmoid.
        doubt = -label * score - F.softplus(-score)
        loss = torch.exp(self.gamma * doubt) * entropy
        if self.class_weight is not None:
            loss = loss * (label * self.class_weight).sum(1, keepdim=True)
        return self.loss_weight * loss.sum() / label.sum()


@MODELS.register_module()
class HVULoss(nn.Module):
    """Binary cross entropy over tags of several categories, of which a video may lack some.

    For Holistic Video Understanding (arXiv:1904.11451). ``mask`` and ``category_mask`` come with
    the batch: ``train_cfg=dict(aux_info=['mask', 'category_mask'])``.

    Args:
        categories: names, in the order of their tags in the scores.
        category_nums: tags of each category.
        category_loss_weights: of each category for ``'individual'``; only their ratio counts.
        loss_type: ``'all'``: one loss over all tags; ``'individual'``: one for each category, from
            the videos that have it, and their weighted mean over the categories in the batch.
        with_mask: for ``'all'``: tags of categories that a video lacks do not count.
        reduction: over the tags of a video, ``'mean'`` or ``'sum'``.
        loss_weight: factor of the loss.

    Shape: scores, labels and ``mask`` [N, C], C = sum of ``category_nums``; ``category_mask``
    [N, number of categories] of 0 and 1 -> dict with ``loss_cls`` and, for ``'individual'``,
    ``<category>_LOSS`` and ``<category>_LOSS_weight``, which are logged and not learned from.
    """

    def __init__(self, categories=HVU_CATEGORIES, category_nums=HVU_TAGS,
                 category_loss_weights=(1, 1, 1, 1, 1, 1), loss_type='all', with_mask=False,
                 reduction='mean', loss_weight=1.0):
        super().__init__()
        if not len(categories) == len(category_nums) == len(category_loss_weights):
            raise InputError(f'HVULoss: {len(categories)} categories, {len(category_nums)} '
                             f'category_nums and {len(category_loss_weights)} '
                             'category_loss_weights; one of each per category is expected')
        if min(category_loss_weights) < 0 or not sum(category_loss_weights):
            raise InputError('HVULoss.category_loss_weights: none negative and not all 0, not '
                             f'{category_loss_weights!r}')
        if loss_type not in ('all', 'individual'):
            raise InputError(f"HVULoss.loss_type: 'all' or 'individual', not {loss_type!r}")
        if reduction not in ('mean', 'sum'):
            raise InputError(f"HVULoss.reduction: 'mean' or 'sum', not {reduction!r}")
        self.categories = tuple(categories)
        self.category_nums = tuple(category_nums)
        self.loss_type = loss_type
        self.with_mask = with_mask
        self.reduction = reduction
        self.loss_weight = loss_weight
        weights = torch.tensor(category_loss_weights, dtype=torch.float32)
        self.register_buffer('category_weight', weights, persistent=False)

    def forward(self, score, label, mask=None, category_mask=None):
        if label.shape != score.shape or score.shape[1] != sum(self.category_nums):
            raise InputError(f'HVULoss: scores {tuple(score.shape)}, labels {tuple(label.shape)}; '
                             f'both have one column for each of {sum(self.category_nums)} tags '
                             f'(category_nums={self.category_nums})')
        entropy = F.binary_cross_entropy_with_logits(score, label.to(score.dtype), reduction='none')
        if self.loss_type == 'individual':
            return self.each_category(entropy, self.given('category_mask', category_mask))
        if not self.with_mask:
            each = entropy.mean(1) if self.reduction == 'mean' else entropy.sum(1)
        else:
            mask = self.given('mask', mask).to(score.dtype)
            each = (entropy * mask).sum(1)
            if self.reduction == 'mean':
                # A video without any category has nothing above the bar either.
                each = each / mask.sum(1).clamp(min=1)
        return dict(loss_cls=self.loss_weight * each.mean())

    def given(self, name, values):
        """``values``, or an error that says where they come from."""
        if values is None:
            raise InputError(f"HVULoss: needs {name!r} from the batch; set model.train_cfg.aux_info"
                             "=['mask', 'category_mask'] and collect both (LoadHVULabel)")
        return values

    def each_category(self, entropy, category_mask):
        """Losses by category; nothing here looks at values, which would wait for the device."""
        has = category_mask.to(entropy.dtype)
        parts = entropy.split(self.category_nums, 1)
        each = torch.stack([p.mean(1) if self.reduction == 'mean' else p.sum(1) for p in parts], 1)
        videos = has.sum(0)
        found = (each * has).sum(0) / videos.clamp(min=1)
        weight = self.category_weight * (videos > 0)
        weight = weight / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)
        losses = {}
        for i, name in enumerate(self.categories):
            losses[f'{name}_LOSS'] = found[i].detach()
            losses[f'{name}_LOSS_weight'] = weight[i]
        losses['loss_cls'] = self.loss_weight * (found * weight).sum()
        return losses


@MODELS.register_module()
class OHEMHingeLoss(nn.Module):
    """Hinge loss on the hardest samples of each group: whether a proposal is complete.

    SSN (arXiv:1704.06228), with online hard example mining (arXiv:1604.03540).

    Args:
        is_positive: 1 where the scores should be above 1, -1 where they should be below -1.
        ohem_ratio: share of each group that counts, 0..1.
        group_size: samples of one group, which lie next to each other.

    Shape: scores [N, C]; labels [N] classes counted from 1 -> a scalar, the sum.
    """

    def __init__(self, is_positive=1, ohem_ratio=1.0, group_size=1):
        super().__init__()
        if is_positive not in (1, -1):
            raise InputError(f'OHEMHingeLoss.is_positive: 1 or -1, not {is_positive!r}')
        self.is_positive = is_positive
        self.group_size = group_size
        self.hardest = int(group_size * ohem_ratio)
        if not 1 <= self.hardest <= group_size:
            raise InputError(f'OHEMHingeLoss: ohem_ratio={ohem_ratio} of group_size={group_size} '
                             'must leave one sample at least and not more than there are')

    def forward(self, score, label):
        if len(score) % self.group_size:
            raise InputError(f'OHEMHingeLoss: {len(score)} samples do not divide into groups of '
                             f'group_size={self.group_size}')
        own = score.gather(1, label[:, None] - 1)
        hinge = (1 - self.is_positive * own).clamp(min=0).view(-1, self.group_size)
        return hinge.topk(self.hardest, 1).values.sum()
