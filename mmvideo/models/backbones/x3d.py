"""X3D: a small video network, found by growing an image network along one axis at a time."""
import math

import torch
from mmcv.cnn import ConvModule, build_activation_layer
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import RELU, recompute
from mmvideo.models.backbones.resnet3d import CONV3D, NORM3D
from mmvideo.models.blocks.arch import round_width
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze, stages_of, train_but_frozen
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['X3D', 'SqueezeExcite', 'X3DBlock']

SWISH = dict(type='SiLU', inplace=True)


class SqueezeExcite(nn.Module):
    """Scales each channel by what all channels say on average (arXiv:1709.01507, section 3).

    Args:
        channels: channels of the input.
        ratio: of the width inside to ``channels``, before rounding to a multiple of 8.

    Shape: [N, C, T, H, W] -> the same.
    """

    def __init__(self, channels, ratio):
        super().__init__()
        inside = round_width(channels * ratio)
        self.fc1 = nn.Conv3d(channels, inside, 1)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Conv3d(inside, channels, 1)

    def forward(self, x):
        scale = self.fc2(self.relu(self.fc1(x.mean((2, 3, 4), keepdim=True))))
        return x * torch.sigmoid(scale)


class X3DBlock(nn.Module):
    """Bottleneck that is wide inside, around a depthwise 3x3x3 convolution (table 1 of the paper).

    Args:
        in_channels: channels of the input.
        mid_channels: channels of the depthwise convolution.
        out_channels: channels of the output.
        stride: spatial, of the depthwise convolution and the shortcut.
        se_ratio: see :class:`SqueezeExcite`; None for a block without.
        use_swish: swish behind the depthwise convolution instead of ``act_cfg``.
        with_cp: recompute the block in the backward pass to save memory.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of every convolution.

    Shape: [N, C, T, H, W] -> [N, out_channels, T, H / stride, W / stride].
    """

    def __init__(self, in_channels, mid_channels, out_channels, stride=1, se_ratio=None,
                 use_swish=True, with_cp=False, **layers):
        super().__init__()
        linear = dict(layers, act_cfg=None)
        stride = (1, stride, stride)
        self.with_cp = with_cp
        changes = stride != (1, 1, 1) or in_channels != out_channels
        self.downsample = ConvModule(in_channels, out_channels, 1, stride=stride, bias=False,
                                     **linear) if changes else None
        self.conv1 = ConvModule(in_channels, mid_channels, 1, bias=False, **layers)
        self.conv2 = ConvModule(mid_channels, mid_channels, 3, stride=stride, padding=1,
                                groups=mid_channels, bias=False, **linear)
        self.swish = build_activation_layer(SWISH if use_swish else layers['act_cfg'])
        self.conv3 = ConvModule(mid_channels, out_channels, 1, bias=False, **linear)
        self.se_module = nn.Identity() if se_ratio is None else SqueezeExcite(mid_channels,
                                                                              se_ratio)
        self.relu = build_activation_layer(layers['act_cfg'])

    def _residual(self, x):
        out = self.conv3(self.swish(self.se_module(self.conv2(self.conv1(x)))))
        return out + (x if self.downsample is None else self.downsample(x))

    def forward(self, x):
        return self.relu(recompute(self._residual, x) if self.with_cp else self._residual(x))


