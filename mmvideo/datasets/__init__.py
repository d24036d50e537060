"""What lies on disk -> one record a sample."""
from mmvideo.datasets.audio import AudioFeatureDataset
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.rawframe import RawframeDataset
from mmvideo.datasets.video import VideoDataset
from mmvideo.datasets.wrappers import ConcatDataset, RepeatDataset

__all__ = ['AudioFeatureDataset', 'BaseDataset', 'ConcatDataset', 'RawframeDataset',
           'RepeatDataset', 'VideoDataset']
