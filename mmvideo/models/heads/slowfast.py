"""Head of networks with two pathways."""
import torch

from mmvideo.models.heads.base import BaseHead, pool_places
from mmvideo.registry import MODELS

__all__ = ['SlowFastHead']


@MODELS.register_module()
class SlowFastHead(BaseHead):
    """Pools both pathways and classifies them joined (SlowFast, arXiv:1812.03982).

    The classifier sees the fast channels first, then the slow ones, as published weights have it.

    Args:
        num_classes, spatial_type, dropout_ratio, init_std: see :class:`BaseHead`.
        in_channels: channels of both pathways together; 2048 + 256 for ResNet-50.
        kwargs: arguments of :class:`BaseHead`.

    Shape: ([N*V, C, T, H, W], [N*V, C', T', H, W]) (slow, fast) -> [N*V, num_classes].
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', dropout_ratio=0.8,
                 init_std=0.01, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)

    def forward(self, x, num_segs=None):
        slow, fast = (pool_places(path, self.spatial_type, self.pool_size) for path in x)
        return self.fc_cls(self.dropout(self.pool(torch.cat([fast, slow], 1))))
