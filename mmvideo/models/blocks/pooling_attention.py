"""Attention whose queries, keys and values are pooled over places first."""
import torch
from mmcv.cnn import build_norm_layer
from mmcv.cnn.bricks import DropPath
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.blocks.mlp import TwoLayers

__all__ = ['PoolingAttention', 'PoolingBlock', 'place_codes', 'pooled_size', 'relative_index',
           'resize_table']

LAYER_NORM = dict(type='LN', eps=1e-6)
# Kernels of fused attention want widths of this multiple.
ALIGNED = 8


class PoolingAttention(nn.Module):
    """Multi-head attention over a clip whose tokens are pooled before they meet.

    MViT (arXiv:2104.11227, section 3.1): pooled keys and values make attention over many places
    affordable, pooled queries make the output smaller. MViTv2 (arXiv:2112.01526, section 4.1) adds
    relative positions, taken apart into one table an axis, and the pooled queries to the output.

    The bias of a pair is a sum of three products of the query with a row of a table. It enters as
    further channels: the products beside the query, and beside each key ones at its own places.
    Thus it is never laid out over all pairs, and fused kernels that take no bias can run.

    Args:
        in_channels: of the tokens.
        out_channels: of the output; divided among the heads.
        num_heads: heads, n.
        input_size: (T, H, W) of the tokens for which the tables of positions are made; on others
            the tables are resized. None for no relative positions.
        pool_kernel: (frames, height, width) of the pooling convolutions; odd.
        stride_q, stride_kv: of the pooling of queries, and of keys and values; None for queries
            that are neither pooled nor normed.
        residual_pooling: whether the pooled queries are added to the output.
        with_cls_token: whether a token without a place comes first; it is not pooled.
        qkv_bias: whether the projections to queries, keys and values have a bias.
        rel_pos_zero_init: whether the tables start at 0.
        norm_cfg: norm behind each pooling, in mmcv's notation.

    Shape: [N, L, in_channels] of L = T*H*W (+ 1) and its (T, H, W) -> [N, L', out_channels] and
    the (T, H / stride, W / stride) of L'.
    """

    def __init__(self, in_channels, out_channels, num_heads, input_size=None,
                 pool_kernel=(3, 3, 3), stride_q=(1, 1, 1), stride_kv=(1, 1, 1),
                 residual_pooling=True, with_cls_token=True, qkv_bias=True,
                 rel_pos_zero_init=False, norm_cfg=LAYER_NORM):
        super().__init__()
        if out_channels % num_heads:
            raise InputError(f'{out_channels} channels cannot be divided among {num_heads} heads')
        if any(k % 2 == 0 for k in pool_kernel):
            raise InputError(f'pool_kernel: odd numbers, not {tuple(pool_kernel)}')
        self.num_heads = num_heads
        self.out_channels = out_channels
        self.pool_queries = stride_q is not None
        self.stride_q = tuple(stride_q or (1, 1, 1))
        self.stride_kv = tuple(stride_kv)
        self.residual_pooling = residual_pooling
        self.with_cls_token = with_cls_token
        self.rel_pos_zero_init = rel_pos_zero_init
        self.rel_pos_embed = input_size is not None
        channels = out_channels // num_heads
        if self.rel_pos_embed:
            self.make_tables(input_size, channels)
        self.qkv = nn.Linear(in_channels, 3 * out_channels, bias=qkv_bias)
        self.proj = nn.Linear(out_channels, out_channels)
        for name, stride in (('q', stride_q), ('k', stride_kv), ('v', stride_kv)):
            if stride is None:
                continue
            self.add_module(f'pool_{name}', nn.Conv3d(
                channels, channels, pool_kernel, stride=stride, groups=channels, bias=False,
                padding=tuple(k // 2 for k in pool_kernel)))
            self.add_module(f'norm_{name}', build_norm_layer(norm_cfg, channels)[1])

    def make_tables(self, input_size, channels):
        """Build ``rel_pos_h``, ``rel_pos_w`` and ``rel_pos_t``, and what follows from the size."""
        rows = {}
        for axis, size, q, kv in zip('thw', input_size, self.stride_q, self.stride_kv,
                                     strict=True):
            # The larger of both sides counts, rounded down as in published checkpoints.
            rows[axis] = 2 * max(size // q, size // kv) - 1
        for axis in 'hwt':
            table = nn.Parameter(torch.zeros(max(rows[axis], 1), channels))
            self.register_parameter(f'rel_pos_{axis}', table)
        self.sizes = (pooled_size(input_size, self.stride_q),
                      pooled_size(input_size, self.stride_kv))
        for axis, q, k in zip('thw', *self.sizes, strict=True):
            self.register_buffer(f'index_{axis}', relative_index(q, k), persistent=False)
        self.register_buffer('codes', place_codes(self.sizes[1], self.with_cls_token),
                             persistent=False)

    def init_weights(self):
        """Draw the tables of relative positions; the layers are started with the whole network."""
        if self.rel_pos_embed:
            for table in (self.rel_pos_t, self.rel_pos_h, self.rel_pos_w):
                if self.rel_pos_zero_init:
                    nn.init.zeros_(table)
                else:
                    nn.init.trunc_normal_(table, std=0.02)

    def project(self, x):
        """Tokens [N, L, C] -> queries, keys and values, each [N, L, out_channels]."""
        return self.qkv(x).chunk(3, -1)

    def pool(self, x, size, conv, norm):
        """Pool and norm the places of all heads: [N, L, n*c] -> [N, L', n, c].

        The heads share one kernel. Side by side they are the channels of a single convolution,
        which runs on the tokens as they lie in memory.
        """
        tokens = x[:, 1:] if self.with_cls_token else x
        kernel = conv.weight.repeat(self.num_heads, 1, 1, 1, 1)
        pooled = F.conv3d(tokens.transpose(1, 2).unflatten(2, size), kernel, stride=conv.stride,
                          padding=conv.padding, groups=len(kernel))
        pooled = pooled.flatten(2).transpose(1, 2)
        if self.with_cls_token:
            pooled = torch.cat([x[:, :1], pooled], 1)
        return norm(pooled.unflatten(2, (self.num_heads, -1)))

    def geometry(self, q_size, k_size, like):
        """Indices into the three tables and codes of all keys, for sizes (T, H, W)."""
        if (q_size, k_size) == self.sizes:
            return (self.index_t, self.index_h, self.index_w), self.codes.to(like.dtype)
        index = [relative_index(q, k, like.device) for q, k in zip(q_size, k_size, strict=True)]
        return index, place_codes(k_size, self.with_cls_token, like)

    def join_positions(self, q, k, q_size, k_size):
        """Add channels to q [N, n, L, c] and k whose product is the bias by relative position."""
        index, codes = self.geometry(q_size, k_size, k)
        tables = (self.rel_pos_t, self.rel_pos_h, self.rel_pos_w)
        tables = [resize_table(table, 2 * max(sizes) - 1)[rows] for table, rows, sizes
                  in zip(tables, index, zip(q_size, k_size, strict=True), strict=True)]
        placed = (q[:, :, 1:] if self.with_cls_token else q).unflatten(2, q_size)
        products = torch.cat([
            torch.einsum('nathwc,tkc->nathwk', placed, tables[0]),
            torch.einsum('nathwc,hkc->nathwk', placed, tables[1]),
            torch.einsum('nathwc,wkc->nathwk', placed, tables[2])], -1).flatten(2, 4)
        if self.with_cls_token:
            products = F.pad(products, (0, 0, 1, 0))
        # Not scaled as the product of query and key is: hence the inverse.
        products = products * q.shape[-1]**0.5
        codes = codes.expand(*k.shape[:2], -1, -1)
        return _align(torch.cat([q, products.to(q.dtype)], -1)), _align(torch.cat([k, codes], -1))

    def attend(self, q, k, v, q_size, k_size):
        """Softmax of scaled products (and biases) over values: all [N, n, L, c]."""
        channels = q.shape[-1]
        if not self.rel_pos_embed:
            return F.scaled_dot_product_attention(q, k, v)
        wide, k = self.join_positions(q, k, q_size, k_size)
        # Fused kernels want values as wide as keys.
        v = F.pad(v, (0, k.shape[-1] - channels))
        out = F.scaled_dot_product_attention(wide, k, v, scale=channels**-0.5)
        return out[..., :channels]

    def forward(self, x, size):
        q, k, v = self.project(x)
        q_size, k_size = pooled_size(size, self.stride_q), pooled_size(size, self.stride_kv)
        q = (self.pool(q, size, self.pool_q, self.norm_q) if self.pool_queries
             else q.unflatten(2, (self.num_heads, -1))).transpose(1, 2)
        k = self.pool(k, size, self.pool_k, self.norm_k).transpose(1, 2)
        v = self.pool(v, size, self.pool_v, self.norm_v).transpose(1, 2)
        out = self.attend(q, k, v, q_size, k_size)
        if self.residual_pooling and self.with_cls_token:
            out = torch.cat([out[:, :, :1], out[:, :, 1:] + q[:, :, 1:]], 2)
        elif self.residual_pooling:
            out = out + q
        return self.proj(out.transpose(1, 2).flatten(2)), q_size


class PoolingBlock(nn.Module):
    """Pooling attention and a two-layer network, each with a way around it.

    MViTv2 (arXiv:2112.01526) widens the channels in the attention, MViT (arXiv:2104.11227) in the
    two-layer network. What runs around a widening is projected from the normed input; what runs
    around a stride is pooled to the maximum.

    Args:
        in_channels, out_channels: of the tokens before and behind the block.
        num_heads: heads of the attention.
        stride_q: of the pooling of queries: 1 in time, 1 or more in space.
        mlp_ratio: width of the hidden layer by that of its input.
        drop_path: share of samples whose branches are dropped in training, 0..1.
        dim_mul_in_attention: whether the attention widens, not the two-layer network.
        pool_all_queries: whether queries are pooled (and normed) where their stride is 1, too.
        norm_cfg: all norms, in mmcv's notation.
        attention: further arguments of :class:`PoolingAttention`.

    Shape: as :class:`PoolingAttention`.
    """

    def __init__(self, in_channels, out_channels, num_heads, stride_q=(1, 1, 1), mlp_ratio=4.0,
                 drop_path=0.0, dim_mul_in_attention=True, pool_all_queries=True,
                 norm_cfg=LAYER_NORM, **attention):
        super().__init__()
        self.dim_mul_in_attention = dim_mul_in_attention
        self.stride = tuple(stride_q[1:])
        width = out_channels if dim_mul_in_attention else in_channels
        self.norm1 = build_norm_layer(norm_cfg, in_channels)[1]
        self.attn = PoolingAttention(
            in_channels, width, num_heads, norm_cfg=norm_cfg,
            stride_q=stride_q if pool_all_queries or max(stride_q) > 1 else None, **attention)
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()
        self.norm2 = build_norm_layer(norm_cfg, width)[1]
        self.mlp = TwoLayers(width, int(mlp_ratio * width), out_channels)
        self.proj = nn.Linear(in_channels, out_channels) if in_channels != out_channels else None

    def pool_around(self, x, size):
        """The maximum over the places that one pooled query stands for: [N, L, C] -> [N, L', C]."""
        if self.stride == (1, 1):
            return x
        frames, height, width = size
        tokens = x[:, 1:] if self.attn.with_cls_token else x
        tokens = tokens.reshape(-1, height, width, x.shape[-1]).permute(0, 3, 1, 2)
        kernel = tuple(s + 1 if s > 1 else 1 for s in self.stride)
        tokens = F.max_pool2d(tokens, kernel, self.stride, tuple(k // 2 for k in kernel))
        tokens = tokens.permute(0, 2, 3, 1).reshape(len(x), -1, x.shape[-1])
        return torch.cat([x[:, :1], tokens], 1) if self.attn.with_cls_token else tokens

    def forward(self, x, size):
        normed = self.norm1(x)
        around = x if self.proj is None or not self.dim_mul_in_attention else self.proj(normed)
        out, pooled = self.attn(normed, size)
        x = self.pool_around(around, size) + self.drop_path(out)
        normed = self.norm2(x)
        around = x if self.proj is None or self.dim_mul_in_attention else self.proj(normed)
        return around + self.drop_path(self.mlp(normed)), pooled


def pooled_size(size, stride):
    """(T, H, W) behind a pooling with an odd kernel that covers the border by half."""
    return tuple((n - 1) // s + 1 for n, s in zip(size, stride, strict=True))


def relative_index(q_size, k_size, device=None):
    """Which row of a table of distances belongs to each pair of places on one axis.

    The side with fewer places is spread over the range of the other, so distances count in steps
    of the finer side; the table has 2 * max(q_size, k_size) - 1 rows (arXiv:2112.01526, appendix).

    Args:
        q_size, k_size: places of queries and of keys on the axis.
        device: of the result.

    Returns:
        Tensor: [q_size, k_size] of int64.
    """
    q_step, k_step = max(k_size / q_size, 1), max(q_size / k_size, 1)
    q = torch.arange(q_size, device=device) * q_step
    k = torch.arange(k_size - 1, -1, -1, device=device) * k_step
    return (q[:, None] + k).long()


def place_codes(size, with_cls_token, like=None):
    """One row a key with ones at its frame, its row and its column: [T*H*W (+ 1), T + H + W].

    Args:
        size: (T, H, W) of the keys.
        with_cls_token: whether a first key without a place gets a row of zeros.
        like: tensor whose type and device the result has.
    """
    kind = {} if like is None else dict(dtype=like.dtype, device=like.device)
    frames, height, width = size
    codes = torch.cat([
        torch.eye(frames, **kind)[:, None, None].expand(*size, frames),
        torch.eye(height, **kind)[None, :, None].expand(*size, height),
        torch.eye(width, **kind)[None, None].expand(*size, width)], -1).flatten(0, 2)
    return F.pad(codes, (0, 0, 1, 0)) if with_cls_token else codes


def resize_table(table, rows):
    """A table of relative positions [R, C] with ``rows`` rows, by linear interpolation."""
    if len(table) == rows:
        return table
    return F.interpolate(table.t()[None], rows, mode='linear')[0].t()


def _align(x):
    return F.pad(x, (0, -x.shape[-1] % ALIGNED))
