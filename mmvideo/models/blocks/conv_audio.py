"""Convolution of a spectrogram, apart along time and along frequency."""
import torch
from mmcv.cnn import ConvModule
from mmengine.registry import MODELS as ENGINE_MODELS
from torch import nn

from mmvideo.errors import InputError

__all__ = ['ConvAudio']


# Kept in mmengine's registry, where mmcv looks a conv_cfg up.
@ENGINE_MODELS.register_module()
class ConvAudio(nn.Module):
    """A (k, 1) and a (1, k) convolution side by side, each with batch norm and ReLU.

    AVSlowFast (arXiv:2001.08740), section 3.1: time and frequency mean different things, so the
    early stages of its audio pathway treat them apart.

    Args:
        in_channels: channels of the input.
        out_channels: channels of each branch.
        kernel_size: k, odd; or a pair of equal numbers.
        op: ``'concat'`` gives ``2 * out_channels`` channels, ``'sum'`` adds the branches.
        stride: of both branches, along both axes.
        padding: total padding is ``padding`` on the axis that the kernel covers.
        dilation: distance of the kernel's taps.
        groups: groups of channels that do not see each other.
        bias: unused by the branches, whose norm has one; kept because every conv layer takes it.

    Shape: [N, C, T, F] -> [N, C', T', F'].
    """

    def __init__(self, in_channels, out_channels, kernel_size, op='concat', stride=1, padding=0,
                 dilation=1, groups=1, bias=False):
        super().__init__()
        if op not in ('concat', 'sum'):
            raise InputError(f"ConvAudio: op must be 'concat' or 'sum', not {op!r}")
        kernel, pad = _single(kernel_size), _single(padding)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = (kernel, kernel)
        self.stride = stride
        self.padding = pad
        self.dilation = dilation
        self.groups = groups
        self.op = op
        self.output_padding = (0, 0)
        self.transposed = False
        branch = dict(stride=stride, dilation=dilation, groups=groups, bias=bias,
                      norm_cfg=dict(type='BN2d'), act_cfg=dict(type='ReLU'))
        self.conv_1 = ConvModule(in_channels, out_channels, (kernel, 1), padding=(pad, 0), **branch)
        self.conv_2 = ConvModule(in_channels, out_channels, (1, kernel), padding=(0, pad), **branch)

    def init_weights(self):
        self.conv_1.init_weights()
        self.conv_2.init_weights()

    def forward(self, x):
        first, second = self.conv_1(x), self.conv_2(x)
        return torch.cat([first, second], 1) if self.op == 'concat' else first + second


def _single(value):
    return value[0] if isinstance(value, (tuple, list)) else value
