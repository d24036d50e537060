"""From a dict of lists to the arrays that a batch is made of."""
import numbers

import numpy as np
import torch

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.layout import pack, write_planes
from mmvideo.transforms.lazy import check_settled


@TRANSFORMS.register_module()
class JoinFlow:
    """Makes one frame of two channels of each pair of flow frames, x and y; stays uint8.

    ``Normalize`` does the same and normalizes; this one leaves that to the data preprocessor.

    Keys:
        needed: imgs, a list of frames [H, W], x and y in turn.
        changed: imgs, a list of half as many frames [H, W, 2].
    """

    def __call__(self, results):
        imgs = results['imgs']
        if len(imgs) % 2 or any(img.ndim != 2 for img in imgs):
            raise InputError(f'JoinFlow: expected an even number of frames [H, W], found '
                             f'{len(imgs)} of shape {imgs[0].shape}; is modality Flow?')
        results['imgs'] = [np.stack(pair, axis=-1)
                           for pair in zip(imgs[0::2], imgs[1::2], strict=True)]
        return results


@TRANSFORMS.register_module()
class FormatShape:
    """Stacks frames into one array in the order of axes that a network takes.

    Views come crop by crop, and clip by clip within a crop. Optical flow needs its x and y frames
    joined before, by ``JoinFlow`` or ``Normalize``.

    Args:
        input_format: 'NCTHW' for 3D networks: [V, C, T, H, W]; 'NCHW' for 2D networks:
            [V * T, C, H, W]; 'NCHW_Flow' for 2D networks on flow: [V, T * C, H, W]; 'NPTCHW' for
            proposals: [P, V * T, C, H, W]. The published recipe that leaves it out is for a 2D
            network.
        collapse: drop the first axis, which must be of length 1.

    Keys:
        needed: imgs; num_clips and clip_len for all formats but 'NCHW'; num_proposals for
            'NPTCHW'.
        added or changed: imgs, input_shape. After a crop with ``on_device=True`` imgs is a dict of
            ``frames`` [D, H, W, C], each once, ``inds`` ([clips, T], or [T] for 'NCHW') and
            ``boxes`` (x0, y0, x1, y1, mirrored), one a crop, of which the data preprocessor makes
            the views.
    """

    FORMATS = ('NCTHW', 'NCHW', 'NCHW_Flow', 'NPTCHW')

    def __init__(self, input_format='NCHW', collapse=False):
        self.input_format = checks.one_of('FormatShape', 'input_format', input_format,
                                          self.FORMATS)
        self.collapse = collapse

    def __call__(self, results):
        if 'view_boxes' in results:
            return self._compact(results)
        check_settled('FormatShape', results)
        frames = results['imgs']
        if frames[0].ndim != 3:
            raise InputError(f'FormatShape: expected frames [H, W, C], found {frames[0].shape}; '
                             'optical flow needs JoinFlow or Normalize before it')
        height, width, channels = frames[0].shape
        lead = self._lead(frames, results)
        if self.input_format == 'NCTHW':
            imgs = np.empty((lead[0], channels, lead[1], height, width), frames[0].dtype)
            write_planes(frames, imgs.swapaxes(1, 2))
        else:
            imgs = np.empty((*lead, channels, height, width), frames[0].dtype)
            write_planes(frames, imgs)
        if self.input_format == 'NCHW_Flow':
            imgs = imgs.reshape(lead[0], -1, height, width)
        if self.collapse:
            if len(imgs) != 1:
                raise InputError(f'FormatShape: collapse needs one view, not {len(imgs)}')
            imgs = imgs[0]
        results['imgs'] = imgs
        results['input_shape'] = imgs.shape
        return results

    def _lead(self, frames, results):
        """Sizes of the axes that number frames."""
        if self.input_format == 'NCHW':
            return (len(frames), )
        if self.input_format == 'NPTCHW':
            self._check(frames, results['num_proposals'] * results['clip_len'])
            return results['num_proposals'], len(frames) // results['num_proposals']
        self._check(frames, results['clip_len'] * results['num_clips'])
        return len(frames) // results['clip_len'], results['clip_len']

    def _compact(self, results):
        """Each frame once, and which of them the views are made of."""
        if self.input_format not in ('NCHW', 'NCTHW') or self.collapse:
            raise InputError("FormatShape: crops with on_device=True need input_format 'NCHW' or "
                             f"'NCTHW' without collapse, not {self.input_format!r}")
        imgs, boxes = results.pop('imgs'), results.pop('view_boxes')
        if self.input_format == 'NCTHW':
            self._check(imgs, results['clip_len'] * results['num_clips'])
        frames, inds = pack(imgs)
        if self.input_format == 'NCTHW':
            inds = inds.reshape(-1, results['clip_len'])
        results['imgs'] = dict(frames=frames, inds=inds, boxes=boxes)
        x0, y0, x1, y1, _ = boxes[0].tolist()
        *clip, channels = *inds.shape[1:], frames.shape[-1]
        results['input_shape'] = (len(boxes) * len(inds), channels, *clip, y1 - y0, x1 - x0)
        return results

    def _check(self, imgs, divisor):
        if len(imgs) % divisor:
            raise InputError(f'FormatShape({self.input_format!r}): {len(imgs)} frames cannot be '
                             f'shared out into parts of {divisor}')


