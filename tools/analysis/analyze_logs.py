"""Curves and times from training logs.

    python tools/analysis/analyze_logs.py plot_curve work_dirs/a/*/vis_data/scalars.json \
        --keys loss top1_acc --out curves.png
    python tools/analysis/analyze_logs.py cal_train_time LOG... [--include-outliers]

A log is ``vis_data/scalars.json`` of a training run, or a ``.log.json`` of MMAction2 0.x.
"""
import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmvideo.errors import InputError, MissingFileError
from mmvideo.visualization import save_figure

# Say where a line belongs; no curve is drawn of them.
PLACES = ('epoch', 'iter', 'step', 'mode', 'memory')
# Okabe and Ito: told apart by the color-blind, and by their brightness in gray.
COLORS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000')
COLUMNS = 3


@dataclass
class Log:
    """One log: its training and validation lines, and where they lie along the training.

    Args:
        path: the file.
        train: lines of training.
        val: lines of validation.
        train_at: place of each training line, in ``unit``.
        val_at: place of each validation line, in ``unit``.
        unit: ``epoch`` (fractions between), or ``iteration`` where the log knows no epochs.
    """
    path: Path
    train: list
    val: list
    train_at: list
    val_at: list
    unit: str

    @property
    def keys(self):
        return sorted({key for line in self.train + self.val for key, value in line.items()
                       if key not in PLACES and isinstance(value, int | float)})

    def curve(self, key, mode):
        """Places and values of a key; validation keys may bear a prefix, as in ``acc/top1_acc``."""
        lines, places = (self.train, self.train_at) if mode == 'train' else (self.val, self.val_at)
        points = []
        for place, line in zip(places, lines, strict=True):
            found = [k for k in line if k == key or k.endswith(f'/{key}')]
            if found and isinstance(line[found[0]], int | float):
                points.append((place, line[found[0]]))
        return np.array(points, dtype=float).reshape(-1, 2).T


def read_lines(path):
    """The JSON objects of a file, one a line; a last line still being written does not count."""
    path = Path(path)
    if path.suffix != '.json':
        raise InputError(f'{path}: expected a log whose name ends in .json')
    if not path.is_file():
        raise MissingFileError(f'{path}: no such file')
    lines, text = [], path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            lines.append(json.loads(line))
        except ValueError as error:
            if number == len(text.splitlines()) and not text.endswith('\n'):
                break
            raise InputError(f'{path}, line {number}: not JSON ({error})') from error
        if not isinstance(lines[-1], dict):
            raise InputError(f'{path}, line {number}: expected a JSON object, one on each line')
    return lines


def read_log(path):
    """Read a log of either generation; of a work dir, those of all its starts.

    Of a run that was resumed each start has a log. What was trained again counts as of the later
    start; where one began anew, at the first iteration, those before it are another run.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is not a log, or there is no line of training or validation in it.
    """
    if Path(path).is_dir():
        starts = sorted(Path(path).glob('*/vis_data/scalars.json'))
        starts = starts or sorted(Path(path).glob('*.log.json'))
        if not starts:
            raise MissingFileError(f'{path}: no run in this folder; expected '
                                   '<time>/vis_data/scalars.json')
        path, lines = starts[-1], resumed([read_lines(start) for start in starts])
    else:
        lines = read_lines(path)
    if any('mode' in line for line in lines):
        log = _old_log(Path(path), lines)
    else:
        log = _engine_log(Path(path), lines)
    if not log.train and not log.val:
        raise InputError(f'{path}: no line of training or validation; expected the '
                         'vis_data/scalars.json or .log.json of a training run')
    return log


def resumed(starts):
    """The lines of one run from those of its starts, each a list in the order of the time.

    Lines of earlier starts from the first line of a later one on are left out, and validations
    that came after them.
    """
    kept = []
    for lines in starts:
        first = next((line for line in lines if is_training(line)), None)
        if first is not None:
            kept = [line for line in kept if is_before(line, first)]
        kept += lines
    return kept


def is_training(line):
    return 'iter' in line and line.get('mode', 'train') == 'train'


def is_before(line, first):
    """Whether a line tells of what was trained before another, a training line."""
    if 'mode' in line and is_training(line):     # 0.x: counted from the start of the epoch
        return (line['epoch'], line['iter']) < (first['epoch'], first['iter'])
    if is_training(line):
        return line['iter'] < first['iter']
    # A validation: of an epoch, where these are counted.
    return line.get('epoch', line.get('step', 0)) < first.get('epoch', first['iter'])


