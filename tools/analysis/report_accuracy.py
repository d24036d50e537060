"""Fuse the scores of several streams and measure the sum.

    python tools/analysis/report_accuracy.py --scores rgb.pkl flow.pkl --coefficients 1 0.5 \
        --datalist data/val.txt
"""
import argparse
import json
import re
import sys

import numpy as np

from mmvideo.command import exit_status
from mmvideo.errors import InputError, MissingFileError
from mmvideo.evaluation.functional import (
    get_weighted_score,
    mean_class_accuracy,
    softmax,
    top_k_accuracy,
)
from mmvideo.evaluation.scores import read_scores, write_file

# `.mp4`, `.npy`, `.m4v`; not the `.2` at the end of a folder name.
SUFFIX = re.compile(r'\.[A-Za-z][A-Za-z0-9]{0,4}$')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--scores', nargs='+', required=True, metavar='FILE',
                        help='files of tools/test.py --out, or lists of vectors of older tools')
    parser.add_argument('--coefficients', nargs='+', type=float, metavar='C',
                        help='one factor a file, in the same order (default: 1 each)')
    parser.add_argument('--datalist', required=True, metavar='LIST',
                        help='annotation list; the last word of a line is the label')
    parser.add_argument('--apply-softmax', action='store_true',
                        help='turn the scores of every file into probabilities first')
    parser.add_argument('--out', metavar='FILE.json', help='write the accuracies there too')
    return parser.parse_args(argv)


