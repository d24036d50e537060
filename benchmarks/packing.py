"""Host work to pack a training sample: uint8 to the device, against floats made on the CPU."""
import functools

import numpy as np
import torch

from benchmarks.timing import Row
from mmvideo.registry import MODELS, TRANSFORMS

ROWS = (
    Row('pack', 'packing a sample, 8 frames 224x224, as uint8', 'normalized to float on the CPU '
        '(`Normalize` in the pipeline)', 'uint8', 'float', reach=10),
    Row('pack-opencv', 'packing a sample, 8 frames 224x224, as uint8', 'normalized to float on '
        'the CPU, frame by frame with OpenCV', 'uint8', 'float, OpenCV'),
)
COLORS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
PACK = [dict(type='FormatShape', input_format='NCHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]


def normalize_frames(results):
    """(x - mean) / std of each frame, in place after one conversion."""
    import cv2
    mean, scale = np.array(COLORS['mean']), 1 / np.array(COLORS['std'])
    results['imgs'] = [img.astype(np.float32) for img in results['imgs']]
    for img in results['imgs']:
        cv2.subtract(img, (*mean, 0), img)
        cv2.multiply(img, (*scale, 0), img)
    return results


def contenders(wanted, small, folder):
    side = 32 if small else 224
    frames = list(np.random.default_rng(0).integers(0, 256, (8, side, side, 3), np.uint8))
    steps = {'uint8': [], 'float': [dict(type='Normalize', **COLORS)],
             'float, OpenCV': [normalize_frames]}
    found = {}
    for key, before in steps.items():
        pipeline = TRANSFORMS.build(dict(type='Compose', transforms=[*before, *PACK]))
        found[key] = functools.partial(pack, pipeline, frames)
    preprocessor = MODELS.build(dict(type='ActionDataPreprocessor', **COLORS))
    expected = preprocessor.normalize(found['uint8']()['imgs'][None])[0]
    for key in ('float', 'float, OpenCV'):
        torch.testing.assert_close(found[key]()['imgs'], expected, rtol=1e-5, atol=1e-5)
    return {key: found[key] for key in wanted}


def pack(pipeline, frames):
    return pipeline(dict(imgs=list(frames), label=3))
