"""What a network sees: values taken back to gray levels, frames in their places, pictures drawn."""
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvideo.engine import load_config
from mmvideo.errors import InputError
from mmvideo.zoo.media import SmallData

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import browse  # noqa: E402
import contact_sheet  # noqa: E402
import media  # noqa: E402

PACK = [dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
NORMAL = dict(mean=[120., 110., 100.], std=[60., 50., 40.])


@pytest.fixture(scope='module')
def small(embedded, tmp_path_factory):
    return SmallData(embedded, tmp_path_factory.mktemp('small') / 'data')


def config(small, kind, steps, clip, shape='NCTHW', preprocessor=None, **dataset):
    """A config whose training split has this pipeline."""
    from mmengine.config import Config
    reading = {'VideoDataset': [dict(type='PyAVInit'), clip, dict(type='PyAVDecode')],
               'RawframeDataset': [clip, dict(type='RawFrameDecode')]}[kind]
    dataset = dict(type=kind, **dataset)
    pipeline = [*reading, *steps, dict(type='FormatShape', input_format=shape), *PACK]
    dataset.update(small(dict(dataset, pipeline=pipeline), 'train'), pipeline=pipeline)
    return Config(dict(
        train_dataloader=dict(dataset=dataset),
        model=dict(data_preprocessor=preprocessor or dict(
            type='ActionDataPreprocessor', format_shape=shape, **NORMAL))))


def clip(length, num_clips=1, **options):
    return dict(type='SampleFrames', clip_len=length, num_clips=num_clips, test_mode=True,
                **options)


def show(cfg, index=1):
    return browse.Browser(cfg).show(index)[0]


def assert_same(shown, atol=0.02):
    """All views show the frames that they say, as they were decoded."""
    for places, crops in zip(shown.clips, shown.views, strict=True):
        for view in crops:
            np.testing.assert_allclose(view, shown.frames[places], atol=atol)


@pytest.mark.parametrize('num_clips', [1, 3])
def test_clips_of_3d_networks(small, num_clips):
    shown = show(config(small, 'VideoDataset', [], clip(4, num_clips, frame_interval=2)))
    assert shown.views.shape[:3] == (num_clips, 1, 4)
    assert_same(shown)
    assert np.diff(shown.numbers[shown.clips[0]]).tolist() == [2, 2, 2]


def test_segments_of_2d_networks(small):
    shown = show(config(small, 'VideoDataset', [], clip(1, 6), 'NCHW'))
    assert shown.views.shape[:3] == (1, 1, 6)
    assert_same(shown)


def test_the_sample_that_is_told(small):
    cfg = config(small, 'RawframeDataset', [], clip(3), filename_tmpl='img_{:05}.jpg')
    browser = browse.Browser(cfg, classes='kinetics400')
    shown, line = browser.show(2)
    label = browser.dataset.records[2]['label']
    assert shown.title.startswith(f'2: {browser.names[label]} ({label})  train/2')
    assert line.startswith('imgs [1, 1, 3, 3, 64, 80] float32, mean ')
    first = small.folder / f'train/2/img_{shown.numbers[0]:05d}.jpg'
    np.testing.assert_array_equal(shown.frames[0], cv2.imread(str(first))[..., ::-1])


@pytest.mark.parametrize('to_bgr', [False, True])
def test_normalization_in_the_pipeline_is_taken_back(small, to_bgr):
    steps = [dict(type='Normalize', to_bgr=to_bgr, **NORMAL)]
    assert_same(show(config(small, 'VideoDataset', steps, clip(2),
                            preprocessor=dict(type='ActionDataPreprocessor'))))
    assert_same(show(config(small, 'VideoDataset', [], clip(2), preprocessor=dict(
        type='ActionDataPreprocessor', to_rgb=to_bgr, format_shape='NCTHW', **NORMAL))))


@pytest.mark.parametrize('on_device', [False, True])
@pytest.mark.parametrize('shape, length, num_clips', [('NCTHW', 2, 2), ('NCHW', 1, 4)])
def test_crops_belong_to_their_clips(small, shape, length, num_clips, on_device):
    steps = [dict(type='Resize', scale=(80, 64), keep_ratio=False),
             dict(type='ThreeCrop', crop_size=64, on_device=on_device)]
    shown = show(config(small, 'VideoDataset', steps, clip(length, num_clips), shape))
    assert shown.views.shape[:4] == ((2, 3, 2, 64) if shape == 'NCTHW' else (1, 3, 4, 64))
    for places, crops in zip(shown.clips, shown.views, strict=True):
        for view, x in zip(crops, (0, 16, 8), strict=True):       # left, right, middle
            for frame, place in zip(view, places, strict=True):
                whole = cv2.resize(shown.frames[place], (80, 64))
                np.testing.assert_allclose(frame, whole[:, x:x + 64], atol=0.02)


@pytest.mark.parametrize('shape', ['NCTHW', 'NCHW_Flow'])
def test_flow(small, shape):
    cfg = config(small, 'RawframeDataset', [dict(type='JoinFlow')], clip(3, 2), shape,
                 dict(type='ActionDataPreprocessor', format_shape=shape.removesuffix('_Flow'),
                      mean=[128, 128], std=[64, 64]),
                 modality='Flow', filename_tmpl='{}_{:05d}.jpg')
    shown = show(cfg)
    assert shown.frames.shape[3] == 2 and shown.views.shape[:3] == (2, 1, 3)
    assert_same(shown)


def test_flow_is_drawn_by_direction():
    levels = np.full((1, 8, 8, 2), 128, np.uint8)
    levels[:, :4, :, 0] = 255
    draw = contact_sheet._painter(browse.Shown('', 'Flow', levels, None, None, None), 20)
    picture = draw(levels[0])
    assert picture[0, 0].tolist() == [255, 0, 0] and picture[7, 7].tolist() == [255, 255, 255]
    flipped = draw(np.stack([255. - levels[0, ..., 0], levels[0, ..., 1]], -1))
    assert flipped[0, 0].tolist() == [0, 255, 255]


def test_sheets_and_videos(embedded, tmp_path, capsys):
    options = [f'train_dataloader.dataset.ann_file={embedded}/train_videos.txt',
               f'train_dataloader.dataset.data_prefix={embedded}/videos',
               f'classes={embedded}/classes.txt']
    common = ['tsm_r18_1x1x8_10e_embedded_rgb', '--number', '2']
    for name in ('a.png', 'b.jpg', 'c.mp4'):
        browse.main([*common, '--columns', '4', '--out', str(tmp_path / name), '--cfg-options',
                     *options])
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith('   imgs [1, 8, 3, 64, 64] float32') and len(said) == 15
    assert (embedded / 'classes.txt').read_text().splitlines()[0] and '(' in said[0]
    sheet = cv2.imread(str(tmp_path / 'a.png'))
    # A head line and two rows a sample.
    row = contact_sheet.TALL + contact_sheet.FOOT
    assert len(sheet) == 2 * (contact_sheet.HEAD + 2 * row + contact_sheet.GAP)
    assert sheet.std() > 10 and len(cv2.imread(str(tmp_path / 'b.jpg'))) == len(sheet)
    assert media.count_frames(tmp_path / 'c.mp4') == 2 * 8


@pytest.mark.parametrize('name, kind', [
    ('tsn_r18_64x1x1_10e_embedded_audio_feature', 'AudioFeatureDataset'),
    ('tsn_r50_64x1x1_100e_kinetics400_audio', 'AudioDataset')])
def test_sound(small, tmp_path, name, kind):
    cfg = load_config(name)
    cfg.train_dataloader.dataset.update(small(cfg.train_dataloader.dataset, 'train'))
    shown, _ = browse.Browser(cfg, classes='kinetics400').show(0)
    assert shown.modality == 'Audio' and shown.views.shape == (1, 1, 128, 80)
    assert shown.numbers[1] - shown.numbers[0] > 5      # of frames that sound together
    # All of it, a feature or a wave, whatever part of it the network gets.
    assert (shown.frames.shape[1:] == (80, ) if kind == 'AudioFeatureDataset'
            else shown.frames.shape == (32000, ))
    contact_sheet.write_sheet(tmp_path / 'a.png', [shown])
    assert cv2.imread(str(tmp_path / 'a.png')).std() > 10


def test_labels_in_words(small):
    browser = browse.Browser(config(small, 'VideoDataset', [], clip(1)))
    browser.names = ['walk', 'run', 'sit', 'lie']
    assert browser.label_text(2) == 'sit (2)' and browser.label_text(None) == 'no label'
    assert browser.label_text(-1) == 'no label' and browser.label_text(9) == 'class 9'
    assert browser.label_text([0., 1., 0., 1.]) == 'run (1), lie (3)'
    assert browser.label_text([1., 1., 1., 1.]) == 'walk (0), run (1), sit (2) ...'


def test_samples_are_drawn_once_and_by_the_seed(small):
    cfg = config(small, 'VideoDataset', [], clip(1))
    drawn = [browse.Browser(cfg, seed=seed).draw(3) for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1] and len({tuple(d) for d in drawn}) > 1
    assert browse.Browser(cfg).draw(99) == [0, 1, 2, 3]


@pytest.mark.parametrize('options, word', [
    (['--number', '0'], '--number'), (['--out', 'a.gif'], '--out'), (['--fps', '-1'], '--fps')])
def test_wrong_arguments(options, word):
    with pytest.raises(InputError, match=word):
        browse.main(['tsm_r18_1x1x8_10e_embedded_rgb', *options])


def test_what_cannot_be_shown(small):
    cfg = config(small, 'VideoDataset', [], clip(1))
    with pytest.raises(InputError, match=r'--index: expected 0\.\.3, got 4'):
        browse.Browser(cfg).show(4)
    with pytest.raises(InputError, match='no test_dataloader'):
        browse.Browser(cfg, 'test')
    cfg.train_dataloader.dataset.pipeline = PACK
    with pytest.raises(InputError, match='no step reads'):
        browse.Browser(cfg)
