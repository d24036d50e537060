"""ResNet on spectrograms, time and frequency apart."""
from mmcv.cnn import ConvModule, build_activation_layer
from torch import nn

from mmvideo.models.backbones.resnet import CONV, NORM, RELU, check_stages, make_shortcut, recompute
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.conv_audio import ConvAudio
from mmvideo.models.blocks.freeze import freeze_stages, stages_of, train_but_frozen
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['BottleneckAudio', 'ResNetAudio']


class BottleneckAudio(nn.Module):
    """Bottleneck whose middle convolution may be apart along time and frequency.

    Args:
        in_channels: channels of the input.
        channels: channels of the middle convolution; the output has four times as many.
        stride: of the middle convolution and the shortcut.
        dilation: of the middle convolution.
        factorize: use :class:`ConvAudio` in the middle, its two branches side by side.
        with_cp: recompute the block in the backward pass to save memory.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of the other convolutions.

    Shape: [N, C, T, F] -> [N, 4 * channels, T / stride, F / stride].
    """
    expansion = 4

    def __init__(self, in_channels, channels, stride=1, dilation=1, factorize=True, with_cp=False,
                 **layers):
        super().__init__()
        self.out_channels = channels * self.expansion
        self.with_cp = with_cp
        middle = dict(type=ConvAudio, op='concat') if factorize else layers['conv_cfg']
        self.conv1 = ConvModule(in_channels, channels, 1, bias=False, **layers)
        # Published weights have no norm behind the middle convolution, factorized or not.
        self.conv2 = ConvModule(channels, channels, 3, stride=stride, padding=dilation,
                                dilation=dilation, bias=False, conv_cfg=middle, norm_cfg=None,
                                act_cfg=None)
        self.conv3 = ConvModule(2 * channels if factorize else channels, self.out_channels, 1,
                                bias=False, **dict(layers, act_cfg=None))
        self.downsample = make_shortcut(in_channels, self.out_channels, stride, layers)
        self.relu = build_activation_layer(layers['act_cfg'])

    def _residual(self, x):
        out = self.conv3(self.conv2(self.conv1(x)))
        return out + (x if self.downsample is None else self.downsample(x))

    def forward(self, x):
        return self.relu(recompute(self._residual, x) if self.with_cp else self._residual(x))


@MODELS.register_module()
class ResNetAudio(nn.Module):
    """The audio pathway of AVSlowFast as a network of its own (arXiv:2001.08740, section 3.1).

    Args:
        depth: 50, 101 or 152.
        pretrained: weights that ``init_weights`` loads: a path or an address.
        in_channels: 1.
        num_stages: how many of the four stages are built.
        base_channels: width of the first stage.
        strides: of the first block of each stage.
        dilations: of the middle convolutions of each stage.
        conv1_kernel: taps of the stem along time and along frequency.
        conv1_stride: of the stem.
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        factorize: per stage, whether time and frequency are apart.
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory.
        conv_cfg, norm_cfg, act_cfg: layers in mmcv's notation.
        zero_init_residual: the last norm of each block starts at 0, each block as the identity.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, 1, T, F] -> [N, 1024, T / 8, F / 8].
    """
    axes = ('N', 'C', 'T', 'F')
    arch = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

    def __init__(self, depth, pretrained=None, in_channels=1, num_stages=4, base_channels=32,
                 strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1), conv1_kernel=9, conv1_stride=1,
                 frozen_stages=-1, factorize=(1, 1, 0, 0), norm_eval=False, with_cp=False,
                 conv_cfg=CONV, norm_cfg=NORM, act_cfg=RELU, zero_init_residual=True,
                 init_cfg=None):
        super().__init__()
        check_stages(self, depth, num_stages, (num_stages - 1,), frozen_stages)
        self.depth = depth
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.num_stages = num_stages
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.zero_init_residual = zero_init_residual
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.conv1 = ConvModule(
            in_channels, base_channels, conv1_kernel, stride=conv1_stride,
            padding=conv1_kernel // 2, bias=False,
            **dict(layers, conv_cfg=dict(type=ConvAudio, op='sum')))
        width = base_channels
        for i in range(num_stages):
            channels = base_channels * 2**i
            blocks = []
            for j in range(self.arch[depth][i]):
                blocks.append(BottleneckAudio(width, channels, strides[i] if j == 0 else 1,
                                              dilations[i], bool(factorize[i]), with_cp, **layers))
                width = blocks[-1].out_channels
            self.add_module(f'layer{i + 1}', nn.Sequential(*blocks))
        self.out_channels = width
        self.hold_frozen()

    stages = property(stages_of)

    def init_weights(self):
        zero = [b.conv3.norm for s in self.stages for b in s] if self.zero_init_residual else []
        init_backbone(self, self.pretrained, self.init_cfg, zero_norms=zero)

    def hold_frozen(self):
        """Freeze what the arguments name."""
        freeze_stages(self)

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        x = self.conv1(x)
        for stage in self.stages:
            x = stage(x)
        return x
