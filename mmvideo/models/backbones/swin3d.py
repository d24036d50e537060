"""Video Swin transformers."""
import torch
from mmcv.cnn import build_norm_layer
from mmcv.cnn.bricks import DropPath
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import recompute
from mmvideo.models.blocks.arch import read_arch
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze, train_but_frozen
from mmvideo.models.blocks.mlp import TwoLayers
from mmvideo.models.blocks.weights import init_transformer
from mmvideo.models.blocks.window_attention import (
    WindowAttention3d,
    fit_window,
    inflate_table,
    join_windows,
    region_codes,
    split_windows,
)
from mmvideo.registry import MODELS

__all__ = ['SwinTransformer3D']

LAYER_NORM = dict(type='LN')


@MODELS.register_module()
class SwinTransformer3D(nn.Module):
    """Transformer whose attention stays in windows that are shifted from block to block.

    Video Swin (arXiv:2106.13230, section 3). Height and width are halved and channels doubled from
    stage to stage; frames are joined in patches only.

    Args:
        arch: ``'tiny'``, ``'small'``, ``'base'`` or ``'large'``, or a dict with ``embed_dims``, and
            ``depths`` and ``num_heads`` of each stage.
        pretrained: weights that ``init_weights`` loads: a path or an address.
        pretrained2d: the weights are of a Swin transformer for images (arXiv:2103.14030): patch
            kernels and tables of positions are repeated over time.
        patch_size: (frames, height, width) of a patch; inputs are padded to multiples.
        in_channels: 3 for RGB, 2 for flow.
        window_size: (frames, height, width) of a window in patches.
        mlp_ratio: width of the hidden layers by that of their input.
        qkv_bias: whether the projections to queries, keys and values have a bias.
        qk_scale: factor of the scores; by default 1 / sqrt(channels of a head).
        drop_rate: share of values dropped behind patches, projections and layers, 0..1.
        attn_drop_rate: share of attention weights dropped, 0..1.
        drop_path_rate: share of samples whose branches are dropped in the last block, 0..1; it
            grows from 0 in the first.
        norm_cfg: all norms, in mmcv's notation.
        patch_norm: whether patches are normed.
        frozen_stages: 0 freezes the patches, k also the first k stages, -1 nothing.
        with_cp: recompute blocks in the backward pass to save memory.
        out_indices: stages whose features are returned, from 0.
        out_after_downsample: whether they are those behind the halving at a stage's end.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, T, H, W] -> [N, C', T / 2, H / 32, W / 32]; a tuple for several ``out_indices``.
    """
    axes = ('N', 'C', 'T', 'H', 'W')
    arch = {
        'tiny': dict(embed_dims=96, depths=(2, 2, 6, 2), num_heads=(3, 6, 12, 24)),
        'small': dict(embed_dims=96, depths=(2, 2, 18, 2), num_heads=(3, 6, 12, 24)),
        'base': dict(embed_dims=128, depths=(2, 2, 18, 2), num_heads=(4, 8, 16, 32)),
        'large': dict(embed_dims=192, depths=(2, 2, 18, 2), num_heads=(6, 12, 24, 48)),
    }

    def __init__(self, arch, pretrained=None, pretrained2d=True, patch_size=(2, 4, 4),
                 in_channels=3, window_size=(8, 7, 7), mlp_ratio=4.0, qkv_bias=True, qk_scale=None,
                 drop_rate=0.0, attn_drop_rate=0.0, drop_path_rate=0.1, norm_cfg=LAYER_NORM,
                 patch_norm=True, frozen_stages=-1, with_cp=False, out_indices=(3,),
                 out_after_downsample=False, init_cfg=None):
        super().__init__()
        sizes = read_arch(self, arch)
        depths, heads = sizes['depths'], sizes['num_heads']
        self.check(len(depths), len(heads), out_indices, frozen_stages)
        self.pretrained = pretrained
        self.pretrained2d = pretrained2d
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.window_size = tuple(window_size)
        self.frozen_stages = frozen_stages
        self.out_indices = tuple(out_indices)
        self.out_after_downsample = out_after_downsample
        dims = sizes['embed_dims']
        self.patch_embed = PatchEmbed3d(in_channels, dims, tuple(patch_size),
                                        norm_cfg if patch_norm else None)
        self.pos_drop = nn.Dropout(drop_rate)
        self.layers = nn.ModuleList()
        last, first = len(depths) - 1, 0
        for i, depth in enumerate(depths):
            rates = [drop_path_rate * j / max(sum(depths) - 1, 1)
                     for j in range(first, first + depth)]
            self.layers.append(SwinStage(
                dims * 2**i, heads[i], self.window_size, rates, halved=i < last, with_cp=with_cp,
                norm_cfg=norm_cfg, mlp_ratio=mlp_ratio, drop=drop_rate, attn_drop=attn_drop_rate,
                qkv_bias=qkv_bias, qk_scale=qk_scale))
            first += depth
        for i in self.out_indices:
            width = dims * 2**(i + 1 if out_after_downsample and i < last else i)
            self.add_module(f'norm{i}', build_norm_layer(norm_cfg, width)[1])
        self.hold_frozen()

    def check(self, stages, head_counts, out_indices, frozen_stages):
        """Raise for arguments that name stages which are not there."""
        name = type(self).__name__
        if head_counts != stages:
            raise InputError(f'{name}: arch has {stages} depths, but {head_counts} num_heads')
        if not out_indices or any(not 0 <= i < stages for i in out_indices):
            raise InputError(f'{name}: out_indices counts stages from 0 to {stages - 1}, not '
                             f'{out_indices!r}')
        if not -1 <= frozen_stages <= stages:
            raise InputError(f'{name}: frozen_stages must be -1 (none) to {stages}, not '
                             f'{frozen_stages}')

    def init_weights(self):
        init_transformer(self, self.pretrained, self.init_cfg, inflate=self.pretrained2d,
                         rename=self.rename, adapt=self.adapt)

    def rename(self, key):
        """The key of a published Swin transformer, which has one last norm, in this network."""
        name, _, rest = key.partition('.')
        return f'norm{len(self.layers) - 1}.{rest}' if name == 'norm' else key

    def adapt(self, state):
        """Leave out what is computed here; inflate the tables of an image network."""
        state = {k: v for k, v in state.items()
                 if not k.endswith(('relative_position_index', 'attn_mask'))}
        own = dict(self.named_parameters())
        for key, value in state.items():
            table = key.endswith('relative_position_bias_table') and key in own
            if table and self.pretrained2d and value.shape != own[key].shape:
                state[key] = inflate_table(value, self.window_size)
        return state

    def hold_frozen(self):
        """Freeze what ``frozen_stages`` names."""
        if self.frozen_stages >= 0:
            freeze(self, [self.patch_embed, self.pos_drop, *self.layers[:self.frozen_stages]])

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        x = self.pos_drop(self.patch_embed(x))
        outs = []
        for i, layer in enumerate(self.layers):
            out, x = layer(x)
            if i in self.out_indices:
                out = getattr(self, f'norm{i}')(x if self.out_after_downsample else out)
                outs.append(out.permute(0, 4, 1, 2, 3))
        return outs[0] if len(outs) == 1 else tuple(outs)


