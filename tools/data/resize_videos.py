"""Make the videos of a folder smaller, once: every epoch after that decodes faster.

    python tools/data/resize_videos.py SRC_DIR OUT_DIR --scale 256 --to-mp4

Each video becomes H.264 with the shorter side of ``--scale`` pixels, in the same place below
OUT_DIR. Frames keep their times, sound comes along, what was filmed upright lies upright. Videos
that are small enough already are encoded anew without being enlarged.
"""
import argparse
import sys
from pathlib import Path

from many_files import (
    add_options,
    find_files,
    parse_suffixes,
    targets_of,
    work_through,
)
from media import copy_video

from mmvideo.datasets.video import SUFFIXES
from mmvideo.errors import InputError
from mmvideo.storage import replacing

CONTAINER_OF = {'.mp4': 'mp4', '.m4v': 'mp4', '.mov': 'mov', '.mkv': 'matroska', '.avi': 'avi'}


def resize_video(source, target, scale=256, dense=False, remove_dup=False, crf=20, gop=32):
    """Write one video anew.

    Args:
        source: the video.
        target: the new one; its suffix tells the container.
        scale: shorter side in pixels; 0 keeps the size.
        dense: every frame becomes a key frame.
        remove_dup: leave out frames that repeat the one before.
        crf: constant rate factor of x264, 0 (lossless) to 51.
        gop: most frames from one key frame to the next; fewer make jumps faster and files larger.

    Returns:
        int: frames written.
    """
    container = CONTAINER_OF.get(target.suffix.lower())
    if container is None:
        raise InputError(f'{source}: a {target.suffix} file cannot hold H.264; say --to-mp4')
    options = {'crf': str(crf), 'g': '1' if dense else str(gop), 'preset': 'fast'}
    with replacing(target) as draft:
        return copy_video(source, draft, container, scale, options, remove_dup)


def build(src_dir, out_dir, dense=False, level=2, remove_dup=False, ext='mp4', to_mp4=False,
          scale=256, crf=20, gop=32, overwrite=False, **options):
    """Write all videos of a folder anew; arguments as of :func:`resize_video`, and

    Args:
        src_dir, out_dir: folders.
        level: 1 for videos in ``src_dir`` itself, 2 for videos one folder further down.
        ext: suffix of the videos; several are parted by commas, 'all' takes every kind.
        to_mp4: write mp4 whatever the source is.
        overwrite: make videos anew that are there already.
        **options: of :func:`many_files.work_through`.

    Returns:
        Tally: frames of each video, and the files that failed.
    """
    for name, value, least, most in (('--scale', scale, 0, 8192), ('--crf', crf, 0, 51),
                                     ('--gop', gop, 1, 10000)):
        if not least <= value <= most:
            raise InputError(f'{name}: expected {least}..{most}, got {value}')
    sources = find_files(src_dir, SUFFIXES if ext == 'all' else parse_suffixes(ext), level)
    pairs = (targets_of(sources, src_dir, out_dir, '.mp4') if to_mp4 else
             [(s, Path(out_dir) / s.relative_to(src_dir)) for s in sources])
    if not to_mp4:
        targets_of([Path(src_dir) / 'a'], src_dir, out_dir, '')     # two folders
    settings = (scale, dense, remove_dup, crf, gop)
    return work_through(resize_video, [(*pair, *settings) for pair in pairs], what='videos',
                        is_done=None if overwrite else lambda _, target, *rest: target.is_file(),
                        **options)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Smaller videos, H.264, times and sound kept')
    parser.add_argument('src_dir', help='folder with videos')
    parser.add_argument('out_dir', help='folder for the new ones')
    parser.add_argument('--dense', action='store_true',
                        help='every frame a key frame: any frame can be read at once, files are '
                             'about three times as large')
    parser.add_argument('--level', type=int, default=2, choices=[1, 2],
                        help='1: videos in the folder, 2: videos one folder further down')
    parser.add_argument('--remove-dup', action='store_true',
                        help='leave out frames that repeat the one before')
    parser.add_argument('--ext', default='mp4',
                        help="suffix of the videos, or several: mp4,webm; 'all' for every kind")
    parser.add_argument('--to-mp4', action='store_true', help='write mp4 whatever the source is')
    parser.add_argument('--scale', type=int, default=256,
                        help='shorter side in pixels, 0 to keep the size (default 256)')
    parser.add_argument('--crf', type=int, default=20,
                        help='quality of x264, 0 (lossless) to 51 (default 20)')
    parser.add_argument('--gop', type=int, default=32,
                        help='most frames from one key frame to the next (default 32)')
    parser.add_argument('--overwrite', action='store_true',
                        help='make videos anew that are there already')
    add_options(parser)
    return parser.parse_args(argv)


def main(argv=None):
    return build(**vars(parse_args(argv))).finish('videos written')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
