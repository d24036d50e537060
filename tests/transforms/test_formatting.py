import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from mmvideo.errors import InputError
from mmvideo.transforms import (
    Collect,
    FormatShape,
    ImageToTensor,
    JoinFlow,
    Normalize,
    PackActionInputs,
    Rename,
    ToDataContainer,
    ToTensor,
    Transpose,
)


def test_recorded_shapes(recorded, fill):
    cases = recorded('format_shape')
    assert len(cases) == 35
    for case in cases:
        sample = dict(case['results'], imgs=list(fill.make_frames(*case['input']['make_frames'])))
        if 'error' in case:
            with pytest.raises(InputError):
                FormatShape(**case['args'])(sample)
            continue
        sample = FormatShape(**case['args'])(sample)
        assert fill.compare(case['imgs'], sample['imgs']) < 1e-6, case
        assert list(sample['input_shape']) == case['input_shape']
        assert sample['imgs'].dtype == np.uint8


@pytest.mark.parametrize('layout, shape, where', [
    ('NCTHW', (6, 3, 4, 2, 5), lambda v, t: (v, 0, t, 0, 0)),
    ('NCHW', (24, 3, 2, 5), lambda v, t: (4 * v + t, 0, 0, 0))])
def test_views_come_crop_by_crop(layout, shape, where):
    # 3 crops of 2 clips of 4 frames; a frame holds its number
    imgs = [np.full((2, 5, 3), i, np.uint8) for i in range(24)]
    sample = FormatShape(layout)(dict(imgs=imgs, num_clips=2, clip_len=4))
    assert sample['imgs'].shape == shape
    for crop in range(3):
        for clip in range(2):
            for frame in range(4):
                place = where(2 * crop + clip, frame)
                assert sample['imgs'][place] == 8 * crop + 4 * clip + frame


def test_flow_that_was_joined_stays_uint8():
    imgs = [np.full((2, 3), i, np.uint8) for i in range(10)]
    sample = JoinFlow()(dict(imgs=imgs, num_clips=1, clip_len=5))
    sample = FormatShape('NCHW_Flow')(sample)
    assert sample['imgs'].shape == (1, 10, 2, 3) and sample['imgs'].dtype == np.uint8
    assert sample['imgs'][0, :, 0, 0].tolist() == list(range(10))


def test_format_shape_errors():
    with pytest.raises(InputError, match="one of 'NCTHW', 'NCHW', 'NCHW_Flow', 'NPTCHW', not 'C'"):
        FormatShape('C')
    with pytest.raises(InputError, match='7 frames cannot be shared out into parts of 4'):
        FormatShape('NCTHW')(dict(imgs=[np.zeros((2, 2, 3))] * 7, num_clips=1, clip_len=4))
    with pytest.raises(InputError, match='collapse needs one view, not 2'):
        FormatShape('NCTHW', collapse=True)(
            dict(imgs=[np.zeros((2, 2, 3))] * 8, num_clips=1, clip_len=4))


@pytest.mark.parametrize('to_bgr, expected', [(False, [1., 2., 1.5]), (True, [4., 2., 0.])])
def test_normalize_pictures(to_bgr, expected):
    img = np.array([[[20, 30, 50]]], np.uint8)
    normalize = Normalize(mean=[10, 10, 20], std=[10, 10, 20], to_bgr=to_bgr)
    sample = normalize(dict(imgs=[img, img], modality='RGB'))
    assert sample['imgs'].shape == (2, 1, 1, 3) and sample['imgs'].dtype == np.float32
    np.testing.assert_allclose(sample['imgs'][1, 0, 0], expected)
    assert sample['img_norm_cfg']['to_bgr'] is to_bgr


def test_normalize_flow_joins_x_and_y():
    imgs = [np.full((2, 2), v, np.uint8) for v in (128, 138, 148, 158)]
    sample = Normalize([128, 128], [10, 20])(dict(imgs=imgs, modality='Flow'))
    assert sample['imgs'].shape == (2, 2, 2, 2)
    np.testing.assert_allclose(sample['imgs'][:, 0, 0], [[0, 0.5], [2, 1.5]])


@pytest.mark.parametrize('args, message', [
    (dict(mean=[1, 2, 3], std=[1, 2]), 'mean has 3 channels, std 2'),
    (dict(mean=0.5, std=[1]), 'mean must be a list'),
    (dict(mean=[0.5], std=[0]), 'std must be positive')])
