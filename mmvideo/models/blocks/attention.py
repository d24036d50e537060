"""Attention of the tokens of a clip, along time, over each frame, or of all to all."""
import torch
from mmcv.cnn import build_activation_layer, build_norm_layer
from mmcv.cnn.bricks.drop import build_dropout
from mmengine.registry import MODELS as ENGINE_MODELS
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError

__all__ = ['FFN', 'DividedSpatialAttentionWithNorm', 'DividedTemporalAttentionWithNorm',
           'FFNWithNorm', 'SelfAttention', 'TokenAttention']

LAYER_NORM = dict(type='LN')
RELU = dict(type='ReLU', inplace=True)
DROP_PATH = dict(type='DropPath', drop_prob=0.1)


class SelfAttention(nn.Module):
    """Scaled dot-product attention with several heads (arXiv:1706.03762, section 3.2).

    Queries, keys and values come out of one product and are used where they lie; the weights of
    the attention are never held as a whole.

    Args:
        embed_dims: channels, C; a multiple of ``num_heads``.
        num_heads: heads, each of C / num_heads channels.
        dropout: share of attention weights dropped in training, 0..1.

    Keys of its weights: ``in_proj_weight`` [3C, C] (queries, keys, values), ``in_proj_bias``,
    ``out_proj.*``: those of ``torch.nn.MultiheadAttention``.

    Shape: [B, L, C] -> [B, L, C].
    """

    def __init__(self, embed_dims, num_heads, dropout=0.0):
        super().__init__()
        if embed_dims % num_heads:
            raise InputError(f'embed_dims = {embed_dims} does not divide into num_heads = '
                             f'{num_heads} heads')
        self.embed_dims = embed_dims
        self.num_heads = num_heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dims, embed_dims))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dims))
        self.out_proj = nn.Linear(embed_dims, embed_dims)
        self.init_weights()

    def init_weights(self):
        """As linear layers of transformers start; what holds this module draws ``out_proj``."""
        nn.init.trunc_normal_(self.in_proj_weight, std=0.02)
        nn.init.zeros_(self.in_proj_bias)

    def forward(self, x, num_queries=None):
        return self.out_proj(self.mix(x, num_queries))

    def mix(self, x, num_queries=None):
        """Weighted means of the values, heads side by side, before the last projection.

        Args:
            x: [B, L, C].
            num_queries: only the first tokens ask, all are asked; None for all.

        Returns:
            Tensor: [B, num_queries, C].
        """
        if num_queries is None:
            query, key, value = self._project(x, 0, 3)
        else:
            query, = self._project(x[:, :num_queries], 0, 1)
            key, value = self._project(x, 1, 3)
        return self.attend(query, key, value).transpose(1, 2).flatten(2)

    def attend(self, query, key, value):
        """[B, heads, L, D] each -> [B, heads, L of the queries, D]."""
        dropout = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(query, key, value, dropout_p=dropout)

    def _project(self, x, first, last):
        """Some of queries (0), keys (1) and values (2), as views [B, heads, L, D] of one tensor."""
        rows = slice(first * self.embed_dims, last * self.embed_dims)
        out = F.linear(x, self.in_proj_weight[rows], self.in_proj_bias[rows])
        out = out.unflatten(2, (last - first, self.num_heads, -1))
        return out.permute(2, 0, 3, 1, 4).unbind(0)


class AttentionBranch(nn.Module):
    """Self-attention as a residual branch, and what may be dropped of it in training.

    Args:
        embed_dims: channels, C.
        num_heads: heads of the attention.
        attn_drop: share of attention weights dropped, 0..1.
        proj_drop: share of the attention's output dropped, 0..1.
        dropout_layer: what may drop the whole branch, in config notation.
        norm_cfg: norm of the tokens before the attention; None where the layer has it.
    """

    def __init__(self, embed_dims, num_heads, attn_drop=0.0, proj_drop=0.0,
                 dropout_layer=DROP_PATH, norm_cfg=None):
        super().__init__()
        self.embed_dims = embed_dims
        if norm_cfg is not None:
            self.norm = build_norm_layer(norm_cfg, embed_dims)[1]
        self.attn = SelfAttention(embed_dims, num_heads, attn_drop)
        self.proj_drop = nn.Dropout(proj_drop)
        self.dropout_layer = build_dropout(dropout_layer) if dropout_layer else nn.Identity()

    def drop(self, x):
        return self.dropout_layer(self.proj_drop(x))


