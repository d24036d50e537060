"""Size and mirroring of frames. Crops are in :mod:`mmvideo.transforms.crops`.

Every transform here keeps ``imgs`` a list of frames, [H, W, C] for pictures and [H, W] for one
direction of optical flow, in the dtype they came in.
"""
import math
import numbers

import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.draws import generator

INTERPOLATIONS = ('nearest', 'bilinear', 'bicubic', 'area', 'lanczos')


@TRANSFORMS.register_module()
class Resize:
    """Resizes every frame.

    Args:
        scale: with ``keep_ratio``, the box (in any order) that the frame is fitted into; (-1, s)
            makes the short side s; one number is a factor. Without, (width, height).
        keep_ratio: keep the aspect ratio.
        interpolation: 'bilinear', 'nearest', 'bicubic', 'area' or 'lanczos'.

    Keys:
        needed: imgs.
        added or changed: imgs, img_shape (h, w), keep_ratio, scale_factor (w, h), the product of
            all resizings so far.
    """

    def __init__(self, scale, keep_ratio=True, interpolation='bilinear'):
        self.keep_ratio = keep_ratio
        self.interpolation = checks.one_of('Resize', 'interpolation', interpolation,
                                           INTERPOLATIONS)
        self.scale = self._checked(scale)

    def _checked(self, scale):
        if isinstance(scale, numbers.Real) and scale > 0 and self.keep_ratio:
            return float(scale)
        if isinstance(scale, (tuple, list)) and len(scale) == 2:
            if self.keep_ratio:
                short, long = sorted(scale)
                if short == -1:
                    short, long = long, math.inf
                if short > 0:
                    return short, long
            elif all(isinstance(s, numbers.Integral) and s > 0 for s in scale):
                return tuple(scale)
        raise InputError(f'Resize: scale must be a positive factor or a pair of positive sizes, '
                         f'one of which may be -1 (factor and -1 only with keep_ratio), '
                         f'not {scale!r}')

    def target_size(self, width, height):
        """(width, height) of what comes out for a frame of this size."""
        if not self.keep_ratio:
            return self.scale
        if isinstance(self.scale, float):
            factor = self.scale
        else:
            short, long = self.scale
            factor = min(long / max(width, height), short / min(width, height))
        return max(1, int(width * factor + 0.5)), max(1, int(height * factor + 0.5))

    def __call__(self, results):
        height, width = results['imgs'][0].shape[:2]
        size = self.target_size(width, height)
        results['keep_ratio'] = self.keep_ratio
        return _resize(results, size, self.interpolation)


@TRANSFORMS.register_module()
class RandomRescale:
    """Resizes the frames so that the short side is a draw from a closed range.

    The scale jitter of VGG (arXiv:1409.1556) and of the non-local recipes.

    Args:
        scale_range: (low, high) of the short side, in pixels, both included.
        interpolation: as of :class:`Resize`.

    Keys:
        needed: imgs.
        added or changed: imgs, img_shape, keep_ratio, scale_factor, short_edge.
    """

    def __init__(self, scale_range, interpolation='bilinear'):
        self.scale_range = checks.value_range('RandomRescale', 'scale_range', scale_range)
        for side in self.scale_range:
            checks.count('RandomRescale', 'scale_range', side)
        self.interpolation = checks.one_of('RandomRescale', 'interpolation', interpolation,
                                           INTERPOLATIONS)

    def __call__(self, results):
        low, high = self.scale_range
        short = int(generator(results).integers(low, high + 1))
        height, width = results['imgs'][0].shape[:2]
        size = Resize((-1, short)).target_size(width, height)
        results['short_edge'] = short
        results['keep_ratio'] = True
        return _resize(results, size, self.interpolation)


@TRANSFORMS.register_module()
class Flip:
    """Mirrors all frames of the sample, with one draw for all of them.

    Mirrored optical flow runs the other way: its x frames (those at even places) become 255 - x.

    Args:
        flip_ratio: probability, 0..1.
        direction: 'horizontal', or 'vertical' (pictures only).
        flip_label_map: label -> label of the mirrored action ("from left to right" and its
            opposite). Multi-hot labels are permuted.

    Keys:
        needed: imgs, modality ('Flow' or other); label if flip_label_map is given.
        added or changed: imgs, label, flip (whether it was done), flip_direction.
    """

    def __init__(self, flip_ratio=0.5, direction='horizontal', flip_label_map=None):
        self.flip_ratio = checks.ratio('Flip', 'flip_ratio', flip_ratio)
        self.direction = checks.one_of('Flip', 'direction', direction, ('horizontal', 'vertical'))
        # Keys of a map that came through JSON or the command line are strings.
        self.flip_label_map = {int(k): int(v) for k, v in (flip_label_map or {}).items()}

    def __call__(self, results):
        is_flow = results.get('modality') == 'Flow'
        if is_flow and self.direction == 'vertical':
            raise InputError("Flip: direction='vertical' is not defined for optical flow")
        is_flipped = bool(generator(results).random() < self.flip_ratio)
        results['flip'] = is_flipped
        results['flip_direction'] = self.direction
        if not is_flipped:
            return results
        axis = 1 if self.direction == 'horizontal' else 0
        flipped = [np.ascontiguousarray(np.flip(img, axis)) for img in results['imgs']]
        if is_flow:
            flipped[0::2] = [255 - img for img in flipped[0::2]]
        results['imgs'] = flipped
        if self.flip_label_map:
            results['label'] = self._mirrored(results['label'])
        return results

    def _mirrored(self, label):
        if np.ndim(label) == 0:
            return self.flip_label_map.get(int(label), label)
        mirrored = label.clone() if hasattr(label, 'clone') else np.array(label)
        for source, target in self.flip_label_map.items():
            mirrored[target] = label[source]
        return mirrored


def _resize(results, size, interpolation):
    """Resize all frames to ``size`` (width, height) and note what was done."""
    import mmcv
    height, width = results['imgs'][0].shape[:2]
    if (width, height) != size:
        results['imgs'] = [mmcv.imresize(img, size, interpolation=interpolation)
                           for img in results['imgs']]
    factor = np.array([size[0] / width, size[1] / height], np.float32)
    results['scale_factor'] = results.get('scale_factor', np.float32(1)) * factor
    results['img_shape'] = (size[1], size[0])
    return results
