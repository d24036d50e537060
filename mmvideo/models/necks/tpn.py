"""Temporal pyramid: levels of a backbone that see time at different speeds, joined."""
import torch
from mmcv.cnn import ConvModule
from mmengine.model import constant_init, normal_init, xavier_init
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.errors import InputError
from mmvideo.registry import MODELS, check_arguments

__all__ = ['TPN']

LAYERS = dict(conv_cfg=dict(type='Conv3d'), norm_cfg=dict(type='BN3d', requires_grad=True),
              act_cfg=dict(type='ReLU', inplace=True), bias=False)
BARE = dict(LAYERS, norm_cfg=None, act_cfg=None)
# A 3x3 convolution on every frame that halves height and width.
HALVING = dict(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), **LAYERS)
# Groups of the convolutions that change the speed of a level or prepare it for fusion.
GROUPS = 32
LOSS = dict(type='CrossEntropyLoss')
ONES = (1, 1, 1)


@MODELS.register_module()
class TPN(nn.Module):
    """Joins the features of several stages into one, along two paths through the stages.

    Temporal Pyramid Network (arXiv:2004.03548), section 3. Each level is brought to the size and
    width of the last one (spatial modulation), then to a speed of its own (temporal modulation).
    The top-down path adds every level to the one before it, the bottom-up path to the one after
    it; what each path collects is fused, and both are fused again.

    Args:
        in_channels: channels of each level, first to last; two levels at least.
        out_channels: channels of a level behind temporal modulation.
        spatial_modulation_cfg: ``in_channels``, as above, and ``out_channels``, those of the last
            level; a level with half of these is halved in size once, and so on.
        temporal_modulation_cfg: ``downsample_scales``: frames that become one, for each level.
        upsample_cfg: ``scale_factor`` (time, height, width) of the top-down path, nearest place.
        downsample_cfg: ``downsample_scale`` (time, height, width) of the bottom-up path, maximum.
        level_fusion_cfg: ``in_channels`` and ``mid_channels`` of each level, ``out_channels``, and
            ``downsample_scales``, one (time, height, width) for each level.
        aux_head_cfg: classifier on the last level but one, for a further loss in training:
            ``out_channels`` (classes), ``loss_weight``, ``loss_cls``. None for none.
        flow_type: ``'cascade'``: the bottom-up path starts from what the top-down path made of
            the levels; ``'parallel'``: both start from the same.

    Shape: one [N, C_i, T, H_i, W_i] for each level -> ([N, ``out_channels`` of the fusion, T', H,
    W], dict) with H and W of the last level; ``loss_aux`` in the dict where there are labels and
    an auxiliary classifier.

    Raises:
        InputError: settings that do not fit each other, or features that do not fit them.
    """

    def __init__(self, in_channels, out_channels, spatial_modulation_cfg=None,
                 temporal_modulation_cfg=None, upsample_cfg=None, downsample_cfg=None,
                 level_fusion_cfg=None, aux_head_cfg=None, flow_type='cascade'):
        super().__init__()
        levels = len(in_channels)
        if levels < 2:
            raise InputError(f'neck.in_channels: TPN joins two levels at least, not {in_channels}; '
                             'the backbone gives one for each of its out_indices')
        if flow_type not in ('cascade', 'parallel'):
            raise InputError(f"neck.flow_type: 'cascade' or 'parallel', not {flow_type!r}")
        self.in_channels = tuple(in_channels)
        self.flow_type = flow_type
        spatial = _settings('spatial_modulation_cfg', spatial_modulation_cfg,
                            in_channels=in_channels, out_channels=in_channels[-1])
        speed = _settings('temporal_modulation_cfg', temporal_modulation_cfg,
                          downsample_scales=(8,) * levels)
        up = _settings('upsample_cfg', upsample_cfg, scale_factor=ONES)
        down = _settings('downsample_cfg', downsample_cfg, downsample_scale=ONES)
        fusion = _settings('level_fusion_cfg', level_fusion_cfg, in_channels=None,
                           mid_channels=None, out_channels=2048, downsample_scales=(ONES,) * levels)
        fusion['in_channels'] = fusion['in_channels'] or (out_channels,) * levels
        fusion['mid_channels'] = fusion['mid_channels'] or fusion['in_channels']
        _check_levels(levels, spatial_modulation_cfg=spatial, temporal_modulation_cfg=speed,
                      level_fusion_cfg=fusion)
        # In the order of the published keys.
        self.temporal_modulation_ops = nn.ModuleList([
            PooledConv(spatial['out_channels'], out_channels, (3, 1, 1), (scale, 1, 1), GROUPS,
                       **BARE) for scale in speed['downsample_scales']])
        self.upsample_ops = nn.ModuleList([_upsample(up['scale_factor'])] * (levels - 1))
        self.downsample_ops = nn.ModuleList([
            PooledConv(out_channels, out_channels, (3, 1, 1), down['downsample_scale'], **BARE)
            for _ in range(levels - 1)])
        self.level_fusion_1 = LevelFusion(**fusion)
        self.spatial_modulation = SpatialModulation(**spatial)
        self.level_fusion_2 = LevelFusion(**fusion)
        fused = fusion['out_channels']
        self.pyramid_fusion = ConvModule(2 * fused, fused, 1, **LAYERS)
        self.aux_head = None
        if aux_head_cfg is not None:
            aux_head_cfg = {'in_channels': in_channels[-2], **aux_head_cfg}
            check_arguments(AuxHead, aux_head_cfg, 'neck.aux_head_cfg')
            self.aux_head = AuxHead(**aux_head_cfg)

    def init_weights(self):
        """Convolutions as in Xavier's paper (uniform), norms 1 and 0, the classifier narrow."""
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                xavier_init(module, distribution='uniform')
            elif isinstance(module, _BatchNorm):
                constant_init(module, 1)
            elif isinstance(module, nn.Linear):
                normal_init(module, std=0.01)

    def forward(self, x, label=None):
        self.check_levels(x)
        losses = {}
        if self.aux_head is not None and label is not None:
            losses['loss_aux'] = self.aux_head.loss(x[-2], label)
        levels = self.spatial_modulation(x)
        levels = [op(level) for op, level in zip(self.temporal_modulation_ops, levels, strict=True)]
        down = list(levels)
        for i in reversed(range(len(self.upsample_ops))):
            down[i] = down[i] + self.upsample_ops[i](down[i + 1])
        up = list(levels if self.flow_type == 'parallel' else down)
        for i, op in enumerate(self.downsample_ops):
            up[i + 1] = up[i + 1] + op(up[i])
        paths = [self.level_fusion_1(down), self.level_fusion_2(up)]
        return self.pyramid_fusion(torch.cat(paths, 1)), losses

    def check_levels(self, x):
        """Raise for features that are not one clip of the right width for each level."""
        expected = f'TPN: {len(self.in_channels)} levels of clips [N, C, T, H, W] with C = '\
                   f'{", ".join(map(str, self.in_channels))} are expected'
        if not isinstance(x, (tuple, list)):
            raise InputError(f'{expected}, not one level; see backbone.out_indices')
        if any(level.dim() != 5 for level in x) or \
                tuple(level.shape[1] for level in x) != self.in_channels:
            raise InputError(f'{expected}, not {", ".join(str(tuple(v.shape)) for v in x)}; see '
                             'backbone.out_indices')


