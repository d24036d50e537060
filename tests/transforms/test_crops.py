import numpy as np
import pytest

from mmvideo import transforms
from mmvideo.errors import InputError
from mmvideo.transforms import (
    CenterCrop,
    MultiScaleCrop,
    RandomCrop,
    RandomResizedCrop,
    TenCrop,
    ThreeCrop,
)


def coordinates(height, width):
    """A frame whose pixels hold (x, y, 0)."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, 0 * x], axis=-1).astype(np.int32)


def blank(height, width):
    return np.zeros((height, width, 3), np.uint8)


def test_recorded_boxes(recorded):
    cases = recorded('fixed_crops')
    assert len(cases) == 109
    for case in cases:
        crop = getattr(transforms, case['transform'])(case['crop_size'])
        sample = dict(imgs=[coordinates(*case['img_hw'])], modality='RGB')
        if 'error' in case:
            with pytest.raises(InputError, match='crop'):
                crop(sample)
            continue
        sample = crop(sample)
        corners = [[*img[0, 0, :2].tolist(), *img[-1, -1, :2].tolist()] for img in sample['imgs']]
        assert corners == case['corners_x0y0x1y1_of_each'], case
        assert list(sample['img_shape']) == case['img_shape']
        assert sample['crop_bbox'].tolist() == case['crop_bbox']
        if case['crop_quadruple'] is not None:
            np.testing.assert_allclose(sample['crop_quadruple'], case['crop_quadruple'], atol=1e-6)


def test_crops_come_position_by_position():
    frames = [np.full((4, 8, 1), i, np.uint8) for i in range(3)]
    sample = ThreeCrop(4)(dict(imgs=frames))
    assert [int(img[0, 0, 0]) for img in sample['imgs']] == [0, 1, 2] * 3
    assert sample['crop_bbox'][::3].tolist() == [[0, 0, 4, 4], [4, 0, 8, 4], [2, 0, 6, 4]]
    sample = TenCrop(4)(dict(imgs=frames))
    assert [int(img[0, 0, 0]) for img in sample['imgs']] == [0, 1, 2] * 10


def test_mirrored_flow_of_ten_crops_has_x_inverted():
    x, y = np.array([[1, 2], [3, 4]], np.uint8), np.array([[5, 6], [7, 8]], np.uint8)
    imgs = TenCrop(2)(dict(imgs=[x, y], modality='Flow'))['imgs']
    assert imgs[2].tolist() == [[253, 254], [251, 252]]
    assert imgs[3].tolist() == [[6, 5], [8, 7]]


def test_share_of_the_first_frame_is_tracked():
    sample = CenterCrop(50)(CenterCrop((100, 80))(dict(imgs=[blank(100, 200)])))
    # 100x80 of 200x100 at (50, 10), then 50x50 of it at (25, 15)
    np.testing.assert_allclose(sample['crop_quadruple'], [75 / 200, 25 / 100, 50 / 200, 50 / 100])


def test_recorded_box_sets(recorded):
    rng = np.random.default_rng(0)
    for case in recorded('multi_scale_crop'):
        crop = MultiScaleCrop(**case['args'])
        img = blank(*case['img_hw'])
        boxes = {tuple(crop(dict(imgs=[img], rng=rng))['crop_bbox'].tolist()) for _ in range(1500)}
        assert boxes == set(map(tuple, case['all_boxes'])), case['args']


def test_multi_scale_crop_anywhere():
    rng = np.random.default_rng(0)
    crop = MultiScaleCrop(4, scales=(1, 0.5), random_crop=True, max_wh_scale_gap=0)
    boxes = [crop(dict(imgs=[blank(4, 6)], rng=rng))['crop_bbox'].tolist() for _ in range(500)]
    assert {x1 - x0 for x0, _, x1, _ in boxes} == {2, 4}
    assert {x0 for x0, _, x1, _ in boxes if x1 - x0 == 2} == {0, 1, 2, 3, 4}
    assert {y0 for _, y0, _, y1 in boxes if y1 - y0 == 2} == {0, 1, 2}


class CornerDraws:
    """Draws of the recording: sizes from one legacy generator, corners from python's."""

    def __init__(self, seed):
        import random
        self.state, self.python = np.random.RandomState(seed), random.Random(seed)

    def uniform(self, low, high, size):
        return self.state.uniform(low, high, size)

    def integers(self, high):
        return self.python.randint(0, high - 1)


def test_recorded_random_crops(recorded, legacy_draws):
    cases = recorded('random_crops')
    assert {c['transform'] for c in cases} == {'RandomCrop(96)', 'RandomResizedCrop'}
    for case in cases:
        if case['transform'] == 'RandomResizedCrop':
            crop, rng = RandomResizedCrop(), CornerDraws(case['seed'])
        else:
            crop, rng = RandomCrop(96), legacy_draws(case['seed'])
        sample = crop(dict(imgs=[blank(*case['img_hw'])], rng=rng))
        assert sample['crop_bbox'].tolist() == case['crop_bbox'], case


def test_random_resized_crop_keeps_to_its_ranges():
    rng = np.random.default_rng(0)
    crop = RandomResizedCrop((0.2, 0.5), (0.5, 2.0))
    for _ in range(300):
        x0, y0, x1, y1 = crop.draw(200, 100, rng)
        assert 0 <= x0 < x1 <= 200 and 0 <= y0 < y1 <= 100
        assert 0.19 < (x1 - x0) * (y1 - y0) / 20000 < 0.51
        assert 0.48 < (x1 - x0) / (y1 - y0) < 2.1


def test_random_resized_crop_falls_back_to_the_center_square():
    crop = RandomResizedCrop((1, 1), (1, 1))        # a square of 200x100's area fits never
    assert crop.draw(200, 100, np.random.default_rng(0)) == (50, 0, 150, 100)


@pytest.mark.parametrize('make, message', [
    (lambda: RandomCrop(0), 'size must be a whole number >= 1'),
    (lambda: RandomResizedCrop((0.5, 1.5)), 'area_range must lie in 0..1'),
    (lambda: RandomResizedCrop(aspect_ratio_range=(2, 1)), 'aspect_ratio_range'),
    (lambda: MultiScaleCrop(224, scales=()), 'scales'),
    (lambda: MultiScaleCrop(224, num_fixed_crops=9), 'num_fixed_crops must be one of 5, 13'),
    (lambda: CenterCrop((224, 224, 3)), 'crop_size'),
    (lambda: RandomCrop(96)(dict(imgs=[blank(64, 128)])), '96x96 .* into frames of 128x64'),
    (lambda: ThreeCrop(64)(dict(imgs=[blank(80, 128)])), r'put Resize\(scale=\(-1, 64\)\)')])
def test_errors_say_what_was_expected(make, message):
    with pytest.raises(InputError, match=message):
        make()
