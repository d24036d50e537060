"""ResNet with temporal shift (TSM, arXiv:1811.08383)."""
from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import ResNet
from mmvideo.models.blocks.non_local import ClipNonLocal, per_block
from mmvideo.models.blocks.shift import TemporalPool, TemporalShift
from mmvideo.registry import MODELS

__all__ = ['ResNetTSM']

NO_CFG = {}


@MODELS.register_module()
class ResNetTSM(ResNet):
    """The 2D ResNet whose blocks see the neighboring frames.

    TSM (arXiv:1811.08383). Networks with 23 or more blocks in the third stage (R101, R152) shift in
    every second block, the others in every block.

    Args:
        depth: see :class:`ResNet`.
        num_segments: frames per clip, T.
        is_shift: False leaves the plain ResNet.
        non_local: per stage or per block, whether attention over the clip follows the block.
        non_local_cfg: see :func:`~mmvideo.models.blocks.non_local.build_non_local`.
        shift_div: one ``1/shift_div`` of the channels moves each way.
        shift_place: ``'blockres'`` shifts inside the residual branch (the paper's choice, section
            3.2), ``'block'`` in front of the whole block.
        temporal_pool: halve the frames before the second stage.
        pretrained2d: accepted for 1.x configs; 2D weights fit as they are.
        causal: ``'first'`` or ``'second'``: nothing comes from the next frame, see
            :class:`~mmvideo.models.blocks.shift.TemporalShift`.
        kwargs: arguments of :class:`ResNet`.

    Shape: [N*T, C, H, W] -> [N*T, C', H / 32, W / 32], N*T/2 frames with ``temporal_pool``.
    """

    def __init__(self, depth, num_segments=8, is_shift=True, non_local=(0, 0, 0, 0),
                 non_local_cfg=NO_CFG, shift_div=8, shift_place='blockres', temporal_pool=False,
                 pretrained2d=True, causal=None, **kwargs):
        super().__init__(depth, **kwargs)
        if shift_place not in ('block', 'blockres'):
            raise InputError(f"ResNetTSM: shift_place must be 'block' or 'blockres', "
                             f'not {shift_place!r}')
        if temporal_pool and num_segments % 2:
            raise InputError(f'ResNetTSM: temporal_pool halves the frames of a clip, '
                             f'num_segments = {num_segments} is odd')
        self.num_segments = num_segments
        self.temporal_pool = temporal_pool
        self.pretrained2d = pretrained2d
        attended = per_block(non_local, self.stage_blocks, 'non_local')
        step = 2 if len(self.stage_blocks) > 2 and self.stage_blocks[2] >= 23 else 1
        for i, stage in enumerate(self.stages):
            frames = num_segments // 2 if temporal_pool and i > 0 else num_segments
            for j, block in enumerate(stage):
                if is_shift and j % step == 0:
                    if shift_place == 'block':
                        stage[j] = TemporalShift(block, frames, shift_div, causal)
                    else:
                        block.conv1.conv = TemporalShift(block.conv1.conv, frames, shift_div,
                                                         causal)
                if attended[i][j]:
                    stage[j] = ClipNonLocal(stage[j], block.out_channels, frames, non_local_cfg)
        if temporal_pool and self.num_stages > 1:
            self.layer2 = TemporalPool(self.layer2, num_segments)
        self.hold_frozen()
