"""Turn a folder of sound (or video) files into the log-mel features of the audio networks.

    python tools/data/build_audio_features.py AUDIO_HOME SPECTROGRAM_SAVE_PATH --ext m4a

Each ``AUDIO_HOME/name.m4a`` becomes ``SPECTROGRAM_SAVE_PATH/name.npy``, float32 [frames, 80], with
the settings of the published features: 16 kHz, windows of 512 samples every 256, 80 mel bands from
125 to 7600 Hz, a floor of -100 dB, 20 dB as reference, scaled to 0..1. Features that are there
already are kept.
"""
import argparse
import sys

import numpy as np
from many_files import (
    add_options,
    find_files,
    parse_part,
    parse_suffixes,
    targets_of,
    work_through,
)

from mmvideo.audio import log_mel, read_audio
from mmvideo.storage import replacing


def write_features(source, target):
    """Read the sound of ``source`` and save its features as ``target`` (``.npy``).

    Returns:
        int: rows of the feature, the TOTAL_FRAMES of a feature list.
    """
    features = log_mel(read_audio(source))
    with replacing(target) as draft, open(draft, 'wb') as file:
        np.save(file, features)
    return len(features)


def build(home, out, ext='m4a', level=1, part='1/1', overwrite=False, **options):
    """Write the features of all files of a folder, or of one part of them.

    Args:
        home: folder with the sound files.
        out: folder for the features; folders of level 2 are kept below it.
        ext: suffix of the sound files; several are parted by commas.
        level: 1 for files in ``home`` itself, 2 for files one folder further down.
        part: ``i/n``: only the i-th of n parts, for several machines on one folder.
        overwrite: make features anew that are there already.
        **options: of :func:`many_files.work_through`.

    Returns:
        Tally: rows of each feature, and the files that gave none.

    Raises:
        InputError: an argument is wrong, or there is nothing to do.
    """
    number, count = parse_part(part)
    jobs = targets_of(find_files(home, parse_suffixes(ext), level), home, out, '.npy')
    mine = jobs[len(jobs) * (number - 1) // count:len(jobs) * number // count]
    return work_through(write_features, mine, what='sounds',
                        is_done=None if overwrite else lambda _, target: target.is_file(),
                        **options)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Log-mel features (.npy) of sound files')
    parser.add_argument('audio_home_path', help='folder with sound or video files')
    parser.add_argument('spectrogram_save_path', help='folder for the features')
    parser.add_argument('--level', type=int, default=1, choices=[1, 2],
                        help='1: files in the folder, 2: files one folder further down')
    parser.add_argument('--ext', default='m4a',
                        help='suffix of the files, e.g. wav, or several: m4a,wav,mp4')
    parser.add_argument('--part', default='1/1', help='i/n: only the i-th of n parts')
    parser.add_argument('--overwrite', action='store_true',
                        help='make features anew that are there already')
    add_options(parser, num_workers=4)
    return parser.parse_args(argv)


def main(argv=None):
    args = vars(parse_args(argv))
    tally = build(args.pop('audio_home_path'), args.pop('spectrogram_save_path'), **args)
    return tally.finish('features written')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
