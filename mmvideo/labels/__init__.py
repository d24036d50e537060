"""Class names of the public data sets, by name: ``label_names('kinetics400')``.

``NAME.txt`` holds one name a line; the line number, from 0, is the label that published weights
and lists use. Names are spelled as their publishers spell them; the order is theirs where they
number classes (UCF101, HMDB51, Moments in Time, Something-Something V1, Jester, Gym99,
ActivityNet), else that of the alphabet.
"""
import os.path as osp

from mmvideo.errors import MissingFileError
from mmvideo.registry import nearest

__all__ = ['LABEL_MAPS', 'label_names', 'labels_file']

HERE = osp.dirname(osp.abspath(__file__))
# Class counts. A data set with several tags a video has one map for each kind of tag.
LABEL_MAPS = {
    'kinetics400': 400, 'kinetics600': 600, 'kinetics700': 700, 'sthv1': 174, 'sthv2': 174,
    'jester': 27, 'ucf101': 101, 'hmdb51': 51, 'mit': 339, 'mmit': 313, 'diving48': 48,
    'gym99': 99, 'activitynet': 200, 'hvu_action': 739, 'hvu_attribute': 117, 'hvu_concept': 291,
    'hvu_event': 69, 'hvu_object': 1678, 'hvu_scene': 248,
}


def labels_file(name):
    """Path of the label map of a name.

    Raises:
        MissingFileError: there is no such map; names the nearest.
    """
    if name not in LABEL_MAPS:
        raise MissingFileError(f'there is no label map {name!r}; {nearest(name, LABEL_MAPS)}')
    return osp.join(HERE, f'{name}.txt')


def label_names(name):
    """Class names of a data set, in the order of their labels; see :data:`LABEL_MAPS`."""
    with open(labels_file(name), encoding='utf-8') as file:
        return file.read().splitlines()
