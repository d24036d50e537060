"""What lies on disk: video files or folders of frames, and which of them an entry means."""
import os
import os.path as osp
import re
from dataclasses import dataclass

from mmvideo.datasets.video import SUFFIXES
from mmvideo.errors import InputError, MissingFileError

from .split_files import plain

__all__ = ['LAYOUTS', 'FrameNames', 'Items', 'count_frames', 'numbered']

# What is listed: the key of its path in JSON, and what its files end in; folders have no suffix.
LAYOUTS = {
    'rawframes': ('frame_dir', ()),
    'videos': ('filename', SUFFIXES),
    'audio': ('audio_path', ('.wav', '.m4a', '.aac', '.mp3', '.flac', '.ogg', '.opus')),
    'audio_feature': ('audio_path', ('.npy',)),
}
PICTURES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')
NUMBER = re.compile(r'(\d+)$')


@dataclass(frozen=True)
class FrameNames:
    """How the names of frames begin.

    Args:
        rgb, flow_x, flow_y: prefixes; what follows is the number.
        modality: 'rgb' or 'flow': whose frames are counted; 'both' for one list that serves both,
            with the smaller count.
    """
    rgb: str = 'img_'
    flow_x: str = 'flow_x_'
    flow_y: str = 'flow_y_'
    modality: str = 'rgb'


class Items:
    """Files, or folders of frames, of a folder (level 1) or of the folders in it (level 2).

    Args:
        folder: where they lie.
        layout: key of :data:`LAYOUTS`.
        level: 1 or 2.

    Attributes:
        paths: relative to ``folder``, sorted, with '/' between folders.
    """

    def __init__(self, folder, layout, level):
        if not osp.isdir(folder):
            raise MissingFileError(f'{folder}: no such folder')
        self.folder, self.level = folder, level
        self.suffixes = LAYOUTS[layout][1]
        self.paths = sorted(self._found())
        if not self.paths:
            what = 'folders of frames' if layout == 'rawframes' else f'files ({layout})'
            raise InputError(f'{folder}: there are no {what} at --level {level}'
                             f'{self._what_is_there()}')
        self.by_stem = {}
        for path in self.paths:
            self.by_stem.setdefault(self.stem(path), []).append(path)

    def stem(self, path):
        name = path.rpartition('/')[2]
        return osp.splitext(name)[0] if self.suffixes else name

    def _found(self):
        folders = [''] if self.level == 1 else [f'{name}/' for name in self._names('', True)]
        for folder in folders:
            for name in self._names(folder, not self.suffixes):
                if not self.suffixes or name.lower().endswith(self.suffixes):
                    yield folder + name

    def _names(self, folder, is_folder):
        with os.scandir(osp.join(self.folder, folder)) as entries:
            return [e.name for e in entries
                    if e.is_dir() == is_folder and not e.name.startswith('.')]

    def _what_is_there(self):
        for level in (1, 2):
            self.level, before = level, self.level
            has_some = level != before and next(iter(self._found()), None)
            self.level = before
            if has_some:
                return f', but at --level {level}'
        return ''

    def find(self, entry):
        """Path of what an entry means; None if it is not there.

        Raises:
            InputError: it could be several.
        """
        for stem in entry.stems:
            paths = self.by_stem.get(stem, [])
            if entry.folder and self.level > 1:
                same = [p for p in paths if plain(p.split('/')[0]) == plain(entry.folder)]
                if same or entry.is_in_folder:
                    paths = same
            if len(paths) > 1:
                raise InputError(f'{self.folder}: {stem} is there {len(paths)} times: '
                                 f'{", ".join(paths)}; expected one of them')
            if paths:
                return paths[0]
        return None


def count_frames(folder, names):
    """How many frames a folder has, and the number of the first.

    Args:
        folder: the folder.
        names: :class:`FrameNames`.

    Returns:
        tuple(int, int): count and first number.

    Raises:
        InputError: none, one of the numbers is missing, or x and y of a flow differ.
    """
    with os.scandir(folder) as entries:
        stems = [osp.splitext(e.name)[0] for e in entries if e.name.lower().endswith(PICTURES)]
    prefixes = {'rgb': [names.rgb], 'flow': [names.flow_x, names.flow_y],
                'both': [names.rgb, names.flow_x, names.flow_y]}[names.modality]
    spans = [numbered(stems, prefix) for prefix in prefixes]
    if names.modality != 'rgb' and spans[-1] != spans[-2]:
        raise InputError(f'{spans[-2][0]} frames {names.flow_x}*, but {spans[-1][0]} '
                         f'{names.flow_y}*')
    if len({first for _, first in spans}) > 1:
        raise InputError('the numbers of flow and pictures begin differently')
    return min(spans)


def numbered(stems, prefix):
    """Count and first number of the frames with a prefix.

    Raises:
        InputError: there is none, or a number is missing.
    """
    numbers = set()
    for stem in stems:
        match = NUMBER.search(stem) if stem.startswith(prefix) else None
        # '' is not to count 'img_00001'.
        if match and not stem[len(prefix):match.start()].strip('_-'):
            numbers.add(int(match[1]))
    if not numbers:
        raise InputError(f'no frame {prefix}*')
    first, last = min(numbers), max(numbers)
    if len(numbers) != last - first + 1:
        gap = next(n for n in range(first, last) if n not in numbers)
        raise InputError(f'{len(numbers)} frames {prefix}* numbered {first}..{last}, '
                         f'but none {gap}')
    return len(numbers), first
