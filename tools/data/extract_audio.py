"""Take the sound out of the videos of a folder: wav files, 16 kHz, one channel, 16 bits.

    python tools/data/extract_audio.py ROOT DST_ROOT --ext mp4

Each ``ROOT/class/name.mp4`` becomes ``DST_ROOT/class/name.wav``. Videos without sound are listed at
the end, and the exit status is 1 then; so a list of what is left can be made from DST_ROOT.
"""
import argparse
import sys
import wave

import numpy as np
from many_files import (
    add_options,
    find_files,
    parse_suffixes,
    targets_of,
    work_through,
)

from mmvideo.audio import SAMPLE_RATE, read_audio
from mmvideo.storage import replacing


def extract(source, target):
    """Write the sound of ``source`` as ``target``.

    Returns:
        int: number of samples.
    """
    samples = np.rint(np.clip(read_audio(source), -1, 1) * 32767).astype('<i2')
    with replacing(target) as draft, wave.open(str(draft), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return len(samples)


def build(root, dst_root, level=2, ext='mp4', overwrite=False, **options):
    """Write the sound of all videos of a folder.

    Args:
        root, dst_root: folders.
        level: 1 for videos in ``root`` itself, 2 for videos one folder further down.
        ext: suffix of the videos; several are parted by commas.
        overwrite: make files anew that are there already.
        **options: of :func:`many_files.work_through`.

    Returns:
        Tally: samples of each file, and the videos that gave none.
    """
    sources = find_files(root, parse_suffixes(ext), level)
    return work_through(extract, targets_of(sources, root, dst_root, '.wav'), what='videos',
                        is_done=None if overwrite else lambda _, target: target.is_file(),
                        **options)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='The sound of videos as 16 kHz wav files')
    parser.add_argument('root', help='folder with videos')
    parser.add_argument('dst_root', help='folder for the sounds')
    parser.add_argument('--level', type=int, default=2, choices=[1, 2],
                        help='1: videos in the folder, 2: videos one folder further down')
    parser.add_argument('--ext', default='mp4', help='suffix of the videos, or several: mp4,webm')
    parser.add_argument('--overwrite', action='store_true',
                        help='make files anew that are there already')
    add_options(parser)
    return parser.parse_args(argv)


def main(argv=None):
    return build(**vars(parse_args(argv))).finish('sounds written')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