@MODELS.register_module()
class X3D(nn.Module):
    """Expanded 3D network (arXiv:2004.04730, table 1), of which no layer drops a frame.

    ========  =======  =======  =======  ===========================
    network   gamma_w  gamma_b  gamma_d  clip (frames, height, width)
    ========  =======  =======  =======  ===========================
    X3D-XS    1        2.25     2.2      4 x 160 x 160
    X3D-S     1        2.25     2.2      13 x 160 x 160
    X3D-M     1        2.25     2.2      16 x 224 x 224
    X3D-L     1        2.25     5        16 x 312 x 312
    X3D-XL    1.45     2.25     5        16 x 312 x 312
    ========  =======  =======  =======  ===========================

    Args:
        gamma_w: factor of the widths of stem and stages, 24 and 24, 48, 96, 192; they are rounded
            to multiples of 8.
        gamma_b: factor by which a block is wider inside; also of the last convolution.
        gamma_d: factor of the blocks of each stage, 1, 2, 5, 3, rounded up.
        pretrained: weights that ``init_weights`` loads: a path or an address.
        in_channels: 3 for RGB.
        num_stages: how many of the four stages are built.
        spatial_strides: of the first block of each stage.
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        se_style: ``'half'`` gives every second block of a stage, from its first, a
            :class:`SqueezeExcite`, ``'all'`` every block.
        se_ratio: see :class:`SqueezeExcite`; None for no such module.
        use_swish: swish behind the depthwise convolutions instead of ``act_cfg``.
        conv_cfg, norm_cfg, act_cfg: layers in mmcv's notation.
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory.
        zero_init_residual: the last norm of each block starts at 0, each block as its shortcut.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, T, H, W] -> [N, 432, T, H / 32, W / 32] for the widths of the table.

    Raises:
        InputError: a factor is not positive, or a stage or an ``se_style`` does not exist.
    """
    axes = ('N', 'C', 'T', 'H', 'W')
    base_channels = 24
    base_blocks = (1, 2, 5, 3)

    def __init__(self, gamma_w=1.0, gamma_b=1.0, gamma_d=1.0, pretrained=None, in_channels=3,
                 num_stages=4, spatial_strides=(2, 2, 2, 2), frozen_stages=-1, se_style='half',
                 se_ratio=1 / 16, use_swish=True, conv_cfg=CONV3D, norm_cfg=NORM3D, act_cfg=RELU,
                 norm_eval=False, with_cp=False, zero_init_residual=True, init_cfg=None):
        super().__init__()
        check_x3d(dict(gamma_w=gamma_w, gamma_b=gamma_b, gamma_d=gamma_d), num_stages,
                  spatial_strides, frozen_stages, se_style)
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.num_stages = num_stages
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.zero_init_residual = zero_init_residual
        self.stage_blocks = tuple(math.ceil(n * gamma_d) for n in self.base_blocks[:num_stages])
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        width = round_width(self.base_channels * gamma_w)
        # Over places, then channel by channel over time.
        self.conv1_s = ConvModule(in_channels, width, (1, 3, 3), stride=(1, 2, 2),
                                  padding=(0, 1, 1), bias=False, conv_cfg=conv_cfg, act_cfg=None)
        self.conv1_t = ConvModule(width, width, (5, 1, 1), padding=(2, 0, 0), groups=width,
                                  bias=False, **layers)
        for i, count in enumerate(self.stage_blocks):
            channels = round_width(self.base_channels * 2**i * gamma_w)
            blocks = []
            for j in range(count):
                excited = se_style == 'all' or j % 2 == 0
                blocks.append(X3DBlock(
                    width, int(channels * gamma_b), channels, spatial_strides[i] if j == 0 else 1,
                    se_ratio if excited else None, use_swish, with_cp, **layers))
                width = channels
            self.add_module(f'layer{i + 1}', nn.Sequential(*blocks))
        self.out_channels = int(width * gamma_b)
        self.conv5 = ConvModule(width, self.out_channels, 1, bias=False, **layers)
        self.hold_frozen()

    stages = property(stages_of)

    def init_weights(self):
        zero = [block.conv3.norm for stage in self.stages for block in stage]
        init_backbone(self, self.pretrained, self.init_cfg,
                      zero_norms=zero if self.zero_init_residual else ())

    def hold_frozen(self):
        """Freeze what the arguments name."""
        held = self.frozen_stages
        parts = [self.conv1_s, self.conv1_t, *self.stages[:held]] if held >= 0 else []
        freeze(self, parts, norm_eval=self.norm_eval)

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        x = self.conv1_t(self.conv1_s(x))
        for stage in self.stages:
            x = stage(x)
        return self.conv5(x)


def check_x3d(factors, num_stages, spatial_strides, frozen_stages, se_style):
    """Raise for what no X3D has."""
    for name, value in factors.items():
        if not value > 0:
            raise InputError(f'X3D: {name} must be positive, not {value!r}')
    if not 1 <= num_stages <= 4:
        raise InputError(f'X3D: num_stages must be 1 to 4, not {num_stages}')
    if len(spatial_strides) < num_stages:
        raise InputError(f'X3D: spatial_strides has {len(spatial_strides)} entries for '
                         f'{num_stages} stages')
    if not -1 <= frozen_stages <= num_stages:
        raise InputError(f'X3D: frozen_stages must be -1 (none) to {num_stages}, '
                         f'not {frozen_stages}')
    if se_style not in ('half', 'all'):
        raise InputError(f"X3D: se_style must be 'half' or 'all', not {se_style!r}")
