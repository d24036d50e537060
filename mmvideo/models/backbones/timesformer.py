"""TimeSformer: attention along time and over each frame, no convolution."""
import functools
import importlib
import re
import warnings

import torch
from mmcv.cnn import build_norm_layer
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.blocks.attention import (
    FFN,
    DividedSpatialAttentionWithNorm,
    DividedTemporalAttentionWithNorm,
    FFNWithNorm,
    TokenAttention,
)
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.weights import init_transformer
from mmvideo.registry import MODELS

from .resnet import recompute

__all__ = ['TimeSformer']

ATTENTION_TYPES = ('divided_space_time', 'space_only', 'joint_space_time')
LAYER_NORM = dict(type='LN', eps=1e-6)
GELU = dict(type='GELU')
# Stochastic depth (arXiv:1603.09382): chance in the last layer that a branch is dropped.
LAST_DROP_PATH = 0.1


class PatchEmbed(nn.Module):
    """Cuts frames into squares and makes a token of each, by one linear map.

    Args:
        in_channels: channels of a frame.
        embed_dims: channels of a token, C'.
        patch_size: side of a square in pixels.

    Shape: [N, C, T, H, W] -> [N, P, T, C'], places line by line; [N, T, P, C'] with
    ``frame_by_frame``.
    """

    def __init__(self, in_channels, embed_dims, patch_size):
        super().__init__()
        self.projection = nn.Conv2d(in_channels, embed_dims, patch_size, patch_size)
        self.patch_size = patch_size

    def forward(self, x, frame_by_frame=False):
        side = self.patch_size
        # [N, C, T, rows, side, columns, side]: as a matrix product, the tokens come out in order.
        x = x.unflatten(4, (-1, side)).unflatten(3, (-1, side))
        order = (0, 2, 3, 5, 1, 4, 6) if frame_by_frame else (0, 3, 5, 2, 1, 4, 6)
        rows = 2 if frame_by_frame else 1
        x = x.permute(order).flatten(4).flatten(rows, rows + 1)
        return F.linear(x, self.projection.weight.flatten(1), self.projection.bias)


class DividedLayer(nn.Module):
    """A layer of divided space-time attention: along time, over each frame, then token by token.

    Args:
        embed_dims: channels, C.
        num_heads: heads of both attentions.
        num_frames: frames of a clip, T.
        drop_path: chance that a branch of a sample is dropped in training.
        norm_cfg: norm before each branch.

    Shape: [N, 1 + P*T, C] -> the same; [N, 1, C] with ``class_token_only``.
    """

    def __init__(self, embed_dims, num_heads, num_frames, drop_path, norm_cfg):
        super().__init__()
        dropped = dict(type='DropPath', drop_prob=drop_path)
        shared = dict(num_frames=num_frames, dropout_layer=dropped, norm_cfg=norm_cfg)
        self.attentions = nn.ModuleList([
            DividedTemporalAttentionWithNorm(embed_dims, num_heads, **shared),
            DividedSpatialAttentionWithNorm(embed_dims, num_heads, **shared)])
        self.ffns = nn.ModuleList([FFNWithNorm(
            embed_dims, 4 * embed_dims, act_cfg=GELU, dropout_layer=dropped, norm_cfg=norm_cfg)])

    def forward(self, x, class_token_only=False):
        x = self.attentions[0](x)
        x = self.attentions[1](x, class_token_only=class_token_only)
        return self.ffns[0](x)


class JointLayer(nn.Module):
    """A layer of the Vision Transformer (arXiv:2010.11929, section 3.1): all tokens to all tokens.

    Args:
        embed_dims: channels, C.
        num_heads: heads of the attention.
        drop_path: chance that a branch of a sample is dropped in training.
        norm_cfg: norm before each branch.

    Shape: [N, L, C] -> the same; [N, 1, C] with ``class_token_only``.
    """

    def __init__(self, embed_dims, num_heads, drop_path, norm_cfg):
        super().__init__()
        dropped = dict(type='DropPath', drop_prob=drop_path)
        self.attentions = nn.ModuleList([
            TokenAttention(embed_dims, num_heads, dropout_layer=dropped)])
        self.ffns = nn.ModuleList([FFN(embed_dims, 4 * embed_dims, act_cfg=GELU,
                                       dropout_layer=dropped)])
        self.norms = nn.ModuleList([build_norm_layer(norm_cfg, embed_dims)[1] for _ in range(2)])

    def forward(self, x, class_token_only=False):
        x = self.attentions[0](self.norms[0](x), x, 1 if class_token_only else None)
        return self.ffns[0](self.norms[1](x), x)


class Layers(nn.Module):
    """The layers of a network, under the key ``layers``; the last one may be spared most tokens.

    Args:
        layers: the modules.
        with_cp: recompute them in the backward pass to save memory.

    Shape: [N, L, C] -> the same; [N, 1, C] with ``class_token_only``.
    """

    def __init__(self, layers, with_cp=False):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.with_cp = with_cp

    def forward(self, x, class_token_only=False):
        last = functools.partial(self.layers[-1], class_token_only=class_token_only)
        for layer in (*self.layers[:-1], last):
            x = recompute(layer, x) if self.with_cp else layer(x)
        return x


