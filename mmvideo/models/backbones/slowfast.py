"""Two 3D ResNets: few frames in detail, many frames in outline."""
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import RELU
from mmvideo.models.backbones.resnet3d import CONV3D, NORM3D, ResNet3d
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze, train_but_frozen
from mmvideo.models.blocks.pathways import build_lateral, check_kinds, join, spread_frames, weaken
from mmvideo.models.blocks.weights import load_pretrained, pretrained_source
from mmvideo.registry import MODELS, check_arguments

__all__ = ['ResNet3dSlowFast']

SLOW = dict(type='resnet3d', depth=50, pretrained=None, lateral=True, conv1_kernel=(1, 7, 7),
            dilations=(1, 1, 1, 1), conv1_stride_t=1, pool1_stride_t=1, inflate=(0, 0, 1, 1))
FAST = dict(type='resnet3d', depth=50, pretrained=None, lateral=False, base_channels=8,
            conv1_kernel=(5, 7, 7), conv1_stride_t=1, pool1_stride_t=1)
# Of the connections; together with both ratios.
LINK = dict(lateral=False, lateral_type='time_conv', lateral_norm=False, fusion_kernel=5)


@MODELS.register_module()
class ResNet3dSlowFast(nn.Module):
    """Slow pathway on every ``resample_rate``-th frame, fast and narrow pathway on more.

    SlowFast (arXiv:1812.03982), section 3. Fast features reach the slow pathway behind the stem
    and the first three stages, mostly through lateral convolutions (section 3.3, time-strided
    convolution) that double the fast channels.

    Args:
        pretrained: weights of the whole, which ``init_weights`` loads: a path or an address.
        resample_rate: the slow pathway sees every so many-th frame (tau in the paper).
        speed_ratio: fast frames per slow frame (alpha).
        channel_ratio: slow channels per fast channel (1 / beta); ``base_channels`` of the pathways
            have it, rounded.
        slow_pathway: arguments of :class:`ResNet3d`, ``type='resnet3d'``, and ``lateral`` (receive
            connections), ``lateral_type`` (``'time_conv'``, ``'time_sample'``,
            ``'channel_concat'`` or ``'channel_sum'``, see
            :func:`~mmvideo.models.blocks.pathways.build_lateral`), ``fusion_kernel`` (frames of
            the lateral convolutions, 5), ``lateral_norm`` (norm and ReLU behind them),
            ``speed_ratio`` and ``channel_ratio`` (in place of the above).
        fast_pathway: the same, with ``lateral=False``.
        slow_frames: which frames the slow pathway sees: ``'strided'``, every
            ``resample_rate``-th, or ``'spread'``, as many from the first to the last, as
            PySlowFast and PyTorchVideo choose them (0, 4, 8, 13, ... of 32).
        fast_input: what the fast pathway sees: ``'rgb'``, or less (``'gray'``, ``'difference'``,
            ``'half'``), see :func:`~mmvideo.models.blocks.pathways.weaken`.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, T, H, W] -> (slow [N, C', T / resample_rate, H / 32, W / 32],
    fast [N, C' / channel_ratio, T * speed_ratio / resample_rate, H / 32, W / 32]).

    Raises:
        InputError: the pathways do not fit each other, or a kind of something that there is not.
    """
    axes = ('N', 'C', 'T', 'H', 'W')

    def __init__(self, pretrained=None, resample_rate=8, speed_ratio=8, channel_ratio=8,
                 slow_pathway=SLOW, fast_pathway=FAST, slow_frames='strided', fast_input='rgb',
                 init_cfg=None):
        super().__init__()
        if resample_rate % speed_ratio:
            raise InputError(f'ResNet3dSlowFast: resample_rate ({resample_rate}) must be a '
                             f'multiple of speed_ratio ({speed_ratio}): the fast pathway sees '
                             'every (resample_rate / speed_ratio)-th frame')
        if slow_frames not in ('strided', 'spread'):
            raise InputError("ResNet3dSlowFast: slow_frames is 'strided' or 'spread', "
                             f'not {slow_frames!r}')
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.resample_rate = resample_rate
        self.speed_ratio = speed_ratio
        self.slow_frames = slow_frames
        self.fast_input = fast_input
        slow, link = _split(slow_pathway, 'slow_pathway')
        fast, _ = _split(fast_pathway, 'fast_pathway')
        link = {**LINK, 'speed_ratio': speed_ratio, 'channel_ratio': channel_ratio, **link}
        check_kinds(link['lateral_type'], fast_input)
        if fast_input in ('gray', 'difference'):
            fast.setdefault('in_channels', 1)
        laterals = self.make_laterals(slow, fast, link) if link['lateral'] else {}
        self.is_sum = link['lateral_type'] == 'channel_sum'
        widths = [0 if self.is_sum else width for _, width in laterals.values()] or [0] * 4
        self.slow_path = ResNet3d(**slow, lateral_channels=widths)
        self.fast_path = ResNet3d(**fast)
        self.in_channels = self.slow_path.in_channels
        self.out_channels = self.slow_path.out_channels + self.fast_path.out_channels
        # Where published weights have them: in the slow pathway, behind its own layers.
        self.laterals = list(laterals)
        for name, (lateral, _) in laterals.items():
            self.slow_path.add_module(name, lateral)
        self.hold_frozen()

    @staticmethod
    def make_laterals(slow, fast, link):
        """``{name: (connection, channels)}`` in front of each slow stage."""
        wide, narrow = (_widths(path) for path in (slow, fast))
        if abs(narrow[0] * link['channel_ratio'] - wide[0]) >= link['channel_ratio']:
            raise InputError(f'ResNet3dSlowFast: {wide[0]} slow channels and a channel_ratio of '
                             f"{link['channel_ratio']} make fast_pathway.base_channels "
                             f"{wide[0] / link['channel_ratio']:g}, rounded, not {narrow[0]}")
        kind, ratio = link['lateral_type'], link['speed_ratio']
        if kind == 'channel_sum' and [ratio * n for n in narrow] != wide:
            raise InputError("ResNet3dSlowFast: lateral_type 'channel_sum' adds speed_ratio "
                             f'({ratio}) x {narrow[0]} fast channels to {wide[0]} slow ones: '
                             'speed_ratio must be channel_ratio')
        layers = {key: slow.get(key, default) for key, default in
                  (('conv_cfg', CONV3D), ('norm_cfg', NORM3D), ('act_cfg', RELU))}
        if not link['lateral_norm']:
            layers.update(norm_cfg=None, act_cfg=None)
        return {f'layer{i}_lateral' if i else 'conv1_lateral':
                build_lateral(kind, width, ratio, link['fusion_kernel'], layers)
                for i, width in enumerate(narrow)}

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
        few = (x[:, :, ::self.resample_rate] if self.slow_frames == 'strided'
               else spread_frames(x, frames // self.resample_rate))
        many = weaken(x[:, :, ::self.resample_rate // self.speed_ratio], self.fast_input)
        slow, fast = self.slow_path.stem(few), self.fast_path.stem(many)
        for i, (slow_stage, fast_stage) in enumerate(
                zip(self.slow_path.stages, self.fast_path.stages, strict=True)):
            if self.laterals:
                lateral = getattr(self.slow_path, self.laterals[i])
                slow = join(slow, lateral(fast), self.is_sum)
            slow, fast = slow_stage(slow), fast_stage(fast)
        return slow, fast


def _split(pathway, name):
    """Arguments of the network and those of its connections."""
    cfg = dict(pathway)
    kind = cfg.pop('type', 'resnet3d')
    if kind != 'resnet3d':
        raise InputError(f"ResNet3dSlowFast: {name}.type must be 'resnet3d', not {kind!r}")
    link = {k: cfg.pop(k) for k in (*LINK, 'speed_ratio', 'channel_ratio') if k in cfg}
    check_arguments(ResNet3d, cfg, f'ResNet3dSlowFast: {name}')
    return cfg, link


def _widths(path):
    """Channels at the input of each stage of a pathway, without those that join."""
    block, _ = ResNet3d.arch.get(path.get('depth'), ResNet3d.arch[50])
    base, stages = path.get('base_channels', 64), path.get('num_stages', 4)
    return [base] + [base * 2**i * block.expansion for i in range(stages - 1)]
