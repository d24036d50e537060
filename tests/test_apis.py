"""One recognizer, one video: files, frames, arrays and sounds give the scores of a test run."""
import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import AUDIO, ROOT, TSM, main_of, options  # noqa: E402

from mmvideo.apis import inference_recognizer, init_recognizer  # noqa: E402
from mmvideo.command import KeyValues  # noqa: E402
from mmvideo.engine.run import load_config  # noqa: E402
from mmvideo.errors import InputError, MissingFileError  # noqa: E402
from mmvideo.evaluation import read_scores  # noqa: E402
from mmvideo.registry import MODELS  # noqa: E402
from mmvideo.transforms import PyAVDecode, PyAVInit  # noqa: E402


def config_of(path, flags):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues)
    return load_config(path, parser.parse_args(flags).cfg_options)


def made(embedded, folder, path, kind):
    """A network with random weights, its checkpoint, and what tools/test.py scores with it."""
    flags = options(embedded, kind)
    cfg = config_of(path, flags)
    torch.manual_seed(0)
    network = MODELS.build(cfg.model)
    network.init_weights()
    # As drawn, the classifier hardly tells two videos apart.
    torch.nn.init.normal_(network.cls_head.fc_cls.weight, std=0.5)
    checkpoint = folder / f'{kind}.pth'
    torch.save(dict(state_dict=network.state_dict(), meta={}), checkpoint)
    out = folder / f'{kind}.json'
    assert main_of('tools/test.py')([path, str(checkpoint), '--out', str(out), '--work-dir',
                                     str(folder), *flags]) == 0
    return cfg, checkpoint, read_scores(out)


@pytest.fixture(scope='module')
def sight(embedded, tmp_path_factory):
    cfg, checkpoint, scores = made(embedded, tmp_path_factory.mktemp('sight'), TSM, 'videos')
    return init_recognizer(cfg, checkpoint, device='cpu'), checkpoint, scores


@pytest.fixture(scope='module')
def sound(embedded, tmp_path_factory):
    folder = tmp_path_factory.mktemp('sound')
    cfg, checkpoint, scores = made(embedded, folder, AUDIO, 'audio_features')
    return init_recognizer(cfg, str(checkpoint), 'cpu'), checkpoint, scores


@pytest.fixture(scope='module')
def clip(embedded):
    """A video of the validation list, as the list has it, its place, and all its frames."""
    name = (embedded / 'val_videos.txt').read_text().split()[0]
    sample = PyAVInit()(dict(filename=str(embedded / 'videos' / name)))
    sample['frame_inds'] = np.arange(sample['total_frames'])
    return embedded / 'videos' / name, np.stack(PyAVDecode()(sample)['imgs'])


def by_label(best):
    assert len(best) == 5
    assert [score for _, score in best] == sorted((s for _, s in best), reverse=True)
    return dict(best)


def assert_scores(best, vector, classes, atol=1e-5):
    """The five are the best five of a score vector, by name."""
    order = np.argsort(-vector)[:5]
    assert [label for label, _ in best] == [classes[i] for i in order]
    np.testing.assert_allclose([score for _, score in best], vector[order], atol=atol)


def write_frames(folder, frames, template, first):
    folder.mkdir()
    for number, frame in enumerate(frames, first):
        assert cv2.imwrite(str(folder / template.format(number)), frame[..., ::-1])
    return folder


@pytest.fixture(scope='module')
def classes(embedded):
    return (embedded / 'classes.txt').read_text().splitlines()


def test_a_file_scores_as_in_a_test_run(sight, embedded, classes):
    model, _, scores = sight
    assert not model.training and model.cfg.model.cls_head.num_classes == 8
    for name, vector in zip(scores.names[:3], scores.scores[:3], strict=True):
        assert_scores(inference_recognizer(model, embedded / 'videos' / name), vector, classes)
    # Otherwise the comparison would show nothing.
    assert np.ptp(scores.scores, axis=0).max() > 0.1


def test_an_array_of_all_frames_scores_as_the_file(sight, clip, classes):
    model, _, scores = sight
    assert_scores(inference_recognizer(model, clip[1]), scores.scores[0], classes)


@pytest.mark.parametrize('template, first', [
    ('img_{:05}.png', 1), ('img_{:05}.png', 0), ('{:03}.png', 7), ('frame{}.png', 1),
    ('a{{b}}_2x_{:04}.PNG', 0)])
