import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import (
    CenterCrop,
    Flip,
    FormatShape,
    Fuse,
    MultiScaleCrop,
    RandomCrop,
    RandomResizedCrop,
    Resize,
    ThreeCrop,
)


def clip(height=48, width=64, num=2):
    """Smooth frames, so that one interpolation or two make little difference."""
    y, x = np.mgrid[:height, :width]
    return [np.stack([2 * x + 10 * i, 3 * y, x + y], -1).astype(np.uint8) for i in range(num)]


def run(make_steps, lazy, seed=0):
    sample = dict(imgs=clip(), modality='RGB', label=1, rng=np.random.default_rng(seed))
    for step in make_steps(lazy) + ([Fuse()] if lazy else []):
        sample = step(sample)
    return sample


RECIPES = dict(
    train=lambda lazy: [Resize((-1, 32), lazy=lazy),
                        MultiScaleCrop(28, scales=(1, 0.8), max_wh_scale_gap=0, lazy=lazy),
                        Resize((28, 28), keep_ratio=False, lazy=lazy), Flip(0.5, lazy=lazy)],
    val=lambda lazy: [Resize((-1, 32), lazy=lazy), CenterCrop(28, lazy=lazy),
                      Flip(0, lazy=lazy)],
    inception=lambda lazy: [RandomResizedCrop((0.3, 1), lazy=lazy),
                            Resize((28, 28), keep_ratio=False, lazy=lazy), Flip(1, lazy=lazy)],
    corner=lambda lazy: [RandomCrop(40, lazy=lazy), RandomCrop(20, lazy=lazy)])


@pytest.mark.parametrize('name', RECIPES)
@pytest.mark.parametrize('seed', range(4))
def test_a_fused_sample_is_the_one_made_step_by_step(name, seed):
    plain, fused = (run(RECIPES[name], lazy, seed) for lazy in (False, True))
    assert 'lazy' not in fused
    for key in ('img_shape', 'crop_quadruple', 'crop_bbox', 'flip', 'scale_factor'):
        np.testing.assert_array_equal(plain.get(key), fused.get(key), err_msg=key)
    assert len(fused['imgs']) == 2 and fused['imgs'][0].dtype == np.uint8
    # Where a box was rounded to whole pixels, neighbors differ by 2 or 3 grey levels.
    worst = np.abs(np.subtract(plain['imgs'], fused['imgs'], dtype=float)).max()
    assert worst <= (0 if name == 'corner' else 6)


def test_the_arithmetic_of_the_box():
    sample = dict(imgs=clip(100, 200))
    sample = Resize((-1, 50), lazy=True)(sample)
    assert sample['img_shape'] == (50, 100) and sample['imgs'][0].shape == (100, 200, 3)
    sample = CenterCrop((40, 30), lazy=True)(sample)
    np.testing.assert_allclose(sample['lazy']['box'], [60, 20, 140, 80], atol=1e-4)
    sample = CenterCrop(10, lazy=True)(Resize((20, 20), keep_ratio=False, lazy=True)(sample))
    np.testing.assert_allclose(sample['lazy']['box'], [80, 35, 120, 65], atol=1e-4)
    assert Fuse()(sample)['imgs'][0].shape == (10, 10, 3)


def test_flow_is_inverted_and_labels_are_swapped():
    x, y = np.array([[10, 20]], np.uint8), np.array([[30, 40]], np.uint8)
    sample = Flip(1.0, flip_label_map={3: 4}, lazy=True)(
        dict(imgs=[x, y], modality='Flow', label=3))
    assert sample['label'] == 4
    assert [img.tolist() for img in Fuse()(sample)['imgs']] == [[[235, 245]], [[40, 30]]]


@pytest.mark.parametrize('steps, message', [
    ([Fuse()], 'no step with lazy=True stands before it'),
    ([Flip(1.0, lazy=True), Resize(0.5, lazy=True)], 'Flip must come last'),
    ([Resize(0.5, lazy=True), CenterCrop(8)], 'a crop: .* put dict'),
    ([Resize(0.5, lazy=True), Flip(1.0)], 'Flip: .* put dict'),
    ([Resize(0.5, lazy=True), ThreeCrop(24)], 'ThreeCrop: .* put dict'),
    ([Resize(0.5, lazy=True), FormatShape('NCHW')], "FormatShape: .* put dict.type='Fuse'. behind"),
    ([CenterCrop(60, lazy=True)], '60x60 .* does not fit into frames of 64x48')])
def test_steps_in_the_wrong_order(steps, message):
    sample = dict(imgs=clip(), modality='RGB')
    with pytest.raises(InputError, match=message):
        for step in steps:
            sample = step(sample)
