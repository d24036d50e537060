import numpy as np
import pytest

from mmvideo import transforms
from mmvideo.transforms import CenterCrop, Flip, RandomRescale, Resize


def sample(boxes, height=6, width=8, **more):
    return dict(imgs=[np.zeros((height, width, 3), np.uint8)], modality='RGB',
                gt_bboxes=np.array(boxes, np.float32), **more)


def test_recorded_boxes(recorded, legacy_draws):
    cases = recorded('boxes')
    assert [c['transform'] for c in cases] == ['Flip', 'CenterCrop', 'RandomCrop']
    for case in cases:
        start = sample(case['boxes_in'], *case['img_hw'],
                       proposals=np.array(case['boxes_in'], np.float32))
        if case['transform'] == 'RandomCrop':
            start['rng'] = legacy_draws(case['seed'])
        found = getattr(transforms, case['transform'])(**case['args'])(start)
        for key in ('gt_bboxes', 'proposals'):
            assert found[key].tolist() == case[key], case


@pytest.mark.parametrize('step, expected', [
    (Resize(2.0), [2, 4, 10, 8]),
    (Resize((16, 6), keep_ratio=False), [2, 2, 10, 4]),
    (RandomRescale((12, 12)), [2, 4, 10, 8]),
    (Flip(1.0, direction='vertical'), [1, 2, 5, 4]),
    (Flip(0.0), [1, 2, 5, 4])])
def test_boxes_follow(step, expected):
    assert step(sample([[1, 2, 5, 4]]))['gt_bboxes'].tolist() == [expected]


def test_what_stands_behind_the_box_stays():
    proposals = np.array([[1, 2, 5, 4, 0.9]], np.float32)
    found = Flip(1.0)(sample([], proposals=proposals))
    np.testing.assert_allclose(found['proposals'], [[3, 2, 7, 4, 0.9]])
    assert proposals[0, 0] == 1 and len(found['gt_bboxes']) == 0


def test_lazy_steps_move_boxes_as_others_do():
    steps = [lambda lazy: Resize(2.0, lazy=lazy), lambda lazy: CenterCrop(8, lazy=lazy),
             lambda lazy: Flip(1.0, lazy=lazy)]
    found = []
    for lazy in (False, True):
        one = sample([[1, 2, 5, 4]])
        for step in steps:
            one = step(lazy)(one)
        found.append(one['gt_bboxes'].tolist())
    assert found[0] == found[1] == [[2, 2, 8, 6]]