def read_list(path):
    """Samples of an annotation list, text or JSON.

    Returns:
        tuple(list[str], list[int], list[str]): what stands before the label, the labels, and the
        places in the list, such as 'line 3'.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            rows = list(_json_rows(file) if path.endswith('.json') else _text_rows(file))
    except FileNotFoundError:
        raise MissingFileError(f'{path}: no such list') from None
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise InputError(f'{path}: not a readable list ({error!r})') from None
    for _, label, place in rows:
        if not str(label).isdecimal():
            raise InputError(f'{path}, {place}: the last word, {label!r}, is no class number')
    if not rows:
        raise InputError(f'{path}: the list is empty')
    texts, labels, places = zip(*rows, strict=True)
    return list(texts), [int(label) for label in labels], list(places)


def _text_rows(file):
    for number, line in enumerate(file, start=1):
        if line.strip():
            text, _, label = line.strip().replace('\t', ' ').rpartition(' ')
            yield text.strip(), label, f'line {number}'


def _json_rows(file):
    for number, row in enumerate(json.load(file), start=1):
        labels = row['label'] if isinstance(row['label'], list) else [row['label']]
        path = row.get('filename') or row.get('frame_dir') or row['audio_path']
        yield path, labels[0] if len(labels) == 1 else labels, f'entry {number}'


def stem(name):
    return SUFFIX.sub('', name)


def own_name(text, names, key):
    """The name in a list line: ``key`` of its longest beginning that is among ``names``.

    Behind the name a line of raw frames has an offset and a frame count; a name may have blanks.
    """
    words = text.strip('"').split(' ')
    for count in range(len(words), 0, -1):
        name = key(' '.join(words[:count]).strip().strip('"'))
        if name in names:
            return name
    return None


def matching_rows(file, texts, list_path):
    """For each line of the list, the row of the file that holds its sample.

    By name if the file has names: as written, else without suffixes (a video and its audio feature
    differ in nothing else), if that leaves them unique. A file without names is taken in order.
    """
    if len(file) != len(texts):
        raise InputError(f'{file.path}: {len(file)} samples, {list_path} has {len(texts)}'
                         + _difference(file, texts))
    if file.names is None:
        return list(range(len(texts)))
    for key in (str, stem):
        names = [key(name) for name in file.names]
        known = set(names)
        wanted = [own_name(text, known, key) for text in texts]
        if names == wanted:  # one order, so names may repeat
            return list(range(len(texts)))
        if len(known) == len(names) and set(wanted) == known:
            place = {name: i for i, name in enumerate(names)}
            return [place[name] for name in wanted]
    raise InputError(f'{file.path}: its samples are not those of {list_path}'
                     + _difference(file, texts))


def _difference(file, texts):
    """How the names of a file and of the list differ, in a few words."""
    if file.names is None:
        return ''
    known = {stem(name) for name in file.names}
    found = [own_name(text, known, stem) for text in texts]
    absent = [text for text, name in zip(texts, found, strict=True) if name is None]
    extra = [name for name in file.names if stem(name) not in set(found)]
    parts = []
    if absent:
        parts.append(f'{len(absent)} of the list have no scores, first {absent[0]!r}')
    if extra:
        parts.append(f'{len(extra)} of the file are not in the list, first {extra[0]!r}')
    return ': ' + '; '.join(parts) if parts else ': some names occur more than once'


def check_labels(file, rows, labels, list_path, places):
    """Labels that a file brings along must be those of the list."""
    if file.labels is None:
        return
    wrong = []
    for i, row in enumerate(rows):
        own = file.labels[row]
        if isinstance(own, list):
            raise InputError(f'{file.path}: sample {row} has several labels; accuracies here are '
                             'of one label a sample')
        if own is not None and own != labels[i]:
            wrong.append((i, row, own))
    if wrong:
        i, row, own = wrong[0]
        who = f'sample {row}' + (f' ({file.names[row]})' if file.names else '')
        raise InputError(f'{file.path}: {who} has the label {own}, {list_path}, {places[i]} '
                         f'says {labels[i]}; {len(wrong)} of {len(rows)} labels differ')


def fuse(args):
    """Read, join and sum; the scores [N, C] in the order of the list, and the labels."""
    coefficients = args.coefficients or [1.0] * len(args.scores)
    if len(coefficients) != len(args.scores):
        raise InputError(f'{len(args.scores)} score files need as many coefficients, '
                         f'not {len(coefficients)}')
    texts, labels, places = read_list(args.datalist)
    files = [read_scores(path) for path in args.scores]
    for file in files[1:]:
        if file.num_classes != files[0].num_classes:
            raise InputError(f'{file.path} has {file.num_classes} classes, {files[0].path} has '
                             f'{files[0].num_classes}')
        if len(file) != len(files[0]):
            raise InputError(f'{file.path} has {len(file)} samples, {files[0].path} has '
                             f'{len(files[0])}')
    num_classes = files[0].num_classes
    for label, place in zip(labels, places, strict=True):
        if label >= num_classes:
            raise InputError(f'{args.datalist}, {place}: label {label} is out of range; '
                             f'{num_classes} classes are scored, labels are 0 to {num_classes - 1}')
    streams = []
    for file in files:
        rows = matching_rows(file, texts, args.datalist)
        check_labels(file, rows, labels, args.datalist, places)
        scores = file.averaged()[rows].astype(np.float64)
        if args.apply_softmax and file.average_clips in ('prob', 'max'):
            print(f'{file.path}: these are probabilities already; --apply-softmax flattens them',
                  file=sys.stderr)
        streams.append(softmax(scores) if args.apply_softmax else scores)
    return get_weighted_score(streams, coefficients), labels, coefficients


def report(args):
    if args.out and not args.out.endswith('.json'):
        raise InputError(f'--out {args.out}: a file that ends with .json is expected')
    scores, labels, coefficients = fuse(args)
    mean_class = mean_class_accuracy(scores, labels)
    top1, top5 = top_k_accuracy(scores, labels, (1, 5))
    note = f' (of {scores.shape[1]} classes)' if scores.shape[1] < 5 else ''
    print(f'Mean Class Accuracy: {mean_class:.4f}')
    print(f'Top 1 Accuracy: {top1:.4f}')
    print(f'Top 5 Accuracy: {top5:.4f}{note}')
    if args.out:
        content = dict(mean_class_accuracy=mean_class, top1_acc=top1, top5_acc=top5,
                       num_samples=len(labels), num_classes=scores.shape[1], scores=args.scores,
                       coefficients=coefficients, apply_softmax=args.apply_softmax,
                       datalist=args.datalist)
        write_file(args.out, (json.dumps(content, indent=2) + '\n').encode())


def main(argv=None):
    return exit_status(report, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
