"""The slow pathway of SlowFast as a network of its own."""
from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet3d import ResNet3d
from mmvideo.registry import MODELS

__all__ = ['ResNet3dSlowOnly']


@MODELS.register_module()
class ResNet3dSlowOnly(ResNet3d):
    """3D ResNet that looks at few frames and joins them late (SlowFast, arXiv:1812.03982).

    The stem and the first two stages see frames one by one; no stage drops any.

    Args:
        depth: see :class:`ResNet3d`.
        lateral: must stay False; the slow pathway with connections is ResNet3dSlowFast's.
        conv1_kernel, conv1_stride_t, pool1_stride_t, inflate, with_pool2: see :class:`ResNet3d`.
        kwargs: arguments of :class:`ResNet3d`.

    Shape: [N, C, T, H, W] -> [N, C', T, H / 32, W / 32].
    """

    def __init__(self, depth, lateral=False, conv1_kernel=(1, 7, 7), conv1_stride_t=1,
                 pool1_stride_t=1, inflate=(0, 0, 1, 1), with_pool2=False, **kwargs):
        if lateral:
            raise InputError('ResNet3dSlowOnly: lateral must be False, there is no fast pathway to '
                             'connect; ResNet3dSlowFast has both')
        super().__init__(depth, conv1_kernel=conv1_kernel, conv1_stride_t=conv1_stride_t,
                         pool1_stride_t=pool1_stride_t, inflate=inflate, with_pool2=with_pool2,
                         **kwargs)
