"""Data sets over real files, in one process and in workers."""
import copy
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS

DRAWS = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=2, frame_interval=2, num_clips=2),
    dict(type='DecordDecode'),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(16, 16), keep_ratio=False),
    dict(type='Flip'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
    dict(type='ToTensor', keys=['imgs', 'label'])]

# As published for TSM with 8 segments, twice sampled.
SNIPPET = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, twice_sample=True,
         test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='ThreeCrop', crop_size=256),
    dict(type='Normalize', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
         to_bgr=False),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
    dict(type='ToTensor', keys=['imgs'])]


class Keep:
    """Gives the record as it enters the pipeline."""

    def __call__(self, results):
        results.pop('rng')
        return results


class Draw:
    """Gives one draw in place of a sample."""

    def __call__(self, results):
        return dict(draw=int(results['rng'].integers(2**31)), label=results['label'])


def make(tmp_path, lines, kind='VideoDataset', pipeline=None, **kwargs):
    path = tmp_path / 'list.txt'
    path.write_text(''.join(f'{line}\n' for line in lines))
    return DATASETS.build(dict(type=kind, ann_file=str(path), pipeline=pipeline or [Keep()],
                               **kwargs))


def video_list(videos, tmp_path, pipeline, **kwargs):
    return make(tmp_path, [f'clip_{k}.mp4 {k}' for k in range(6)], pipeline=pipeline,
                data_prefix=str(videos), **kwargs)


@pytest.mark.parametrize('kind, line, kwargs, expected', [
    ('VideoDataset', 'a/b.mp4 3', {},
     dict(filename='root/a/b.mp4', label=3, modality='RGB', start_index=0)),
    ('VideoDataset', 'a/b.mp4 3', dict(start_index=1),
     dict(filename='root/a/b.mp4', label=3, modality='RGB', start_index=1)),
    ('RawframeDataset', 'dir 30 3', {},
     dict(frame_dir='root/dir', total_frames=30, label=3, modality='RGB', start_index=1,
          filename_tmpl='img_{:05}.jpg')),
    ('RawframeDataset', 'dir 10 30 3',
     dict(with_offset=True, modality='Flow', filename_tmpl='{}_{:05d}.jpg'),
     dict(frame_dir='root/dir', offset=10, total_frames=30, label=3, modality='Flow',
          start_index=1, filename_tmpl='{}_{:05d}.jpg')),
    ('AudioFeatureDataset', 'a 30 3', {},
     dict(audio_path='root/a.npy', total_frames=30, label=3, modality='Audio', start_index=1)),
    ('AudioFeatureDataset', 'a.npy 30 3', {},
     dict(audio_path='root/a.npy', total_frames=30, label=3, modality='Audio', start_index=1))])
def test_records(kind, line, kwargs, expected, tmp_path):
    dataset = make(tmp_path, [line], kind, data_prefix='root', **kwargs)
    assert dataset[0] == dict(expected, sample_index=0)
    assert dataset.names == [line.split()[0]]
    assert dataset.origin(0) == f'{dataset.ann_file}, line 1'


@pytest.mark.parametrize('kind, key', [
    ('VideoDataset', 'video'), ('RawframeDataset', 'img'), ('AudioFeatureDataset', 'audio')])
def test_prefix_by_medium(kind, key, tmp_path):
    dataset = make(tmp_path, ['a 30 1' if key != 'video' else 'a 1'], kind,
                   data_prefix={key: 'root'})
    assert next(iter(dataset.records[0].values())).startswith('root/a')
    with pytest.raises(InputError, match=f'data_prefix: {kind} looks for the key {key!r}'):
        make(tmp_path, ['a 30 1'], kind, data_prefix={'other': 'root'})


def test_labels_of_multi_class_become_a_vector(tmp_path):
    dataset = make(tmp_path, ['a.mp4 3 0', 'b.mp4'], multi_class=True, num_classes=5,
                   test_mode=True)
    assert dataset[0]['label'].tolist() == [1, 0, 0, 1, 0]
    assert dataset[1]['label'].tolist() == [0] * 5
    assert dataset.records[0]['label'] == [3, 0]


