"""A person among others: relations between a box and all places of the clip."""
import torch
from mmcv.cnn import ConvModule
from mmengine.model import constant_init, kaiming_init
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.registry import MODELS

__all__ = ['ACRNHead']

CONV3D, NORM3D = dict(type='Conv3d'), dict(type='BN3d', requires_grad=True)
RELU = dict(type='ReLU', inplace=True)


@MODELS.register_module()
class ACRNHead(nn.Module):
    """Actor-centric relation network (arXiv:1807.10982), section 3.2.

    What was found in a box stands beside the features of every place of its clip; convolutions
    tell what the two have to do with each other. Goes between extractor and classifier.

    Args:
        in_channels: of a box and of a place together.
        out_channels: of what comes out.
        stride: spatial, of the 3x3 convolutions.
        num_convs: 3x3 convolutions.
        conv_cfg, norm_cfg, act_cfg: layers in mmcv's notation.

    Shape: boxes [K, C, T', h, w], clips [N, C, T, H, W] -> [K, out_channels, T, H, W].
    """

    def __init__(self, in_channels, out_channels, stride=1, num_convs=1,
                 conv_cfg=CONV3D, norm_cfg=NORM3D, act_cfg=RELU):
        super().__init__()
        layers = dict(bias=False, conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.conv1 = ConvModule(in_channels, out_channels, 1, **layers)
        self.convs = [f'conv{i + 2}' for i in range(num_convs)]
        for name in self.convs:
            self.add_module(name, ConvModule(out_channels, out_channels, (1, 3, 3),
                                             stride=(1, stride, stride), padding=(0, 1, 1),
                                             **layers))

    def init_weights(self):
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                kaiming_init(module)
            elif isinstance(module, _BatchNorm):
                constant_init(module, 1)

    def forward(self, x, feature, rois):
        around = feature[rois[:, 0].long()]
        own = x.amax((2, 3, 4), keepdim=True).expand(-1, -1, *around.shape[2:])
        x = self.conv1(torch.cat([own, around], 1))
        for name in self.convs:
            x = getattr(self, name)(x)
        return x
