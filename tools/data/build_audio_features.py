"""Turn a folder of sound (or video) files into the log-mel features of the audio networks.

    python tools/data/build_audio_features.py AUDIO_HOME SPECTROGRAM_SAVE_PATH --ext m4a

Each ``AUDIO_HOME/name.m4a`` becomes ``SPECTROGRAM_SAVE_PATH/name.npy``, float32 [frames, 80].
"""
import argparse
import contextlib
import multiprocessing
import os
import re
import sys
from pathlib import Path

import numpy as np

from mmvideo.audio import log_mel, read_audio
from mmvideo.errors import InputError, MissingFileError


@contextlib.contextmanager
def replacing(path):
    """A path beside ``path`` to write to; it takes the place of ``path`` once all went well.

    Whoever reads ``path`` meanwhile sees the old file or the new one, never half of one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f'.{path.name}.{os.getpid()}.part')
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_features(source, target):
    """Read the sound of ``source`` and save its features as ``target`` (``.npy``).

    Returns:
        int: rows of the feature, the TOTAL_FRAMES of a feature list.
    """
    features = log_mel(read_audio(source))
    with replacing(target) as draft, open(draft, 'wb') as file:
        np.save(file, features)
    return len(features)


def try_features(job):
    """``write_features`` for a worker: the reason why there is no feature, or None."""
    try:
        write_features(*job)
    except InputError as error:
        return str(error)
    return None


def find_files(home, ext, level):
    """All files ``*.ext`` in ``home`` (level 1) or in the folders right below it (level 2)."""
    home = Path(home)
    if not home.is_dir():
        raise MissingFileError(f'{home}: no such folder')
    ext = ext.lstrip('.').lower()
    below = [p for p in sorted(home.glob('*' if level == 1 else '*/*')) if p.is_file()]
    found = [p for p in below if p.suffix.lower() == f'.{ext}']
    if not found:
        others = sorted({p.suffix.lstrip('.') for p in below if p.suffix})
        there = f'there are files with --ext {", ".join(others)}' if others else 'there are none'
        raise InputError(f'{home}: no file *.{ext} at --level {level}; {there}')
    return found


def parse_part(text):
    """``2/5``, the second of five parts, as (2, 5)."""
    match = re.fullmatch(r'(\d+)/(\d+)', text)
    part, count = map(int, match.groups()) if match else (0, 0)
    if not 1 <= part <= count:
        raise InputError(f'--part: expected PART/COUNT with 1 <= PART <= COUNT, got {text!r}')
    return part, count


def build(home, target, ext='m4a', level=1, num_workers=4, part='1/1'):
    """Write the features of all files of a folder, or of one part of them.

    Files that hold no readable sound do not stop the others; they are named at the end.

    Args:
        home: folder with the sound files.
        target: folder for the features; folders of level 2 are kept below it.
        ext: suffix of the sound files.
        level: 1 for files in ``home`` itself, 2 for files one folder further down.
        num_workers: processes at work.
        part: ``i/n``: only the i-th of n parts, for several machines on one folder.

    Returns:
        int: files written.

    Raises:
        InputError: an argument is wrong, there is nothing to do, or files gave no features.
    """
    number, count = parse_part(part)
    if num_workers < 1:
        raise InputError(f'--num-workers: expected at least 1, got {num_workers}')
    files = find_files(home, ext, level)
    mine = files[len(files) * (number - 1) // count:len(files) * number // count]
    jobs = [(p, Path(target) / p.relative_to(home).with_suffix('.npy')) for p in mine]
    if num_workers == 1 or len(jobs) < 2:
        reasons = [try_features(job) for job in jobs]
    else:
        with multiprocessing.get_context('spawn').Pool(min(num_workers, len(jobs))) as pool:
            reasons = pool.map(try_features, jobs)
    failed = [reason for reason in reasons if reason]
    if failed:
        raise InputError(f'{len(failed)} of {len(jobs)} files gave no features:\n  '
                         + '\n  '.join(failed))
    return len(jobs)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Log-mel features (.npy) of sound files')
    parser.add_argument('audio_home_path', help='folder with sound or video files')
    parser.add_argument('spectrogram_save_path', help='folder for the features')
    parser.add_argument('--level', type=int, default=1, choices=[1, 2],
                        help='1: files in the folder, 2: files one folder further down')
    parser.add_argument('--ext', default='m4a', help='suffix of the files, e.g. m4a, wav, mp4')
    parser.add_argument('--num-workers', type=int, default=4, help='processes at work')
    parser.add_argument('--part', default='1/1', help='i/n: only the i-th of n parts')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    written = build(args.audio_home_path, args.spectrogram_save_path, args.ext, args.level,
                    args.num_workers, args.part)
    print(f'{written} features written to {args.spectrogram_save_path}')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
