"""Networks: a recognizer folds views into the batch and runs backbone, neck and head.

Importing the package registers every member; nothing is built or downloaded.
"""
from mmvideo.models import (
    backbones,
    blending,
    detectors,
    heads,
    losses,
    necks,
    preprocessor,
    recognizers,
)
from mmvideo.models.blocks import sub_batch_norm

__all__ = ['backbones', 'blending', 'detectors', 'heads', 'losses', 'necks', 'preprocessor',
           'recognizers', 'sub_batch_norm']
