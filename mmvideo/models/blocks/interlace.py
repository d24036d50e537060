"""Temporal interlacing: groups of channels move along time by as much as the clip asks for."""
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.blocks.shift import split_clips

__all__ = ['Interlaced', 'OffsetNet', 'TemporalInterlace', 'WeightNet', 'interlace_channels',
           'interlacing_matrix']

# Groups that learn a shift of their own; each has a mirror image that goes the other way.
GROUPS = 2
# Frames a group can move in either direction.
REACH = 2


def interlacing_matrix(offsets, weights):
    """What each frame takes from each frame, for every group of channels.

    A shift by 1.25 frames takes three quarters from one frame before and a quarter from two frames
    before: linear interpolation, so that an offset has a gradient (TIN, arXiv:2001.06499, section
    3, "differentiable temporal-wise frame sampling").
    Nothing comes from outside of the clip.

    Args:
        offsets: frames by which a group moves to later places, [N, G].
        weights: factor of each frame of what comes in, [N, T, G].

    Returns:
        Tensor: [N, G, T, T], rows for frames that receive.
    """
    whole = offsets.detach().floor()[..., None, None]
    part = offsets[..., None, None] - whole
    frames = torch.arange(weights.shape[1], device=offsets.device)
    distance = frames[:, None] - frames
    matrix = (distance == whole) * (1 - part) + (distance == whole + 1) * part
    return matrix * weights.transpose(1, 2)[..., None]


def _is_last(x):
    """Whether the channels of a frame's place lie next to each other (channels_last)."""
    return x.stride(1) == 1


def _groups(x, num_segments, count):
    """What moves together, as ``count`` views: [N*T, F, H, W] -> [N, T, F / count, H, W].

    With channels_last the channels come last, so that joining these axes copies in runs.
    """
    groups = split_clips(x, num_segments).chunk(count, dim=2)
    return [g.permute(0, 1, 3, 4, 2) if _is_last(x) else g for g in groups]


def _mix(front, rest, matrix):
    """[N*T, F, H, W] moved by [N, G, T, T]; behind it [N*T, C - F, H, W] as it is."""
    groups, num_segments = matrix.shape[1:3]
    count, fold, height, width = front.shape
    channels = fold if rest is None else fold + rest.shape[1]
    last = _is_last(front)
    out = torch.empty(count, channels, height, width, dtype=front.dtype, device=front.device,
                      memory_format=torch.channels_last if last else torch.contiguous_format)
    targets = _groups(out[:, :fold], num_segments, groups)
    for i, group in enumerate(_groups(front, num_segments, groups)):
        if last:
            moved = torch.bmm(matrix[:, i], group.flatten(2))
            targets[i].copy_(moved.view(group.shape))
        else:
            # Written to its place by the product itself.
            targets[i].flatten(2).baddbmm_(matrix[:, i], group.flatten(2), beta=0)
    if rest is not None:
        out[:, fold:] = rest
    return out


class _Mix(torch.autograd.Function):
    """One product of matrices a group, for all clips, written beside the channels that stay.

    The matrices, T x T, are much smaller than what they move, which is a quarter of the channels.
    """

    @staticmethod
    def forward(ctx, front, rest, matrix):
        ctx.save_for_backward(front, matrix)
        return _mix(front, rest, matrix)

    @staticmethod
    def backward(ctx, grad):
        front, matrix = ctx.saved_tensors
        part, grad_rest = grad.tensor_split([front.shape[1]], dim=1)
        if _is_last(part) != _is_last(front):
            part = part.contiguous(memory_format=torch.channels_last if _is_last(front)
                                   else torch.contiguous_format)
        grad_front = grad_matrix = None
        if ctx.needs_input_grad[0]:
            grad_front = _Mix.apply(part, None, matrix.transpose(2, 3))
        if ctx.needs_input_grad[2]:
            groups, num_segments = matrix.shape[1:3]
            pairs = zip(_groups(part, num_segments, groups), _groups(front, num_segments, groups),
                        strict=True)
            grad_matrix = torch.stack([torch.bmm(given.flatten(2), taken.flatten(2).transpose(1, 2))
                                       for given, taken in pairs], dim=1)
        return grad_front, grad_rest if ctx.needs_input_grad[1] else None, grad_matrix


