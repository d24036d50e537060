"""Hold lists against class names: do labels mean what the folders say, and is each class there?

    python tools/data/check_labels.py kinetics400 data/kinetics400/kinetics400_val_list_videos.txt

Labels counted from 1, a map of another release and a list sorted in another way all train without
a word; here each line whose folder is the name of another class is told.
"""
import argparse
import statistics
import sys
from dataclasses import dataclass, field

from anno_txt2json import FORMATS
from file_lists.split_files import Classes, plain

from mmvideo.command import exit_status
from mmvideo.datasets.annotations import read_records
from mmvideo.datasets.lists import place_name
from mmvideo.engine.labels import read_classes

# So many lines that disagree are told; the rest is counted.
TOLD = 10


@dataclass
class Findings:
    """What a list says of its classes.

    Args:
        samples: how many lines there are.
        counts: samples of each class.
        wrong: (line, what is) of labels that are no class, or another than the folder's.
        shifts: label minus the class of the folder, wherever there is such a folder.
    """
    samples: int
    counts: list
    wrong: list = field(default_factory=list)
    shifts: set = field(default_factory=set)


def check(path, names, layout):
    """Compare the labels of a list with class names.

    Args:
        path: list of any kind.
        names: class names, in the order of their labels.
        layout: key of :data:`anno_txt2json.FORMATS`.

    Returns:
        Findings: what it says.
    """
    path_key, columns = FORMATS[layout]
    records, lines = read_records(path, columns, path_key, multi_class=True, labels_optional=True)
    folders = Classes(names, path).numbers
    found = Findings(len(records), [0] * len(names))
    for record, line in zip(records, lines, strict=True):
        labels = [] if record['label'] == -1 else record['label']
        parts = record[path_key].split('/')[:-1]
        known = {folders[plain(part)] for part in parts if plain(part) in folders}
        for label in labels:
            if label < len(names):
                found.counts[label] += 1
            if len(labels) == 1 and known:
                found.shifts.update({0} if label in known else {label - min(known)})
            if label >= len(names):
                found.wrong.append((line, f'label {label}, expected 0..{len(names) - 1}'))
            elif len(labels) == 1 and known and label not in known:
                found.wrong.append((line, f'label {label} is {names[label]!r}, but the folder is '
                                          f'that of {min(known)} ({names[min(known)]!r})'))
    return found


def report(path, names, found):
    """Print what was found; whether all is well."""
    there = [count for count in found.counts if count]
    sizes = (f'{min(there)} to {max(there)} samples each, median {statistics.median(there):g}'
             if there else 'no labels')
    print(f'{path}: {found.samples} samples, {len(there)} of {len(names)} classes; {sizes}')
    absent = [f'{i} ({names[i]})' for i, count in enumerate(found.counts) if not count]
    if absent and there:
        print(f'  without a sample: {", ".join(absent[:TOLD])}'
              + (f' and {len(absent) - TOLD} more' if len(absent) > TOLD else ''))
    for line, what in found.wrong[:TOLD]:
        print(f'  {place_name(path, line)}: {what}')
    if found.wrong:
        hint = f'; all are off by {min(found.shifts):+d}' if len(found.shifts) == 1 else ''
        print(f'  {len(found.wrong)} of {found.samples} samples are wrong{hint}')
    return not found.wrong


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('classes', help='name of a label map, such as kinetics400, or a file with '
                                        'one name a line')
    parser.add_argument('lists', nargs='+', metavar='list', help='lists of any kind')
    parser.add_argument('--format', default='videos', choices=list(FORMATS),
                        help='what they are lists of (default videos)')
    return parser.parse_args(argv)


def run(args):
    names = read_classes(args.classes)
    verdicts = [report(path, names, check(path, names, args.format)) for path in args.lists]
    return 0 if all(verdicts) else 1


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
