import importlib.util

import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import AugMix, RandAugment


def frames(height=40, width=60, num=4):
    y, x = np.mgrid[:height, :width]
    return [np.stack([4 * x, 6 * y, x + y + i], -1).astype(np.uint8) for i in range(num)]


def run(name, seed=0, imgs=None, **args):
    transform = TRANSFORMS.build(dict(type=name, **args))
    return transform(dict(imgs=imgs or frames(), rng=np.random.default_rng(seed)))


def test_pytorchvideo_names_are_ours():
    assert type(TRANSFORMS.build(dict(type='pytorchvideo.AugMix'))) is AugMix
    built = TRANSFORMS.build(dict(type='pytorchvideo.RandAugment', magnitude=7, num_layers=4))
    assert type(built) is RandAugment and (built.magnitude, built.num_layers) == (7, 4)
    built = TRANSFORMS.build(dict(type='PytorchVideoWrapper', op='AugMix', width=2))
    assert type(built) is AugMix and built.width == 2


@pytest.mark.parametrize('size, shape', [((40, 60), (20, 30)), ((60, 41), (29, 20)),
                                         ((41, 60), (20, 29)), ((30, 30), (20, 20))])
def test_short_side_scale(size, shape):
    sample = run('pytorchvideo.ShortSideScale', imgs=frames(*size), size=20)
    assert sample['img_shape'] == shape == sample['imgs'][3].shape[:2]


def test_random_short_side_scale_draws_the_closed_range():
    found = {run('pytorchvideo.RandomShortSideScale', seed, min_size=10, max_size=12)['img_shape']
             for seed in range(40)}
    assert found == {(10, 15), (11, 16), (12, 18)}


def test_random_resized_crop_resizes():
    args = dict(target_height=16, target_width=24, scale=(0.2, 0.5), aspect_ratio=(0.5, 2.0))
    sample = run('pytorchvideo.RandomResizedCrop', **args)
    assert [img.shape for img in sample['imgs']] == [(16, 24, 3)] * 4
    x0, y0, x1, y1 = sample['crop_bbox']
    assert 0.18 < (x1 - x0) * (y1 - y0) / 2400 < 0.52
    again = run('pytorchvideo.RandomResizedCrop', **args)
    assert (again['imgs'][2] == sample['imgs'][2]).all()
    assert (run('pytorchvideo.RandomResizedCrop', 1, **args)['crop_bbox']
            != sample['crop_bbox']).any()


@pytest.mark.parametrize('cfg, message', [
    (dict(type='pytorchvideo.AugMixx'), "'pytorchvideo.AugMixx' .* did you mean 'AugMix'"),
    (dict(type='pytorchvideo.RandAugment', layers=2), "takes no argument 'layers'"),
    (dict(type='pytorchvideo.ShortSideScale'), "needs the argument 'size'"),
    (dict(type='pytorchvideo.RandomShortSideScale', min_size=9, max_size=8), 'max_size')])
def test_wrong_names_and_arguments(cfg, message):
    with pytest.raises(InputError, match=message):
        TRANSFORMS.build(cfg)


@pytest.mark.skipif(importlib.util.find_spec('torchvision') is not None,
                    reason='torchvision is installed')
@pytest.mark.parametrize('cfg', [dict(type='torchvision.RandomGrayscale', p=0.2),
                                 dict(type='TorchVisionWrapper', op='RandomGrayscale')])
def test_a_missing_torchvision_is_named(cfg):
    with pytest.raises(InputError, match=r"'torchvision.RandomGrayscale' needs torchvision, which "
                                         r'cannot be imported .*pip install torchvision'):
        TRANSFORMS.build(cfg)


@pytest.mark.thirdparty
@pytest.mark.parametrize('name, args, shape', [
    ('RandomGrayscale', dict(p=1.0), (40, 60)), ('ColorJitter', dict(hue=0.2), (40, 60)),
    ('RandAugment', {}, (40, 60)), ('AugMix', {}, (40, 60)),
    ('RandomResizedCrop', dict(size=16, interpolation='bilinear', antialias=True), (16, 16)),
    ('RandomErasing', dict(p=1.0), (40, 60)), ('TrivialAugmentWide', {}, (40, 60))])
def test_torchvision_s_transforms_draw_from_the_sample(name, args, shape):
    pytest.importorskip('torchvision')
    import torch
    torch.manual_seed(5)
    state = torch.get_rng_state()
    clips = [run(f'torchvision.{name}', seed, **args) for seed in (1, 1, 2, 3, 4, 5)]
    assert torch.equal(torch.get_rng_state(), state)
    for clip in clips:
        assert [img.shape for img in clip['imgs']] == [(*shape, 3)] * 4
        assert clip['imgs'][0].dtype == np.uint8 and clip['img_shape'] == shape
    found = [np.stack(clip['imgs']).tobytes() for clip in clips]
    assert found[0] == found[1] and (name == 'RandomGrayscale' or len(set(found)) >= 3)


@pytest.mark.thirdparty
def test_one_draw_serves_all_frames():
    pytest.importorskip('torchvision')
    same = [frames()[0]] * 3
    imgs = run('torchvision.RandomHorizontalFlip', imgs=same, p=1.0)['imgs']
    assert all((img == same[0][:, ::-1]).all() for img in imgs)
    flow = [img[..., 0] for img in same]
    assert (run('torchvision.RandomHorizontalFlip', imgs=flow, p=1.0)['imgs'][1]
            == flow[0][:, ::-1]).all()


@pytest.mark.thirdparty
@pytest.mark.parametrize('cfg, message', [
    (dict(type='torchvision.RandomGreyscale'), "did you mean 'RandomGrayscale'"),
    (dict(type='torchvision.RandomGrayscale', q=1), 'cannot be built from')])
def test_wrong_names_of_torchvision(cfg, message):
    pytest.importorskip('torchvision')
    with pytest.raises(InputError, match=message):
        TRANSFORMS.build(cfg)
    with pytest.raises(InputError, match='gives no clip'):
        run('torchvision.FiveCrop', size=8)