class TokenAttention(AttentionBranch):
    """Attention of all tokens of a sequence to each other.

    Args: see :class:`AttentionBranch`.

    Shape: [B, L, C], normalized, and the [B, L, C] that the result is added to -> [B, L, C];
    [B, num_queries, C] where only the first tokens ask.
    """

    def forward(self, x, identity, num_queries=None):
        return identity[:, :num_queries] + self.drop(self.attn(x, num_queries))


# The three below are kept in mmengine's registry, where mmcv looks up the parts of its layers.
@ENGINE_MODELS.register_module()
class DividedTemporalAttentionWithNorm(AttentionBranch):
    """Each place of the image attends to itself in all frames.

    TimeSformer (arXiv:2102.05095), section 3, "divided space-time attention". The class token
    passes by. ``temporal_fc`` starts at 0, so that a network filled from an image network begins
    as that network.

    Args:
        embed_dims, num_heads, attn_drop, proj_drop, dropout_layer: see :class:`AttentionBranch`.
        num_frames: frames of a clip, T.
        norm_cfg: norm of the tokens before the attention.
        batch_first: True; mmcv's layers hand it on.
        init_cfg: unused; mmcv's layers hand it on.

    Shape: [B, 1 + P*T, C], the class token first, then place by place -> the same.
    """
    # Whether work that cannot change the result is left out.
    spares = True

    def __init__(self, embed_dims, num_heads, num_frames, attn_drop=0.0, proj_drop=0.0,
                 dropout_layer=DROP_PATH, norm_cfg=LAYER_NORM, batch_first=True, init_cfg=None):
        super().__init__(embed_dims, num_heads, attn_drop, proj_drop, dropout_layer, norm_cfg)
        check_batch_first(self, batch_first)
        self.num_frames = num_frames
        self.temporal_fc = nn.Linear(embed_dims, embed_dims)
        self.init_weights()

    def init_weights(self):
        nn.init.zeros_(self.temporal_fc.weight)
        nn.init.zeros_(self.temporal_fc.bias)

    def forward(self, query, *_, **__):
        # The keys, values and masks that mmcv's layers hand on say nothing new here.
        batch, _, channels = query.shape
        patches = query[:, 1:]
        places = self.norm(patches).reshape(-1, self.num_frames, channels)
        out = self.project(self.attn.mix(places)).view(batch, -1, channels)
        return torch.cat([query[:, :1], patches + out], 1)

    def project(self, x):
        """Both linear layers behind the attention.

        Nothing stands between them but what drops whole rows, which commutes with the second one's
        weight. So the product of the weights serves in their place where there are more tokens
        than channels: half the work.
        """
        fc, out_proj = self.temporal_fc, self.attn.out_proj
        drops_values = self.training and any(isinstance(layer, nn.Dropout) and layer.p > 0
                                             for layer in (self.proj_drop, self.dropout_layer))
        if not self.spares or drops_values or x.shape[0] * x.shape[1] <= self.embed_dims:
            return fc(self.drop(out_proj(x)))
        out = F.linear(x, fc.weight @ out_proj.weight, F.linear(out_proj.bias, fc.weight))
        return self.dropout_layer(out) + fc.bias


