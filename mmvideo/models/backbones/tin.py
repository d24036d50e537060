"""ResNet with temporal interlacing (TIN, arXiv:2001.06499)."""
from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import ResNet
from mmvideo.models.blocks.interlace import Interlaced, TemporalInterlace
from mmvideo.models.blocks.non_local import ClipNonLocal, per_block
from mmvideo.registry import MODELS

__all__ = ['ResNetTIN']

NO_CFG = {}


@MODELS.register_module()
class ResNetTIN(ResNet):
    """The 2D ResNet whose blocks move channels along time by as much as they have learned.

    TIN (arXiv:2001.06499), section 3: interlacing comes in front of the first convolution of every
    block, at every depth.

    Args:
        depth: see :class:`ResNet`.
        num_segments: frames per clip, T.
        is_tin: False leaves the plain ResNet.
        shift_div: one ``1/shift_div`` of the channels moves, half of it each way.
        non_local: per stage or per block, whether attention over the clip follows the block.
        non_local_cfg: see :func:`~mmvideo.models.blocks.non_local.build_non_local`.
        is_shift, shift_place: accepted for configs made from those of TSM; interlacing takes the
            place of the shift.
        temporal_pool: must be False; the frames of a clip are kept.
        pretrained2d: accepted for 1.x configs; 2D weights fit as they are.
        kwargs: arguments of :class:`ResNet`.

    Shape: [N*T, C, H, W] -> [N*T, C', H / 32, W / 32].
    """

    def __init__(self, depth, num_segments=8, is_tin=True, shift_div=4, non_local=(0, 0, 0, 0),
                 non_local_cfg=NO_CFG, is_shift=True, shift_place='blockres', temporal_pool=False,
                 pretrained2d=True, **kwargs):
        super().__init__(depth, **kwargs)
        if temporal_pool:
            raise InputError('ResNetTIN: temporal_pool must be False; ResNetTSM halves the frames')
        self.num_segments = num_segments
        self.pretrained2d = pretrained2d
        attended = per_block(non_local, self.stage_blocks, 'non_local')
        for i, stage in enumerate(self.stages):
            for j, block in enumerate(stage):
                if is_tin:
                    conv = block.conv1.conv
                    interlace = TemporalInterlace(conv.in_channels, num_segments, shift_div)
                    block.conv1.conv = Interlaced(interlace, conv)
                if attended[i][j]:
                    stage[j] = ClipNonLocal(block, block.out_channels, num_segments, non_local_cfg)
        self.hold_frozen()
