"""Frame by frame and window by window: the scores are those of the same frames offline."""
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from streams import CLASSES, network, slow_only, tsm, write_video  # noqa: E402

from mmvideo.apis import inference_recognizer  # noqa: E402
from mmvideo.decoders import open_video  # noqa: E402
from mmvideo.errors import InputError  # noqa: E402
from mmvideo.models.blocks.shift import TemporalShift  # noqa: E402
from mmvideo.registry import MODELS  # noqa: E402
from mmvideo.streaming import (  # noqa: E402
    FrameByFrame,
    FrameReader,
    OnlineRecognizer,
    SlidingWindow,
    has_online_form,
)

COUNT = 14


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp('stream') / 'a.mp4', COUNT)


@pytest.fixture(scope='module')
def pictures(video):
    return np.stack(open_video(str(video)).read(range(COUNT)))


def offline(model, images):
    """Probabilities that a network gives a clip, by class."""
    scores = dict(inference_recognizer(model, images, CLASSES[:model.cls_head.num_classes]))
    return scores


def assert_same(prediction, expected):
    """Of the best five, which is what is known."""
    best = prediction.best(CLASSES, count=5)
    assert [name for name, _ in best] == list(expected)
    np.testing.assert_allclose([s for _, s in best], list(expected.values()), rtol=0, atol=1e-5)


def rows_of(model, frames):
    """Scores of every frame of one clip, from the offline network."""
    with torch.no_grad():
        batch = torch.from_numpy(frames).permute(0, 3, 1, 2)[None, :, :, :32, :32]
        imgs = model.data_preprocessor(dict(imgs=batch))['imgs'][0]
        imgs = imgs.to(model.cls_head.fc_cls.weight.dtype)
        features = model.cls_head.pool(model.backbone(imgs))
        return imgs, model.cls_head.fc_cls(features)


@pytest.mark.parametrize('backbone', [
    dict(causal='first'), dict(causal='second', shift_place='block'),
    dict(kind='MobileNetV2TSM', causal='first'), dict(kind='MobileNetV2TSM', causal='second')])
def test_frame_by_frame_is_the_offline_causal_network(backbone, video, pictures):
    model = tsm(COUNT, average_clips='prob', **backbone)
    model.double()
    imgs, expected = rows_of(model, pictures)
    online = OnlineRecognizer(model)
    with torch.no_grad():
        for _ in range(2):      # and again after reset()
            found = torch.cat([online.step(frame[None]) for frame in imgs])
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
            online.reset()
        pair = torch.stack([imgs, imgs.flip(0)], 1)
        found = torch.stack([online.step(frames) for frames in pair])
    torch.testing.assert_close(found[:, 0], expected, rtol=0, atol=1e-10)
    assert (found[:, 1] - expected).abs().max() > 0.01
    # The past tells: frames that are alone score otherwise. The future does not.
    assert (rows_of(model, pictures[-1:].repeat(COUNT, 0))[1][0] - expected[-1]).abs().max() > 0.01
    changed = pictures.copy()
    changed[9:] = 0
    torch.testing.assert_close(rows_of(model, changed)[1][:9], expected[:9], rtol=0,
                               atol=1e-10)
    # The whole way of a file, against the whole way of a test run, whose clip is all of it.
    model.float()
    with FrameReader(video) as frames:
        predictions = list(FrameByFrame(model).over(frames))
    assert [p.frames for p in predictions] == [(0, k) for k in range(COUNT)]
    assert_same(predictions[-1], offline(model, str(video)))


def test_a_network_that_looks_both_ways_is_approximated(pictures):
    model = tsm(COUNT)
    scores = offline(model, pictures)
    online = OnlineRecognizer(model)
    assert not online.is_exact and OnlineRecognizer(tsm(COUNT, causal='first')).is_exact
    imgs, both = rows_of(model, pictures)
    causal = tsm(COUNT, causal='second')
    causal.load_state_dict(model.state_dict())
    with torch.no_grad():
        found = torch.cat([online.step(frame[None]) for frame in imgs])
    torch.testing.assert_close(found, rows_of(causal, pictures)[1], rtol=0, atol=1e-5)
    assert (found - both).abs().max() > 0.01
    # The model itself stays, and its weights are those of the stream.
    assert offline(model, pictures) == scores
    assert any(isinstance(m, TemporalShift) for m in model.backbone.modules())
    assert {id(p) for p in online.parameters()} == {id(p) for p in model.parameters()}


