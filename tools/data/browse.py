"""Show what a network really sees: its input after the pipeline, beside the frames it was made of.

    python tools/data/browse.py CONFIG --number 6 --out sheet.png
    python tools/data/browse.py CONFIG --split test --out clips.mp4

Samples are drawn from the data set of the config and pass its pipeline and the model's
preprocessor, blending aside; normalization is taken back for display. Each sample has a head line,
a row of the decoded frames with their numbers, and a row for each crop of the same clip. Optical
flow is shown by color (hue: direction, white: still), sound by its features, low tones below.
"""
import argparse
import copy
import dataclasses
import os.path as osp
import sys
from pathlib import Path

import numpy as np
import torch
from contact_sheet import write_movie, write_sheet
from torch.utils.data import default_collate

from mmvideo.command import KeyValues
from mmvideo.engine import load_config
from mmvideo.engine.labels import read_classes
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS, MODELS

# Steps that put the sound of a record into the sample; pictures come from one that ends in Decode.
SOUND_READERS = ('LoadAudioFeature', 'AudioDecodeInit')
# The first of these ends what is done to them.
PACKERS = ('Format', 'Collect', 'PackActionInputs')


@dataclasses.dataclass
class Shown:
    """A sample as it is drawn.

    Args:
        title: number, classes and file.
        modality: 'RGB', 'Flow' or 'Audio'.
        frames: what was decoded, uint8 [T, H, W, 3], flow [T, H, W, 2], or sound [L] or [L, M].
        numbers: of the frames.
        views: [clips, crops, T, H, W, C], gray levels; or of sound [clips, 1, L, M].
        clips: place in ``frames`` of each frame of a view: [clips, T].
    """

    title: str
    modality: str
    frames: np.ndarray
    numbers: np.ndarray
    views: np.ndarray
    clips: np.ndarray


class Remember:
    """A step of a pipeline that keeps what the sample held when it passed by."""

    KEYS = ('frame_inds', 'modality', 'num_clips', 'clip_len', 'filename', 'frame_dir',
            'audio_path', 'video_dir', 'offset')

    def __init__(self):
        self.seen = {}

    def keep(self, results):
        """What is known of the frames; some pipelines sample them after they were read."""
        self.seen.update((key, copy.copy(results[key])) for key in self.KEYS if key in results)
        return results

    def __call__(self, results):
        self.seen.clear()
        self.keep(results)
        if results.get('modality') == 'Audio' or 'imgs' not in results:
            self.seen['frames'] = np.array(results['audios'])
            return results
        inds, imgs = np.ravel(results.get('frame_inds', [0])), results['imgs']
        step = len(imgs) // len(inds)       # two pictures a frame of flow
        places = {int(i): k for k, i in enumerate(inds.tolist())}
        self.seen['numbers'] = np.array(sorted(places))
        self.seen['frames'] = np.stack([
            imgs[places[i]] if step == 1 else np.stack(imgs[step * places[i]:][:step], -1)
            for i in sorted(places)])
        return results


def remembering(dataset, remember):
    """The config of a data set, and of those it is made of, with ``remember`` put in."""
    dataset = dict(dataset)
    for key in ('dataset', 'datasets'):
        if isinstance(dataset.get(key), dict):
            dataset[key] = remembering(dataset[key], remember)
        elif isinstance(dataset.get(key), (list, tuple)):
            dataset[key] = [remembering(inner, remember) for inner in dataset[key]]
    if 'pipeline' in dataset:
        steps = [dict(step) for step in dataset['pipeline']]
        names = [step['type'] for step in steps]
        # Of sound the whole is shown, before it is cut to the clip.
        place = (next((k for k, name in enumerate(names) if name in SOUND_READERS), None)
                 if 'AudioDecode' in names or not any(n.endswith('Decode') for n in names) else
                 max(k for k, name in enumerate(names) if name.endswith('Decode')))
        if place is None:
            raise InputError('pipeline: no step reads frames or sound (...Decode, '
                             f'{", ".join(SOUND_READERS)})')
        ends = [k for k, step in enumerate(steps) if step['type'].startswith(PACKERS)]
        steps.insert(min(ends, default=len(steps)), remember.keep)
        steps.insert(place + 1, remember)
        dataset['pipeline'] = steps
    return dataset


