"""Which data set is split how, lies where, and what its lists are called."""
from dataclasses import dataclass, field

from . import csv_splits, json_splits, text_splits

__all__ = ['DATA_SETS', 'DataSet']


@dataclass(frozen=True)
class DataSet:
    """How to make the lists of a data set.

    Args:
        parse: ``parse(annotations, part, split)`` gives the entries of a split file.
        level: 1 if items lie in the folder itself, 2 if in one folder a class.
        splits: how many splits there are.
        parts: what each split is parted into.
        has_folder_a_part: videos of 'train' and 'val' lie in folders of their own, so that one
            run makes the list of one part.
        rgb_prefix: how the names of frames begin.
        kinds: 'clips' if there is a list of actions beside that of videos; 'tags' if there is one
            for each kind of tag.
        names: other names of lists than ``SET_PART_list_FORMAT``, by kind ('' for the main one).
        configs_want: the format whose lists go without its name at the end, if ``names`` has none.
    """
    parse: object
    level: int
    splits: int = 1
    parts: tuple = ('train', 'val', 'test')
    has_folder_a_part: bool = False
    rgb_prefix: str = 'img_'
    kinds: str = ''
    names: dict = field(default_factory=dict)
    configs_want: str = ''

    def list_name(self, name, kind='', **words):
        """Name of a list, without suffix: of a data set's ``name`` and what ``words`` say."""
        usual = f'{name}_{{part}}_' + ('split_{split}' if self.splits > 1 else 'list') + '_{format}'
        template = self.names.get(kind, usual)
        if '{format}' not in template and words['format'] != self.configs_want:
            template += '_{format}'
        return template.format(**words)


def _kinetics(name):
    return DataSet(csv_splits.kinetics(name), level=2, has_folder_a_part=True)


DATA_SETS = {
    'ucf101': DataSet(text_splits.ucf101, level=2, splits=3, parts=('train', 'val')),
    'hmdb51': DataSet(text_splits.hmdb51, level=2, splits=3, parts=('train', 'val')),
    'kinetics400': _kinetics('kinetics400'),
    'kinetics600': _kinetics('kinetics600'),
    'kinetics700': _kinetics('kinetics700'),
    'sthv1': DataSet(csv_splits.sthv1, level=1, rgb_prefix=''),
    'sthv2': DataSet(json_splits.sthv2, level=1),
    'jester': DataSet(csv_splits.jester, level=1, rgb_prefix=''),
    'mit': DataSet(csv_splits.mit, level=2, has_folder_a_part=True),
    'mmit': DataSet(csv_splits.mmit, level=2),
    'charades': DataSet(csv_splits.charades, level=1, parts=('train', 'val')),
    'activitynet': DataSet(json_splits.activitynet, level=1, kinds='clips',
                           names={'': 'anet_{part}_video', 'clips': 'anet_{part}_clip'},
                           configs_want='rawframes'),
    'diving48': DataSet(json_splits.diving48, level=1, parts=('train', 'val')),
    'gym99': DataSet(text_splits.gym99, level=1, parts=('train', 'val'),
                     names={'': 'annotations/gym99_{part}_list_{format}'}),
    'hvu': DataSet(csv_splits.hvu, level=1, has_folder_a_part=True, kinds='tags',
                   names={'': 'hvu_{part}', 'tags': 'hvu_{category}_{part}'},
                   configs_want='videos'),
}
