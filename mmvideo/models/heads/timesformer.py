"""Head of TimeSformer."""
from mmvideo.models.heads.base import BaseHead
from mmvideo.registry import MODELS

__all__ = ['TimeSformerHead']


@MODELS.register_module()
class TimeSformerHead(BaseHead):
    """Classifies the class token (arXiv:2102.05095, section 3, "classification embedding").

    Args:
        num_classes, in_channels, init_std, dropout_ratio: see :class:`BaseHead`.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*V, C] -> [N*V, num_classes].
    """

    def __init__(self, num_classes, in_channels, init_std=0.02, dropout_ratio=0.0, **kwargs):
        super().__init__(num_classes, in_channels, None, dropout_ratio, init_std, **kwargs)

    def forward(self, x, num_segs=None):
        return self.fc_cls(self.dropout(self.pool(x)))
