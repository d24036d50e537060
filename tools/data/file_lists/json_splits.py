"""Split files as JSON: Something-Something V2, Diving48, ActivityNet."""
import math
import re

from mmvideo.datasets.lists import json_objects, list_place
from mmvideo.errors import InputError

from .split_files import Classes, Entry, json_object

__all__ = ['activitynet', 'diving48', 'sthv2']


def field(row, key, where, kind=str):
    """A value of an object that must be there."""
    value = row.get(key) if isinstance(row, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        word = {str: 'a string', int: 'a whole number', list: 'a list'}.get(kind, 'a number')
        raise InputError(f'{where}: expected the key {key!r} with {word}; found {row!r}')
    return value


def sthv2(annotations, part, split):
    """``{"id": "78687", "template": "Holding [something] next to [something]"}``.

    The classes are numbered as in ``labels.json``, which must agree where it is.
    """
    del split
    classes = Classes.named('sthv2')
    before = 'something-something-v2-'
    if annotations.has(f'{before}labels.json', 'labels.json'):
        path = annotations.find(f'{before}labels.json', 'labels.json')
        numbers = json_object(path)
        try:
            names = sorted(numbers, key=lambda name: int(numbers[name]))
        except (TypeError, ValueError):
            raise InputError(f'file {path}: expected an object of class numbers by class '
                             'name') from None
        classes.must_equal(names, path)
    word = 'validation' if part == 'val' else part
    path = annotations.find(f'{before}{word}.json', f'{word}.json')
    place, entries = list_place(path), []
    for number, row in json_objects(path):
        where = f'{place} {number}'
        name = str(field(row, 'id', where, (str, int)))
        label = None
        if part != 'test':
            label = classes.number(re.sub(r'[\[\]]', '', field(row, 'template', where)), where)
        entries.append(Entry((name,), label))
    return entries


def diving48(annotations, part, split):
    """``{"vid_name": "bJEhFzrYgr4_00164", "label": 35}`` in ``Diving48_V2_train.json``.

    The classes are numbered as in ``Diving48_vocab.json``, which must agree where it is.
    """
    del split
    classes = Classes.named('diving48')
    if annotations.has('Diving48_vocab.json'):
        path = annotations.find('Diving48_vocab.json')
        names = ['+'.join(map(str, words)) if isinstance(words, list) else str(words)
                 for words in json_object(path, list)]
        classes.must_equal(names, path)
    word = 'train' if part == 'train' else 'test'
    path = annotations.find(f'Diving48_V2_{word}.json', f'Diving48_{word}.json')
    place, entries = list_place(path), []
    for number, row in json_objects(path):
        where = f'{place} {number}'
        label = classes.check(field(row, 'label', where, int), where)
        entries.append(Entry((field(row, 'vid_name', where),), label))
    return entries


def activitynet(annotations, part, split):
    """``{"database": {"id": {"subset": "training", "duration": 82.7, "annotations": [...]}}}``."""
    del split
    path = annotations.find('activity_net.v1-3.min.json', 'activity_net.v1-3.json')
    database = json_object(path).get('database')
    if not isinstance(database, dict):
        raise InputError(f"file {path}: expected the key 'database' with an object of videos")
    classes = Classes.named('activitynet')
    wanted = dict(train='training', val='validation', test='testing')[part]
    entries = []
    for name, row in database.items():
        where = f'file {path}, video {name}'
        if not isinstance(row, dict):
            raise InputError(f'{where}: expected an object, found {row!r}')
        if field(row, 'subset', where) != wanted:
            continue
        segments = activity_segments(row, where, classes) if part != 'test' else ()
        entries.append(Entry((f'v_{name}', name), segments[0][2] if segments else None,
                             segments=segments))
    return entries


def activity_segments(row, where, classes):
    """(start, end, class) of the actions of a video, in shares of its duration."""
    duration = field(row, 'duration', where, (int, float))
    if not duration > 0:
        raise InputError(f'{where}: duration {duration} must be above 0')
    segments = []
    for number, action in enumerate(field(row, 'annotations', where, list), 1):
        place = f'{where}, annotation {number}'
        seconds = field(action, 'segment', place, list)
        if len(seconds) != 2 or not all(isinstance(s, (int, float)) and math.isfinite(s)
                                        for s in seconds):
            raise InputError(f'{place}: expected a segment [start, end] in seconds, '
                             f'found {seconds!r}')
        label = classes.number(field(action, 'label', place), place)
        # A few annotations of the release pass the end, or are the wrong way round.
        start, end = sorted(min(max(s / duration, 0.0), 1.0) for s in seconds)
        segments.append((start, end, label))
    return tuple(segments)
