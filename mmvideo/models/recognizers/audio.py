"""Recognizer of spectrograms."""
from mmvideo.models.recognizers.base import BaseRecognizer
from mmvideo.registry import MODELS

__all__ = ['AudioRecognizer']


@MODELS.register_module(name=['AudioRecognizer', 'RecognizerAudio'])
class AudioRecognizer(BaseRecognizer):
    """2D network over spectrograms of the sound track.

    Args: as :class:`BaseRecognizer`.

    Shape: ``audios`` [N, V, 1, T, F], V = clips, T = steps of time, F = frequencies -> V rows of
    scores a sample.
    """
    axes = ('N', 'V', 'C', 'T', 'F')
    meanings = 'batch, clips, 1 channel, steps of time, frequencies'

    def forward(self, audios, label=None, mode='tensor', sample_index=None, **aux):
        """As :meth:`BaseRecognizer.forward`, under the name that the pipeline gives the input."""
        return super().forward(audios, label, mode, sample_index, **aux)
