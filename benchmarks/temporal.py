"""What TIN and TANet do along time, against the forms that name each clip, group and channel."""
import functools

import torch
from torch.nn import functional as F

from benchmarks.timing import Row
from mmvideo.models.blocks.interlace import interlace_channels
from mmvideo.models.blocks.tam import adaptive_convolution

INTERLACE, TAM = "TIN's interlacing", "TANet's adaptive convolution"
LOOP, GROUPED = 'loop over samples and groups', 'grouped convolution with N*C groups'
BOTH = 'forward and backward, 32x1024x14x14 (4 clips)'
FORWARD = 'forward, 32x1024x14x14 (4 clips)'
ROWS = (
    Row('tin', f'{INTERLACE}, {BOTH}', LOOP, 'interlace', 'interlace, loop', reach=2),
    Row('tin-forward', f'{INTERLACE}, {FORWARD}', LOOP, 'interlace, forward',
        'interlace, loop, forward', reach=2),
    Row('tanet', f'{TAM}, {BOTH}', GROUPED, 'convolution', 'convolution, grouped', reach=1.8),
    Row('tanet-forward', f'{TAM}, {FORWARD}', GROUPED, 'convolution, forward',
        'convolution, grouped, forward', reach=1.8),
)
CLIPS, NUM_SEGMENTS, SHIFT_DIV, GROUPS, KERNEL = 4, 8, 4, 4, 3


def plain_interlace(x, offsets, weights, fold):
    """TIN's interlacing (arXiv:2001.06499, section 3) group by group.

    Each group of channels of each sample is moved twice, by the frames before and behind its
    offset, and the two are blended.
    """
    length = weights.shape[1]
    sizes = [fold // offsets.shape[1]] * offsets.shape[1] + [x.shape[1] - fold]
    outs = []
    for clip, offset, weight in zip(x.view(-1, length, *x.shape[1:]), offsets, weights,
                                    strict=True):
        *moving, rest = clip.split(sizes, dim=1)
        moved = []
        for i, frames in enumerate(moving):
            whole = int(offset[i].floor())
            part = offset[i] - whole
            blend = (1 - part) * move(frames, whole) + part * move(frames, whole + 1)
            moved.append(blend * weight[:, i, None, None, None])
        outs.append(torch.cat([*moved, rest], dim=1))
    return torch.cat(outs)


def move(frames, count):
    """[T, C, H, W], ``count`` frames later (earlier below zero), zeros where nothing comes in."""
    length = len(frames)
    if abs(count) >= length:
        return torch.zeros_like(frames)
    empty = torch.zeros_like(frames[:abs(count)])
    if count < 0:
        return torch.cat([frames[-count:], empty])
    return torch.cat([empty, frames[:length - count]])


def grouped_convolution(x, activation, kernel):
    """TANet's aggregation (arXiv:2005.06803, section 3.2): a group for every channel of a clip."""
    count, channels, length = activation.shape
    clips = x.view(count, length, *x.shape[1:]).transpose(1, 2)
    weighed = clips * activation[..., None, None]
    out = F.conv2d(weighed.reshape(1, count * channels, length, -1),
                   kernel.view(count * channels, 1, -1, 1), padding=(kernel.shape[2] // 2, 0),
                   groups=count * channels)
    return out.view(clips.shape).transpose(1, 2).reshape(x.shape)


def check_close(ours, plain, inputs, grad):
    """Raise AssertionError unless both forms give the same, and the same gradients."""
    results = []
    for function in (ours, plain):
        leaves = [value.detach().clone().requires_grad_() for value in inputs]
        out = function(*leaves)
        out.backward(grad)
        # A gradient that is missing counts as zero.
        grads = [torch.zeros_like(v) if v.grad is None else v.grad for v in leaves]
        results.append([out.detach(), *grads])
    for a, b in zip(*results, strict=True):
        difference = (a - b).abs().max() / b.abs().max()
        assert difference < 1e-4, f'the forms differ by {difference:.1e} of the largest value'


def contenders(wanted, small, folder):
    channels, side = (16, 7) if small else (1024, 14)
    fold = channels // SHIFT_DIV
    x, grad = (torch.randn(CLIPS * NUM_SEGMENTS, channels, side, side) for _ in range(2))
    offsets = 4 * torch.rand(CLIPS, GROUPS) - 2
    weights = torch.rand(CLIPS, NUM_SEGMENTS, GROUPS)
    activation = torch.rand(CLIPS, channels, NUM_SEGMENTS)
    kernel = torch.rand(CLIPS, channels, KERNEL).softmax(2)
    found = {}
    for name, ours, loop, inputs in (
            ('interlace', functools.partial(interlace_channels, fold=fold),
             functools.partial(plain_interlace, fold=fold), (x, offsets, weights)),
            ('convolution', adaptive_convolution, grouped_convolution, (x, activation, kernel))):
        check_close(ours, loop, inputs, grad)
        suffix = 'loop' if name == 'interlace' else 'grouped'
        for key, function in ((name, ours), (f'{name}, {suffix}', loop)):
            found[key] = functools.partial(_forward_backward, function, inputs, grad)
            found[f'{key}, forward'] = functools.partial(_forward, function, inputs)
    return {key: found[key] for key in wanted}


def _forward_backward(function, inputs, grad):
    leaves = [value.detach().requires_grad_() for value in inputs]
    function(*leaves).backward(grad)


@torch.no_grad()
def _forward(function, inputs):
    function(*inputs)
