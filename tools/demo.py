"""Recognize one video: ``python tools/demo.py CONFIG CKPT VIDEO LABELS [--out annotated.mp4]``."""
import argparse
import json
import os
import sys

from mmengine.config import DictAction

from mmvideo.errors import InputError


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='Python config file')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('video', help='video file, folder of frames, or audio feature .npy')
    parser.add_argument('labels', help='file of class names, one a line')
    parser.add_argument('--out', help='draw the five best on the video (.mp4, .gif) or write '
                        'them (.json)')
    parser.add_argument('--device', help='default: the first GPU, else the CPU')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmvideo.apis import inference_recognizer, init_recognizer
    from mmvideo.engine.labels import read_classes
    from mmvideo.engine.run import load_config
    try:
        if args.out and os.path.splitext(args.out)[1] not in ('.mp4', '.gif', '.json'):
            raise InputError(f'--out {args.out}: expected a name that ends in .mp4, .gif or .json')
        model = init_recognizer(load_config(args.config, args.cfg_options), args.checkpoint,
                                args.device)
        best = inference_recognizer(model, args.video, read_classes(args.labels))
        for label, score in best:
            print(f'{label}: {score:.4f}')
        if args.out:
            write(args, best)
            print(f'written: {args.out}')
    except InputError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    return 0


def write(args, best):
    os.makedirs(os.path.dirname(args.out) or '.', exist_ok=True)
    if args.out.endswith('.json'):
        with open(args.out, 'w', encoding='utf-8') as file:
            json.dump(dict(video=args.video, top5=[dict(label=label, score=score)
                                                   for label, score in best]), file, indent=1)
        return
    from mmvideo.visualization import annotate_video
    annotate_video(args.video, [f'{label} {score:.2f}' for label, score in best], args.out)


if __name__ == '__main__':
    sys.exit(main())
