"""A recognizer in float64, for runs whose rounding is not to be seen; configs import this."""
from mmvideo.models.recognizers.recognizer2d import Recognizer2D
from mmvideo.registry import MODELS


@MODELS.register_module()
class DoubleRecognizer2D(Recognizer2D):
    """Weights, statistics and features of a :class:`Recognizer2D` in float64."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.double()

    def forward(self, imgs, *args, **kwargs):
        return super().forward(imgs.double(), *args, **kwargs)
