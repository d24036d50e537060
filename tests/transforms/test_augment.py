import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import AugMix, ColorJitter, RandAugment, RandomErasing, pixels
from mmvideo.transforms.augment import AUGMIX_CHANGES, CHANGES, draw_change


def ramp(height=32, width=48):
    y, x = np.mgrid[:height, :width]
    return np.stack([4 * x, 6 * y, 255 - x - y], -1).astype(np.uint8)


def run(transform, seed=0, imgs=None):
    imgs = [ramp()] * 3 if imgs is None else imgs
    return transform(dict(imgs=imgs, rng=np.random.default_rng(seed)))['imgs']


@pytest.mark.parametrize('transform', [
    ColorJitter(), RandAugment(prob=1.0), AugMix(), RandomErasing(1.0)],
    ids=lambda t: type(t).__name__)
def test_frames_are_changed_alike_and_by_the_sample_s_generator(transform):
    state = np.random.get_state()[1].copy()
    before = ramp()
    imgs = [ramp() for _ in range(3)]
    first = run(transform, 3, imgs)
    assert all((img == before).all() for img in imgs)
    assert all(img.dtype == np.uint8 and img.shape == before.shape for img in first)
    assert all((img == first[0]).all() for img in first) and (first[0] != before).any()
    assert all((a == b).all() for a, b in zip(first, run(transform, 3), strict=True))
    others = [run(transform, seed)[0] for seed in range(8)]
    assert len({img.tobytes() for img in others}) >= 6
    assert (np.random.get_state()[1] == state).all()


def test_color_jitter_draws_within_its_ranges():
    grey = np.full((4, 4, 3), 100, np.uint8)
    levels = [run(ColorJitter(0.5, 0, 0, 0), seed, [grey])[0][0, 0, 0] for seed in range(300)]
    assert 50 <= min(levels) < 55 and 145 < max(levels) <= 150
    levels = {int(run(ColorJitter((1.2, 1.2), 0, 0, 0), seed, [grey])[0][0, 0, 0])
              for seed in range(5)}
    assert levels == {120}
    assert (run(ColorJitter(0, 0, 0, 0))[0] == ramp()).all()


def test_color_jitter_of_one_kind_keeps_the_others():
    red = np.zeros((2, 2, 3), np.uint8) + np.array([200, 40, 40], np.uint8)
    hued = run(ColorJitter(0, 0, 0, 0.5), 1, [red])[0]
    assert abs(int(hued.max()) - 200) <= 3 and abs(int(hued.min()) - 40) <= 3
    pale = run(ColorJitter(0, 0, (0, 0), 0), 1, [red])[0]
    assert np.ptp(pale) == 0 and pale[0, 0, 0] == round(pixels.LUMA @ [200, 40, 40])


@pytest.mark.parametrize('name', CHANGES)
def test_strength_of_changes(name):
    half, full = (CHANGES[name](np.random.default_rng(0), strength, (0, 0, 0))(ramp())
                  for strength in (0.4, 1.0))
    none = CHANGES[name](np.random.default_rng(0), 0.0, (0, 0, 0))(ramp())
    if name in ('AutoContrast', 'Equalize', 'Identity'):    # these know no strength
        assert (half == full).all()
        return
    distance = [np.abs(img.astype(float) - ramp()).mean() for img in (none, half, full)]
    assert distance[0] == 0 < distance[1] < distance[2]


def test_all_kinds_are_drawn_and_both_ways():
    rng = np.random.default_rng(0)
    found = {draw_change(rng, tuple(CHANGES), 1.0)(ramp()).tobytes() for _ in range(400)}
    # 14 kinds, of which 9 go two ways (rotation, shears, translations, enhancements)
    assert len(found) == 14 + 9
    assert len(CHANGES) == 14 and len(AUGMIX_CHANGES) == 9
    assert 'Brightness' not in AUGMIX_CHANGES and 'TranslateY' in AUGMIX_CHANGES


def test_rand_augment_counts_and_strengths():
    rng = np.random.default_rng(0)
    strengths = [RandAugment(7).strength(rng) for _ in range(2000)]
    assert abs(np.mean(strengths) - 0.7) < 0.005 and abs(np.std(strengths) - 0.05) < 0.005
    even = [RandAugment(8, sampling_type='uniform').strength(rng) for _ in range(2000)]
    assert abs(np.mean(even) - 0.4) < 0.02 and max(even) <= 0.8
    fixed = RandAugment(10, sampling_hparas=dict(sampling_std=0))
    assert fixed.strength(rng) == 1
    assert all((run(RandAugment(prob=0.0), seed)[0] == ramp()).all() for seed in range(5))


