"""Transforms under names of other libraries: ``torchvision.X`` and ``pytorchvideo.X``.

torchvision's are its own, where it is installed. pytorchvideo's, five of them, are written here:
its last release does not import beside a current torchvision.
"""
import math

import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS, check_arguments, nearest
from mmvideo.transforms import checks
from mmvideo.transforms.augment import AugMix, RandAugment
from mmvideo.transforms.boxes import KEYS
from mmvideo.transforms.crops import RandomResizedCrop
from mmvideo.transforms.draws import generator
from mmvideo.transforms.geometry import INTERPOLATIONS, Resize
from mmvideo.transforms.lazy import check_settled


@TRANSFORMS.register_module()
class TorchVisionWrapper:
    """A transform of ``torchvision.transforms``, applied to all frames with one draw.

    Also written ``type='torchvision.X'``. The clip is handed over as a tensor [T, C, H, W]. What
    torchvision draws is settled by one draw of the sample's generator; torch's global generator
    stays as it was.

    Args:
        op: name of the class, such as 'RandomGrayscale'.
        **kwargs: its arguments; ``interpolation`` may be a name ('bilinear').

    Keys:
        needed: imgs.
        changed: imgs, img_shape.

    Raises:
        InputError: torchvision is not there, has no such transform, or does not take an argument.
    """

    def __init__(self, op, **kwargs):
        transforms = _torchvision(op)
        cls = getattr(transforms, op, None)
        if not isinstance(cls, type) or op.startswith('_'):
            names = [n for n in getattr(transforms, '__all__', dir(transforms)) if n[:1].isupper()]
            raise InputError(f"'torchvision.{op}' is no transform of torchvision; "
                             f'{nearest(op, names)}')
        if isinstance(kwargs.get('interpolation'), str):
            kwargs['interpolation'] = transforms.InterpolationMode(kwargs['interpolation'])
        try:
            self.transform = cls(**kwargs)
        except (TypeError, ValueError) as error:
            raise InputError(f"'torchvision.{op}' cannot be built from {kwargs}: "
                             f'{error}') from error
        self.op = op

    def __call__(self, results):
        import torch
        owner = f'torchvision.{self.op}'
        check_settled(owner, results)
        if any(results.get(key) is not None for key in KEYS):
            raise InputError(f'{owner}: would not move the boxes of the sample')
        imgs = np.stack(results['imgs'])
        imgs = imgs[..., None] if imgs.ndim == 3 else imgs
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(generator(results).integers(2 ** 63)))
            out = self.transform(torch.from_numpy(imgs.transpose(0, 3, 1, 2).copy()))
        if not isinstance(out, torch.Tensor) or out.dim() != 4:
            raise InputError(f'{owner}: gives no clip [T, C, H, W]; it cannot stand in a pipeline')
        out = out.permute(0, 2, 3, 1).contiguous().numpy()
        results['imgs'] = list(out if results['imgs'][0].ndim == 3 else out[..., 0])
        results['img_shape'] = out.shape[1:3]
        return results


def _torchvision(op):
    """``torchvision.transforms``, or an error that says what to install."""
    try:
        from torchvision import transforms
    except Exception as error:      # a build that does not fit torch raises errors of other kinds
        raise InputError(
            f"'torchvision.{op}' needs torchvision, which cannot be imported "
            f'({type(error).__name__}: {error}); install a torchvision of the release and kind '
            'that fits torch (pip install torchvision)') from error
    return transforms


@TRANSFORMS.register_module(name='torchvision')
def from_torchvision(name, **kwargs):
    """What ``type='torchvision.<name>'`` stands for."""
    return TorchVisionWrapper(name, **kwargs)


class ShortSideScale:
    """Resizes frames so that the short side is ``size``; the long side is rounded down.

    Args:
        size: in pixels.
        interpolation: as of :class:`~mmvideo.transforms.geometry.Resize`.

    Keys: as of :class:`~mmvideo.transforms.geometry.Resize`.
    """

    def __init__(self, size, interpolation='bilinear'):
        self.size = checks.count('ShortSideScale', 'size', size)
        self.interpolation = checks.one_of('ShortSideScale', 'interpolation', interpolation,
                                           INTERPOLATIONS)

    def __call__(self, results):
        return self.scale(results, self.size)

    def scale(self, results, size):
        height, width = results['imgs'][0].shape[:2]
        long = math.floor(max(width, height) / min(width, height) * size)
        target = (long, size) if width >= height else (size, long)
        return Resize(target, keep_ratio=False, interpolation=self.interpolation)(results)


class RandomShortSideScale(ShortSideScale):
    """Resizes frames so that the short side is a draw from ``min_size``..``max_size``, both in.

    Args:
        min_size, max_size: in pixels.
        interpolation: as of :class:`ShortSideScale`.

    Keys: as of :class:`ShortSideScale`.
    """

    def __init__(self, min_size, max_size, interpolation='bilinear'):
        super().__init__(checks.count('RandomShortSideScale', 'min_size', min_size), interpolation)
        self.max_size = checks.count('RandomShortSideScale', 'max_size', max_size, self.size)

    def __call__(self, results):
        size = int(generator(results).integers(self.size, self.max_size + 1))
        return self.scale(results, size)


class CropToSize:
    """Cuts a box of random area and shape and resizes it: pytorchvideo's ``RandomResizedCrop``.

    Args:
        target_height, target_width: of what comes out, in pixels.
        scale: (low, high) of the share of the frame's area, 0..1.
        aspect_ratio: (low, high) of width / height, drawn evenly on the log scale.
        interpolation: as of :class:`~mmvideo.transforms.geometry.Resize`.
        num_tries: boxes drawn until one fits; after that the largest centered square is taken.

    Keys: as of :class:`~mmvideo.transforms.crops.RandomResizedCrop`.
    """

    def __init__(self, target_height, target_width, scale, aspect_ratio,
                 interpolation='bilinear', num_tries=10):
        self.crop = RandomResizedCrop(scale, aspect_ratio)
        self.resize = Resize((target_width, target_height), keep_ratio=False,
                             interpolation=interpolation)
        self.crop.attempts = checks.count('RandomResizedCrop', 'num_tries', num_tries)

    def __call__(self, results):
        return self.resize(self.crop(results))


PYTORCHVIDEO = dict(AugMix=AugMix, RandAugment=RandAugment, RandomResizedCrop=CropToSize,
                    RandomShortSideScale=RandomShortSideScale, ShortSideScale=ShortSideScale)


@TRANSFORMS.register_module(name='PytorchVideoWrapper')
def pytorchvideo_wrapper(op, **kwargs):
    """What ``type='pytorchvideo.<op>'`` stands for, in the form of the 1.x releases."""
    if op not in PYTORCHVIDEO:
        raise InputError(f"'pytorchvideo.{op}' is none of those that are here; "
                         f'{nearest(op, PYTORCHVIDEO)}')
    check_arguments(PYTORCHVIDEO[op], kwargs, f'pytorchvideo.{op}')
    return PYTORCHVIDEO[op](**kwargs)


@TRANSFORMS.register_module(name='pytorchvideo')
def from_pytorchvideo(name, **kwargs):
    """What ``type='pytorchvideo.<name>'`` stands for."""
    return pytorchvideo_wrapper(name, **kwargs)
