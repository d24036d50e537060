"""Temporal adaptive module: every clip is filtered along time by kernels made from it."""
import torch
from mmengine.model import constant_init, kaiming_init, normal_init
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.blocks.shift import split_clips

__all__ = ['TemporalAdaptiveModule', 'adaptive_convolution']


def _shifted_sum(x, taps, reverse=False):
    """Sum of products of each frame's neighbors with one factor per frame and channel.

    ``out[t] = sum of taps[k, t] * x[t + k - K // 2]``, without what lies outside of the clip;
    ``reverse`` swaps the frames that give and receive, as the gradient needs it.
    """
    num_segments, middle = taps.shape[2], len(taps) // 2
    clips, taps = split_clips(x, num_segments), taps[..., None, None]
    out = clips * taps[middle]
    for k, tap in enumerate(taps):
        distance = k - middle
        if distance == 0 or abs(distance) >= num_segments:
            continue
        # The frames that have one at this distance in their clip, and those that they have there.
        receive = slice(max(0, -distance), num_segments - max(0, distance))
        give = slice(max(0, distance), num_segments - max(0, -distance))
        if reverse:
            out[:, give].addcmul_(clips[:, receive], tap[:, receive])
        else:
            out[:, receive].addcmul_(clips[:, give], tap[:, receive])
    return out.reshape(x.shape)


class _ShiftedSum(torch.autograd.Function):
    """Spares the memory that autograd would keep for each of the products."""

    @staticmethod
    def forward(ctx, x, taps):
        ctx.save_for_backward(x, taps)
        return _shifted_sum(x, taps)

    @staticmethod
    def backward(ctx, grad):
        x, taps = ctx.saved_tensors
        grad_x = _shifted_sum(grad, taps, reverse=True) if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return grad_x, None
        length, middle = taps.shape[2], len(taps) // 2
        clips, grads = split_clips(x, length), split_clips(grad, length)
        grad_taps = torch.zeros_like(taps)
        # A frame at a time, so that the products are still in the cache when they are summed.
        for t in range(length):
            first, last = max(0, t - middle), min(length, t + middle + 1)
            products = grads[:, t, None] * clips[:, first:last]
            taken = slice(first - t + middle, last - t + middle)
            grad_taps[taken, :, t] = products.sum((3, 4)).transpose(0, 1)
        return grad_x, grad_taps


def adaptive_convolution(x, activation, kernel):
    """Weigh every frame, then convolve each channel of each clip with a kernel of its own.

    TANet (arXiv:2005.06803), section 3.2. A grouped convolution would need a group for every
    channel of every clip; here the K places of the kernel are K multiplications of whole frames,
    and the weights of the frames are multiplied into the kernels beforehand.

    Args:
        x: [N*T, C, H, W].
        activation: [N, C, T].
        kernel: [N, C, K], K odd; frames outside of the clip count as zero.

    Returns:
        Tensor: [N*T, C, H, W].
    """
    length, size = activation.shape[2], kernel.shape[2]
    # Where frame t finds the weight of frame t + k - K // 2: [N, C, K, T].
    windows = F.pad(activation, (size // 2, size // 2)).unfold(2, length, 1)
    taps = (kernel[..., None] * windows).permute(2, 0, 3, 1).contiguous()
    return _ShiftedSum.apply(x, taps.to(x.dtype))


class TemporalAdaptiveModule(nn.Module):
    """Filters each channel along time with a kernel that is made from the clip.

    TANet (arXiv:2005.06803), section 3.2. From the spatial mean of the features the local branch
    ``L`` says how much each frame of each channel counts, and the global branch ``G``, which sees
    all frames, gives the kernel that the frames are aggregated with.

    Args:
        in_channels: channels of the features, C.
        num_segments: frames per clip, T.
        alpha: hidden layer of the global branch, in multiples of T.
        adaptive_kernel_size: frames that the kernel covers, K, an odd number.
        beta: the hidden layer of the local branch has C / beta channels.
        conv1d_kernel_size: frames that its first convolution covers, an odd number.
        adaptive_convolution_stride: 1; the blocks behind need all frames.
        adaptive_convolution_padding: K // 2, for the same reason.
        init_std: standard deviation of the global branch's weights at the start.

    Shape: [N*T, C, H, W] -> the same.
    """

    def __init__(self, in_channels, num_segments, alpha=2, adaptive_kernel_size=3, beta=4,
                 conv1d_kernel_size=3, adaptive_convolution_stride=1,
                 adaptive_convolution_padding=1, init_std=0.001):
        super().__init__()
        for name, size in (('adaptive_kernel_size', adaptive_kernel_size),
                           ('conv1d_kernel_size', conv1d_kernel_size)):
            if size < 1 or size % 2 == 0:
                raise InputError(f'tam_cfg.{name} must be an odd number of frames, not {size}')
        if adaptive_convolution_stride != 1:
            raise InputError('tam_cfg.adaptive_convolution_stride must be 1 (the frames of a clip '
                             f'are kept), not {adaptive_convolution_stride}')
        if adaptive_convolution_padding != adaptive_kernel_size // 2:
            raise InputError('tam_cfg.adaptive_convolution_padding must be adaptive_kernel_size '
                             f'// 2 = {adaptive_kernel_size // 2} (the frames of a clip are kept), '
                             f'not {adaptive_convolution_padding}')
        if in_channels < beta:
            raise InputError(f'tam_cfg.beta = {beta} leaves no channel of {in_channels}')
        self.num_segments = num_segments
        self.init_std = init_std
        hidden, narrow = num_segments * alpha, in_channels // beta
        self.G = nn.Sequential(
            nn.Linear(num_segments, hidden, bias=False), nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True), nn.Linear(hidden, adaptive_kernel_size, bias=False),
            nn.Softmax(-1))
        self.L = nn.Sequential(
            nn.Conv1d(in_channels, narrow, conv1d_kernel_size, padding=conv1d_kernel_size // 2,
                      bias=False),
            nn.BatchNorm1d(narrow), nn.ReLU(inplace=True),
            nn.Conv1d(narrow, in_channels, 1, bias=False), nn.Sigmoid())

    def init_weights(self):
        for module in self.modules():
            if isinstance(module, nn.Conv1d):
                kaiming_init(module)
            elif isinstance(module, nn.BatchNorm1d):
                constant_init(module, 1)
            elif isinstance(module, nn.Linear):
                normal_init(module, std=self.init_std)

    def forward(self, x):
        pooled = split_clips(x.mean((2, 3)), self.num_segments).transpose(1, 2)     # [N, C, T]
        # Every channel of every clip is a row of its own.
        kernel = self.G(pooled.flatten(0, 1)).view(*pooled.shape[:2], -1)
        return adaptive_convolution(x, self.L(pooled), kernel)
