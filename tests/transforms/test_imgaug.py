import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import Imgaug

RECIPE = [dict(type='Fliplr', p=0.5), dict(type='Rotate', rotate=[-20, 20]),
          dict(type='Dropout', p=[0, 0.05])]


def ramp(height=32, width=48):
    y, x = np.mgrid[:height, :width]
    return np.stack([4 * x, 6 * y, 255 - x - y], -1).astype(np.uint8)


def run(transforms, seed=0, img=None):
    imgs = [ramp() if img is None else img] * 2
    sample = Imgaug(transforms)(dict(imgs=imgs, rng=np.random.default_rng(seed)))
    assert (sample['imgs'][0] == sample['imgs'][1]).all()
    return sample['imgs'][0]


@pytest.mark.parametrize('transforms', ['default', RECIPE], ids=['default', 'list'])
def test_one_draw_serves_the_clip_and_comes_from_the_sample(transforms):
    transform = TRANSFORMS.build(dict(type='Imgaug', transforms=transforms))
    clips = []
    for seed in (1, 1, 2, 3, 4):
        sample = transform(dict(imgs=[ramp() for _ in range(3)], rng=np.random.default_rng(seed)))
        assert all((img == sample['imgs'][0]).all() for img in sample['imgs'])
        assert sample['imgs'][0].dtype == np.uint8 and sample['img_shape'] == (32, 48)
        clips.append(sample['imgs'][0].tobytes())
    assert clips[0] == clips[1] and len(set(clips)) >= 3


def test_share_of_flips_and_of_dropped_pixels():
    flips = [(run([dict(type='Fliplr', p=0.25)], seed) != ramp()).any() for seed in range(600)]
    assert abs(np.mean(flips) - 0.25) < 0.05
    assert (run([dict(type='Fliplr')]) == ramp()[:, ::-1]).all()
    assert (run([dict(type='Flipud', p=1)]) == ramp()[::-1]).all()
    white = np.full((64, 64, 3), 255, np.uint8)
    dropped = [(run([dict(type='Dropout', p=(0.1, 0.3))], seed, white) == 0) for seed in range(40)]
    shares = [d.mean() for d in dropped]
    assert 0.08 < min(shares) < 0.16 and 0.24 < max(shares) < 0.33
    assert (dropped[0].any(-1) == dropped[0].all(-1)).all()     # all channels of a pixel
    each = run([dict(type='Dropout', p=0.2, per_channel=True)], 0, white) == 0
    assert (each.any(-1) != each.all(-1)).any()


GREY = np.full((8, 8, 3), 100, np.uint8)


@pytest.mark.parametrize('step, expected', [
    (dict(type='Multiply', mul=0.5), 50), (dict(type='Add', value=-30), 70),
    (dict(type='LinearContrast', alpha=2), 73), (dict(type='Invert', p=1), 155),
    (dict(type='Noop'), 100), (dict(type='Identity'), 100), (dict(type='Grayscale'), 100),
    (dict(type='MultiplySaturation', mul=2.0), 100), (dict(type='GaussianBlur', sigma=1.0), 100),
    (dict(type='AdditiveGaussianNoise', loc=5, scale=0), 105),
    (dict(type='Sometimes', p=1, then_list=[dict(type='Add', value=1)]), 101),
    (dict(type='Sometimes', p=0, then_list=[dict(type='Add', value=1)],
          else_list=dict(type='Add', value=2)), 102),
    (dict(type='Sequential', children=[dict(type='Add', value=50),
                                       dict(type='Multiply', mul=0.5)]), 75),
    (dict(type='SomeOf', n=2, children=[dict(type='Add', value=v) for v in (1, 1, 1)]), 102),
    (dict(type='SomeOf', n=0, children=[dict(type='Add', value=1)]), 100),
    (dict(type='OneOf', children=[dict(type='Add', value=7)] * 3), 107)])
def test_values_of_steps(step, expected):
    assert run([step], img=GREY)[4, 4].tolist() == [expected] * 3


@pytest.mark.parametrize('step, place', [
    (dict(type='Rotate', rotate=90), (2, 4)), (dict(type='ShearX', shear=45), (0, 0)),
    (dict(type='ShearY', shear=45), (0, 2)), (dict(type='TranslateX', percent=0.2), (0, 3)),
    (dict(type='TranslateY', percent=0.4), (2, 2))])
def test_places_after_steps(step, place):
    img = np.zeros((5, 5, 3), np.uint8)
    img[0, 2] = 255
    found = run([step], img=img)
    assert np.unravel_index(found[..., 0].argmax(), (5, 5)) == place


def test_some_of_several():
    steps = [dict(type='Add', value=v) for v in (1, 10, 100)]
    found = {int(run([dict(type='SomeOf', n=(1, None), children=steps)], seed,
                     np.zeros((2, 2, 3), np.uint8))[0, 0, 0]) for seed in range(200)}
    assert found == {1, 10, 100, 11, 101, 110, 111}
    order = [dict(type='Add', value=10), dict(type='Multiply', mul=2)]
    found = {int(run([dict(type='Sequential', children=order, random_order=True)], seed,
                     GREY)[0, 0, 0]) for seed in range(20)}
    assert found == {220, 210}


@pytest.mark.parametrize('transforms, message', [
    ('best', "transforms must be 'default' or a list of dicts, not 'best'"),
    ([dict(type='Fliplrr')], r"transforms\[0\]: 'Fliplrr' .* did you mean 'Fliplr'"),
    ([dict(type='Rotate', angle=3)], r"transforms\[0\] Rotate: .*takes no argument 'angle'"),
    ([dict(type='Fliplr', p=2)], r'transforms\[0\] Fliplr: p must be a number .* 0..1, not 2'),
    ([dict(type='Rotate', rotate=(20, -20))], 'rotate must be'),
    ([dict(type='Noop'), dict(p=1)], r'transforms\[1\] must be a dict with "type"'),
    ([dict(type='OneOf', children=[dict(type='Wave')])],
     r"transforms\[0\] OneOf: \[0\]: 'Wave' is none"),
    ([dict(type='SomeOf', n=(3, 1), children=[])], 'n must be')])
def test_errors_name_the_place(transforms, message):
    with pytest.raises(InputError, match=message):
        Imgaug(transforms)
