"""All pipelines of the published recipes, word for word, from a tiny file to a sample.

``data/recipe_pipelines.json.gz`` holds the training, validation and testing pipelines of the 185
recognition recipes of the 0.x zoo, each once, with the kind of file it starts from; and for each
recipe which three are its own (None: the recipe is for testing only).
"""
import gzip
import json
import random
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmvideo.transforms import Compose

DATA = json.loads(gzip.decompress(
    (Path(__file__).parents[1] / 'data' / 'recipe_pipelines.json.gz').read_bytes()))
NUM_FRAMES = 40
# A sample of more numbers than this is for `make test-all`; the default run cuts it to one clip.
HEAVY = 90e6


def steps_of(recipe):
    return {step['type']: step for step in recipe['pipeline']}


def sides(recipe):
    """(height, width) of what the last step that settles it gives."""
    for step in reversed(recipe['pipeline']):
        for key in ('crop_size', 'size', 'scale'):
            if key in step and (key != 'scale' or step.get('keep_ratio') is False):
                value = step[key]
                return tuple(value[::-1]) if isinstance(value, list) else (value, value)
    raise AssertionError('nothing settles the size')


def clips_of(recipe):
    """(clips, frames of one) that the sampler gives."""
    steps = steps_of(recipe)
    sampler = steps.get('SampleFrames') or steps['DenseSampleFrames']
    clips = sampler['num_clips']
    if sampler.get('test_mode'):
        clips *= 2 if sampler.get('twice_sample') else 1
        clips *= sampler.get('num_sample_positions', 10) if 'DenseSampleFrames' in steps else 1
    return clips, sampler['clip_len']


def expected_shape(recipe):
    steps = steps_of(recipe)
    clips, frames = clips_of(recipe)
    if recipe['kind'] in ('audio', 'feature'):
        return clips, 1, 128, 80
    views = clips * (3 if 'ThreeCrop' in steps else 10 if 'TenCrop' in steps else 1)
    channels = 2 if recipe['kind'] == 'flow' else 3
    layout = steps['FormatShape'].get('input_format', 'NCHW')
    return {'NCTHW': (views, channels, frames), 'NCHW': (views * frames, channels),
            'NCHW_Flow': (views, frames * channels)}[layout] + sides(recipe)


def one_clip(recipe):
    """The same with a single clip."""
    pipeline = [dict(step, num_clips=1, **(dict(num_sample_positions=1)
                                           if step['type'] == 'DenseSampleFrames' else {}))
                if 'num_clips' in step else step for step in recipe['pipeline']]
    return dict(recipe, pipeline=pipeline)


@pytest.fixture(scope='module')
def start(write_video, tmp_path_factory):
    """kind -> what a data set hands to the pipeline."""
    folder = tmp_path_factory.mktemp('recipes')
    rng = np.random.default_rng(0)
    for i in range(1, NUM_FRAMES + 1):
        picture = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'img_{i:05}.jpg'), picture)
        for axis in 'xy':
            cv2.imwrite(str(folder / f'{axis}_{i:05}.jpg'), picture[..., 'xy'.index(axis)])
    small = write_video(folder / 'small.mp4', NUM_FRAMES)
    # Recipes without Resize expect videos that were resized before.
    large = write_video(folder / 'large.mp4', 8, size=(340, 256))
    np.save(folder / 'a.npy', rng.random((640, 80), np.float32))
    with wave.open(str(folder / 'a.wav'), 'wb') as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
        file.writeframes(rng.integers(-9999, 9999, 160000).astype('<i2').tobytes())

    def make(recipe):
        kind = recipe['kind']
        sample = dict(label=2, rng=np.random.default_rng(5), start_index=1, modality='RGB')
        if kind == 'video':
            path = small if 'Resize' in steps_of(recipe) else large
            return dict(sample, filename=path, start_index=0)
        if kind in ('frames', 'flow'):
            template = 'img_{:05}.jpg' if kind == 'frames' else '{}_{:05d}.jpg'
            return dict(sample, frame_dir=str(folder), filename_tmpl=template,
                        total_frames=NUM_FRAMES, modality='RGB' if kind == 'frames' else 'Flow')
        path = folder / ('a.wav' if kind == 'audio' else 'a.npy')
        return dict(sample, audio_path=str(path), total_frames=300, modality='Audio')
    return make


def check(recipe, start):
    states = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    sample = Compose(recipe['pipeline'])(start(recipe))
    collected, tensors = steps_of(recipe)['Collect']['keys'], steps_of(recipe)['ToTensor']['keys']
    assert list(sample) == collected
    key = 'audios' if recipe['kind'] in ('audio', 'feature') else 'imgs'
    value = sample[key]
    assert key in tensors and isinstance(value, torch.Tensor)
    # Without Normalize the network's preprocessor does it.
    is_float = key == 'audios' or 'Normalize' in steps_of(recipe)
    assert value.dtype == (torch.float32 if is_float else torch.uint8) and value.is_contiguous()
    assert tuple(value.shape) == expected_shape(recipe)
    first = value[0].float()
    assert torch.isfinite(first).all() and first.std() > 0
    if 'label' in tensors:
        assert sample['label'].dtype == torch.int64 and sample['label'].shape == (1, )
    if 'label' in collected:
        mirrored = (steps_of(recipe).get('Flip', {}).get('flip_label_map') or {}).get('2', 2)
        assert int(sample['label']) in (2, mirrored)
    # All draws came from the sample's own generator.
    assert states == (random.getstate(), np.random.get_state()[1].tolist(),
                      torch.get_rng_state().tolist())
    return value


def numbered(heavy):
    return [pytest.param(recipe, id=f'{i}-{recipe["kind"]}')
            for i, recipe in enumerate(DATA['pipelines'])
            if (np.prod(expected_shape(recipe)) > HEAVY) == heavy]


def test_every_recipe_is_here():
    rows = DATA['configs'].values()
    assert len(rows) == 185 and all(len(row) == 3 for row in rows)
    used = [i for row in rows for i in row if i is not None]
    assert len(used) == 519 and all(row[2] is not None for row in rows)
    assert set(used) == set(range(len(DATA['pipelines']))) and len(DATA['pipelines']) == 150
    kinds = [recipe['kind'] for recipe in DATA['pipelines']]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == dict(
        audio=3, feature=3, flow=15, frames=80, video=49)
    assert len(numbered(heavy=True)) == 11


@pytest.mark.filterwarnings('ignore:decoding_backend=.turbojpeg')
@pytest.mark.parametrize('recipe', numbered(heavy=False))
def test_pipeline_gives_the_sample_that_its_network_takes(recipe, start):
    value = check(recipe, start)
    if value.numel() < 5e6:
        assert torch.equal(check(recipe, start), value)      # the same draws again


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:decoding_backend=.turbojpeg')
@pytest.mark.parametrize('recipe', numbered(heavy=True))
def test_pipeline_with_many_views(recipe, start):
    check(recipe, start)


@pytest.mark.filterwarnings('ignore:decoding_backend=.turbojpeg')
@pytest.mark.parametrize('recipe', numbered(heavy=True))
def test_one_clip_of_many(recipe, start):
    short = one_clip(recipe)
    assert clips_of(short)[0] <= 2 and clips_of(recipe)[0] >= 10
    Compose(recipe['pipeline'])
    check(short, start)
