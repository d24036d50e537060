"""Make a video of each folder of frames.

    python tools/data/build_videos.py SRC_DIR OUT_DIR --fps 30 --filename-tmpl img_%05d

Each ``SRC_DIR/class/name/img_00001.jpg, ...`` becomes ``OUT_DIR/class/name.mp4``.
"""
import argparse
import re
import sys

import cv2
from many_files import add_options, find_folders, targets_of, work_through
from media import VideoWriter

from mmvideo.errors import InputError
from mmvideo.storage import replacing

CONTAINER_OF = {'mp4': 'mp4', 'avi': 'avi', 'mkv': 'matroska', 'mov': 'mov', 'webm': 'webm'}


def numbered_frames(folder, template, suffix, start=None):
    """Frames of a folder in the order of their numbers.

    Args:
        folder: the folder.
        template: name of a frame without suffix, such as ``img_%05d`` or ``img_{:05d}``.
        suffix: of the frames, without the point.
        start: number of the first one; by default the lowest there is.

    Returns:
        list[Path]: no number is missing in between.

    Raises:
        InputError: there are none, or one is missing.
    """
    before, place, after = re.fullmatch(r'(.*?)(%0?\d*d|\{:?0?\d*d?\})(.*)', template).groups() \
        if re.search(r'%0?\d*d|\{:?0?\d*d?\}', template) else (template, None, '')
    if place is None:
        raise InputError(f'--filename-tmpl: expected a place for the number, as in img_%05d, got '
                         f'{template!r}')
    pattern = re.compile(f'{re.escape(before)}(\\d+){re.escape(after)}\\.{re.escape(suffix)}')
    found = {int(match[1]): path for path in folder.iterdir()
             if (match := pattern.fullmatch(path.name))}
    start = min(found, default=0) if start is None else start
    if start not in found:
        raise InputError(f'{folder}: no frame {before}{start}{after}.{suffix}'
                         + (f'; numbers begin at {min(found)}' if found else ''))
    end = max(found) + 1
    missing = [k for k in range(start, end) if k not in found]
    if missing:
        raise InputError(f'{folder}: frames {start}..{end - 1}, but number {missing[0]} is missing')
    return [found[k] for k in range(start, end)]


def read_picture(path):
    """uint8 RGB [H, W, 3]."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(f'{path}: is no picture')
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def write_video(source, target, fps=30, in_format='jpg', start_idx=None,
                filename_tmpl='img_%05d', vcodec='mpeg4'):
    """Make a video of one folder; arguments as of :func:`build`.

    Returns:
        int: frames written.
    """
    frames = numbered_frames(source, filename_tmpl, in_format, start_idx)
    container = CONTAINER_OF[target.suffix.lstrip('.').lower()]
    with replacing(target) as draft, VideoWriter(draft, fps, vcodec, container) as writer:
        for frame in frames:
            writer.write(read_picture(frame))
    return len(frames)


def build(src_dir, out_dir, fps=30, level=2, in_format='jpg', start_idx=None,
          filename_tmpl='img_%05d', vcodec='mpeg4', ext='mp4', resume=False, **options):
    """Make a video of each folder of frames.

    Args:
        src_dir, out_dir: folders.
        fps: frames per second.
        level: 1 for folders of frames in ``src_dir`` itself, 2 for those one folder further down.
        in_format: suffix of the frames.
        start_idx: number of the first frame; by default the lowest there is.
        filename_tmpl: name of a frame without suffix.
        vcodec: FFmpeg's name of the encoder, 'mpeg4' or 'libx264' for example.
        ext: suffix of the videos.
        resume: leave videos alone that are there already.
        **options: of :func:`many_files.work_through`.

    Returns:
        Tally: frames of each video, and the folders that failed.
    """
    if fps <= 0:
        raise InputError(f'--fps: expected more than 0, got {fps:g}')
    ext = ext.lstrip('.').lower()
    if ext not in CONTAINER_OF:
        raise InputError(f'--ext: expected one of {", ".join(CONTAINER_OF)}, got {ext!r}')
    sources = find_folders(src_dir, level)
    settings = (fps, in_format.lstrip('.'), start_idx, filename_tmpl, vcodec)
    jobs = [(*pair, *settings) for pair in targets_of(sources, src_dir, out_dir, f'.{ext}')]
    return work_through(write_video, jobs, what='folders',
                        is_done=(lambda _, target, *rest: target.is_file()) if resume else None,
                        **options)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Videos of folders of frames')
    parser.add_argument('src_dir', help='folder with folders of frames')
    parser.add_argument('out_dir', help='folder for the videos')
    parser.add_argument('--fps', type=float, default=30, help='frames per second (default 30)')
    parser.add_argument('--level', type=int, default=2, choices=[1, 2],
                        help='1: folders of frames in the folder, 2: one folder further down')
    parser.add_argument('--in-format', default='jpg', help='suffix of the frames (default jpg)')
    parser.add_argument('--start-idx', type=int,
                        help='number of the first frame (default: the lowest there is)')
    parser.add_argument('--filename-tmpl', default='img_%05d',
                        help='name of a frame without suffix (default img_%%05d)')
    parser.add_argument('--vcodec', default='mpeg4',
                        help='encoder, mpeg4 or libx264 for example (default mpeg4)')
    parser.add_argument('--ext', default='mp4', help='suffix of the videos (default mp4)')
    parser.add_argument('--num-gpu', type=int, help='accepted, has no effect: the CPU encodes')
    parser.add_argument('--resume', action='store_true',
                        help='leave videos alone that are there already')
    add_options(parser)
    return parser.parse_args(argv)


def main(argv=None):
    args = vars(parse_args(argv))
    del args['num_gpu']
    return build(**args).finish('videos written')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
