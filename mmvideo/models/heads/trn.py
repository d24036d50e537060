"""Head that reasons over ordered groups of frames."""
import itertools
import math

import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.heads.base import BaseHead
from mmvideo.registry import MODELS

__all__ = ['MultiScaleRelation', 'Relation', 'TRNHead', 'draw_relations', 'first_relations']

# Relations of each number of frames that count at a time (arXiv:1711.08496, section 3.3).
COUNT = 3
BOTTLENECK = 512


def first_relations(num_segments, scale):
    """The first three (or fewer) ordered groups of ``scale`` frames: (0, 1), (0, 2), (0, 3)."""
    return list(itertools.islice(itertools.combinations(range(num_segments), scale), COUNT))


def draw_relations(num_segments, scale):
    """Three different ordered groups of ``scale`` frames, all equally likely.

    Torch's generator of the CPU draws, without a list of all groups: there are 12870 of 8 out of
    16 frames.
    """
    if math.comb(num_segments, scale) <= COUNT:
        return first_relations(num_segments, scale)
    drawn = {}
    while len(drawn) < COUNT:
        frames = torch.randperm(num_segments, device='cpu')[:scale]
        drawn[tuple(sorted(frames.tolist()))] = None
    return list(drawn)


def _two_layers(in_features, hidden, num_classes):
    return nn.Sequential(nn.ReLU(), nn.Linear(in_features, hidden), nn.ReLU(),
                         nn.Linear(hidden, num_classes))


class Relation(nn.Module):
    """Scores of all frames of a clip in their order (arXiv:1711.08496, section 3.1).

    Args:
        hidden_dim: features of a frame, D.
        num_segments: frames per clip, T.
        num_classes: classes, C.

    Shape: [N, T, D] -> [N, C].
    """

    def __init__(self, hidden_dim, num_segments, num_classes):
        super().__init__()
        self.classifier = _two_layers(num_segments * hidden_dim, BOTTLENECK, num_classes)

    def forward(self, x):
        return self.classifier(x.flatten(1))


class MultiScaleRelation(nn.Module):
    """Sum of the scores of groups of T, T - 1, ..., 2 frames (arXiv:1711.08496, section 3.2).

    Groups of each size have a classifier of their own. In training three groups of each size are
    drawn at every step. In evaluation the first three count, so that results repeat; the published
    code draws there, too.

    Args:
        hidden_dim, num_segments, num_classes: see :class:`Relation`.

    Shape: [N, T, D] -> [N, C].
    """

    def __init__(self, hidden_dim, num_segments, num_classes):
        super().__init__()
        self.num_segments = num_segments
        self.scales = range(num_segments, 1, -1)
        self.fc_fusion_scales = nn.ModuleList(
            _two_layers(scale * hidden_dim, hidden_dim, num_classes) for scale in self.scales)

    def forward(self, x):
        choose = draw_relations if self.training else first_relations
        score = 0
        for scale, classifier in zip(self.scales, self.fc_fusion_scales, strict=True):
            frames = torch.tensor(choose(self.num_segments, scale), device=x.device)
            # [N, relations, scale, D]: the relations of a size are one batch.
            score = score + classifier(x[:, frames].flatten(2)).sum(1)
        return score


RELATIONS = dict(TRN=Relation, TRNMultiScale=MultiScaleRelation)


@MODELS.register_module()
class TRNHead(BaseHead):
    """Classifies ordered groups of frames (TRN, arXiv:1711.08496).

    Each run of ``num_segments`` inputs is a view of its own.

    Args:
        num_classes, in_channels, spatial_type, dropout_ratio, init_std: see :class:`BaseHead`.
        num_segments: frames per clip, T.
        relation_type: ``'TRNMultiScale'`` (groups of 2 to T frames) or ``'TRN'`` (all T at once).
        hidden_dim: features that ``fc_cls`` makes of a frame.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*M, C, H, W] -> [N*M / num_segments, num_classes].
    """

    def __init__(self, num_classes, in_channels, num_segments=8, spatial_type='avg',
                 relation_type='TRNMultiScale', hidden_dim=256, dropout_ratio=0.8,
                 init_std=0.001, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)
        if relation_type not in RELATIONS:
            raise InputError(f'cls_head.relation_type: one of {", ".join(RELATIONS)}, '
                             f'not {relation_type!r}')
        if num_segments < 2:
            raise InputError('cls_head.num_segments must be at least 2 (a relation has two '
                             f'frames), not {num_segments}')
        self.num_segments = num_segments
        self.hidden_dim = hidden_dim
        # In published checkpoints the relations come before the layer that feeds them.
        del self.fc_cls
        self.consensus = RELATIONS[relation_type](hidden_dim, num_segments, num_classes)
        self.fc_cls = nn.Linear(in_channels, hidden_dim)

    def init_weights(self):
        for module in self.consensus.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
        super().init_weights()

    def forward(self, x, num_segs=None):
        if len(x) % self.num_segments:
            raise InputError(f'TRNHead: {len(x)} frames in a batch do not divide into clips of '
                             f'num_segments = {self.num_segments}; head and sampler must agree')
        hidden = self.fc_cls(self.dropout(self.pool(x)))
        return self.consensus(hidden.view(-1, self.num_segments, self.hidden_dim))
