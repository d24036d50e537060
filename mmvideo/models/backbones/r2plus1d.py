"""R(2+1)D: a 3D ResNet whose convolutions go over places first and over time second."""
from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet3d import ResNet3d
from mmvideo.models.blocks.conv2plus1d import Conv2plus1d
from mmvideo.registry import MODELS

__all__ = ['ResNet2Plus1d']

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
