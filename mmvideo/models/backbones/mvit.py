"""Multiscale vision transformers."""
import functools
import math

import torch
from mmcv.cnn import build_norm_layer
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.blocks.arch import read_arch
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.pooling_attention import LAYER_NORM, PoolingBlock, resize_table
from mmvideo.models.blocks.weights import init_transformer
from mmvideo.registry import MODELS

from .resnet import recompute

__all__ = ['MViT']

PATCH = dict(kernel_size=(3, 7, 7), stride=(2, 4, 4), padding=(1, 3, 3))


@MODELS.register_module()
class MViT(nn.Module):
    """Transformer over a clip that trades places for channels from scale to scale.

    MViTv2 (arXiv:2112.01526, section 4 and table 1), after MViT (arXiv:2104.11227). The first block
    of each scale but the first halves height and width by pooling its queries. The first version's
    design is had by True for ``use_abs_pos_embed`` and ``separable_pos_embed`` and False for
    ``rel_pos_embed``, ``residual_pooling``, ``dim_mul_in_attention`` and ``pool_all_queries``.

    Args:
        arch: ``'tiny'``, ``'small'``, ``'base'`` or ``'large'``, or a dict with ``embed_dims``,
            ``num_layers``, ``num_heads`` and ``downscale_indices``, the blocks that begin a scale.
        spatial_size: height and width in pixels for which tables of positions are made, one number
            or both; other inputs get resized tables.
        temporal_size: frames, likewise.
        in_channels: 3 for RGB, 2 for flow.
        pretrained: weights that ``init_weights`` loads: a path or an address.
        out_scales: scales whose last features are returned, from 0; -1 is the last.
        drop_path_rate: share of samples whose branches are dropped in the last block, 0..1; it
            grows from 0 in the first.
        use_abs_pos_embed: whether a table of absolute positions is added to the patches.
        separable_pos_embed: whether that table is the sum of one of places, one of frames and one
            row of the class token's, not one row for each place of each frame.
        pool_kernel: (frames, height, width) of the pooling convolutions; odd.
        pool_all_queries: whether queries go through a pooling convolution in every block, not only
            where it has a stride.
        dim_mul, head_mul: growth of channels and of heads from scale to scale.
        adaptive_kv_stride: pooling stride of keys and values in the first scale; it shrinks as the
            places become fewer.
        rel_pos_embed: whether attention has a bias by relative position.
        residual_pooling: whether pooled queries are added to the output of attention.
        dim_mul_in_attention: whether channels grow in the attention of a scale's first block, not
            in the two-layer network before it.
        with_cls_token: whether a class token takes part.
        output_cls_token: whether it is returned.
        rel_pos_zero_init: whether the tables of relative positions start at 0.
        mlp_ratio: width of the hidden layers by that of their input.
        qkv_bias: whether the projections to queries, keys and values have a bias.
        norm_cfg: all norms, in mmcv's notation.
        patch_cfg: changes of kernel, stride and padding of the convolution that makes patches.
        init_cfg: 1.x notation of ``pretrained``.
        with_cp: recompute blocks in the backward pass to save memory.

    Shape: [N, C, T, H, W] -> ([N, C', T / 2, H / 32, W / 32], [N, C']), features and class token;
    without the token the features alone; a tuple of such results for several ``out_scales``.
    """
    axes = ('N', 'C', 'T', 'H', 'W')
    arch = {
        'tiny': dict(embed_dims=96, num_layers=10, num_heads=1, downscale_indices=(1, 3, 8)),
        'small': dict(embed_dims=96, num_layers=16, num_heads=1, downscale_indices=(1, 3, 14)),
        'base': dict(embed_dims=96, num_layers=24, num_heads=1, downscale_indices=(2, 5, 21)),
        'large': dict(embed_dims=144, num_layers=48, num_heads=2, downscale_indices=(2, 8, 44)),
    }

    def __init__(self, arch='base', spatial_size=224, temporal_size=16, in_channels=3,
                 pretrained=None, out_scales=-1, drop_path_rate=0.0, use_abs_pos_embed=False,
                 separable_pos_embed=False, pool_kernel=(3, 3, 3), pool_all_queries=True, dim_mul=2,
                 head_mul=2, adaptive_kv_stride=(1, 8, 8), rel_pos_embed=True,
                 residual_pooling=True, dim_mul_in_attention=True, with_cls_token=True,
                 output_cls_token=True, rel_pos_zero_init=False, mlp_ratio=4.0, qkv_bias=True,
                 norm_cfg=LAYER_NORM, patch_cfg=PATCH, init_cfg=None, with_cp=False):
        super().__init__()
        sizes = read_arch(self, arch)
        self.in_channels = in_channels
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.with_cp = with_cp
        self.with_cls_token = with_cls_token
        self.output_cls_token = with_cls_token and output_cls_token
        dims = sizes['embed_dims']
        patches = PatchEmbed(in_channels, dims, **{**PATCH, **patch_cfg})
        places = patches.places((temporal_size, *as_pair(spatial_size)))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dims)) if with_cls_token else None
        self.separable = use_abs_pos_embed and separable_pos_embed
        self.make_positions(places, dims, use_abs_pos_embed)
        self.patch_embed = patches
        plans = plan_blocks(sizes, dim_mul, head_mul, adaptive_kv_stride, dim_mul_in_attention)
        self.blocks = nn.ModuleList()
        for i, plan in enumerate(plans):
            self.blocks.append(PoolingBlock(
                **plan, input_size=places if rel_pos_embed else None, pool_kernel=pool_kernel,
                mlp_ratio=mlp_ratio, drop_path=drop_path_rate * i / max(len(plans) - 1, 1),
                qkv_bias=qkv_bias, norm_cfg=norm_cfg, dim_mul_in_attention=dim_mul_in_attention,
                residual_pooling=residual_pooling, with_cls_token=with_cls_token,
                pool_all_queries=pool_all_queries, rel_pos_zero_init=rel_pos_zero_init))
            # Rounded down, as the tables of published checkpoints are.
            places = tuple(n // s for n, s in zip(places, plan['stride_q'], strict=True))
        ends = [start - 1 for start in sizes['downscale_indices']] + [len(plans) - 1]
        self.scale_of_block = {ends[k]: k for k in read_scales(out_scales, len(ends))}
        for end, scale in self.scale_of_block.items():
            width = plans[end]['out_channels']
            self.add_module(f'norm{scale}', build_norm_layer(norm_cfg, width)[1])

    def make_positions(self, places, dims, wanted):
        """Build ``pos_embed`` for (T, H, W) places, the class token's first."""
        self.places = places
        self.with_positions = wanted
        frames, tokens = places[0], int(self.with_cls_token)
        if self.separable:
            self.pos_embed_spatial = nn.Parameter(torch.zeros(1, math.prod(places[1:]), dims))
            self.pos_embed_temporal = nn.Parameter(torch.zeros(1, frames, dims))
            self.pos_embed_class = nn.Parameter(torch.zeros(1, tokens, dims)) if tokens else None
            return
        tokens += math.prod(places)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, dims)) if wanted else None

    def position_table(self):
        """The class token's row and one for each place of each frame: [1, L, C]."""
        if not self.separable:
            return self.pos_embed
        table = self.pos_embed_temporal[:, :, None] + self.pos_embed_spatial[:, None]
        table = table.flatten(1, 2)
        return torch.cat([self.pos_embed_class, table], 1) if self.with_cls_token else table

    def positions(self, size):
        """What is added to the tokens of (T, H, W) places: [1, L, C]."""
        table = self.position_table()
        if size == self.places:
            return table
        token, table = table.split([int(self.with_cls_token), math.prod(self.places)], 1)
        table = table.transpose(1, 2).unflatten(2, self.places)
        table = F.interpolate(table, size, mode='trilinear').flatten(2).transpose(1, 2)
        return torch.cat([token, table], 1)

    def init_weights(self):
        for table in self.parameters(recurse=False):
            nn.init.trunc_normal_(table, std=0.02)
        init_transformer(self, self.pretrained, self.init_cfg, adapt=self.resize_tables)

    def resize_tables(self, state):
        """Bring the relative positions of a checkpoint to the sizes of this network."""
        own = {k: v for k, v in self.named_parameters() if 'rel_pos_' in k}
        return {k: resize_table(v, len(own[k])) if k in own else v for k, v in state.items()}

    def forward(self, x):
        check_axes(self, x)
        x = self.patch_embed(x)
        size = tuple(x.shape[2:])
        x = x.flatten(2).transpose(1, 2)
        if self.with_cls_token:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        if self.with_positions:
            x = x + self.positions(size)
        outs = []
        for i, block in enumerate(self.blocks):
            run = functools.partial(block, size=size)
            x, size = recompute(run, x) if self.with_cp else run(x)
            if i in self.scale_of_block:
                scale = self.scale_of_block[i]
                outs.append(self.result(getattr(self, f'norm{scale}')(x), size))
        return outs[0] if len(outs) == 1 else tuple(outs)

    def result(self, x, size):
        """Tokens of (T, H, W) places -> features [N, C, T, H, W], with the class token's [N, C]."""
        places = x[:, 1:] if self.with_cls_token else x
        features = places.transpose(1, 2).unflatten(2, size)
        return (features, x[:, 0]) if self.output_cls_token else features