@TRANSFORMS.register_module()
class FormatAudioShape:
    """Gives spectrograms the channel axis of a picture: [V, T, F] -> [V, 1, T, F].

    Args:
        input_format: 'NCTF'.

    Keys:
        needed: audios.
        added or changed: audios, input_shape.
    """

    def __init__(self, input_format='NCTF'):
        self.input_format = checks.one_of('FormatAudioShape', 'input_format', input_format,
                                          ('NCTF', ))

    def __call__(self, results):
        results['audios'] = np.asarray(results['audios'])[:, None]
        results['input_shape'] = results['audios'].shape
        return results


@TRANSFORMS.register_module()
class Collect:
    """Keeps some keys of the sample and drops the rest.

    Args:
        keys: what the model takes.
        meta_keys: what else to keep, in one dict; those that the sample lacks, or has as None,
            are left out, so that samples can be batched. [] keeps nothing.
        meta_name: key of that dict.
        nested: put every value into a list of its own.

    Keys:
        needed: all of ``keys``.
        added: ``meta_name``, if ``meta_keys`` is not empty.
    """

    def __init__(self, keys, meta_keys=('filename', 'label', 'original_shape', 'img_shape',
                                        'pad_shape', 'flip_direction', 'img_norm_cfg'),
                 meta_name='img_metas', nested=False):
        self.keys = checks.names('Collect', 'keys', keys)
        self.meta_keys = checks.names('Collect', 'meta_keys', meta_keys)
        self.meta_name = meta_name
        self.nested = nested

    def __call__(self, results):
        kept = {key: results[key] for key in self.keys}
        if self.meta_keys:
            kept[self.meta_name] = {key: results[key] for key in self.meta_keys
                                    if results.get(key) is not None}
        if self.nested:
            kept = {key: [value] for key, value in kept.items()}
        return kept


@TRANSFORMS.register_module()
class PackActionInputs:
    """Keeps what a model takes, as tensors: ``Collect`` and ``ToTensor`` in one, as in 1.x.

    Args:
        collect_keys: what to keep; None for those of imgs, audios and label that the sample has.
        meta_keys: what else to keep, in a dict ``img_metas``, as of :class:`Collect`.
        algorithm_keys: what else to keep beside ``collect_keys``, as tensors.

    Keys:
        needed: ``collect_keys`` and ``algorithm_keys``.
        added: img_metas, if the sample has any of ``meta_keys``.
    """

    INPUTS = ('imgs', 'audios', 'label')

    def __init__(self, collect_keys=None, meta_keys=('img_shape', 'img_key', 'video_id',
                                                     'timestamp'), algorithm_keys=()):
        owner = 'PackActionInputs'
        self.collect_keys = (None if collect_keys is None
                             else checks.names(owner, 'collect_keys', collect_keys))
        self.meta_keys = checks.names(owner, 'meta_keys', meta_keys)
        self.algorithm_keys = checks.names(owner, 'algorithm_keys', algorithm_keys)

    def __call__(self, results):
        keys = self.collect_keys
        if keys is None:
            keys = [key for key in self.INPUTS if key in results]
            if keys in ([], ['label']):
                raise InputError('PackActionInputs: the sample has neither imgs nor audios')
        kept = {key: _tensor(key, results[key]) for key in [*keys, *self.algorithm_keys]}
        metas = {key: results[key] for key in self.meta_keys if results.get(key) is not None}
        return dict(kept, img_metas=metas) if metas else kept


