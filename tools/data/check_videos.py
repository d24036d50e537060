"""Find the videos of a data set that cannot be decoded, before a training does.

    python tools/data/check_videos.py configs/recognition/tsn/tsn_r50_video_1x1x8_100e_k400.py
    python tools/data/check_videos.py data/mine/train_videos.txt --data-prefix data/mine/videos
    python tools/data/check_videos.py data/mine/videos --full

Of each video the first frame, the last one and three between are decoded; with --full all of them.
A file that makes its decoder crash or hang does not stop the others. The list of bad videos is
--output-file. Beside it stand the samples that are left, in the form of the list that was checked,
and a report with a line of JSON a video: frames, size and rate, or the reason. What the report has
of a file that did not change is not checked again. The exit status is 1 if a video is bad.
"""
import argparse
import json
import os
import os.path as osp
import sys
import zlib
from pathlib import Path

from many_files import Tally, work_through

from mmvideo.command import KeyValues, exit_status
from mmvideo.decoders import DECODERS, open_video
from mmvideo.errors import InputError, MissingFileError
from mmvideo.processes import usable_cores

# Decoded at once by a full check, so that memory does not grow with the length of a video.
CHUNK = 64
DRAWN = 3


def check_video(path, decoder='pyav', full=False):
    """Decode some frames of a video, or all of them.

    Args:
        path: the file; it may lie in an archive.
        decoder: a name of :data:`mmvideo.decoders.DECODERS`.
        full: all frames.

    Returns:
        dict: ``frames`` (that there are), ``width``, ``height``, ``fps``.

    Raises:
        InputError: why it cannot be decoded.
    """
    video = open_video(path, decoder)
    try:
        count = len(video)
        if full:
            parts = [range(k, min(k + CHUNK, count)) for k in range(0, count, CHUNK)]
        else:
            # The same frames each time: a check that is repeated finds the same.
            drawn = [zlib.crc32(f'{k} {path}'.encode()) % count for k in range(DRAWN)]
            parts = [sorted({0, *drawn, count - 1})]
        for part in parts:
            height, width = video.read(list(part))[0].shape[:2]
        return dict(frames=count, width=width, height=height, fps=round(video.avg_fps, 3))
    finally:
        video.close()


def check_and_report(path, decoder, full, report_file):
    """:func:`check_video`, written down as a line of the report; called in another process."""
    try:
        found = dict(good=True, **check_video(path, decoder, full))
    except (InputError, OSError) as error:
        write_down(report_file, path, decoder, full, dict(good=False, reason=str(error)))
        raise
    write_down(report_file, path, decoder, full, found)