class SwinStage(nn.Module):
    """Blocks of one size, every second with shifted windows, and the halving behind them.

    Args:
        channels: of the tokens, C.
        num_heads: heads of the attention.
        window_size: (T, H, W) of the largest window.
        drop_paths: share of samples whose branches are dropped, for each block.
        halved: whether height and width are halved at the end.
        with_cp: recompute blocks in the backward pass.
        norm_cfg: all norms, in mmcv's notation.
        block: further arguments of :class:`SwinBlock`.

    Shape: [N, T, H, W, C] -> the same, and [N, T, H / 2, W / 2, 2C], or the same once more.
    """

    def __init__(self, channels, num_heads, window_size, drop_paths, halved=True, with_cp=False,
                 norm_cfg=LAYER_NORM, **block):
        super().__init__()
        self.window_size = window_size
        self.with_cp = with_cp
        self.blocks = nn.ModuleList(
            SwinBlock(channels, num_heads, window_size, drop_path=rate, norm_cfg=norm_cfg, **block)
            for rate in drop_paths)
        self.downsample = PatchMerging(channels, norm_cfg) if halved else None

    def forward(self, x):
        size = x.shape[1:4]
        plans = []
        for shifted in (False, True):
            window, shift = fit_window(size, self.window_size, shifted)
            padded = tuple(-(-n // w) * w for n, w in zip(size, window, strict=True))
            plans.append((window, shift, padded, region_codes(padded, window, shift, x)))
        for i, block in enumerate(self.blocks):
            plan = plans[i % 2]
            x = recompute(lambda x, block=block, plan=plan: block(x, *plan), x) if self.with_cp \
                else block(x, *plan)
        return x, x if self.downsample is None else self.downsample(x)


class SwinBlock(nn.Module):
    """Window attention and a two-layer network, each a residual branch behind a norm.

    Args:
        channels: of the tokens, C.
        num_heads, window_size, qkv_bias, qk_scale, attn_drop: see :class:`WindowAttention3d`.
        mlp_ratio: width of the hidden layer by C.
        drop: share of values dropped behind layers, 0..1.
        drop_path: share of samples whose branches are dropped, 0..1.
        norm_cfg: both norms, in mmcv's notation.

    Shape: [N, T, H, W, C], window and shift (see :func:`fit_window`), the size of the clip when it
    is padded to whole windows, and its region codes -> [N, T, H, W, C].
    """

    def __init__(self, channels, num_heads, window_size, mlp_ratio=4.0, drop=0.0, drop_path=0.0,
                 norm_cfg=LAYER_NORM, **attention):
        super().__init__()
        self.norm1 = build_norm_layer(norm_cfg, channels)[1]
        self.attn = WindowAttention3d(channels, window_size, num_heads, proj_drop=drop,
                                      **attention)
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()
        self.norm2 = build_norm_layer(norm_cfg, channels)[1]
        self.mlp = TwoLayers(channels, int(mlp_ratio * channels), channels, drop)

    def attend(self, x, window, shift, padded, codes):
        """Attention in the windows of a padded and shifted clip."""
        size = tuple(x.shape[1:4])
        x = pad_end(x, padded)
        if any(shift):
            x = torch.roll(x, tuple(-s for s in shift), (1, 2, 3))
        x = join_windows(self.attn(split_windows(x, window), codes), window, padded)
        if any(shift):
            x = torch.roll(x, shift, (1, 2, 3))
        return x if size == padded else x[:, :size[0], :size[1], :size[2]]

    def forward(self, x, *plan):
        x = x + self.drop_path(self.attend(self.norm1(x), *plan))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchMerging(nn.Module):
    """Joins two by two places and halves their channels (arXiv:2103.14030, section 3.1).

    Args:
        channels: of the tokens, C.
        norm_cfg: norm of the joined channels, in mmcv's notation.

    Shape: [N, T, H, W, C] -> [N, T, H / 2, W / 2, 2C]; odd sizes get a row or column of zeros.
    """

    def __init__(self, channels, norm_cfg=LAYER_NORM):
        super().__init__()
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)
        self.norm = build_norm_layer(norm_cfg, 4 * channels)[1]

    def forward(self, x):
        frames, height, width = x.shape[1:4]
        x = pad_end(x, (frames, height + height % 2, width + width % 2))
        # Both rows of the left column come first, as in published weights.
        x = x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).permute(0, 1, 2, 4, 5, 3, 6).flatten(4)
        return self.reduction(self.norm(x))


