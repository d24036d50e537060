"""One 3D ResNet with the seams that I3D, SlowOnly, SlowFast, CSN and R(2+1)D fill."""
from mmcv.cnn import ConvModule, build_activation_layer
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import RELU, check_stages, recompute
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze_stages, stages_of, train_but_frozen
from mmvideo.models.blocks.non_local import build_non_local, per_block
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['BasicBlock3d', 'Bottleneck3d', 'ResNet3d']

CONV3D = dict(type='Conv3d')
NORM3D = dict(type='BN3d', requires_grad=True)
NO_CFG = {}


class Bottleneck3d(nn.Module):
    """Three convolutions around which the input runs, over frames where inflated.

    A network with convolutions of its own overrides :meth:`make_conv1`, :meth:`make_conv2` or
    :meth:`make_conv3`; each gives any module.

    Args:
        in_channels: channels of the input.
        channels: channels of the middle convolution; the output has ``expansion`` times as many.
        stride: (temporal, spatial), of the block and its shortcut.
        dilation: spatial, of the middle convolution.
        inflate: a kernel covers three frames instead of one.
        inflate_style: which kernel does: ``'3x1x1'`` the first convolution's, ``'3x3x3'`` the
            second's.
        style: the strides are in the second ('pytorch') or the first convolution ('caffe').
        non_local_cfg: attention over the clip behind the block; None for none.
        with_cp: recompute the block in the backward pass to save memory.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of every convolution.

    Shape: [N, C, T, H, W] -> [N, expansion * channels, T / stride_t, H / stride_s, W / stride_s].
    """
    expansion = 4

    def __init__(self, in_channels, channels, stride=(1, 1), dilation=1, inflate=True,
                 inflate_style='3x1x1', style='pytorch', non_local_cfg=None, with_cp=False,
                 **layers):
        super().__init__()
        self.in_channels = in_channels
        self.channels = channels
        self.out_channels = channels * self.expansion
        self.stride = tuple(stride)
        self.dilation = dilation
        self.inflate = inflate
        self.inflate_style = inflate_style
        self.style = style
        self.with_cp = with_cp
        self.layers = layers
        self.make_convs()
        changes = self.stride != (1, 1) or in_channels != self.out_channels
        self.downsample = self.conv(in_channels, self.out_channels, (1, 1, 1), self.stride,
                                    act=False) if changes else None
        self.relu = build_activation_layer(layers['act_cfg'])
        if non_local_cfg is not None:
            self.non_local_block = build_non_local(self.out_channels, non_local_cfg)

    def conv(self, in_channels, out_channels, kernel, stride=(1, 1), dilation=1, act=True,
             **options):
        """A convolution with norm that keeps sizes but for the stride (temporal, spatial)."""
        padding = (kernel[0] // 2, kernel[1] // 2 * dilation, kernel[2] // 2 * dilation)
        layers = self.layers if act else dict(self.layers, act_cfg=None)
        return ConvModule(in_channels, out_channels, kernel, padding=padding, bias=False,
                          stride=(stride[0], stride[1], stride[1]),
                          dilation=(1, dilation, dilation), **{**layers, **options})

    def make_convs(self):
        """Build the convolutions in the order of their keys."""
        self.conv1 = self.make_conv1()
        self.conv2 = self.make_conv2()
        self.conv3 = self.make_conv3()

    def make_conv1(self):
        frames = 3 if self.inflate and self.inflate_style == '3x1x1' else 1
        stride = self.stride if self.style == 'caffe' else (1, 1)
        return self.conv(self.in_channels, self.channels, (frames, 1, 1), stride)

    def make_conv2(self):
        frames = 3 if self.inflate and self.inflate_style == '3x3x3' else 1
        stride = self.stride if self.style == 'pytorch' else (1, 1)
        return self.conv(self.channels, self.channels, (frames, 3, 3), stride, self.dilation)

    def make_conv3(self):
        return self.conv(self.channels, self.out_channels, (1, 1, 1), act=False)

    @property
    def last_norm(self):
        """The norm that ends the residual branch."""
        return self.conv3.norm

    def branch(self, x):
        """The residual branch."""
        return self.conv3(self.conv2(self.conv1(x)))

    def _residual(self, x):
        out = self.branch(x)
        return out + (x if self.downsample is None else self.downsample(x))

    def forward(self, x):
        out = self.relu(recompute(self._residual, x) if self.with_cp else self._residual(x))
        return self.non_local_block(out) if hasattr(self, 'non_local_block') else out


class BasicBlock3d(Bottleneck3d):
    """A block of two full convolutions: nothing narrows, both cover three frames where inflated.

    Args: as :class:`Bottleneck3d`; ``style`` and ``inflate_style`` have no effect, the strides are
    in the first convolution.

    Shape: [N, C, T, H, W] -> [N, channels, T / stride_t, H / stride_s, W / stride_s].
    """
    expansion = 1

    def make_convs(self):
        self.conv1 = self.make_conv1()
        self.conv2 = self.make_conv2()

    def make_conv1(self):
        kernel = (3, 3, 3) if self.inflate else (1, 3, 3)
        return self.conv(self.in_channels, self.channels, kernel, self.stride, self.dilation)

    def make_conv2(self):
        kernel = (3, 3, 3) if self.inflate else (1, 3, 3)
        return self.conv(self.channels, self.out_channels, kernel, act=False)

    @property
    def last_norm(self):
        return self.conv2.norm

    def branch(self, x):
        return self.conv2(self.conv1(x))


@MODELS.register_module()
class ResNet3d(nn.Module):
    """Residual network over clips (I3D, arXiv:1705.07750; ResNet form of arXiv:1711.07971).

    Subclasses change ``arch`` (the block of each depth) or the defaults below.

    Args:
        depth: 18, 34, 50, 101 or 152.
        pretrained: weights that ``init_weights`` loads: a path, an address, or
            ``torchvision://resnet50``.
        stage_blocks: blocks of each stage, if not those of ``depth``.
        pretrained2d: the weights are of a 2D network and get inflated.
        in_channels: 3 for RGB, 2 for flow.
        num_stages: how many of the four stages are built.
        base_channels: width of the first stage.
        out_indices: stages whose features are returned, from 0.
        spatial_strides, temporal_strides: of the first block of each stage.
        dilations: spatial, of the 3x3 convolutions of each stage.
        conv1_kernel: of the stem, (frames, height, width).
        conv1_stride_s, conv1_stride_t: of the stem's convolution.
        pool1_stride_s, pool1_stride_t: of the stem's pooling over 1x3x3 places.
        with_pool1: whether the stem pools.
        with_pool2: halve the frames behind the first stage (maximum of two).
        style: a bottleneck's strides are in the second ('pytorch') or first convolution ('caffe').
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        inflate: per stage or per block, whether kernels cover three frames.
        inflate_style: which kernels of a bottleneck do, ``'3x1x1'`` or ``'3x3x3'``.
        conv_cfg, norm_cfg, act_cfg: layers in mmcv's notation.
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory.
        non_local: per stage or per block, whether attention over the clip follows the block.
        non_local_cfg: see :func:`~mmvideo.models.blocks.non_local.build_non_local`.
        zero_init_residual: the last norm of each block starts at 0, each block as the identity.
        bn_frozen: with ``norm_eval``, batch norms stop learning altogether.
        lateral_channels: channels that join the input of each stage from another pathway.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, T, H, W] -> [N, C', T', H / 32, W / 32]; a tuple for several ``out_indices``.
    """
    axes = ('N', 'C', 'T', 'H', 'W')
    arch = {
        18: (BasicBlock3d, (2, 2, 2, 2)),
        34: (BasicBlock3d, (3, 4, 6, 3)),
        50: (Bottleneck3d, (3, 4, 6, 3)),
        101: (Bottleneck3d, (3, 4, 23, 3)),
        152: (Bottleneck3d, (3, 8, 36, 3)),
    }

    def __init__(self, depth, pretrained=None, stage_blocks=None, pretrained2d=True, in_channels=3,
                 num_stages=4, base_channels=64, out_indices=(3,), spatial_strides=(1, 2, 2, 2),
                 temporal_strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1), conv1_kernel=(3, 7, 7),
                 conv1_stride_s=2, conv1_stride_t=1, pool1_stride_s=2, pool1_stride_t=1,
                 with_pool1=True, with_pool2=True, style='pytorch', frozen_stages=-1,
                 inflate=(1, 1, 1, 1), inflate_style='3x1x1', conv_cfg=CONV3D, norm_cfg=NORM3D,
                 act_cfg=RELU, norm_eval=False, with_cp=False, non_local=(0, 0, 0, 0),
                 non_local_cfg=NO_CFG, zero_init_residual=True, bn_frozen=False,
                 lateral_channels=(0, 0, 0, 0), init_cfg=None):
        super().__init__()
        check_stages(self, depth, num_stages, out_indices, frozen_stages, style)
        if inflate_style not in ('3x1x1', '3x3x3'):
            raise InputError(f"{type(self).__name__}: inflate_style must be '3x1x1' or '3x3x3', "
                             f'not {inflate_style!r}')
        self.depth = depth
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.pretrained2d = pretrained2d
        self.in_channels = in_channels
        self.num_stages = num_stages
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.bn_frozen = bn_frozen
        self.zero_init_residual = zero_init_residual
        self.layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.block, blocks = self.arch[depth]
        self.stage_blocks = tuple(stage_blocks or blocks)[:num_stages]
        self.make_stem(base_channels, tuple(conv1_kernel), (conv1_stride_t, conv1_stride_s),
                       (pool1_stride_t, pool1_stride_s), with_pool1)
        inflated = per_block(inflate, self.stage_blocks, 'inflate')
        attended = per_block(non_local, self.stage_blocks, 'non_local')
        width = base_channels
        for i in range(num_stages):
            stage = self.make_stage(
                width + lateral_channels[i], base_channels * 2**i,
                (temporal_strides[i], spatial_strides[i]), inflated[i], dilation=dilations[i],
                non_local=[non_local_cfg if a else None for a in attended[i]], style=style,
                inflate_style=inflate_style, with_cp=with_cp)
            self.add_module(f'layer{i + 1}', stage)
            width = stage[-1].out_channels
        self.pool2 = nn.MaxPool3d((2, 1, 1)) if with_pool2 else nn.Identity()
        self.out_channels = width
        self.hold_frozen()

    def make_stem(self, channels, kernel, conv_stride, pool_stride, with_pool):
        """Build ``conv1`` and ``maxpool``; strides are (temporal, spatial)."""
        self.conv1 = ConvModule(
            self.in_channels, channels, kernel, stride=(conv_stride[0], *conv_stride[1:] * 2),
            padding=tuple(k // 2 for k in kernel), bias=False, **self.layers)
        self.maxpool = nn.MaxPool3d((1, 3, 3), stride=(pool_stride[0], *pool_stride[1:] * 2),
                                    padding=(0, 1, 1)) if with_pool else nn.Identity()

    def make_stage(self, in_channels, channels, stride, inflate, non_local, **options):
        """A run of blocks, of which the first has the strides (temporal, spatial)."""
        blocks = []
        for j, inflated in enumerate(inflate):
            blocks.append(self.block(
                in_channels, channels, stride if j == 0 else (1, 1), inflate=bool(inflated),
                non_local_cfg=non_local[j], **options, **self.layers))
            in_channels = blocks[-1].out_channels
        return nn.Sequential(*blocks)

    stages = property(stages_of)

    def init_weights(self):
        zero = [b.last_norm for s in self.stages for b in s] if self.zero_init_residual else []
        init_backbone(self, self.pretrained, self.init_cfg, inflate=self.pretrained2d,
                      zero_norms=zero)

    def hold_frozen(self):
        """Freeze what the arguments name."""
        freeze_stages(self, norm_frozen=self.bn_frozen)

    train = train_but_frozen

    def stem(self, x):
        """What comes before the first stage."""
        return self.maxpool(self.conv1(x))

    def forward(self, x):
        check_axes(self, x)
        x = self.stem(x)
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i == 0:
                x = self.pool2(x)
            if i in self.out_indices:
                outs.append(x)
        return outs[0] if len(outs) == 1 else tuple(outs)
