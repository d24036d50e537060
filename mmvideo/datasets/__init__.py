"""What lies on disk -> one record a sample."""
from mmvideo.datasets.audio import AudioDataset, AudioFeatureDataset, AudioVisualDataset
from mmvideo.datasets.ava import AVADataset
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.charades import CharadesDataset
from mmvideo.datasets.hvu import HVUDataset
from mmvideo.datasets.image import ImageDataset
from mmvideo.datasets.rawframe import RawframeDataset
from mmvideo.datasets.rawvideo import RawVideoDataset
from mmvideo.datasets.samplers import ClassSpecificDistributedSampler
from mmvideo.datasets.video import RepeatAugDataset, VideoDataset, repeat_collate
from mmvideo.datasets.wrappers import ConcatDataset, RepeatDataset

__all__ = ['AVADataset', 'AudioDataset', 'AudioFeatureDataset', 'AudioVisualDataset', 'BaseDataset',
           'CharadesDataset', 'ClassSpecificDistributedSampler', 'ConcatDataset', 'HVUDataset',
           'ImageDataset', 'RawVideoDataset', 'RawframeDataset', 'RepeatAugDataset',
           'RepeatDataset', 'VideoDataset', 'repeat_collate']