@MODELS.register_module()
class TimeSformer(nn.Module):
    """Vision Transformer over the patches of a clip (arXiv:2102.05095).

    The class token is all that leaves the network, so the last layer computes nothing that only
    other tokens would need; set ``spares`` to False to have all of it, as papers count it.

    Args:
        num_frames: frames of a clip, T.
        img_size: height and width of a frame in pixels, a number or a pair.
        patch_size: side of a patch in pixels; divides both.
        pretrained: weights that ``init_weights`` loads: a path or an address. Vision Transformers
            of images (timm's or mmpretrain's names) fill all layers, see :func:`own_key`; the
            attention along time starts as a copy of the one over space, without effect at first.
        embed_dims: channels of a token, C'.
        num_heads: heads of each attention.
        num_transformer_layers: layers; the chance that a branch is dropped in training grows
            from 0 in the first to 0.1 in the last one.
        in_channels: channels of a frame.
        dropout_ratio: share of the embedded tokens' values dropped in training, 0..1.
        transformer_layers: None for the published layers, or a ``TransformerLayerSequence`` in the
            notation of mmcv, which stands for the four arguments about layers.
        attention_type: ``'divided_space_time'``, ``'joint_space_time'`` (all patches of all frames
            to each other) or ``'space_only'`` (the class tokens of all frames are averaged).
        norm_cfg: norm before each branch and behind the last layer.
        init_cfg: 1.x notation of ``pretrained``; other initializers of mmengine act before it.
        with_cp: recompute the published layers in the backward pass to save memory.

    Shape: [N, C, T, H, W] -> [N, C'], the class token.

    Raises:
        InputError: sizes do not divide, or a clip differs from ``num_frames`` or ``img_size``.
    """
    axes = ('N', 'C', 'T', 'H', 'W')
    # Whether work that cannot change the result is left out.
    spares = True

    def __init__(self, num_frames, img_size, patch_size, pretrained=None, embed_dims=768,
                 num_heads=12, num_transformer_layers=12, in_channels=3, dropout_ratio=0.0,
                 transformer_layers=None, attention_type='divided_space_time',
                 norm_cfg=LAYER_NORM, init_cfg=None, with_cp=False):
        super().__init__()
        if attention_type not in ATTENTION_TYPES:
            raise InputError(f'TimeSformer: attention_type must be one of '
                             f'{", ".join(ATTENTION_TYPES)}, not {attention_type!r}')
        if num_frames < 1 or num_transformer_layers < 1:
            raise InputError(f'TimeSformer: num_frames and num_transformer_layers must be at least '
                             f'1, not {num_frames} and {num_transformer_layers}')
        size = (img_size, img_size) if isinstance(img_size, int) else tuple(img_size)
        if any(side % patch_size or side < 1 for side in size):
            raise InputError(f'TimeSformer: img_size = {img_size} does not divide into patches of '
                             f'patch_size = {patch_size} pixels')
        self.num_frames = num_frames
        self.img_size = size
        self.grid = tuple(side // patch_size for side in size)
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.embed_dims = self.out_channels = embed_dims
        self.attention_type = attention_type
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dims))
        places = self.grid[0] * self.grid[1]
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + places, embed_dims))
        if attention_type != 'space_only':
            self.time_embed = nn.Parameter(torch.zeros(1, num_frames, embed_dims))
        self.patch_embed = PatchEmbed(in_channels, embed_dims, patch_size)
        self.drop_after_pos = nn.Dropout(dropout_ratio)
        self.drop_after_time = nn.Dropout(dropout_ratio)
        self.norm = build_norm_layer(norm_cfg, embed_dims)[1]
        if transformer_layers is None:
            drops = torch.linspace(0, LAST_DROP_PATH, num_transformer_layers, device='cpu').tolist()
            self.transformer_layers = Layers(
                [self.build_layer(num_heads, drop, norm_cfg) for drop in drops], with_cp)
        else:
            # Registers the layers that a config can name; it is slow, and warns about what the
            # light edition of mmcv lacks, so nothing else imports it.
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                importlib.import_module('mmcv.cnn.bricks.transformer')
            self.transformer_layers = MODELS.build(transformer_layers)

    def build_layer(self, num_heads, drop_path, norm_cfg):
        if self.attention_type == 'divided_space_time':
            return DividedLayer(self.embed_dims, num_heads, self.num_frames, drop_path, norm_cfg)
        return JointLayer(self.embed_dims, num_heads, drop_path, norm_cfg)

    def init_weights(self):
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        if self.attention_type != 'space_only':
            # Frames are told apart by what is learned only.
            nn.init.zeros_(self.time_embed)
        init_transformer(self, self.pretrained, self.init_cfg, rename=own_key, adapt=self.adapt)

    def forward(self, x):
        check_axes(self, x)
        if x.shape[2:] != (self.num_frames, *self.img_size):
            raise InputError(
                f'TimeSformer: a clip has num_frames = {self.num_frames} frames of img_size = '
                f'{self.img_size[0]} x {self.img_size[1]}, this one of shape {tuple(x.shape)} has '
                f'{x.shape[2]} of {x.shape[3]} x {x.shape[4]}')
        x = self.embed(x)
        if isinstance(self.transformer_layers, Layers):
            x = self.transformer_layers(x, class_token_only=self.spares)
        else:
            x = self.transformer_layers(x, None, None)
        token = x[:, 0]
        if self.attention_type == 'space_only':
            token = token.unflatten(0, (-1, self.num_frames)).mean(1)
        return self.norm(token)

    def embed(self, x):
        """Tokens of a clip with their places: [N, 1 + P*T, C'], place by place.

        ``'space_only'`` makes a row of each frame: [N*T, 1 + P, C'].
        """
        apart = self.attention_type == 'space_only'
        x = self.patch_embed(x, frame_by_frame=apart)
        token = self.drop_after_pos(self.cls_token + self.pos_embed[:, :1])
        place = self.pos_embed[:, 1:]
        if apart:
            x = self.drop_after_pos(x.flatten(0, 1) + place)
        else:
            x = self.drop_after_pos(x + place[:, :, None])
            x = self.drop_after_time(x + self.time_embed[:, None]).flatten(1, 2)
        return torch.cat([token.expand(len(x), -1, -1), x], 1)

    def adapt(self, state):
        """Bring the entries of a checkpoint into the form of this network.

        Tables of places and times are interpolated where the numbers differ (places as in
        arXiv:2010.11929, section 3.2). Divided attention takes both of its attentions from the one
        of a network that has no other, except ``temporal_fc``.
        """
        state = dict(state)
        for key, resize in (('pos_embed', resize_places), ('time_embed', resize_times)):
            if key in state and hasattr(self, key) and state[key].dim() == 3:
                size = self.grid if key == 'pos_embed' else self.num_frames
                state[key] = resize(state[key], size)
        is_plain = not any('.attentions.1.' in key for key in state)
        if self.attention_type != 'divided_space_time' or not is_plain:
            return state
        for key, value in list(state.items()):
            if '.norms.' in key:
                del state[key]
                key = key.replace('.norms.0.', '.attentions.0.norm.')
                key = key.replace('.norms.1.', '.ffns.0.norm.')
                state[key] = value
            if '.attentions.0.' in key:
                state[key.replace('.attentions.0.', '.attentions.1.')] = value
        return state


