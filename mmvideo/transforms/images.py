"""Single images as training samples for video networks (OmniSource, arXiv:2003.13042)."""
import os.path as osp

from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks


@TRANSFORMS.register_module()
class ImageDecode:
    """Reads one image.

    Args:
        io_backend: 'disk', or a storage backend of mmengine.
        decoding_backend: 'cv2', 'turbojpeg', 'pillow' or 'tifffile', as of ``mmcv.imfrombytes``.
        **kwargs: arguments of the storage backend.

    Keys:
        needed: filename.
        added: imgs (a list of one RGB uint8 [H, W, 3]), img_shape, original_shape (h, w).

    Raises:
        MissingFileError: no such file.
        InputError: the file is no image.
    """

    def __init__(self, io_backend='disk', decoding_backend='cv2', **kwargs):
        self.io_backend = io_backend
        self.decoding_backend = checks.one_of(
            'ImageDecode', 'decoding_backend', decoding_backend,
            ('cv2', 'turbojpeg', 'pillow', 'tifffile'))
        self.backend_args = kwargs

    def __call__(self, results):
        img = self._read(results['filename'])
        results['imgs'] = [img]
        results['original_shape'] = results['img_shape'] = img.shape[:2]
        return results

    def _read(self, path):
        import mmcv
        from mmengine import fileio
        on_disk = self.io_backend == 'disk'
        if on_disk and not osp.isfile(path):
            raise MissingFileError(f'{path}: no such image')
        content = fileio.get(path, backend_args=dict(
            backend='local' if on_disk else self.io_backend, **self.backend_args))
        try:
            img = mmcv.imfrombytes(content, channel_order='rgb', backend=self.decoding_backend)
        except Exception as error:      # each backend has its own
            raise InputError(f'{path}: is no image that {self.decoding_backend} can read '
                             f'({type(error).__name__})') from error
        if img is None:
            raise InputError(f'{path}: is no image that {self.decoding_backend} can read')
        return img


@TRANSFORMS.register_module()
class BuildPseudoClip:
    """Makes a clip that stands still of one image.

    Args:
        clip_len: frames of the clip.

    Keys:
        needed: imgs, one image.
        added or changed: imgs (``clip_len`` times the same array), clip_len, num_clips (1).
    """

    def __init__(self, clip_len):
        self.clip_len = checks.count('BuildPseudoClip', 'clip_len', clip_len)

    def __call__(self, results):
        if len(results['imgs']) != 1:
            raise InputError(f'BuildPseudoClip: expected one image, found {len(results["imgs"])}')
        results['imgs'] = results['imgs'] * self.clip_len
        results['clip_len'] = self.clip_len
        results['num_clips'] = 1
        return results
