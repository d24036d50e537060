"""ResNet with temporal adaptive modules (TANet, arXiv:2005.06803)."""
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import ResNet, recompute
from mmvideo.models.blocks.tam import TemporalAdaptiveModule
from mmvideo.registry import MODELS

__all__ = ['TABlock', 'TANet']

NO_CFG = {}


class TABlock(nn.Module):
    """A residual block with a temporal adaptive module behind its first convolution.

    TANet (arXiv:2005.06803), section 3.3.

    Args:
        block: block of a 2D ResNet; its weights get the key ``<place>.block.*``, those of the
            module ``<place>.tam.*``.
        num_segments: frames per clip, T.
        tam_cfg: further arguments of :class:`TemporalAdaptiveModule`.

    Shape: [N*T, C, H, W] -> [N*T, C', H', W'], as ``block`` has it.
    """

    def __init__(self, block, num_segments, tam_cfg):
        super().__init__()
        self.block = block
        self.out_channels = block.out_channels
        self.tam = TemporalAdaptiveModule(block.conv1.out_channels, num_segments, **tam_cfg)

    def _residual(self, x):
        block = self.block
        out = block.conv2(self.tam(block.conv1(x)))
        if hasattr(block, 'conv3'):
            out = block.conv3(out)
        return out + (x if block.downsample is None else block.downsample(x))

    def forward(self, x):
        spare = self.block.with_cp
        return self.block.relu(recompute(self._residual, x) if spare else self._residual(x))


@MODELS.register_module()
class TANet(ResNet):
    """The 2D ResNet whose blocks filter along time with kernels made from the clip.

    TANet (arXiv:2005.06803): every block has a temporal adaptive module.

    Args:
        depth: see :class:`ResNet`.
        num_segments: frames per clip, T; at least 3.
        tam_cfg: arguments of :class:`~mmvideo.models.blocks.tam.TemporalAdaptiveModule`.
        kwargs: arguments of :class:`ResNet`.

    Shape: [N*T, C, H, W] -> [N*T, C', H / 32, W / 32].
    """

    def __init__(self, depth, num_segments, tam_cfg=NO_CFG, **kwargs):
        super().__init__(depth, **kwargs)
        if num_segments < 3:
            raise InputError('TANet: num_segments must be at least 3 (a frame and its neighbors), '
                             f'not {num_segments}')
        self.num_segments = num_segments
        for stage in self.stages:
            for j, block in enumerate(stage):
                stage[j] = TABlock(block, num_segments, tam_cfg)
        self.hold_frozen()
