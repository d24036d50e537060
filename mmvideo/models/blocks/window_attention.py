"""Attention inside windows of a clip, and the windows themselves."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError

__all__ = ['WindowAttention3d', 'fit_window', 'inflate_table', 'join_windows', 'region_codes',
           'relative_position_index', 'split_windows']

# What is added to the score of a pair that must not meet: exp(-100) is 0 beside any other score.
APART = -100.0
# Kernels of fused attention want widths of this multiple.
ALIGNED = 8


class WindowAttention3d(nn.Module):
    """Multi-head attention among the tokens of a window, with a bias by relative position.

    Video Swin (arXiv:2106.13230, section 3.2.2 and equation 3).

    Where a window holds regions that lay apart before a cyclic shift, their tokens must not meet.
    Instead of a mask for every window, the queries and keys get further channels whose product is
    0 within a region and a large negative number between two.

    Args:
        channels: of the tokens, C.
        window_size: (T, H, W) of the largest window.
        num_heads: heads, n.
        qkv_bias: whether the projections to queries, keys and values have a bias.
        qk_scale: factor of the scores; by default 1 / sqrt(C / n).
        attn_drop, proj_drop: share of attention weights, and of the output, dropped in training.

    Shape: [B, L, C] of B windows with L tokens, and None or the codes [B', L, c] of B' different
    windows, of which B is a multiple -> [B, L, C].
    """

    def __init__(self, channels, window_size, num_heads, qkv_bias=True, qk_scale=None,
                 attn_drop=0.0, proj_drop=0.0):
        super().__init__()
        if channels % num_heads:
            raise InputError(f'{channels} channels cannot be divided among {num_heads} heads')
        self.num_heads = num_heads
        self.scale = qk_scale or (channels // num_heads)**-0.5
        self.attn_drop = attn_drop
        rows = math.prod(2 * n - 1 for n in window_size)
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, num_heads))
        self.register_buffer('relative_position_index', relative_position_index(window_size))
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.proj = nn.Linear(channels, channels)
        self.proj_drop = nn.Dropout(proj_drop)

    def init_weights(self):
        """Draw the table; the layers are started with the whole network."""
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def position_bias(self, tokens):
        """The bias of all pairs of the first tokens: [1, n, L, L].

        A window that the clip is too small for has fewer tokens than the index has rows. It takes
        the first of them, as the networks do whose weights are published. Where only frames are
        missing, these are the rows of its own pairs.
        """
        index = self.relative_position_index[:tokens, :tokens]
        bias = self.relative_position_bias_table[index.flatten()]
        return bias.view(1, tokens, tokens, self.num_heads).permute(0, 3, 1, 2)

    def keep_apart(self, q, k, v, codes):
        """Add the channels that keep regions apart to q, k and v: all [B, n, L, c]."""
        codes = F.pad(codes, (0, -(q.shape[-1] + codes.shape[-1]) % ALIGNED)).to(q.dtype)
        codes = codes.repeat(len(q) // len(codes), 1, 1)[:, None].expand(-1, self.num_heads, -1, -1)
        # Each pair of columns swapped: a one meets the ones of the other region.
        others = codes.unflatten(-1, (-1, 2)).flip(-1).flatten(-2) * (APART / self.scale)
        # Fused kernels want values as wide as keys.
        return (torch.cat([q, others], -1), torch.cat([k, codes], -1),
                F.pad(v, (0, codes.shape[-1])))

    def forward(self, x, codes=None):
        qkv = self.qkv(x).unflatten(2, (3, self.num_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        channels = q.shape[-1]
        if codes is not None:
            q, k, v = self.keep_apart(q, k, v, codes)
        out = F.scaled_dot_product_attention(
            q, k, v, attn_mask=self.position_bias(x.shape[1]).to(q.dtype), scale=self.scale,
            dropout_p=self.attn_drop if self.training else 0.0)
        out = out[..., :channels].transpose(1, 2).flatten(2)
        return self.proj_drop(self.proj(out))


def relative_position_index(window_size):
    """Which row of the table belongs to each pair of tokens of a window: [L, L] of int64.

    Rows count the differences of (T, H, W), query minus key, from the smallest, the last axis
    fastest: (2T - 1) * (2H - 1) * (2W - 1) of them.
    """
    places = torch.stack(torch.meshgrid(
        *(torch.arange(n) for n in window_size), indexing='ij')).flatten(1)
    index = 0
    for axis, n in zip(places, window_size, strict=True):
        index = index * (2 * n - 1) + axis[:, None] - axis + n - 1
    return index


def fit_window(size, window_size, shifted):
    """The window for a clip of (T, H, W) places, and its shift.

    Along an axis on which the clip is no larger than the window, the window is the clip, and
    nothing is shifted.

    Returns:
        tuple: (T, H, W) of the window, and the shift along each axis.
    """
    window = tuple(min(n, w) for n, w in zip(size, window_size, strict=True))
    shift = tuple(w // 2 if shifted and n > w else 0
                  for n, w in zip(size, window_size, strict=True))
    return window, shift


def split_windows(x, window):
    """[N, T, H, W, C] -> [N * windows, L, C]; every axis a multiple of the window's."""
    (t, h, w), (n, frames, height, width, channels) = window, x.shape
    x = x.view(n, frames // t, t, height // h, h, width // w, w, channels)
    return x.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, t * h * w, channels)


def join_windows(x, window, size):
    """The way back: [N * windows, L, C] -> [N, T, H, W, C] for ``size`` = (T, H, W)."""
    (t, h, w), (frames, height, width) = window, size
    x = x.view(-1, frames // t, height // h, width // w, t, h, w, x.shape[-1])
    return x.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(-1, frames, height, width, x.shape[-1])


def region_codes(size, window, shift, like):
    """Codes of the regions that a cyclic shift brings into one window.

    Only the last window along a shifted axis holds two regions: the end of the clip, and what came
    round from its beginning. Two columns an axis say which; elsewhere both are 0.

    Args:
        size: (T, H, W) of the clip, every axis a multiple of the window's.
        window, shift: see :func:`fit_window`.
        like: tensor whose type and device the codes have.

    Returns:
        Tensor: [windows, L, 2 * shifted axes], or None where nothing is shifted.
    """
    columns = []
    for axis, (n, w, s) in enumerate(zip(size, window, shift, strict=True)):
        if s:
            place = torch.arange(n, device=like.device)
            pair = torch.stack([(place >= n - w) & (place < n - s), place >= n - s], -1)
            shape = [1, 1, 1, 2]
            shape[axis] = n
            columns.append(pair.to(like.dtype).view(shape).expand(*size, 2))
    return split_windows(torch.cat(columns, -1)[None], window) if columns else None


def inflate_table(table, window_size):
    """The table of an image network for windows of a clip: the same bias for every two frames.

    Video Swin (arXiv:2106.13230, section 3.3). A table of another square window is resized first.

    Args:
        table: [(2h - 1)^2, n].
        window_size: (T, H, W).

    Returns:
        Tensor: [(2T - 1) * (2H - 1) * (2W - 1), n]; ``table`` itself where it is not square.
    """
    side = math.isqrt(len(table))
    if side * side != len(table):
        return table
    frames, *places = (2 * n - 1 for n in window_size)
    if [side, side] != places:
        table = table.t().view(1, -1, side, side)
        table = F.interpolate(table.float(), places, mode='bicubic')[0].flatten(1).t()
    return table.repeat(frames, 1)