def interlace_channels(x, offsets, weights, fold):
    """Move the first ``fold`` channels along time and leave the others.

    Args:
        x: [N*T, C, H, W].
        offsets, weights: [N, G] and [N, T, G], see :func:`interlacing_matrix`; the channels that
            move divide into G groups of the same size.
        fold: how many channels move.

    Returns:
        Tensor: [N*T, C, H, W].
    """
    front, rest = x.split([fold, x.shape[1] - fold], dim=1)
    return _interlace_parts(front, rest, offsets, weights)


def _interlace_parts(front, rest, offsets, weights):
    matrix = interlacing_matrix(offsets, weights).to(front.dtype)
    return _Mix.apply(front, rest, matrix)


class OffsetNet(nn.Module):
    """How far each group of channels moves in a clip (TIN, arXiv:2001.06499, section 3).

    Args:
        in_channels: channels of the pooled features.
        num_segments: frames per clip, T.

    Shape: [N, C, T] -> [N, 2], frames between -2 and 2.
    """

    def __init__(self, in_channels, num_segments):
        super().__init__()
        self.conv = nn.Conv1d(in_channels, 1, 3, padding=1)
        self.fc1 = nn.Linear(num_segments, num_segments)
        self.fc2 = nn.Linear(num_segments, GROUPS)

    def init_weights(self):
        self.fc1.reset_parameters()
        self.fc2.reset_parameters()
        # The logit of 5/8: about half a frame, so that every group starts between two frames.
        nn.init.constant_(self.fc2.bias, 0.5108)

    def forward(self, x):
        x = self.fc2(torch.relu(self.fc1(self.conv(x).squeeze(1))))
        return 2 * REACH * (torch.sigmoid(x) - 0.5)


class WeightNet(nn.Module):
    """How much each frame takes in of what is moved (TIN, arXiv:2001.06499, section 3).

    Args:
        in_channels: channels of the pooled features.

    Shape: [N, C, T] -> [N, T, 2], factors between 0 and 2.
    """

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv1d(in_channels, GROUPS, 3, padding=1)

    def init_weights(self):
        # A factor of about one.
        nn.init.zeros_(self.conv.bias)

    def forward(self, x):
        return 2 * torch.sigmoid(self.conv(x)).transpose(1, 2)


class TemporalInterlace(nn.Module):
    """Moves groups of channels along time, each by a fraction of frames learned from the clip.

    TIN (arXiv:2001.06499), section 3. One ``1/shift_div`` of the channels divides into four groups.
    Two move by what :class:`OffsetNet` says, the other two by as much the other way; each frame
    weighs what it receives.

    Args:
        in_channels: channels of the features, C.
        num_segments: frames per clip, T.
        shift_div: 4 for every row of the zoo; its quarter of the channels moves.

    Shape: [N*T, C, H, W] -> the same.
    """

    def __init__(self, in_channels, num_segments=8, shift_div=4):
        super().__init__()
        self.fold = in_channels // shift_div
        if self.fold == 0 or self.fold % (2 * GROUPS):
            raise InputError(f'shift_div = {shift_div}: {in_channels} channels / shift_div must be '
                             f'a multiple of {2 * GROUPS}, the number of groups that move')
        self.num_segments = num_segments
        self.offset_net = OffsetNet(self.fold, num_segments)
        self.weight_net = WeightNet(self.fold)

    def forward(self, x):
        # Parts of one split: their gradients are put together in one pass over memory.
        front, rest = x.split([self.fold, x.shape[1] - self.fold], dim=1)
        pooled = split_clips(front.mean((2, 3)), self.num_segments).transpose(1, 2)
        offsets, weights = self.offset_net(pooled), self.weight_net(pooled)
        return _interlace_parts(front, rest, torch.cat([offsets, -offsets], 1),
                                torch.cat([weights, weights], 2))


class Interlaced(nn.Module):
    """Puts interlacing in front of a layer.

    Args:
        interlace: a :class:`TemporalInterlace`; its weights get the key ``<place>.net1.*``.
        net: receives the moved features; its weights get the key ``<place>.net2.*``.

    Shape: [N*T, C, H, W] -> whatever ``net`` gives for it.
    """
    # A network with the temporal shift, which fine-tuning starts from, has one part less.
    other_names = {'net': 'net2'}

    def __init__(self, interlace, net):
        super().__init__()
        self.net1 = interlace
        self.net2 = net

    def forward(self, x):
        return self.net2(self.net1(x))