def test_averages_of_frames_and_of_predictions(video, pictures):
    model = tsm(4, causal='first', average_clips='prob')
    model_of_all = tsm(COUNT, causal='first')
    model_of_all.load_state_dict(model.state_dict())
    rows = rows_of(model_of_all, center(pictures))[1]
    with FrameReader(video) as frames:
        found = list(FrameByFrame(model, every=3, input_step=1, average_size=2).over(frames))
    assert [p.frames for p in found] == [(0, 2), (2, 5), (5, 8), (8, 11)]
    assert [p.seconds for p in found] == [(0, .2), (.2, .5), (.5, .8), (.8, 1.1)]
    single = [rows[a:b + 1].mean(0).softmax(-1) for a, b in (p.frames for p in found)]
    np.testing.assert_allclose(found[0].scores, single[0], atol=1e-5)
    np.testing.assert_allclose(found[3].scores, (single[2] + single[3]) / 2, atol=1e-5)


def center(pictures):
    """What Resize and CenterCrop of the test network's config leave."""
    import cv2
    return np.stack([cv2.resize(p, (48, 36))[2:34, 8:40] for p in pictures])


@pytest.mark.parametrize('model, message', [
    (lambda: tsm(8, non_local=((0, 1), 0, 0, 0), non_local_cfg=dict(
        mode='gaussian', norm_cfg=dict(type='BN3d'))), 'its non-local blocks or temporal pooling'),
    (lambda: tsm(8, is_shift=False), 'ResNetTSM has no temporal shift'),
    (slow_only, 'ResNet3dSlowOnly has no temporal shift'),
])
def test_networks_without_an_online_form(model, message):
    model = model()
    assert not has_online_form(model) and has_online_form(tsm())
    with pytest.raises(InputError, match=f'cannot run frame by frame: {message}.*sliding windows'):
        FrameByFrame(model)


def test_frames_of_another_size():
    online = OnlineRecognizer(tsm())
    with torch.no_grad():
        online.step(torch.zeros(1, 3, 32, 32))
        with pytest.raises(InputError, match=r'\[2, 3, 32, 32\] after some of \[1, 3, 32, 32\]'):
            online.step(torch.zeros(2, 3, 32, 32))


# A clip of slow_only() is 4 frames 2 apart, a window 8 long; of tsm(4) it is 4.
WINDOWS = [
    (slow_only, dict(stride=0.5), [(0, 7), (4, 11), (6, 13)]),
    (slow_only, dict(stride=1), [(0, 7), (6, 13)]),
    (slow_only, dict(stride=0), [(k, k + 7) for k in range(7)]),
    (slow_only, dict(stride=0.1), [(k, k + 7) for k in range(7)]),
    (slow_only, dict(every=6), [(0, 7), (6, 13)]),
    (lambda: tsm(4), dict(stride=1.5), [(0, 3), (6, 9), (10, 13)]),
    (lambda: tsm(4), dict(stride=1, input_step=3), [(0, 9), (3, 12)]),
]


