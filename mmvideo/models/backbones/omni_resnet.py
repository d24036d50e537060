"""One residual network for images and clips."""
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnext import PlainBottleneck
from mmvideo.models.blocks.freeze import freeze, stages_of, train_but_frozen
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['OmniResNet']


class OmniConv(nn.Conv3d):
    """A 3D convolution that serves images too, with the sum of its kernel over the frames.

    That is what it computes inside a still video: inflation (I3D, arXiv:1705.07750, section 2.4)
    the other way round.

    Args: as ``torch.nn.Conv3d``; without bias and with sizes as tuples (time, height, width).

    Shape: [N, C, T, H, W] -> [N, C', T', H', W'], or [N, C, H, W] -> [N, C', H', W'].
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        super().__init__(in_channels, out_channels, kernel_size, stride=(1, stride, stride),
                         padding=tuple(k // 2 for k in kernel_size), bias=False)

    def forward(self, x):
        if x.dim() == 5:
            return super().forward(x)
        return F.conv2d(x, self.weight.sum(2), stride=self.stride[1:], padding=self.padding[1:])


class OmniNorm(nn.BatchNorm3d):
    """Batch norm over clips or images; one set of statistics for both.

    Args: as ``torch.nn.BatchNorm3d``.

    Shape: [N, C, T, H, W] or [N, C, H, W] -> the same.
    """

    def forward(self, x):
        return super().forward(x) if x.dim() == 5 else super().forward(x[:, :, None]).squeeze(2)


class OmniBottleneck(PlainBottleneck):
    """A bottleneck whose first convolution may cover three frames.

    Args:
        in_channels: channels of the input.
        channels: channels of the 1x3x3 convolution; the output has four times as many.
        stride: spatial, of the 1x3x3 convolution and the shortcut.
        frames: of the first convolution's kernel, 1 or 3.
        shortcut: a convolution stands beside the block.
        with_cp: recompute the block in the backward pass to save memory.

    Shape: [N, C, T, H, W] -> [N, 4 * channels, T, H / stride, W / stride], or without T.
    """

    def __init__(self, in_channels, channels, stride, frames, shortcut, with_cp=False):
        super().__init__()
        self.with_cp = with_cp
        self.out_channels = 4 * channels
        self.conv1 = OmniConv(in_channels, channels, (frames, 1, 1))
        self.conv2 = OmniConv(channels, channels, (1, 3, 3), stride)
        self.conv3 = OmniConv(channels, self.out_channels, (1, 1, 1))
        self.bn1 = OmniNorm(channels)
        self.bn2 = OmniNorm(channels)
        self.bn3 = OmniNorm(self.out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(
            OmniConv(in_channels, self.out_channels, (1, 1, 1), stride),
            OmniNorm(self.out_channels)) if shortcut else None


@MODELS.register_module()
class OmniResNet(nn.Module):
    """SlowOnly that takes images as well, so that one network learns from both.

    The network is SlowOnly (SlowFast, arXiv:1812.03982): the last two stages see three frames at
    a time, no stage drops any. An image gives what the middle of a still video of it gives.
    Training on web images beside videos: OmniSource (arXiv:2003.13042).

    Args:
        layers: blocks of each of the four stages; (3, 4, 6, 3) is ResNet-50.
        pretrain_2d: weights of an image network that ``init_weights`` loads, inflated: a path, an
            address, or ``torchvision://resnet50``.
        pretrained: the same, for weights of either kind.
        in_channels: 3 for RGB.
        base_channels: width of the stem; the output has 32 times as many.
        frozen_stages: 0 freezes the stem, k also the first k stages, -1 nothing.
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory.
        init_cfg: 1.x notation of ``pretrained``.

    Shape: [N, C, T, H, W] -> [N, C', T, H / 32, W / 32]; an image batch [N, C, H, W] ->
    [N, C', H / 32, W / 32].
    """
    axes = ('N', 'C', 'T', 'H', 'W')

    def __init__(self, layers=(3, 4, 6, 3), pretrain_2d=None, pretrained=None, in_channels=3,
                 base_channels=64, frozen_stages=-1, norm_eval=False, with_cp=False,
                 init_cfg=None):
        super().__init__()
        if len(layers) != 4 or min(layers) < 1:
            raise InputError(f'OmniResNet: layers has the blocks of four stages, not {layers!r}')
        if not -1 <= frozen_stages <= 4:
            raise InputError('OmniResNet: frozen_stages must be -1 (none) to 4, '
                             f'not {frozen_stages}')
        self.pretrained = pretrained or pretrain_2d
        self.init_cfg = init_cfg
        self.in_channels = in_channels
        self.num_stages = 4
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.conv1 = OmniConv(in_channels, base_channels, (1, 7, 7), 2)
        self.bn1 = OmniNorm(base_channels)
        self.relu = nn.ReLU(inplace=True)
        width = base_channels
        for i, count in enumerate(layers):
            blocks = []
            for j in range(count):
                blocks.append(OmniBottleneck(
                    width, base_channels * 2**i, 2 if i > 0 and j == 0 else 1,
                    frames=3 if i > 1 else 1, shortcut=j == 0, with_cp=with_cp))
                width = blocks[-1].out_channels
            self.add_module(f'layer{i + 1}', nn.Sequential(*blocks))
        self.out_channels = width
        self.hold_frozen()

    stages = property(stages_of)

    def init_weights(self):
        init_backbone(self, self.pretrained, self.init_cfg, inflate=True)

    def hold_frozen(self):
        """Freeze what the arguments name."""
        parts = []
        if self.frozen_stages >= 0:
            parts = [self.conv1, self.bn1, *self.stages[:self.frozen_stages]]
        freeze(self, parts, norm_eval=self.norm_eval)

    train = train_but_frozen

    def forward(self, x):
        if x.dim() not in (4, 5) or x.shape[1] != self.in_channels:
            raise InputError(f'OmniResNet: the input has the axes [{", ".join(self.axes)}] (clips) '
                             f'or [N, C, H, W] (images) with C = {self.in_channels}, this one has '
                             f'the shape {tuple(x.shape)}')
        x = self.relu(self.bn1(self.conv1(x)))
        if x.dim() == 4:
            x = F.max_pool2d(x, 3, 2, 1)
        else:
            x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        for stage in self.stages:
            x = stage(x)
        return x
