"""Draw on a video what a detector has found in it, and what is so.

    python tools/analysis/show_detections.py VIDEO FOUND.csv --truth LIST.csv --out shown.mp4

Boxes that were found are green, with the actions above the threshold on top; those of ``--truth``
are red, with their actions below. ``FOUND.csv`` is what ``tools/test.py --out FOUND.csv`` writes.
The frames that have boxes stand still for a while.
"""
import argparse
import sys
from collections import defaultdict
from pathlib import Path

from mmvideo.ava_files import read_boxes, read_label_map

# Actions to a line.
ABREAST = 2


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Draw what a detector has found')
    parser.add_argument('video', help='a video')
    parser.add_argument('found', help='CSV file: video,second,x0,y0,x1,y1,action,score')
    parser.add_argument('--truth', help='CSV file: video,second,x0,y0,x1,y1,action,person')
    parser.add_argument('--label-map', help='names of the actions (pbtxt); those of no other are '
                        'shown')
    parser.add_argument('--out', required=True, help='file to write, .mp4 or .gif')
    parser.add_argument('--name', help='the video in the CSV files (default: the name of the file)')
    parser.add_argument('--score-thr', type=float, default=0.5, help='least score (default: 0.5)')
    parser.add_argument('--timestamp-start', type=float, default=900,
                        help='second at which the video begins (default: 900)')
    parser.add_argument('--fps', type=float, help='frames a second (default: those of the video)')
    parser.add_argument('--hold-seconds', type=float, default=1.0,
                        help='for which a frame with boxes stands still (default: 1)')
    parser.add_argument('--short-side', type=int, help='of the frames written, in pixels')
    return parser.parse_args(argv)


def rate_of(video):
    import av

    from mmvideo.errors import InputError
    try:
        with av.open(video) as container:
            return float(container.streams.video[0].average_rate)
    except (av.error.FFmpegError, IndexError, OSError) as error:
        raise InputError(f'{video}: cannot be read as a video ({error})') from None


def boxes_by_second(rows, video, names, least=None):
    """``{second: [(box, lines)]}`` of one video; actions of a box stand together."""
    said = defaultdict(lambda: defaultdict(list))
    for key, box, label, last in zip(rows.keys, rows.boxes.tolist(), rows.labels.tolist(),
                                     rows.last.tolist(), strict=True):
        name, _, second = key.rpartition(',')
        if name == video and (not names or label in names) and (least is None or last > least):
            text = names.get(label, f'action {label}')
            said[int(second)][tuple(box)].append(
                (last, text) if least is None else (-last, f'{text} {last:.2f}'))
    return {second: [(box, _lines(sorted(actions) if least is not None else actions))
                     for box, actions in boxes.items()] for second, boxes in said.items()}


def _lines(actions):
    texts = [text for _, text in actions]
    return [', '.join(texts[i:i + ABREAST]) for i in range(0, len(texts), ABREAST)]


def main(argv=None):
    from mmvideo.visualization import annotate_moments
    args = parse_args(argv)
    video = args.name or Path(args.video).stem
    names = read_label_map(args.label_map) if args.label_map else {}
    found = boxes_by_second(read_boxes(args.found, 'found'), video, names, args.score_thr)
    true = boxes_by_second(read_boxes(args.truth, '--truth'), video, names) if args.truth else {}
    fps = args.fps or rate_of(args.video)
    moments = {round((second - args.timestamp_start) * fps): (found.get(second, []),
                                                              true.get(second, []))
               for second in {*found, *true}}
    count = annotate_moments(args.video, moments, args.out, args.hold_seconds, args.short_side)
    boxes = sum(map(len, found.values()))
    print(f'{args.out}: {count} frames, {len(moments)} of them with boxes, {boxes} found')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
