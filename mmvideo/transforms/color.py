"""Values of pixels."""
import numbers

import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import pixels
from mmvideo.transforms.draws import generator


@TRANSFORMS.register_module()
class Normalize:
    """Turns frames into float32, (x - mean) / std, on the CPU.

    The models' data preprocessor does the same on the device and takes uint8, a quarter of the
    bytes; a config normalizes in exactly one place. This transform serves pipelines that were
    written for the 0.x releases.

    Args:
        mean, std: per channel, in grey levels 0..255; for optical flow one of x and one of y.
        to_bgr: reverse the order of the channels first; mean and std are then those of B, G, R.
        adjust_magnitude: optical flow only: multiply the flow by the scale factor of earlier
            resizings, since a smaller frame has smaller motion.

    Keys:
        needed: imgs (list); scale_factor with adjust_magnitude; modality for optical flow.
        added or changed: imgs float32 [n, H, W, C] (flow: x and y of a frame joined, C = 2),
            img_norm_cfg.
    """

    def __init__(self, mean, std, to_bgr=False, adjust_magnitude=False):
        for name, value in (('mean', mean), ('std', std)):
            if not isinstance(value, (tuple, list, np.ndarray)) or len(value) == 0:
                raise InputError(f'Normalize: {name} must be a list of numbers, one a channel, '
                                 f'not {value!r}')
        if len(mean) != len(std):
            raise InputError(f'Normalize: mean has {len(mean)} channels, std {len(std)}')
        self.mean = np.array(mean, np.float32)
        self.std = np.array(std, np.float32)
        if (self.std <= 0).any():
            raise InputError(f'Normalize: std must be positive, not {std!r}')
        self.to_bgr = to_bgr
        self.adjust_magnitude = adjust_magnitude

    def __call__(self, results):
        if results.get('modality') == 'Flow':
            imgs = self._stacked_flow(results)
        else:
            imgs = np.stack(results['imgs']).astype(np.float32)
            if self.to_bgr:
                imgs = imgs[..., ::-1]
        if imgs.shape[-1] != len(self.mean):
            raise InputError(f'Normalize: mean has {len(self.mean)} channels, '
                             f'the frames {imgs.shape[-1]}')
        imgs -= self.mean
        imgs /= self.std
        results['imgs'] = imgs
        results['img_norm_cfg'] = dict(mean=self.mean, std=self.std, to_bgr=self.to_bgr)
        return results

    def _stacked_flow(self, results):
        imgs = np.stack(results['imgs']).astype(np.float32)
        imgs = np.stack([imgs[0::2], imgs[1::2]], axis=-1)
        if self.adjust_magnitude:
            imgs *= np.asarray(results['scale_factor'], np.float32)[:2]
        return imgs


@TRANSFORMS.register_module()
class ColorJitter:
    """Changes brightness, contrast, saturation and hue, with one draw for all frames.

    The four follow each other in an order that is drawn, too (AlexNet's idea in the form of the
    TPN recipes, arXiv:2004.03548). Contrast is taken about the mean grey of each frame.

    Args:
        brightness, contrast, saturation: how far the factor may be from 1, >= 0; a factor below
            0 becomes 0. Or (low, high) of the factor.
        hue: how far the hues may turn, as a share of the color circle, 0..0.5. Or (low, high).

    Keys:
        needed: imgs, RGB uint8.
        changed: imgs.
    """

    def __init__(self, brightness=0.5, contrast=0.5, saturation=0.5, hue=0.1):
        self.brightness = self._range('brightness', brightness, 1, 0, np.inf)
        self.contrast = self._range('contrast', contrast, 1, 0, np.inf)
        self.saturation = self._range('saturation', saturation, 1, 0, np.inf)
        self.hue = self._range('hue', hue, 0, -0.5, 0.5)

    @staticmethod
    def _range(name, value, center, least, most):
        if isinstance(value, numbers.Real) and 0 <= value <= most:
            return max(least, center - value), center + value
        if isinstance(value, (tuple, list)) and len(value) == 2 \
                and all(isinstance(v, numbers.Real) for v in value) \
                and least <= value[0] <= value[1] <= most:
            return tuple(value)
        raise InputError(f'ColorJitter: {name} must be a number >= 0 or (low, high) within '
                         f'{least}..{most}, not {value!r}')

    def __call__(self, results):
        rng = generator(results)
        changes = [make(rng.uniform(*limits)) for make, limits in (
            (pixels.brightness, self.brightness), (pixels.contrast, self.contrast),
            (pixels.saturation, self.saturation), (pixels.hue, self.hue))]
        order = rng.permutation(len(changes))
        return pixels.change_frames('ColorJitter', results,
                                    pixels.chain([changes[i] for i in order]))