class PatchEmbed3d(nn.Module):
    """Cuts a clip into patches and projects each.

    Args:
        in_channels, channels: of the clip and of the tokens.
        patch_size: (frames, height, width).
        norm_cfg: norm of the tokens in mmcv's notation; None for none.

    Shape: [N, in_channels, T, H, W] -> [N, T', H', W', channels]; what is missing to a whole patch
    is filled with zeros.
    """

    def __init__(self, in_channels, channels, patch_size, norm_cfg=LAYER_NORM):
        super().__init__()
        self.patch_size = patch_size
        self.proj = nn.Conv3d(in_channels, channels, patch_size, patch_size)
        self.norm = nn.Identity() if norm_cfg is None else build_norm_layer(norm_cfg, channels)[1]

    def forward(self, x):
        missing = [-n % p for n, p in zip(x.shape[2:], self.patch_size, strict=True)]
        if any(missing):
            x = F.pad(x, (0, missing[2], 0, missing[1], 0, missing[0]))
        return self.norm(self.proj(x).permute(0, 2, 3, 4, 1))


def pad_end(x, size):
    """Zeros behind the frames, rows and columns of [N, T, H, W, C] up to ``size``."""
    missing = [n - have for n, have in zip(size, x.shape[1:4], strict=True)]
    return F.pad(x, (0, 0, 0, missing[2], 0, missing[1], 0, missing[0])) if any(missing) else x
