"""How the fast pathway of SlowFast tells the slow one what it sees, and what it sees itself."""
import torch
from mmcv.cnn import ConvModule
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError

__all__ = ['build_lateral', 'check_kinds', 'join', 'spread_frames', 'weaken']

LATERALS = ('time_conv', 'time_sample', 'channel_concat', 'channel_sum')
FAST_INPUTS = ('rgb', 'gray', 'difference', 'half')
# Of red, green and blue in what is seen as bright (Rec. 601).
LUMA = (0.299, 0.587, 0.114)


class TimeSample(nn.Module):
    """Takes every ``ratio``-th frame.

    SlowFast (arXiv:1812.03982), section 3.3, time-strided sampling.

    Args:
        ratio: frames of the input for one of the output.

    Shape: [N, C, T * ratio, H, W] -> [N, C, T, H, W].
    """

    def __init__(self, ratio):
        super().__init__()
        self.ratio = ratio

    def forward(self, x):
        return x[:, :, ::self.ratio]


class TimeToChannel(TimeSample):
    """Packs ``ratio`` frames into the channels of one.

    SlowFast (arXiv:1812.03982), section 3.3, time-to-channel.

    Args:
        ratio: see :class:`TimeSample`.

    Shape: [N, C, T * ratio, H, W] -> [N, C * ratio, T, H, W].
    """

    def forward(self, x):
        return x.unflatten(2, (-1, self.ratio)).transpose(2, 3).flatten(1, 2)


def build_lateral(kind, channels, ratio, kernel, layers):
    """A connection from the fast pathway, and how many channels it gives.

    Args:
        kind: ``'time_conv'`` (a convolution of stride ``ratio`` that doubles the channels),
            ``'time_sample'``, ``'channel_concat'`` or ``'channel_sum'`` (see
            :class:`TimeToChannel`; the result is put beside or added to the slow features).
        channels: of the fast features.
        ratio: fast frames per slow frame.
        kernel: frames that the convolution covers.
        layers: ``conv_cfg``, ``norm_cfg`` and ``act_cfg`` of the convolution.
    """
    if kind == 'time_conv':
        return ConvModule(channels, 2 * channels, (kernel, 1, 1), stride=(ratio, 1, 1),
                          padding=(kernel // 2, 0, 0), bias=False, **layers), 2 * channels
    if kind == 'time_sample':
        return TimeSample(ratio), channels
    return TimeToChannel(ratio), channels * ratio


def join(slow, lateral, is_sum):
    """Slow features with what comes over a connection, beside or (``is_sum``) added to them."""
    if lateral.shape[3:] != slow.shape[3:]:     # of a fast pathway that sees smaller pictures
        lateral = F.interpolate(lateral, slow.shape[2:])
    return slow + lateral if is_sum else torch.cat([slow, lateral], 1)


def weaken(x, kind):
    """What the fast pathway sees of RGB frames.

    SlowFast (arXiv:1812.03982), section 4.2, weaker spatial inputs.

    Args:
        x: [N, 3, T, H, W], normalized.
        kind: ``'rgb'``; ``'gray'``, brightness; ``'difference'``, brightness less that of the
            frame before, nothing for the first; ``'half'``, RGB of half height and width.

    Returns:
        Tensor: [N, 1 or 3, T, H or H / 2, W or W / 2].
    """
    if kind == 'rgb':
        return x
    if kind == 'half':
        return F.avg_pool2d(x.flatten(1, 2), 2).unflatten(1, x.shape[1:3])
    gray = sum(share * x[:, i:i + 1] for i, share in enumerate(LUMA))
    if kind == 'gray':
        return gray
    return torch.cat([torch.zeros_like(gray[:, :, :1]), gray[:, :, 1:] - gray[:, :, :-1]], 2)


def spread_frames(x, count):
    """So many frames, spread from the first to the last: [N, C, T, H, W] -> [N, C, count, H, W]."""
    last, steps = x.shape[2] - 1, max(count - 1, 1)
    places = torch.tensor([i * last // steps for i in range(count)], device=x.device)
    return x.index_select(2, places)


def check_kinds(lateral, kind):
    """Raise for a connection or an input that there is not."""
    if lateral not in LATERALS:
        raise InputError(f'ResNet3dSlowFast: slow_pathway.lateral_type is one of '
                         f'{", ".join(LATERALS)}, not {lateral!r}')
    if kind not in FAST_INPUTS:
        raise InputError(f'ResNet3dSlowFast: fast_input is one of {", ".join(FAST_INPUTS)}, '
                         f'not {kind!r}')
