"""Convert weights of another collection to ours, or ours to its names.

    python tools/convert.py pytorchvideo SLOWFAST_8x8_R50.pyth slowfast.pth \\
        --config slowfast_hub_r50_8x8x1_196e_kinetics400_rgb

Names are mapped and what is laid out otherwise is permuted; the result is turned back and held
against the file, and a fixed clip is run. To compare with the other program, let it run the same
clip (--save-clip) and hand its scores back (--scores). docs/convert.md tells which network of which
collection goes with which config.
"""
import argparse
import io
import sys

from mmvideo.command import KeyValues, exit_status
from mmvideo.converters.sources import SOURCES
from mmvideo.errors import InputError


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', choices=SOURCES, metavar='COLLECTION', help=', '.join(SOURCES))
    parser.add_argument('in_file', metavar='IN', help='checkpoint: a file or an http(s) address')
    parser.add_argument('out_file', metavar='OUT', help='where to write')
    parser.add_argument('--config', required=True, help='of the network: a Python config file, or '
                        'the name of one under configs/')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='changes of the config, for example model.cls_head.num_classes=9')
    parser.add_argument('--reverse', action='store_true',
                        help='IN is ours, OUT gets the names of the collection')
    parser.add_argument('--partial', action='store_true', help='write what matches even if '
                        'something does not: a backbone without the classifier, for example')
    parser.add_argument('--clip', metavar='FILE', help='a clip as .npy, normalized floats '
                        '[C, T, H, W], to run in place of the fixed one')
    parser.add_argument('--save-clip', metavar='FILE', help='write the clip that is run as .npy')
    parser.add_argument('--scores', metavar='FILE', help='scores of the other program for this '
                        'clip, .npy: exit status 1 if ours differ')
    parser.add_argument('--tolerance', type=float, default=2e-4, metavar='SHARE', help='of the '
                        'spread of these scores that ours may differ; by default 2e-4')
    return parser.parse_args(argv)


def load_model(args):
    """The network of the config, and the shape of one view of its test."""
    from mmvideo.engine.check import check_config
    from mmvideo.engine.run import load_config
    from mmvideo.registry import MODELS
    from mmvideo.zoo.rows import test_view
    cfg = load_config(args.config, args.cfg_options)
    if not cfg.get('model'):
        raise InputError(f'config {args.config} has no model')
    check_config(cfg)
    return MODELS.build(cfg.model).eval(), test_view(cfg)


def run(args):
    from mmvideo.models.blocks.weights import read_weights
    state = read_weights(args.in_file)
    model, view = load_model(args)
    return (back if args.reverse else there)(args, state, model, view)


def there(args, state, model, view):
    """Theirs to ours; the exit status."""
    import torch

    from mmvideo.converters import convert, entries_of, revert
    entries = entries_of(args.source, model, state)
    own = model.state_dict()
    made, report = convert(entries, state, {key: value.shape for key, value in own.items()})
    print(f'{args.in_file}: ' + '; '.join(report.lines()))
    if not report.is_complete and not args.partial:
        raise InputError(f'{args.in_file} does not fit {args.config}: {report.lines()[1]}; '
                         f'{advice(args.source, model, state)} --partial writes what matches')
    if not any(key.startswith('backbone.') for key in made):
        raise InputError(f'{args.in_file}: nothing in it fits the backbone of {args.config}')
    exact = [one for one in entries if one.ours in made and one.write is not None
             and one.is_exact]
    again = revert(exact, made)
    if any(key in state and not torch.equal(value.to(state[key].dtype), state[key])
           for key, value in again.items()):
        raise InputError(f'{args.in_file}: turned back, the converted weights are not those of '
                         'the file')
    print(f'turned back: {len(again)} weights equal to the file, bit for bit')
    model.load_state_dict(made, strict=report.is_complete)
    write(args.out_file, dict(state_dict=made, meta=dict(
        converted_from=args.source, source=args.in_file, config=args.config)))
    return show(args, model, view)


def advice(source, model, state):
    """What may be wrong with a file that does not fit."""
    from mmvideo.converters import source_of
    likely = source_of(model, state)
    if likely in (None, source):
        return 'is it of another network?'
    return f'its names are those of {likely}.'


def back(args, state, model, view):
    """Ours to theirs; the exit status."""
    from mmvideo.converters import entries_of, revert
    from mmvideo.engine.checkpoint import match_state_dict
    kept, said = match_state_dict(model, state, args.in_file, strict=True)
    print(said)
    model.load_state_dict(kept, strict=False)
    write(args.out_file,
          dict(model_state=revert(entries_of(args.source, model), model.state_dict())))
    return show(args, model, view)


def write(path, content):
    import torch

    from mmvideo.evaluation.scores import write_file
    packed = io.BytesIO()
    torch.save(content, packed)
    write_file(path, packed.getvalue())
    print(f'{path} written')


def show(args, model, view):
    """Run the clip and tell the scores; 1 if they are not those of the other program."""
    import numpy as np

    from mmvideo.converters.proof import clip_from, fixed_clip, scores_of, worst_error
    if model.cls_head is None or view is None:
        return 0
    clip = clip_from(args.clip, view.shape) if args.clip else fixed_clip(view.shape)
    if args.save_clip:
        with open(args.save_clip, 'wb') as file:
            np.save(file, clip.numpy().reshape(clip.shape[2 if clip.dim() == 6 else 1:]))
    scores = scores_of(model, clip)
    best = scores.topk(min(5, len(scores)))
    told = ', '.join(f'{i} ({s:.4f})' for s, i in zip(*map(list, best), strict=True))
    print(f'{"clip" if args.clip else "fixed clip"} {"x".join(map(str, clip.shape[2:]))}: '
          f'mean {scores.mean():.5f}, spread {scores.std():.5f}, highest classes {told}')
    if not args.scores:
        return 0
    error = worst_error(scores, args.scores)
    is_same = error <= args.tolerance
    print(f'{args.scores}: the largest difference is {error:.2e} of the spread, '
          f'{"within" if is_same else "more than"} {args.tolerance:g}')
    return 0 if is_same else 1


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
