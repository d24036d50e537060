"""Two 3D ResNets: few frames in detail, many frames in outline."""
import torch
from mmcv.cnn import ConvModule
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet3d import ResNet3d
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze, train_but_frozen
from mmvideo.models.blocks.weights import load_pretrained, pretrained_source
from mmvideo.registry import MODELS, check_arguments

__all__ = ['ResNet3dSlowFast']

SLOW = dict(type='resnet3d', depth=50, pretrained=None, lateral=True, conv1_kernel=(1, 7, 7),
            dilations=(1, 1, 1, 1), conv1_stride_t=1, pool1_stride_t=1, inflate=(0, 0, 1, 1))
FAST = dict(type='resnet3d', depth=50, pretrained=None, lateral=False, base_channels=8,
            conv1_kernel=(5, 7, 7), conv1_stride_t=1, pool1_stride_t=1)


@MODELS.register_module()
class ResNet3dSlowFast(nn.Module):
    """Slow pathway on every ``resample_rate``-th frame, fast and narrow pathway on more.

    SlowFast (arXiv:1812.03982), section 3. Fast features reach the slow pathway through lateral
    convolutions behind the stem and the first three stages (section 3.3, time-strided convolution);
    they double the fast channels.

    Args:
        pretrained: weights of the whole, which ``init_weights`` loads: a path or an address.
        resample_rate: the slow pathway sees every so many-th frame (tau in the paper).
        speed_ratio: fast frames per slow frame (alpha).
        channel_ratio: slow channels per fast channel (1 / beta).
        slow_pathway: arguments of :class:`ResNet3d`, ``type='resnet3d'``, and ``lateral`` (receive
            connections), ``fusion_kernel`` (frames of the lateral convolutions, 5),
            ``lateral_norm`` (norm and ReLU behind them), ``speed_ratio`` and ``channel_ratio``
            (in place of the above).
        fast_pathway: the same, with ``lateral=False``.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, T, H, W] -> (slow [N, C', T / resample_rate, H / 32, W / 32],
    fast [N, C' / channel_ratio, T * speed_ratio / resample_rate, H / 32, W / 32]).
    """
    axes = ('N', 'C', 'T', 'H', 'W')

    def __init__(self, pretrained=None, resample_rate=8, speed_ratio=8, channel_ratio=8,
                 slow_pathway=SLOW, fast_pathway=FAST, init_cfg=None):
        super().__init__()
        if resample_rate % speed_ratio:
            raise InputError(f'ResNet3dSlowFast: resample_rate ({resample_rate}) must be a '
                             f'multiple of speed_ratio ({speed_ratio}): the fast pathway sees '
                             'every (resample_rate / speed_ratio)-th frame')
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.resample_rate = resample_rate
        self.speed_ratio = speed_ratio
        slow, link = _split(slow_pathway, 'slow_pathway')
        fast, _ = _split(fast_pathway, 'fast_pathway')
        ratio = link.get('channel_ratio', channel_ratio)
        widths = self._slow_widths(slow)
        lateral = [2 * (w // ratio) for w in widths] if link.get('lateral', False) else [0] * 4
        self.slow_path = ResNet3d(**slow, lateral_channels=lateral)
        self.fast_path = ResNet3d(**fast)
        self.in_channels = self.slow_path.in_channels
        self.out_channels = self.slow_path.out_channels + self.fast_path.out_channels
        self.laterals = []
        if link.get('lateral', False):
            self._add_laterals(widths, ratio, link)
        self.hold_frozen()

    @staticmethod
    def _slow_widths(slow):
        """Channels at the input of each slow stage, without those that join."""
        block, _ = ResNet3d.arch.get(slow.get('depth'), ResNet3d.arch[50])
        base, stages = slow.get('base_channels', 64), slow.get('num_stages', 4)
        return [base] + [base * 2**i * block.expansion for i in range(stages - 1)]

    def _add_laterals(self, widths, ratio, link):
        """Put the lateral convolutions where published weights have them: in the slow pathway."""
        kernel = link.get('fusion_kernel', 5)
        norm = self.slow_path.layers if link.get('lateral_norm', False) else dict(
            self.slow_path.layers, norm_cfg=None, act_cfg=None)
        for i, width in enumerate(widths):
            name = 'conv1_lateral' if i == 0 else f'layer{i}_lateral'
            self.slow_path.add_module(name, ConvModule(
                width // ratio, 2 * (width // ratio), (kernel, 1, 1),
                stride=(link.get('speed_ratio', self.speed_ratio), 1, 1),
                padding=(kernel // 2, 0, 0), bias=False, **norm))
            self.laterals.append(name)

    def init_weights(self):
        for path in (self.slow_path, self.fast_path):
            path.init_weights()
        source = pretrained_source(self.pretrained, self.init_cfg)
        if source:
            load_pretrained(self, source)

    def hold_frozen(self):
        """A frozen slow stage keeps the lateral convolution that feeds it."""
        count = max(self.slow_path.frozen_stages, 0)
        freeze(self, [getattr(self.slow_path, name) for name in self.laterals[:count]])

    train = train_but_frozen

    def forward(self, x):
        check_axes(self, x)
        frames = x.shape[2]
        if frames % self.resample_rate:
            raise InputError(f'ResNet3dSlowFast: clips of {frames} frames; clip_len must be a '
                             f'multiple of resample_rate = {self.resample_rate}')
        slow = self.slow_path.stem(x[:, :, ::self.resample_rate])
        fast = self.fast_path.stem(x[:, :, ::self.resample_rate // self.speed_ratio])
        for i, (slow_stage, fast_stage) in enumerate(
                zip(self.slow_path.stages, self.fast_path.stages, strict=True)):
            if self.laterals:
                lateral = getattr(self.slow_path, self.laterals[i])
                slow = torch.cat([slow, lateral(fast)], 1)
            slow, fast = slow_stage(slow), fast_stage(fast)
        return slow, fast


def _split(pathway, name):
    """Arguments of the network and those of its connections."""
    cfg = dict(pathway)
    kind = cfg.pop('type', 'resnet3d')
    if kind != 'resnet3d':
        raise InputError(f"ResNet3dSlowFast: {name}.type must be 'resnet3d', not {kind!r}")
    links = ('lateral', 'lateral_norm', 'speed_ratio', 'channel_ratio', 'fusion_kernel')
    link = {k: cfg.pop(k) for k in links if k in cfg}
    check_arguments(ResNet3d, cfg, f'ResNet3dSlowFast: {name}')
    return cfg, link
