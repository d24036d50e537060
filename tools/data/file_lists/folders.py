"""A list of a folder with one folder a class, for data that have no split files."""
import os
import os.path as osp
import random

from mmvideo.datasets.list_writing import write_records
from mmvideo.datasets.trees import files_below, frame_folders_below, read_tree
from mmvideo.errors import InputError, MissingFileError

from .items import LAYOUTS

__all__ = ['list_folders']


def list_folders(folder, wish):
    """Write the list of a folder, and beside it the names of the classes.

    Args:
        folder: its folders are the classes, in the order of their names or of a ``classes.txt``
            in it; what lies below one, however deep, is of that class.
        wish: :class:`building.Wish`.

    Returns:
        list[str]: what to tell.

    Raises:
        InputError: there is nothing, or ``classes.txt`` beside the list has other classes.
    """
    path_key, suffixes = LAYOUTS[wish.layout]
    if not osp.isdir(folder):
        raise MissingFileError(f'{folder}: no such folder')
    if wish.layout == 'videos':
        columns = ()
        records = [{path_key: path} for path in files_below(folder, suffixes)]
    elif wish.layout != 'rawframes':
        raise InputError('--format: folders can be of videos or rawframes, not of '
                         f'{wish.layout}')
    else:
        columns = ('total_frames',)
        if wish.frames.modality != 'rgb':
            raise InputError('--modality: folders are listed by their pictures, expected rgb')
        prefix = 'img_' if wish.frames.rgb is None else wish.frames.rgb
        found = next(filter(None, (frame_folders_below(folder, f'{prefix}{{:05}}{suffix}', 1)
                                   for suffix in ('.jpg', '.png'))), [])
        records = [{path_key: path, 'total_frames': count} for path, count in found]
    classes = read_tree(folder, records, path_key)
    part = osp.basename(osp.abspath(folder))
    name = f'{part}_list_{wish.layout}{wish.suffix or ".txt"}'
    if wish.out_name is not None:
        name = wish.own_name(part=part, subset=part, split=1)
    keep_classes(osp.join(wish.out_root, 'classes.txt'), classes, folder)
    if wish.seed is not None:
        random.Random(wish.seed).shuffle(records)
    path = osp.join(wish.out_root, name)
    write_records(path, records, columns, path_key)
    return [f'{path}: {len(records)} items of {len(classes)} classes']


def keep_classes(path, classes, folder):
    """Write the names of the classes, or hold them against those of another list of the data."""
    if osp.isfile(path):
        with open(path, encoding='utf-8') as file:
            known = file.read().splitlines()
        if known != classes:
            odd = sorted(set(classes) ^ set(known)) or classes
            raise InputError(f'{folder}: other classes than {path}, for example {odd[0]}; expected '
                             f'the same (a copy of {path} in {folder} numbers them), or another '
                             '--out-root-path')
        return
    os.makedirs(osp.dirname(path) or '.', exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(f'{name}\n' for name in classes)
