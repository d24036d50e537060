"""Turn a list of samples into another kind: text, CSV, JSON or JSON lines, in any direction.

    python tools/data/anno_txt2json.py data/ucf101/ucf101_train_split_1_videos.txt --format videos
    python tools/data/anno_txt2json.py train.json --format rawframes --output train.csv

The suffixes tell the kinds (docs/data/lists.md). Lines are checked on the way.
"""
import argparse
import os.path as osp
import sys

from mmvideo.command import exit_status
from mmvideo.datasets.annotations import read_records
from mmvideo.datasets.list_writing import write_records
from mmvideo.errors import InputError

# Name of the path, and the integers between it and the label.
FORMATS = {'rawframes': ('frame_dir', ('total_frames', )), 'videos': ('filename', ()),
           'audios': ('audio_path', ('total_frames', )), 'images': ('filename', ())}


def convert(source, target, layout='rawframes', with_offset=False):
    """Read a list and write it as another kind.

    Args:
        source, target: files; their suffixes tell the kinds.
        layout: what the list is of, a key of :data:`FORMATS`.
        with_offset: lines of 'rawframes' name their first frame before the count.

    Returns:
        int: samples of the list.
    """
    if osp.abspath(source) == osp.abspath(target):
        raise InputError(f'--output: {target} is the list itself; expected another file')
    path_key, columns = FORMATS[layout]
    if with_offset:
        if layout != 'rawframes':
            raise InputError(f'--with-offset: only rawframes have an offset, not {layout}')
        columns = ('offset', *columns)
    records, _ = read_records(source, columns, path_key, multi_class=True, labels_optional=True)
    for record in records:
        if record['label'] == -1:
            del record['label']
        elif len(record['label']) == 1:
            record['label'] = record['label'][0]
    write_records(target, records, columns, path_key)
    return len(records)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('annofile', help='the list: .json, .jsonl, .csv, or text')
    parser.add_argument('--format', default='rawframes', choices=list(FORMATS),
                        help='what it is a list of (default rawframes)')
    parser.add_argument('--output', metavar='FILE', help='by default the same name with .json, '
                        'for a .json the same name with .txt')
    parser.add_argument('--with-offset', action='store_true',
                        help='lines are: path offset total_frames label')
    return parser.parse_args(argv)


def run(args):
    stem, suffix = osp.splitext(args.annofile)
    target = args.output or stem + ('.txt' if suffix.lower() == '.json' else '.json')
    count = convert(args.annofile, target, args.format, args.with_offset)
    print(f'{count} samples written: {target}')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
