"""MobileNetV2 with temporal shift."""
from mmvideo.models.backbones.mobilenet_v2 import InvertedResidual, MobileNetV2
from mmvideo.models.blocks.shift import TemporalShift
from mmvideo.registry import MODELS

__all__ = ['MobileNetV2TSM']


@MODELS.register_module()
class MobileNetV2TSM(MobileNetV2):
    """MobileNetV2 whose residual blocks see the neighboring frames (TSM, arXiv:1811.08383).

    Args:
        num_segments: frames per clip, T.
        is_shift: False leaves the plain network.
        shift_div: one ``1/shift_div`` of the channels moves each way.
        pretrained2d: accepted for 1.x configs; 2D weights fit as they are.
        causal: ``'first'`` or ``'second'``: nothing comes from the next frame, see
            :class:`~mmvideo.models.blocks.shift.TemporalShift`.
        kwargs: arguments of :class:`MobileNetV2`.

    Shape: [N*T, 3, H, W] -> [N*T, 1280, H / 32, W / 32].
    """

    def __init__(self, num_segments=8, is_shift=True, shift_div=8, pretrained2d=True, causal=None,
                 **kwargs):
        super().__init__(**kwargs)
        self.num_segments = num_segments
        self.pretrained2d = pretrained2d
        for block in self.modules():
            # Widening blocks only: the first stage has no 1x1 convolution to shift into.
            if (is_shift and isinstance(block, InvertedResidual) and block.is_residual
                    and len(block.conv) == 3):
                block.conv[0] = TemporalShift(block.conv[0], num_segments, shift_div, causal)