def resize_places(table, grid):
    """Bicubic: [1, 1 + P, C] -> [1, 1 + rows * columns, C]; the class token's entry stays.

    A table whose P is no square is left as it is, and rejected where it does not fit.
    """
    rows, columns = grid
    side = int((table.shape[1] - 1) ** 0.5)
    if table.shape[1] == 1 + rows * columns or side * side != table.shape[1] - 1:
        return table
    places = table[:, 1:].float().unflatten(1, (side, side)).permute(0, 3, 1, 2)
    places = F.interpolate(places, grid, mode='bicubic', align_corners=False)
    return torch.cat([table[:, :1], places.flatten(2).transpose(1, 2).to(table.dtype)], 1)


def resize_times(table, num_frames):
    """Linear: [1, T, C] -> [1, num_frames, C]."""
    if table.shape[1] == num_frames:
        return table
    times = F.interpolate(table.float().transpose(1, 2), num_frames, mode='linear',
                          align_corners=False)
    return times.transpose(1, 2).to(table.dtype)


# Parts of the names of Vision Transformers (timm; mmpretrain and its predecessor), and ours.
_FOREIGN = (
    (r'^patch_embed\.proj\.', 'patch_embed.projection.'),
    (r'^(?:blocks|layers)\.(\d+)\.', r'transformer_layers.layers.\1.'),
    (r'^(?:norm1|ln1)\.', 'norm.'),
    (r'\.(?:norm1|ln1)\.', '.norms.0.'),
    (r'\.(?:norm2|ln2)\.', '.norms.1.'),
    (r'\.attn\.qkv\.(weight|bias)', r'.attentions.0.attn.in_proj_\1'),
    (r'\.attn\.proj\.', '.attentions.0.attn.out_proj.'),
    (r'\.mlp\.fc1\.', '.ffns.0.layers.0.0.'),
    (r'\.mlp\.fc2\.', '.ffns.0.layers.1.'),
    (r'\.ffn\.', '.ffns.0.'),
)


def own_key(key):
    """The key here of an entry of timm's or mmpretrain's Vision Transformer; others stay."""
    if key.startswith('transformer_layers.'):
        return key
    for pattern, replacement in _FOREIGN:
        key = re.sub(pattern, replacement, key)
    return key
