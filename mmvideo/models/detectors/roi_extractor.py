"""From features of clips to features of boxes."""
import torch
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models.blocks.roi_align import roi_align
from mmvideo.registry import MODELS

__all__ = ['SingleRoIExtractor3D']


@MODELS.register_module()
class SingleRoIExtractor3D(nn.Module):
    """RoIAlign of features over time, the same box in every frame.

    SlowFast (arXiv:1812.03982), section 5: a box at the key frame is stretched along time; features
    are joined over time before.

    Args:
        roi_layer_type: 'RoIAlign'.
        featmap_stride: pixels of the input along a side of one place.
        output_size: bins along each side.
        sampling_ratio, pool_mode, aligned: as of :func:`mmvideo.models.blocks.roi_align.roi_align`.
        with_temporal_pool: join the frames of each pathway first. Without, pathways of fewer frames
            repeat theirs.
        temporal_pool_mode: 'avg' or 'max', how frames are joined.
        with_global: add the mean over each part of the whole frame, as many channels again.

    Shape: [N, C, T, H, W], or a tuple of pathways; boxes [K, 5] -> ([K, C', T', bins, bins],
    [N, C, T', H, W], joined over time and pathways).
    """

    def __init__(self, roi_layer_type='RoIAlign', featmap_stride=16, output_size=16,
                 sampling_ratio=0, pool_mode='avg', aligned=True, with_temporal_pool=True,
                 temporal_pool_mode='avg', with_global=False):
        super().__init__()
        for name, value, known in (('roi_layer_type', roi_layer_type, ('RoIAlign',)),
                                   ('pool_mode', pool_mode, ('avg', 'max')),
                                   ('temporal_pool_mode', temporal_pool_mode, ('avg', 'max'))):
            if value not in known:
                raise InputError(f'SingleRoIExtractor3D.{name}: {" or ".join(map(repr, known))}, '
                                 f'not {value!r}')
        self.featmap_stride = featmap_stride
        self.output_size = output_size
        self.options = dict(sampling_ratio=sampling_ratio, pool_mode=pool_mode, aligned=aligned)
        self.with_temporal_pool = with_temporal_pool
        self.temporal_pool_mode = temporal_pool_mode
        self.with_global = with_global

    def joined(self, feats):
        """Pathways side by side, [N, C, T', H, W]."""
        feats = (feats,) if torch.is_tensor(feats) else tuple(feats)
        if self.with_temporal_pool:
            feats = [f.mean(2, keepdim=True) if self.temporal_pool_mode == 'avg'
                     else f.amax(2, keepdim=True) for f in feats]
        elif len(feats) > 1:
            frames = max(f.shape[2] for f in feats)
            feats = [F.interpolate(f, (frames, *f.shape[3:])) for f in feats]
        return torch.cat(feats, 1) if len(feats) > 1 else feats[0]

    def forward(self, feats, rois):
        feature = self.joined(feats)
        images, channels, frames, height, width = feature.shape
        # The same boxes in all frames: frames are more channels.
        flat = feature.reshape(images, channels * frames, height, width)
        pooled = roi_align(flat, rois, self.output_size, 1 / self.featmap_stride, **self.options)
        if self.with_global:
            whole = F.adaptive_avg_pool2d(flat, self.output_size)[rois[:, 0].long()]
            pooled = torch.cat([part.unflatten(1, (channels, frames)) for part in (pooled, whole)],
                               1)
        else:
            pooled = pooled.unflatten(1, (channels, frames))
        return pooled, feature
