import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import pixels


def picture(*rows):
    """Rows of pixels; a number stands for a grey one."""
    return np.array([[(v, v, v) if isinstance(v, int) else v for v in row] for row in rows],
                    np.uint8)


GREYS = picture([0, 100, 200, 250])
RED = picture([(200, 0, 0)])


@pytest.mark.parametrize('change, img, expected', [
    (pixels.brightness(0.5), GREYS, [0, 50, 100, 125]),
    (pixels.brightness(1.5), GREYS, [0, 150, 255, 255]),
    (pixels.brightness(0), GREYS, [0, 0, 0, 0]),
    (pixels.contrast(1), GREYS, [0, 100, 200, 250]),
    (pixels.contrast(0), GREYS, [138, 138, 138, 138]),          # their mean is 137.5
    (pixels.contrast(0.5), GREYS, [69, 119, 169, 194]),
    (pixels.contrast(2), GREYS, [0, 62, 255, 255]),
    (pixels.posterize(1), GREYS, [0, 0, 128, 128]),
    (pixels.posterize(4), GREYS, [0, 96, 192, 240]),
    (pixels.posterize(8), GREYS, [0, 100, 200, 250]),
    (pixels.solarize(200), GREYS, [0, 100, 55, 5]),
    (pixels.solarize(256), GREYS, [0, 100, 200, 250]),
    (pixels.invert(), GREYS, [255, 155, 55, 5]),
    (pixels.auto_contrast(), picture([50, 100, 160]), [0, 116, 255]),
    (pixels.auto_contrast(), picture([50, 50]), [50, 50]),
    (pixels.equalize(), picture([50, 51, 52, 53]), [0, 85, 170, 255]),
    (pixels.add(10), GREYS, [10, 110, 210, 255]),
    (pixels.add(np.array([[[-5], [5], [0.6], [60]]])), GREYS, [0, 105, 201, 255]),
    (pixels.keep(np.array([[1, 0, 1, 0]])), GREYS, [0, 0, 200, 0]),
    (pixels.flip('horizontal'), GREYS, [250, 200, 100, 0]),
    (pixels.fill_box((1, 0, 3, 1), (7, 7, 7)), GREYS, [0, 7, 7, 250]),
    (pixels.chain([pixels.add(5), pixels.invert()]), GREYS, [250, 150, 50, 0]),
    (pixels.translate(across=0.25, fill=(9, 9, 9)), GREYS, [9, 0, 100, 200]),
    (pixels.translate(across=-0.5, fill=(9, 9, 9)), GREYS, [200, 250, 9, 9]),
    (pixels.blur(0), GREYS, [0, 100, 200, 250])])
def test_grey_levels(change, img, expected):
    before = img.copy()
    found = change(img)
    assert found.dtype == np.uint8 and found[0, :, 0].tolist() == expected
    assert (found[..., 0] == found[..., 1]).all() and (img == before).all()


@pytest.mark.parametrize('change, expected', [
    (pixels.saturation(1), (200, 0, 0)),
    (pixels.saturation(0), (60, 60, 60)),           # 0.299 * 200
    (pixels.saturation(0.5), (130, 30, 30)),
    (pixels.saturation(2), (255, 0, 0)),
    (pixels.hue(0), (200, 0, 0)),
    (pixels.hue(1 / 3), (0, 200, 0)),
    (pixels.hue(-1 / 3), (0, 0, 200)),
    (pixels.hue(0.5), (0, 200, 200))])
def test_colors(change, expected):
    np.testing.assert_allclose(change(RED)[0, 0], expected, atol=6)


def test_sharpness_smooths_or_brings_out_edges():
    img = np.full((5, 5, 3), 100, np.uint8)
    img[2, 2] = 230
    assert pixels.sharpness(1)(img)[2, 2, 0] == 230
    assert pixels.sharpness(0)(img)[2, 2, 0] == 150 and pixels.sharpness(0)(img)[1, 1, 0] == 110
    assert pixels.sharpness(1.5)(img)[2, 2, 0] == 255 and pixels.sharpness(1.5)(img)[1, 1, 0] == 95


def test_blur_spreads_over_sigma():
    img = np.zeros((33, 33, 3), np.uint8)
    img[16] = 255
    profile = pixels.blur(2.0)(img)[:, 16, 0].astype(float)
    place = np.arange(33) - 16
    assert abs(np.sqrt((profile * place ** 2).sum() / profile.sum()) - 2) < 0.1


def test_geometry():
    img = np.zeros((5, 5, 3), np.uint8)
    img[0, 2] = 255                                  # above the middle

    def spot(change):
        return [int(v) for v in np.unravel_index(change(img)[..., 0].argmax(), (5, 5))]

    assert spot(pixels.rotate(0)) == [0, 2]
    fill = (0, 0, 0)
    assert spot(pixels.rotate(90, fill)) == [2, 4]   # clockwise
    assert spot(pixels.rotate(180, fill)) == [4, 2]
    assert spot(pixels.shear(across=1, fill=fill)) == [0, 0]
    assert spot(pixels.shear(across=-0.5, fill=fill)) == [0, 3]
    assert spot(pixels.translate(down=0.4, fill=fill)) == [2, 2]
    assert pixels.translate(across=1.0)(img)[2, 2].tolist() == [128] * 3


def test_frames_that_are_the_same_are_changed_once():
    img, calls = GREYS.copy(), []
    sample = pixels.change_frames('Test', dict(imgs=[img, img, GREYS]),
                                  lambda x: (calls.append(1), x + 1)[1])
    assert len(calls) == 2 and sample['imgs'][0] is sample['imgs'][1]
    assert [int(x[0, 1, 0]) for x in sample['imgs']] == [101] * 3


@pytest.mark.parametrize('sample, message', [
    (dict(imgs=[np.zeros((2, 2, 3), np.float32)]), r'uint8, found \(2, 2, 3\) of float32'),
    (dict(imgs=[np.zeros((2, 2), np.uint8)]), 'does not suit optical flow'),
    (dict(imgs=[GREYS], lazy={}), "dict.type='Fuse'"),
    (dict(imgs=[GREYS], gt_bboxes=np.zeros((1, 4))), 'moves pixels, but not the boxes')])
def test_what_cannot_be_changed(sample, message):
    with pytest.raises(InputError, match=message):
        pixels.change_frames('Test', sample, pixels.unchanged, is_warp=True)
