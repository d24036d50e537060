"""Holds labels against the class count before the first iteration, while the line is known."""
import os.path as osp
import warnings

import numpy as np

from mmvideo.errors import InputError, MissingFileError
from mmvideo.labels import LABEL_MAPS, label_names
from mmvideo.registry import nearest

__all__ = ['check_labels', 'read_classes']


def read_classes(path):
    """Class names; the place of a name, from 0, is the label.

    Args:
        path: a file with one name a line, or the name of a label map that comes with the package
            (:data:`mmvideo.labels.LABEL_MAPS`), such as 'kinetics400'.

    Raises:
        MissingFileError: neither a file nor a label map.
        InputError: the file is empty.
    """
    if not osp.isfile(path):
        if path in LABEL_MAPS:
            return label_names(path)
        message = f'file of class names {path} does not exist'
        if not osp.splitext(path)[1]:
            message += f', nor is it a label map; {nearest(path, LABEL_MAPS)}'
        raise MissingFileError(message)
    with open(path, encoding='utf-8') as file:
        names = [line.strip() for line in file]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InputError(f'file of class names {path} is empty; expected one name a line')
    return names


def check_labels(dataset, num_classes, classes=None, source=None, is_measured=False):
    """Raise unless every label of a data set is a class of the head.

    Args:
        dataset: has ``records`` with ``label`` (an int, or a list of ints) and ``origin(i)``.
        num_classes: class count of the model's head.
        classes: class names, if known; there must be as many.
        source: file that the names are from, for messages.
        is_measured: samples without a label (-1) are wrong too: metrics need one.

    Raises:
        InputError: names list, line, label and the range expected.
    """
    if classes is not None and len(classes) != num_classes:
        raise InputError(f'the head has {num_classes} classes (model.cls_head.num_classes), but '
                         f'there are {len(classes)} class names'
                         + (f' in {source} (classes)' if source else ''))
    seen = np.zeros(num_classes, dtype=bool)
    for index, record in enumerate(dataset.records):
        label = record.get('label')
        if isinstance(label, dict):     # tags by category, which the data set has checked
            if dataset.num_classes != num_classes:
                raise InputError(f'the head has {num_classes} classes (model.cls_head.num_classes'
                                 f'), the data set {dataset.num_classes} tags (tag_category_nums)')
            return
        if label is None:
            continue
        many = isinstance(label, (list, tuple, np.ndarray))
        for value in label if many else [label]:
            if value == -1 and dataset.test_mode and not many:
                if is_measured:
                    raise InputError(f'{dataset.origin(index)}: has no label, but accuracy needs '
                                     'one for every sample (--out without --eval needs none)')
                continue
            if not 0 <= value < num_classes:
                raise InputError(f'labels start at 0; {dataset.origin(index)}: label {value}, '
                                 f'expected 0..{num_classes - 1} (model.cls_head.num_classes is '
                                 f'{num_classes})')
            seen[int(value)] = True
    if not dataset.test_mode and not seen.all():
        absent = np.flatnonzero(~seen)
        warnings.warn(f'{len(absent)} of {num_classes} classes have no sample in '
                      f'{getattr(dataset, "ann_file", "the data set")}: '
                      f'{", ".join(map(str, absent[:10]))}{" ..." if len(absent) > 10 else ""}',
                      stacklevel=2)
