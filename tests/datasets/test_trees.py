"""A folder a class, and no list."""
import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.registry import DATASETS


class Keep:
    def __call__(self, results):
        results.pop('rng')
        return results


def grow(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def make(folder, kind='VideoDataset', **kwargs):
    return DATASETS.build(dict(type=kind, ann_file=str(folder), pipeline=[Keep()], **kwargs))


def test_videos(tmp_path):
    grow(tmp_path, 'walk/b.mp4', 'walk/deep er/a.AVI', 'run/z.webm', 'run/notes.txt',
         'run/.hidden.mp4', '.git/x.mp4', 'README.md')
    dataset = make(tmp_path, num_classes=2)
    assert dataset.names == ['run/z.webm', 'walk/b.mp4', 'walk/deep er/a.AVI']
    assert [r['label'] for r in dataset.records] == [0, 1, 1]
    assert dataset.classes == ['run', 'walk']
    assert dataset[2] == dict(filename=f'{tmp_path}/walk/deep er/a.AVI', label=1, modality='RGB',
                              start_index=0, sample_index=2)
    assert dataset.origin(2) == f'{tmp_path}, file 3'


def test_classes_may_be_numbered_by_a_file(tmp_path):
    grow(tmp_path, 'run/a.mp4', 'walk/b.mp4')
    (tmp_path / 'classes.txt').write_text('walk\nsit\nrun\n')
    dataset = make(tmp_path, num_classes=3)
    assert [r['label'] for r in dataset.records] == [2, 0]
    assert dataset.classes == ['walk', 'sit', 'run']
    grow(tmp_path, 'stand/c.mp4')
    with pytest.raises(InputError, match='stand is not among the 3 classes of .*classes.txt'):
        make(tmp_path)


def test_an_empty_class_keeps_its_number(tmp_path):
    grow(tmp_path, 'run/a.png', 'walk/b.jpg')
    (tmp_path / 'sit').mkdir()
    dataset = make(tmp_path, 'ImageDataset', multi_class=True, num_classes=3)
    assert dataset.classes == ['run', 'sit', 'walk']
    assert [dataset[i]['label'].tolist() for i in (0, 1)] == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize('modality, template, names', [
    ('RGB', 'img_{:05}.jpg', ['img_00001.jpg', 'img_00002.jpg', 'img_00003.jpg', 'x_00001.jpg']),
    ('Flow', '{}_{:05d}.jpg', ['x_00001.jpg', 'x_00002.jpg', 'x_00003.jpg', 'y_00001.jpg'])])
def test_frames_are_counted(modality, template, names, tmp_path):
    grow(tmp_path, *(f'{folder}/{name}' for folder in ('run/a', 'walk/b/c') for name in names))
    dataset = make(tmp_path, 'RawframeDataset', modality=modality, filename_tmpl=template)
    assert [tuple(r.values()) for r in dataset.records] == [
        (f'{tmp_path}/run/a', 3, 0), (f'{tmp_path}/walk/b/c', 3, 1)]


def test_frames_with_gaps_or_another_start_are_named(tmp_path):
    grow(tmp_path, *(f'run/a/img_{i:05}.jpg' for i in range(3)))
    with pytest.raises(InputError, match=r'run/a holds 3 frames numbered 0\.\.2; expected 1\.\.3 '
                                         r'\(start_index is 1\)'):
        make(tmp_path, 'RawframeDataset')
    assert make(tmp_path, 'RawframeDataset', start_index=0).records[0]['total_frames'] == 3
    (tmp_path / 'run/a/img_00001.jpg').unlink()
    with pytest.raises(InputError, match=r'holds 2 frames numbered 0\.\.2; expected 0\.\.1'):
        make(tmp_path, 'RawframeDataset', start_index=0)


def test_testing_needs_no_classes(tmp_path):
    grow(tmp_path, 'a.mp4', 'b.mp4')
    dataset = make(tmp_path, test_mode=True, num_classes=7)
    assert [r['label'] for r in dataset.records] == [-1, -1]
    with pytest.raises(InputError, match='a.mp4 lies in no folder of a class'):
        make(tmp_path)
    frames = grow(tmp_path / 'frames', 'a/img_00001.jpg', 'b/img_00001.jpg')
    dataset = make(frames, 'RawframeDataset', test_mode=True, num_classes=7)
    assert dataset.names == ['a', 'b'] and dataset.records[1]['label'] == -1
    with pytest.raises(InputError, match='frames/a lies in no folder of a class'):
        make(frames, 'RawframeDataset')


@pytest.mark.parametrize('kind, kwargs, message', [
    ('VideoDataset', dict(num_classes=5), 'has 2 classes, num_classes is 5; .* classes.txt'),
    ('VideoDataset', dict(data_prefix='x'), 'data_prefix: x is for the paths of a list'),
    ('ImageDataset', {}, 'holds no sample; expected a folder a class'),
    ('RawframeDataset', dict(with_offset=True), 'needs a list, .*frame_dir offset total_frames'),
    ('AudioDataset', {}, 'AudioDataset needs a list, .*audio_path total_frames label'),
    ('RawVideoDataset', {}, 'RawVideoDataset needs a list, .*video_dir label num_clips')])
def test_wrong_trees_are_named(kind, kwargs, message, tmp_path):
    grow(tmp_path, 'walk/a.mp4', 'run/b.mp4')
    with pytest.raises(InputError, match=message):
        make(tmp_path, kind, **kwargs)


def test_a_tree_is_read_like_a_list(videos, tmp_path):
    for k, name in enumerate(['run', 'walk']):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'clip.mp4').symlink_to(videos / f'clip_{k}.mp4')
    steps = [dict(type='PyAVInit'), dict(type='SampleFrames', clip_len=1, test_mode=True),
             dict(type='PyAVDecode'), dict(type='FormatShape', input_format='NCHW'),
             dict(type='Collect', keys=['imgs', 'label'], meta_keys=[])]
    dataset = DATASETS.build(dict(type='VideoDataset', ann_file=str(tmp_path), pipeline=steps))
    # Green is 40 times the number of the clip.
    np.testing.assert_allclose([dataset[k]['imgs'][0, 1].mean() for k in (0, 1)], [0, 40], atol=4)
    assert [dataset[k]['label'] for k in (0, 1)] == [0, 1]
