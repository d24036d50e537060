import numpy as np
import pytest

from mmvideo.transforms.layout import mirror, write_planes

DTYPES = [np.uint8, np.float32, np.float64, np.int64]


def frames(shape, dtype, count=1):
    """Parts of larger frames, as crops are: their rows do not follow each other in memory."""
    rng = np.random.default_rng(0)
    height, width, *channels = shape
    whole = rng.integers(0, 256, (count, height + 3, width + 2, *channels)).astype(dtype)
    return [img[1:-2, 2:] for img in whole]


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('shape', [(5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (4, 4, 6), (1, 1, 3)])
def test_mirror_is_numpys_flip(shape, dtype):
    img, = frames(shape, dtype)
    before = img.copy()
    for direction, axis in (('horizontal', 1), ('vertical', 0)):
        found = mirror(img, direction)
        assert found.dtype == dtype and not np.shares_memory(found, img)
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, np.flip(img, axis))
    np.testing.assert_array_equal(img, before)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('channels', [1, 2, 3, 4, 6])
def test_planes_are_numpys_transpose(channels, dtype):
    imgs = frames((5, 7, channels), dtype, count=6)
    expected = np.stack(imgs).transpose(0, 3, 1, 2)
    out = np.zeros((6, channels, 5, 7), dtype)
    write_planes(imgs, out)
    np.testing.assert_array_equal(out, expected)
    clips = np.zeros((2, channels, 3, 5, 7), dtype)
    write_planes(imgs, clips.transpose(0, 2, 1, 3, 4))
    np.testing.assert_array_equal(clips.transpose(0, 2, 1, 3, 4).reshape(out.shape), expected)


def test_a_frame_too_many_is_an_error():
    with pytest.raises(ValueError):
        write_planes(frames((5, 7, 3), np.uint8, count=3), np.zeros((2, 3, 5, 7), np.uint8))
