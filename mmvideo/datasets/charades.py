"""Charades: videos in which several things are done, each from one moment to another."""
import csv
import io
import re

import numpy as np

from mmvideo import storage
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.official import how_to_prepare
from mmvideo.datasets.video import SUFFIXES
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS

__all__ = ['CharadesDataset', 'read_actions']

ACTION = re.compile(r'c(\d{3}) (\S+) (\S+)')


@DATASETS.register_module()
class CharadesDataset(BaseDataset):
    """Videos with their actions in time (Charades, arXiv:1604.01753).

    The list is the publisher's: CSV with the columns ``id``, ``actions``
    (``c092 11.90 21.20;c147 0.00 12.60``: class, begin and end in seconds) and ``length`` in
    seconds. A sample's label is that of the whole video; the transform ``TimedLabel`` makes it
    that of the clip, or of each of some moments. Videos in which nothing is done have a label, too:
    zeros.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        num_classes: classes, C.
        suffix: of the videos, such as '.mp4'.
        start_index: number of the first frame; decoders count from 0.
    """

    suffixes = SUFFIXES
    label_keys = ('label', 'actions', 'length_seconds')

    def __init__(self, ann_file, pipeline, num_classes=157, suffix='.mp4', start_index=0, **kwargs):
        if not kwargs.pop('multi_class', True):
            raise InputError('CharadesDataset: samples have several labels (multi_class=True)')
        self.suffix = suffix
        super().__init__(ann_file, pipeline, num_classes=num_classes, start_index=start_index,
                         multi_class=True, **kwargs)

    def load_records(self):
        records, places = [], []
        for line, row in _rows(self.ann_file):
            where = f'{self.ann_file}, line {line}'
            actions = read_actions(where, row['actions'], self.num_classes)
            records.append(dict(
                filename=row['id'] + self.suffix, label=sorted({a[0] for a in actions}),
                actions=np.array(actions, np.float64).reshape(-1, 3),
                length_seconds=_seconds(where, 'length', row['length'])))
            places.append(line)
        if not records:
            raise InputError(f'ann_file: {self.ann_file} holds no sample')
        return records, places


def read_actions(where, text, num_classes):
    """``c092 11.90 21.20;c147 0.00 12.60`` as a list of (class, begin, end).

    Args:
        where: the place of the text, for messages.
        text: the cell; empty for a video in which nothing is done.
        num_classes: classes are numbered below it.

    Raises:
        InputError: an action that is written otherwise.
    """
    actions = []
    for action in filter(None, map(str.strip, text.split(';'))):
        found = ACTION.fullmatch(action)
        if found is None or int(found[1]) >= num_classes:
            raise InputError(f"{where}: action {action!r}, expected for example 'c092 11.90 "
                             f"21.20', classes c000 to c{num_classes - 1:03d}")
        actions.append((int(found[1]), *(_seconds(where, f'action {action!r}', seconds)
                                         for seconds in found.groups()[1:])))
    return actions


def _seconds(where, name, text):
    try:
        seconds = float(text)
    except (TypeError, ValueError):
        seconds = -1.
    if not 0 <= seconds < np.inf:
        raise InputError(f'{where}: {name}: expected seconds, found {text!r}')
    return seconds


def _rows(path):
    """(line, cells by name of the column) of the publisher's list."""
    if not storage.isfile(path):
        raise MissingFileError(f'ann_file: {path} does not exist; {how_to_prepare(path)}')
    text = storage.read_bytes(path).decode('utf-8-sig', 'replace')
    reader = csv.DictReader(io.StringIO(text, newline=''))
    absent = {'id', 'actions', 'length'} - set(reader.fieldnames or ())
    if absent:
        raise InputError(f'ann_file: {path}, line 1: there is no column {sorted(absent)[0]!r}; '
                         'expected Charades_v1_train.csv or Charades_v1_test.csv with id, actions, '
                         'length')
    for row in reader:
        if None in (row['id'], row['actions'], row['length']):
            raise InputError(f'{path}, line {reader.line_num}: fewer cells than columns')
        yield reader.line_num, row