@pytest.mark.parametrize('kind, kwargs, message', [
    ('VideoDataset', dict(multi_class=True), 'num_classes is needed'),
    ('VideoDataset', dict(modality='Depth'), "modality must be .* not 'Depth'"),
    ('VideoDataset', dict(num_classes=3), r'line 1: label 3, expected 0\.\.2'),
    ('VideoDataset', dict(file_tmpl='x'), "takes no argument 'file_tmpl'"),
    ('RawframeDataset', dict(filename_tmpl='{}_{:05d}.jpg'), 'does not fit modality')])
def test_wrong_arguments(kind, kwargs, message, tmp_path):
    with pytest.raises(InputError, match=message):
        make(tmp_path, ['a 3' if kind == 'VideoDataset' else 'a 10 3'], kind, **kwargs)


def test_the_published_snippet_runs_on_a_video(videos, tmp_path):
    dataset = video_list(videos, tmp_path, SNIPPET, test_mode=True)
    sample = dataset[3]
    assert sorted(sample) == ['imgs', 'label', 'sample_index']
    # 16 frames (8 segments, twice), 3 crops
    assert sample['imgs'].shape == (48, 3, 256, 256) and sample['imgs'].dtype == torch.float32
    assert sample['label'] == 3 and sample['sample_index'] == 3
    # 26 frames, segments of 3.25: red is 8 * frame, 4.4 below what mean and std would give it
    middles = (np.arange(8) * 3.25 + 1.625).astype(int)
    red = sample['imgs'][:8, 0].mean((1, 2)) * 58.395 + 123.675
    np.testing.assert_allclose(red, 8 * middles, atol=4)


def test_a_missing_file_is_named_with_its_line(videos, tmp_path):
    dataset = make(tmp_path, ['clip_0.mp4 0', 'gone.mp4 1'], pipeline=DRAWS,
                   data_prefix=str(videos))
    with pytest.raises(MissingFileError, match=r'gone.mp4 \(.*list.txt, line 2\): .*no such'):
        dataset[1]


def test_a_broken_file_is_named_with_its_line(tmp_path):
    (tmp_path / 'text.mp4').write_text('text')
    dataset = make(tmp_path, ['text.mp4 1'], pipeline=DRAWS, data_prefix=str(tmp_path))
    with pytest.raises(InputError, match=r'text.mp4 \(.*line 1\): .*cannot be opened as a video'):
        dataset[0]


def test_frames_on_disk(tmp_path):
    import cv2
    folder = tmp_path / 'frames'
    folder.mkdir()
    for i in range(1, 11):
        cv2.imwrite(str(folder / f'img_{i:05}.jpg'), np.full((8, 8, 3), 20 * i, np.uint8))
    steps = [dict(type='SampleFrames', clip_len=1, num_clips=5, test_mode=True),
             dict(type='RawFrameDecode'), dict(type='FormatShape', input_format='NCHW'),
             dict(type='Collect', keys=['imgs', 'label'], meta_keys=[])]
    dataset = make(tmp_path, ['frames 10 0'], 'RawframeDataset', steps, data_prefix=str(tmp_path))
    np.testing.assert_allclose(dataset[0]['imgs'].mean((1, 2, 3)), [40, 80, 120, 160, 200], atol=1)


def test_audio_features_on_disk(tmp_path):
    np.save(tmp_path / 'a.npy', np.arange(640, dtype=np.float32)[:, None].repeat(80, 1))
    steps = [dict(type='LoadAudioFeature'),
             dict(type='SampleFrames', clip_len=64, num_clips=1, test_mode=True),
             dict(type='AudioFeatureSelector'), dict(type='FormatAudioShape'),
             dict(type='Collect', keys=['audios', 'label'], meta_keys=[]),
             dict(type='ToTensor', keys=['audios'])]
    dataset = make(tmp_path, ['a 300 1'], 'AudioFeatureDataset', steps, data_prefix=str(tmp_path))
    assert dataset[0]['audios'].shape == (1, 1, 128, 80)