def _old_log(path, lines):
    """0.x: lines say their ``mode``, and ``iter`` counts from the start of the epoch."""
    train = [line for line in lines if line.get('mode') == 'train']
    val = [line for line in lines if line.get('mode') == 'val']
    length = max((line['iter'] for line in train), default=1)
    return Log(path, train, val, [line['epoch'] - 1 + line['iter'] / length for line in train],
               [line['epoch'] for line in val], 'epoch')


def _engine_log(path, lines):
    """Training lines have ``iter``, counted over all epochs; the others have ``step`` alone."""
    train = [line for line in lines if 'iter' in line]
    val = [line for line in lines if 'iter' not in line and 'step' in line]
    if not all('epoch' in line for line in train):
        return Log(path, train, val, [line['iter'] for line in train],
                   [line['step'] for line in val], 'iteration')
    first = {}
    for line in train:
        first[line['epoch']] = min(line['iter'], first.get(line['epoch'], line['iter']))
    if len(first) > 1:
        # The first line of every epoch comes after the same number of its iterations.
        early, late = min(first), max(first)
        length = (first[late] - first[early]) / (late - early)
    else:
        length = max((line['iter'] / line['epoch'] for line in train), default=1)
    return Log(path, train, val, [line['iter'] / length for line in train],
               [line['step'] for line in val], 'epoch')


def smooth(values, width):
    """Mean over the ``width`` neighbors of each value, fewer at the ends."""
    kernel = np.ones(min(width, len(values)))
    weight = np.convolve(np.ones(len(values)), kernel, 'same')
    return np.convolve(values, kernel, 'same') / weight


def name_of(path):
    """The folder of the run for ``RUN/20260101_000000/vis_data/scalars.json``, else the file."""
    path = Path(path).resolve()
    if path.parent.name == 'vis_data' and len(path.parents) > 2:
        return path.parents[2].name
    return path.name.removesuffix('.json').removesuffix('.log')


def names_of(logs, keys, legend):
    """What the legend says about curve ``key`` of each log: a dict by (log number, key)."""
    if legend is None:
        return {(k, key): name_of(log.path) for k, log in enumerate(logs) for key in keys}
    if len(legend) == len(logs):
        return {(k, key): legend[k] for k in range(len(logs)) for key in keys}
    if len(legend) == len(logs) * len(keys):
        names = iter(legend)
        return {(k, key): next(names) for k in range(len(logs)) for key in keys}
    raise InputError(f'--legend: expected one name for each of {len(logs)} logs (or for each of '
                     f'{len(logs) * len(keys)} curves), got {len(legend)}')


def find_style(plt, style):
    """A style of matplotlib; those of seaborn are known by their short names."""
    for name in (style, f'seaborn-v0_8-{style}'):
        if name in plt.style.available or name == 'default':
            return name
    short = sorted(s.removeprefix('seaborn-v0_8-') for s in plt.style.available if s[0] != '_')
    raise InputError(f'--style: no style {style!r}; known: {", ".join(short)}')


