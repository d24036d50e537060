"""Head of networks that shift channels along time."""
from mmvideo.errors import InputError
from mmvideo.models.heads.base import CONSENSUS, BaseHead, check_consensus
from mmvideo.registry import MODELS

__all__ = ['TSMHead']


@MODELS.register_module()
class TSMHead(BaseHead):
    """Classifies every frame, then averages the scores over the frames of a clip.

    TSM (arXiv:1811.08383). Each run of ``num_segments`` inputs is a view of its own.

    Args:
        num_classes, in_channels, spatial_type, dropout_ratio, init_std: see :class:`BaseHead`.
        num_segments: frames per clip, T.
        consensus: ``AvgConsensus``.
        is_shift: whether the backbone shifts.
        temporal_pool: whether the backbone halves the frames; has an effect with ``is_shift``.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*M, C, H, W] -> [N*M / num_segments, num_classes].
    """

    def __init__(self, num_classes, in_channels, num_segments=8, spatial_type='avg',
                 consensus=CONSENSUS, dropout_ratio=0.8, init_std=0.001, is_shift=True,
                 temporal_pool=False, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)
        check_consensus(consensus)
        self.num_segments = num_segments
        self.frames = num_segments // 2 if is_shift and temporal_pool else num_segments

    def forward(self, x, num_segs=None):
        if len(x) % self.frames:
            raise InputError(f'TSMHead: {len(x)} frames in a batch do not divide into clips of '
                             f'{self.frames} (num_segments = {self.num_segments}); backbone, head '
                             'and sampler must agree')
        score = self.fc_cls(self.dropout(self.pool(x)))
        return score.reshape(-1, self.frames, self.num_classes).mean(1)