def test_wrong_normalization(args, message):
    with pytest.raises(InputError, match=message):
        Normalize(**args)


def test_collect_keeps_what_it_is_told():
    sample = dict(imgs=1, label=2, filename='a.mp4', img_shape=(2, 3), flip_direction=None)
    assert Collect(['imgs', 'label'], meta_keys=[])(dict(sample)) == dict(imgs=1, label=2)
    kept = Collect(['imgs'])(dict(sample))
    assert kept == dict(imgs=1, img_metas=dict(filename='a.mp4', label=2, img_shape=(2, 3)))
    batch = default_collate([kept, kept])
    assert batch['img_metas']['filename'] == ['a.mp4', 'a.mp4']
    assert Collect(['imgs'], meta_keys=[], nested=True)(sample) == dict(imgs=[1])
    with pytest.raises(KeyError, match='audios'):
        Collect(['audios'])(sample)
    with pytest.raises(InputError, match="keys must be a list of names, not 'imgs'"):
        Collect('imgs')


@pytest.mark.parametrize('value, expected', [
    (7, torch.tensor([7])), (np.int32(7), torch.tensor([7])), (0.5, torch.tensor([0.5])),
    ([1, 2], torch.tensor([1, 2])), (np.array([1], np.uint8), torch.tensor([1], dtype=torch.uint8)),
    (torch.tensor([1., 0.]), torch.tensor([1., 0.]))])
def test_to_tensor(value, expected):
    found = ToTensor(['x'])(dict(x=value))['x']
    assert found.dtype == expected.dtype and torch.equal(found, expected)


def test_to_tensor_refuses_text():
    with pytest.raises(InputError, match='x is a str; expected an array'):
        ToTensor(['x'])(dict(x='seven'))


def test_rename_and_transpose():
    assert Rename(dict(imgs='frames', none='z'))(dict(imgs=1, label=2)) == dict(frames=1, label=2)
    with pytest.raises(InputError, match="has a key 'label' already"):
        Rename(dict(imgs='label'))(dict(imgs=1, label=2))
    sample = Transpose(['x'], (2, 0, 1))(dict(x=np.zeros((4, 5, 3))))
    assert sample['x'].shape == (3, 4, 5)
    with pytest.raises(InputError, match='order'):
        Transpose(['x'], (0, 0, 1))


def test_pack_action_inputs():
    sample = dict(imgs=np.zeros((1, 3, 2, 2), np.uint8), label=3, img_shape=(2, 2), other=1,
                  video_id=None, mask=[1, 0])
    packed = PackActionInputs()(dict(sample))
    assert sorted(packed) == ['img_metas', 'imgs', 'label']
    assert packed['imgs'].dtype == torch.uint8 and packed['label'].tolist() == [3]
    assert packed['img_metas'] == dict(img_shape=(2, 2))
    packed = PackActionInputs(['imgs'], meta_keys=(), algorithm_keys=['mask'])(dict(sample))
    assert sorted(packed) == ['imgs', 'mask'] and packed['mask'].tolist() == [1, 0]
    assert list(PackActionInputs(meta_keys=())(dict(audios=np.zeros(3)))) == ['audios']
    with pytest.raises(InputError, match='has neither imgs nor audios'):
        PackActionInputs()(dict(label=3))
    with pytest.raises(KeyError, match='mask'):
        PackActionInputs(algorithm_keys=['mask'])(dict(imgs=np.zeros(3)))
    with pytest.raises(InputError, match='meta_keys must be a list of names'):
        PackActionInputs(meta_keys='img_shape')


def test_image_to_tensor():
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    found = ImageToTensor(['img'])(dict(img=picture))['img']
    assert found.shape == (3, 2, 4) and found[1].tolist() == picture[..., 1].tolist()


def test_containers_of_the_past_are_accepted():
    step = ToDataContainer([dict(key='imgs', stack=True)])
    sample = dict(imgs=1, label=2)
    assert step(sample) is sample
    with pytest.raises(KeyError):
        step(dict(label=2))
    with pytest.raises(InputError, match="fields must be dicts with a 'key'"):
        ToDataContainer(['imgs'])
