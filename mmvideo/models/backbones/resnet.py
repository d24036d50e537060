"""ResNet over single frames; TSN, TSM and the audio networks stand on it."""
from mmcv.cnn import ConvModule, build_activation_layer
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmvideo.errors import InputError
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze_stages, stages_of, train_but_frozen
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['BasicBlock', 'Bottleneck', 'ResNet', 'check_stages', 'recompute',
           'through_stages']

CONV = dict(type='Conv')
NORM = dict(type='BN2d', requires_grad=True)
RELU = dict(type='ReLU', inplace=True)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input runs (arXiv:1512.03385, figure 5 left).

    Args:
        in_channels: channels of the input.
        channels: channels inside, and ``expansion`` times that many in the output.
        stride: of the first convolution and of the shortcut.
        dilation: of the first convolution.
        style: no effect here; a bottleneck has two places for its stride.
        with_cp: recompute the block in the backward pass to save memory.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of every convolution.

    Shape: [N, C, H, W] -> [N, channels, H / stride, W / stride].
    """
    expansion = 1

    def __init__(self, in_channels, channels, stride=1, dilation=1, style='pytorch', with_cp=False,
                 **layers):
        super().__init__()
        self.out_channels = channels
        self.with_cp = with_cp
        self.conv1 = ConvModule(in_channels, channels, 3, stride=stride, padding=dilation,
                                dilation=dilation, bias=False, **layers)
        self.conv2 = ConvModule(channels, channels, 3, padding=1, bias=False,
                                **dict(layers, act_cfg=None))
        self.downsample = make_shortcut(in_channels, channels, stride, layers)
        self.relu = build_activation_layer(layers['act_cfg'])

    def _residual(self, x):
        out = self.conv2(self.conv1(x))
        return out + (x if self.downsample is None else self.downsample(x))

    def forward(self, x):
        return self.relu(recompute(self._residual, x) if self.with_cp else self._residual(x))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around which the input runs (arXiv:1512.03385, figure 5 right).

    Args:
        in_channels: channels of the input.
        channels: channels of the 3x3 convolution; the output has ``expansion`` times as many.
        stride: of the 3x3 convolution ('pytorch') or of the first ('caffe'), and of the shortcut.
        dilation: of the 3x3 convolution.
        style: ``'pytorch'`` or ``'caffe'``.
        with_cp: recompute the block in the backward pass to save memory.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of every convolution.

    Shape: [N, C, H, W] -> [N, 4 * channels, H / stride, W / stride].
    """
    expansion = 4

    def __init__(self, in_channels, channels, stride=1, dilation=1, style='pytorch', with_cp=False,
                 **layers):
        super().__init__()
        self.out_channels = channels * self.expansion
        self.with_cp = with_cp
        first, second = (1, stride) if style == 'pytorch' else (stride, 1)
        self.conv1 = ConvModule(in_channels, channels, 1, stride=first, bias=False, **layers)
        self.conv2 = ConvModule(channels, channels, 3, stride=second, padding=dilation,
                                dilation=dilation, bias=False, **layers)
        self.conv3 = ConvModule(channels, self.out_channels, 1, bias=False,
                                **dict(layers, act_cfg=None))
        self.downsample = make_shortcut(in_channels, self.out_channels, stride, layers)
        self.relu = build_activation_layer(layers['act_cfg'])

    def _residual(self, x):
        out = self.conv3(self.conv2(self.conv1(x)))
        return out + (x if self.downsample is None else self.downsample(x))

    def forward(self, x):
        return self.relu(recompute(self._residual, x) if self.with_cp else self._residual(x))


def make_shortcut(in_channels, out_channels, stride, layers):
    """The 1x1 convolution beside a block that changes size or width; None where none is needed."""
    if stride == 1 and in_channels == out_channels:
        return None
    return ConvModule(in_channels, out_channels, 1, stride=stride, bias=False,
                      **dict(layers, act_cfg=None))


def recompute(function, x):
    """Call ``function`` now and, where gradients are wanted, again in the backward pass."""
    return checkpoint(function, x, use_reentrant=False) if x.requires_grad else function(x)


def through_stages(net, x):
    """What the stages in ``net.out_indices`` give, one after the other; a tuple for several."""
    outs = []
    for i, stage in enumerate(net.stages):
        x = stage(x)
        if i in net.out_indices:
            outs.append(x)
    return outs[0] if len(outs) == 1 else tuple(outs)


