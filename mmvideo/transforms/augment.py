"""Augmentation by a few drawn changes: RandAugment, AugMix, erased boxes. One draw for a clip."""
import math
import numbers

import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks, pixels
from mmvideo.transforms.draws import generator

MAX_LEVEL = 10


def _either_way(rng, value):
    return value if rng.random() < 0.5 else -value


def _enhancement(make):
    return lambda rng, strength, fill: make(1 + _either_way(rng, 0.9 * strength))


# name -> (generator, strength 0..1, color of what comes into view) -> change. The ranges are those
# of AutoAugment (arXiv:1805.09501), table 6; its translation by 150 of 331 pixels is a share here.
CHANGES = dict(
    AutoContrast=lambda rng, strength, fill: pixels.auto_contrast(),
    Equalize=lambda rng, strength, fill: pixels.equalize(),
    Rotate=lambda rng, strength, fill: pixels.rotate(_either_way(rng, 30 * strength), fill),
    Solarize=lambda rng, strength, fill: pixels.solarize(256 * (1 - strength)),
    Posterize=lambda rng, strength, fill: pixels.posterize(8 - round(4 * strength)),
    ShearX=lambda rng, strength, fill: pixels.shear(
        across=_either_way(rng, 0.3 * strength), fill=fill),
    ShearY=lambda rng, strength, fill: pixels.shear(
        down=_either_way(rng, 0.3 * strength), fill=fill),
    TranslateX=lambda rng, strength, fill: pixels.translate(
        across=_either_way(rng, 150 / 331 * strength), fill=fill),
    TranslateY=lambda rng, strength, fill: pixels.translate(
        down=_either_way(rng, 150 / 331 * strength), fill=fill),
    Identity=lambda rng, strength, fill: pixels.unchanged,
    Color=_enhancement(pixels.saturation),
    Contrast=_enhancement(pixels.contrast),
    Brightness=_enhancement(pixels.brightness),
    Sharpness=_enhancement(pixels.sharpness))
# AugMix leaves out what the benchmark of corruptions tests.
AUGMIX_CHANGES = tuple(CHANGES)[:9]


def draw_change(rng, names, strength, fill=pixels.GREY):
    """One of the changes called ``names``, at a strength of 0..1."""
    return CHANGES[names[rng.integers(len(names))]](rng, strength, fill)


def _settings(owner, name, value, known):
    """``known`` with what ``value``, a dict or None, sets differently."""
    for key in value or {}:
        if key not in known:
            raise InputError(f'{owner}: {name} has the keys {sorted(known)}, not {key!r}')
    return {**known, **(value or {})}


def _fill(owner, transform_hparas):
    """Grey levels of what comes into view, from shares of full scale."""
    settings = _settings(owner, 'transform_hparas', transform_hparas, dict(fill=(0.5, 0.5, 0.5)))
    fill = settings['fill']
    fill = [fill] * 3 if isinstance(fill, numbers.Real) else fill
    return tuple(round(255 * checks.ratio(owner, 'fill', share)) for share in fill)


def _level(owner, value):
    if not isinstance(value, numbers.Real) or not 0 <= value <= MAX_LEVEL:
        raise InputError(f'{owner}: magnitude must be a number in 0..{MAX_LEVEL}, not {value!r}')
    return value


@TRANSFORMS.register_module()
class RandAugment:
    """Makes some changes, drawn from 14 kinds, of one strength to all frames.

    RandAugment (arXiv:1909.13719), section 3, with its strength drawn anew for each change.

    Args:
        magnitude: strength, 0..10.
        num_layers: changes, one after the other.
        prob: probability with which each of them is made, 0..1.
        sampling_type: 'gaussian' draws the strength about ``magnitude``, 'uniform' from
            0..``magnitude``.
        sampling_hparas: dict; ``sampling_std`` of 'gaussian', 0.5 unless given.
        transform_hparas: dict; ``fill``: color of what comes into view, three shares of full scale.

    Keys:
        needed: imgs, RGB uint8.
        changed: imgs.
    """

    def __init__(self, magnitude=9, num_layers=2, prob=0.5, sampling_type='gaussian',
                 sampling_hparas=None, transform_hparas=None):
        owner = 'RandAugment'
        self.magnitude = _level(owner, magnitude)
        self.num_layers = checks.count(owner, 'num_layers', num_layers)
        self.prob = checks.ratio(owner, 'prob', prob)
        self.sampling_type = checks.one_of(owner, 'sampling_type', sampling_type,
                                           ('gaussian', 'uniform'))
        self.std = _settings(owner, 'sampling_hparas', sampling_hparas,
                             dict(sampling_std=0.5))['sampling_std']
        self.fill = _fill(owner, transform_hparas)

    def strength(self, rng):
        level = (rng.normal(self.magnitude, self.std) if self.sampling_type == 'gaussian'
                 else rng.uniform(0, self.magnitude))
        return float(np.clip(level / MAX_LEVEL, 0, 1))

    def __call__(self, results):
        rng = generator(results)
        changes = [draw_change(rng, tuple(CHANGES), self.strength(rng), self.fill)
                   for _ in range(self.num_layers) if rng.random() < self.prob]
        return pixels.change_frames('RandAugment', results, pixels.chain(changes), is_warp=True)


