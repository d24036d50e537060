"""Cut clips out of longer videos: those that a list names, or parts of so many seconds.

    python tools/data/cut_videos.py SRC_DIR OUT_DIR --cuts cuts.csv
    python tools/data/cut_videos.py SRC_DIR OUT_DIR --every 10

``--cuts`` takes a CSV with the columns ``video,start,end,name`` in seconds, where ``name`` is the
clip without suffix; the CSV files of Kinetics (``label,youtube_id,time_start,time_end``) and of
HVU; and the JSON of FineGym, of which it cuts the elements. Videos are found by their names without
suffix. ``--every`` writes ``OUT_DIR/name/part_0.mp4, part_1.mp4, ...``, as RawVideoDataset reads.
Clips begin and end at the frame, so they are encoded anew, as H.264 with the sound. Clips that are
there already are left alone.
"""
import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import av
from file_lists.csv_splits import columns_of
from file_lists.items import Items
from file_lists.split_files import csv_lines, json_object
from many_files import add_options, work_through
from media import cut_video

from mmvideo.command import exit_status
from mmvideo.errors import InputError, MissingFileError
from mmvideo.storage import replacing

# A last part that is shorter is left to the one before.
SHORTEST_SECONDS = 1


@dataclass(frozen=True)
class Cut:
    """A clip to be.

    Args:
        video: name of the long video, without suffix.
        start, end: seconds.
        name: of the clip, without suffix, with its folder.
    """
    video: str
    start: float
    end: float
    name: str


def read_cuts(path):
    """The clips that a file names.

    Raises:
        MissingFileError, InputError: no such file, or a wrong line, which is named.
    """
    if not Path(path).is_file():
        raise MissingFileError(f'--cuts: {path} does not exist')
    if str(path).lower().endswith('.json'):
        return list(gym_elements(path))
    rows = list(csv_lines(path, 3, 'video,start,end,name'))
    header = [cell.lower() for cell in rows[0][1]] if rows else []
    if 'youtube_id' in header:
        return [clip_of_youtube(where, row) for where, row in
                columns_of(rows, ('youtube_id', 'time_start', 'time_end'), path)]
    return [Cut(row['video'], *span(where, row['start'], row['end']), row['name'])
            for where, row in columns_of(rows, ('video', 'start', 'end', 'name'), path)]


def span(where, start, end):
    """Start and end in seconds, checked."""
    try:
        start, end = float(start), float(end)
    except (TypeError, ValueError):
        raise InputError(f'{where}: start {start!r} and end {end!r} are no seconds') from None
    if not (0 <= start < end and math.isfinite(end)):
        raise InputError(f'{where}: expected 0 <= start < end, found {start:g} and {end:g}')
    return start, end


def clip_of_youtube(where, row):
    """A row of Kinetics, whose clips lie in folders of classes, or of HVU, whose do not."""
    start, end = span(where, row['time_start'], row['time_end'])
    name = f'{row["youtube_id"]}_{int(start):06d}_{int(end):06d}'
    folder = f'{row["label"]}/' if row.get('label') else ''
    return Cut(row['youtube_id'], start, end, folder + name)


def gym_elements(path):
    """Elements of FineGym: ``{video: {event: {timestamps, segments: {element: {timestamps}}}}}``.

    The seconds of an element count from the start of its event.
    """
    for video, events in json_object(path).items():
        for event, facts in (events or {}).items():
            where = f'file {path}, {video}, {event}'
            try:
                begin = facts['timestamps'][0][0]
                found = [(name, element['timestamps'][0][0], element['timestamps'][-1][-1])
                         for name, element in (facts['segments'] or {}).items()]
            except (KeyError, IndexError, TypeError):
                raise InputError(f'{where}: expected timestamps [[start, end]] of the event and '
                                 'of each of its segments') from None
            for name, start, end in found:
                start, end = span(f'{where}, {name}', start, end)
                yield Cut(video, begin + start, begin + end, f'{video}_{event}_{name}')


def parts_of(path, stem, seconds):
    """The parts of a video of so many seconds each, the last one up to its end."""
    try:
        with av.open(str(path)) as container:
            length = (container.duration or 0) / av.time_base
    except av.error.FFmpegError as error:
        raise InputError(f'{path}: is no video ({error})') from error
    count = max(1, math.ceil((length - SHORTEST_SECONDS) / seconds))
    return [Cut(stem, k * seconds, (k + 1) * seconds if k + 1 < count else math.inf,
                f'{stem}/part_{k}') for k in range(count)]


def write_clip(target, source, start, end, scale, crf):
    """Cut one clip; gives its frames."""
    with replacing(target) as draft:
        # A day is the end of any video.
        return cut_video(source, draft, 'mp4', (start, min(end, 86400)), scale,
                         {'crf': str(crf), 'g': '32', 'preset': 'fast'})


def build(src_dir, out_dir, cuts=None, every=None, level=1, scale=0, crf=18, **options):
    """Cut all clips.

    Args:
        src_dir, out_dir: folders.
        cuts: file that names the clips; or
        every: seconds of the parts that each video is cut into.
        level: 1 for videos in ``src_dir`` itself, 2 for videos one folder further down.
        scale: shorter side in pixels; 0 keeps the size.
        crf: quality of x264, 0 (lossless) to 51.
        **options: of :func:`many_files.work_through`.

    Returns:
        tuple(Tally, list[Cut]): what was written, and the clips of videos that are not there.
    """
    if every is not None and every <= 0:
        raise InputError(f'--every: expected more than 0 seconds, got {every:g}')
    items = Items(src_dir, 'videos', level)
    paths = {items.stem(path): Path(src_dir, path) for path in items.paths}
    wanted = read_cuts(cuts) if cuts else [
        cut for stem, path in paths.items() for cut in parts_of(path, stem, every)]
    there = [cut for cut in wanted if cut.video in paths]
    if not there:
        raise InputError(f'{src_dir}: has none of the videos that {cuts} names; expected for '
                         f'example {wanted[0].video if wanted else "any"}, found '
                         f'{items.paths[0]}')
    jobs = {Path(out_dir, f'{cut.name}.mp4'): (paths[cut.video], cut.start, cut.end, scale, crf)
            for cut in there}
    tally = work_through(write_clip, [(target, *job) for target, job in jobs.items()],
                         is_done=lambda target, *_: target.exists(), what='clips', **options)
    return tally, [cut for cut in wanted if cut.video not in paths]


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src_dir', help='folder with the long videos')
    parser.add_argument('out_dir', help='folder for the clips')
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument('--cuts', metavar='FILE', help='CSV or JSON that names the clips')
    wanted.add_argument('--every', type=float, metavar='S', help='cut into parts of S seconds')
    parser.add_argument('--level', type=int, default=1, choices=[1, 2],
                        help='1: videos in the folder, 2: videos one folder further down')
    parser.add_argument('--scale', type=int, default=0, metavar='PIXELS',
                        help='shorter side; 0 keeps the size (default)')
    parser.add_argument('--crf', type=int, default=18,
                        help='quality of x264, 0 (lossless) to 51 (default 18)')
    add_options(parser)
    return parser.parse_args(argv)


def run(args):
    tally, absent = build(**vars(args))
    if absent:
        videos = {cut.video for cut in absent}
        print(f'{len(absent)} clips of {len(videos)} videos that are not there, for example '
              f'{min(videos)}')
    return tally.finish('clips cut')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
