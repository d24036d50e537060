"""What heads share: classifier, loss, accuracy in training, averaging of views."""
import torch
from mmengine.model import initialize, normal_init
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['BaseHead', 'check_consensus', 'pool_places', 'pool_windows', 'top_k_accuracy']

LOSS = dict(type='CrossEntropyLoss')
CONSENSUS = dict(type='AvgConsensus', dim=1)
AVERAGES = ('prob', 'score', 'max')


class BaseHead(nn.Module):
    """Classifier behind pooled features; a head adds :meth:`forward`.

    ``forward(x, num_segs=None)`` gives one row of scores a view; ``num_segs`` is the number of
    inputs of one sample, for heads that join them before the classifier.

    Args:
        num_classes: classes, C.
        in_channels: channels of the pooled features.
        spatial_type: ``'avg'`` or ``'max'`` over all places; None for features that are flat.
        dropout_ratio: share of features dropped in training, 0..1.
        init_std: standard deviation of the classifier's weights at the start.
        loss_cls: loss in config notation.
        multi_class: samples may have several labels, given as [N, C] of 0 and 1.
        label_smooth_eps: share of each label that is spread over all classes
            (arXiv:1512.00567, section 7); for single and for several labels.
        topk: which accuracies are logged in training; cut at the number of classes.
        average_clips: how the views of a sample are joined: ``'prob'`` (mean of softmax),
            ``'score'`` (mean of scores), ``'max'`` (of each class its greatest probability in any
            view, with ``multi_class`` by sigmoid, else by softmax) or None (all are returned).
        init_cfg: further initializers in mmengine's notation.
        pool_size: (height, width) of windows: places are pooled in each window, and their scores
            averaged, as PySlowFast and PyTorchVideo do with pictures larger than in training.
            None to pool all places alike.
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', dropout_ratio=0.5,
                 init_std=0.01, loss_cls=LOSS, multi_class=False, label_smooth_eps=0.0,
                 topk=(1, 5), average_clips=None, init_cfg=None, pool_size=None):
        super().__init__()
        if spatial_type not in ('avg', 'max', None):
            raise InputError(f"cls_head.spatial_type: 'avg', 'max' or None, not {spatial_type!r}")
        if num_classes < 1:
            raise InputError(f'cls_head.num_classes must be positive, not {num_classes}')
        if not 0 <= label_smooth_eps < 1:
            raise InputError(f'cls_head.label_smooth_eps: 0 to below 1, not {label_smooth_eps}')
        check_average(average_clips)
        if pool_size is not None and (len(pool_size) != 2 or min(pool_size) < 1):
            raise InputError('cls_head.pool_size: (height, width) above 0 or None, not '
                             f'{pool_size!r}')
        self.pool_size = pool_size
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.spatial_type = spatial_type
        self.init_std = init_std
        self.multi_class = multi_class
        self.label_smooth_eps = label_smooth_eps
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk)
        if any(k < 1 for k in self.topk):
            raise InputError(f'cls_head.topk: positive numbers, not {topk!r}')
        self.average_clips = average_clips
        self.init_cfg = init_cfg
        self.loss_cls = MODELS.build(loss_cls)
        self.dropout = nn.Dropout(dropout_ratio) if dropout_ratio else nn.Identity()
        self.fc_cls = self.build_classifier()

    def build_classifier(self):
        """The layer under the key ``fc_cls``."""
        return nn.Linear(self.in_channels, self.num_classes)

    def init_weights(self):
        normal_init(self.fc_cls, std=self.init_std)
        if self.init_cfg:
            initialize(self, self.init_cfg)

    def pool(self, x):
        """Join all places (and frames) of each row: [B, C, ...] -> [B, C]."""
        pooled = pool_places(x, self.spatial_type, self.pool_size)
        if pooled.shape[1] != self.in_channels:
            raise InputError(f'cls_head.in_channels is {self.in_channels}, the features have '
                             f'{pooled.shape[1]} channels')
        return pooled

    def loss(self, score, label, **aux):
        """Loss and accuracies of a batch.

        Args:
            score: [B, C].
            label: [B] class indices, or [B, C] shares (several labels, mixed samples).
            aux: further tensors for the loss (``train_cfg.aux_info``).

        Returns:
            dict: ``loss_cls``, and ``top{k}_acc`` where a sample has one class.
        """
        score, losses = full_precision(score), {}
        if label.dim() == 2 and label.shape[1] != score.shape[1]:
            raise InputError(f'labels of {label.shape[1]} classes for cls_head.num_classes='
                             f'{score.shape[1]}; the data set and what mixes samples (blending) '
                             'have a num_classes, too')
        if label.dim() == 1 and not self.multi_class:
            for k, value in zip(self.topk, top_k_accuracy(score, label, self.topk), strict=True):
                losses[f'top{k}_acc'] = value
        if self.label_smooth_eps:
            if label.dim() == 1:
                label = F.one_hot(label, score.shape[1])
            label = (1 - self.label_smooth_eps) * label + self.label_smooth_eps / score.shape[1]
        found = self.loss_cls(score, label, **aux)
        losses.update(found if isinstance(found, dict) else dict(loss_cls=found))
        return losses

    def average(self, score, num_samples, average_clips):
        """Join the views of each sample.

        Args:
            score: [N*V, C], views of one sample next to each other.
            num_samples: N.
            average_clips: see the class.

        Returns:
            Tensor: [N, C], or [N, V, C] for None.
        """
        check_average(average_clips)
        score = full_precision(score).reshape(num_samples, -1, score.shape[-1])
        if average_clips is None:
            return score
        if average_clips == 'max':
            return (score.sigmoid() if self.multi_class else score.softmax(2)).amax(1)
        return (F.softmax(score, 2) if average_clips == 'prob' else score).mean(1)


def full_precision(score):
    """Scores of mixed precision as float32: on a CPU not every loss would turn them itself."""
    return score.to(torch.promote_types(score.dtype, torch.float32))


def pool_places(x, kind='avg', window=None):
    """[B, C, ...] -> [B, C]: mean ('avg') or maximum ('max') over all places; None flattens.

    With a window (height, width): the mean over all windows of this size.
    """
    if x.dim() == 2:
        return x
    if window is not None and kind is not None:
        return pool_windows(x, kind, window).mean(2)
    if kind is None:
        return x.flatten(1)
    places = tuple(range(2, x.dim()))
    return x.mean(places) if kind == 'avg' else x.amax(places)


def pool_windows(x, kind, window):
    """[B, C, (T,) H, W] -> [B, C, P]: mean or maximum over all frames and each of P windows."""
    if x.dim() == 5:
        x = x.mean(2) if kind == 'avg' else x.amax(2)
    size = [min(w, n) for w, n in zip(window, x.shape[2:], strict=True)]
    return (F.avg_pool2d if kind == 'avg' else F.max_pool2d)(x, size, 1).flatten(2)


@torch.no_grad()
def top_k_accuracy(score, label, topk):
    """Share of samples whose class is among the k best, as tensors on the device of the scores.

    Args:
        score: [B, C].
        label: [B] class indices.
        topk: numbers k; those above C count as C.
    """
    widest = min(max(topk), score.shape[1])
    hits = score.topk(widest, dim=1).indices == label[:, None]
    return [hits[:, :k].any(1).float().mean() for k in topk]


def check_average(average_clips):
    """Raise for a way of joining views that there is not."""
    if average_clips not in (*AVERAGES, None):
        raise InputError(f"average_clips: 'prob', 'score', 'max' or None, not {average_clips!r}")


def check_consensus(consensus):
    """Raise unless the consensus is the mean over segments, the only one that TSN and TSM use."""
    if consensus.get('type') != 'AvgConsensus' or consensus.get('dim', 1) != 1:
        raise InputError("cls_head.consensus: dict(type='AvgConsensus', dim=1) is expected, "
                         f'not {consensus!r}')
