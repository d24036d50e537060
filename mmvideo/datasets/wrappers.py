"""Data sets made of data sets. They number samples anew, so that every draw is its own."""
import bisect
import itertools

from torch.utils.data import Dataset

from mmvideo.datasets.base import sample_place
from mmvideo.datasets.board import Board
from mmvideo.datasets.quarantine import Quarantine
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS


class _Wrapper(Dataset):
    """Shared by the wrappers: which member, and which of its samples, an index stands for."""

    def __init__(self, members):
        self.members = members

    def find(self, index):
        """(member, its index) of a sample."""
        raise NotImplementedError

    def __getitem__(self, index):
        return self.load(*sample_place(index, len(self)))

    def load(self, index, sample_index, *shape):
        member, inner = self.find(index)
        return member.load(inner, sample_index, *shape)

    def origin(self, index):
        member, inner = self.find(index)
        return member.origin(inner)

    def leaves(self):
        """The data sets with records of their own, each once."""
        found = {id(leaf): leaf for member in self.members for leaf in member.leaves()}
        return list(found.values())

    def quarantine(self, path=None, **options):
        return Quarantine(self.leaves(), path, **options)

    def watch(self, num_workers):
        return Board(self.leaves(), num_workers)

    def set_epoch(self, epoch):
        for member in self.members:
            member.set_epoch(epoch)

    def set_seed(self, seed):
        for member in self.members:
            member.set_seed(seed)

    def __getattr__(self, name):
        # What members agree on: multi_class, num_classes, test_mode, ann_file, ...
        if name.startswith('_') or name == 'members':
            raise AttributeError(name)
        return getattr(self.members[0], name)


@DATASETS.register_module()
class RepeatDataset(_Wrapper):
    """Shows a data set several times an epoch, with other draws each time.

    Args:
        dataset: a data set or its config.
        times: how often.
        test_mode: written into the config of ``dataset`` if true.
    """

    def __init__(self, dataset, times, test_mode=False):
        if not isinstance(times, int) or times < 1:
            raise InputError(f'RepeatDataset: times must be a whole number >= 1, not {times!r}')
        self.times = times
        super().__init__([_built(dataset, test_mode)])
        self.dataset = self.members[0]
        self.records = self.dataset.records * times
        self.names = self.dataset.names * times

    def __len__(self):
        return self.times * len(self.dataset)

    def find(self, index):
        return self.dataset, index % len(self.dataset)


@DATASETS.register_module()
class ConcatDataset(_Wrapper):
    """Several data sets, one after the other.

    Args:
        datasets: data sets or their configs.
        test_mode: written into the configs of ``datasets`` if true.
    """

    def __init__(self, datasets, test_mode=False):
        if not isinstance(datasets, (list, tuple)) or not datasets:
            raise InputError('ConcatDataset: datasets must be a list of at least one data set')
        super().__init__([_built(dataset, test_mode) for dataset in datasets])
        self.datasets = self.members
        self._ends = list(itertools.accumulate(len(member) for member in self.members))
        self.records = [r for member in self.members for r in member.records]
        self.names = [n for member in self.members for n in member.names]

    def __len__(self):
        return self._ends[-1]

    def find(self, index):
        which = bisect.bisect_right(self._ends, index)
        return self.members[which], index - (self._ends[which - 1] if which else 0)


def _built(dataset, test_mode):
    if not isinstance(dataset, dict):
        return dataset
    return DATASETS.build({**dataset, 'test_mode': True} if test_mode else dataset)
