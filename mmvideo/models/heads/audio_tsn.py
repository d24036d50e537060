"""Head of networks on spectrograms."""
from mmvideo.models.heads.base import BaseHead
from mmvideo.registry import MODELS

__all__ = ['AudioTSNHead']


@MODELS.register_module(name=['AudioTSNHead', 'TSNAudioHead'])
class AudioTSNHead(BaseHead):
    """Pools over time and frequency and classifies each view.

    Args:
        num_classes, in_channels, spatial_type, dropout_ratio, init_std: see :class:`BaseHead`.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*V, C, T, F] -> [N*V, num_classes].
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', dropout_ratio=0.4,
                 init_std=0.01, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)

    def forward(self, x, num_segs=None):
        return self.fc_cls(self.dropout(self.pool(x)))
