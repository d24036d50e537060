"""``Imgaug``: what configs asked of the imgaug library, which is no longer maintained.

Written from its documented names and arguments; one draw serves all frames of a clip. A value may
be a number, or (low, high) to draw from evenly.
"""
import math
import numbers

import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS, check_arguments, nearest
from mmvideo.transforms import pixels
from mmvideo.transforms.augment import CHANGES, draw_change
from mmvideo.transforms.draws import generator


def _drawn(rng, value):
    return float(rng.uniform(*value)) if isinstance(value, (tuple, list)) else float(value)


def _value(name, value, low=-math.inf, high=math.inf):
    """Return ``value``, a number or a pair (low, high), if it is within bounds."""
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(isinstance(v, numbers.Real) and not isinstance(v, bool)
                                 for v in pair) or not low <= pair[0] <= pair[1] <= high:
        raise InputError(f'{name} must be a number or (low, high) within {low}..{high}, '
                         f'not {value!r}')
    return value


def _when(name, p, make):
    """A change that is made with probability ``p``."""
    _value(name, p, 0, 1)
    return lambda rng, shape: make() if rng.random() < _drawn(rng, p) else pixels.unchanged


def _by(name, value, make, low=-math.inf, high=math.inf):
    """A change with one drawn number."""
    _value(name, value, low, high)
    return lambda rng, shape: make(_drawn(rng, value))


# Each takes what imgaug's class of this name takes, and gives (generator, (height, width)) ->
# change of a picture.

def fliplr(p=1):
    return _when('p', p, lambda: pixels.flip('horizontal'))


def flipud(p=1):
    return _when('p', p, lambda: pixels.flip('vertical'))


def invert(p=1):
    return _when('p', p, pixels.invert)


def rotate(rotate=(-30, 30), cval=0):
    return _by('rotate', rotate, lambda v: pixels.rotate(v, (cval, ) * 3))


def shear_x(shear=(-30, 30), cval=0):
    return _by('shear', shear, lambda v: pixels.shear(
        across=math.tan(math.radians(v)), fill=(cval, ) * 3), -89, 89)


def shear_y(shear=(-30, 30), cval=0):
    return _by('shear', shear, lambda v: pixels.shear(
        down=math.tan(math.radians(v)), fill=(cval, ) * 3), -89, 89)


def translate_x(percent=(-0.25, 0.25), cval=0):
    return _by('percent', percent, lambda v: pixels.translate(across=v, fill=(cval, ) * 3), -1, 1)


def translate_y(percent=(-0.25, 0.25), cval=0):
    return _by('percent', percent, lambda v: pixels.translate(down=v, fill=(cval, ) * 3), -1, 1)


def gaussian_blur(sigma=(0.0, 3.0)):
    return _by('sigma', sigma, pixels.blur, 0)


def multiply(mul=(0.8, 1.2)):
    return _by('mul', mul, pixels.brightness, 0)


def add(value=(-20, 20)):
    return _by('value', value, pixels.add)


def linear_contrast(alpha=(0.6, 1.4)):
    grey_levels = np.arange(256) - 127
    return _by('alpha', alpha, lambda v: pixels.table(127 + v * grey_levels), 0)


def multiply_saturation(mul=(0.0, 3.0)):
    return _by('mul', mul, pixels.saturation, 0)


def grayscale(alpha=1):
    return _by('alpha', alpha, lambda v: pixels.saturation(1 - v), 0, 1)


def dropout(p=(0.0, 0.05), per_channel=False):
    _value('p', p, 0, 1)

    def draw(rng, shape):
        share = _drawn(rng, p)
        return pixels.keep(rng.random((*shape, 3 if per_channel else 1)) >= share)
    return draw


def additive_gaussian_noise(loc=0, scale=(0, 15), per_channel=False):
    _value('loc', loc)
    _value('scale', scale, 0)

    def draw(rng, shape):
        size = (*shape, 3 if per_channel else 1)
        return pixels.add(rng.normal(_drawn(rng, loc), _drawn(rng, scale), size))
    return draw


def identity():
    return lambda rng, shape: pixels.unchanged


def sequential(children, random_order=False):
    return some_of(None, children, random_order)