@ENGINE_MODELS.register_module()
class DividedSpatialAttentionWithNorm(AttentionBranch):
    """The places of each frame attend to each other and to the class token.

    TimeSformer (arXiv:2102.05095), section 3, "divided space-time attention". The class token asks
    in every frame; what it gets is averaged.

    Args:
        embed_dims, num_heads, attn_drop, proj_drop, dropout_layer: see :class:`AttentionBranch`.
        num_frames: frames of a clip, T.
        norm_cfg: norm of the tokens before the attention.
        batch_first: True; mmcv's layers hand it on.
        init_cfg: unused; mmcv's layers hand it on.

    Shape: [B, 1 + P*T, C], the class token first, then place by place -> the same; [B, 1, C] with
    ``class_token_only``.
    """

    def __init__(self, embed_dims, num_heads, num_frames, attn_drop=0.0, proj_drop=0.0,
                 dropout_layer=DROP_PATH, norm_cfg=LAYER_NORM, batch_first=True, init_cfg=None):
        super().__init__(embed_dims, num_heads, attn_drop, proj_drop, dropout_layer, norm_cfg)
        check_batch_first(self, batch_first)
        self.num_frames = num_frames

    def forward(self, query, *_, class_token_only=False, **__):
        frames = (-1, self.num_frames)
        x = self.norm(query)
        patches = x[:, 1:].unflatten(1, frames).transpose(1, 2)
        token = x[:, None, :1].expand(-1, self.num_frames, -1, -1)
        x = torch.cat([token, patches], 2).flatten(0, 1)
        out = self.drop(self.attn(x, 1 if class_token_only else None))
        out = out.unflatten(0, frames)
        token = query[:, :1] + out[:, :, 0].mean(1, keepdim=True)
        if class_token_only:
            return token
        patches = query[:, 1:].unflatten(1, frames) + out[:, :, 1:].transpose(1, 2)
        return torch.cat([token, patches.flatten(1, 2)], 1)


class FFN(nn.Module):
    """Fully connected layers on every token, as a residual branch.

    The arguments are those of mmcv's class of this name; importing that one loads all that mmcv
    has for transformers, and warns about what its light edition lacks.

    Args:
        embed_dims: channels of a token, C.
        feedforward_channels: channels between the layers.
        num_fcs: layers, at least two.
        act_cfg: activation behind each but the last layer.
        ffn_drop: share of values dropped behind each layer in training, 0..1.
        dropout_layer: what may drop the whole branch, in config notation; None for nothing.
        add_identity: whether what comes in is added.
        init_cfg: unused; configs of old may hand it on.

    Shape: [B, L, C], and where it differs the [B, L, C] that is added -> [B, L, C].
    """

    def __init__(self, embed_dims=256, feedforward_channels=1024, num_fcs=2, act_cfg=RELU,
                 ffn_drop=0.0, dropout_layer=None, add_identity=True, init_cfg=None):
        super().__init__()
        if num_fcs < 2:
            raise InputError(f'FFN: num_fcs must be at least 2, not {num_fcs}')
        self.embed_dims = embed_dims
        self.add_identity = add_identity
        widths = [embed_dims, *[feedforward_channels] * (num_fcs - 1)]
        hidden = [nn.Sequential(nn.Linear(before, after), build_activation_layer(act_cfg),
                                nn.Dropout(ffn_drop))
                  for before, after in zip(widths, widths[1:], strict=False)]
        self.layers = nn.Sequential(*hidden, nn.Linear(feedforward_channels, embed_dims),
                                    nn.Dropout(ffn_drop))
        self.dropout_layer = build_dropout(dropout_layer) if dropout_layer else nn.Identity()

    def forward(self, x, identity=None):
        out = self.dropout_layer(self.layers(x))
        if not self.add_identity:
            return out
        return (x if identity is None else identity) + out


@ENGINE_MODELS.register_module()
class FFNWithNorm(FFN):
    """Fully connected layers on every token, with a norm before them.

    Args:
        args, kwargs: of :class:`FFN`.
        norm_cfg: the norm.

    Shape: [B, L, C] -> the same.
    """

    def __init__(self, *args, norm_cfg=LAYER_NORM, **kwargs):
        super().__init__(*args, **kwargs)
        self.norm = build_norm_layer(norm_cfg, self.embed_dims)[1]

    def forward(self, x, *_):
        return super().forward(self.norm(x), x)


def check_batch_first(attention, batch_first):
    """Raise unless the batch is the first axis, as a config of mmcv's layers may deny."""
    if not batch_first:
        raise InputError(f'{type(attention).__name__}: batch_first must be True')
