"""Crops: a box drawn for training, fixed boxes for testing. Boxes are (x0, y0, x1, y1) in pixels.

Sizes given as a pair are (width, height). ``imgs`` stays a list; the crops of several positions
follow each other, all frames of a position in a row. With ``lazy=True`` a crop is only noted, for
:class:`~mmvideo.transforms.lazy.Fuse`.
"""
import math

import numpy as np

from mmvideo.decoders import PlanarPictures
from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.boxes import cut_boxes, move_boxes, spread_boxes
from mmvideo.transforms.draws import generator
from mmvideo.transforms.lazy import check_settled, each_once, frame_size, narrow


@TRANSFORMS.register_module()
class RandomCrop:
    """Cuts a square of fixed size at a random place, the same for all frames.

    Args:
        size: side of the square, in pixels.
        lazy: only note the crop.

    Keys:
        needed: imgs.
        added or changed: imgs, img_shape, crop_bbox, crop_quadruple (x, y, w, h as shares of the
            frame before the first crop); gt_bboxes and proposals, if there are any.
    """

    def __init__(self, size, lazy=False):
        self.lazy = lazy
        self.size = checks.count('RandomCrop', 'size', size)

    def __call__(self, results):
        height, width = frame_size(results)
        _check_fits('RandomCrop', (self.size, self.size), width, height)
        rng = generator(results)
        y = int(rng.integers(height - self.size)) if height > self.size else 0
        x = int(rng.integers(width - self.size)) if width > self.size else 0
        return _crop(results, (x, y, x + self.size, y + self.size), self.lazy)


@TRANSFORMS.register_module()
class RandomResizedCrop:
    """Cuts a box of random area and shape; a later ``Resize`` brings it to the network's size.

    Inception's crop (arXiv:1409.4842). Up to ten boxes are drawn; if none fits, the largest
    centered square is taken.

    Args:
        area_range: (low, high) of the share of the frame's area, in 0..1.
        aspect_ratio_range: (low, high) of width / height; drawn evenly on the log scale.
        lazy: only note the crop.

    Keys: as of :class:`RandomCrop`.
    """

    def __init__(self, area_range=(0.08, 1.0), aspect_ratio_range=(3 / 4, 4 / 3), lazy=False):
        self.lazy = lazy
        self.attempts = 10
        self.area_range = checks.value_range('RandomResizedCrop', 'area_range', area_range)
        if self.area_range[1] > 1:
            raise InputError('RandomResizedCrop: area_range must lie in 0..1, '
                             f'not {area_range!r}')
        self.aspect_ratio_range = checks.value_range('RandomResizedCrop', 'aspect_ratio_range',
                                                     aspect_ratio_range)

    def draw(self, width, height, rng):
        """A box for a frame of this size."""
        low, high = self.aspect_ratio_range
        aspects = np.exp(rng.uniform(math.log(low), math.log(high), size=self.attempts))
        areas = rng.uniform(*self.area_range, size=self.attempts) * (width * height)
        widths = np.round(np.sqrt(areas * aspects)).astype(np.int64)
        heights = np.round(np.sqrt(areas / aspects)).astype(np.int64)
        for w, h in zip(widths.tolist(), heights.tolist(), strict=True):
            if 0 < w <= width and 0 < h <= height:
                x = int(rng.integers(width - w + 1))
                y = int(rng.integers(height - h + 1))
                return x, y, x + w, y + h
        side = min(width, height)
        x, y = (width - side) // 2, (height - side) // 2
        return x, y, x + side, y + side

    def __call__(self, results):
        height, width = frame_size(results)
        return _crop(results, self.draw(width, height, generator(results)), self.lazy)


