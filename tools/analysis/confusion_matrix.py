"""Which classes are taken for which: the confusion matrix of a score file, as picture and numbers.

    python tools/analysis/confusion_matrix.py CONFIG scores.pkl --label-file data/classes.txt \
        --show-path confusion.png

CONFIG may be tested first: with a checkpoint in place of a score file.
"""
import argparse
import json
import os.path as osp
import sys
import tempfile

import numpy as np

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError
from mmvideo.visualization import save_figure

CHECKPOINTS = ('.pth', '.pt')
# Above that, numbers in the fields cannot be read.
READABLE = 40


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('ckpt_or_result', help='score file of tools/test.py --out, or a checkpoint '
                                               '(.pth), which is tested')
    parser.add_argument('--out', metavar='FILE.json', help='write the counts and class names there')
    parser.add_argument('--show-path', metavar='FILE.png', help='draw it there')
    parser.add_argument('--include-values', action='store_true',
                        help='write the numbers into the fields')
    parser.add_argument('--label-file', metavar='FILE',
                        help="class names, one a line, or the name of a label map; by default the "
                             "config's classes")
    parser.add_argument('--target-classes', nargs='+', type=int, metavar='LABEL',
                        help='of a large matrix, only these classes')
    parser.add_argument('--worst', type=int, default=10, metavar='N',
                        help='print the N most frequent mistakes (default 10)')
    parser.add_argument('--cmap', default='viridis', help='color map of matplotlib')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def run(args):
    from mmvideo.engine import load_config
    cfg = load_config(args.config, args.cfg_options)
    counts = count_pairs(*read_predictions(args, cfg))
    names = class_names(args.label_file or cfg.get('classes'), len(counts))
    if args.target_classes:
        wrong = [label for label in args.target_classes if not 0 <= label < len(counts)]
        if wrong:
            raise InputError(f'--target-classes {wrong[0]}: expected 0..{len(counts) - 1}')
        counts = counts[np.ix_(args.target_classes, args.target_classes)]
        names = [names[label] for label in args.target_classes]
    for count, total, real, taken in mistakes(counts, args.worst):
        print(f'{count} of {total} {names[real]} taken for {names[taken]}')
    total, right = int(counts.sum()), int(np.trace(counts))
    print(f'{right} of {total} right' + (f', {100 * right / total:.2f} %' if total else ''))
    if args.out:
        from mmvideo.evaluation.scores import write_file
        write_file(args.out, json.dumps(dict(classes=names, counts=counts.tolist())).encode())
    if args.show_path:
        draw(counts, names, args.show_path, args.cmap, args.include_values)


def read_predictions(args, cfg):
    """Predicted classes [N], labels [N] and the class count."""
    from mmvideo.engine import test
    from mmvideo.evaluation.labeled import labels_of, test_list
    from mmvideo.evaluation.scores import read_scores
    if osp.splitext(args.ckpt_or_result)[1] in CHECKPOINTS:
        with tempfile.TemporaryDirectory() as folder:
            path = osp.join(folder, 'scores.pkl')
            test(args.config, args.ckpt_or_result, out=path, options=args.cfg_options)
            file = read_scores(path)
    else:
        file = read_scores(args.ckpt_or_result)
    labels = labels_of(file, None if file.is_labeled else test_list(cfg))
    if not all(isinstance(label, int) for label in labels):
        raise InputError(f'{file.path}: samples have several labels; a confusion matrix needs one')
    return file.averaged().argmax(axis=1), labels, file.num_classes


def count_pairs(predictions, labels, num_classes):
    """Counts [C, C]: row the label, column what was predicted; classes that never occur too."""
    from mmvideo.evaluation.functional import confusion_matrix
    predictions, labels = np.asarray(predictions), np.asarray(labels)
    counts, occur = np.zeros((num_classes, num_classes), int), np.union1d(predictions, labels)
    counts[np.ix_(occur, occur)] = confusion_matrix(predictions, labels)
    return counts


def class_names(source, num_classes):
    from mmvideo.engine.labels import read_classes
    if source is None:
        return [str(label) for label in range(num_classes)]
    names = read_classes(source)
    if len(names) != num_classes:
        raise InputError(f'{source}: {len(names)} class names, {num_classes} classes are scored')
    return names


def mistakes(counts, number):
    """The most frequent wrong pairs as (count, of how many, label, predicted), most first."""
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind='stable')[:max(number, 0)]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [(wrong[pair], counts[pair[0]].sum(), *pair) for pair in pairs if wrong[pair]]


def draw(counts, names, path, cmap='viridis', include_values=False):
    """Write the matrix as a picture; a field's color is its share of the row."""
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    if cmap not in plt.colormaps():
        raise InputError(f'--cmap {cmap}: matplotlib has no such color map')
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(4.5, 0.42 * len(names) + 2), 24)
    figure, axis = plt.subplots(figsize=(side + 1, side), layout='constrained')
    image = axis.imshow(shares, cmap=cmap, vmin=0, vmax=1)
    figure.colorbar(image, ax=axis, label='share of the class', shrink=0.8)
    size = 8 if len(names) <= READABLE else max(2, 320 / len(names))
    places = range(len(names))
    axis.set_xticks(places, names, rotation=90, fontsize=size)
    axis.set_yticks(places, names, fontsize=size)
    axis.set_xlabel('predicted')
    axis.set_ylabel('label')
    if include_values:
        dark = np.mean(plt.get_cmap(cmap)([0.0, 1.0])[:, :3], axis=1)
        for row, column in np.ndindex(counts.shape):
            bright = dark[0] + shares[row, column] * (dark[1] - dark[0]) > 0.5
            axis.text(column, row, str(counts[row, column]), ha='center', va='center',
                      fontsize=size, color='black' if bright else 'white')
    save_figure(figure, path, '--show-path', dpi=150)
    print(f'drawn: {path}')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
