import numpy as np
import pytest

from mmvideo import transforms
from mmvideo.errors import InputError
from mmvideo.transforms import CenterCrop, Flip, RandomRescale, Resize, TenCrop, ThreeCrop


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


def test_each_of_several_crops_has_boxes_of_its_own():
    proposals = np.array([[1, 2, 5, 4, 0.9]], np.float32)
    found = ThreeCrop(6)(sample([[1, 2, 5, 4], [6, 0, 8, 6]], proposals=proposals))
    # left, right (2 pixels further), middle; what is cut off ends at the last pixel
    assert found['gt_bboxes'].tolist() == [[[1, 2, 5, 4], [5, 0, 5, 5]],
                                           [[0, 2, 3, 4], [4, 0, 5, 5]],
                                           [[0, 2, 4, 4], [5, 0, 5, 5]]]
    np.testing.assert_allclose(found['proposals'][1], [[0, 2, 3, 4, 0.9]])
    found = TenCrop(4)(sample([[1, 2, 5, 4]]))
    for place, (crop, mirrored) in enumerate(zip(found['gt_bboxes'][0::2],
                                                 found['gt_bboxes'][1::2], strict=True)):
        box = found['crop_bbox'][2 * place]
        alone = sample([[1, 2, 5, 4]])
        alone['gt_bboxes'][:, 0::2] -= box[0]
        alone['gt_bboxes'][:, 1::2] -= box[1]
        assert crop.tolist() == np.clip(alone['gt_bboxes'], 0, 3).tolist()
        flipped = Flip(1.0)(sample(crop, 4, 4))
        assert mirrored.tolist() == flipped['gt_bboxes'].tolist()
    assert 'proposals' not in found and len(TenCrop(4)(sample([]))['gt_bboxes']) == 0


def test_mirrored_joints_change_sides():
    joints = np.array([[[[1., 2], [0, 0], [6, 5]]]])        # nose, left hand (unseen), right hand
    score = np.array([[[0.9, 0., 0.7]]])
    start = sample([], keypoint=joints, keypoint_score=score)
    found = Flip(1.0, left_kp=[1], right_kp=[2])(dict(start))
    assert found['keypoint'].tolist() == [[[[7, 2], [2, 5], [0, 0]]]]
    assert found['keypoint_score'].tolist() == [[[0.9, 0.7, 0.]]]
    assert joints[0, 0, 0, 0] == 1
    assert Flip(1.0, 'vertical')(dict(start))['keypoint'] is joints
    with pytest.raises(InputError, match='1 joints in left_kp, 0 in right_kp'):
        Flip(left_kp=[1])
