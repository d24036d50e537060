"""Head of 3D networks."""
from mmvideo.models.heads.base import BaseHead
from mmvideo.registry import MODELS

__all__ = ['I3DHead']


@MODELS.register_module()
class I3DHead(BaseHead):
    """Pools over time and space at once and classifies (I3D, arXiv:1705.07750).

    Args:
        num_classes, in_channels, dropout_ratio, init_std: see :class:`BaseHead`.
        spatial_type: None for flat features (C3D).
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*V, C, T, H, W] or [N*V, C] -> [N*V, num_classes].
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', dropout_ratio=0.5,
                 init_std=0.01, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)

    def forward(self, x, num_segs=None):
        return self.fc_cls(self.dropout(self.pool(x)))
