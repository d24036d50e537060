"""Training samples: the pipeline of a config, and the plain path that does the same work."""
import functools
import itertools

import numpy as np
import torch
from mmengine.config import Config

from benchmarks.clips import CLIPS, SECONDS, write_clips
from benchmarks.decoding import read_ours
from benchmarks.networks import PARTS
from benchmarks.timing import PART, Row
from mmvideo.registry import TRANSFORMS

LEAVES = {'slowfast': 'slowfast/slowfast_r50_video_4x16x1_256e_kinetics400_rgb.py',
          'tsn': 'tsn/tsn_r50_video_1x1x8_100e_kinetics400_rgb.py'}
WORDS = {'slowfast': 'training sample of SlowFast 8x8 (32x2 frames)',
         'tsn': 'training sample of TSN 1x1x8'}
REACH = {'slowfast': 1.3, 'tsn': 1.5}
# Each call makes as many samples, of different draws.
DRAWS = 4
ROWS = tuple(
    Row(f'sample-{net}-{name}', f'{WORDS[net]}, {clip.words}', 'plain path, same draws',
        f'ours {net} {name}', f'plain {net} {name}',
        reach=REACH[net] if clip.gop == 250 else None, counted='samples', per_call=DRAWS)
    for net in LEAVES for name, clip in CLIPS.items()) + tuple(
    Row(f'share-{net}-{name}', f'reading for a {WORDS[net]}, {clip.words}', 'all of the sample',
        f'read {net} {name}', f'ours {net} {name}', kind=PART,
        reach=0.85 if name == 'gop250' else None)
    for net in LEAVES for name, clip in CLIPS.items() if name != 'wide')


def contenders(wanted, small, folder):
    names = {key.split()[2] for key in wanted}
    paths = write_clips(folder, [name for name in CLIPS if name in names],
                        3 if small else SECONDS)
    found = {}
    for net, name in itertools.product(LEAVES, paths):
        ours = Sample(net, paths[name])
        done = [ours.plan(seed) for seed in range(DRAWS)]
        for seed, plan in enumerate(done):
            assert torch.equal(ours(seed), plain_sample(paths[name], plan)), \
                f'{net}, {name}: the plain path makes another sample'
        found[f'ours {net} {name}'] = functools.partial(each, ours, range(DRAWS))
        found[f'plain {net} {name}'] = functools.partial(
            each, functools.partial(plain_sample, paths[name]), done)
        found[f'read {net} {name}'] = functools.partial(
            each, functools.partial(read_ours, paths[name]), [plan['frame_inds'] for plan in done])
    return {key: found[key] for key in wanted}


def each(function, arguments):
    for argument in arguments:
        function(argument)


class Sample:
    """What the training pipeline of a leaf makes of a video, by the seed of its draws."""

    def __init__(self, net, path):
        cfg = Config.fromfile(PARTS.parents[1] / 'recognition' / LEAVES[net])
        self.steps = [TRANSFORMS.build(step) for step in cfg.train_dataloader.dataset.pipeline]
        self.path = path

    def results(self, seed):
        return dict(filename=self.path, label=0, start_index=0, modality='RGB',
                    rng=np.random.default_rng(seed))

    def __call__(self, seed):
        results = self.results(seed)
        for step in self.steps:
            results = step(results)
        return results['imgs']

    def plan(self, seed):
        """What was drawn: frame_inds, crop_bbox, flip, sizes before and after it, the layout."""
        results, sizes = self.results(seed), []
        for step in self.steps:
            name = type(step).__name__
            if name == 'Collect':
                break
            results = step(results)
            if name == 'Resize':
                sizes.append(results['img_shape'][::-1])
            elif name.endswith('Crop'):
                sizes += [None] * (not sizes)
        return dict(results, sizes=sizes, input_format=self.steps[-3].input_format)


def plain_sample(path, plan):
    """Decord, every index as asked; each step makes a list of new frames."""
    import cv2
    import decord
    imgs = list(decord.VideoReader(path, num_threads=1).get_batch(plan['frame_inds']).asnumpy())
    before, after = plan['sizes']
    if before:
        imgs = [cv2.resize(img, before) for img in imgs]
    x0, y0, x1, y1 = plan['crop_bbox']
    imgs = [img[y0:y1, x0:x1] for img in imgs]
    imgs = [cv2.resize(img, after) for img in imgs]
    if plan['flip']:
        imgs = [np.ascontiguousarray(img[:, ::-1]) for img in imgs]
    stacked = np.stack(imgs)
    axes = (0, 3, 1, 2) if plan['input_format'] == 'NCHW' else (3, 0, 1, 2)
    stacked = np.ascontiguousarray(stacked.transpose(axes))
    return torch.from_numpy(stacked if plan['input_format'] == 'NCHW' else stacked[None])
