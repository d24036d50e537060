"""Videos of any length, cameras and addresses: read ahead, recognized as they come, written."""
from mmvideo.streaming.online import OnlineRecognizer, has_online_form
from mmvideo.streaming.outputs import open_output
from mmvideo.streaming.reader import Frame, FrameReader
from mmvideo.streaming.scorers import FrameByFrame, Prediction, SlidingWindow

__all__ = ['Frame', 'FrameByFrame', 'FrameReader', 'OnlineRecognizer', 'Prediction',
           'SlidingWindow', 'has_online_form', 'open_output']