@pytest.mark.parametrize('make, how, expected', WINDOWS)
def test_windows_score_as_their_frames_do(make, how, expected, video, pictures):
    model = make()
    step = how.get('input_step', 1)
    with FrameReader(video) as frames:
        found = list(SlidingWindow(model, **how).over(frames))
    assert [p.frames for p in found] == expected
    for prediction, (first, last) in list(zip(found, expected, strict=True))[::3]:
        np.testing.assert_allclose(prediction.seconds, (first / 10, last / 10), atol=1e-6)
        scores = inference_recognizer(model, pictures[first:last + 1:step], CLASSES)
        rows = dict(scores)
        if model.test_cfg['average_clips'] == 'score':      # as probabilities, of the best five
            top = torch.tensor(list(rows.values()))
            shares = np.array([s for _, s in prediction.best(CLASSES, count=5)])
            np.testing.assert_allclose(shares / shares.sum(), top.softmax(0), atol=1e-5)
            assert [n for n, _ in prediction.best(CLASSES, count=5)] == list(rows)
        else:
            assert_same(prediction, rows)
    assert len({p.scores.argmax() for p in found}) > 1 or np.ptp(
        [p.scores for p in found], axis=0).max() > 0.01


@pytest.mark.parametrize('make, count', [
    (slow_only, 5), (slow_only, 1), (lambda: slow_only(out_of_bound_opt='repeat_last'), 5),
    (lambda: tsm(8, average_clips='prob'), 5)])
def test_a_stream_shorter_than_a_window(make, count, tmp_path):
    model = make()
    video = write_video(tmp_path / 'short.mp4', count)
    with FrameReader(video) as frames:
        found, = SlidingWindow(model, stride=0.5).over(frames)
    assert found.frames == (0, count - 1)
    assert_same(found, offline(model, str(video)))


def test_windows_at_the_frame_rate_of_the_config(video, pictures):
    model = slow_only(target_fps=5)
    with pytest.raises(InputError, match='target_fps=5; the source does not tell its frame rate'):
        SlidingWindow(model)
    # 4 frames 2 apart at 5 a second are 16 of 10 a second, or 8 of every second one.
    assert SlidingWindow(model, fps=10.).length == 16
    scorer = SlidingWindow(model, fps=10., input_step=2)
    assert scorer.length == 8
    with FrameReader(video) as frames:
        found, = scorer.over(frames)
    assert found.frames == (0, 12)


def test_several_labels_are_no_shares():
    model = network(dict(type='ResNetTSM', depth=18, base_channels=8),
                    dict(type='TSMHead', in_channels=64, multi_class=True,
                         loss_cls=dict(type='BCELossWithLogits')),
                    dict(type='SampleFrames', clip_len=1, num_clips=8))
    scorer = SlidingWindow(model)
    first = type('F', (), dict(number=0, seconds=0.))
    found = scorer._prediction(first, first, torch.tensor([[0., 2.], [0., -2.]]))
    np.testing.assert_allclose(found.scores, [0.5, 0.5], atol=1e-6)
    assert found.best(['a', 'b'], 0.6) == [] and len(found.best(['a', 'b'], 0.4)) == 2


@pytest.mark.parametrize('how, message', [
    (dict(stride=-0.5), 'stride: expected a share .* 0 or more, got -0.5'),
    (dict(stride=float('nan')), 'stride: .* got nan'),
    (dict(stride='all'), "got 'all'"),
    (dict(every=0), 'every: expected a whole number, 1 or more, got 0'),
    (dict(input_step=1.5), 'input_step: .* got 1.5'),
    (dict(average_size=True), 'average_size: .* got True'),
])
def test_wrong_arguments(how, message):
    with pytest.raises(InputError, match=message):
        SlidingWindow(tsm(), **how)


def test_configs_that_do_not_stream():
    model = tsm()
    pipeline = model.cfg.test_dataloader.dataset.pipeline
    model.cfg.test_dataloader.dataset.pipeline = pipeline[3:]
    with pytest.raises(InputError, match='decodes frames that one of SampleFrames.*has Resize'):
        SlidingWindow(model)
    model.cfg.test_dataloader.dataset = dict(pipeline=pipeline, modality='Flow')
    with pytest.raises(InputError, match='the config tests on Flow'):
        SlidingWindow(model)
    cfg = {k: v for k, v in tsm().cfg.model.items() if k != 'cls_head'}
    headless = MODELS.build(cfg)
    with pytest.raises(InputError, match="needs a 'cls_head'"):
        SlidingWindow(headless)
