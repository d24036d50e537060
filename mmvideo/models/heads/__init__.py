"""Heads: from features to class scores. A head file says how features are pooled and joined."""
from mmvideo.models.heads.audio_tsn import AudioTSNHead
from mmvideo.models.heads.base import BaseHead
from mmvideo.models.heads.i3d import I3DHead
from mmvideo.models.heads.mvit import MViTHead
from mmvideo.models.heads.omni import OmniHead
from mmvideo.models.heads.slowfast import SlowFastHead
from mmvideo.models.heads.timesformer import TimeSformerHead
from mmvideo.models.heads.tpn import TPNHead
from mmvideo.models.heads.trn import TRNHead
from mmvideo.models.heads.tsm import TSMHead
from mmvideo.models.heads.tsn import TSNHead
from mmvideo.models.heads.x3d import X3DHead

__all__ = ['AudioTSNHead', 'BaseHead', 'I3DHead', 'MViTHead', 'OmniHead', 'SlowFastHead',
           'TPNHead', 'TRNHead', 'TSMHead', 'TSNHead', 'TimeSformerHead', 'X3DHead']