def draw_key(axis, logs, key, names):
    """One panel: training as a thin smoothed line over its raw values, validation with marks."""
    for k, log in enumerate(logs):
        color, name = COLORS[k % len(COLORS)], names[k, key]
        at, values = log.curve(key, 'train')
        val_at, val_values = log.curve(key, 'val')
        both = len(at) and len(val_at)
        if len(at):
            axis.plot(at, values, color=color, alpha=0.2, linewidth=0.8)
            width = max(min(5, len(values)), len(values) // 20)
            axis.plot(at, smooth(values, width), color=color, linewidth=1.0,
                      alpha=0.7 if both else 1, label=f'{name}, training' if both else name)
        if len(val_at):
            axis.plot(val_at, val_values, color=color, linewidth=1.8, marker='o', markersize=4.5,
                      label=f'{name}, validation' if both else name)
    axis.set(title=key, xlabel=logs[0].unit)
    axis.set_xlim(left=0)
    if 'acc' in key:
        axis.set_ylim(0, 1.02)
    axis.grid(alpha=0.25, linewidth=0.6)
    axis.spines[['top', 'right']].set_visible(False)
    many = len(axis.get_legend_handles_labels()[0]) > 4
    beside = dict(loc='upper left', bbox_to_anchor=(1.01, 1)) if many else {}
    axis.legend(frameon=False, fontsize='small', **beside)


def plot_curve(paths, keys, out=None, title=None, legend=None, backend='Agg', style='ticks'):
    """Draw one panel for each key, with the curves of all logs.

    Args:
        paths: logs.
        keys: names of values in the logs, e.g. ``loss``, ``top1_acc``.
        out: picture to write; None shows it in a window, which needs an interactive backend.
        title: over all panels.
        legend: a name for each log, or for each key of each log in turn.
        backend: of matplotlib.
        style: of matplotlib.

    Raises:
        InputError: an argument is wrong, or a log does not have a key.
    """
    if out is None and backend.lower() == 'agg':
        raise InputError('--out: expected a file to write, unless --backend names one with windows')
    logs = [read_log(path) for path in paths]
    if len({log.unit for log in logs}) > 1:
        raise InputError('some of the logs count epochs and others iterations; they share no axis')
    for log in logs:
        for key in keys:
            if not any(log.curve(key, mode).size for mode in ('train', 'val')):
                raise InputError(f'{log.path}: no key {key!r}; known: {", ".join(log.keys)}')
    names = names_of(logs, keys, legend)
    import matplotlib
    matplotlib.use(backend)
    import matplotlib.pyplot as plt
    columns = min(COLUMNS, len(keys))
    rows = -(-len(keys) // columns)
    with plt.style.context(find_style(plt, style)):
        figure, axes = plt.subplots(rows, columns, figsize=(5.6 * columns, 4 * rows), dpi=120,
                                    squeeze=False, layout='constrained')
        for axis, key in zip(axes.flat, keys, strict=False):
            draw_key(axis, logs, key, names)
        for axis in axes.flat[len(keys):]:
            axis.set_visible(False)
        if title:
            figure.suptitle(title)
        if out is None:
            plt.show()
            plt.close(figure)
        else:
            save_figure(figure, out, '--out')


def epoch_times(log, include_outliers=False):
    """Seconds of one iteration, by epoch: a dict of the mean over the lines of each.

    The first line of an epoch includes the start of the loader's workers; unless outliers are
    wanted, it is left out where there are others.
    """
    times = {}
    for line in log.train:
        if 'time' in line:
            times.setdefault(line.get('epoch', 1), []).append(line['time'])
    if not times:
        raise InputError(f'{log.path}: no training line has the key "time"')
    kept = {epoch: values if include_outliers else values[1:] or values
            for epoch, values in times.items()}
    return {epoch: (float(np.mean(values)), len(values)) for epoch, values in kept.items()}


def cal_train_time(paths, include_outliers=False):
    """Print the slowest and fastest epoch of each log, their spread and the mean."""
    for path in paths:
        times = epoch_times(read_log(path), include_outliers)
        means = {epoch: mean for epoch, (mean, _) in times.items()}
        slowest, fastest = max(means, key=means.get), min(means, key=means.get)
        overall = (sum(mean * count for mean, count in times.values())
                   / sum(count for _, count in times.values()))
        print(f'-----Analyze train time of {path}-----')
        print(f'slowest epoch {slowest}, average time is {means[slowest]:.4f} s/iter')
        print(f'fastest epoch {fastest}, average time is {means[fastest]:.4f} s/iter')
        print(f'time std over epochs is {np.std(list(means.values())):.4f}')
        print(f'average iter time: {overall:.4f} s/iter')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Curves and times from training logs')
    tasks = parser.add_subparsers(dest='task', required=True)
    plot = tasks.add_parser('plot_curve', help='draw curves')
    plot.add_argument('logs', nargs='+', help='work dir, scalars.json or .log.json')
    plot.add_argument('--keys', nargs='+', default=['top1_acc'], help='values to draw')
    plot.add_argument('--title', help='over all panels')
    plot.add_argument('--legend', nargs='+', help='a name for each log, or for each curve')
    plot.add_argument('--backend', default='Agg', help='of matplotlib')
    plot.add_argument('--style', default='ticks', help='of matplotlib, e.g. dark, whitegrid')
    plot.add_argument('--out', help='picture to write, e.g. curves.png')
    clock = tasks.add_parser('cal_train_time', help='print the time of an iteration')
    clock.add_argument('logs', nargs='+', help='work dir, scalars.json or .log.json')
    clock.add_argument('--include-outliers', action='store_true',
                       help='count the first line of every epoch, too')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    if args.task == 'cal_train_time':
        cal_train_time(args.logs, args.include_outliers)
        return
    plot_curve(args.logs, args.keys, args.out, args.title, args.legend, args.backend, args.style)
    if args.out:
        print(f'written to {args.out}')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