@TRANSFORMS.register_module()
class ToTensor:
    """Makes tensors of arrays and numbers; a whole number becomes an int64 tensor of shape (1,).

    Args:
        keys: what to convert.

    Keys:
        changed: ``keys``.
    """

    def __init__(self, keys):
        self.keys = checks.names('ToTensor', 'keys', keys)

    def __call__(self, results):
        for key in self.keys:
            results[key] = _tensor(key, results[key])
        return results


@TRANSFORMS.register_module()
class ImageToTensor:
    """Makes a tensor [C, H, W] of a picture [H, W, C].

    Args:
        keys: what to convert.

    Keys:
        changed: ``keys``.
    """

    def __init__(self, keys):
        self.keys = checks.names('ImageToTensor', 'keys', keys)

    def __call__(self, results):
        for key in self.keys:
            results[key] = _tensor(key, np.asarray(results[key]).transpose(2, 0, 1))
        return results


def _tensor(key, value):
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, dict):     # of a crop on the device
        return {inner: _tensor(inner, part) for inner, part in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, numbers.Integral):
        return torch.tensor([int(value)], dtype=torch.int64)
    if isinstance(value, numbers.Real):
        return torch.tensor([float(value)], dtype=torch.float32)
    if isinstance(value, (list, tuple)):
        return torch.as_tensor(np.asarray(value))
    raise InputError(f'ToTensor: {key} is a {type(value).__name__}; expected an array, a number '
                     'or a list of numbers')


@TRANSFORMS.register_module()
class ToDataContainer:
    """Leaves the sample as it is: containers told a collation of the past what it does by itself.

    Args:
        fields: dicts with a ``key`` that the sample must have; their options have no meaning.
    """

    def __init__(self, fields):
        if not all(isinstance(field, dict) and 'key' in field for field in fields):
            raise InputError(f"ToDataContainer: fields must be dicts with a 'key', not {fields!r}")
        self.fields = list(fields)

    def __call__(self, results):
        for field in self.fields:
            results[field['key']]
        return results


@TRANSFORMS.register_module()
class Rename:
    """Renames keys of the sample.

    Args:
        mapping: old name -> new name. A new name must be free.

    Keys:
        changed: those of ``mapping``.
    """

    def __init__(self, mapping):
        if not isinstance(mapping, dict):
            raise InputError(f'Rename: mapping must be a dict old -> new, not {mapping!r}')
        self.mapping = dict(mapping)

    def __call__(self, results):
        for old, new in self.mapping.items():
            if old not in results:
                continue
            if new in results:
                raise InputError(f'Rename: the sample has a key {new!r} already; '
                                 f'{old!r} cannot take its name')
            results[new] = results.pop(old)
        return results


@TRANSFORMS.register_module()
class Transpose:
    """Reorders the axes of arrays.

    Args:
        keys: which arrays.
        order: for each new axis the old one, as of ``numpy.transpose``.

    Keys:
        changed: ``keys``.
    """

    def __init__(self, keys, order):
        self.keys = checks.names('Transpose', 'keys', keys)
        if sorted(order) != list(range(len(order))):
            raise InputError(f'Transpose: order must hold each of 0..n-1 once, not {order!r}')
        self.order = tuple(order)

    def __call__(self, results):
        for key in self.keys:
            results[key] = results[key].transpose(self.order)
        return results
