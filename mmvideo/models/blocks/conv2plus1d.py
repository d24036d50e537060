"""Convolution over frames and places in two steps: within each frame, then along time."""
from mmcv.cnn import build_norm_layer
from mmengine.model import constant_init, kaiming_init
from mmengine.registry import MODELS as ENGINE_MODELS
from torch import nn
from torch.nn.modules.utils import _triple

from mmvideo.errors import InputError

__all__ = ['Conv2plus1d']

NORM = dict(type='BN3d')


# Kept in mmengine's registry, where mmcv looks a conv_cfg up.
@ENGINE_MODELS.register_module()
class Conv2plus1d(nn.Module):
    """A 1 x k x k convolution, norm and ReLU, then a t x 1 x 1 convolution.

    R(2+1)D (arXiv:1711.11248), section 3.5. The width between the two is chosen so that they have
    as many weights as one 3 x k x k convolution; the published networks take 3 frames for this
    count whatever t is.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: (frames, height, width), or one number for all.
        stride, padding, dilation: one for each axis, or one number; the first convolution has those
            of height and width, the second that of time.
        groups: must be 1, the count of weights knows no groups.
        bias: of both convolutions.
        norm_cfg: the norm between them.

    Shape: [N, C, T, H, W] -> [N, C', T / stride_t, H / stride_h, W / stride_w].
    """
    conv_then_norm = (('conv_s', 'bn_s'),)

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1,
                 groups=1, bias=True, norm_cfg=NORM):
        super().__init__()
        if groups != 1:
            raise InputError(f'Conv2plus1d: groups must be 1, not {groups}')
        kernel, stride, padding, dilation = map(_triple, (kernel_size, stride, padding, dilation))
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        # ConvModule asks its convolution for these two.
        self.output_padding = (0, 0, 0)
        self.transposed = False
        taps = kernel[1] * kernel[2]
        self.mid_channels = (3 * in_channels * out_channels * taps
                             // (in_channels * taps + 3 * out_channels))
        self.conv_s = nn.Conv3d(
            in_channels, self.mid_channels, (1, *kernel[1:]), stride=(1, *stride[1:]),
            padding=(0, *padding[1:]), dilation=(1, *dilation[1:]), bias=bias)
        self.bn_s = build_norm_layer(norm_cfg, self.mid_channels)[1]
        self.relu = nn.ReLU(inplace=True)
        self.conv_t = nn.Conv3d(
            self.mid_channels, out_channels, (kernel[0], 1, 1), stride=(stride[0], 1, 1),
            padding=(padding[0], 0, 0), dilation=(dilation[0], 1, 1), bias=bias)

    def init_weights(self):
        kaiming_init(self.conv_s)
        kaiming_init(self.conv_t)
        constant_init(self.bn_s, 1)

    def forward(self, x):
        return self.conv_t(self.relu(self.bn_s(self.conv_s(x))))
