"""Take the videos of a folder apart: RGB frames, optical flow, or both.

    python tools/data/build_rawframes.py SRC_DIR OUT_DIR --task both --new-short 256 --resume

Each ``SRC_DIR/class/name.mp4`` becomes a folder ``OUT_DIR/class/name`` with ``img_00001.jpg, ...``
and ``flow_x_00001.jpg, flow_y_00001.jpg, ...``, one pair fewer: the motion from frame 1 to frame 2
has number 1. A pixel of flow is a gray level, -20 pixels is 0 and 20 pixels 255 (``--bound``).
"""
import argparse
import dataclasses
import sys

import cv2
from build_videos import numbered_frames, read_picture
from frame_folders import SINKS, is_done
from many_files import (
    add_options,
    find_files,
    find_folders,
    parse_suffixes,
    targets_of,
    work_through,
)
from media import decoded, upright

from mmvideo.datasets.video import SUFFIXES
from mmvideo.errors import InputError

TASKS = {'rgb': ('rgb', ), 'flow': ('flow', ), 'both': ('rgb', 'flow')}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is taken out of each video.

    Args:
        task: 'rgb', 'flow' or 'both'.
        flow_type: method of :func:`mmvideo.optical_flow.flow_between`.
        out_format: 'jpg' or 'png', a picture a frame; or 'h5', a file a video.
        rgb_tmpl, flow_tmpl: names of pictures, without suffix; that of flow takes 'x' or 'y'
            first.
        start_idx: number of the first picture.
        size: (width, height) that frames get.
        short: or their shorter side; without either they keep their size.
        bound: flow that becomes black or white, in pixels.
        frames_tmpl: name of the frames, without suffix, where the input is frames.
    """

    task: str = 'rgb'
    flow_type: str = 'tvl1'
    out_format: str = 'jpg'
    rgb_tmpl: str = 'img_{:05d}'
    flow_tmpl: str = 'flow_{}_{:05d}'
    start_idx: int = 1
    size: tuple = None
    short: int = None
    bound: float = 20
    frames_tmpl: str = 'img_{:05d}'

    def names(self):
        """Template of each kind of picture there will be."""
        both = {'rgb': {'rgb': self.rgb_tmpl},
                'flow': {axis: self.flow_tmpl.replace('{}', axis, 1) for axis in 'xy'}}
        return {kind: name for task in TASKS[self.task] for kind, name in both[task].items()}


def pictures_of(source, wanted):
    """Frames of a video, or of a folder with frames, in order and resized: uint8 RGB [H, W, 3]."""
    if source.is_dir():
        suffixes = {path.suffix for path in source.iterdir()} & {'.jpg', '.jpeg', '.png'}
        if not suffixes:
            raise InputError(f'{source}: holds no .jpg and no .png')
        found = (read_picture(path) for path in
                 numbered_frames(source, wanted.frames_tmpl, min(suffixes).lstrip('.')))
    else:
        found = (upright(frame) for frame in decoded(source))
    for picture in found:
        size = new_size(picture.shape[1::-1], wanted)
        if size != picture.shape[1::-1]:
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA
                                 if size[0] < picture.shape[1] else cv2.INTER_LINEAR)
        yield picture


def new_size(size, wanted):
    """(width, height) of the pictures for frames of this size."""
    if wanted.size:
        return wanted.size
    scale = wanted.short / min(size) if wanted.short else 1
    return tuple(max(1, round(side * scale)) for side in size)


def take_apart(source, target, wanted, device='cpu'):
    """Write the pictures of one video.

    Args:
        source: video, or folder with frames.
        target: folder for the pictures.
        wanted: a :class:`Wanted`.
        device: where flow is computed.

    Returns:
        int: frames of the video.
    """
    tasks = TASKS[wanted.task]
    count = 0

    def gray_frames(sink):
        nonlocal count
        for picture in pictures_of(source, wanted):
            if 'rgb' in tasks:
                sink.put('rgb', count, picture)
            count += 1
            yield cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if 'flow' in tasks else None

    with SINKS[wanted.out_format](target, wanted) as sink:
        if 'flow' in tasks:
            # Torch takes seconds to load, and RGB frames do without.
            from mmvideo.optical_flow import flow_between, quantize
            for number, flow in enumerate(flow_between(gray_frames(sink), wanted.flow_type,
                                                       device)):
                for axis, part in zip('xy', quantize(flow, wanted.bound).transpose(2, 0, 1),
                                      strict=True):
                    sink.put(axis, number, part)
            if count == 1:
                raise InputError(f'{source}: holds one frame, so there is no flow')
        else:
            for _ in gray_frames(sink):
                pass
    return count


def build(src_dir, out_dir, wanted, level=2, ext='mp4', mixed_ext=False, input_frames=False,
          num_gpu=8, resume=False, **options):
    """Take all videos of a folder apart.

    Args:
        src_dir, out_dir: folders.
        wanted: a :class:`Wanted`.
        level: 1 for videos in ``src_dir`` itself, 2 for videos one folder further down.
        ext: suffix of the videos; several are parted by commas.
        mixed_ext: take videos of every kind.
        input_frames: ``src_dir`` holds folders of frames in place of videos.
        num_gpu: GPUs that TV-L1 may use, if there are any.
        resume: leave videos alone whose pictures are there already.
        **options: of :func:`many_files.work_through`.

    Returns:
        Tally: frames of each video, and the videos that failed.
    """
    check(wanted, input_frames)
    if input_frames:
        sources = find_folders(src_dir, level)
    else:
        sources = find_files(src_dir, SUFFIXES if mixed_ext else parse_suffixes(ext), level)
    devices = flow_devices(wanted, num_gpu)
    jobs = [(*pair, wanted, devices[k % len(devices)]) for k, pair in
            enumerate(targets_of(sources, src_dir, out_dir, ''))]
    return work_through(take_apart, jobs, what='videos', is_done=is_done if resume else None,
                        **options)


def check(wanted, input_frames):
    """Raise where the wishes do not go together."""
    if wanted.out_format == 'h5':
        try:
            import h5py  # noqa: F401
        except ImportError as error:
            raise InputError('--out-format h5 needs the package h5py: pip install h5py') from error
    if input_frames and wanted.task != 'flow':
        raise InputError('--input-frames: the frames are there already, expected --task flow')
    if wanted.size and wanted.short:
        raise InputError('--new-short: expected it alone, or --new-width and --new-height')
    if wanted.bound <= 0:
        raise InputError(f'--bound: expected more than 0, got {wanted.bound:g}')
    for option, template, letters in (('--rgb-tmpl', wanted.rgb_tmpl, ()),
                                      ('--flow-tmpl', wanted.flow_tmpl, ('x', ))):
        try:
            is_good = template.format(*letters, 1) != template.format(*letters, 2)
        except (IndexError, ValueError, KeyError):
            is_good = False
        if not is_good:
            raise InputError(f'{option}: expected a name such as '
                             f'{"flow_{}" if letters else "img"}_{{:05d}}, got {template!r}')


def flow_devices(wanted, num_gpu):
    """Where flow is computed, for the videos in turn."""
    if wanted.task == 'rgb' or 'tvl1' not in wanted.flow_type or num_gpu < 1:
        return ['cpu']
    import torch
    return [f'cuda:{k}' for k in range(min(num_gpu, torch.cuda.device_count()))] or ['cpu']


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='RGB frames and optical flow of videos')
    parser.add_argument('src_dir', help='folder with videos')
    parser.add_argument('out_dir', help='folder for the folders of pictures')
    parser.add_argument('--task', choices=TASKS, default='flow', help='(default flow)')
    parser.add_argument('--level', type=int, default=2, choices=[1, 2],
                        help='1: videos in the folder, 2: videos one folder further down')
    parser.add_argument('--flow-type', default='tvl1',
                        help='tvl1 (default), warp_tvl1 (without the motion of the camera), farn, '
                             'or dis, by far the fastest')
    parser.add_argument('--out-format', choices=SINKS, default='jpg',
                        help='pictures (default jpg), or h5: a file a video, needs h5py')
    parser.add_argument('--ext', default='mp4', help='suffix of the videos, or several: avi,mp4')
    parser.add_argument('--mixed-ext', action='store_true', help='videos of every kind')
    parser.add_argument('--new-width', type=int, default=0, metavar='PIXELS')
    parser.add_argument('--new-height', type=int, default=0, metavar='PIXELS')
    parser.add_argument('--new-short', type=int, default=0, metavar='PIXELS',
                        help='shorter side; by default frames keep their size')
    parser.add_argument('--num-gpu', type=int, default=8,
                        help='GPUs for TV-L1, if there are any (default 8)')
    parser.add_argument('--resume', action='store_true',
                        help='leave videos alone whose pictures are there already')
    parser.add_argument('--use-opencv', action='store_true',
                        help='accepted, has no effect: nothing else is needed anyway')
    parser.add_argument('--input-frames', action='store_true',
                        help='SRC_DIR holds folders of frames img_00001.jpg, ...: only flow')
    parser.add_argument('--rgb-tmpl', default=Wanted.rgb_tmpl, help='(default %(default)s)')
    parser.add_argument('--flow-tmpl', default=Wanted.flow_tmpl,
                        help="(default %(default)s; some lists expect '{}_{:05d}')")
    parser.add_argument('--start-idx', type=int, default=1,
                        help='number of the first picture (default 1)')
    parser.add_argument('--bound', type=float, default=20,
                        help='flow that becomes black or white, in pixels (default 20)')
    add_options(parser)
    return parser.parse_args(argv)


def main(argv=None):
    args = vars(parse_args(argv))
    width, height = args.pop('new_width'), args.pop('new_height')
    if bool(width) != bool(height) or min(width, height, args['new_short']) < 0:
        raise InputError('--new-width, --new-height: expected both or neither, above 0')
    wanted = Wanted(size=(width, height) if width else None, short=args.pop('new_short') or None,
                    frames_tmpl=args['rgb_tmpl'],
                    **{f.name: args.pop(f.name) for f in dataclasses.fields(Wanted)
                       if f.name in args})
    del args['use_opencv']
    return build(wanted=wanted, **args).finish('videos taken apart')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
