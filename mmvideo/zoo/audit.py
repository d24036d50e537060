"""What of a row's data lies on this machine, and whether it is what the row was measured on."""
import re
import statistics
from collections import Counter
from typing import NamedTuple

import numpy as np
from torch.utils.data import DataLoader, Dataset

from mmvideo import storage
from mmvideo.datasets.official import official_size
from mmvideo.errors import InputError, MissingFileError
from mmvideo.processes import usable_cores
from mmvideo.registry import DATASETS

__all__ = ['Audit', 'Finding', 'audit', 'open_dataset', 'spread']

# Items that the published figures were measured on, where the tables' pages say so: part of
# Kinetics had left the net by then.
MEASURED_ON = dict(kinetics400=19796)
# Seconds of a clip and frames a second, as the publishers state them; the median item should hold
# so many frames. Kinetics (arXiv:1705.06950) has clips of 10 s at the rate of the upload;
# Moments in Time (arXiv:1801.03150) of 3 s; Something-Something (arXiv:1706.04261) of 2 to 6 s and
# Jester of 3 s come as pictures, 12 a second.
LENGTHS = dict(kinetics400=(10, 10, 24, 30), kinetics600=(10, 10, 24, 30),
               kinetics700=(10, 10, 24, 30), mini_kinetics=(10, 10, 24, 30),
               sthv1=(2, 6, 12, 12), sthv2=(2, 6, 12, 12), jester=(3, 3, 12, 12),
               mit=(3, 3, 24, 30), mmit=(3, 3, 24, 30))
SLACK = 0.15    # of the number of frames
ENCODER = 1     # pixels that an encoder may cut, since it wants even sides
# Shares of an item count: a list of so many is that of a publisher who counts roughly; so few may
# be lost of a run that counts as full, since videos leave the net.
ROUGHLY, FEW = 0.95, 0.01


class Finding(NamedTuple):
    """What is known of one item.

    Args:
        index: in the list.
        problem: '' for none, 'missing' or 'unreadable'.
        reason: why it cannot be read.
        size: (height, width) of its pictures; None if it has none.
        frames: how many; None if it does not say.
        rate: frames a second; None where that is not known.
    """
    index: int
    problem: str = ''
    reason: str = ''
    size: tuple = None
    frames: int = None
    rate: float = None


class _Items(Dataset):
    """Opens items of a data set and reads their first, middle and last frame.

    Args:
        dataset: of mmvideo, with its pipeline.
        indices: which items.
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, list(indices)
        steps = dataset.pipeline.transforms
        # What stands before the sampler opens the item, the decoder stands behind it.
        sampler = next((i for i, step in enumerate(steps) if hasattr(step, 'clip_len')), len(steps))
        self.openers = steps[:sampler]
        self.decoder = next((step for step in steps[sampler:]
                             if type(step).__name__.endswith('Decode')), None)

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, place):
        index = self.indices[place]
        try:
            return self._read(index)
        except MissingFileError as error:
            path = str(self.dataset.records[index][self.dataset.path_key])
            there = storage.isfile(path) or storage.isdir(path)
            return Finding(index, 'unreadable' if there else 'missing', str(error))
        except Exception as error:      # a damaged file may raise anything
            return Finding(index, 'unreadable', str(error) or type(error).__name__)

    def _read(self, index):
        results = self.dataset.prepare(index)
        results['rng'] = np.random.default_rng(0)
        for step in self.openers:
            results = step(results)
        frames, rate = results.get('total_frames'), results.get('avg_fps')
        size = None
        if self.decoder is not None:
            first = results['start_index']
            ends = sorted({0, frames // 2, frames - 1})
            results['frame_inds'] = np.array([first + i for i in ends])
            size = tuple(int(n) for n in self.decoder(results)['original_shape'])
        return Finding(index, size=size, frames=None if frames is None else int(frames),
                       rate=float(rate) if rate else None)


class Audit:
    """What an audit found.

    Args:
        dataset: that was audited.
        findings: one for each item that was looked at.
        resolution: of the stored pictures, in the tables' words; None if they do not say.
    """

    def __init__(self, dataset, findings, resolution=None):
        self.dataset, self.findings, self.resolution = dataset, findings, resolution
        self.ann_file, self.listed = dataset.ann_file, len(dataset.records)
        self.set_name, self.official = official_size(self.ann_file) or (None, None)
        self.measured_on = MEASURED_ON.get(self.set_name)

    @property
    def readable(self):
        """Indices of items that can be tested."""
        return [f.index for f in self.findings if not f.problem]

    def of(self, problem):
        """Findings with a problem, 'missing' or 'unreadable'."""
        return [f for f in self.findings if f.problem == problem]

    @property
    def expected(self):
        """How many items the published figures are of, as far as is known."""
        if self.measured_on:
            return self.measured_on
        if self.official is None:
            return self.listed
        is_rough = not self.official.is_exact and self.listed >= ROUGHLY * self.official.count
        return self.listed if is_rough else self.official.count

    @property
    def lost(self):
        """How many items of those that were published are not tested here."""
        return max(self.expected, self.listed) - len(self.readable)

    @property
    def is_complete(self):
        """Whether all items of the list are tested, and the list is not one of a part."""
        return len(self.readable) == self.listed and self.lost <= FEW * self.expected

    @property
    def sizes(self):
        """``{(height, width): items}``, most frequent first."""
        return dict(Counter(f.size for f in self.findings if f.size).most_common())

    @property
    def other_sizes(self):
        """How many items are stored in another size than the row's; None if that is unknown."""
        if not self.resolution or not self.sizes:
            return None
        fits = {size: fits_resolution(size, self.resolution) for size in self.sizes}
        if None in fits.values():
            return None
        return sum(count for size, count in self.sizes.items() if not fits[size])

    def lines(self):
        """The findings, as sentences."""
        looked = len(self.findings)
        said = [f'{self.ann_file}: {self.listed} items listed{self._official()}']
        if looked < self.listed:
            said.append(f'{looked} of them, evenly spread, were looked at')
        for problem in ('missing', 'unreadable'):
            found = self.of(problem)
            if found:
                said.append(f'{len(found)} {problem}, such as '
                            f'{self.dataset.names[found[0].index]}: {found[0].reason}')
        if len(self.readable) == looked:
            said.append(f'all {looked} can be read')
        return said + self._size_lines() + self._frame_lines()

    def _official(self):
        if self.official is None:
            return ''
        about = '' if self.official.is_exact else 'about '
        tables = f', the tables measured {self.measured_on}' if self.measured_on else ''
        return f' (official are {about}{self.official.count}{tables})'

    def _size_lines(self):
        if not self.sizes:
            return []
        (height, width), count = next(iter(self.sizes.items()))
        total = sum(self.sizes.values())
        most = f'most often {width}x{height} ({count} of {total})'
        other = self.other_sizes
        if other is None:
            return [f'size: {most}']
        if not other:
            return [f'size: all are {self.resolution}, {most}']
        return [f'size: {other} of {total} are not {self.resolution} as the row wants it; {most}']

    def _frame_lines(self):
        frames = [f.frames for f in self.findings if f.frames]
        rates = [f.rate for f in self.findings if f.rate]
        said = []
        if rates:
            said.append(f'frame rate: median {statistics.median(rates):.4g} a second, '
                        f'{min(rates):.4g}..{max(rates):.4g}')
        if frames and self.dataset.modality != 'Audio':
            median = statistics.median(frames)
            line = f'length: median {median:g} frames, {min(frames)}..{max(frames)}'
            least, most = self._lengths()
            if least and not least * (1 - SLACK) <= median <= most * (1 + SLACK):
                shortest, longest, slowest, fastest = LENGTHS[self.set_name]
                line += (f'; clips of {_range(shortest, longest)} s at {_range(slowest, fastest)} '
                         f'frames a second have {_range(least, most)}: these are of another rate '
                         'or another cut')
            said.append(line)
        return said

    def _lengths(self):
        if self.set_name not in LENGTHS:
            return None, None
        shortest, longest, slowest, fastest = LENGTHS[self.set_name]
        return shortest * slowest, longest * fastest

    def summary(self):
        """The findings as plain values."""
        return dict(list=self.ann_file, listed=self.listed, looked_at=len(self.findings),
                    missing=len(self.of('missing')), unreadable=len(self.of('unreadable')),
                    expected=self.expected, resolution=self.resolution,
                    other_sizes=self.other_sizes,
                    sizes={f'{w}x{h}': n for (h, w), n in list(self.sizes.items())[:5]})


