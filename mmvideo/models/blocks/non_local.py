"""Attention of every place in a clip to every other (Non-local networks, arXiv:1711.07971)."""
from mmcv.cnn import ConvModule, NonLocal3d
from mmengine.model import constant_init, normal_init
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.blocks.shift import split_clips

__all__ = ['ClipNonLocal', 'build_non_local', 'per_block']

LINEAR = ('dot_product', 'embedded_gaussian')
MODES = ('gaussian', 'embedded_gaussian', 'dot_product', 'concatenation')


class NonLocal(NonLocal3d):
    """mmcv's non-local block without the matrix of all pairs of places.

    The dot product is linear, so keys and values are joined first, to a matrix of channels by
    channels (as arXiv:1812.01243, section 3.2, does it). The embedded Gaussian goes through torch's
    attention, which keeps a few rows of the matrix at a time. The other two modes are mmcv's. The
    weights can be drawn again: mmcv can do so only once.

    Args:
        in_channels: channels of the input.
        pool_first: (frames, height, width) over which the maximum is taken before keys and values
            are made of it, as SlowFast does it; None for all places. ``sub_sample`` pools keys
            and values themselves.
        kwargs: arguments of mmcv's ``NonLocal3d``.

    Shape: [N, C, T, H, W] -> the same.
    """

    def __init__(self, in_channels, pool_first=None, **kwargs):
        super().__init__(in_channels, **kwargs)
        if pool_first is not None and (self.mode not in LINEAR or self.sub_sample):
            raise InputError('non_local_cfg.pool_first goes with sub_sample=False and mode '
                             f'{" or ".join(LINEAR)}')
        self.pool_first = nn.Identity() if pool_first is None else nn.MaxPool3d(tuple(pool_first))

    def forward(self, x):
        if self.mode not in LINEAR:
            return super().forward(x)
        few = self.pool_first(x)
        query, key, value = (v.flatten(2) for v in (self.theta(x), self.phi(few), self.g(few)))
        if self.mode == 'dot_product':
            y = (value @ key.transpose(1, 2) / key.shape[2]) @ query
        else:
            # One head, channels last: what torch's kernel takes, [N, heads, places, channels].
            query, key, value = (v.transpose(1, 2).unsqueeze(1).contiguous()
                                 for v in (query, key, value))
            y = F.scaled_dot_product_attention(
                query, key, value, scale=query.shape[3] ** -0.5 if self.use_scale else 1.0)
            y = y.transpose(2, 3)
        return x + self.conv_out(y.reshape(len(x), -1, *x.shape[2:]))

    def init_weights(self, std=0.01):
        for module in self.modules():
            if isinstance(module, ConvModule) and module is not self.conv_out:
                normal_init(module.conv, std=std)
        # What leaves the block is added to its input: it starts as the identity.
        constant_init(self.conv_out.norm or self.conv_out.conv, 0)


def build_non_local(channels, non_local_cfg):
    """A 3D non-local block that starts as the identity.

    Args:
        channels: channels of its input.
        non_local_cfg: ``mode``, ``sub_sample``, ``use_scale``, ``reduction``, ``norm_cfg`` and
            ``pool_first``, see :class:`NonLocal`.
    """
    mode = non_local_cfg.get('mode', 'embedded_gaussian')
    if mode not in MODES:
        raise InputError(f'non_local_cfg.mode: one of {", ".join(MODES)}, not {mode!r}')
    return NonLocal(channels, **non_local_cfg)


def per_block(value, stage_blocks, name):
    """Spell a switch given per stage (or once) out to one entry for every block of every stage.

    Args:
        value: a number, one entry per stage, or per stage one entry per block.
        stage_blocks: number of blocks of each stage.
        name: the argument's name, for the message when the counts do not fit.
    """
    if isinstance(value, (int, bool)):
        value = (value,) * len(stage_blocks)
    if len(value) < len(stage_blocks):
        raise InputError(f'{name}: {len(value)} entries for {len(stage_blocks)} stages')
    spelled = []
    for entry, count in zip(value, stage_blocks, strict=False):
        entry = (entry,) * count if isinstance(entry, (int, bool)) else tuple(entry)
        if len(entry) != count:
            raise InputError(f'{name}: {len(entry)} entries for a stage of {count} blocks')
        spelled.append(entry)
    return tuple(spelled)


class ClipNonLocal(nn.Module):
    """Puts a non-local block behind a block of a 2D network, over all frames of a clip.

    Args:
        block: block of a 2D network; its weights get the key ``<place>.block.*``, those of the
            attention ``<place>.non_local_block.*``.
        channels: channels of what the block gives.
        num_segments: frames per clip, T.
        non_local_cfg: see :func:`build_non_local`.

    Shape: [N*T, C, H, W] -> [N*T, C', H', W'], as ``block`` has it.
    """

    def __init__(self, block, channels, num_segments, non_local_cfg):
        super().__init__()
        self.block = block
        self.num_segments = num_segments
        self.non_local_block = build_non_local(channels, non_local_cfg)

    def forward(self, x):
        x = self.block(x)
        clips = split_clips(x, self.num_segments).transpose(1, 2).contiguous()
        return self.non_local_block(clips).transpose(1, 2).reshape(x.shape)
