"""One record -> one sample: the steps of a data pipeline, each a dict -> dict callable."""
from mmvideo.transforms.audio import (
    AudioAmplify,
    AudioDecode,
    AudioDecodeInit,
    AudioFeatureSelector,
    LoadAudioFeature,
    MelLogSpectrogram,
    MelSpectrogram,
)
from mmvideo.transforms.augment import AugMix, RandAugment, RandomErasing
from mmvideo.transforms.color import ColorJitter, Normalize
from mmvideo.transforms.compose import Compose
from mmvideo.transforms.crops import (
    CenterCrop,
    MultiScaleCrop,
    RandomCrop,
    RandomResizedCrop,
    TenCrop,
    ThreeCrop,
)
from mmvideo.transforms.formatting import (
    Collect,
    FormatAudioShape,
    FormatShape,
    ImageToTensor,
    JoinFlow,
    PackActionInputs,
    Rename,
    ToDataContainer,
    ToTensor,
    Transpose,
)
from mmvideo.transforms.geometry import Flip, RandomRescale, Resize
from mmvideo.transforms.images import BuildPseudoClip, ImageDecode
from mmvideo.transforms.imgaug import Imgaug
from mmvideo.transforms.lazy import Fuse
from mmvideo.transforms.libraries import TorchVisionWrapper
from mmvideo.transforms.loading import (
    ArrayDecode,
    DecordDecode,
    DecordInit,
    OpenCVDecode,
    OpenCVInit,
    PIMSDecode,
    PIMSInit,
    PyAVDecode,
    PyAVInit,
    RawFrameDecode,
    TorchCodecDecode,
    TorchCodecInit,
)
from mmvideo.transforms.motion import PyAVDecodeMotionVector
from mmvideo.transforms.sampling import (
    DenseSampleFrames,
    SampleFrames,
    UniformSample,
    UniformSampleFrames,
)
from mmvideo.transforms.tags import LoadHVULabel, TimedLabel
from mmvideo.transforms.windows import SampleAVAFrames, SampleMoments, UntrimmedSampleFrames

__all__ = ['ArrayDecode', 'AudioAmplify', 'AudioDecode', 'AudioDecodeInit', 'AudioFeatureSelector',
           'AugMix', 'BuildPseudoClip', 'CenterCrop', 'Collect', 'ColorJitter', 'Compose',
           'DecordDecode', 'DecordInit', 'DenseSampleFrames', 'Flip', 'FormatAudioShape',
           'FormatShape', 'Fuse', 'ImageDecode', 'ImageToTensor', 'Imgaug', 'JoinFlow',
           'LoadAudioFeature', 'LoadHVULabel', 'MelLogSpectrogram', 'MelSpectrogram',
           'MultiScaleCrop', 'Normalize', 'OpenCVDecode', 'OpenCVInit', 'PIMSDecode', 'PIMSInit',
           'PackActionInputs', 'PyAVDecode', 'PyAVDecodeMotionVector', 'PyAVInit', 'RandAugment',
           'RandomCrop', 'RandomErasing', 'RandomRescale', 'RandomResizedCrop', 'RawFrameDecode',
           'Rename', 'Resize', 'SampleAVAFrames', 'SampleFrames', 'SampleMoments', 'TenCrop',
           'ThreeCrop', 'TimedLabel', 'ToDataContainer', 'ToTensor', 'TorchCodecDecode',
           'TorchCodecInit', 'TorchVisionWrapper', 'Transpose', 'UniformSample',
           'UniformSampleFrames', 'UntrimmedSampleFrames']