def _range(least, most):
    return f'{least}' if least == most else f'{least} to {most}'


def fits_resolution(size, resolution):
    """Whether pictures are stored as a row says; None for words that say nothing of that.

    Args:
        size: (height, width).
        resolution: 'short-side 320', 'height 100' or '340x256'.
    """
    height, width = size
    wanted = re.fullmatch(r'(short-side|height) (\d+)p?', resolution)
    if wanted:
        side = min(size) if wanted.group(1) == 'short-side' else height
        return abs(side - int(wanted.group(2))) <= ENCODER
    wanted = re.fullmatch(r'(\d+)x(\d+)', resolution)
    if wanted is None:
        return None
    pairs = zip(sorted(map(int, wanted.groups())), sorted((height, width)), strict=True)
    return all(abs(a - b) <= ENCODER for a, b in pairs)


def open_dataset(cfg, pipeline):
    """The data set of a config's test, with another pipeline for the same data."""
    return DATASETS.build({**cfg, 'pipeline': pipeline, 'test_mode': True})


def spread(count, limit=None):
    """Places of ``limit`` of ``count`` items, evenly spread: lists are sorted by class."""
    if limit is None or limit >= count:
        return list(range(count))
    return np.linspace(0, count - 1, limit).round().astype(int).tolist()


def _as_it_is(item):
    return item


def audit(dataset, indices=None, workers=0, resolution=None, tell=None):
    """Look at items of a data set: are they there, can they be decoded, what are they like.

    Args:
        dataset: see :func:`open_dataset`.
        indices: which items; all by default.
        workers: processes; no more than there are cores.
        resolution: see :class:`Audit`.
        tell: called as ``tell(items done, items in all)``.

    Raises:
        InputError: a process died.
    """
    items = _Items(dataset, range(len(dataset.records)) if indices is None else indices)
    findings = []
    try:
        for finding in DataLoader(items, batch_size=None, collate_fn=_as_it_is,
                                  num_workers=min(workers, usable_cores())):
            findings.append(finding)
            if tell:
                tell(len(findings), len(items))
    except RuntimeError as error:
        if 'DataLoader worker' not in str(error):
            raise
        raise InputError(f'{dataset.ann_file}: the process that read item {len(findings) + 1} or '
                         'one soon after it died; tools/data/check_videos.py finds out which file '
                         'did it') from error
    return Audit(dataset, findings, resolution)
