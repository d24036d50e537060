"""Channel-separated network: a 3x3x3 convolution sees one channel, a 1x1x1 one joins them."""
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet3d import Bottleneck3d, ResNet3d
from mmvideo.registry import MODELS

__all__ = ['CSNBottleneck3d', 'ResNet3dCSN']

# The networks were published with this eps; 1e-5 moves their features by some percent.
NORM = dict(type='BN3d', requires_grad=True, eps=1e-3)


class CSNBottleneck3d(Bottleneck3d):
    """Bottleneck with a depthwise convolution in its middle (arXiv:1904.02811, section 3.3).

    Args:
        in_channels, channels: see :class:`Bottleneck3d`.
        mode: ``'ip'`` (interaction-preserved, figure 2(b)) lets the channels meet in a 1x1x1
            convolution in front of the depthwise one, ``'ir'`` (interaction-reduced, figure 2(c))
            leaves that to the convolutions around it.
        kwargs: arguments of :class:`Bottleneck3d`.

    Shape: [N, C, T, H, W] -> [N, 4 * channels, T / stride_t, H / stride_s, W / stride_s].
    """

    def __init__(self, in_channels, channels, *args, mode='ir', **kwargs):
        # A plain value; what builds the convolutions asks for it.
        self.mode = mode
        super().__init__(in_channels, channels, *args, **kwargs)

    def make_conv2(self):
        frames = 3 if self.inflate and self.inflate_style == '3x3x3' else 1
        stride = self.stride if self.style == 'pytorch' else (1, 1)
        depthwise = self.conv(self.channels, self.channels, (frames, 3, 3), stride, self.dilation,
                              groups=self.channels)
        if self.mode == 'ir':
            return nn.Sequential(depthwise)
        joining = self.conv(self.channels, self.channels, (1, 1, 1), act=False)
        return nn.Sequential(joining, depthwise)


@MODELS.register_module()
class ResNet3dCSN(ResNet3d):
    """3D ResNet of depthwise convolutions (CSN, arXiv:1904.02811).

    Args:
        depth: 50, 101 or 152.
        pretrained: weights of a network of this kind.
        temporal_strides, conv1_kernel, conv1_stride_t, pool1_stride_t, inflate_style: see
            :class:`ResNet3d`.
        norm_cfg: norm layers; the published ones have an eps of 1e-3.
        bottleneck_mode: ``'ir'`` or ``'ip'``, see :class:`CSNBottleneck3d`.
        bn_frozen: with ``norm_eval``, batch norms stop learning altogether.
        kwargs: arguments of :class:`ResNet3d`; the published networks have ``with_pool2=False``.

    Shape: [N, C, T, H, W] -> [N, 2048, T / 8, H / 32, W / 32].

    Raises:
        InputError: a depth or a mode that there is not.
    """
    arch = {
        50: (CSNBottleneck3d, (3, 4, 6, 3)),
        101: (CSNBottleneck3d, (3, 4, 23, 3)),
        152: (CSNBottleneck3d, (3, 8, 36, 3)),
    }

    def __init__(self, depth, pretrained=None, temporal_strides=(1, 2, 2, 2),
                 conv1_kernel=(3, 7, 7), conv1_stride_t=1, pool1_stride_t=1, norm_cfg=NORM,
                 inflate_style='3x3x3', bottleneck_mode='ir', bn_frozen=False, **kwargs):
        if bottleneck_mode not in ('ir', 'ip'):
            raise InputError(f"ResNet3dCSN: bottleneck_mode must be 'ir' or 'ip', "
                             f'not {bottleneck_mode!r}')
        self.bottleneck_mode = bottleneck_mode
        super().__init__(depth, pretrained=pretrained, temporal_strides=temporal_strides,
                         conv1_kernel=conv1_kernel, conv1_stride_t=conv1_stride_t,
                         pool1_stride_t=pool1_stride_t, norm_cfg=norm_cfg,
                         inflate_style=inflate_style, bn_frozen=bn_frozen, **kwargs)

    def make_stage(self, *args, **options):
        return super().make_stage(*args, mode=self.bottleneck_mode, **options)