class PooledConv(nn.Module):
    """A convolution that keeps sizes, and the maximum over windows behind or before it.

    Args:
        in_channels, out_channels: of the convolution.
        kernel: (time, height, width), odd.
        scale: places (time, height, width) that become one; the last window may be smaller.
        groups: of the convolution.
        pool_first: pool before the convolution.
        layers: ``conv_cfg``, ``norm_cfg``, ``act_cfg`` and ``bias`` of the convolution.

    Shape: [N, C, T, H, W] -> [N, out_channels, T / scale_t, H / scale_h, W / scale_w], rounded up.
    """

    def __init__(self, in_channels, out_channels, kernel, scale, groups=1, pool_first=False,
                 **layers):
        super().__init__()
        scale = tuple(scale)
        self.pool_first = pool_first
        self.conv = ConvModule(in_channels, out_channels, kernel, groups=groups,
                               padding=tuple(k // 2 for k in kernel), **layers)
        self.pool = nn.Identity() if scale == ONES else nn.MaxPool3d(scale, scale, ceil_mode=True)

    def forward(self, x):
        return self.conv(self.pool(x)) if self.pool_first else self.pool(self.conv(x))


class SpatialModulation(nn.Module):
    """Brings every level to the size and width of the last (arXiv:2004.03548, section 3.1).

    Args:
        in_channels: channels of each level.
        out_channels: of all; ``out_channels / in_channels`` is a power of two, and a level doubles
            its channels and halves its size until it is there.

    Shape: [N, C_i, T, H_i, W_i] each -> [N, out_channels, T, H, W] each.
    """

    def __init__(self, in_channels, out_channels):
        super().__init__()
        levels = []
        for width in in_channels:
            if out_channels % width or (out_channels // width).bit_count() != 1:
                raise InputError(f'neck.spatial_modulation_cfg: out_channels={out_channels} must '
                                 f'be 1, 2, 4, ... times the {width} channels of a level')
            steps = nn.ModuleList()
            while width < out_channels:
                steps.append(ConvModule(width, 2 * width, **HALVING))
                width *= 2
            levels.append(steps)
        self.spatial_modulation = nn.ModuleList(levels)

    def forward(self, x):
        outs = []
        for level, steps in zip(x, self.spatial_modulation, strict=True):
            for step in steps:
                level = step(level)
            outs.append(level)
        return outs


class LevelFusion(nn.Module):
    """Joins the levels of one path (arXiv:2004.03548, section 3.2).

    Args:
        in_channels, mid_channels: of each level, before and after a grouped 1x1x1 convolution.
        out_channels: of the fused features.
        downsample_scales: places (time, height, width) of each level that become one.

    Shape: [N, C_i, T_i, H_i, W_i] each -> [N, out_channels, T, H, W].
    """

    def __init__(self, in_channels, mid_channels, out_channels, downsample_scales):
        super().__init__()
        self.downsamples = nn.ModuleList([
            PooledConv(width, middle, ONES, scale, GROUPS, pool_first=True, **LAYERS)
            for width, middle, scale in zip(in_channels, mid_channels, downsample_scales,
                                            strict=True)])
        self.fusion_conv = ConvModule(sum(mid_channels), out_channels, 1, **LAYERS)

    def forward(self, x):
        levels = [op(level) for op, level in zip(self.downsamples, x, strict=True)]
        return self.fusion_conv(torch.cat(levels, 1))


class AuxHead(nn.Module):
    """Classifier of one level, which gives it a loss of its own in training.

    Args:
        in_channels: channels of the level.
        out_channels: classes, C.
        loss_weight: factor of its loss.
        loss_cls: loss in config notation.

    Shape: [N, in_channels, T, H, W] -> [N, C].
    """

    def __init__(self, in_channels, out_channels, loss_weight=0.5, loss_cls=LOSS):
        super().__init__()
        self.conv = ConvModule(in_channels, 2 * in_channels, **HALVING)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(2 * in_channels, out_channels)
        self.loss_weight = loss_weight
        self.loss_cls = MODELS.build(loss_cls)

    def forward(self, x):
        return self.fc(self.dropout(self.conv(x).mean((2, 3, 4))))

    def loss(self, x, label):
        """Loss of the level; a label counts for every clip of its sample.

        Args:
            x: [N*V, in_channels, T, H, W].
            label: [N] class indices or [N, C] shares.
        """
        score = self(x)
        label = label.repeat_interleave(len(score) // len(label), 0)
        return self.loss_weight * self.loss_cls(score, label)


def _upsample(scale):
    return nn.Identity() if tuple(scale) == ONES else nn.Upsample(scale_factor=tuple(scale))


def _settings(name, cfg, **defaults):
    """The settings of one part; a name that it does not have raises."""
    unknown = set(cfg or ()) - set(defaults)
    if unknown:
        raise InputError(f'neck.{name}: {", ".join(sorted(unknown))} unknown; it takes '
                         + ', '.join(defaults))
    return {**defaults, **(cfg or {})}


def _check_levels(levels, **parts):
    """Raise where a setting has not one value for each level."""
    for part, settings in parts.items():
        for name, values in settings.items():
            if isinstance(values, (tuple, list)) and len(values) != levels:
                raise InputError(f'neck.{part}.{name}: {len(values)} values for {levels} levels '
                                 '(see neck.in_channels)')
