"""Recognize a video: ``python tools/demo.py CONFIG CKPT VIDEO LABELS [--out annotated.mp4]``.

As a whole; with --stride window by window along a long file; with --stream as frames come, from a
file, a camera or an address.
"""
import argparse
import contextlib
import itertools
import json
import os
import sys
from pathlib import Path

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError

sys.path.insert(0, str(Path(__file__).resolve().parent / 'data'))

from many_files import Progress  # noqa: E402

# Of options that are of use along a video only: their values where they are not given.
DEFAULTS = dict(threshold=0.01, input_step=1, average_size=1, timeout=10.0)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('video', help='video file, folder of frames, or audio feature .npy; with '
                        '--stream also an address, or the number of a camera')
    parser.add_argument('labels', help='file of class names, one a line, or the name of a label '
                        'map that comes with the package, such as kinetics400')
    parser.add_argument('--out', help='draw the five best on the video (.mp4, .gif) or write '
                        'them (.json); along a video .mp4, .json or .jsonl (a line a prediction)')
    parser.add_argument('--device', help='default: the first GPU, else the CPU')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    along = parser.add_argument_group('along a video (docs/demo.md)')
    along.add_argument('--stride', type=float, metavar='SHARE', help='recognize windows along the '
                       "video: from one to the next, as a share of a window's length; 0: one frame")
    along.add_argument('--stream', action='store_true', help='recognize frames as they come; TSM '
                       'frame by frame, other networks (with --stride also TSM) in windows')
    along.add_argument('--every', type=int, metavar='FRAMES', help='with --stream: a prediction '
                       'after so many frames (default: TSM 1, windows half their length)')
    along.add_argument('--input-step', type=int, metavar='FRAMES', help='look only at every such '
                       'frame (default: 1)')
    along.add_argument('--threshold', type=float, metavar='SCORE', help='tell only of classes that '
                       'score so much (default: 0.01)')
    along.add_argument('--average-size', type=int, metavar='COUNT', help='average so many '
                       'predictions, the last ones (default: 1)')
    along.add_argument('--timeout', type=float, metavar='SECONDS', help='give up when no frame '
                       'comes for so long (default: 10)')
    return parser.parse_args(argv)


def run(args):
    is_along = args.stream or args.stride is not None
    check_flags(args, is_along)
    from mmvideo.apis import init_recognizer
    from mmvideo.engine.labels import read_classes
    from mmvideo.engine.run import load_config
    names = read_classes(args.labels)
    model = init_recognizer(load_config(args.config, args.cfg_options), args.checkpoint,
                            args.device)
    count = getattr(model.cls_head, 'num_classes', len(names))
    if len(names) != count:
        raise InputError(f'{args.labels}: {len(names)} class names, but the model scores {count} '
                         'classes (model.cls_head.num_classes)')
    if is_along:
        follow(args, model, names)
    else:
        recognize(args, model, names)


def check_flags(args, is_along):
    """Raise for flags that do not go together; fill in what is not given."""
    for name, default in DEFAULTS.items():
        if getattr(args, name) is None:
            setattr(args, name, default)
        elif not is_along:
            raise InputError(f'--{name.replace("_", "-")}: is of use with --stride or --stream')
    if args.every is not None and (not args.stream or args.stride is not None):
        raise InputError('--every: expected with --stream, and in place of --stride')
    if not 0 <= args.threshold <= 1:
        raise InputError(f'--threshold: expected a score from 0 to 1, got {args.threshold:g}')
    suffix = os.path.splitext(args.out or '')[1]
    suffixes = ('.mp4', '.json', '.jsonl') if is_along else ('.mp4', '.gif', '.json')
    if args.out and suffix not in suffixes:
        raise InputError(f'--out {args.out}: expected a name that ends in '
                         f'{", ".join(suffixes[:-1])} or {suffixes[-1]}')
    if is_along:
        if args.out and os.path.exists(args.out) and os.path.exists(args.video) and \
                os.path.samefile(args.out, args.video):
            raise InputError(f'--out {args.out}: is the video itself')
    elif suffix in ('.mp4', '.gif') and (os.path.isdir(args.video) or args.video.endswith('.npy')):
        raise InputError(f'--out {args.out}: only a video file can be drawn on, {args.video} is '
                         'none; a name that ends in .json keeps the scores')


def recognize(args, model, names):
    """The video as a whole, as ``tools/test.py`` scores it."""
    from mmvideo.apis import inference_recognizer
    best = inference_recognizer(model, args.video, names)
    for label, score in best:
        print(f'{label}: {score:.4f}')
    print(f'Top {len(best)} predicted labels: {", ".join(label for label, _ in best)}')
    if args.out:
        write(args, best)
        print(f'written: {args.out}')


def write(args, best):
    os.makedirs(os.path.dirname(args.out) or '.', exist_ok=True)
    if args.out.endswith('.json'):
        with open(args.out, 'w', encoding='utf-8') as file:
            json.dump(dict(video=args.video, top5=[dict(label=label, score=score)
                                                   for label, score in best]), file, indent=1)
        return
    from mmvideo.visualization import annotate_video
    annotate_video(args.video, [f'{label} {score:.2f}' for label, score in best], args.out)


def follow(args, model, names):
    """Along the video, as its frames come; however it ends, what is written by then is whole."""
    from mmvideo.streaming import FrameReader, open_output
    with contextlib.ExitStack() as stack:
        frames = stack.enter_context(FrameReader(args.video, args.timeout))
        first = next(frames)
        scorer = scorer_of(args, model, frames.fps)
        stack.callback(report, args, frames)
        output = open_output(args.out, args.video, names, args.threshold, frames.fps) \
            if args.out else None
        if output:
            stack.enter_context(output)
        # Otherwise the lines on the screen are the progress.
        progress = None
        if frames.count and not args.stream and (output or not sys.stdout.isatty()):
            progress = Progress(frames.count, 'frames')
            stack.callback(progress.close)

        def tell(prediction):
            if prediction is None:
                return
            if progress is None or not output:
                print(line_of(prediction, names, args.threshold), flush=True)
            if output:
                output.prediction(prediction)

        for frame in itertools.chain([first], frames):
            tell(scorer.push(frame))
            if output:
                output.frame(frame)
            if progress:
                progress.step()
        tell(scorer.finish())


def scorer_of(args, model, fps):
    """What makes predictions of frames."""
    from mmvideo.streaming import FrameByFrame, SlidingWindow, has_online_form
    kept = dict(input_step=args.input_step, average_size=args.average_size)
    if args.stride is None and has_online_form(model):
        scorer = FrameByFrame(model, 1 if args.every is None else args.every, **kept)
        if not scorer.is_exact:
            print('note: this TSM looks at the next frame, too; frame by frame it cannot, and '
                  'scores are approximate (docs/demo.md)', file=sys.stderr)
        return scorer
    stride = 0.5 if args.stride is None else args.stride
    return SlidingWindow(model, stride, args.every, fps=fps, **kept)


def line_of(prediction, names, threshold):
    best = prediction.best(names, threshold, 5)
    said = ', '.join(f'{label} {score:.4f}' for label, score in best)
    start, end = prediction.seconds
    return f'{start:.2f} to {end:.2f} s: {said or "no class above the threshold"}'


def report(args, frames):
    """The last line, also of a stream that was broken off."""
    line = f'{frames.received} frames'
    if frames.dropped:
        line += f', {frames.dropped} of them dropped: the network is slower than the source'
    print(line, f'written: {args.out}' if args.out else '', sep='; ' if args.out else '',
          flush=True)


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