def one_of(children):
    return some_of(1, children)


def some_of(n, children, random_order=False):
    steps = _built(children)
    least, most = (n if isinstance(n, (tuple, list)) else (n, n))
    least, most = (len(steps) if v is None else v for v in (least, most))
    if not 0 <= least <= most:
        raise InputError(f'n must be a number of children or (least, most), not {n!r}')

    def draw(rng, shape):
        count = min(len(steps), int(rng.integers(least, most + 1)))
        picked = rng.permutation(len(steps))[:count]
        return pixels.chain([steps[i](rng, shape)
                             for i in (picked if random_order else sorted(picked))])
    return draw


def sometimes(p=0.5, then_list=None, else_list=None):
    _value('p', p, 0, 1)
    ways = [_built(steps or []) for steps in (then_list, else_list)]

    def draw(rng, shape):
        steps = ways[0] if rng.random() < _drawn(rng, p) else ways[1]
        return pixels.chain([step(rng, shape) for step in steps])
    return draw


AUGMENTERS = dict(
    Add=add, AdditiveGaussianNoise=additive_gaussian_noise, Dropout=dropout, Fliplr=fliplr,
    Flipud=flipud, GaussianBlur=gaussian_blur, Grayscale=grayscale, Identity=identity,
    Invert=invert, LinearContrast=linear_contrast, Multiply=multiply,
    MultiplySaturation=multiply_saturation, Noop=identity, OneOf=one_of, Rotate=rotate,
    Sequential=sequential, ShearX=shear_x, ShearY=shear_y, SomeOf=some_of, Sometimes=sometimes,
    TranslateX=translate_x, TranslateY=translate_y)


def _built(cfgs):
    cfgs = [cfgs] if isinstance(cfgs, dict) else cfgs
    if not isinstance(cfgs, (tuple, list)):
        raise InputError(f'expected a list of dicts with "type", not {cfgs!r}')
    steps = []
    for position, cfg in enumerate(cfgs):
        if not isinstance(cfg, dict) or 'type' not in cfg:
            raise InputError(f'[{position}] must be a dict with "type", not {cfg!r}')
        name, arguments = cfg['type'], {k: v for k, v in cfg.items() if k != 'type'}
        if name not in AUGMENTERS:
            raise InputError(f'[{position}]: {name!r} is none of the augmenters of imgaug that '
                             f'are here; {nearest(name, AUGMENTERS)}')
        check_arguments(AUGMENTERS[name], arguments, f'[{position}] {name}')
        try:
            steps.append(AUGMENTERS[name](**arguments))
        except InputError as error:
            raise InputError(f'[{position}] {name}: {error}') from error
    return steps


@TRANSFORMS.register_module(name=['Imgaug', 'ImgAug'])
class Imgaug:
    """Augments all frames alike by changes that are told as for the imgaug library.

    Args:
        transforms: 'default' for two changes of strength 9 of 10, drawn from those of RandAugment
            (arXiv:1909.13719); or a list of dicts, each with ``type``, a class of imgaug, and its
            arguments. Of (low, high), here also as a list, is drawn evenly. The classes are those
            in ``AUGMENTERS``.

    Keys:
        needed: imgs, RGB uint8.
        changed: imgs, img_shape.
    """

    def __init__(self, transforms):
        if transforms == 'default':
            self.steps = [lambda rng, shape: draw_change(rng, tuple(CHANGES), 0.9)] * 2
        elif isinstance(transforms, (tuple, list)):
            try:
                self.steps = _built(transforms)
            except InputError as error:
                raise InputError(f'Imgaug: transforms{error}') from error
        else:
            raise InputError("Imgaug: transforms must be 'default' or a list of dicts, not "
                             f'{transforms!r}; objects of the imgaug library are not taken')
        self.transforms = transforms

    def __call__(self, results):
        rng = generator(results)
        shape = results['imgs'][0].shape[:2]
        changes = [step(rng, shape) for step in self.steps]
        pixels.change_frames('Imgaug', results, pixels.chain(changes), is_warp=True)
        results['img_shape'] = results['imgs'][0].shape[:2]
        return results
