"""Head of multiscale vision transformers."""
import torch

from mmvideo.errors import InputError
from mmvideo.models.heads.base import BaseHead
from mmvideo.registry import MODELS

__all__ = ['MViTHead']


@MODELS.register_module()
class MViTHead(BaseHead):
    """Classifies the class token (MViT, arXiv:2104.11227, section 3.3).

    Args:
        num_classes, in_channels, dropout_ratio, init_std: see :class:`BaseHead`.
        init_scale: factor of the classifier's weights and bias at the start.
        with_cls_token: whether the backbone gives a class token; otherwise all places are averaged.
        kwargs: arguments of :class:`BaseHead`.

    Shape: ([N*V, C, T, H, W], [N*V, C]), features and class token, or [N*V, C, T, H, W] ->
    [N*V, num_classes]; of several scales the last counts.
    """

    def __init__(self, num_classes, in_channels, dropout_ratio=0.5, init_std=0.02, init_scale=1.0,
                 with_cls_token=True, **kwargs):
        super().__init__(num_classes, in_channels, dropout_ratio=dropout_ratio, init_std=init_std,
                         **kwargs)
        self.init_scale = init_scale
        self.with_cls_token = with_cls_token

    @torch.no_grad()
    def init_weights(self):
        super().init_weights()
        self.fc_cls.weight.mul_(self.init_scale)
        self.fc_cls.bias.mul_(self.init_scale)

    def forward(self, x, num_segs=None):
        return self.fc_cls(self.dropout(self.pool(self.last(x))))

    def last(self, x):
        """The class token of the last scale, or its features for ``with_cls_token=False``."""
        while isinstance(x, (tuple, list)):
            *_, x = (part for part in x if self.with_cls_token or not is_token(part))
        if self.with_cls_token and not is_token(x):
            raise InputError('cls_head.with_cls_token is True, but the backbone gives no class '
                             'token: see with_cls_token and output_cls_token of MViT')
        return x


def is_token(x):
    """Whether something has no places, as a class token."""
    return torch.is_tensor(x) and x.dim() == 2
