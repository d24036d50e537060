"""From a folder with a sub-folder a class to lists, class names and a config that trains.

    python tools/data/prepare.py FOLDER --out data/mine
    python tools/train.py data/mine/config.py --validate

Writes ``train.txt``, ``val.txt``, ``classes.txt``, ``config.py`` and ``report.txt`` into the folder
``--out``; the videos stay where they are. Damaged files are left out and named, which is no
failure. Files of one source come to one side of the split: what comes before a numbered suffix
(``name_c01``, ``name_001``) names the source, or the group in ``--group-by``. At the end the config
is tried out for a few steps.
"""
import argparse
import collections
import os
import shlex
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from grouped_split import group_names, join_groups, split_groups
from many_files import add_options, work_through
from own_config import MODELS, write_config

from mmvideo.datasets.list_writing import write_records
from mmvideo.datasets.trees import files_below
from mmvideo.datasets.video import SUFFIXES
from mmvideo.decoders import PyAVReader
from mmvideo.errors import InputError, MissingFileError
from mmvideo.processes import usable_cores
from mmvideo.storage import replacing

# Names of folders that are no classes.
SPLIT = {'train', 'training', 'val', 'valid', 'validation', 'test', 'testing'}
TRAIN = Path(__file__).resolve().parents[1] / 'train.py'


