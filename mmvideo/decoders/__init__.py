"""Video files: how many pictures they hold, and the exact picture at an index, by four decoders.

All decoders share one interface: ``len(video)``, ``video.avg_fps``, ``video.key_frames`` (indices),
``video.read(indices)`` (RGB uint8 pictures [H, W, 3], one an index, in any order) and
``video.close()``. Index i is the i-th picture shown, so they agree; a rotation noted in the file is
applied. docs/data/decoders.md says which decoder reads which kind of file.
"""
from mmvideo.decoders.decord import DecordReader
from mmvideo.decoders.opencv import OpenCVReader
from mmvideo.decoders.planes import PlanarPictures
from mmvideo.decoders.pyav import PyAVReader
from mmvideo.decoders.torchcodec import TorchCodecReader
from mmvideo.errors import InputError
from mmvideo.storage import open_source

__all__ = ['DECODERS', 'DecordReader', 'OpenCVReader', 'PlanarPictures', 'PyAVReader',
           'TorchCodecReader', 'key_frames_before', 'open_video']

DECODERS = {'pyav': PyAVReader, 'decord': DecordReader, 'opencv': OpenCVReader,
            'torchcodec': TorchCodecReader}


def open_video(filename, decoder='pyav', source=None, **options):
    """Open a video for reading pictures by index.

    Args:
        filename: path, which may lead through an archive; used for messages if ``source`` is given.
        decoder: 'pyav' (our own reader, on PyAV), 'decord', 'opencv' or 'torchcodec'.
        source: path or binary buffer, where the bytes have been fetched already.
        **options: of that decoder's reader: num_threads.

    Raises:
        MissingFileError: no such file.
        InputError: no such decoder, or no video, or a file that ends before its last picture.
    """
    if decoder not in DECODERS:
        raise InputError(f'decoder must be one of {", ".join(map(repr, DECODERS))}, '
                         f'not {decoder!r}')
    return DECODERS[decoder](filename, open_source(filename) if source is None else source,
                             **options)


def key_frames_before(video, indices):
    """For each index the last key frame at or before it: much cheaper to read, but other frames."""
    import bisect
    keys = video.key_frames
    return [keys[max(0, bisect.bisect_right(keys, i) - 1)] for i in indices]
