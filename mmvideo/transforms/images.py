"""Pictures in files, and single images as training samples for video networks."""
import functools
import warnings

from mmvideo import storage
from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks

DECODING_BACKENDS = ('cv2', 'turbojpeg', 'pillow', 'tifffile')


class ImageReader:
    """Reads one picture.

    Args:
        owner: name of the transform, for messages.
        io_backend: 'disk', or a storage backend of mmengine.
        decoding_backend: one of ``DECODING_BACKENDS``, as of ``mmcv.imfrombytes``.
        backend_args: arguments of the storage backend.

    Raises:
        MissingFileError: no such file.
        InputError: the file is no picture.
    """

    def __init__(self, owner, io_backend, decoding_backend, backend_args):
        self.decoding_backend = checks.one_of(owner, 'decoding_backend', decoding_backend,
                                              DECODING_BACKENDS)
        self.io_backend = io_backend
        self.backend_args = backend_args

    def read(self, path, flag='color', missing='no such picture'):
        """RGB uint8 [H, W, 3], or [H, W] with ``flag='grayscale'``; ``missing`` is for messages."""
        import mmcv
        content = storage.read_bytes(path, missing, self.io_backend, self.backend_args)
        backend = usable(self.decoding_backend)
        problem = ''
        try:
            img = mmcv.imfrombytes(content, flag=flag, channel_order='rgb', backend=backend)
        except Exception as error:      # each backend has its own
            img, problem = None, f' ({type(error).__name__})'
        if img is None:
            raise InputError(f'{path}: is no picture that {backend} can read{problem}')
        return img


@functools.lru_cache
def usable(backend):
    """The backend itself, or 'cv2' in place of a turbojpeg that is not there."""
    import mmcv
    if backend == 'turbojpeg':
        try:
            mmcv.use_backend('turbojpeg')       # loads the library, and makes it the default
        except (ImportError, OSError, RuntimeError) as error:
            warnings.warn(f"decoding_backend='turbojpeg': {error}; pictures are read with cv2",
                          stacklevel=2)
            return 'cv2'
        finally:
            mmcv.use_backend('cv2')
    return backend


@TRANSFORMS.register_module()
class ImageDecode:
    """Reads one image.

    Args:
        io_backend: 'disk', or a storage backend of mmengine.
        decoding_backend: 'cv2', 'turbojpeg' (cv2 where it is not installed), 'pillow' or
            'tifffile', as of ``mmcv.imfrombytes``.
        **kwargs: arguments of the storage backend.

    Keys:
        needed: filename.
        added: imgs (a list of one RGB uint8 [H, W, 3]), img_shape, original_shape (h, w).

    Raises:
        MissingFileError: no such file.
        InputError: the file is no picture.
    """

    def __init__(self, io_backend='disk', decoding_backend='cv2', **kwargs):
        self.reader = ImageReader('ImageDecode', io_backend, decoding_backend, kwargs)

    def __call__(self, results):
        img = self.reader.read(results['filename'])
        results['imgs'] = [img]
        results['original_shape'] = results['img_shape'] = img.shape[:2]
        return results


@TRANSFORMS.register_module()
class BuildPseudoClip:
    """Makes a clip that stands still of one image (OmniSource, arXiv:2003.13042).

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
