"""Where the bytes of a sample come from."""
import io
import os.path as osp

from mmvideo.errors import InputError, MissingFileError

__all__ = ['open_source']


def open_source(filename, io_backend='disk', backend_args=None):
    """What a decoder may open: the path itself on disk, else a buffer with the fetched bytes."""
    if io_backend == 'disk':
        if not osp.isfile(filename):
            raise MissingFileError(f'{filename}: no such video file')
        if osp.getsize(filename) == 0:
            raise InputError(f'{filename}: the file is empty (0 bytes)')
        return filename
    from mmengine import fileio
    args = dict(backend=io_backend, **(backend_args or {}))
    return io.BytesIO(fileio.get(filename, backend_args=args))
