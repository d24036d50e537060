"""MobileNetV2 on images, and behind TSM's shift on phones."""
import re

from mmcv.cnn import ConvModule
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import NORM, recompute, through_stages
from mmvideo.models.blocks.arch import round_width
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze_stages, train_but_frozen
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['InvertedResidual', 'MobileNetV2']

CONV = None
RELU6 = dict(type='ReLU6', inplace=True)


class InvertedResidual(nn.Module):
    """Widens, filters each channel on its own, narrows again (arXiv:1801.04381, figure 4d).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        stride: 1 or 2; of the filter in the middle.
        expand_ratio: how much wider the middle is; 1 leaves the widening out.
        with_cp: recompute the block in the backward pass to save memory.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of every convolution.

    Shape: [N, C, H, W] -> [N, out_channels, H / stride, W / stride].
    """

    def __init__(self, in_channels, out_channels, stride, expand_ratio, with_cp=False, **layers):
        super().__init__()
        self.out_channels = out_channels
        self.with_cp = with_cp
        self.is_residual = stride == 1 and in_channels == out_channels
        wide = in_channels * expand_ratio
        convs = [ConvModule(in_channels, wide, 1, **layers)] if expand_ratio != 1 else []
        convs.append(ConvModule(wide, wide, 3, stride=stride, padding=1, groups=wide, **layers))
        convs.append(ConvModule(wide, out_channels, 1, **dict(layers, act_cfg=None)))
        self.conv = nn.Sequential(*convs)

    def _transform(self, x):
        return x + self.conv(x) if self.is_residual else self.conv(x)

    def forward(self, x):
        return recompute(self._transform, x) if self.with_cp else self._transform(x)


@MODELS.register_module()
class MobileNetV2(nn.Module):
    """Network for small devices (arXiv:1801.04381).

    Args:
        pretrained: weights that ``init_weights`` loads: a path, an address,
            ``mmcls://mobilenet_v2`` or ``torchvision://mobilenet_v2``.
        widen_factor: factor of all widths; the last layer never gets narrower than 1280.
        out_indices: stages whose features are returned, from 0; 7 is the 1x1 convolution behind
            the last of the seven stages.
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        conv_cfg, norm_cfg, act_cfg: layers in mmcv's notation.
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, 3, H, W] -> [N, 1280, H / 32, W / 32]; a tuple for several ``out_indices``.
    """
    # Table 2 of the paper: expansion, channels, blocks, stride of the first block.
    arch = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1))
    axes = ('N', 'C', 'H', 'W')
    in_channels = 3

    def __init__(self, pretrained=None, widen_factor=1.0, out_indices=(7,), frozen_stages=-1,
                 conv_cfg=CONV, norm_cfg=NORM, act_cfg=RELU6, norm_eval=False, with_cp=False,
                 init_cfg=None):
        super().__init__()
        if not out_indices or not all(0 <= i <= 7 for i in out_indices):
            raise InputError(f'MobileNetV2: out_indices counts stages from 0 to 7, '
                             f'not {out_indices!r}')
        if not -1 <= frozen_stages <= 7:
            raise InputError(f'MobileNetV2: frozen_stages must be -1 (none) to 7, '
                             f'not {frozen_stages}')
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        width = round_width(32 * widen_factor)
        self.conv1 = ConvModule(3, width, 3, stride=2, padding=1, **layers)
        for i, (expansion, channels, count, stride) in enumerate(self.arch):
            channels = round_width(channels * widen_factor)
            blocks = []
            for j in range(count):
                blocks.append(InvertedResidual(width, channels, stride if j == 0 else 1, expansion,
                                               with_cp, **layers))
                width = channels
            self.add_module(f'layer{i + 1}', nn.Sequential(*blocks))
        self.out_channels = round_width(1280 * max(widen_factor, 1.0))
        self.conv2 = ConvModule(width, self.out_channels, 1, **layers)
        self.hold_frozen()

    @property
    def stages(self):
        """The seven stages and the convolution behind them."""
        return [*(getattr(self, f'layer{i + 1}') for i in range(7)), self.conv2]

    def init_weights(self):
        init_backbone(self, self.pretrained, self.init_cfg, rename=own_key)

    def hold_frozen(self):
        """Freeze what the arguments name; wrappers call it again once they are in place."""
        freeze_stages(self)

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        return through_stages(self, self.conv1(x))


def own_key(key):
    """The key here of a key of torchvision's MobileNetV2; other keys come back as they are."""
    found = re.match(r'features\.(\d+)\.(.+)', key)
    if not found:
        return key
    place, rest = int(found.group(1)), found.group(2)
    pair = ('conv', 'bn')
    if place in (0, 18):
        index, tail = rest.split('.', 1)
        return f'conv{1 if place == 0 else 2}.{pair[int(index)]}.{tail}'
    stage, block = 1, place - 1
    for _, _, count, _ in MobileNetV2.arch:
        if block < count:
            break
        stage, block = stage + 1, block - count
    parts = rest.split('.')[1:]
    if len(parts) == 3:
        inner = f'{parts[0]}.{pair[int(parts[1])]}.{parts[2]}'
    else:
        # The narrowing convolution and its norm stand in the list by themselves.
        narrow = 1 if stage == 1 else 2
        inner = f'{narrow}.{pair[int(parts[0]) - narrow]}.{parts[1]}'
    return f'layer{stage}.{block}.conv.{inner}'
