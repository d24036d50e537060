"""Values of pixels."""
import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS


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
        results['imgs'] = (imgs - self.mean) / self.std
        results['img_norm_cfg'] = dict(mean=self.mean, std=self.std, to_bgr=self.to_bgr)
        return results

    def _stacked_flow(self, results):
        imgs = np.stack(results['imgs']).astype(np.float32)
        imgs = np.stack([imgs[0::2], imgs[1::2]], axis=-1)
        if self.adjust_magnitude:
            imgs *= np.asarray(results['scale_factor'], np.float32)[:2]
        return imgs
