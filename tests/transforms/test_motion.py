import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import DecordInit, PyAVDecode, PyAVDecodeMotionVector, PyAVInit


@pytest.fixture(scope='module')
def moving(tmp_path_factory):
    """A textured square that moves 4 to the right and 2 down in each of 10 frames."""
    import av
    path = tmp_path_factory.mktemp('motion') / 'moving.mp4'
    texture = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8).repeat(4, 0)
    texture = texture.repeat(4, 1)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'yuv420p'
        stream.options = {'bf': '0', 'g': '100', 'crf': '10', 'refs': '1'}
        for i in range(10):
            img = np.full((64, 96, 3), 128, np.uint8)
            img[4 + 2 * i:36 + 2 * i, 8 + 4 * i:40 + 4 * i] = texture[..., None]
            for packet in stream.encode(av.VideoFrame.from_ndarray(img, 'rgb24')):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return str(path)


def test_motion_of_a_square(moving):
    sample = PyAVInit()(dict(filename=moving))
    sample['frame_inds'] = np.array([0, 6, 6, 3])
    sample = PyAVDecodeMotionVector()(sample)
    still, sixth, again, third = sample['motion_vectors']
    assert still.shape == (64, 96, 2) and still.dtype == np.int32 and not still.any()
    assert (sixth == again).all()
    for i, field in ((6, sixth), (3, third)):
        inside = field[12 + 2 * i:28 + 2 * i, 16 + 4 * i:32 + 4 * i]
        assert np.median(inside[..., 0]) == 4 and np.median(inside[..., 1]) == 2
    # The reader still gives the frames.
    assert PyAVDecode()(sample)['imgs'][1].shape == (64, 96, 3)


def test_it_needs_pyav_s_reader(moving):
    sample = dict(DecordInit()(dict(filename=moving)), frame_inds=np.array([0]))
    with pytest.raises(InputError, match='must be opened by PyAVInit'):
        PyAVDecodeMotionVector()(sample)
    sample = dict(PyAVInit()(dict(filename=moving)), frame_inds=np.array([10]))
    with pytest.raises(InputError, match='frame 10 was asked for; the video has frames 0..9'):
        PyAVDecodeMotionVector()(sample)
