"""Split files as plain text: UCF101, HMDB51, FineGym.

A parser takes the folder of split files, a part ('train', 'val', 'test') and a number of the
split, and gives the entries in the order of the file.
"""
import os.path as osp

from mmvideo.errors import InputError
from mmvideo.labels import label_names

from .split_files import Classes, Entry, text_lines

__all__ = ['gym99', 'hmdb51', 'ucf101']


def ucf101(annotations, part, split):
    """``Class/v_Class_g01_c01.avi 1`` in ``trainlist01.txt``; classes are counted from 1.

    The files ``testlist01.txt`` of validation leave the number out; the folder is the class.
    """
    classes = Classes.named('ucf101')
    index = annotations.find('classInd.txt')
    rows = list(text_lines(index, 2, 'number class'))
    for expected, (where, (number, _)) in enumerate(rows, 1):
        if number != str(expected):
            raise InputError(f'{where}: expected class {expected}, found {number!r}')
    classes.must_equal([name for _, (_, name) in rows], index)
    path = annotations.find(f'{"train" if part == "train" else "test"}list{split:02}.txt')
    layout = 'class/video.avi number' if part == 'train' else 'class/video.avi'
    entries = []
    for where, words in text_lines(path, (1, 2), layout):
        folder, name = osp.split(words[0])
        label = classes.number(folder, where)
        if len(words) == 2 and words[1] != str(label + 1):
            raise InputError(f'{where}: {folder} is class {label + 1} of {index}, '
                             f'found {words[1]!r}')
        entries.append(Entry((osp.splitext(name)[0],), label, folder, is_in_folder=True))
    return entries


def hmdb51(annotations, part, split):
    """``video.avi 1`` in ``class_test_split1.txt``; 1 is training, 2 is test, 0 is neither."""
    wanted = '1' if part == 'train' else '2'
    entries = []
    for label, name in enumerate(label_names('hmdb51')):
        path = annotations.find(f'{name}_test_split{split}.txt')
        for where, (video, use) in text_lines(path, 2, 'video.avi 0|1|2'):
            if use not in ('0', '1', '2'):
                raise InputError(f'{where}: expected 0, 1 or 2 after the name, found {use!r}')
            if use == wanted:
                entries.append(Entry((osp.splitext(video)[0],), label, name, is_in_folder=True))
    return entries


def gym99(annotations, part, split):
    """``video_E_start_end_A_start_end 1`` in ``gym99_train_element_v1.0.txt``."""
    del split
    names = [f'gym99_{part}_element{version}.txt' for version in ('_v1.1', '_v1.0', '')]
    path = annotations.find(*names, f'gym99_{part}_org.txt', f'gym99_{part}.txt')
    classes = Classes.named('gym99')
    entries = []
    for where, (name, label) in text_lines(path, 2, 'video_event_element number'):
        if not label.isdigit():
            raise InputError(f'{where}: expected a class number after the name, found {label!r}')
        entries.append(Entry((name,), classes.check(int(label), where)))
    return entries


