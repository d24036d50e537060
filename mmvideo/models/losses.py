"""Losses on class scores."""
import torch
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['BCELossWithLogits', 'CrossEntropyLoss']


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
        if label.shape != score.shape:
            return self.loss_weight * F.cross_entropy(score, label, self.class_weight)
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