def test_what_comes_into_view_has_the_color_asked_for():
    imgs = [run(RandAugment(10, 1, 1.0, transform_hparas=dict(fill=(0, 1, 0))), seed)[0]
            for seed in range(40)]
    green = np.all(np.array(imgs) == [0, 255, 0], axis=-1)
    assert green.any() and not np.all(ramp() == [0, 255, 0], axis=-1).any()


def test_augmix_weighs_its_copies():
    # Of equal parts nearly surely: half the frame, half its one copy.
    for seed in range(10):
        found = run(AugMix(8, alpha=1e8, width=1, depth=1), seed)[0]
        rng = np.random.default_rng(seed)
        rng.dirichlet([1e8]), rng.beta(1e8, 1e8)
        copy = draw_change(rng, AUGMIX_CHANGES, rng.uniform(0.1, 8) / 10)(ramp())
        np.testing.assert_allclose(found, (copy.astype(float) + ramp()) / 2, atol=0.51)


def test_augmix_adds_no_brightness():
    # Nothing that it does at this strength changes a flat frame of the color that comes into view.
    flat = np.full((8, 8, 3), 128, np.uint8)
    assert all((run(AugMix(3), seed, [flat])[0] == 128).all() for seed in range(50))


def test_erased_boxes():
    imgs = [np.zeros((60, 80, 3), np.uint8)] * 2
    for seed in range(50):
        erasing = RandomErasing(1.0, 0.1, 0.2, (0.5, 2), fill_color=(1, 2, 3))
        first, second = run(erasing, seed, imgs)
        mask = first[..., 0] == 1
        assert (first == second).all() and (first[mask] == [1, 2, 3]).all()
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        h, w = len(rows), len(columns)
        assert mask.sum() == h * w == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert 0.09 < h * w / 4800 < 0.21 and 0.45 < h / w < 2.2
    assert not imgs[0].any()
    erased = [run(RandomErasing(0.3), seed, imgs)[0].any() for seed in range(500)]
    assert abs(np.mean(erased) - 0.3) < 0.05


def test_noise_in_erased_boxes():
    imgs = [np.zeros((60, 80, 3), np.uint8)] * 2
    first, second = run(RandomErasing(1.0, 0.3, 0.3, mode='rand'), 0, imgs)
    assert (first != second).any() and ((first > 0).any(-1) == (second > 0).any(-1)).mean() > 0.99
    assert abs(first[first > 0].mean() - 128) < 5
    narrow = run(RandomErasing(1.0, 0.3, 0.3, mode='rand', fill_color=(50, 100, 200), fill_std=2),
                 0, imgs)[0]
    inside = narrow[narrow.any(-1)]
    np.testing.assert_allclose(inside.mean(0), [50, 100, 200], atol=0.5)
    np.testing.assert_allclose(inside.std(0), 2, atol=0.2)


@pytest.mark.parametrize('make, message', [
    (lambda: ColorJitter(-0.1), 'brightness must be'),
    (lambda: ColorJitter(hue=0.6), r'hue must be .* -0.5..0.5, not 0.6'),
    (lambda: ColorJitter(contrast=(2, 1)), 'contrast must be'),
    (lambda: RandAugment(11), r'magnitude must be a number in 0..10, not 11'),
    (lambda: RandAugment(prob=2), 'prob'),
    (lambda: RandAugment(sampling_type='normal'), "'gaussian', 'uniform'"),
    (lambda: RandAugment(sampling_hparas=dict(std=1)), "keys .'sampling_std'., not 'std'"),
    (lambda: AugMix(alpha=0), 'alpha must be a number > 0'),
    (lambda: AugMix(depth=0), 'depth'),
    (lambda: RandomErasing(1.5), 'erase_prob'),
    (lambda: RandomErasing(max_area_ratio=0.01), 'min_area_ratio'),
    (lambda: RandomErasing(mode='noise'), "'const', 'rand'"),
    (lambda: run(ColorJitter(), imgs=[np.zeros((2, 2), np.uint8)]), 'optical flow')])
def test_errors_say_what_was_expected(make, message):
    with pytest.raises(InputError, match=message):
        make()