def check_stages(net, depth, num_stages, out_indices, frozen_stages, style='pytorch'):
    """Raise for a depth, a stage or a style that the network does not have."""
    name = type(net).__name__
    if depth not in net.arch:
        raise InputError(f'{name}: depth must be one of {", ".join(map(str, net.arch))}, '
                         f'not {depth!r}')
    if not 1 <= num_stages <= 4:
        raise InputError(f'{name}: num_stages must be 1 to 4, not {num_stages}')
    if not out_indices or not all(0 <= i < num_stages for i in out_indices):
        raise InputError(f'{name}: out_indices counts stages from 0 to {num_stages - 1}, '
                         f'not {out_indices!r}')
    if not -1 <= frozen_stages <= num_stages:
        raise InputError(f'{name}: frozen_stages must be -1 (none) to {num_stages}, '
                         f'not {frozen_stages}')
    if style not in ('pytorch', 'caffe'):
        raise InputError(f"{name}: style must be 'pytorch' or 'caffe', not {style!r}")


@MODELS.register_module()
class ResNet(nn.Module):
    """Deep residual network on images (arXiv:1512.03385): TSN and, with wrappers, TSM.

    Args:
        depth: 18, 34, 50, 101 or 152.
        pretrained: weights that ``init_weights`` loads: a path, an address, or
            ``torchvision://resnet50``.
        torchvision_pretrain: kept for configs of old; the layout of a checkpoint is recognized.
        in_channels: 3 for RGB, 10 for a stack of five flow frames, 1 for spectrograms.
        num_stages: how many of the four stages are built.
        out_indices: stages whose features are returned, from 0.
        strides: of the first block of each stage.
        dilations: of the 3x3 convolutions of each stage.
        style: a bottleneck's stride is in the 3x3 ('pytorch') or the first convolution ('caffe').
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        conv_cfg, norm_cfg, act_cfg: layers in mmcv's notation.
        norm_eval: batch norms keep their statistics in training.
        partial_bn: freeze every batch norm but the first.
        with_cp: recompute blocks in the backward pass to save memory.
        init_cfg: 1.x notation of ``pretrained``.
        base_channels: width of the first stage.

    Shape: [N, C, H, W] -> [N, C', H / 32, W / 32]; a tuple for several ``out_indices``.
    """
    axes = ('N', 'C', 'H', 'W')
    arch = {
        18: (BasicBlock, (2, 2, 2, 2)),
        34: (BasicBlock, (3, 4, 6, 3)),
        50: (Bottleneck, (3, 4, 6, 3)),
        101: (Bottleneck, (3, 4, 23, 3)),
        152: (Bottleneck, (3, 8, 36, 3)),
    }

    def __init__(self, depth, pretrained=None, torchvision_pretrain=True, in_channels=3,
                 num_stages=4, out_indices=(3,), strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1),
                 style='pytorch', frozen_stages=-1, conv_cfg=CONV, norm_cfg=NORM, act_cfg=RELU,
                 norm_eval=False, partial_bn=False, with_cp=False, init_cfg=None,
                 base_channels=64):
        super().__init__()
        check_stages(self, depth, num_stages, out_indices, frozen_stages, style)
        block, stage_blocks = self.arch[depth]
        self.depth = depth
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.num_stages = num_stages
        self.stage_blocks = tuple(stage_blocks[:num_stages])
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.partial_bn = partial_bn
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.conv1 = ConvModule(in_channels, base_channels, 7, stride=2, padding=3, bias=False,
                                **layers)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        width = base_channels
        for i, count in enumerate(self.stage_blocks):
            channels = base_channels * 2**i
            blocks = []
            for j in range(count):
                blocks.append(block(width, channels, strides[i] if j == 0 else 1, dilations[i],
                                    style, with_cp, **layers))
                width = blocks[-1].out_channels
            self.add_module(f'layer{i + 1}', nn.Sequential(*blocks))
        self.out_channels = width
        self.hold_frozen()

    stages = property(stages_of)

    def init_weights(self):
        init_backbone(self, self.pretrained, self.init_cfg)

    def hold_frozen(self):
        """Freeze what the arguments name; wrappers call it again once they are in place."""
        freeze_stages(self, partial_bn=self.partial_bn)

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        return through_stages(self, self.maxpool(self.conv1(x)))
