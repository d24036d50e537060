"""Recorded cases, the arrays they speak of, and small real videos."""
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope='session')
def fill():
    """Deterministic frames and digests (tests/parity_fill.py)."""
    spec = importlib.util.spec_from_file_location('parity_fill', TESTS / 'parity_fill.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='session')
def recorded():
    """name -> recorded cases of tests/data/transforms/NAME.json."""
    def cases(name):
        return json.loads((TESTS / 'data' / 'transforms' / f'{name}.json').read_text())['cases']
    return cases


class LegacyDraws:
    """The draws that the recordings were made with, as a Generator would offer them."""

    def __init__(self, seed):
        self.state = np.random.RandomState(seed)

    def integers(self, *args, size=None):
        return self.state.randint(*args, size=size)

    def uniform(self, *args, size=None):
        return self.state.uniform(*args, size=size)

    def choice(self, *args, **kwargs):
        return self.state.choice(*args, **kwargs)


@pytest.fixture(scope='session')
def legacy_draws():
    return LegacyDraws


@pytest.fixture(scope='session')
def write_video():
    """(path, num_frames, codec, key_interval) -> H.264 or MPEG-4 video with B-frames, 25 fps.

    The grey level of the left half is 4 * frame number, so that frames can be told apart.
    """
    def write(path, num_frames=40, codec='libx264', key_interval=12, size=(96, 64), options=None):
        import av
        width, height = size
        with av.open(str(path), 'w', options=options or {}) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
            stream.bit_rate = 4_000_000
            stream.options = {'bf': '2', 'g': str(key_interval)}
            if codec == 'libx264':
                stream.options = {**stream.options, 'crf': '16', 'sc_threshold': '0'}
            for i in range(num_frames):
                img = np.empty((height, width, 3), np.uint8)
                img[:, :width // 2] = 4 * i
                img[:, width // 2:, 0] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
                img[:, width // 2:, 1:] = (128, 30)
                for packet in stream.encode(av.VideoFrame.from_ndarray(img, 'rgb24')):
                    container.mux(packet)
            for packet in stream.encode():
                container.mux(packet)
        return str(path)
    return write


@pytest.fixture(scope='session')
def video(write_video, tmp_path_factory):
    """A video of 40 frames with three groups of pictures."""
    return write_video(tmp_path_factory.mktemp('video') / 'forty.mp4')
