"""The places of weights in our networks, for collections that call them otherwise."""
import re
from typing import NamedTuple

import torch

from mmvideo.errors import InputError

from .entries import Entry, entry

__all__ = ['Place', 'classifier', 'identity_norm', 'place_of', 'split_in_three', 'without_time']

KEY = re.compile(
    r'backbone\.(?:(?P<path>slow|fast)_path\.)?'
    r'(?:(?P<stem>conv1|conv1_s|conv1_t|conv5)|(?:conv1|layer(?P<from>\d))_lateral'
    r'|layer(?P<stage>\d)\.(?P<block>\d+)\.(?P<layer>.+?))'
    r'\.(?:(?P<kind>conv|bn)\.)?(?P<leaf>\w+)$')


class Place(NamedTuple):
    """Where a weight of a convolution network stands.

    Args:
        path: 'slow', 'fast' or None for networks of one pathway.
        part: 'stem', 'lateral', 'block'.
        layer: its layer: ``conv1`` of a stem; ``conv2.0``, ``downsample`` of a block.
        stage: 1 to 4; of a connection the stage behind which it stands, 0 for the stem.
        block: of the stage.
        kind: 'conv', 'bn' or None.
        leaf: ``weight``, ``running_mean``.
    """
    path: str
    part: str
    layer: str
    stage: int
    block: int
    kind: str
    leaf: str


def place_of(key):
    """The :class:`Place` of a key of ours; None for one that is not of a backbone of this kind."""
    found = KEY.match(key)
    if found is None:
        return None
    kind, leaf = found['kind'], found['leaf']
    if found['stem']:
        return Place(found['path'], 'stem', found['stem'], 0, 0, kind, leaf)
    if found['stage'] is None:
        return Place(found['path'], 'lateral', '', int(found['from'] or 0), 0, kind, leaf)
    return Place(found['path'], 'block', found['layer'], int(found['stage']), int(found['block']),
                 kind, leaf)


def classifier(ours, theirs, backbone):
    """The layer that classifies; SlowFast's columns change their order.

    We put fast features first, as MMAction2 does, others slow ones.
    """
    if not ours.endswith('weight') or not hasattr(backbone, 'fast_path'):
        return entry(ours, theirs)
    slow, fast = backbone.slow_path.out_channels, backbone.fast_path.out_channels

    def read(weight):
        return torch.cat([weight[:, slow:], weight[:, :slow]], 1)

    def write(weight):
        return torch.cat([weight[:, fast:], weight[:, :fast]], 1)

    return entry(ours, theirs, read, write)


def without_time(ours, theirs):
    """A kernel that covers one frame in a 3D network there, a 2D kernel here."""
    return entry(ours, theirs, lambda kernel: kernel.squeeze(2), lambda kernel: kernel.unsqueeze(2))


def identity_norm(ours, norm):
    """A norm that the other collection lacks: one that changes nothing.

    Its statistics are mean 0 and variance 1 - eps, so that what is divided by is 1.
    """
    leaf = ours.rpartition('.')[2]
    values = dict(weight=1., bias=0., running_mean=0., running_var=1. - norm.eps,
                  num_batches_tracked=0)
    value = torch.full_like(getattr(norm, leaf), values[leaf], device='cpu')

    def write(tensor):
        if leaf != 'num_batches_tracked' and not torch.equal(tensor, value):
            raise InputError(f'{ours}: the other collection has no norm there, and this one '
                             'changes its input: it has been trained')
        return []

    return Entry(ours, (), lambda tensors: value.clone(), write)


def split_in_three(ours, theirs):
    """Queries, keys and values: one matrix here, three there."""
    return Entry(ours, tuple(theirs), torch.cat, lambda tensor: list(tensor.chunk(3)))
