"""Networks of the TSM family on frames that come one at a time."""
import copy

from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.blocks.non_local import ClipNonLocal
from mmvideo.models.blocks.shift import OnlineShift, TemporalPool, TemporalShift

__all__ = ['OnlineRecognizer', 'has_online_form']

HEADS = ('TSMHead', 'TSNHead')


def has_online_form(model):
    """Whether a recognizer can run frame by frame, its shifts kept from one to the next."""
    return not why_not(model)


def why_not(model):
    """What a recognizer lacks for that, '' for nothing."""
    parts = list(model.backbone.modules())
    if not any(isinstance(part, TemporalShift) for part in parts):
        return f'{type(model.backbone).__name__} has no temporal shift'
    if any(isinstance(part, (ClipNonLocal, TemporalPool)) for part in parts):
        return 'its non-local blocks or temporal pooling need whole clips'
    if model.neck is not None:
        return f'its neck, {type(model.neck).__name__}, needs whole clips'
    if type(model.cls_head).__name__ not in HEADS:
        return f'its head is no {" or ".join(HEADS)}'
    return ''


class OnlineRecognizer(nn.Module):
    """A recognizer of the TSM family that takes one frame at a time.

    TSM (arXiv:1811.08383), section 4.2. Each shift keeps what the frame hands to the next, so that
    a frame is computed once and needs no other. The scores are those of the offline causal network
    (``causal='first'`` or ``'second'`` of the backbone) on a clip of all frames so far. A network
    that was built to look both ways runs as ``causal='second'``: what it took from the next frame
    is the frame's own then, so its scores are an approximation.

    Weights are shared with ``model``, which stays as it is.

    Args:
        model: a ``Recognizer2D`` with ``ResNetTSM`` or ``MobileNetV2TSM``, in eval mode.

    Attributes:
        is_exact: whether ``model`` looks back only.

    Raises:
        InputError: a network that has no such form; the message says what is in the way.
    """

    def __init__(self, model):
        super().__init__()
        problem = why_not(model)
        if problem:
            raise InputError(f'the network cannot run frame by frame: {problem}; sliding windows '
                             'do for every network')
        tensors = (*model.parameters(), *model.buffers())
        self.backbone, self.head = copy.deepcopy((model.backbone, model.cls_head),
                                                 {id(tensor): tensor for tensor in tensors})
        self.head.frames = 1
        self.is_exact = True
        for parent in list(self.backbone.modules()):
            for name, shift in list(parent.named_children()):
                if isinstance(shift, TemporalShift):
                    self.is_exact &= shift.causal is not None
                    setattr(parent, name, OnlineShift(shift.net, shift.shift_div,
                                                      shift.causal or 'second'))
        self.eval()
        self._shape = None

    def reset(self):
        """Forget the stream: the next frame is the first of another."""
        self._shape = None
        for part in self.backbone.modules():
            if isinstance(part, OnlineShift):
                part.reset()

    def step(self, frames):
        """Scores of the next frame of N streams, or of N crops of one.

        Shape: [N, C, H, W], normalized by ``model.data_preprocessor`` -> [N, num_classes].
        """
        if self._shape not in (None, frames.shape):
            raise InputError(f'frames of shape {list(frames.shape)} after some of '
                             f'{list(self._shape)}; reset() begins another stream')
        self._shape = frames.shape
        return self.head(self.backbone(frames), num_segs=1)

    forward = step