class PatchEmbed(nn.Module):
    """Cuts a clip into overlapping patches and projects each.

    Args:
        in_channels, channels: of the clip and of the tokens.
        kernel_size, stride, padding: of the convolution, (frames, height, width).

    Shape: [N, in_channels, T, H, W] -> [N, channels, T', H', W'].
    """

    def __init__(self, in_channels, channels, kernel_size, stride, padding):
        super().__init__()
        self.projection = nn.Conv3d(in_channels, channels, kernel_size, stride, padding)

    def places(self, size):
        """(T', H', W') for a clip of (T, H, W)."""
        conv = self.projection
        return tuple((n + 2 * p - k) // s + 1 for n, p, k, s in zip(
            size, conv.padding, conv.kernel_size, conv.stride, strict=True))

    def forward(self, x):
        return self.projection(x)


def plan_blocks(sizes, dim_mul, head_mul, kv_stride, dim_mul_in_attention):
    """Widths, heads and strides of every block, see :class:`MViT`; a list of dicts."""
    starts = sizes['downscale_indices']
    # The block that widens is the first of a scale, or the last of the one before.
    widening = starts if dim_mul_in_attention else [start - 1 for start in starts]
    width, heads, plans = sizes['embed_dims'], sizes['num_heads'], []
    for i in range(sizes['num_layers']):
        stride = (1, 2, 2) if i in starts else (1, 1, 1)
        kv_stride = tuple(max(kv // q, 1) for kv, q in zip(kv_stride, stride, strict=True))
        heads = heads * head_mul if i in starts else heads
        wide = width * dim_mul if i in widening else width
        plans.append(dict(in_channels=width, out_channels=wide, num_heads=heads,
                          stride_q=stride, stride_kv=kv_stride))
        width = wide
    return plans


def read_scales(out_scales, count):
    """The wanted scales, counted from 0, in ascending order."""
    wanted = [out_scales] if isinstance(out_scales, int) else list(out_scales)
    if not wanted or any(not -count <= k < count for k in wanted):
        raise InputError(f'out_scales counts scales from 0 to {count - 1}, or from the last with '
                         f'-1 to -{count}; not {out_scales!r}')
    return sorted({k % count for k in wanted})


def as_pair(size):
    """(height, width) of a size given as one number or as both."""
    return (size, size) if isinstance(size, int) else tuple(size)
