"""Optical flow of one video, or of a list of videos, as pictures.

    python tools/misc/flow_extraction.py --input VIDEO --dest FOLDER
    python tools/misc/flow_extraction.py --input LIST.txt --prefix VIDEOS --dest FOLDER

For a list (``path`` or ``path label`` a line) each video gets its place below FOLDER. A folder tree
is taken apart by ``tools/data/build_rawframes.py``, which has more choices.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'data'))

from build_rawframes import Wanted, check, flow_devices, take_apart  # noqa: E402
from frame_folders import is_done  # noqa: E402
from many_files import add_options, work_through  # noqa: E402

from mmvideo.datasets.lists import split_fields  # noqa: E402
from mmvideo.datasets.video import SUFFIXES  # noqa: E402
from mmvideo.errors import InputError, MissingFileError  # noqa: E402


def find_videos(source, prefix=''):
    """Paths of videos with their place in the output: of one video, or of each line of a list."""
    source = Path(source)
    if not source.is_file():
        raise MissingFileError(f'--input: {source}: no such file')
    if source.suffix.lower() in SUFFIXES:
        return [(source, Path())]
    lines = [line.strip() for line in source.read_text(encoding='utf-8').splitlines()]
    names = [Path(split_fields(line, 1)[0]) for line in lines if line]
    if not names:
        raise InputError(f'--input: {source} names no video')
    # Of an absolute path only the name is taken, or the output would lie beside the video.
    return [(Path(prefix) / name, Path(name.name if name.is_absolute() else name).with_suffix(''))
            for name in names]


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Optical flow of a video or of a list of videos')
    parser.add_argument('--input', required=True, help='video, or a text file with a video a line')
    parser.add_argument('--prefix', default='', help='folder that paths of a list are relative to')
    parser.add_argument('--dest', required=True, help='folder for the pictures')
    parser.add_argument('--save-rgb', action='store_true', help='write the frames, too')
    parser.add_argument('--rgb-tmpl', default='img_{:05d}.jpg', help='(default %(default)s)')
    parser.add_argument('--flow-tmpl', default='{}_{:05d}.jpg', help='(default %(default)s)')
    parser.add_argument('--start-idx', type=int, default=1,
                        help='number of the first picture (default 1)')
    parser.add_argument('--method', default='tvl1',
                        help='tvl1 (default), warp_tvl1, farn or dis')
    parser.add_argument('--bound', type=float, default=20,
                        help='flow that becomes black or white, in pixels (default 20)')
    parser.add_argument('--num-gpu', type=int, default=8, help='GPUs for TV-L1, if there are any')
    parser.add_argument('--resume', action='store_true',
                        help='leave videos alone whose pictures are there already')
    add_options(parser, num_workers=1)
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    suffixes = {Path(template).suffix for template in (args.rgb_tmpl, args.flow_tmpl)}
    if len(suffixes) != 1 or not suffixes <= {'.jpg', '.png'}:
        raise InputError('--rgb-tmpl, --flow-tmpl: expected both to end in .jpg, or both in .png')
    suffix, = suffixes
    wanted = Wanted(task='both' if args.save_rgb else 'flow', flow_type=args.method,
                    out_format=suffix.lstrip('.'), rgb_tmpl=args.rgb_tmpl.removesuffix(suffix),
                    flow_tmpl=args.flow_tmpl.removesuffix(suffix), start_idx=args.start_idx,
                    bound=args.bound)
    check(wanted, input_frames=False)
    devices = flow_devices(wanted, args.num_gpu)
    jobs = [(source, Path(args.dest) / place, wanted, devices[k % len(devices)])
            for k, (source, place) in enumerate(find_videos(args.input, args.prefix))]
    tally = work_through(take_apart, jobs, args.num_workers, is_done if args.resume else None,
                         args.report_file, args.limit_seconds, 'videos')
    return tally.finish('videos taken apart')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
