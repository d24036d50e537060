"""Views that are cut on the device equal, bit for bit, those that the pipeline cuts."""
import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import default_collate

from mmvideo.errors import InputError
from mmvideo.models.views import Views
from mmvideo.registry import MODELS, TRANSFORMS

COLORS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])


def video(num_frames=30, height=40, width=60, seed=0):
    """Random frames; those of one index are one object, as decoders give them."""
    return np.random.default_rng(seed).integers(0, 256, (num_frames, height, width, 3), np.uint8)


def pipeline(crop, clip_len, num_clips, on_device, size=32):
    layout = 'NCTHW' if clip_len > 1 else 'NCHW'
    return TRANSFORMS.build(dict(type='Compose', transforms=[
        dict(type='SampleFrames', clip_len=clip_len, frame_interval=2, num_clips=num_clips,
             test_mode=True),
        frames_of, dict(type='Resize', scale=(-1, size)),
        dict(type=crop, crop_size=size if crop == 'ThreeCrop' else size - 8, on_device=on_device),
        dict(type='FormatShape', input_format=layout),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]))


def frames_of(results):
    distinct = list(results.pop('video'))
    return dict(results, imgs=[distinct[i] for i in results['frame_inds'].tolist()])


def sample(*args, **more):
    return dict(video=video(*args, **more), total_frames=30, start_index=0, label=1)


CASES = [('ThreeCrop', 8, 4), ('ThreeCrop', 8, 1), ('TenCrop', 4, 3), ('ThreeCrop', 1, 6),
         ('TenCrop', 1, 1)]


@pytest.mark.parametrize('crop, clip_len, num_clips', CASES)
def test_views_equal_those_of_the_pipeline(crop, clip_len, num_clips):
    plain, ours = (pipeline(crop, clip_len, num_clips, on_device)
                   for on_device in (False, True))
    preprocess = MODELS.build(dict(type='ActionDataPreprocessor', **COLORS))
    wanted = preprocess(default_collate([plain(sample(seed=i)) for i in range(2)]))['imgs']
    compact = [ours(sample(seed=i)) for i in range(2)]
    for collate in (default_collate, pseudo_collate):
        views = preprocess(collate(copy.copy(compact)))['imgs']
        assert tuple(views.shape) == tuple(wanted.shape) and views.dim() == wanted.dim()
        assert torch.equal(views.gather(), wanted)
        assert torch.equal(views.flip(-1).gather(), wanted.flip(-1))
        for size in (1, 3, 7, 1000):
            chunks = list(views.split(size))
            assert all(chunk.is_contiguous() for chunk in chunks)
            for one, other in zip(chunks, wanted.flatten(0, 1).split(size), strict=True):
                assert torch.equal(one, other)


def test_the_sample_holds_each_frame_once():
    plain, ours = (pipeline('ThreeCrop', 8, 4, on_device)(sample()) for on_device in (False, True))
    clips = TRANSFORMS.build(dict(type='SampleFrames', clip_len=8, frame_interval=2, num_clips=4,
                                  test_mode=True))(sample())['frame_inds']
    frames, inds = ours['imgs']['frames'], ours['imgs']['inds']
    assert frames.shape == (len(np.unique(clips)), 32, 48, 3) and inds.shape == (4, 8)
    assert plain['imgs'].shape == (12, 3, 8, 32, 32)
    # Wide frames against three squares of each, and each frame once.
    ratio = frames.numel() / plain['imgs'].numel()
    assert ratio == len(np.unique(clips)) / clips.size * 48 / 96
    assert ours['imgs']['boxes'].tolist() == [[0, 0, 32, 32, 0], [16, 0, 48, 32, 0],
                                              [8, 0, 40, 32, 0]]


