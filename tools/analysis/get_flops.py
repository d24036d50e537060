"""Parameters and multiply-adds of a config's network, part by part.

    python tools/analysis/get_flops.py CONFIG
    python tools/analysis/get_flops.py CONFIG --shape 1 3 32 256 256

Nothing is computed: the network runs on shapes alone, so this takes seconds and no memory.
"""
import argparse
import sys

import torch

from mmvideo.command import KeyValues, exit_status
from mmvideo.complexity import count
from mmvideo.errors import InputError

SHAPE = """one view as the config tests it by default. S, or H W: that size; one frame for a 2D
network (a clip, where it works on clips of a fixed length), the tested clip for a 3D one.
N C H W: N frames for a 2D network; N clips of sound, channels, time, frequencies. N C T H W: N
clips for a 3D network"""
CROPS = ('CenterCrop', 'ThreeCrop', 'TenCrop', 'RandomCrop')
# Mel bins of the published audio features; a config does not name them.
BINS = 80
NOTES = """\
Counted: convolutions and matrix products, a multiplication with its addition once. Published
figures often add norms and activations, about 1 % (X3D: 8 %).
"""
CROP_NOTE = """\
Published figures of 3D networks that say 224 x 224 were counted on 256 x 256 (C3D: 112 x 112).
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('--shape', type=int, nargs='+', metavar='INT', help=SHAPE)
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    args = parser.parse_args(argv)
    if args.shape and (len(args.shape) not in (1, 2, 4, 5) or min(args.shape) < 1):
        parser.error('argument --shape: expected 1, 2, 4 or 5 positive integers, got '
                     + ' '.join(map(str, args.shape)))
    return args


def input_shape(cfg, model, shape=None):
    """The batch of one sample that ``--shape`` stands for: the axes of ``model.axes``."""
    if shape and len(shape) > 2:
        if len(shape) + 1 != len(model.axes):
            raise InputError(f'--shape: {len(model.axes) - 1} numbers for {type(model).__name__}, '
                             f'[{", ".join(model.axes[1:])}] ({model.meanings}), or a size; '
                             f'not {len(shape)}')
        return (1, *shape)
    steps = test_steps(cfg)
    channels = getattr(model.backbone, 'in_channels', 3)
    if 'F' in model.axes:
        if shape:
            raise InputError('--shape: 4 numbers for sound: clips, channels, time, frequencies')
        frames = find(steps, ('AudioFeatureSelector',)).get('fixed_length', 128)
        return (1, 1, channels, frames, BINS)
    size = shape or tested_size(steps)
    height, width = size if len(size) == 2 else size * 2
    clip = find(steps, ('SampleFrames', 'DenseSampleFrames', 'UniformSample'))
    if 'T' in model.axes:
        if 'clip_len' not in clip:
            raise InputError('the test pipeline samples no clip; give --shape N C T H W')
        return (1, 1, channels, clip['clip_len'], height, width)
    own = [getattr(part, 'num_segments', None) for part in (model.backbone, model.cls_head)]
    segments = next((n for n in own if n), 1 if shape else clip.get('num_clips', 1))
    return (1, segments, channels, height, width)


def test_steps(cfg):
    """The test pipeline of a config, or an empty list."""
    for phase in ('test', 'val'):
        loader = cfg.get(f'{phase}_dataloader')
        if loader and loader.get('dataset', {}).get('pipeline'):
            return loader['dataset']['pipeline']
        if cfg.get(f'{phase}_pipeline'):
            return cfg[f'{phase}_pipeline']
    return []


def find(steps, types):
    """The last step of one of these types, or an empty dict."""
    return next((step for step in reversed(steps) if step.get('type') in types), {})


def tested_size(steps):
    """(height, width) of a tested crop."""
    size = find(steps, CROPS)
    size = size.get('crop_size', size.get('size'))
    if size is None:
        resize = find(steps, ('Resize',))
        if resize.get('keep_ratio', True) or -1 in resize['scale']:
            raise InputError('the test pipeline crops to no fixed size; give --shape')
        size = resize['scale']
    # Sizes of transforms are (width, height).
    return (size, size) if isinstance(size, int) else tuple(size)[::-1]


def table(found):
    """Lines of the table, one a part."""
    rows = [('part', 'parameters', 'GMACs')]
    whole = [('all', found.parameters, found.multiply_adds)]
    rows += [(name, f'{parameters:,}', f'{macs / 1e9:.3f}')
             for name, parameters, macs in [*found.parts, *whole]]
    return [f'{name:<10} {parameters:>13} {macs:>10}' for name, parameters, macs in rows]


def run(args):
    from mmvideo.engine.check import check_config
    from mmvideo.engine.run import load_config
    from mmvideo.registry import MODELS
    cfg = load_config(args.config, args.cfg_options)
    check_config(cfg)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    shape = input_shape(cfg, model, args.shape)
    found = count(model, shape)
    print(f'input: {list(shape)} ({model.meanings})')
    print('\n'.join(table(found)))
    views = found.output_rows
    print(f'\nviews: {views}')
    print(f'parameters: {found.parameters / 1e6:.2f} M')
    print(f'multiply-adds per view: {found.multiply_adds / views / 1e9:.2f} G')
    print('\n' + NOTES + (CROP_NOTE if 'T' in model.axes and 'H' in model.axes else ''), end='')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