def test_draws_depend_on_seed_epoch_and_index_alone(tmp_path):
    dataset = make(tmp_path, ['a.mp4 0', 'a.mp4 0'], pipeline=[Draw()], seed=3)
    first = [dataset[i]['draw'] for i in (0, 1)]
    assert first == [dataset[i]['draw'] for i in (0, 1)] and first[0] != first[1]
    dataset.set_epoch(1)
    second = [dataset[i]['draw'] for i in (0, 1)]
    dataset.set_seed(4)
    third = [dataset[i]['draw'] for i in (0, 1)]
    assert len({*first, *second, *third}) == 6
    dataset.set_seed(3)
    dataset.set_epoch(0)
    assert [dataset[i]['draw'] for i in (0, -1)] == first
    assert copy.deepcopy(dataset)[1]['draw'] == first[1]
    assert pickle.loads(pickle.dumps(dataset))[1]['draw'] == first[1]


@pytest.mark.parametrize('power, factors, share', [
    (0, True, 0.5), (1, True, 0.9), (0, {1: 3}, 0.25), (1, {'0': 1 / 9, '1': 3}, 0.25)])
def test_sampling_by_class(power, factors, share, tmp_path):
    lines = ['a.mp4 0'] * 9 + ['b.mp4 1']
    dataset = make(tmp_path, lines, pipeline=[Draw()], sample_by_class=factors, power=power)
    labels = []
    for epoch in range(60):
        dataset.set_epoch(epoch)
        labels += [dataset[i]['label'] for i in range(10)]
    assert abs(labels.count(0) / 600 - share) < 0.06
    testing = make(tmp_path, lines, pipeline=[Draw()], sample_by_class=True, test_mode=True)
    assert [testing[i]['label'] for i in range(10)] == [0] * 9 + [1]


@pytest.mark.parametrize('factors', [{2: 1}, {0: 0}, {0: 'often'}, {'few': 2}])
def test_factors_of_classes(factors, tmp_path):
    with pytest.raises(InputError, match='sample_by_class: expected True, or a dict of classes'):
        make(tmp_path, ['a.mp4 0', 'b.mp4 1'], pipeline=[Draw()], sample_by_class=factors)


def loaded(dataset, num_workers):
    loader = DataLoader(dataset, batch_size=2, num_workers=num_workers)
    batches = list(loader)
    return torch.cat([b['imgs'] for b in batches]), torch.cat([b['sample_index'] for b in batches])


def test_workers_do_not_change_samples(videos, tmp_path):
    dataset = video_list(videos, tmp_path, DRAWS, seed=5)
    imgs, index = loaded(dataset, 0)
    assert imgs.shape == (6, 2, 3, 2, 16, 16) and index.tolist() == list(range(6))
    for num_workers in (1, 2):
        assert torch.equal(loaded(dataset, num_workers)[0], imgs), num_workers
    dataset.set_epoch(1)
    assert not torch.equal(loaded(dataset, 2)[0], imgs)


def test_running_workers_see_a_new_epoch(tmp_path):
    dataset = make(tmp_path, [f'{k}.mp4 0' for k in range(6)], pipeline=[Draw()])
    loader = DataLoader(dataset, batch_size=3, num_workers=2, persistent_workers=True)

    def epoch():
        return torch.cat([batch['draw'] for batch in loader]).tolist()
    first = epoch()
    assert epoch() == first
    dataset.set_epoch(1)
    second = epoch()
    assert second == [dataset[i]['draw'] for i in range(6)]
    assert not set(first) & set(second)


def test_a_batch_has_the_agreed_keys(videos, tmp_path):
    batch = next(iter(DataLoader(video_list(videos, tmp_path, DRAWS), batch_size=3)))
    assert batch['imgs'].dtype == torch.uint8
    assert batch['label'].tolist() == [[0], [1], [2]]
    assert batch['sample_index'].tolist() == [0, 1, 2]