@TRANSFORMS.register_module()
class MultiScaleCrop:
    """Cuts a box whose sides are drawn from shares of the short side: TSN's corner cropping.

    Temporal Segment Networks (arXiv:1608.00859), section 3.2. A later ``Resize`` brings the box to
    ``input_size``.

    Args:
        input_size: what the network takes, a side or (width, height); kept for the record.
        scales: shares of the short side that width and height may have, 0..1.
        max_wh_scale_gap: how far apart in ``scales`` those of width and height may be.
        random_crop: place the box anywhere instead of at a fixed position.
        num_fixed_crops: 5 (corners and center), or 13 (with the centers of sides and quarters).
        lazy: only note the crop.

    Keys: as of :class:`RandomCrop`; added: scales.
    """

    # In quarters of the room that the crop leaves.
    POSITIONS = ((0, 0), (4, 0), (0, 4), (4, 4), (2, 2),
                 (0, 2), (4, 2), (2, 4), (2, 0), (1, 1), (3, 1), (1, 3), (3, 3))

    def __init__(self, input_size, scales=(1, ), max_wh_scale_gap=1, random_crop=False,
                 num_fixed_crops=5, lazy=False):
        owner = 'MultiScaleCrop'
        self.lazy = lazy
        self.input_size = checks.width_height(owner, 'input_size', input_size)
        if not isinstance(scales, (tuple, list)) or not scales \
                or not all(0 < s <= 1 for s in scales):
            raise InputError(f'{owner}: scales must be a list of numbers in 0..1, not {scales!r}')
        self.scales = scales
        self.max_wh_scale_gap = checks.count(owner, 'max_wh_scale_gap', max_wh_scale_gap, least=0)
        self.random_crop = random_crop
        self.num_fixed_crops = checks.one_of(owner, 'num_fixed_crops', num_fixed_crops, (5, 13))

    def sizes(self, width, height):
        """All (width, height) that a crop of a frame of this size may have."""
        sides = [int(min(width, height) * s) for s in self.scales]
        return [(w, h) for i, h in enumerate(sides) for j, w in enumerate(sides)
                if abs(i - j) <= self.max_wh_scale_gap]

    def __call__(self, results):
        height, width = frame_size(results)
        rng = generator(results)
        sizes = self.sizes(width, height)
        w, h = sizes[rng.integers(len(sizes))]
        if self.random_crop:
            x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
        else:
            across, down = self.POSITIONS[rng.integers(self.num_fixed_crops)]
            x, y = across * ((width - w) // 4), down * ((height - h) // 4)
        results['scales'] = self.scales
        return _crop(results, (x, y, x + w, y + h), self.lazy)


@TRANSFORMS.register_module()
class CenterCrop:
    """Cuts the middle out of every frame.

    Args:
        crop_size: side in pixels, or (width, height).
        lazy: only note the crop.

    Keys: as of :class:`RandomCrop`.
    """

    def __init__(self, crop_size=224, lazy=False):
        self.lazy = lazy
        self.crop_size = checks.width_height('CenterCrop', 'crop_size', crop_size)

    def __call__(self, results):
        height, width = frame_size(results)
        w, h = self.crop_size
        _check_fits('CenterCrop', self.crop_size, width, height)
        x, y = (width - w) // 2, (height - h) // 2
        return _crop(results, (x, y, x + w, y + h), self.lazy)


@TRANSFORMS.register_module()
class ThreeCrop:
    """Cuts three crops that cover the frame along its long side: left, right, middle.

    The testing protocol of SlowFast (arXiv:1812.03982), section 4: for a wide frame left, right and
    middle, for a high one top, bottom and middle.

    Args:
        crop_size: side in pixels, or (width, height); one of the two must be the frame's.
        on_device: leave the cutting to the data preprocessor. The sample then holds whole frames,
            each once however many clips share it, and a map of its views: the same views, in a
            quarter of the memory at ten clips. ``FormatShape`` must come next. imgs stays as it is,
            and view_boxes is added. Optical flow is cut at once.

    Keys:
        needed: imgs.
        added or changed: imgs (three times as many), img_shape, crop_bbox [3 * len(imgs), 4];
            gt_bboxes and proposals, if there are any: [3, k, 4], a set a crop.

    Raises:
        InputError: neither side of the crop is that of the frame.
    """

    def __init__(self, crop_size, on_device=False):
        self.crop_size = checks.width_height('ThreeCrop', 'crop_size', crop_size)
        self.on_device = on_device

    def __call__(self, results):
        check_settled('ThreeCrop', results)
        height, width = results['imgs'][0].shape[:2]
        w, h = self.crop_size
        _check_fits('ThreeCrop', self.crop_size, width, height)
        if h == height:
            step = (width - w) // 2
            corners = [(0, 0), (2 * step, 0), (step, 0)]
        elif w == width:
            step = (height - h) // 2
            corners = [(0, 0), (0, 2 * step), (0, step)]
        else:
            raise InputError(f'ThreeCrop: one side of crop_size {self.crop_size} (width, height) '
                             f'must be that of the frames, {(width, height)}; '
                             f'put Resize(scale=(-1, {min(w, h)})) before it')
        crops = [((x, y, x + w, y + h), False) for x, y in corners]
        if self.on_device and results.get('modality') != 'Flow':
            return _note_crops(results, crops)
        imgs = [_cut(img, box) for box, _ in crops for img in results['imgs']]
        return _write_crops(results, imgs, crops)


@TRANSFORMS.register_module()
class TenCrop:
    """Cuts the four corners and the center, each also mirrored (AlexNet's ten-view testing).

    Order: upper left, upper right, lower left, lower right, center; at each all frames, then all
    frames mirrored. Mirrored optical flow has its x frames inverted as in ``Flip``.

    Args:
        crop_size: side in pixels, or (width, height).
        on_device: as of :class:`ThreeCrop`.

    Keys:
        needed: imgs; modality for optical flow.
        added or changed: imgs (ten times as many), img_shape, crop_bbox [10 * len(imgs), 4];
            gt_bboxes and proposals, if there are any: [10, k, 4], a set a crop.
    """

    def __init__(self, crop_size, on_device=False):
        self.crop_size = checks.width_height('TenCrop', 'crop_size', crop_size)
        self.on_device = on_device

    def __call__(self, results):
        check_settled('TenCrop', results)
        height, width = results['imgs'][0].shape[:2]
        w, h = self.crop_size
        _check_fits('TenCrop', self.crop_size, width, height)
        across, down = (width - w) // 4, (height - h) // 4
        boxes = [(i * across, j * down, i * across + w, j * down + h)
                 for i, j in MultiScaleCrop.POSITIONS[:5]]
        crops = [(box, is_mirrored) for box in boxes for is_mirrored in (False, True)]
        if self.on_device and results.get('modality') != 'Flow':
            return _note_crops(results, crops)
        imgs = []
        for box in boxes:
            found = [_cut(img, box) for img in results['imgs']]
            mirrored = [np.ascontiguousarray(np.flip(img, 1)) for img in found]
            if results.get('modality') == 'Flow':
                mirrored[0::2] = [255 - img for img in mirrored[0::2]]
            imgs += found + mirrored
        return _write_crops(results, imgs, crops)


def _check_fits(owner, size, width, height):
    if size[0] > width or size[1] > height:
        raise InputError(f'{owner}: a crop of {size[0]}x{size[1]} (width x height) does not fit '
                         f'into frames of {width}x{height}; resize them first')


def _cut(img, box):
    x0, y0, x1, y1 = box
    return img[y0:y1, x0:x1]


def _write_crops(results, imgs, crops):
    spread_boxes(results, crops)
    results['crop_bbox'] = np.repeat([box for box, _ in crops], len(imgs) // len(crops), 0)
    results['imgs'] = imgs
    results['crop_quadruple'] = None
    results['img_shape'] = imgs[0].shape[:2]
    return results


def _note_crops(results, crops):
    """What ``_write_crops`` notes, and the boxes in place of the crops themselves."""
    spread_boxes(results, crops)
    results['crop_bbox'] = np.repeat([box for box, _ in crops], len(results['imgs']), 0)
    results['crop_quadruple'] = None
    (x0, y0, x1, y1), _ = crops[0]
    results['img_shape'] = (y1 - y0, x1 - x0)
    results['view_boxes'] = np.array([(*box, is_mirrored) for box, is_mirrored in crops])
    return results


def _crop(results, box, lazy=False):
    """Cut one box out of all frames and note which part of the first frame is left."""
    height, width = frame_size(results)
    x0, y0, x1, y1 = box
    old = results.get('crop_quadruple')
    if old is None:
        old = np.array([0, 0, 1, 1], np.float32)
    share = np.array([x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height], np.float32)
    results['crop_quadruple'] = np.concatenate([old[:2] + old[2:] * share[:2], old[2:] * share[2:]])
    if lazy:
        narrow(results, share)
    else:
        check_settled('a crop', results)
        imgs = results['imgs']
        results['imgs'] = (imgs.cut(box) if isinstance(imgs, PlanarPictures)
                           else each_once(lambda img: _cut(img, box), imgs))
    results['crop_bbox'] = np.array(box)
    results['img_shape'] = (y1 - y0, x1 - x0)
    move_boxes(results, lambda boxes: cut_boxes(boxes, box))
    return results
