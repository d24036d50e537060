"""Backbones, one file a network."""
from mmvideo.models.backbones.c3d import C3D
from mmvideo.models.backbones.mobilenet_v2 import MobileNetV2
from mmvideo.models.backbones.mobilenet_v2_tsm import MobileNetV2TSM
from mmvideo.models.backbones.resnet import ResNet
from mmvideo.models.backbones.resnet3d import ResNet3d
from mmvideo.models.backbones.resnet_audio import ResNetAudio
from mmvideo.models.backbones.slowfast import ResNet3dSlowFast
from mmvideo.models.backbones.slowonly import ResNet3dSlowOnly
from mmvideo.models.backbones.tanet import TANet
from mmvideo.models.backbones.tin import ResNetTIN
from mmvideo.models.backbones.tsm import ResNetTSM

__all__ = ['C3D', 'MobileNetV2', 'MobileNetV2TSM', 'ResNet', 'ResNet3d', 'ResNet3dSlowFast',
           'ResNet3dSlowOnly', 'ResNetAudio', 'ResNetTIN', 'ResNetTSM', 'TANet']
