"""ResNeXt on single frames, under the plain names that torchvision and mmpretrain give it."""
from mmcv.cnn import build_conv_layer, build_norm_layer
from torch import nn

from mmvideo.models.backbones.resnet import NORM, check_stages, recompute, through_stages
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze, stages_of, train_but_frozen
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['PlainBottleneck', 'ResNeXt']

CONV = None


class PlainBottleneck(nn.Module):
    """What bottlenecks under plain names do; a subclass makes ``conv1``, ``bn1`` and so on.

    Shape: [N, C, H, W] -> [N, C', H / stride, W / stride]; with T where the layers take clips.
    """

    def _residual(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return out + (x if self.downsample is None else self.downsample(x))

    def forward(self, x):
        return self.relu(recompute(self._residual, x) if self.with_cp else self._residual(x))


class GroupedBottleneck(PlainBottleneck):
    """A bottleneck whose 3x3 convolution works in groups (arXiv:1611.05431, figure 3c).

    Args:
        in_channels: channels of the input.
        channels: channels of the 3x3 convolution.
        out_channels: channels of the output.
        groups: the paper's cardinality.
        stride: of the 3x3 convolution ('pytorch') or of the first ('caffe'), and of the shortcut.
        dilation: of the 3x3 convolution.
        style: ``'pytorch'`` or ``'caffe'``.
        with_cp: recompute the block in the backward pass to save memory.
        conv_cfg, norm_cfg: layers in mmcv's notation.

    Shape: [N, in_channels, H, W] -> [N, out_channels, H / stride, W / stride].
    """
    conv_then_norm = (('conv1', 'bn1'), ('conv2', 'bn2'), ('conv3', 'bn3'))

    def __init__(self, in_channels, channels, out_channels, groups, stride=1, dilation=1,
                 style='pytorch', with_cp=False, conv_cfg=CONV, norm_cfg=NORM):
        super().__init__()
        self.with_cp = with_cp
        first, second = (1, stride) if style == 'pytorch' else (stride, 1)

        def conv(*channels_and_kernel, **options):
            return build_conv_layer(conv_cfg, *channels_and_kernel, bias=False, **options)

        def norm(width):
            return build_norm_layer(norm_cfg, width)[1]

        self.conv1 = conv(in_channels, channels, 1, stride=first)
        self.bn1 = norm(channels)
        self.conv2 = conv(channels, channels, 3, stride=second, padding=dilation,
                          dilation=dilation, groups=groups)
        self.bn2 = norm(channels)
        self.conv3 = conv(channels, out_channels, 1)
        self.bn3 = norm(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(conv(in_channels, out_channels, 1, stride=stride),
                                            norm(out_channels))


@MODELS.register_module()
class ResNeXt(nn.Module):
    """Residual network of grouped bottlenecks on images (arXiv:1611.05431).

    ``mmpretrain.ResNeXt`` and ``mmcls.ResNeXt`` mean this class where mmpretrain is not installed.

    Args:
        depth: 50, 101 or 152.
        groups: groups of each 3x3 convolution, the first number of "32x4d".
        width_per_group: channels of a group in the first stage, the second number; each stage
            doubles it.
        pretrained: weights that ``init_weights`` loads: a path, an address, or
            ``torchvision://resnext101_32x8d``.
        in_channels: 3 for RGB, 10 for a stack of five flow frames.
        base_channels: width of the stem; a stage's output has 4, 8, 16 and 32 times as many.
        num_stages: how many of the four stages are built.
        strides: of the first block of each stage.
        dilations: of the 3x3 convolutions of each stage.
        out_indices: stages whose features are returned, from 0.
        style: a block's stride is in the 3x3 ('pytorch') or the first convolution ('caffe').
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        conv_cfg, norm_cfg: layers in mmcv's notation.
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory.
        zero_init_residual: blocks start as the identity (arXiv:1706.02677, section 5.1).
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, H, W] -> [N, C', H / 32, W / 32]; a tuple for several ``out_indices``.
    """
    axes = ('N', 'C', 'H', 'W')
    conv_then_norm = (('conv1', 'bn1'),)
    arch = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

    def __init__(self, depth, groups=32, width_per_group=4, pretrained=None, in_channels=3,
                 base_channels=64, num_stages=4, strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1),
                 out_indices=(3,), style='pytorch', frozen_stages=-1, conv_cfg=CONV,
                 norm_cfg=NORM, norm_eval=False, with_cp=False, zero_init_residual=True,
                 init_cfg=None):
        super().__init__()
        check_stages(self, depth, num_stages, out_indices, frozen_stages, style)
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.num_stages = num_stages
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.zero_init_residual = zero_init_residual
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        self.conv1 = build_conv_layer(conv_cfg, in_channels, base_channels, 7, stride=2, padding=3,
                                      bias=False)
        self.bn1 = build_norm_layer(norm_cfg, base_channels)[1]
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        width = base_channels
        for i, count in enumerate(self.arch[depth][:num_stages]):
            # Table 1 of the paper: the output is as wide as a ResNet's, whatever the groups.
            inside, out_channels = groups * width_per_group * 2**i, 4 * base_channels * 2**i
            blocks = []
            for j in range(count):
                blocks.append(GroupedBottleneck(
                    width, inside, out_channels, groups, strides[i] if j == 0 else 1,
                    dilations[i], style, with_cp, **layers))
                width = out_channels
            self.add_module(f'layer{i + 1}', nn.Sequential(*blocks))
        self.out_channels = width
        self.hold_frozen()

    stages = property(stages_of)

    def init_weights(self):
        ends = [block.bn3 for stage in self.stages for block in stage]
        init_backbone(self, self.pretrained, self.init_cfg,
                      zero_norms=ends if self.zero_init_residual else ())

    def hold_frozen(self):
        """Freeze what the arguments name."""
        parts = []
        if self.frozen_stages >= 0:
            parts = [self.conv1, self.bn1, *self.stages[:self.frozen_stages]]
        freeze(self, parts, norm_eval=self.norm_eval)

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        return through_stages(self, self.maxpool(self.relu(self.bn1(self.conv1(x)))))
