"""Recognizer of clips."""
from mmvideo.models.recognizers.base import BaseRecognizer
from mmvideo.registry import MODELS

__all__ = ['Recognizer3D']


@MODELS.register_module()
class Recognizer3D(BaseRecognizer):
    """3D network over whole clips: I3D, SlowFast and what else sees time as an axis.

    Args: as :class:`BaseRecognizer`.

    Shape: ``imgs`` [N, V, C, T, H, W], V = crops x clips -> V rows of scores a sample.
    """
    axes = ('N', 'V', 'C', 'T', 'H', 'W')
    meanings = 'batch, crops x clips, channels, frames, height, width'
