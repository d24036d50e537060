"""Where the pictures of a video go: a folder of numbered files, or one HDF5 file."""
import os
import re
import shutil
from pathlib import Path

import cv2

from mmvideo.storage import replacing

__all__ = ['SINKS', 'FrameFile', 'FrameFolder', 'is_done']


class FrameFolder:
    """Writes pictures into a folder, which may hold pictures of another kind already.

    They appear at once, when all are written; where the folder is there already, the first picture
    of each kind comes last. So a folder that has it is whole.

    Args:
        target: the folder.
        wanted: ``names()`` gives a template for each kind, ``start_idx`` the first number,
            ``out_format`` the suffix.
    """

    def __init__(self, target, wanted):
        self.target, self.wanted, self.names = Path(target), wanted, wanted.names()
        self.draft = self.target.with_name(f'.{self.target.name}.{os.getpid()}.part')

    def __enter__(self):
        self.draft.mkdir(parents=True)
        return self

    def put(self, kind, number, picture):
        """Write a picture, the ``number``-th from 0, RGB [H, W, 3] or gray [H, W]."""
        name = self.names[kind].format(number + self.wanted.start_idx)
        if picture.ndim == 3:
            picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        if not cv2.imwrite(str(self.draft / f'{name}.{self.wanted.out_format}'), picture):
            raise OSError(f'{self.target}: {name}.{self.wanted.out_format} cannot be written')

    def __exit__(self, kind, error, trace):
        try:
            if kind is None and self.target.is_dir():
                self._join()
            elif kind is None:
                os.replace(self.draft, self.target)
        finally:
            shutil.rmtree(self.draft, ignore_errors=True)

    def _join(self):
        """Replace the pictures of these kinds in the folder; others stay."""
        kinds = [re.compile(re.sub(r'\\\{.*?\\\}', r'\\d+', re.escape(name)) + r'\.\w+')
                 for name in self.names.values()]
        for path in _first_to_last(self.target):
            if any(kind.fullmatch(path.name) for kind in kinds):
                path.unlink()
        for path in reversed(_first_to_last(self.draft)):
            os.replace(path, self.target / path.name)

    def is_whole(self):
        """Whether all kinds of pictures are there already."""
        first = [name.format(self.wanted.start_idx) for name in self.names.values()]
        return all((self.target / f'{name}.{self.wanted.out_format}').is_file() for name in first)


class FrameFile:
    """Writes ``target.h5`` with an array of uint8 per kind: rgb [T, H, W, 3], x and y [T-1, H, W].

    Args:
        target, wanted: as of :class:`FrameFolder`.
    """

    def __init__(self, target, wanted):
        self.path = Path(target).with_name(f'{Path(target).name}.h5')
        self._replacing = replacing(self.path)

    def __enter__(self):
        import h5py
        self._file = h5py.File(self._replacing.__enter__(), 'w')
        return self

    def put(self, kind, number, picture):
        """Append a picture, the ``number``-th from 0."""
        if kind not in self._file:
            size = picture.shape
            self._file.create_dataset(kind, (0, *size), 'uint8', maxshape=(None, *size),
                                      chunks=(1, *size), compression='gzip')
        self._file[kind].resize(number + 1, axis=0)
        self._file[kind][number] = picture

    def __exit__(self, *error):
        self._file.close()
        return self._replacing.__exit__(*error)

    def is_whole(self):
        """Whether the file is there already."""
        return self.path.is_file()


SINKS = {'jpg': FrameFolder, 'png': FrameFolder, 'h5': FrameFile}


def is_done(source, target, wanted, device):
    """Whether a job of ``take_apart`` has nothing left to do."""
    return SINKS[wanted.out_format](target, wanted).is_whole()


def _first_to_last(folder):
    """Files in the order of their numbers, then of their names."""
    return sorted(folder.iterdir(), key=lambda path: (
        int((re.findall(r'\d+', path.stem) or ['0'])[-1]), path.name))
