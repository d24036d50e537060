"""R(2+1)D: 3D ResNets whose convolutions go over places and over time one after the other."""
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet3d import Bottleneck3d, ResNet3d
from mmvideo.models.blocks.conv2plus1d import Conv2plus1d
from mmvideo.registry import MODELS

__all__ = ['ResNet2Plus1d', 'ResNet2Plus1dBottleneck', 'TimeFirstBottleneck3d']

CONV2PLUS1D = dict(type=Conv2plus1d.__name__)


@MODELS.register_module()
class ResNet2Plus1d(ResNet3d):
    """3D ResNet of factorized convolutions (R(2+1)D, arXiv:1711.11248, section 3.5).

    Every convolution is a :class:`~mmvideo.models.blocks.conv2plus1d.Conv2plus1d`: stem, blocks
    and shortcuts. Nothing pools over time; the published network halves the frames by strides.

    Args:
        depth: see :class:`ResNet3d`; 34 in the zoo.
        pretrained: weights of a network of this kind; 2D weights have no place here.
        pretrained2d: must stay False.
        conv_cfg: ``dict(type='Conv2plus1d')``, with ``norm_cfg`` for the norms inside.
        with_pool2: no effect: no pooling follows the first stage.
        kwargs: arguments of :class:`ResNet3d`.

    Shape: [N, C, T, H, W] -> [N, C', T', H / 32, W / 32].

    Raises:
        InputError: ``pretrained2d`` or another ``conv_cfg`` is asked for.
    """

    def __init__(self, depth, pretrained=None, pretrained2d=False, conv_cfg=CONV2PLUS1D,
                 with_pool2=False, **kwargs):
        if pretrained2d:
            raise InputError('ResNet2Plus1d: pretrained2d must be False, the kernels of an image '
                             'network do not fit factorized convolutions')
        if conv_cfg is None or conv_cfg.get('type') != CONV2PLUS1D['type']:
            raise InputError("ResNet2Plus1d: conv_cfg must be dict(type='Conv2plus1d'), "
                             f'not {conv_cfg!r}; ResNet3d takes others')
        super().__init__(depth, pretrained=pretrained, pretrained2d=False, conv_cfg=conv_cfg,
                         with_pool2=False, **kwargs)


class TimeFirstBottleneck3d(Bottleneck3d):
    """Bottleneck whose middle goes over time first, then over places, at an unchanged width.

    Args: as :class:`Bottleneck3d`; ``inflate_style`` has no effect.

    Shape: [N, C, T, H, W] -> [N, 4 * channels, T / stride_t, H / stride_s, W / stride_s].
    """

    def make_conv1(self):
        stride = self.stride if self.style == 'caffe' else (1, 1)
        return self.conv(self.in_channels, self.channels, (1, 1, 1), stride)

    def make_conv2(self):
        time, space = self.stride if self.style == 'pytorch' else (1, 1)
        return nn.Sequential(
            self.conv(self.channels, self.channels, (3 if self.inflate else 1, 1, 1), (time, 1)),
            self.conv(self.channels, self.channels, (1, 3, 3), (1, space), self.dilation))


@MODELS.register_module()
class ResNet2Plus1dBottleneck(ResNet3d):
    """3D ResNet of bottlenecks of which only the middle convolution is factorized.

    The form of R(2+1)D (arXiv:1711.11248) that PyTorchVideo publishes weights of
    (``r2plus1d_r50``): the stem sees frames one by one and does not pool, time comes before space,
    and no width is chosen to match a count of weights.

    Args:
        depth: 50, 101 or 152.
        pretrained: weights of a network of this kind.
        pretrained2d: must stay False: 2D weights have no place for the temporal kernels.
        conv1_kernel, with_pool1, with_pool2, spatial_strides, temporal_strides: see
            :class:`ResNet3d`.
        kwargs: arguments of :class:`ResNet3d`.

    Shape: [N, C, T, H, W] -> [N, 2048, T / 4, H / 32, W / 32].

    Raises:
        InputError: ``pretrained2d`` is asked for, or a depth that there is not.
    """
    arch = {depth: (TimeFirstBottleneck3d, ResNet3d.arch[depth][1]) for depth in (50, 101, 152)}

    def __init__(self, depth, pretrained=None, pretrained2d=False, conv1_kernel=(1, 7, 7),
                 with_pool1=False, with_pool2=False, spatial_strides=(2, 2, 2, 2),
                 temporal_strides=(1, 1, 2, 2), **kwargs):
        if pretrained2d:
            raise InputError('ResNet2Plus1dBottleneck: pretrained2d must be False, the kernels of '
                             'an image network do not fit factorized convolutions')
        super().__init__(depth, pretrained=pretrained, pretrained2d=False,
                         conv1_kernel=conv1_kernel, with_pool1=with_pool1, with_pool2=with_pool2,
                         spatial_strides=spatial_strides, temporal_strides=temporal_strides,
                         **kwargs)
