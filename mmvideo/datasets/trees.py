"""Trees of folders, one folder a class, that need no list."""
import io
import os
import os.path as osp
import re
import string

from mmvideo import storage
from mmvideo.errors import InputError

__all__ = ['files_below', 'frame_folders_below', 'read_tree']

CLASS_FILE = 'classes.txt'


def read_tree(folder, samples, path_key, num_classes=None, labels_optional=False):
    """Label what lies in the folders of a folder; these folders are the classes.

    Classes are numbered in the order of their names. A file ``classes.txt`` in ``folder``, one
    name a line, numbers them instead: needed where a class has no folder. What lies below the
    folder of a class, however deep, is of that class. Names that begin with a point are passed
    over.

    Args:
        folder: the root of the tree.
        samples: records whose paths are relative to ``folder``; they get a ``label``.
        path_key: where a record keeps its path.
        num_classes: class count, if known; there must be as many.
        labels_optional: samples may lie outside the folders of classes; their label is -1.

    Returns:
        list[str]: names of the classes.

    Raises:
        InputError: no sample, or one that has no class.
    """
    if not samples:
        raise InputError(f'ann_file: folder {folder} holds no sample; expected a folder a class, '
                         'with the samples of the class in it')
    tops = [record[path_key].split(os.sep, 1) for record in samples]
    alone = {top[0] for top in tops if len(top) == 1}
    if alone and not labels_optional:
        raise InputError(f'ann_file: {osp.join(folder, min(alone))} lies in no folder of a class; '
                         'expected a folder a class, with the samples of the class in it')
    _, folders, _ = next(storage.walk(folder))
    folders = sorted(name for name in folders if not name.startswith('.') and name not in alone)
    classes = _classes(folder, folders, num_classes)
    numbers = {name: number for number, name in enumerate(classes)}
    for record, top in zip(samples, tops, strict=True):
        record['label'] = numbers[top[0]] if len(top) > 1 else -1
    return classes


def _classes(folder, folders, num_classes):
    path = osp.join(folder, CLASS_FILE)
    classes = folders
    if storage.isfile(path):
        lines = io.StringIO(storage.read_bytes(path).decode('utf-8-sig'), newline=None)
        classes = [line.strip() for line in lines if line.strip()]
        unknown = [name for name in folders if name not in classes]
        if unknown:
            raise InputError(f'ann_file: folder {osp.join(folder, unknown[0])} is not among the '
                             f'{len(classes)} classes of {path}')
    if folders and num_classes is not None and len(classes) != num_classes:
        raise InputError(f'ann_file: folder {folder} has {len(classes)} classes, num_classes is '
                         f'{num_classes}; where a class has no folder, a file {CLASS_FILE} in it '
                         'with one name a line says which number is whose')
    return classes


def files_below(folder, suffixes):
    """Files whose names end so, paths relative to ``folder``, sorted."""
    found = []
    for place, folders, names in storage.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith('.'))
        found += [osp.relpath(osp.join(place, name), folder) for name in names
                  if name.lower().endswith(suffixes) and not name.startswith('.')]
    return sorted(found)


def frame_folders_below(folder, template, start_index):
    """Folders with frames, and how many they hold.

    Args:
        folder: where to look.
        template: name of a frame with a place for its number; for optical flow first one for the
            axis, of which 'x' is counted.
        start_index: number of the first frame.

    Returns:
        list[tuple(str, int)]: paths relative to ``folder``, sorted, and frame counts.

    Raises:
        InputError: the numbers of a folder's frames have gaps, or begin elsewhere.
    """
    pattern = _pattern(template)
    found = []
    for place, folders, names in storage.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith('.'))
        numbers = sorted(int(match[1]) for match in map(pattern.fullmatch, names) if match)
        if not numbers:
            continue
        expected = range(start_index, start_index + len(numbers))
        if (numbers[0], numbers[-1]) != (expected[0], expected[-1]):
            raise InputError(f'ann_file: folder {place} holds {len(numbers)} frames numbered '
                             f'{numbers[0]}..{numbers[-1]}; expected {expected[0]}..'
                             f'{expected[-1]} (start_index is {start_index})')
        found.append((osp.relpath(place, folder), len(numbers)))
    return sorted(found)


def _pattern(template):
    """What file names of a template look like; the number is the only group."""
    parts = list(string.Formatter().parse(template))
    count = sum(field is not None for _, field, _, _ in parts)
    pattern, seen = '', 0
    for literal, field, _, _ in parts:
        pattern += re.escape(literal)
        if field is not None:
            seen += 1
            pattern += r'(\d+)' if seen == count else 'x'
    return re.compile(pattern)
