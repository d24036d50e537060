"""C2D: an image network on every frame of a clip; frames meet in poolings only."""
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import ResNet
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.shift import split_clips
from mmvideo.registry import MODELS

__all__ = ['C2D']


@MODELS.register_module()
class C2D(ResNet):
    """2D ResNet over clips that halves the frames behind its first stage.

    The baseline of Non-local Neural Networks (arXiv:1711.07971, section 4.1 and table 1), with one
    pooling over time: the larger of two frames that lie next to each other. A last odd frame is
    left out. The form without it ("nopool") is :class:`ResNet` under ``Recognizer2D``.

    Args:
        depth: see :class:`ResNet`.
        pool1_padding: places that the stem's pooling adds at each border: 0 as published for this
            class (112 -> 55), 1 as in image networks and C2D of other collections (112 -> 56).
        kwargs: arguments of :class:`ResNet`.

    Shape: [N, C, T, H, W] -> [N, C', T / 2, H / 32, W / 32]; a tuple for several ``out_indices``.

    Raises:
        InputError: ``pool1_padding`` is neither 0 nor 1; a clip has one frame only.
    """
    axes = ('N', 'C', 'T', 'H', 'W')

    def __init__(self, depth, pool1_padding=0, **kwargs):
        super().__init__(depth, **kwargs)
        if pool1_padding not in (0, 1):
            raise InputError(f'C2D: pool1_padding must be 0 or 1, not {pool1_padding!r}')
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=pool1_padding)

    def forward(self, x):
        check_axes(self, x)
        frames = x.shape[2]
        if frames < 2:
            raise InputError(f'C2D: two frames become one behind the first stage, a clip of '
                             f'{frames} is too short; clip_len of the sampler must be 2 or more')
        x = self.maxpool(self.conv1(x.transpose(1, 2).flatten(0, 1)))
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i == 0:
                x, frames = larger_of_two(x, frames), frames // 2
            if i in self.out_indices:
                outs.append(split_clips(x, frames).transpose(1, 2))
        return outs[0] if len(outs) == 1 else tuple(outs)


def larger_of_two(x, frames):
    """Maximum of each two frames of clips: [N*T, C, H, W] -> [N*(T // 2), C, H, W]."""
    clips = split_clips(x, frames)
    last = frames // 2 * 2
    return torch.maximum(clips[:, :last:2], clips[:, 1:last:2]).flatten(0, 1)
