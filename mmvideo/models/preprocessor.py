"""From the batch of the data loader to what a network takes, on the device."""
import torch
from mmengine.model import BaseDataPreprocessor

from mmvideo.errors import InputError
from mmvideo.models.views import Views
from mmvideo.registry import MODELS

__all__ = ['ActionDataPreprocessor']

FORMATS = ('NCHW', 'NCTHW', 'MIX2d3d')


@MODELS.register_module()
class ActionDataPreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device and normalizes its frames there: uint8 crosses the bus.

    Args:
        mean: per channel, in units of the frame (0 to 255). Two values serve ten channels of flow:
            they repeat. None leaves the values as they are.
        std: per channel, as ``mean``.
        to_rgb: reverse the order of the three colors first. The pipelines here give RGB already.
        to_float32: without ``mean``, turn integer frames into float32.
        blending: mixes samples of a training batch (mixup, cutmix) after normalization.
        format_shape: ``'NCHW'`` or ``'NCTHW'``, as in ``FormatShape``, whose channels are the third
            axis of a batch; ``'MIX2d3d'`` for clips and for images [N, C, H, W] besides.
        non_blocking: copy to the device without waiting; has an effect for pinned memory.

    Shape: ``imgs`` [N, M, C, ...] uint8 -> float32. Frames that are float already pass unchanged:
    a ``Normalize`` in the pipeline has been there. Of samples whose crops are left to the device
    (``ThreeCrop(on_device=True)``) the frames cross once each; the recognizer cuts and normalizes
    their views when it comes to them (:class:`mmvideo.models.views.Views`).
    """

    def __init__(self, mean=None, std=None, to_rgb=False, to_float32=True, blending=None,
                 format_shape='NCHW', non_blocking=True):
        super().__init__(non_blocking)
        if (mean is None) != (std is None):
            raise InputError('data_preprocessor: give both mean and std, or neither')
        if format_shape not in FORMATS:
            raise InputError(f'data_preprocessor.format_shape: one of {", ".join(FORMATS)}, '
                             f'not {format_shape!r}')
        self.format_shape = format_shape
        self.to_rgb = to_rgb
        self.to_float32 = to_float32
        self.blending = None if blending is None else MODELS.build(blending)
        for name, values in (('mean', mean), ('std', std)):
            values = None if values is None else torch.tensor(values, dtype=torch.float32)
            self.register_buffer(name, values, persistent=False)

    def forward(self, data, training=False):
        """The batch, a dict, ready for ``model(**batch)``.

        ``sample_index`` stays on the CPU: it only names the sample, and reading it back from a
        device would wait for all work there.
        """
        data = dict(data)
        index = data.pop('sample_index', None)
        views = self._views(data)
        for key in ('imgs', 'audios'):
            if isinstance(data.get(key), (list, tuple)):
                items = [torch.as_tensor(item) for item in data[key]]
                # Detectors take clips of several sizes.
                data[key] = torch.stack(items) if len({i.shape for i in items}) == 1 else items
        data = self.cast_data(data)
        if index is not None:
            data['sample_index'] = index
        if views is not None:
            data['imgs'] = views.gather() if training else views
        key = 'audios' if 'audios' in data else 'imgs'
        if key not in data:
            raise InputError("data_preprocessor: a batch holds 'imgs' or 'audios', this one "
                             + ', '.join(map(repr, data)) + ' (see Collect(keys=...))')
        if views is None:
            data[key] = (self.normalize(data[key]) if torch.is_tensor(data[key])
                         else [self.normalize(item[None])[0] for item in data[key]])
        if training and self.blending is not None:
            if 'label' not in data:
                raise InputError("data_preprocessor.blending mixes labels too: add 'label' to "
                                 'Collect(keys=...)')
            data[key], data['label'] = self.blending(data[key], data['label'])
        return data

    def _views(self, data):
        """Take samples out of a batch whose crops are left to the device; None for others."""
        imgs = data.get('imgs')
        if isinstance(imgs, dict) or isinstance(imgs, list) and isinstance(imgs[0], dict):
            return Views.of(data.pop('imgs'), self.cast_data, self.normalize)
        return None

    def normalize(self, imgs):
        """Frames as the network expects them; ``imgs`` [N, M, C, ...], or [N, C, H, W] images."""
        if torch.is_floating_point(imgs):
            return imgs
        axis = 1 if self.format_shape == 'MIX2d3d' and imgs.dim() == 4 else 2
        if self.to_rgb:
            imgs = imgs.flip(axis)
        if self.mean is None:
            return imgs.float() if self.to_float32 else imgs
        channels = imgs.shape[axis]
        if channels % len(self.mean):
            raise InputError(f'data_preprocessor: mean has {len(self.mean)} values, frames have '
                             f'{channels} channels (batch of shape {tuple(imgs.shape)}, axes '
                             '[N, M, C, ...])')
        shape = (channels,) + (1,) * (imgs.dim() - axis - 1)
        repeats = channels // len(self.mean)
        mean, std = (v.repeat(repeats).view(shape) for v in (self.mean, self.std))
        return imgs.float().sub_(mean).div_(std)