def test_frames_kept_without_loss_score_as_the_file(sight, clip, classes, tmp_path, template,
                                                    first):
    model, _, scores = sight
    folder = write_frames(tmp_path / 'frames', clip[1], template, first)
    (folder / 'notes.txt').write_text('no frame')
    assert_scores(inference_recognizer(model, str(folder)), scores.scores[0], classes)


def test_numbering_of_jpg_frames_does_not_matter(sight, clip, tmp_path):
    model, _, scores = sight
    found = [by_label(inference_recognizer(model, write_frames(
        tmp_path / f'{first}{digits}', clip[1], f'img_{{:0{digits}}}.jpg', first)))
        for first, digits in ((0, 5), (1, 5), (1, 3), (12, 6))]
    assert all(one == found[0] for one in found)
    # Lossy pictures: near the file, and not the same.
    best = scores.scores[0].max()
    assert 0 < abs(max(found[0].values()) - best) < 0.3 * np.ptp(scores.scores[0])


def test_a_sound_scores_as_in_a_test_run(sound, embedded, classes):
    model, _, scores = sound
    for name, vector in zip(scores.names[:3], scores.scores[:3], strict=True):
        assert_scores(inference_recognizer(model, embedded / 'audio_features' / name), vector,
                      classes)
    assert np.ptp(scores.scores, axis=0).max() > 0.1


def test_names_are_given_known_or_numbers(sight, clip, classes, tmp_path):
    model, checkpoint, scores = sight
    order = np.argsort(-scores.scores[0])[:5]
    mine = [f'class {i}' for i in range(8)]
    assert list(by_label(inference_recognizer(model, clip[0], mine))) == [mine[i] for i in order]
    cfg = model.cfg.copy()
    cfg['classes'] = str(tmp_path / 'gone.txt')
    unnamed = init_recognizer(cfg, checkpoint, 'cpu')
    found = by_label(inference_recognizer(unnamed, clip[0]))
    assert list(found) == list(order) and all(type(label) is int for label in found)


def test_initial_weights_are_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    path = ROOT / 'configs/recognition/tsm/tsm_r50_video_1x1x8_50e_kinetics400_rgb.py'
    cfg = load_config(str(path))
    assert cfg.model.backbone.pretrained == 'torchvision://resnet50'
    model = init_recognizer(str(path), device='cpu')
    assert model.cls_head.num_classes == 400
    assert not list(tmp_path.rglob('*'))


@pytest.mark.parametrize('video, message', [
    (np.zeros((8, 60, 80, 3)), r'array: expected \[T, H, W, 3\] of uint8, got \[8, 60, 80, 3\] of '
     'float64'),
    (np.zeros((60, 80, 3), np.uint8), r'got \[60, 80, 3\] of uint8'),
    (np.zeros((8, 3, 60, 80), np.uint8), r'got \[8, 3, 60, 80\] of uint8'),
    (np.zeros((0, 60, 80, 3), np.uint8), r'got \[0, 60, 80, 3\]'),
    ([np.zeros((60, 80, 3), np.uint8)], 'expected a path or a numpy array .* got list'),
    (None, 'expected a path or a numpy array .* got NoneType'),
])
def test_wrong_arrays(sight, video, message):
    with pytest.raises(InputError, match=message):
        inference_recognizer(sight[0], video)


@pytest.mark.parametrize('names, message', [
    ([], 'holds no frames; expected names like img_00001.jpg'),
    (['notes.txt'], 'holds no frames'),
    (['img_1.jpg', 'img_2.jpg', 'img_4.jpg'], 'frames are missing between img_1.jpg and img_4.jpg'),
    (['img_1.jpg', 'flow_1.jpg'], 'names of several kinds are mixed'),
    (['img_1.jpg', 'flow_2.jpg'], 'img_2.jpg: no such frame'),
    (['img_1.jpg'], 'img_1.jpg: is no picture that cv2 can read'),
])
def test_wrong_folders(sight, tmp_path, names, message):
    for name in names:
        (tmp_path / name).write_bytes(b'no picture')
    if 'no such frame' in message:
        cv2.imwrite(str(tmp_path / names[0]), np.zeros((60, 80, 3), np.uint8))
    with pytest.raises(InputError, match=message):
        inference_recognizer(sight[0], tmp_path)


