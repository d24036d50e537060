"""Which samples an epoch shows."""
import math

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmvideo.errors import InputError
from mmvideo.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class ClassSpecificDistributedSampler(Sampler):
    """Balances the classes of a training set, alike in one process and in several.

    With n records in a class, the class has a share of the epoch proportional to ``n ** power``. A
    data set that draws classes itself (``sample_by_class``) leaves it to this sampler from then on.
    The epoch depends on seed and epoch alone: all processes make the same one and take turns.

    A record that comes again in an epoch is asked for as ``dataset[index, turn]``, so that it has
    other draws each time; data sets of other packages get plain indices.

    Args:
        dataset: has ``records`` with one ``label`` each; may be repeated or concatenated.
        dynamic_length: True shows each record of the largest class once and those of smaller ones
            as often as their share needs, evenly: the epoch becomes longer (with a power above 1,
            shorter). False keeps the length and draws with replacement: first a class, then a
            record. Default: the data set's.
        power: 0 for all classes alike, 1 for all records alike. Default: the data set's.
        shuffle: False puts the epoch in the order of the list.
        seed: must be the same in all processes. Default: one that they agree on.
        round_up: repeat some samples, so that all processes get the same number.

    Raises:
        InputError: a record has no label, or several.
    """

    def __init__(self, dataset, dynamic_length=None, power=None, shuffle=True, seed=None,
                 round_up=True):
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.dynamic_length = (getattr(dataset, 'dynamic_length', True)
                               if dynamic_length is None else dynamic_length)
        self.power = getattr(dataset, 'power', 0) if power is None else power
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.round_up = round_up
        self.epoch = 0
        self._members = _by_class(dataset)
        sizes = np.array([len(members) for members in self._members], float)
        weights = (sizes / sizes.max()) ** self.power
        self._shares = weights / weights.sum()
        # As many for each record of the largest class as it has.
        self._counts = np.maximum(np.rint(weights * sizes.max()).astype(int), 1)
        self.total = int(self._counts.sum()) if self.dynamic_length else len(dataset)
        _leave_classes(dataset)

    def __len__(self):
        """Samples of this process."""
        if self.round_up:
            return math.ceil(self.total / self.world_size)
        return len(range(self.rank, self.total, self.world_size))

    def set_epoch(self, epoch):
        """Change the order and the draws."""
        self.epoch = epoch

    def __iter__(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        order = self._spread(rng) if self.dynamic_length else self._drawn(rng)
        order = rng.permutation(order) if self.shuffle else np.sort(order)
        if self.round_up:
            order = np.resize(order, len(self) * self.world_size)
        turns = _turns(order) if hasattr(self.dataset, 'load') else np.zeros_like(order)
        mine = slice(self.rank, None, self.world_size)
        return ((index, turn) if turn else index for index, turn in
                zip(order[mine].tolist(), turns[mine].tolist(), strict=True))

    def _spread(self, rng):
        """Every record of a class equally often, but for one time."""
        chosen = []
        for members, count in zip(self._members, self._counts, strict=True):
            whole, rest = divmod(int(count), len(members))
            chosen += [np.tile(members, whole), rng.permutation(members)[:rest]]
        return np.concatenate(chosen)

    def _drawn(self, rng):
        """First a class, then one of its records."""
        classes = rng.choice(len(self._members), size=self.total, p=self._shares)
        places = rng.random(self.total)
        chosen = np.empty(self.total, int)
        for number, members in enumerate(self._members):
            mask = classes == number
            chosen[mask] = members[(places[mask] * len(members)).astype(int)]
        return chosen


def _by_class(dataset):
    """Indices of the records of each class that has some, as arrays."""
    classes = {}
    for index, record in enumerate(dataset.records):
        label = record['label']
        if isinstance(label, (list, tuple, dict, np.ndarray)) or label < 0:
            raise InputError(f'ClassSpecificDistributedSampler: {dataset.origin(index)}: label '
                             f'{label}, expected one class')
        classes.setdefault(label, []).append(index)
    return [np.array(classes[label]) for label in sorted(classes)]


def _leave_classes(dataset):
    todo = [dataset]
    while todo:
        member = todo.pop()
        todo += getattr(member, 'members', [])
        if vars(member).get('sample_by_class'):
            member.sample_by_class = False


def _turns(order):
    """How many times each element was there before."""
    ranks = np.argsort(order, kind='stable')
    ordered = order[ranks]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    turns = np.empty_like(order)
    turns[ranks] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return turns