def write_down(report_file, path, decoder, full, found):
    line = dict(file=str(path), **found, decoder=decoder, full=full, **stamp(path))
    handle = os.open(report_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:    # in one piece, so that lines of several processes do not mix
        os.write(handle, json.dumps(line, ensure_ascii=False).encode() + b'\n')
    finally:
        os.close(handle)


def stamp(path):
    """What changes when a file does; that of the archive for a file that lies in one."""
    while path and not osp.exists(path) and osp.dirname(path) != path:
        path = osp.dirname(path)
    if not osp.isfile(path):
        return dict(bytes=None, changed=None)
    status = os.stat(path)
    return dict(bytes=status.st_size, changed=status.st_mtime_ns)


def read_report(report_file, decoder, full):
    """Lines of an earlier report that are still true, by file."""
    known = {}
    if osp.isfile(report_file):
        with open(report_file, encoding='utf-8') as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:      # cut short
                    continue
                is_enough = entry.get('full') or not full or entry.get('good') is False
                # What took too long is tried again.
                if entry.get('decoder') == decoder and is_enough and entry['good'] is not None:
                    known[entry.get('file')] = entry
    return {path: entry for path, entry in known.items()
            if {key: entry.get(key) for key in ('bytes', 'changed')} == stamp(path)}


def samples_of(source, data_prefix=None, split='train', options=None):
    """What is to be checked.

    Args:
        source: a config, a list or a folder.
        data_prefix: folder of the paths of a list.
        split: of a config.
        options: ``--cfg-options`` of a config.

    Returns:
        tuple: data sets with ``records`` and ``ann_file``; and the decoder that their pipeline
        names, if it names one.

    Raises:
        InputError: there are no videos, but frames or sounds.
    """
    from mmvideo.datasets import VideoDataset
    if not source.endswith('.py'):
        if options:
            raise InputError('--cfg-options are for a config; found a list or a folder')
        if osp.isdir(source):
            return [_Folder(source)], None
        # The labels do not matter here, nor how many there are.
        return [VideoDataset(source, [], data_prefix=data_prefix, test_mode=True,
                             multi_class=True, num_classes=sys.maxsize)], None
    from mmvideo.engine import load_config
    loader = load_config(source, options).get(f'{split}_dataloader')
    if loader is None:
        raise InputError(f'config {source} has no {split}_dataloader')
    found, decoder = [], None
    for cfg in _inner(loader['dataset']):
        if cfg['type'] not in ('VideoDataset', 'RepeatAugDataset'):
            raise InputError(f'{split}_dataloader: {cfg["type"]} reads no videos; expected '
                             'VideoDataset')
        steps = [step.get('type', '') for step in cfg.get('pipeline') or []]
        named = [step[:-4].lower() for step in steps if step.endswith('Init')]
        decoder = decoder or next((name for name in named if name in DECODERS), None)
        found.append(VideoDataset(
            cfg['ann_file'], [], data_prefix=data_prefix or cfg.get('data_prefix'), test_mode=True,
            delimiter=cfg.get('delimiter', ' '), multi_class=cfg.get('multi_class', False),
            num_classes=cfg.get('num_classes')))
    return found, decoder


class _Folder:
    """The videos in a folder and in those below it, which need not be classes."""

    def __init__(self, folder):
        from mmvideo.datasets.trees import files_below
        from mmvideo.datasets.video import SUFFIXES
        self.ann_file, self.data_prefix = folder, folder
        self.names = files_below(folder, SUFFIXES)
        self.records = [dict(filename=osp.join(folder, name)) for name in self.names]
        if not self.names:
            raise InputError(f'{folder}: holds no video ({", ".join(SUFFIXES)})')


def _inner(dataset):
    """The data sets inside wrappers that repeat or join others."""
    inside = [dataset['dataset']] if 'dataset' in dataset else dataset.get('datasets', [])
    if not inside:
        yield dataset
    for one in inside:
        yield from _inner(one)


def lines_left(dataset, bad):
    """The list of a data set without the samples whose file is bad, in its own form."""
    keep = [record['filename'] not in bad for record in dataset.records]
    if osp.isdir(dataset.ann_file):
        labels = [f' {record["label"]}' if 'label' in record else '' for record in dataset.records]
        return [f'"{name}"{label}' if ' ' in name else f'{name}{label}'
                for name, label, is_good in zip(dataset.names, labels, keep, strict=True)
                if is_good]
    with open(dataset.ann_file, encoding='utf-8-sig') as file:
        text = file.read()
    dropped = {dataset.place(k) for k, is_good in enumerate(keep) if not is_good}
    if dataset.ann_file.lower().endswith('.json'):
        left = [row for k, row in enumerate(json.loads(text), 1) if k not in dropped]
        return [json.dumps(left, ensure_ascii=False, indent=1)]
    return [line for k, line in enumerate(text.splitlines(), 1) if k not in dropped]


def good_files(output_file, datasets):
    """Where the samples that are left are written: invalid-video.txt -> valid-video.txt."""
    stem = osp.splitext(output_file)[0]
    folder, name = osp.split(stem)
    name = name.replace('invalid', 'valid') if 'invalid' in name else f'{name}_good'
    for number, dataset in enumerate(datasets):
        suffix = '' if osp.isdir(dataset.ann_file) else osp.splitext(dataset.ann_file)[1]
        count = f'-{number}' if len(datasets) > 1 else ''
        yield dataset, osp.join(folder, f'{name}{count}{suffix or ".txt"}')


def check(datasets, output_file, decoder='pyav', full=False, num_workers=1, limit_seconds=None,
          overwrite=False):
    """Check the videos of data sets and write down what is found.

    Returns:
        tuple(Tally, list): the good files and the bad ones, whenever they were checked; and the
        files whose decoder said that they are bad.
    """
    report_file = osp.splitext(output_file)[0] + '.jsonl'
    Path(report_file).parent.mkdir(parents=True, exist_ok=True)
    if overwrite and osp.exists(report_file):
        os.remove(report_file)
    paths = list(dict.fromkeys(r['filename'] for dataset in datasets for r in dataset.records))
    known = read_report(report_file, decoder, full)
    jobs = [(path, decoder, full, report_file) for path in paths]
    tally = work_through(check_and_report, jobs, num_workers=num_workers, what='videos',
                         is_done=lambda path, *_: path in known, limit_seconds=limit_seconds)
    certain = {path: entry['reason'] for path, entry in
               read_report(report_file, decoder, full).items() if not entry.get('good')}
    for path, reason in tally.failed.items():
        if path not in certain:     # its process could not write it down
            write_down(report_file, path, decoder, full, dict(good=None, reason=reason))
    failed = {path: certain.get(path) or tally.failed.get(path) for path in paths
              if path in certain or path in tally.failed}
    good = [path for path in paths if path not in failed]
    with open(output_file, 'w', encoding='utf-8') as file:
        file.writelines(f'{path}\n' for path in failed)
    for dataset, path in good_files(output_file, datasets):
        with open(path, 'w', encoding='utf-8') as file:
            file.writelines(f'{line}\n' for line in lines_left(dataset, failed))
    return Tally(dict.fromkeys(good), failed, report_file=report_file), [
        path for path in failed if path in certain]


def remove(paths):
    """Delete bad videos; what is missing, and what lies in an archive, stays as it is."""
    removed = [path for path in paths if osp.isfile(path)]
    for path in removed:
        os.remove(path)
    print(f'{len(removed)} bad videos removed')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', help='config, list of videos, or folder')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train',
                        help='which loader of a config')
    parser.add_argument('--data-prefix', help='folder of the paths of a list')
    parser.add_argument('--decoder', choices=sorted(DECODERS),
                        help="default: that of the config's pipeline, else pyav")
    parser.add_argument('--full', action='store_true', help='decode all frames')
    parser.add_argument('--output-file', default='invalid-video.txt', metavar='FILE',
                        help='the bad videos, one a line (default invalid-video.txt)')
    parser.add_argument('--num-processes', '--nproc', '--num-workers', type=int, metavar='N',
                        default=usable_cores(), dest='num_workers',
                        help='processes at work (default: one a core)')
    parser.add_argument('--limit-seconds', type=float, default=300, metavar='S',
                        help='a video that takes longer is bad (default 300)')
    parser.add_argument('--overwrite', action='store_true',
                        help='check everything anew, whatever an earlier report says')
    parser.add_argument('--remove-corrupted-videos', action='store_true',
                        help='delete the files that the decoder cannot read; not those that only '
                        'took too long')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    if not args.source.endswith('.py') and not osp.exists(args.source):
        raise MissingFileError(f'{args.source}: no such config, list or folder')
    datasets, named = samples_of(args.source, args.data_prefix, args.split, args.cfg_options)
    for dataset in datasets:
        prefix = dataset.data_prefix
        if prefix and '://' not in prefix and stamp(prefix)['bytes'] is None \
                and not osp.isdir(prefix):
            raise MissingFileError(f'data_prefix: folder {prefix} does not exist')
    tally, certain = check(
        datasets, args.output_file, args.decoder or named or 'pyav', args.full, args.num_workers,
        args.limit_seconds, args.overwrite)
    status = tally.finish('videos are good')
    if tally.failed:
        print(f'bad videos: {args.output_file}')
        print('samples that are left: '
              + ', '.join(path for _, path in good_files(args.output_file, datasets)))
    print(f'report: {tally.report_file}')
    if args.remove_corrupted_videos:
        remove(certain)
    return status


if __name__ == '__main__':
    sys.exit(exit_status(main))