@TRANSFORMS.register_module()
class AugMix:
    """Mixes each frame with several changed copies of itself, alike for all frames.

    AugMix (arXiv:1912.02781), algorithm 1.

    Args:
        magnitude: strength, 0..10; that of each change is drawn from 0.1 to it.
        alpha: of the Dirichlet and Beta distributions that the weights are drawn from.
        width: changed copies.
        depth: changes a copy; -1 draws 1, 2 or 3.
        sampling_hparas: taken for compatibility; may be None only.
        transform_hparas: as of :class:`RandAugment`.

    Keys: as of :class:`RandAugment`.
    """

    def __init__(self, magnitude=3, alpha=1.0, width=3, depth=-1, sampling_hparas=None,
                 transform_hparas=None):
        owner = 'AugMix'
        self.magnitude = _level(owner, magnitude)
        if not isinstance(alpha, numbers.Real) or alpha <= 0:
            raise InputError(f'{owner}: alpha must be a number > 0, not {alpha!r}')
        self.alpha = alpha
        self.width = checks.count(owner, 'width', width)
        self.depth = depth if depth == -1 else checks.count(owner, 'depth', depth)
        _settings(owner, 'sampling_hparas', sampling_hparas, {})
        self.fill = _fill(owner, transform_hparas)

    def _chain(self, rng):
        depth = int(rng.integers(1, 4)) if self.depth == -1 else self.depth
        top = max(0.1, self.magnitude)
        return pixels.chain([draw_change(rng, AUGMIX_CHANGES, rng.uniform(0.1, top) / MAX_LEVEL,
                                         self.fill) for _ in range(depth)])

    def __call__(self, results):
        rng = generator(results)
        weights = rng.dirichlet([self.alpha] * self.width)
        share = rng.beta(self.alpha, self.alpha)
        chains = [self._chain(rng) for _ in range(self.width)]

        def change(img):
            mixed = (1 - share) * img.astype(np.float32)
            for weight, copy in zip(weights, chains, strict=True):
                mixed += np.float32(share * weight) * copy(img)
            return np.clip(np.round(mixed), 0, 255).astype(np.uint8)

        return pixels.change_frames('AugMix', results, change, is_warp=True)


@TRANSFORMS.register_module()
class RandomErasing:
    """Paints over a box, the same for all frames.

    Random Erasing (arXiv:1708.04896), section 3.

    Args:
        erase_prob: probability, 0..1.
        min_area_ratio, max_area_ratio: the box's share of the frame's area, 0..1.
        aspect_range: (low, high) of height / width; drawn evenly on the log scale.
        mode: 'const' paints ``fill_color``; 'rand' paints noise, another in each frame.
        fill_color: grey levels of R, G and B, 0..255.
        fill_std: 'rand' only: deviation of Gaussian noise about ``fill_color``, one number or one a
            channel; None for even noise in 0..255.

    Keys:
        needed: imgs, RGB uint8.
        changed: imgs.
    """

    def __init__(self, erase_prob=0.5, min_area_ratio=0.02, max_area_ratio=1 / 3,
                 aspect_range=(3 / 10, 10 / 3), mode='const', fill_color=(128, 128, 128),
                 fill_std=None):
        owner = 'RandomErasing'
        self.erase_prob = checks.ratio(owner, 'erase_prob', erase_prob)
        self.areas = checks.value_range(owner, '(min_area_ratio, max_area_ratio)',
                                        (min_area_ratio, max_area_ratio))
        checks.ratio(owner, 'max_area_ratio', max_area_ratio)
        if isinstance(aspect_range, numbers.Real) and aspect_range > 0:
            aspect_range = sorted((aspect_range, 1 / aspect_range))
        self.aspect_range = checks.value_range(owner, 'aspect_range', aspect_range)
        self.mode = checks.one_of(owner, 'mode', mode, ('const', 'rand'))
        self.fill_color = np.broadcast_to(fill_color, 3)
        self.fill_std = None if fill_std is None else np.broadcast_to(fill_std, 3)

    def draw(self, width, height, rng):
        """A box for a frame of this size."""
        area = rng.uniform(*self.areas) * width * height
        aspect = math.exp(rng.uniform(*np.log(self.aspect_range)))
        h = min(height, max(1, round(math.sqrt(area * aspect))))
        w = min(width, max(1, round(math.sqrt(area / aspect))))
        x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
        return x, y, x + w, y + h

    def _paint(self, rng, shape):
        if self.mode == 'const':
            return self.fill_color
        if self.fill_std is None:
            return rng.integers(256, size=shape, dtype=np.uint8)
        return np.clip(np.round(rng.normal(self.fill_color, self.fill_std, shape)), 0, 255)

    def __call__(self, results):
        pixels.check_pictures('RandomErasing', results)
        rng = generator(results)
        if rng.random() >= self.erase_prob:
            return results
        height, width = results['imgs'][0].shape[:2]
        box = x0, y0, x1, y1 = self.draw(width, height, rng)
        results['imgs'] = [pixels.fill_box(box, self._paint(rng, (y1 - y0, x1 - x0, 3)))(img)
                           for img in results['imgs']]
        return results
