"""Split files with separators: Kinetics, HVU, Moments in Time, Charades, Jester, Something V1."""
import os.path as osp

from mmvideo.datasets.charades import read_actions
from mmvideo.datasets.official import OFFICIAL
from mmvideo.errors import InputError
from mmvideo.labels import label_names

from .split_files import Classes, Entry, csv_lines

__all__ = ['charades', 'hvu', 'jester', 'kinetics', 'mit', 'mmit', 'sthv1']

CHARADES_CLASSES = OFFICIAL['charades'].classes
HVU_CATEGORIES = ('action', 'attribute', 'concept', 'event', 'object', 'scene')


def clip_stems(where, youtube_id, start, end):
    """Names of a clip of YouTube: with the seconds padded to six digits, or not, or without."""
    try:
        start, end = (int(float(seconds)) for seconds in (start, end))
    except (ValueError, OverflowError):
        raise InputError(f'{where}: time_start {start!r} and time_end {end!r} are no '
                         'seconds') from None
    return (f'{youtube_id}_{start:06d}_{end:06d}', f'{youtube_id}_{start}_{end}', youtube_id)


def columns_of(rows, needed, path):
    """Rows of a CSV as dicts by the names of its first line, lower case."""
    rows = iter(rows)
    where, header = next(rows, (f'file {path}', []))
    header = [name.lower().replace(' ', '_') for name in header]
    absent = [name for name in needed if name not in header]
    if absent:
        raise InputError(f'{where}: there is no column {absent[0]!r}; expected '
                         f'{", ".join(needed)}')
    for where, cells in rows:
        if len(cells) > len(header):
            raise InputError(f'{where}: {len(cells)} cells under {len(header)} column names '
                             '(a cell with a comma stands in double quotes)')
        yield where, dict(zip(header, cells, strict=False))


def kinetics(name):
    """Parser of the CSV with the columns label, youtube_id, time_start, time_end, split."""
    def parse(annotations, part, split):
        del split
        size = name.removeprefix('kinetics')
        words = (part, 'validate') if part == 'val' else (part,)
        path = annotations.find(*(f'{before}{word}.csv' for before in
                                  ('kinetics_', f'{name}_', f'kinetics-{size}_', '')
                                  for word in words))
        classes = Classes.named(name)
        needed = ('youtube_id', 'time_start', 'time_end')
        if part != 'test':
            needed = ('label', *needed)
        entries = []
        for where, row in columns_of(csv_lines(path, len(needed), ','.join(needed)), needed, path):
            label = row.get('label')
            stems = clip_stems(where, row['youtube_id'], row['time_start'], row['time_end'])
            entries.append(Entry(stems, classes.number(label, where) if label else None,
                                 label or ''))
        return entries
    return parse


def hvu(annotations, part, split):
    """``tag|tag,youtube_id,time_start,time_end`` in ``HVU_Train_V1.0.csv``.

    What kind of tag each is stands in ``HVU_Tags_Categories_V1.0.csv``.
    """
    del split
    tags = hvu_tags(annotations)
    path = annotations.find(f'HVU_{part.capitalize()}_V1.0.csv', f'hvu_{part}.csv')
    needed = ('tags', 'youtube_id', 'time_start', 'time_end')
    entries = []
    for where, row in columns_of(csv_lines(path, 4, ','.join(needed)), needed, path):
        label = {}
        for tag in filter(None, row['tags'].split('|')):
            if tag not in tags:
                raise InputError(f'{where}: tag {tag!r} is not among the {len(tags)} of HVU')
            category, number = tags[tag]
            label.setdefault(category, []).append(number)
        stems = clip_stems(where, row['youtube_id'], row['time_start'], row['time_end'])
        entries.append(Entry(stems, label))
    return entries


def hvu_tags(annotations):
    """(category, number) of each tag; the publisher's file, if there, must agree."""
    tags = {tag: (category, number) for category in HVU_CATEGORIES
            for number, tag in enumerate(label_names(f'hvu_{category}'))}
    names = ('HVU_Tags_Categories_V1.0.csv', 'hvu_categories.csv')
    if annotations.has(*names):
        path = annotations.find(*names)
        for where, row in columns_of(csv_lines(path, 2, 'Tag,Category'), ('tag', 'category'),
                                     path):
            if tags.get(row['tag'], ('',))[0] != row['category'].lower():
                raise InputError(f'{where}: tag {row["tag"]!r} of category {row["category"]!r} '
                                 'is in no label map of HVU')
    return tags