@pytest.mark.parametrize('limit', [None, 2])
@pytest.mark.parametrize('test_cfg', [{}, dict(flip=True)])
@pytest.mark.parametrize('clip_len', [1, 8])
def test_recognizers_say_the_same(clip_len, limit, test_cfg):
    if clip_len == 1:
        network = dict(
            type='Recognizer2D', backbone=dict(type='ResNetTSM', depth=18, base_channels=4,
                                               num_segments=6),
            cls_head=dict(type='TSMHead', num_classes=5, in_channels=32, num_segments=6))
    else:
        network = dict(
            type='Recognizer3D', backbone=dict(type='ResNet3dSlowOnly', depth=18, pretrained=None,
                                               base_channels=4, lateral=False,
                                               inflate=(0, 0, 1, 1)),
            cls_head=dict(type='I3DHead', num_classes=5, in_channels=32))
    model = MODELS.build(dict(
        network, test_cfg=dict(test_cfg, average_clips='prob', max_testing_views=limit),
        data_preprocessor=dict(type='ActionDataPreprocessor', **COLORS))).eval()
    plain, ours = (default_collate([pipeline('ThreeCrop', clip_len, 6, on_device)(sample(seed=i))
                                    for i in range(2)]) for on_device in (False, True))
    with torch.no_grad():
        for wanted, found in zip(model.val_step(plain), model.val_step(ours), strict=True):
            assert torch.equal(wanted['score'], found['score']) and found['label'] == 1
        # Whoever wants all views at once has them, too.
        prepared = [model.data_preprocessor(batch) for batch in (plain, ours)]
        assert torch.equal(*(model(**batch) for batch in prepared))
        losses = [model(**batch, mode='loss')['loss_cls'] for batch in prepared]
        assert torch.equal(*losses)
    trained = model.data_preprocessor(ours, training=True)['imgs']
    assert torch.equal(trained, prepared[0]['imgs'])


def test_videos_of_different_length_and_size_make_a_batch():
    step = pipeline('ThreeCrop', 4, 2, True)
    samples = [step(sample()), step(dict(sample(12, 60, 50), total_frames=12))]
    assert samples[0]['imgs']['frames'].shape != samples[1]['imgs']['frames'].shape
    preprocess = MODELS.build(dict(type='ActionDataPreprocessor', **COLORS))
    views = preprocess(pseudo_collate(samples))['imgs']
    plain = pipeline('ThreeCrop', 4, 2, False)
    wanted = preprocess(default_collate(
        [plain(sample()), plain(dict(sample(12, 60, 50), total_frames=12))]))['imgs']
    assert isinstance(views, Views) and torch.equal(views.gather(), wanted)
    other = pipeline('TenCrop', 4, 2, True)(sample())
    with pytest.raises(InputError, match='different numbers of views; test_dataloader.batch_size'):
        preprocess(pseudo_collate([samples[0], other]))


def test_what_cannot_wait_is_told():
    frames = list(video(4))
    crop = TRANSFORMS.build(dict(type='ThreeCrop', crop_size=40, on_device=True))
    ten = TRANSFORMS.build(dict(type='TenCrop', crop_size=40, on_device=True))
    for step in (dict(type='Flip', flip_ratio=1), dict(type='Resize', scale=(-1, 20)),
                 dict(type='CenterCrop', crop_size=20), dict(type='TenCrop', crop_size=20)):
        with pytest.raises(InputError, match='on_device=True are cut later, nothing but FormatSh'):
            TRANSFORMS.build(step)(crop(dict(imgs=list(frames), rng=np.random.default_rng(0))))
    for layout in ('NCHW_Flow', 'NPTCHW'):
        with pytest.raises(InputError, match=f"need input_format 'NCHW' or .*not '{layout}'"):
            TRANSFORMS.build(dict(type='FormatShape', input_format=layout))(
                crop(dict(imgs=list(frames))))
    # Of optical flow, whose x and y are not joined yet, the crops are cut at once.
    found = ten(dict(imgs=[frame[..., 0] for frame in frames], modality='Flow'))
    assert len(found['imgs']) == 10 * len(frames) and 'view_boxes' not in found


def test_frames_that_clips_share_are_resized_once(monkeypatch):
    import mmcv
    calls, resize = [], mmcv.imresize
    monkeypatch.setattr(mmcv, 'imresize', lambda img, *a, **k: calls.append(1) or resize(
        img, *a, **k))
    step = TRANSFORMS.build(dict(type='Resize', scale=(-1, 20)))
    first, second = video(2)
    found = step(dict(imgs=[first, second, first]))['imgs']
    assert len(calls) == 2 and found[0] is found[2] and found[0] is not found[1]
    # Of an array every frame is another, though its views may come and go at one place.
    found = step(dict(imgs=np.stack([first, second, first])))['imgs']
    assert np.array_equal(found[1], resize(second, (30, 20)))
