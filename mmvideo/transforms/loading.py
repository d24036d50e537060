"""Pictures from disk: open a video, then decode the frames that were sampled."""
import os.path as osp

import numpy as np

from mmvideo.decoders import key_frames_before, open_video
from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.storage import open_source
from mmvideo.transforms import checks
from mmvideo.transforms.boxes import move_boxes
from mmvideo.transforms.images import ImageReader


class _Init:
    """Shared by the openers: where the bytes come from, and what is known before decoding."""

    decoder = 'pyav'

    def __init__(self, io_backend='disk', num_threads=None, **kwargs):
        self.io_backend = io_backend
        self.backend_args = kwargs
        self.options = {}
        if num_threads is not None:
            self.options['num_threads'] = checks.count(type(self).__name__, 'num_threads',
                                                       num_threads, least=0)

    def __call__(self, results):
        filename = results['filename']
        source = open_source(filename, self.io_backend, self.backend_args)
        reader = open_video(filename, self.decoder, source, **self.options)
        results['video_reader'] = reader
        results['total_frames'] = len(reader)
        results['avg_fps'] = reader.avg_fps
        return results


@TRANSFORMS.register_module()
class PyAVInit(_Init):
    """Opens a video with our own reader, on PyAV: exact, and the fastest of the four.

    Args:
        io_backend: 'disk', or a storage backend of mmengine.
        num_threads: decoding threads of one video; 0 for one a core.
        **kwargs: arguments of the storage backend.

    Keys:
        needed: filename.
        added: video_reader, total_frames, avg_fps.

    Raises:
        MissingFileError: no such file.
        InputError: empty, truncated, no video, or no video stream.
    """

    def __init__(self, io_backend='disk', num_threads=1, **kwargs):
        super().__init__(io_backend, num_threads, **kwargs)


@TRANSFORMS.register_module()
class DecordInit(_Init):
    """Opens a video with decord.

    Args, Keys and Raises: as of :class:`PyAVInit`.
    """

    decoder = 'decord'

    def __init__(self, io_backend='disk', num_threads=1, **kwargs):
        super().__init__(io_backend, num_threads, **kwargs)


@TRANSFORMS.register_module()
class TorchCodecInit(_Init):
    """Opens a video with torchcodec, which is to be installed first.

    Args, Keys and Raises: as of :class:`PyAVInit`.
    """

    decoder = 'torchcodec'

    def __init__(self, io_backend='disk', num_threads=1, **kwargs):
        super().__init__(io_backend, num_threads, **kwargs)


@TRANSFORMS.register_module()
class OpenCVInit(_Init):
    """Opens a video with OpenCV, which reads from disk only.

    Args:
        io_backend: 'disk'.
        num_threads: decoding threads of one video; 0 leaves it to FFmpeg.

    Keys and Raises: as of :class:`PyAVInit`.
    """

    decoder = 'opencv'

    def __init__(self, io_backend='disk', num_threads=0):
        super().__init__(checks.one_of('OpenCVInit', 'io_backend', io_backend, ('disk', )),
                         num_threads)


@TRANSFORMS.register_module()
class PIMSInit(_Init):
    """Opens a video with our own reader, under the name of configs that used the PIMS library.

    Args:
        io_backend: 'disk', or a storage backend of mmengine.
        mode: 'accurate' or 'efficient' told PIMS how to index a file; both give the same frames
            here.
        **kwargs: arguments of the storage backend.

    Keys and Raises: as of :class:`PyAVInit`.
    """

    def __init__(self, io_backend='disk', mode='accurate', **kwargs):
        super().__init__(io_backend, **kwargs)
        self.mode = checks.one_of('PIMSInit', 'mode', mode, ('accurate', 'efficient'))


class _Decode:
    """Shared by the decoders: read the sampled frames, then drop the reader."""

    opener = None
    planes = False

    def __init__(self, mode='accurate'):
        self.mode = checks.one_of(type(self).__name__, 'mode', mode, ('accurate', 'efficient'))

    def __call__(self, results):
        if 'video_reader' not in results and 'frame_inds' not in results:
            # A published recipe (TSN on Moments in Time) has the decoder where the opener belongs.
            return self.opener()(results)
        reader = results['video_reader']
        inds = np.ravel(results['frame_inds']).tolist()
        if self.mode == 'efficient':
            inds = key_frames_before(reader, inds)
        try:
            results['imgs'] = reader.read_planar(inds) if self.planes else reader.read(inds)
        finally:
            # A sample outlives its decoding; an open reader holds threads and frames.
            reader.close()
            del results['video_reader']
        _note_shape(results)
        return results