class Browser:
    """Samples of one split of a config, as the network gets them.

    Args:
        cfg: a loaded config.
        split: 'train', 'val' or 'test'.
        seed: of which samples, and of their draws.
        classes: path or name of the class names; by default those of the config, if it has them.

    Raises:
        InputError: the config has no such split, or its pipeline reads nothing that can be shown.
    """

    def __init__(self, cfg, split='train', seed=0, classes=None):
        loader = cfg.get(f'{split}_dataloader')
        if loader is None:
            raise InputError(f'the config has no {split}_dataloader')
        self.remember = Remember()
        dataset = remembering(loader.dataset.to_dict(), self.remember)
        if split != 'train':
            dataset.setdefault('test_mode', True)
        self.dataset = DATASETS.build(dataset)
        self.dataset.set_seed(seed)
        self.rng = np.random.default_rng(seed)
        settings = dict((cfg.model or {}).get('data_preprocessor') or
                        dict(type='ActionDataPreprocessor'))
        self.preprocessor = MODELS.build({**settings, 'blending': None})
        self.names = getattr(self.dataset, 'classes', None)
        classes = classes or cfg.get('classes')
        if classes is not None:
            self.names = classes if isinstance(classes, (list, tuple)) else read_classes(classes)

    def draw(self, number):
        """Indices of samples, in ascending order, none of them twice."""
        count = min(number, len(self.dataset))
        return np.sort(self.rng.choice(len(self.dataset), count, replace=False)).tolist()

    def show(self, index):
        """The sample ``index`` as a :class:`Shown`, and a line on the values of the input."""
        if not 0 <= index < len(self.dataset):
            raise InputError(f'--index: expected 0..{len(self.dataset) - 1}, got {index}')
        sample = self.dataset[index]
        sample = sample[0] if isinstance(sample, list) else sample
        key = 'audios' if 'audios' in sample else 'imgs'
        batch = self.preprocessor({key: default_collate([sample[key]])})
        if not torch.is_tensor(batch[key]):     # of crops that are cut on the device
            batch[key] = batch[key].gather()
        given = batch[key][0]
        seen = self.remember.seen
        modality = 'Audio' if key == 'audios' else seen['modality']
        values = given.float()
        line = (f'{key} {list(batch[key].shape)} {str(given.dtype).removeprefix("torch.")}, mean '
                f'{values.mean():.2f}, std {values.std():.2f}, {values.min():.2f} to '
                f'{values.max():.2f}')
        title = f'{index}: {self.label_text(sample.get("label"))}  {self._file()}'
        if modality == 'Audio':
            views = given.numpy().reshape(-1, 1, *given.shape[-2:])
            return Shown(title, modality, seen['frames'], self._span(), views, None), line
        views = self.gray_levels(given, sample)
        return Shown(title, modality, seen['frames'], seen['numbers'], *self._sorted(views)), line

    def _file(self):
        for key in ('filename', 'frame_dir', 'audio_path', 'video_dir'):
            if key in self.remember.seen:
                path = Path(self.remember.seen[key])
                return osp.join(path.parent.name, path.name)
        return ''

    def _span(self):
        inds = np.ravel(self.remember.seen.get('frame_inds', [0]))
        return np.array([inds.min(), inds.max()])

    def label_text(self, label):
        """Names of the classes of a sample, as far as they are known."""
        if label is None:
            return 'no label'
        if isinstance(label, dict):
            return ', '.join(map(str, label))
        values = torch.as_tensor(label).flatten()
        if values.numel() > 1:
            labels = torch.nonzero(values > 0).flatten().tolist()
        else:
            labels = [int(values)]
        if labels == [-1]:
            return 'no label'
        known = [f'{self.names[k]} ({k})' if self.names and k < len(self.names) else f'class {k}'
                 for k in labels]
        return ', '.join(known[:3]) + (' ...' if len(known) > 3 else '')

    def gray_levels(self, given, sample):
        """The input of the network as gray levels, one axis order: [V, T, H, W, C]."""
        values = given.detach().float()
        # Each frame of flow has two channels, of any other three; where T is joined with them it
        # comes first.
        colors = 2 if self.remember.seen['modality'] == 'Flow' else 3
        if values.dim() == 5:                       # [V, C, T, H, W]
            values = values.transpose(1, 2)
        elif values.dim() == 4:                     # [V * T, C, H, W], or flow [V, T * C, H, W]
            values = values.reshape(len(values), -1, colors, *values.shape[-2:])
        else:
            values = values.reshape(1, 1, colors, *values.shape[-2:])
        if values.shape[2] != colors:
            raise InputError(f'frames of {values.shape[2]} channels cannot be shown, expected '
                             f'{colors}')
        mean, std, is_bgr = self._normalization()
        if mean is not None:
            mean, std = (torch.as_tensor(v, dtype=torch.float32).view(-1, 1, 1)
                         for v in (mean, std))
            values = values * std + mean
        if is_bgr:
            values = values.flip(2)
        return values.permute(0, 1, 3, 4, 2).numpy()

    def _normalization(self):
        """(mean, std, whether channels were reversed), by a step of the pipeline or behind it."""
        steps = [step for leaf in self.dataset.leaves() for step in leaf.pipeline.transforms]
        for step in steps:
            if type(step).__name__ == 'Normalize':
                return step.mean, step.std, step.to_bgr
        return self.preprocessor.mean, self.preprocessor.std, self.preprocessor.to_rgb

    def _sorted(self, views):
        """Views as [clips, crops, T, H, W, C], and the places of their frames: [clips, T]."""
        seen = self.remember.seen
        numbers = seen['numbers']
        inds = np.ravel(seen.get('frame_inds', [0]))
        places = np.searchsorted(numbers, inds)
        length = views.shape[1]
        if length == 1 and len(inds) > 1 and len(views) % len(inds) == 0:
            # A 2D network: its clip is made of all frames of a crop.
            views = views.reshape(-1, 1, len(inds), *views.shape[2:])
            return views.swapaxes(0, 1), places[None]
        clips = max(1, len(inds) // length)
        if clips * length != len(inds) or len(views) % clips:
            # Frames that were chosen anew by a later step; which of them is not known.
            return views[None], np.minimum(np.arange(length), len(numbers) - 1)[None]
        # Crop by crop, and clip by clip within a crop.
        views = views.reshape(-1, clips, *views.shape[1:]).swapaxes(0, 1)
        return views, places.reshape(clips, length)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='What a network sees, beside the frames that it '
                                                 'was made of, as a picture or a video')
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train',
                        help='(default train)')
    parser.add_argument('--number', type=int, default=6, help='of samples (default 6)')
    parser.add_argument('--index', type=int, nargs='+', help='show these samples')
    parser.add_argument('--out', default='browse.png', help='.png, .jpg or .mp4 to write '
                                                            '(default browse.png)')
    parser.add_argument('--seed', type=int, default=0, help='of samples and their draws')
    parser.add_argument('--classes', help='file of class names, or the name of a label map '
                                          '(default: classes of the config)')
    parser.add_argument('--columns', type=int, default=8, help='most frames in a row (default 8)')
    parser.add_argument('--clips', type=int, default=3,
                        help='most clips of a sample that are shown (default 3)')
    parser.add_argument('--fps', type=float, default=8, help='of an mp4 (default 8)')
    parser.add_argument('--bound', type=float, default=20,
                        help='flow that is black or white in its pictures, in pixels (default 20)')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    for name in ('number', 'columns', 'clips', 'fps', 'bound'):
        if getattr(args, name) <= 0:
            raise InputError(f'--{name}: expected more than 0, got {getattr(args, name):g}')
    suffix = osp.splitext(args.out)[1].lower()
    if suffix not in ('.png', '.jpg', '.mp4'):
        raise InputError(f'--out: expected a name that ends in .png, .jpg or .mp4, got {args.out}')
    browser = Browser(load_config(args.config, args.cfg_options), args.split, args.seed,
                      args.classes)
    samples = []
    for index in args.index or browser.draw(args.number):
        shown, line = browser.show(index)
        print(f'{shown.title}\n   {line}')
        samples.append(shown)
    if suffix == '.mp4':
        write_movie(args.out, samples, args.fps, args.bound, args.clips)
    else:
        write_sheet(args.out, samples, args.columns, args.bound, args.clips)
    print(f'{args.out} written')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