def test_wrong_files(sight, sound, clip, embedded, tmp_path):
    sees, hears = sight[0], sound[0]
    feature = next((embedded / 'audio_features').rglob('*.npy'))
    with pytest.raises(InputError, match="an audio feature needs a config with 'LoadAudioFeature'"):
        inference_recognizer(sees, feature)
    for video in clip:
        with pytest.raises(InputError, match='whose test pipeline decodes frames; this one has '
                           'LoadAudioFeature, SampleFrames'):
            inference_recognizer(hears, video)
    for model, name in ((sees, 'gone.mp4'), (hears, 'gone.npy')):
        with pytest.raises(MissingFileError, match=f'video {name} does not exist'):
            inference_recognizer(model, name)
    (tmp_path / 'text.mp4').write_text('no video')
    with pytest.raises(InputError, match='text.mp4: cannot be opened as a video'):
        inference_recognizer(sees, tmp_path / 'text.mp4')
    (tmp_path / 'text.npy').write_text('no array')
    with pytest.raises(InputError, match='text.npy: is no array in .npy format'):
        inference_recognizer(hears, tmp_path / 'text.npy')
    np.save(tmp_path / 'flat.npy', np.zeros(80, np.float32))
    with pytest.raises(InputError, match=r'flat.npy: expected an array \[frames, bins\], got \[80'):
        inference_recognizer(hears, tmp_path / 'flat.npy')


class LogOfOld:
    """What an older training run kept beside the weights."""


PUBLISHED = {
    'bare': lambda s: s,
    'distributed': lambda s: {f'module.{k}': v for k, v in s.items()},
    'with optimizer': lambda s: dict(
        meta=dict(epoch=50, iter=9000, config='model = dict()', CLASSES=('a', 'b')),
        state_dict={f'module.{k}': v for k, v in s.items()},
        optimizer=dict(state={0: dict(momentum_buffer=torch.ones(3))},
                       param_groups=[dict(lr=0.1, params=[0])])),
    'of an older run': lambda s: dict(state_dict=s, meta=dict(log=LogOfOld())),
}


@pytest.mark.parametrize('name', PUBLISHED)
def test_published_checkpoints_of_every_layout(name, sight, embedded, tmp_path):
    model, checkpoint, scores = sight
    state = torch.load(checkpoint)['state_dict']
    path = tmp_path / 'published.pth'
    torch.save(PUBLISHED[name](state), path)
    loaded = init_recognizer(model.cfg, str(path), 'cpu').state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in state.items())
    out = tmp_path / 'scores.json'
    assert main_of('tools/test.py')([TSM, str(path), '--out', str(out), '--work-dir',
                                     str(tmp_path), *options(embedded, 'videos')]) == 0
    np.testing.assert_array_equal(read_scores(out).scores, scores.scores)


def test_class_names_of_another_count(sight, clip, tmp_path):
    with pytest.raises(InputError, match='3 class names, but the model scores 8 classes'):
        inference_recognizer(sight[0], clip[0], ['a', 'b', 'c'])


def test_wrong_models(sight, sound, tmp_path):
    cfg, checkpoint = sight[0].cfg, sight[1]
    with pytest.raises(InputError, match='config: expected a path or a Config, got dict'):
        init_recognizer({})
    with pytest.raises(MissingFileError, match='config gone.py does not exist'):
        init_recognizer('gone.py')
    with pytest.raises(MissingFileError, match='gone.pth does not exist'):
        init_recognizer(cfg, 'gone.pth', 'cpu')
    with pytest.raises(InputError, match=r'audio_features.pth: 93 of 102 keys match; 1 of another'):
        init_recognizer(cfg, sound[1], 'cpu')
    torch.save([1], tmp_path / 'list.pth')
    with pytest.raises(InputError, match='list.pth holds a list, expected a dict of tensors'):
        init_recognizer(cfg, tmp_path / 'list.pth', 'cpu')
    for device in ('gpu', 'cuda:99'):
        with pytest.raises(InputError, match=f'device {device!r}'):
            init_recognizer(cfg, checkpoint, device)
    headless = cfg.copy()
    headless['model'] = {k: v for k, v in cfg.model.items() if k != 'cls_head'}
    with pytest.raises(InputError, match="needs a 'cls_head'"):
        inference_recognizer(init_recognizer(headless, device='cpu'), 'any.mp4')
    blind = cfg.copy()
    blind['test_dataloader'] = blind['val_dataloader'] = None
    with pytest.raises(InputError, match='has no test_dataloader.dataset.pipeline'):
        inference_recognizer(init_recognizer(blind, checkpoint, 'cpu'),
                             np.zeros((8, 60, 80, 3), np.uint8))