@TRANSFORMS.register_module()
class PyAVDecode(_Decode):
    """Decodes the sampled frames of a video that ``PyAVInit`` opened.

    Args:
        multi_thread: let the codec decode several frames at once.
        mode: 'accurate' gives the frames asked for, 'efficient' the key frames at or before them,
            which saves decoding what lies between.
        planes: crop and resize the frames as the codec made them, YUV, and make RGB of what is
            left: faster, and colors differ a little (docs/data/decoders.md). Steps that are
            neither a crop nor a resizing get RGB; so does everybody of odd sizes, frames to be
            rotated, and more than 8 bits.

    Keys:
        needed: video_reader, frame_inds (from 0).
        added: imgs (list of RGB uint8 [H, W, 3]), img_shape, original_shape (h, w).
        changed: gt_bboxes and proposals, if there are any, from shares of the frame to pixels.
        removed: video_reader.

    Raises:
        InputError: fewer frames can be decoded than were asked for.
    """

    opener = PyAVInit

    def __init__(self, multi_thread=False, mode='accurate', planes=False):
        super().__init__(mode)
        self.multi_thread = multi_thread
        self.planes = planes

    def __call__(self, results):
        if self.multi_thread and 'video_reader' in results:
            results['video_reader'].use_threads()
        return super().__call__(results)


@TRANSFORMS.register_module()
class DecordDecode(_Decode):
    """Decodes the sampled frames of a video that ``DecordInit`` opened.

    Args:
        mode: as of :class:`PyAVDecode`.

    Keys and Raises: as of :class:`PyAVDecode`.
    """

    opener = DecordInit


@TRANSFORMS.register_module()
class TorchCodecDecode(_Decode):
    """Decodes the sampled frames of a video that ``TorchCodecInit`` opened.

    Args:
        mode: as of :class:`PyAVDecode`.

    Keys and Raises: as of :class:`PyAVDecode`.
    """

    opener = TorchCodecInit


@TRANSFORMS.register_module()
class OpenCVDecode(_Decode):
    """Decodes the sampled frames of a video that ``OpenCVInit`` opened; RGB like the others.

    Keys and Raises: as of :class:`PyAVDecode`.
    """

    opener = OpenCVInit

    def __init__(self):
        super().__init__()


@TRANSFORMS.register_module()
class PIMSDecode(_Decode):
    """Decodes the sampled frames of a video that ``PIMSInit`` opened.

    Keys and Raises: as of :class:`PyAVDecode`.
    """

    opener = PIMSInit

    def __init__(self):
        super().__init__()


@TRANSFORMS.register_module()
class RawFrameDecode:
    """Reads the sampled frames of a folder of pictures.

    Args:
        io_backend: 'disk', or a storage backend of mmengine.
        decoding_backend: 'cv2', 'turbojpeg' (cv2 where it is not installed), 'pillow' or
            'tifffile', as of ``mmcv.imfrombytes``.
        **kwargs: arguments of the storage backend.

    Keys:
        needed: frame_dir, frame_inds, filename_tmpl, modality; offset (added to the indices) if
            the dataset has one.
        added: imgs, img_shape, original_shape. Modality 'RGB' gives [H, W, 3]; 'Flow' two
            grayscale frames [H, W] an index, x then y: ``filename_tmpl`` takes the letter first.
        changed: gt_bboxes and proposals, if there are any, from shares of the frame to pixels.

    Raises:
        MissingFileError: a frame is not there.
        InputError: a file is no picture.
    """

    def __init__(self, io_backend='disk', decoding_backend='cv2', **kwargs):
        self.reader = ImageReader('RawFrameDecode', io_backend, decoding_backend, kwargs)

    def __call__(self, results):
        modality = results['modality']
        if modality not in ('RGB', 'Flow'):
            raise InputError(f"RawFrameDecode: modality must be 'RGB' or 'Flow', not {modality!r}")
        template = results['filename_tmpl']
        inds = np.ravel(results['frame_inds']) + results.get('offset', 0)
        seen, imgs = {}, []
        for i in inds.tolist():
            names = ([template.format(i)] if modality == 'RGB'
                     else [template.format(axis, i) for axis in 'xy'])
            for name in names:
                if name not in seen:
                    path = osp.join(results['frame_dir'], name)
                    seen[name] = self.reader.read(
                        path, 'color' if modality == 'RGB' else 'grayscale',
                        'no such frame; do start_index, filename_tmpl and total_frames fit the '
                        'folder?')
                imgs.append(seen[name])
        results['imgs'] = imgs
        _note_shape(results)
        return results


@TRANSFORMS.register_module()
class ArrayDecode:
    """Takes the sampled frames out of an array that holds the whole video.

    Keys:
        needed: array [T, H, W, C], frame_inds; offset if there is one.
        added: imgs, img_shape, original_shape; modality 'Flow' splits the two channels.
    """

    def __call__(self, results):
        array = results['array']
        inds = np.ravel(results['frame_inds']) + results.get('offset', 0)
        if inds.min() < 0 or inds.max() >= len(array):
            raise InputError(f'ArrayDecode: frames {inds.min()}..{inds.max()} were asked for; '
                             f'the array has 0..{len(array) - 1}')
        if results.get('modality') == 'Flow':
            imgs = [array[i, ..., c] for i in inds for c in (0, 1)]
        else:
            imgs = [array[i] for i in inds]
        results['imgs'] = imgs
        _note_shape(results)
        return results


def _note_shape(results):
    height, width = results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
    move_boxes(results, lambda boxes: boxes * np.float32([width, height] * 2))
