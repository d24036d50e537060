import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import Flip, RandomRescale, Resize


def blank(height, width):
    return np.zeros((height, width, 3), np.uint8)


def test_recorded_sizes(recorded):
    cases = recorded('resize_sizes')
    assert len(cases) == 148
    for case in cases:
        scale = case['scale']
        if isinstance(scale, list):
            scale = tuple(float(s) if s == 'inf' else int(s) for s in scale)
        sample = Resize(scale, keep_ratio=case['keep_ratio'])(dict(imgs=[blank(*case['img_hw'])]))
        assert list(sample['imgs'][0].shape[:2]) == case['out_hw'], case
        assert list(sample['img_shape']) == case['img_shape'], case
        np.testing.assert_allclose(sample['scale_factor'], case['scale_factor'], atol=1e-6)


def test_recorded_pixels(recorded, fill):
    for case in recorded('resize_pixels'):
        img = fill.make_frames(*case['input']['make_frames'])
        resize = Resize(case['out_wh'], keep_ratio=False, interpolation=case['interpolation'])
        out = resize(dict(imgs=[img, img]))['imgs']
        assert len(out) == 2 and out[0].dtype == np.uint8
        assert fill.compare(case['image'], out[1]) < 1e-6


def test_scale_factors_multiply():
    sample = dict(imgs=[blank(100, 200)])
    sample = Resize((50, 50), keep_ratio=False)(Resize(2.0)(sample))
    np.testing.assert_allclose(sample['scale_factor'], [0.25, 0.5])


def test_flow_frames_are_resized():
    sample = Resize((-1, 8))(dict(imgs=[np.zeros((16, 32), np.uint8)] * 4))
    assert [img.shape for img in sample['imgs']] == [(8, 16)] * 4


@pytest.mark.parametrize('args', [
    dict(scale=0), dict(scale=-0.5), dict(scale=(-1, -1)), dict(scale=(0, 256)),
    dict(scale=(-1, 256), keep_ratio=False), dict(scale=0.5, keep_ratio=False),
    dict(scale='256'), dict(scale=(1, 2, 3)), dict(scale=256, interpolation='best')])
def test_wrong_resize_arguments(args):
    with pytest.raises(InputError, match='Resize: (scale|interpolation) must be'):
        Resize(**args)


def test_recorded_rescaling(recorded, legacy_draws):
    for case in recorded('random_rescale'):
        sample = dict(imgs=[blank(*case['img_hw'])], rng=legacy_draws(case['numpy_seed']))
        sample = RandomRescale(case['scale_range'])(sample)
        assert [sample['short_edge'], *sample['img_shape']] == [case['short_edge'],
                                                               *case['out_hw']]


def test_rescaling_draws_the_closed_range():
    rng = np.random.default_rng(0)
    rescale = RandomRescale((10, 12))
    sizes = {rescale(dict(imgs=[blank(20, 40)], rng=rng))['img_shape'] for _ in range(60)}
    assert sizes == {(10, 20), (11, 22), (12, 24)}


@pytest.mark.parametrize('scale_range', [(320, 256), (0, 256), 256, (256.5, 320)])
def test_wrong_rescale_arguments(scale_range):
    with pytest.raises(InputError, match='scale_range'):
        RandomRescale(scale_range)


def test_recorded_flips(recorded, fill):
    cases = recorded('flip_and_boxes')
    assert len(cases) == 16
    for case in cases:
        frames = list(fill.make_frames(*case.get('input', {}).get('make_frames', ([4, 6, 8], 9))))
        sample = dict(imgs=frames, modality=case['modality'], label=case.get('label_in', 0))
        if 'error' in case:
            with pytest.raises(InputError, match='vertical'):
                Flip(**case['args'])(sample)
            continue
        sample = Flip(**case['args'])(sample)
        assert fill.compare(case['imgs'], np.stack(sample['imgs'])) < 1e-6, case
        assert sample['label'] == case['label_out'], case
        assert sample['flip'] == bool(case['args']['flip_ratio'])


def test_flow_x_is_inverted_and_y_is_not():
    x, y = np.array([[10, 20]], np.uint8), np.array([[30, 40]], np.uint8)
    sample = Flip(1.0)(dict(imgs=[x, y, x, y], modality='Flow'))
    assert [img.tolist() for img in sample['imgs']] == [[[235, 245]], [[40, 30]]] * 2


def test_multi_hot_labels_are_permuted():
    label = np.array([0, 1, 0, 0, 1], np.float32)
    sample = Flip(1.0, flip_label_map={'1': 2, '2': 1})(
        dict(imgs=[blank(2, 2)], modality='RGB', label=label))
    assert sample['label'].tolist() == [0, 0, 1, 0, 1]
    assert label.tolist() == [0, 1, 0, 0, 1]


def test_flip_ratio_is_a_probability():
    rng = np.random.default_rng(0)
    flips = [Flip(0.25)(dict(imgs=[blank(2, 2)], rng=rng))['flip'] for _ in range(2000)]
    assert abs(np.mean(flips) - 0.25) < 0.03
    with pytest.raises(InputError, match='flip_ratio must be a number in 0..1, not 2'):
        Flip(2)
    with pytest.raises(InputError, match="direction must be one of 'horizontal', 'vertical'"):
        Flip(direction='diagonal')
