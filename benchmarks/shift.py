"""The temporal shift as one pass over memory, against padding and concatenating."""
import functools

import torch
from torch import nn

from benchmarks.timing import Row
from mmvideo.models.blocks.shift import TemporalShift, shift_channels

WORK = 'temporal shift, forward and backward, 8x256x56x56'
ROWS = (
    Row('shift', WORK, 'slices, padded with zeros and concatenated', 'ours', 'plain', reach=2.5),
    Row('shift-split', WORK, 'the same with one split', 'ours', 'split'),
    Row('shift-channels-last', f'{WORK}, channels_last', 'slices, padded with zeros and '
        'concatenated', 'ours, channels_last', 'plain, channels_last'),
)
NUM_SEGMENTS, SHIFT_DIV = 8, 8


def plain_shift(x, num_segments, shift_div):
    """TSM's shift (arXiv:1811.08383, section 3) as its figure draws it.

    Each of two groups of channels loses a frame at one end and gets zeros at the other; then the
    groups are put side by side again. In the backward pass each slice makes a gradient of the size
    of the whole. The result is NCHW, whatever came in.
    """
    clips = x.view(-1, num_segments, *x.shape[1:])
    fold = x.shape[1] // shift_div
    return concatenate(clips[:, :, :fold], clips[:, :, fold:2 * fold], clips[:, :, 2 * fold:],
                       x.shape)


def split_shift(x, num_segments, shift_div):
    """The same for those who know their autograd: the gradient of one split is one tensor."""
    clips = x.view(-1, num_segments, *x.shape[1:])
    fold = x.shape[1] // shift_div
    return concatenate(*clips.split([fold, fold, x.shape[1] - 2 * fold], dim=2), x.shape)


def concatenate(ahead, behind, rest, shape):
    zeros = torch.zeros_like(ahead[:, :1])
    ahead = torch.cat([ahead[:, 1:], zeros], dim=1)
    behind = torch.cat([zeros, behind[:, :-1]], dim=1)
    return torch.cat([ahead, behind, rest], dim=2).view(shape)


class PlainShift(nn.Module):
    """Takes the place of a :class:`TemporalShift`, with the plain form inside.

    Args:
        shift: the one that it replaces; ``net`` is shared.

    Shape: [N*T, C, H, W] -> whatever ``net`` gives for it.
    """

    def __init__(self, shift):
        super().__init__()
        self.net = shift.net
        self.num_segments = shift.num_segments
        self.shift_div = shift.shift_div

    def forward(self, x):
        return self.net(plain_shift(x, self.num_segments, self.shift_div))


def use_plain_shift(model):
    """Put the plain form in the place of every shift of a model; gives how many there were."""
    places = [(parent, name, child) for parent in model.modules()
              for name, child in parent.named_children() if isinstance(child, TemporalShift)]
    for parent, name, shift in places:
        setattr(parent, name, PlainShift(shift))
    return len(places)


def check_equal(shift, x, grad, keeps_format=True):
    """Raise AssertionError unless ``shift`` gives the bits and the gradient of the plain form.

    With ``keeps_format`` what comes out must have the memory format of what goes in, too.
    """
    outs, grads = [], []
    for function in (shift, plain_shift):
        leaf = x.detach().clone().requires_grad_()
        out = function(leaf, NUM_SEGMENTS, SHIFT_DIV)
        out.backward(grad)
        outs.append(out)
        grads.append(leaf.grad)
    for ours, plain in (outs, grads):
        torch.testing.assert_close(ours, plain, rtol=0, atol=0)
    for memory_format in (torch.contiguous_format, torch.channels_last):
        if keeps_format and x.is_contiguous(memory_format=memory_format):
            assert outs[0].is_contiguous(memory_format=memory_format), \
                f'the shift has lost {memory_format}'


def contenders(wanted, small, folder):
    side = 14 if small else 56
    found = {}
    for suffix, memory_format in (('', torch.contiguous_format),
                                  (', channels_last', torch.channels_last)):
        x, grad = (torch.randn(NUM_SEGMENTS, 256, side, side).to(memory_format=memory_format)
                   for _ in range(2))
        for function in (shift_channels, split_shift):
            check_equal(function, x, grad, keeps_format=function is shift_channels)
        x.requires_grad_()
        for name, function in (('ours', shift_channels), ('plain', plain_shift),
                               ('split', split_shift)):
            found[name + suffix] = functools.partial(_forward_backward, function, x, grad)
    return {key: found[key] for key in wanted}


def _forward_backward(shift, x, grad):
    x.grad = None
    shift(x, NUM_SEGMENTS, SHIFT_DIV).backward(grad)
