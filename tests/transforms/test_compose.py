import pytest

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import Compose, Resize


def build(*steps):
    return TRANSFORMS.build(dict(type='Compose', transforms=list(steps)))


def test_steps_run_in_order_and_may_drop_the_sample():
    assert Compose([lambda s: {**s, 'a': 1}, lambda s: {**s, 'b': s['a'] + 1}])({}) == dict(a=1,
                                                                                           b=2)
    assert Compose([lambda s: None, lambda s: s['never']])({}) is None


def test_a_missing_key_is_reported_with_its_place():
    pipeline = build(dict(type='SampleFrames', clip_len=1), dict(type='Resize', scale=(-1, 8)))
    with pytest.raises(InputError, match=(
            r"pipeline\[1\] \(Resize\) needs the key 'imgs', which no earlier step wrote; "
            'the sample holds .*frame_inds')):
        pipeline(dict(total_frames=3, start_index=0))


def test_a_slip_inside_a_transform_stays_a_key_error():
    def slip(sample):
        return {}[next(iter(sample))]
    with pytest.raises(KeyError):
        Compose([slip])(dict(imgs=1))


@pytest.mark.parametrize('step, message', [
    (dict(type='Resise', scale=2.0), r"pipeline\[1\]: 'Resise' .* did you mean 'Resize'"),
    (dict(type='Resize', scale=2.0, lasy=True), "no argument 'lasy'; did you mean 'lazy'"),
    (dict(type='Resize'), "needs the argument 'scale'"),
    (dict(scale=2.0), 'type'),
    (dict(type='SampleFrames', clip_len=-1), r'pipeline\[1\]: SampleFrames: clip_len')])
def test_wrong_steps(step, message):
    with pytest.raises(InputError, match=message):
        build(Resize(2.0), step)


def test_a_pipeline_is_a_list():
    with pytest.raises(InputError, match='a pipeline is a list'):
        build_one = dict(type='Compose', transforms=dict(type='Resize', scale=2.0))
        TRANSFORMS.build(build_one)
