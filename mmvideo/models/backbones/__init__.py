"""Backbones, one file a network."""
from mmvideo.models.backbones.c2d import C2D
from mmvideo.models.backbones.c3d import C3D
from mmvideo.models.backbones.csn import ResNet3dCSN
from mmvideo.models.backbones.mobilenet_v2 import MobileNetV2
from mmvideo.models.backbones.mobilenet_v2_tsm import MobileNetV2TSM
from mmvideo.models.backbones.mvit import MViT
from mmvideo.models.backbones.omni_resnet import OmniResNet
from mmvideo.models.backbones.r2plus1d import ResNet2Plus1d, ResNet2Plus1dBottleneck
from mmvideo.models.backbones.resnet import ResNet
from mmvideo.models.backbones.resnet3d import ResNet3d
from mmvideo.models.backbones.resnet_audio import ResNetAudio
from mmvideo.models.backbones.resnext import ResNeXt
from mmvideo.models.backbones.slowfast import ResNet3dSlowFast
from mmvideo.models.backbones.slowonly import ResNet3dSlowOnly
from mmvideo.models.backbones.swin3d import SwinTransformer3D
from mmvideo.models.backbones.tanet import TANet
from mmvideo.models.backbones.timesformer import TimeSformer
from mmvideo.models.backbones.tin import ResNetTIN
from mmvideo.models.backbones.tsm import ResNetTSM
from mmvideo.models.backbones.x3d import X3D

__all__ = ['C2D', 'C3D', 'MViT', 'MobileNetV2', 'MobileNetV2TSM', 'OmniResNet', 'ResNeXt',
           'ResNet', 'ResNet2Plus1d', 'ResNet2Plus1dBottleneck', 'ResNet3d', 'ResNet3dCSN',
           'ResNet3dSlowFast', 'ResNet3dSlowOnly', 'ResNetAudio', 'ResNetTIN', 'ResNetTSM',
           'SwinTransformer3D', 'TANet', 'TimeSformer', 'X3D']
