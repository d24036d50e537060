"""Temporal shift: frames of a clip exchange channels, without arithmetic."""
import torch
from torch import nn

from mmvideo.errors import InputError

__all__ = ['OnlineShift', 'TemporalPool', 'TemporalShift', 'delay_channels', 'shift_channels',
           'split_clips']


def split_clips(x, num_segments):
    """View frames that lie next to each other as clips: [N*T, ...] -> [N, T, ...]."""
    if x.shape[0] % num_segments:
        raise InputError(f'{x.shape[0]} frames in a batch do not divide into clips of num_segments='
                         f'{num_segments}; num_segments of the network and clip_len * num_clips of '
                         'the sampler must agree')
    return x.view(-1, num_segments, *x.shape[1:])


def _move(x, num_segments, fold, reverse):
    """One pass over memory: each of three channel groups is copied to where it belongs.

    ``empty_like`` keeps the memory format, so a channels_last network stays channels_last.
    """
    out = torch.empty_like(x)
    source, target = split_clips(x, num_segments), split_clips(out, num_segments)
    ahead, behind = slice(0, fold), slice(fold, 2 * fold)
    if reverse:
        ahead, behind = behind, ahead
    target[:, :-1, ahead] = source[:, 1:, ahead]
    target[:, -1, ahead] = 0
    target[:, 1:, behind] = source[:, :-1, behind]
    target[:, 0, behind] = 0
    target[:, :, 2 * fold:] = source[:, :, 2 * fold:]
    return out


class _Shift(torch.autograd.Function):
    """The gradient of a shift is the shift the other way."""

    @staticmethod
    def forward(ctx, x, num_segments, fold, reverse):
        ctx.arguments = num_segments, fold, not reverse
        return _move(x, num_segments, fold, reverse)

    @staticmethod
    def backward(ctx, grad):
        return _Shift.apply(grad, *ctx.arguments), None, None, None


def shift_channels(x, num_segments, shift_div=8):
    """Move the first ``1/shift_div`` channels one frame back, the second one frame forth.

    Shape: [N*T, C, H, W] -> the same.
    """
    fold = x.shape[1] // shift_div
    if torch.is_grad_enabled() and x.requires_grad:
        return _Shift.apply(x, num_segments, fold, False)
    return _move(x, num_segments, fold, False)


def delay_channels(x, num_segments, group):
    """Move one group of channels one frame forth; the others stay.

    Shape: [N*T, C, H, W] -> the same.
    """
    out = x.clone()
    source, target = split_clips(x, num_segments), split_clips(out, num_segments)
    target[:, 1:, group] = source[:, :-1, group]
    target[:, 0, group] = 0
    return out


def delayed_group(num_channels, shift_div, causal):
    """The ``'first'`` or ``'second'`` run of ``1/shift_div`` of the channels, as a slice."""
    fold = num_channels // shift_div
    return slice(0, fold) if causal == 'first' else slice(fold, 2 * fold)


class TemporalShift(nn.Module):
    """Lets each frame see its neighbors by moving channels along time, at no arithmetic cost.

    TSM (arXiv:1811.08383), section 3. One ``1/shift_div`` of the channels is taken from the next
    frame, one from the previous frame, the rest stays. Where a clip ends, zeros come in. The causal
    form of section 4.2 takes nothing from the next frame, so that frames can be seen as they come
    (:class:`OnlineShift`).

    Args:
        net: receives the shifted features; its weights get the key ``<place>.net.*``.
        num_segments: frames per clip, T. Frames of one clip must lie next to each other.
        shift_div: 8 for every row of the zoo; a quarter of the channels moves then.
        causal: which run of channels is taken from the previous frame, where none is from the next:
            ``'first'``, as in the paper's online networks, or ``'second'``, which a network that
            was trained to look both ways takes from there, too. None looks both ways.

    Shape: [N*T, C, H, W] -> whatever ``net`` gives for it.
    """

    def __init__(self, net, num_segments=8, shift_div=8, causal=None):
        super().__init__()
        if shift_div < 2:
            raise InputError(f'shift_div must be at least 2 (two groups of channels move), '
                             f'not {shift_div}')
        if causal not in (None, 'first', 'second'):
            raise InputError("causal: expected 'first' or 'second' (the channels that come from "
                             f'the previous frame) or None (they come from both), not {causal!r}')
        self.net = net
        self.num_segments = num_segments
        self.shift_div = shift_div
        self.causal = causal

    def forward(self, x):
        if self.causal is None:
            return self.net(shift_channels(x, self.num_segments, self.shift_div))
        group = delayed_group(x.shape[1], self.shift_div, self.causal)
        return self.net(delay_channels(x, self.num_segments, group))


class OnlineShift(nn.Module):
    """The causal shift for frames that come one at a time.

    TSM (arXiv:1811.08383), section 4.2: what a frame hands to the next is kept until that one
    comes. Before the first frame of a stream that is zeros, as before a clip's.

    Args:
        net: as of :class:`TemporalShift`, under the same key.
        shift_div: as of :class:`TemporalShift`.
        causal: ``'first'`` or ``'second'``, as of :class:`TemporalShift`.

    Shape: [N, C, H, W], the next frame of N streams -> whatever ``net`` gives for it.
    """

    def __init__(self, net, shift_div=8, causal='first'):
        super().__init__()
        self.net = net
        self.shift_div = shift_div
        self.causal = causal
        self.kept = None

    def reset(self):
        """Forget what was seen: the next frame is the first of a stream."""
        self.kept = None

    def forward(self, x):
        group = delayed_group(x.shape[1], self.shift_div, self.causal)
        before, self.kept = self.kept, x[:, group].detach().clone()
        out = x.clone()
        out[:, group] = 0 if before is None else before
        return self.net(out)


class TemporalPool(nn.Module):
    """Halves the frames of a clip before ``net``: maximum over three frames, stride two.

    The "temporal pool" form of TSM, which lets an 8-frame network run its later stages on 4.

    Args:
        net: receives the pooled features; its weights get the key ``<place>.net.*``.
        num_segments: frames per clip before pooling, T.

    Shape: [N*T, C, H, W] -> whatever ``net`` gives for [N*ceil(T/2), C, H, W].
    """

    def __init__(self, net, num_segments):
        super().__init__()
        self.net = net
        self.num_segments = num_segments
        self.pool = nn.MaxPool3d((3, 1, 1), stride=(2, 1, 1), padding=(1, 0, 0))

    def forward(self, x):
        clips = split_clips(x, self.num_segments).transpose(1, 2)
        pooled = self.pool(clips).transpose(1, 2)
        return self.net(pooled.reshape(-1, *x.shape[1:]))
