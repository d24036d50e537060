"""Head of X3D."""
from mmengine.model import initialize, normal_init
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.heads.base import BaseHead, pool_windows
from mmvideo.registry import MODELS

__all__ = ['X3DHead']

HIDDEN_CHANNELS = 2048


@MODELS.register_module()
class X3DHead(BaseHead):
    """Pools over time and space, widens to 2048 features, classifies those.

    X3D (arXiv:2004.04730, table 1): the wide layer stands behind the pooling, where it costs next
    to nothing.

    Args:
        num_classes, in_channels, spatial_type, dropout_ratio: see :class:`BaseHead`.
        init_std: standard deviation of the weights of both layers at the start.
        fc1_bias: whether the widening layer has a bias; the published networks have none.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*V, C, T, H, W] -> [N*V, num_classes].
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', dropout_ratio=0.5,
                 init_std=0.01, fc1_bias=False, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)
        if spatial_type is None:
            raise InputError("cls_head.spatial_type: 'avg' or 'max' for X3DHead, not None")
        self.fc1 = nn.Linear(in_channels, HIDDEN_CHANNELS, bias=fc1_bias)
        self.fc2 = nn.Linear(HIDDEN_CHANNELS, num_classes)

    def build_classifier(self):
        """Nothing: ``fc1`` and ``fc2`` are this head's."""

    def init_weights(self):
        normal_init(self.fc1, std=self.init_std)
        normal_init(self.fc2, std=self.init_std)
        if self.init_cfg:
            initialize(self, self.init_cfg)

    def forward(self, x, num_segs=None):
        if self.pool_size is None or x.dim() == 2:
            return self.classify(self.pool(x))
        # Between the layers negative values are cut, so that each window has its own features.
        windows = pool_windows(x, self.spatial_type, self.pool_size)
        return self.classify(windows.transpose(1, 2)).mean(1)

    def classify(self, pooled):
        return self.fc2(self.dropout(F.relu(self.fc1(pooled))))
