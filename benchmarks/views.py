"""A test sample of 10 clips x 3 crops: each frame once and a map, against all views stacked."""
import functools

import cv2
import numpy as np
import torch

from benchmarks.clips import CLIPS, SECONDS, write_clips
from benchmarks.timing import Row
from mmvideo.registry import MODELS, TRANSFORMS

VIEWS = dict(clip_len=32, frame_interval=2, num_clips=10, test_mode=True)
SIDE = 256
WHAT = 'test sample of 10 clips 32x2 x 3 crops'
PLAIN = 'decord, every index as asked, OpenCV, all views stacked'
ROWS = tuple(
    Row(f'views-{name}', f'{WHAT}, each frame once: {clip.words}', PLAIN, f'ours {name}',
        f'plain {name}', reach=2) for name, clip in CLIPS.items()) + tuple(
    Row(f'views-planes-{name}', f'the same with `planes`, YUV until after the resizing: '
        f'{clip.words}', PLAIN, f'planes {name}', f'plain {name}', reach=3)
    for name, clip in CLIPS.items()) + (
    Row('views-gathered', f'the same and its views gathered, on the CPU: {CLIPS["gop250"].words}',
        f'{PLAIN}', 'gathered gop250', 'plain gop250'),)


def contenders(wanted, small, folder):
    names = [name for name in CLIPS if any(name in key for key in wanted)]
    paths = write_clips(folder, names, 1 if small else SECONDS)
    sampler = TRANSFORMS.build(dict(VIEWS, type='SampleFrames'))
    ours, planes = pipeline(), pipeline(planes=True)
    gather = MODELS.build(dict(type='ActionDataPreprocessor', to_float32=False))
    found = {}
    for name, path in paths.items():
        found[f'ours {name}'] = functools.partial(sample_of, ours, path)
        found[f'planes {name}'] = functools.partial(sample_of, planes, path)
        found[f'gathered {name}'] = functools.partial(gathered, gather, ours, path)
        found[f'plain {name}'] = functools.partial(plain, sampler, path)
        check(name, *(found[f'{key} {name}']() for key in ('ours', 'gathered', 'plain')))
        check_planes(found[f'ours {name}'](), found[f'planes {name}']())
    return {key: found[key] for key in wanted}


def check(name, ours, views, expected):
    """The same views; of 340x256, where nothing is resized, bit by bit, in a third of memory."""
    if name == 'wide':
        difference = np.abs(views.numpy().astype(np.int16) - expected.numpy()).mean()
        assert difference < 1, f'views differ by {difference:.2f} grey levels'
    else:
        assert torch.equal(views, expected)
        held = sum(part.numel() * part.element_size() for part in ours['imgs'].values())
        assert 3 * held <= expected.numel()


def check_planes(ours, planes):
    """The same frames, but for a rounding of colors where they are resized."""
    one, other = (sample['imgs']['frames'].numpy() for sample in (ours, planes))
    inds = (sample['imgs']['inds'].flatten().tolist() for sample in (ours, planes))
    difference = np.mean([cv2.absdiff(one[i], other[j]).mean()
                          for i, j in set(zip(*inds, strict=True))])
    assert difference <= 1.5, f'planes differ by {difference:.2f} grey levels'


def pipeline(planes=False):
    return TRANSFORMS.build(dict(type='Compose', transforms=[
        dict(type='PyAVInit'), dict(type='SampleFrames', **VIEWS),
        dict(type='PyAVDecode', planes=planes),
        dict(type='Resize', scale=(-1, SIDE)),
        dict(type='ThreeCrop', crop_size=SIDE, on_device=True),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]))


def sample_of(steps, path):
    return steps(dict(filename=path, start_index=0, label=0, modality='RGB'))


def gathered(preprocessor, steps, path):
    """All views as a network on the CPU gets them, before they are normalized."""
    batch = sample_of(steps, path)
    imgs = {key: part[None] for key, part in batch['imgs'].items()}
    return preprocessor(dict(imgs=imgs))['imgs'].gather()[0]


def plain(sampler, path):
    """What the field does: [V, C, T, H, W] uint8."""
    import decord
    reader = decord.VideoReader(path, num_threads=1)
    inds = sampler(dict(total_frames=len(reader), start_index=0))['frame_inds']
    frames = list(reader.get_batch(inds).asnumpy())
    height, width = frames[0].shape[:2]
    factor = SIDE / min(height, width)
    size = int(width * factor + 0.5), int(height * factor + 0.5)
    frames = [cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR) for frame in frames]
    step = (size[0] - SIDE) // 2
    views = np.stack([frame[:, x:x + SIDE] for x in (0, 2 * step, step) for frame in frames])
    views = views.reshape(-1, VIEWS['clip_len'], SIDE, SIDE, 3).transpose(0, 4, 1, 2, 3)
    return torch.from_numpy(np.ascontiguousarray(views))