def moments(annotations, label_map):
    """Classes of Moments in Time; ``class,number`` in a file of the publisher must agree."""
    classes = Classes.named(label_map)
    names = ('moments_categories.txt', f'{label_map}_categories.txt')
    if annotations.has(*names):
        path = annotations.find(*names)
        rows = [(number, name) for _, (name, number) in
                ((where, cells[:2]) for where, cells in csv_lines(path, 2, 'class,number'))]
        if all(number.isdigit() for number, _ in rows):
            rows.sort(key=lambda row: int(row[0]))
            classes.must_equal([name for _, name in rows], path)
    return classes


def moments_file(annotations, part):
    word = dict(train='training', val='validation', test='testing')[part]
    return annotations.find(*(f'{word}Set.{suffix}' for suffix in ('csv', 'txt')))


def mit(annotations, part, split):
    """``class/video.mp4,class,agree,disagree`` in ``trainingSet.csv``."""
    del split
    classes = moments(annotations, 'mit')
    entries = []
    for where, cells in csv_lines(moments_file(annotations, part), 1, 'class/video.mp4,class'):
        folder, name = osp.split(cells[0])
        label = classes.number(folder, where) if folder else None
        if label is None and part != 'test':
            raise InputError(f'{where}: expected `class/video.mp4,class`, found {cells[0]!r}')
        entries.append(Entry((osp.splitext(name)[0],), label, folder, is_in_folder=True))
    return entries


def mmit(annotations, part, split):
    """``folder/video.mp4,number,number`` in ``trainingSet.csv``."""
    del split
    classes = moments(annotations, 'mmit')
    entries = []
    for where, cells in csv_lines(moments_file(annotations, part), 1 if part == 'test' else 2,
                                  'folder/video.mp4,number,number'):
        folder, name = osp.split(cells[0])
        numbers = [cell for cell in cells[1:] if cell]
        wrong = [cell for cell in numbers if not cell.isdigit()]
        if wrong:
            raise InputError(f'{where}: expected class numbers after the name, found {wrong[0]!r}')
        label = [classes.check(int(cell), where) for cell in numbers]
        entries.append(Entry((osp.splitext(name)[0],), label or None, folder,
                             is_in_folder=True))
    return entries


def charades(annotations, part, split):
    """``id,...,actions,...`` in ``Charades_v1_train.csv``.

    Actions are ``c092 11.90 21.20;c147 0.00 12.60``: class, begin and end in seconds. A video has
    each of its classes once. Those in which nothing was annotated are left out.
    """
    del split
    path = annotations.find(f'Charades_v1_{"test" if part == "val" else part}.csv')
    entries = []
    for where, row in columns_of(csv_lines(path, 1, 'id,...,actions,...'), ('id', 'actions'), path):
        numbers = {number for number, _, _ in
                   read_actions(where, row.get('actions', ''), CHARADES_CLASSES)}
        if numbers:
            entries.append(Entry((row['id'],), sorted(numbers)))
    return entries


def sentences(label_map, prefix):
    """Parser of ``id;class`` in ``prefix-train.csv``."""
    def parse(annotations, part, split):
        del split
        classes = Classes.named(label_map)
        if annotations.has(f'{prefix}-labels.csv'):
            path = annotations.find(f'{prefix}-labels.csv')
            classes.must_equal([';'.join(cells) for _, cells in csv_lines(path, 1, 'class', ';')],
                               path)
        word = 'validation' if part == 'val' else part
        path = annotations.find(f'{prefix}-{word}.csv')
        if part == 'test':
            return [Entry((name,)) for _, (name, *_) in csv_lines(path, 1, 'id', ';')]
        return [Entry((name,), classes.number(label, where))
                for where, (name, label, *_) in csv_lines(path, 2, 'id;class', ';')]
    return parse


sthv1 = sentences('sthv1', 'something-something-v1')
jester = sentences('jester', 'jester-v1')
