"""From features of boxes to actions."""
import torch
from mmengine.model import normal_init
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['BBoxHeadAVA']


@MODELS.register_module()
class BBoxHeadAVA(nn.Module):
    """Scores of the actions of a person (SlowFast, arXiv:1812.03982, section 5).

    Args:
        background_class: the first column stands for no action and is not learned.
        temporal_pool_type, spatial_pool_type: 'avg' or 'max' over frames, then over places.
        in_channels: channels of a box.
        focal_gamma, focal_alpha: of the focal loss (arXiv:1708.02002): alpha (1 - p) ** gamma times
            the cross entropy, p the probability of the right answer. 0 and 1: cross entropy alone.
        num_classes: columns, that of no action included.
        dropout_ratio: share of features dropped in training.
        dropout_before_pool: drop before the pooling.
        topk: a recall and a precision at the k best actions is logged for each of these.
        multilabel: a person does several things; False for exactly one.
        mlp_head: a hidden layer before the classifier.

    Shape: [K, C, T, h, w] -> [K, num_classes].
    """

    def __init__(self, background_class=True, temporal_pool_type='avg', spatial_pool_type='max',
                 in_channels=2048, focal_gamma=0., focal_alpha=1., num_classes=81, dropout_ratio=0,
                 dropout_before_pool=True, topk=(3, 5), multilabel=True, mlp_head=False):
        super().__init__()
        for name, value in (('temporal_pool_type', temporal_pool_type),
                            ('spatial_pool_type', spatial_pool_type)):
            if value not in ('avg', 'max'):
                raise InputError(f"bbox_head.{name}: 'avg' or 'max', not {value!r}")
        self.first = int(background_class)
        if num_classes <= self.first:
            raise InputError(f'bbox_head.num_classes: more than {self.first}, not {num_classes}')
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk or ())
        if any(k < 1 for k in self.topk):
            raise InputError(f'bbox_head.topk: positive numbers, not {topk!r}')
        self.num_classes = num_classes
        self.temporal_pool_type = temporal_pool_type
        self.spatial_pool_type = spatial_pool_type
        self.focal_gamma = focal_gamma
        self.focal_alpha = focal_alpha
        self.dropout_before_pool = dropout_before_pool
        self.multilabel = multilabel
        self.dropout = nn.Dropout(dropout_ratio)
        last = nn.Linear(in_channels, num_classes)
        self.fc_cls = nn.Sequential(nn.Linear(in_channels, in_channels), nn.ReLU(),
                                    last) if mlp_head else last

    def init_weights(self):
        for layer in self.fc_cls.modules():
            if isinstance(layer, nn.Linear):
                normal_init(layer, std=0.01)

    def forward(self, x):
        if self.dropout_before_pool:
            x = self.dropout(x)
        x = x.mean(2) if self.temporal_pool_type == 'avg' else x.amax(2)
        x = x.mean((2, 3)) if self.spatial_pool_type == 'avg' else x.amax((2, 3))
        if not self.dropout_before_pool:
            x = self.dropout(x)
        return self.fc_cls(x)

    def probabilities(self, score):
        """Scores in 0..1 of all columns."""
        return score.sigmoid() if self.multilabel else score.softmax(-1)

    def loss(self, score, label):
        """Losses and measures of people.

        Args:
            score: [K, num_classes].
            label: [K, num_classes] of 0 and 1.

        Returns:
            dict: ``loss_action_cls``; recall and precision at a probability of one half and at the
            k best actions.
        """
        score, label = score[:, self.first:].float(), label[:, self.first:].to(score.device)
        # Who does nothing that counts teaches nothing.
        known = label.sum(1) > 0
        score, label = score[known], label[known].float()
        if not len(score):
            return dict(loss_action_cls=score.sum())
        if self.multilabel:
            entropy = F.binary_cross_entropy_with_logits(score, label, reduction='none')
        else:
            entropy = F.cross_entropy(score, label.argmax(1), reduction='none')
        losses = dict(self.measures(score.detach(), label > 0))
        focus = (1 - torch.exp(-entropy))**self.focal_gamma if self.focal_gamma else 1
        losses['loss_action_cls'] = (self.focal_alpha * focus * entropy).mean()
        return losses

    def measures(self, score, label):
        """(name, value) of what is logged beside the loss."""
        if self.multilabel:
            yield from _recall_and_precision('thr=0.5', score > 0, label)
        best = score.argsort(1, descending=True)
        for k in self.topk:
            k = min(k, score.shape[1])
            chosen = torch.zeros_like(label).scatter(1, best[:, :k], True)
            yield from _recall_and_precision(f'top{k}', chosen, label)


def _recall_and_precision(name, chosen, label):
    """Mean over people of the share of their actions that was chosen, and of the chosen that is so.
    """
    right = (chosen & label).sum(1).float()
    yield f'recall@{name}', (right / label.sum(1)).mean()
    yield f'prec@{name}', (right / (chosen.sum(1) + 1e-6)).mean()
