"""What all data sets share: a list of records, a pipeline, and draws that can be repeated."""
import copy
import os.path as osp

import numpy as np
import torch
from torch.utils.data import Dataset

from mmvideo import storage
from mmvideo.datasets.annotations import read_records
from mmvideo.datasets.board import Board
from mmvideo.datasets.lists import place_name
from mmvideo.datasets.quarantine import Quarantine, missing_folder
from mmvideo.datasets.trees import files_below, read_tree
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import TRANSFORMS


def sample_place(index, length):
    """What ``dataset[index]`` means.

    Args:
        index: a number, negative ones count from the end; or a tuple of it, of how many times
            the sample was shown before in this epoch, so that it has other draws each time, and
            maybe of the shape that is asked for (:meth:`BaseDataset.add_pipeline`).
        length: of the data set.

    Returns:
        tuple: the record, the place that seeds its draws, and the shape if one is asked for.
    """
    index, turn, *shape = index if isinstance(index, tuple) else (index, 0)
    index = range(length)[index]
    return index, index + turn * length, *shape


class BaseDataset(Dataset):
    """Records of an annotation file, each made into a sample by a pipeline.

    A sample's draws come from a generator of its own, seeded by (seed, epoch, index): the same for
    any number of workers, other ones in each epoch.

    A subclass names its columns: ``path_key``, ``columns`` and ``media``, its key in a dict
    ``data_prefix``; and the ``suffixes`` of its files, if a tree of folders can do without a list.

    Args:
        ann_file: a list, as text, CSV, JSON or JSON lines
            (:func:`mmvideo.datasets.lists.read_rows`); or a folder with a folder a class
            (:func:`mmvideo.datasets.trees.read_tree`), which goes without ``data_prefix``.
        pipeline: transforms, as config dicts.
        data_prefix: folder that paths in ``ann_file`` are relative to; or a dict with such a
            folder under 'video', 'img' or 'audio'.
        test_mode: samples may lack a label (-1).
        multi_class: a sample may have several labels; they become a vector of 0 and 1.
        num_classes: number of classes; labels are checked against it, ``multi_class`` needs it.
        start_index: number of the first frame.
        modality: 'RGB', 'Flow' or 'Audio'.
        sample_by_class: training only: draw a class, then one of its records, in place of the
            record asked for. The item keeps the index that was asked for. A sampler
            ``ClassSpecificDistributedSampler`` takes this over. A dict ``{class: factor}`` draws
            some classes more, or less, often than the others.
        power: a class is drawn with probability proportional to (its number of records) ** power:
            0 for all classes alike, 1 for all records alike.
        dynamic_length: what ``ClassSpecificDistributedSampler`` balances classes by: by showing
            records of small classes several times in a longer epoch, or by draws.
        seed: of the draws; ``set_seed`` changes it.

    Attributes:
        steps: the transforms, as given.
        records: list of dicts, paths joined with ``data_prefix``.
        names: the path of each record, as written in ``ann_file``.
        classes: names of the classes, if ``ann_file`` is a folder; else None.
    """

    # What mmengine writes into every checkpoint; the names of a large list have no place there.
    metainfo = {}
    path_key = 'filename'
    columns = ()
    media = 'video'
    suffixes = ()
    delimiter = None
    label_keys = ('label',)     # what a sample that stands in for another takes from that

    def __init__(self, ann_file, pipeline, data_prefix=None, test_mode=False, multi_class=False,
                 num_classes=None, start_index=1, modality='RGB', sample_by_class=False, power=0,
                 dynamic_length=False, seed=0):
        self.ann_file = str(ann_file)
        self.data_prefix = self._folder(data_prefix)
        self.test_mode = test_mode
        self.multi_class = multi_class
        self.num_classes = num_classes
        self.start_index = start_index
        self.modality = modality
        self.sample_by_class = False if test_mode else sample_by_class
        self.power = power
        self.dynamic_length = dynamic_length
        if modality not in ('RGB', 'Flow', 'Audio'):
            raise InputError(f"modality must be 'RGB', 'Flow' or 'Audio', not {modality!r}")
        if multi_class and num_classes is None:
            raise InputError('num_classes is needed with multi_class=True')
        if multi_class and sample_by_class:
            raise InputError('sample_by_class needs samples of one class (multi_class=False)')
        self.classes = None
        # Set by a run: what it does about bad samples, whom it tells what it is at, and the number
        # of the first sample in the outermost data set.
        self.keeper, self.board, self.first_place = None, None, 0
        # Shared memory: workers that are running already see a change.
        self._seed_and_epoch = torch.tensor([int(seed), 0]).share_memory_()
        self.records, self._places = self.load_records()
        self.names = [record[self.path_key] for record in self.records]
        for record in self.records:
            record[self.path_key] = self.locate(record[self.path_key])
        if self.sample_by_class:
            self._classes, self._chances = self._class_chances()
        self.steps = pipeline
        self.pipeline = self.pipeline_of(pipeline)
        self._pipelines = {}

    def pipeline_of(self, steps):
        """Transforms, built from config dicts."""
        return TRANSFORMS.build(dict(type='Compose', transforms=steps))

    def add_pipeline(self, shape, steps):
        """Make samples that are asked for as ``dataset[index, turn, shape]`` by other transforms.

        Args:
            shape: whatever stands for them.
            steps: transforms, as config dicts.
        """
        self._pipelines[shape] = self.pipeline_of(steps)

    def _folder(self, data_prefix):
        if isinstance(data_prefix, dict):
            if self.media not in data_prefix:
                raise InputError(f'data_prefix: {type(self).__name__} looks for the key '
                                 f'{self.media!r}, found {sorted(data_prefix)}')
            data_prefix = data_prefix[self.media]
        if data_prefix:
            storage.split(data_prefix)      # tells now if it is an archive that cannot be read so
        return data_prefix

    def load_records(self):
        """Records, and the line of each in ``ann_file``."""
        if storage.isdir(self.ann_file):
            return self._load_tree()
        return read_records(self.ann_file, self.columns, self.path_key, self.multi_class,
                            self.num_classes, self.test_mode, self.delimiter)

    def _load_tree(self):
        if self.data_prefix:
            raise InputError(f'data_prefix: {self.data_prefix} is for the paths of a list, but '
                             f'ann_file {self.ann_file} is a folder; expected None')
        samples = self.find_samples(self.ann_file)
        self.classes = read_tree(self.ann_file, samples, self.path_key, self.num_classes,
                                 self.test_mode)
        if self.multi_class:
            for record in samples:
                record['label'] = [record['label']] if record['label'] != -1 else -1
        self.data_prefix = self.ann_file
        return samples, range(1, len(samples) + 1)

    def find_samples(self, folder):
        """Records, still without label, of the samples below a folder, paths relative to it."""
        if not self.suffixes:
            raise InputError(f'ann_file: {folder} is a folder; {type(self).__name__} needs a list, '
                             f'because it says more of a sample than its class '
                             f'({" ".join([self.path_key, *self.columns, "label"])})')
        return [{self.path_key: path} for path in files_below(folder, self.suffixes)]

    def locate(self, path):
        """Where the file, or folder, of a listed path lies."""
        return osp.join(self.data_prefix, path) if self.data_prefix else path

    def _class_chances(self):
        classes = {}
        for i, record in enumerate(self.records):
            classes.setdefault(record['label'], []).append(i)
        chances = np.array([len(members) for members in classes.values()], float) ** self.power
        if isinstance(self.sample_by_class, dict):
            chances *= self._factors(self.sample_by_class, classes)
        return list(classes.values()), chances / chances.sum()

    @staticmethod
    def _factors(given, classes):
        """Of each class, 1 for those that are not given."""
        try:
            factors = {int(label): float(factor) for label, factor in given.items()}
        except (TypeError, ValueError):
            factors = {None: 0}
        if not set(factors) <= set(classes) or not all(0 < f < np.inf for f in factors.values()):
            raise InputError('sample_by_class: expected True, or a dict of classes that have '
                             f'records and of factors > 0, got {given!r}')
        return np.array([factors.get(label, 1.) for label in classes])

    def __len__(self):
        return len(self.records)

    def __getitem__(self, index):
        return self.load(*sample_place(index, len(self)))

    def set_epoch(self, epoch):
        """Change the draws of all samples; workers that are running follow."""
        self._seed_and_epoch[1] = int(epoch)

    def set_seed(self, seed):
        """Change the draws of all samples in all epochs."""
        self._seed_and_epoch[0] = int(seed)

    def origin(self, index):
        """Where a record was listed, such as 'data/train.txt, line 12'."""
        return f'{self.ann_file}, {place_name(self.ann_file, self.place(index))}'

    def place(self, index):
        """The line of a record in ``ann_file``, or its entry in JSON, from 1."""
        return self._places[index]

    def leaves(self):
        """The data sets with records of their own: this one."""
        return [self]

    def quarantine(self, path=None, **options):
        """From now on put another sample in the place of one that cannot be loaded.

        Args:
            path, **options: as of :class:`mmvideo.datasets.quarantine.Quarantine`, which is given.
        """
        return Quarantine(self.leaves(), path, **options)

    def watch(self, num_workers):
        """A :class:`mmvideo.datasets.board.Board`, on which workers say what they are at."""
        return Board(self.leaves(), num_workers)

    def load(self, index, sample_index, shape=None):
        """Make a sample.

        Args:
            index: which record.
            sample_index: its place in the outermost data set, which seeds its draws.
            shape: which pipeline makes it, if not the first.

        Raises:
            MissingFileError, InputError: name the file and where it was listed.
        """
        draws = (*self._seed_and_epoch.tolist(), sample_index)
        rng = np.random.default_rng(draws)
        if self.sample_by_class:
            index = self.draw(rng)
        if self.keeper is None:
            results = self._make_or_say(index, rng, shape)
        else:
            results = self.keeper.load(self, index, rng, draws, shape)
        for sample in results if isinstance(results, list) else [results]:
            if isinstance(sample, dict):
                sample['sample_index'] = sample_index
        return results

    def shown(self, index, sample_index):
        """The record that :meth:`load` takes: a drawn one with ``sample_by_class``."""
        if not self.sample_by_class:
            return index
        return self.draw(np.random.default_rng((*self._seed_and_epoch.tolist(), sample_index)))

    def draw(self, rng):
        """A record by chance, as ``sample_by_class`` says."""
        if not self.sample_by_class:
            return int(rng.integers(len(self)))
        members = self._classes[rng.choice(len(self._classes), p=self._chances)]
        return int(rng.choice(members))

    def _make_or_say(self, index, rng, shape):
        """A sample, or an error that says which one cannot be made."""
        try:
            return self.make(index, rng, shape=shape)
        except (InputError, OSError) as error:
            self.check_folders(error, index)
            is_missing = isinstance(error, FileNotFoundError)
            kind = MissingFileError if is_missing else InputError
            raise kind(f'{self.names[index]} ({self.origin(index)}): {error}') from error

    def make(self, index, rng, labeled_as=None, shape=None):
        """A sample of a record.

        Args:
            index: of the record.
            rng: generator of its draws.
            labeled_as: the record whose label it gets, if not its own.
            shape: which pipeline makes it, if not the first.
        """
        pipeline = self.pipeline if shape is None else self._pipelines[shape]
        results = self.prepare(index)
        if labeled_as not in (None, index):
            own = self.prepare(labeled_as)
            results.update({key: own[key] for key in self.label_keys})
        results['rng'] = rng
        if self.board is None:
            return self.process(results, pipeline)
        self.board.begin(self.first_place + index)
        try:
            return self.process(results, pipeline)
        finally:
            self.board.end()

    def check_folders(self, error, index):
        """Raise for a missing file if the folder of all files is missing: that is no bad file."""
        folder = missing_folder(error, *self.folders())
        if folder is not None and not osp.isabs(self.names[index]):
            raise MissingFileError(
                f'{self.names[index]} ({self.origin(index)}): the folder {folder} does not exist '
                f'(data_prefix): {error}') from error

    def folders(self):
        """Folders without which no sample can be loaded."""
        return [self.data_prefix]

    def process(self, results, pipeline):
        """From a record with its generator to a sample."""
        return pipeline(results)

    def prepare(self, index):
        """A copy of a record with all that the pipeline starts from, but the generator."""
        results = copy.deepcopy(self.records[index])
        results['modality'] = self.modality
        results['start_index'] = self.start_index
        if self.multi_class:
            label = torch.zeros(self.num_classes)
            if results['label'] != -1:
                label[results['label']] = 1
            results['label'] = label
        return results
