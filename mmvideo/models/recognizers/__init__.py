"""Recognizers: views into the batch, backbone, neck, head, scores."""
from mmvideo.models.recognizers.audio import AudioRecognizer
from mmvideo.models.recognizers.base import BaseRecognizer
from mmvideo.models.recognizers.omni import RecognizerOmni
from mmvideo.models.recognizers.recognizer2d import Recognizer2D
from mmvideo.models.recognizers.recognizer3d import Recognizer3D

__all__ = ['AudioRecognizer', 'BaseRecognizer', 'Recognizer2D', 'Recognizer3D', 'RecognizerOmni']
