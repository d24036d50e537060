"""Features of boxes of any size on a grid of one size."""
import functools

import torch

from mmvideo.errors import InputError

__all__ = ['own_roi_align', 'roi_align']

# From mmcv.ops or torchvision, where one is installed whose compiled part fits.
NOT_USABLE = (ImportError, RuntimeError, OSError, AttributeError)


def roi_align(feature, rois, output_size, spatial_scale=1.0, sampling_ratio=0, aligned=True,
              pool_mode='avg'):
    """RoIAlign (Mask R-CNN, arXiv:1703.06870, section 3).

    A box is cut into bins; a bin is the mean (or the maximum) of features at points spread evenly
    in it, read between their four neighbors. mmcv.ops or torchvision work it out where installed,
    :func:`own_roi_align` elsewhere.

    Args:
        feature: [N, C, H, W].
        rois: [K, 5], number in the batch and box (x0, y0, x1, y1) in pixels of the input.
        output_size: bins (along height, along width), or one number.
        spatial_scale: pixels of the input to places of the feature.
        sampling_ratio: points in a bin along each side; 0 for one a place of the feature.
        aligned: places are the middles of pixels; False as before this was mended, with boxes of
            one place at least.
        pool_mode: 'avg' or 'max'.

    Returns:
        Tensor: [K, C, bins, bins].
    """
    if pool_mode not in ('avg', 'max'):
        raise InputError(f"roi_align: pool_mode: 'avg' or 'max', not {pool_mode!r}")
    size = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    name, function = _library()
    if name == 'mmcv':
        return function(feature, rois.to(feature.dtype), size, spatial_scale, sampling_ratio,
                        pool_mode, aligned)
    if name == 'torchvision' and pool_mode == 'avg':
        return function(feature, rois.to(feature.dtype), size, spatial_scale, sampling_ratio,
                        aligned)
    return own_roi_align(feature, rois, size, spatial_scale, sampling_ratio, aligned, pool_mode)


@functools.cache
def _library():
    """(name, function) of the fastest that is there; ('', None) for none."""
    try:
        from mmcv.ops import roi_align as function
        return 'mmcv', function
    except NOT_USABLE:
        pass
    try:
        from torchvision.ops import roi_align as function
        return 'torchvision', function
    except NOT_USABLE:
        return '', None


def own_roi_align(feature, rois, output_size, spatial_scale=1.0, sampling_ratio=0, aligned=True,
                  pool_mode='avg'):
    """RoIAlign as products of matrices.

    What a point takes of its four neighbors is a share along the height times one along the width.
    So the mean over the points of a bin is ``rows @ feature @ columns``, with a matrix of shares
    along each side; only the maximum needs the points themselves.

    Args, Returns: as of :func:`roi_align`. Boxes get no gradients.
    """
    bins = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    with torch.autocast(feature.device.type, enabled=False):
        boxes = rois[:, 1:].detach().float() * spatial_scale - (0.5 if aligned else 0)
        extents = boxes[:, 2:] - boxes[:, :2]
        if not aligned:
            extents = extents.clamp(min=1)
        # Along the height, then along the width.
        sides = [_shares(boxes[:, axis], extents[:, axis], bins[1 - axis], sampling_ratio,
                         feature.shape[3 - axis]) for axis in (1, 0)]
        pooled = feature.new_zeros((len(rois), feature.shape[1], *bins), dtype=torch.float32)
        index = rois[:, 0].long()
        pool = _mean if pool_mode == 'avg' else _maximum
        for place, image in enumerate(feature):
            own = torch.nonzero(index == place)[:, 0]
            if len(own):
                found = pool(image.float(), *((share[own], count[own]) for share, count in sides))
                pooled = pooled.index_copy(0, own, found)
    return pooled.to(feature.dtype)


def _shares(start, extent, bins, sampling_ratio, length):
    """What each point takes of each place along one side.

    Returns:
        tuple: [K, bins, points, length], 0 for points that do not count; points of a bin [K].
    """
    if sampling_ratio > 0:
        count = torch.full_like(start, sampling_ratio)
    else:
        count = torch.ceil(extent / bins).clamp(min=0)
    most = int(count.max()) if len(count) else 0
    steps = torch.arange(most, device=start.device)
    numbers = torch.arange(bins, device=start.device)
    middles = (steps + 0.5) / count.clamp(min=1)[:, None]
    point = start[:, None, None] + (extent / bins)[:, None, None] * (numbers[:, None]
                                                                    + middles[:, None, :])
    counts = (steps < count[:, None])[:, None] & (point >= -1) & (point <= length)
    places = torch.arange(length, device=start.device)
    distance = (point.clamp(0, length - 1)[..., None] - places).abs()
    return (1 - distance).clamp(min=0) * counts[..., None], count


def _mean(image, rows, columns):
    """[C, H, W] -> [k, C, bins, bins]."""
    down, across = (share.sum(2) / count.clamp(min=1)[:, None, None]
                    for share, count in (rows, columns))
    channels, height, width = image.shape
    bins = down.shape[1]
    lines = down.flatten(0, 1) @ image.transpose(0, 1).reshape(height, channels * width)
    lines = lines.view(-1, bins * channels, width) @ across.transpose(1, 2)
    return lines.view(-1, bins, channels, across.shape[1]).transpose(1, 2)


def _maximum(image, rows, columns):
    """The same for the largest value of the points of a bin; a bin without points gives 0."""
    (down, down_count), (across, across_count) = rows, columns
    points = torch.einsum('kpsh,chw,kqtw->kcpsqt', down, image, across)
    inside = [torch.arange(share.shape[2], device=image.device) < count[:, None]
              for share, count in (rows, columns)]
    inside = inside[0][:, None, None, :, None, None] & inside[1][:, None, None, None, None, :]
    if 0 in points.shape:
        return image.new_zeros(len(down), len(image), down.shape[1], across.shape[1])
    best = points.masked_fill(~inside, -torch.inf).amax((3, 5))
    return best.masked_fill(((down_count * across_count) == 0)[:, None, None, None], 0)
