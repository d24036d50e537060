import importlib.util
import warnings

import cv2
import mmcv
import numpy as np
import pytest

from mmvideo.errors import InputError, MissingFileError
from mmvideo.transforms import BuildPseudoClip, FormatShape, ImageDecode, images


def test_a_clip_that_stands_still(tmp_path):
    path = tmp_path / 'a.png'
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[..., 2] = 200                           # OpenCV writes B, G, R
    cv2.imwrite(str(path), picture)
    sample = ImageDecode()(dict(filename=str(path), label=3))
    assert [img.shape for img in sample['imgs']] == [(4, 6, 3)]
    assert sample['imgs'][0][0, 0].tolist() == [200, 0, 0]
    assert sample['img_shape'] == sample['original_shape'] == (4, 6)
    sample = BuildPseudoClip(5)(sample)
    assert (sample['num_clips'], sample['clip_len']) == (1, 5)
    clip = FormatShape('NCTHW')(sample)['imgs']
    assert clip.shape == (1, 3, 5, 4, 6) and (clip[:, :, 0] == clip[:, :, 4]).all()


def test_pillow_reads_the_same(tmp_path):
    path = tmp_path / 'a.png'
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    cv2.imwrite(str(path), picture)
    for backend in ('cv2', 'pillow'):
        found = ImageDecode(decoding_backend=backend)(dict(filename=str(path)))['imgs'][0]
        assert (found == picture[..., ::-1]).all()
    found = ImageDecode(io_backend='local')(dict(filename=str(path)))['imgs'][0]
    assert (found == picture[..., ::-1]).all()


def test_files_that_are_no_image(tmp_path):
    with pytest.raises(MissingFileError, match='nowhere.jpg: no such picture'):
        ImageDecode()(dict(filename='nowhere.jpg'))
    path = tmp_path / 'text.jpg'
    for content in (b'hello', b''):
        path.write_bytes(content)
        with pytest.raises(InputError, match='text.jpg: is no picture that cv2 can read'):
            ImageDecode()(dict(filename=str(path)))
    with pytest.raises(InputError, match='expected one image, found 2'):
        BuildPseudoClip(4)(dict(imgs=[np.zeros((2, 2, 3))] * 2))
    with pytest.raises(InputError, match='clip_len'):
        BuildPseudoClip(0)


def test_turbojpeg_or_cv2_in_its_place(tmp_path):
    path = tmp_path / 'a.jpg'
    cv2.imwrite(str(path), np.full((8, 8, 3), 100, np.uint8))
    images.usable.cache_clear()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter('always')
        for _ in range(2):
            img = ImageDecode(decoding_backend='turbojpeg')(dict(filename=str(path)))['imgs'][0]
            assert abs(int(img.mean()) - 100) <= 1
    installed = importlib.util.find_spec('turbojpeg') is not None
    told = [str(w.message) for w in found if 'turbojpeg' in str(w.message)]
    assert installed or (len(told) == 1 and 'pictures are read with cv2' in told[0])
    assert mmcv.image.io.imread_backend == 'cv2'
    with pytest.raises(InputError, match="decoding_backend must be one of 'cv2', 'turbojpeg'"):
        ImageDecode(decoding_backend='best')