def examine(path):
    """What a video holds; its first, middle and last frames are decoded.

    Returns:
        dict: frames, seconds, width, height, and a mark that copies share.

    Raises:
        InputError: the video is damaged.
    """
    reader = PyAVReader(str(path), str(path))
    try:
        count = len(reader)
        picture = reader.read(sorted({0, count // 2, count - 1}))[0]
        seconds = count / reader.avg_fps if reader.avg_fps else 0.0
    finally:
        reader.close()
    return dict(frames=count, seconds=seconds, width=picture.shape[1], height=picture.shape[0],
                mark=(os.path.getsize(path), checksum(path)))


def checksum(path):
    """CRC-32 of a file."""
    value = 0
    with open(path, 'rb') as file:
        while piece := file.read(1 << 20):
            value = zlib.crc32(piece, value)
    return value


def find_classes(folder):
    """Videos below each folder of a class: ``{class: [paths relative to the folder]}``.

    Raises:
        InputError: there are fewer than two classes.
    """
    if not folder.is_dir():
        raise MissingFileError(f'{folder}: no such folder')
    tops = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith('.'))
    if tops and set(tops) <= SPLIT:
        raise InputError(f'{folder}: is divided into {", ".join(tops)} already; each of these '
                         'folders does as ann_file of a VideoDataset, without a list')
    found = {top: [f'{top}/{Path(path).as_posix()}' for path in
                   files_below(str(folder / top), SUFFIXES)] for top in tops}
    found = {top: paths for top, paths in found.items() if paths}
    if len(found) < 2:
        raise InputError(f'{folder}: expected a sub-folder a class with videos in it '
                         f'({", ".join(SUFFIXES)}), at least two; found '
                         f'{", ".join(found) or "none"}')
    return found


def prepare(folder, out, val_share=0.2, seed=0, group_by=None, model='small', **options):
    """Write lists, class names and a config for a folder of videos.

    Args:
        folder: with a sub-folder a class.
        out: folder for what is written.
        val_share: of the files of each class, above 0 and below 1.
        seed: another one gives another split.
        group_by: regular expression; its first group names the source of a file.
        model: a key of ``own_config.MODELS``.
        **options: of :func:`many_files.work_through`.

    Returns:
        list[str]: the lines of the report.

    Raises:
        InputError: an argument is wrong, or too little is left to train on.
    """
    folder, out = Path(folder), Path(out)
    if not 0 < val_share < 1:
        raise InputError(f'--val-share: expected more than 0 and less than 1, got {val_share:g}')
    listed = find_classes(folder)
    tally = work_through(examine, [(folder / p, ) for ps in listed.values() for p in ps],
                         what='videos', **options)
    good = {path: facts for paths in listed.values() for path in paths
            if (facts := tally.results.get(str(folder / path)))}
    classes = [name for name, paths in listed.items() if any(p in good for p in paths)]
    if len(classes) < 2:
        raise InputError(f'{folder}: videos of {len(classes)} classes can be read, expected two or '
                         f'more; {"; ".join(list(tally.failed.values())[:3])}')
    labels = [classes.index(path.split('/')[0]) for path in good]
    stems = [str(Path(path.partition('/')[2]).with_suffix('')) for path in good]
    sources, dropped = group_names(stems, labels, group_by)
    marks = [facts['mark'] for facts in good.values()]
    groups = join_groups(sources, marks)
    is_val = split_groups(groups, labels, val_share, seed)
    records = [dict(filename=path, label=label) for path, label in zip(good, labels, strict=True)]
    sides = {side: [r for r, v in zip(records, is_val, strict=True) if v == (side == 'val')]
             for side in ('train', 'val')}
    if not sides['val']:
        raise InputError(f'{folder}: nothing is left for validation, each class is of one source; '
                         'expected more files, or another --group-by')
    for side, rows in sides.items():
        write_records(out / f'{side}.txt', rows, (), 'filename')
    _write(out / 'classes.txt', classes)
    write_config(out / 'config.py', folder, out, len(classes), len(sides['train']), model)
    lines = [*report(classes, good, labels, is_val, listed), '',
             *remarks(good, classes, labels, is_val, groups, marks, dropped)]
    reasons = {name: why if why.startswith(name) else f'{name}: {why}'
               for name, why in tally.failed.items()}
    if reasons:
        lines += [f'{len(reasons)} files left out:', *(f'  {why}' for why in reasons.values())]
    _write(out / 'report.txt', lines)
    return lines


def report(classes, good, labels, is_val, listed):
    """A table of the classes: counts, seconds and sizes."""
    wide = max(len('class'), *map(len, classes))
    found = list(good.values())
    members = collections.defaultdict(list)
    for k, label in enumerate(labels):
        members[label].append(k)
    lines = [f'{"class":<{wide}}  train    val  left out  seconds (least, mean, most)  sizes']
    for number, name in enumerate(classes):
        mine = members[number]
        facts = [found[k] for k in mine]
        seconds = [f['seconds'] for f in facts]
        sizes = collections.Counter(f'{f["width"]}x{f["height"]}' for f in facts).most_common()
        shown = ', '.join(size for size, _ in sizes[:3]) + (', ...' if len(sizes) > 3 else '')
        held = sum(bool(is_val[k]) for k in mine)
        lines.append(f'{name:<{wide}}  {len(mine) - held:5}  {held:5}  '
                     f'{len(listed[name]) - len(mine):8}  {min(seconds):7.1f} '
                     f'{sum(seconds) / len(seconds):9.1f} {max(seconds):9.1f}  {shown}')
    total, held = len(labels), int(is_val.sum())
    left = sum(map(len, listed.values())) - total
    hours = sum(f['seconds'] for f in found) / 3600
    return [*lines, f'{"all":<{wide}}  {total - held:5}  {held:5}  {left:8}  {hours:.2f} hours']


def remarks(good, classes, labels, is_val, groups, marks, dropped):
    """What one should know of the split."""
    lines = [f'{len(set(groups))} sources in {len(good)} files; none is on both sides.']
    if dropped:
        lines.append(f'Taken for no source, as most of a class has that name: '
                     f'{", ".join(dropped[:5])}{", ..." if len(dropped) > 5 else ""}. If these '
                     'are cuts of one recording, say which by --group-by.')
    validated = {label for label, side in zip(labels, is_val, strict=True) if side}
    one_sided = [name for k, name in enumerate(classes) if k not in validated]
    if one_sided:
        lines.append(f'Not in validation, for want of a second source: {", ".join(one_sided)}.')
    copies = collections.defaultdict(list)
    for path, mark in zip(good, marks, strict=True):
        copies[mark].append(path)
    copies = [paths for paths in copies.values() if len(paths) > 1]
    if copies:
        lines.append(f'{sum(map(len, copies)) - len(copies)} files are copies of others, for '
                     f'example {" = ".join(copies[0][:2])}; copies stay on one side.')
    torn = [paths for paths in copies if len({path.split('/')[0] for path in paths}) > 1]
    if torn:
        lines.append(f'{len(torn)} files are in several classes, for example '
                     f'{" = ".join(torn[0][:2])}.')
    return lines


def try_out(out):
    """Train and validate for a few steps on a few files, in a folder that is thrown away.

    Raises:
        InputError: it does not run; with what it said at last.
    """
    out = Path(out)
    with tempfile.TemporaryDirectory() as place:
        options = ['train_dataloader.batch_size=2', 'val_dataloader.batch_size=2',
                   'train_cfg.max_epochs=1', 'default_hooks.checkpoint=None',
                   'model.backbone.pretrained=None']
        for side in ('train', 'val'):
            lines = (out / f'{side}.txt').read_text(encoding='utf-8').splitlines(True)
            few = Path(place) / f'{side}.txt'
            few.write_text(''.join(lines[::max(1, len(lines) // 4)][:4]), encoding='utf-8')
            options += [f'{side}_dataloader.dataset.ann_file={few}',
                        f'{side}_dataloader.num_workers=0',
                        f'{side}_dataloader.persistent_workers=False']
        run = subprocess.run(
            [sys.executable, str(TRAIN), str(out / 'config.py'), '--validate', '--work-dir', place,
             '--seed', '0', '--cfg-options', *options], capture_output=True, text=True,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(map(os.path.abspath, sys.path))})
    if run.returncode:
        said = '\n'.join(run.stderr.strip().splitlines()[-5:])
        raise InputError(f'{out / "config.py"} was written, but does not train: {said}')


def _write(path, lines):
    with replacing(path) as draft:
        draft.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Lists, class names and a config that trains, '
                                                 'from a folder with a sub-folder a class')
    parser.add_argument('folder', help='folder with a sub-folder a class')
    parser.add_argument('--out', help='folder for what is written (default: data/NAME_OF_FOLDER)')
    parser.add_argument('--val-share', type=float, default=0.2,
                        help='share of each class for validation (default 0.2)')
    parser.add_argument('--seed', type=int, default=0, help='another seed gives another split')
    parser.add_argument('--group-by', metavar='REGEX',
                        help='its first group names the source of a file, by the path below the '
                             "folder of the class: '(.+)_take', 'person([0-9]+)'")
    parser.add_argument('--model', choices=MODELS, default='small',
                        help='; '.join(f'{name}: {model.said}' for name, model in MODELS.items()))
    parser.add_argument('--no-check', action='store_true',
                        help='do not try the config out at the end')
    add_options(parser, num_workers=min(8, usable_cores()), limit_seconds=120)
    return parser.parse_args(argv)


def main(argv=None):
    args = vars(parse_args(argv))
    is_checked = not args.pop('no_check')
    folder, out = Path(args.pop('folder')), args.pop('out')
    out = Path(out or Path('data') / folder.resolve().name)
    print(*prepare(folder, out, **args), sep='\n')
    if is_checked:
        print('trying the config out ...', flush=True)
        try_out(out)
    print(f'ready: python tools/train.py {shlex.quote(str(out / "config.py"))} --validate')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
