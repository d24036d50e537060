"""Size and mirroring of frames. Crops are in :mod:`mmvideo.transforms.crops`.

Every transform here keeps ``imgs`` a list of frames, [H, W, C] for pictures and [H, W] for one
direction of optical flow, in the dtype they came in. With ``lazy=True`` a step is only noted, for
:class:`~mmvideo.transforms.lazy.Fuse`. ``gt_bboxes`` and ``proposals`` [k, >= 4], in pixels, follow
the frames where a sample has them.
"""
import math
import numbers

import numpy as np

from mmvideo.decoders import PlanarPictures
from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.boxes import move_boxes
from mmvideo.transforms.draws import generator
from mmvideo.transforms.lazy import check_settled, each_once, frame_size, mirrored, notes

INTERPOLATIONS = ('nearest', 'bilinear', 'bicubic', 'area', 'lanczos')


@TRANSFORMS.register_module()
class Resize:
    """Resizes every frame.

    Args:
        scale: with ``keep_ratio``, the box (in any order) that the frame is fitted into; (-1, s)
            makes the short side s; one number is a factor. Without, (width, height).
        keep_ratio: keep the aspect ratio.
        interpolation: 'bilinear', 'nearest', 'bicubic', 'area' or 'lanczos'.
        lazy: only note the new size.

    Keys:
        needed: imgs.
        added or changed: imgs, img_shape (h, w), keep_ratio, scale_factor (w, h), the product of
            all resizings so far.
    """

    def __init__(self, scale, keep_ratio=True, interpolation='bilinear', lazy=False):
        self.lazy = lazy
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
        height, width = frame_size(results)
        size = self.target_size(width, height)
        results['keep_ratio'] = self.keep_ratio
        return _resize(results, size, self.interpolation, self.lazy)


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
        height, width = frame_size(results)
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
        left_kp, right_kp: numbers of the joints of the left side of a body, and of their
            counterparts on the right.
        lazy: only note the flip, and change the label. No lazy step may follow.

    Keys:
        needed: imgs, modality ('Flow' or other); label if flip_label_map is given.
        added or changed: imgs, label, flip (whether it was done), flip_direction; gt_bboxes,
            proposals, and in horizontal flips keypoint [M, T, V, C] in pixels (an x of 0 is that
            of a joint nobody saw, and stays) and keypoint_score [M, T, V], if there are any.
    """

    def __init__(self, flip_ratio=0.5, direction='horizontal', flip_label_map=None, left_kp=None,
                 right_kp=None, lazy=False):
        self.lazy = lazy
        self.left_kp, self.right_kp = list(left_kp or ()), list(right_kp or ())
        if len(self.left_kp) != len(self.right_kp):
            raise InputError(f'Flip: {len(self.left_kp)} joints in left_kp, {len(self.right_kp)} '
                             'in right_kp; each needs its counterpart')
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
        if self.lazy:
            notes(results)['flip'] = self.direction if is_flipped else None
        else:
            check_settled('Flip', results)
        if not is_flipped:
            return results
        if not self.lazy:
            results['imgs'] = mirrored(results['imgs'], self.direction, is_flow)
        move_boxes(results, lambda boxes: self._mirrored_boxes(boxes, frame_size(results)))
        if self.direction == 'horizontal' and results.get('keypoint') is not None:
            self._mirror_joints(results, frame_size(results)[1])
        if self.flip_label_map:
            results['label'] = self._mirrored_label(results['label'])
        return results

    def _mirror_joints(self, results, width):
        joints = np.array(results['keypoint'])
        x = joints[..., 0]
        x[x != 0] = width - x[x != 0]
        order = np.arange(joints.shape[2])
        order[self.left_kp + self.right_kp] = self.right_kp + self.left_kp
        results['keypoint'] = joints[:, :, order]
        if results.get('keypoint_score') is not None:
            results['keypoint_score'] = np.asarray(results['keypoint_score'])[:, :, order]

    def _mirrored_boxes(self, boxes, size):
        place = 0 if self.direction == 'horizontal' else 1
        boxes[:, [place, place + 2]] = size[1 - place] - boxes[:, [place + 2, place]]
        return boxes

    def _mirrored_label(self, label):
        if np.ndim(label) == 0:
            return self.flip_label_map.get(int(label), label)
        mirrored = label.clone() if hasattr(label, 'clone') else np.array(label)
        for source, target in self.flip_label_map.items():
            mirrored[target] = label[source]
        return mirrored


def _resized(imgs, size, interpolation):
    """Frames in another size, each once; they share one piece of memory, which costs less."""
    import mmcv
    if isinstance(imgs, PlanarPictures):
        return imgs.resized(size, mmcv.image.geometric.cv2_interp_codes[interpolation])
    imgs = list(imgs)
    room = iter(np.empty((len({id(img) for img in imgs}), size[1], size[0], *imgs[0].shape[2:]),
                         imgs[0].dtype))
    return each_once(lambda img: mmcv.imresize(img, size, interpolation=interpolation,
                                               out=next(room)), imgs)


def _resize(results, size, interpolation, lazy=False):
    """Resize all frames to ``size`` (width, height) and note what was done."""
    height, width = frame_size(results)
    if lazy:
        notes(results)['interpolation'] = interpolation
    else:
        check_settled('Resize', results)
        if (width, height) != size:
            results['imgs'] = _resized(results['imgs'], size, interpolation)
    factor = np.array([size[0] / width, size[1] / height], np.float32)
    results['scale_factor'] = results.get('scale_factor', np.float32(1)) * factor
    results['img_shape'] = (size[1], size[0])
    move_boxes(results, lambda boxes: boxes * np.tile(factor, 2))
    return results
