"""Recognize one video: ``python tools/demo.py CONFIG CKPT VIDEO LABELS [--out annotated.mp4]``."""
import argparse
import json
import os
import sys

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('video', help='video file, folder of frames, or audio feature .npy')
    parser.add_argument('labels', help='file of class names, one a line, or the name of a label '
                        'map that comes with the package, such as kinetics400')
    parser.add_argument('--out', help='draw the five best on the video (.mp4, .gif) or write '
                        'them (.json)')
    parser.add_argument('--device', help='default: the first GPU, else the CPU')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def run(args):
    suffix = os.path.splitext(args.out or '')[1]
    if args.out and suffix not in ('.mp4', '.gif', '.json'):
        raise InputError(f'--out {args.out}: expected a name that ends in .mp4, .gif or .json')
    if suffix in ('.mp4', '.gif') and (os.path.isdir(args.video) or args.video.endswith('.npy')):
        raise InputError(f'--out {args.out}: only a video file can be drawn on, {args.video} is '
                         'none; a name that ends in .json keeps the scores')
    from mmvideo.apis import inference_recognizer, init_recognizer
    from mmvideo.engine.labels import read_classes
    from mmvideo.engine.run import load_config
    names = read_classes(args.labels)
    model = init_recognizer(load_config(args.config, args.cfg_options), args.checkpoint,
                            args.device)
    count = getattr(model.cls_head, 'num_classes', len(names))
    if len(names) != count:
        raise InputError(f'{args.labels}: {len(names)} class names, but the model scores {count} '
                         'classes (model.cls_head.num_classes)')
    best = inference_recognizer(model, args.video, names)
    for label, score in best:
        print(f'{label}: {score:.4f}')
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


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
