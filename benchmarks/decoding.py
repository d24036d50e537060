"""Samples a second of a config's own pipeline, by decoder."""
import functools

import numpy as np
from mmengine.config import Config

from benchmarks.networks import PARTS
from benchmarks.timing import Row
from mmvideo.registry import DATASETS

CONFIG = PARTS.parents[1] / 'recognition' / 'tsn' / 'tsn_r18_1x1x8_10e_embedded_rgb.py'
SAMPLES, FPS, WIDTH, HEIGHT = 4, 30, 340, 256
VIDEO = f'8 frames of 10 s H.264, {WIDTH}x{HEIGHT}, GOP 12, B-frames'
ROWS = tuple(
    Row(f'decode-{name.lower()}', f'training sample by {name}: {VIDEO}', 'decord', name, 'Decord',
        counted='samples', per_call=SAMPLES) for name in ('PyAV', 'OpenCV'))


def contenders(wanted, small, folder):
    write_video(folder / 'moving.mp4', seconds=1 if small else 10)
    (folder / 'list.txt').write_text('moving.mp4 0\n' * SAMPLES)
    found = {key: functools.partial(read_all, dataset_with(key, folder))
             for key in ('Decord', 'PyAV', 'OpenCV')}
    expected = found['Decord']()
    for key in found:
        # Another rounding of colors is at home within this; the frame next door is not.
        difference = np.abs(found[key]() - expected).mean()
        assert difference < 2, f'{key} and decord differ by {difference:.1f} grey levels'
    neighbors = np.abs(np.diff(expected, axis=1)).mean()
    assert neighbors > 10, f'frames differ by {neighbors:.1f} grey levels, too little to tell'
    return {key: found[key] for key in wanted}


def dataset_with(decoder, folder):
    """The training data set of the config, with another decoder in its pipeline."""
    cfg = Config.fromfile(CONFIG).train_dataloader.dataset
    pipeline = [dict(step, type=step['type'].replace('PyAV', decoder)) for step in cfg.pipeline]
    return DATASETS.build(dict(cfg, pipeline=pipeline, ann_file=str(folder / 'list.txt'),
                               data_prefix=str(folder)))


def read_all(dataset):
    """All samples of a data set, [SAMPLES, T, C, H, W]; the same draws for every decoder."""
    return np.stack([dataset[i]['imgs'].numpy() for i in range(len(dataset))]).astype(np.int16)


def write_video(path, seconds):
    """A texture that moves along both axes, encoded as people's videos are."""
    import av
    import cv2
    rng = np.random.default_rng(0)
    texture = cv2.resize(rng.integers(0, 256, (32, 32, 3), np.uint8), (WIDTH, HEIGHT))
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        stream.options = {'bf': '2', 'g': '12', 'crf': '23', 'threads': '1'}
        for i in range(seconds * FPS):
            picture = np.roll(texture, (2 * i, 5 * i), axis=(0, 1))
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, 'rgb24')):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
