"""Charades: labels of a whole video, of a clip and of moments, and what is measured of them."""
import numpy as np
import pytest
import torch

from mmvideo.datasets import CharadesDataset
from mmvideo.errors import InputError, MissingFileError
from mmvideo.evaluation.accuracy import AccMetric, collected
from mmvideo.evaluation.scores import read_scores, write_scores
from mmvideo.transforms import SampleMoments, TimedLabel

# 20 and 22 frames at 25 a second, see conftest.py. A cell may hold a comma and a line break.
LIST = '''id,script,actions,length
clip_0,"A person, who
walks",c001 0.00 0.22;c003 0.30 0.50;c001 0.70 0.80,0.80
clip_1,,,0.88
'''


@pytest.fixture
def ann_file(tmp_path):
    path = tmp_path / 'Charades_v1_train.csv'
    path.write_text(LIST)
    return str(path)


def dataset_of(ann_file, *steps, **kwargs):
    return CharadesDataset(ann_file, list(steps), num_classes=4, **kwargs)


def test_a_video_has_the_labels_of_all_of_it(ann_file):
    dataset = dataset_of(ann_file, data_prefix='videos')
    assert dataset.names == ['clip_0.mp4', 'clip_1.mp4']
    assert dataset.origin(1).endswith('line 4')
    sample, idle = dataset[0], dataset[1]
    assert sample['filename'] == 'videos/clip_0.mp4' and sample['start_index'] == 0
    assert sample['label'].tolist() == [0, 1, 0, 1] and idle['label'].tolist() == [0] * 4
    assert sample['actions'].tolist() == [[1, 0, .22], [3, .3, .5], [1, .7, .8]]
    assert idle['actions'].shape == (0, 3) and idle['length_seconds'] == 0.88


@pytest.mark.parametrize('frames, clips, expected', [
    ([0, 5], 1, [0, 1, 0, 0]),          # 0 to 0.2 s
    ([6, 7], 1, [0, 0, 0, 0]),          # between 0.22 and 0.30 s
    ([5, 8], 1, [0, 1, 0, 1]),          # from one action to the next
    ([12, 13], 1, [0, 0, 0, 1]),        # 0.48 to 0.52 s
    ([6, 7, 18, 19], 2, [0, 1, 0, 0]),  # each clip for itself: what lies between is not seen
    ([19, 6], 1, [0, 1, 0, 1]),         # begun again from the front
])
def test_a_clip_has_the_labels_of_what_it_shows(ann_file, frames, clips, expected):
    sample = dict(dataset_of(ann_file)[0], avg_fps=25., frame_inds=np.array(frames) + 1,
                  start_index=1, num_clips=clips)
    label = TimedLabel()(sample)['label']
    assert label.dtype == torch.float32 and label.tolist() == expected


def test_moments_part_a_video_evenly(ann_file):
    sample = dict(dataset_of(ann_file)[0], avg_fps=25., total_frames=20)
    found = SampleMoments(clip_len=4, frame_interval=3, num_moments=4)(sample)
    np.testing.assert_allclose(found['moments'], [0, 0.2, 0.4, 0.6])
    # Frames 0, 5, 10 and 15 and what lies 6 and 3 before and 3 behind, held at the ends.
    assert found['frame_inds'].reshape(4, 4).tolist() == [
        [0, 0, 0, 3], [0, 2, 5, 8], [4, 7, 10, 13], [9, 12, 15, 18]]
    assert (found['num_clips'], found['clip_len'], found['frame_interval']) == (4, 4, 3)
    label = TimedLabel('moments')(found)['label']
    assert label.tolist() == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert SampleMoments(1)(dict(sample, length_seconds=20.))['frame_inds'][-1] == 19


def test_samples_of_real_videos(ann_file, videos):
    steps = [dict(type='PyAVInit'), dict(type='SampleFrames', clip_len=4, test_mode=True),
             dict(type='TimedLabel'), dict(type='PyAVDecode')]
    sample = dataset_of(ann_file, *steps, data_prefix=str(videos))[0]
    # Frames 8 to 11: 0.32 to 0.44 s.
    assert sample['frame_inds'].tolist() == [8, 9, 10, 11]
    assert sample['label'].tolist() == [0, 0, 0, 1] and len(sample['imgs']) == 4


def test_each_moment_is_measured_as_a_sample():
    metric = AccMetric('mean_average_precision')
    # Two videos of two moments, two crops; of these the greater score counts. In order, by class:
    # 0.9 1, 0.6 0, 0.5 1, 0.1 0: precisions 1 and 2/3; 0.8 0, 0.7 1, 0.3 0, 0.2 0: precision 1/2.
    scores = [[[.9, .2], [.1, .1], [.3, .1], [.6, .8]], [[.5, .3], [.0, .7], [.4, .1], [.1, .2]]]
    labels = [[[1, 0], [0, 0]], [[1, 0], [0, 1]]]
    metric.process({}, [dict(score=torch.tensor(s), label=torch.tensor(y).float(), sample_index=i)
                        for i, (s, y) in enumerate(zip(scores, labels, strict=True))])
    found = metric.evaluate(2)
    assert found == {'mean_average_precision': pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)}
    with pytest.raises(InputError, match='a label of 2 moments and 2 classes for scores '
                                         r'\[2\]; average_clips must be None'):
        metric.process({}, [dict(score=torch.zeros(2), label=torch.tensor(labels[0]))])


def test_moments_of_a_file_that_cannot_be_read_count_as_wrong():
    label = np.array([[1., 0], [0, 0]])
    samples = [dict(score=np.array([[0., 2], [1, 3]]), label=label, is_bad=False, sample_index=0),
               dict(score=np.zeros((4, 2)), label=label, is_bad=True, sample_index=1)]
    bad = collected(samples)[1]['score']
    assert bad.tolist() == [[-2, -1], [-1, -1], [-2, -1], [-1, -1]]


def test_what_stands_in_has_the_actions_of_the_video_that_was_asked_for(ann_file):
    dataset = dataset_of(ann_file, test_mode=True)
    sample = dataset.make(1, np.random.default_rng(0), labeled_as=0)
    assert sample['filename'] == 'clip_1.mp4' and sample['label'].tolist() == [0, 1, 0, 1]
    assert len(sample['actions']) == 3 and sample['length_seconds'] == 0.8


def test_labels_of_moments_are_kept_with_the_scores(tmp_path):
    path = tmp_path / 's.json'
    write_scores(path, [np.zeros((2, 3))], labels=[np.array([[1, 0, 1], [0, 0, 0]])])
    assert read_scores(path).labels == [[[0, 2], []]]


@pytest.mark.parametrize('text, said', [
    ('id,actions\na,\n', "line 1: there is no column 'length'"),
    ('id,actions,length\n', 'holds no sample'),
    ('id,actions,length\na,c004 0 1,2\n', "line 2: action 'c004 0 1', expected for example"),
    ('id,actions,length\na,c001 0,2\n', "line 2: action 'c001 0', expected"),
    ('id,actions,length\na,c001 x 1,2\n', "action 'c001 x 1': expected seconds, found 'x'"),
    ('id,actions,length\na,,long\n', "line 2: length: expected seconds, found 'long'"),
    ('id,actions,length\na,\n', 'line 2: fewer cells than columns')])
def test_wrong_lists(tmp_path, text, said):
    (tmp_path / 'a.csv').write_text(text)
    with pytest.raises(InputError, match=said):
        dataset_of(str(tmp_path / 'a.csv'))


def test_other_wrong_things(tmp_path, ann_file):
    with pytest.raises(MissingFileError, match='docs/data/charades.md tells how to prepare'):
        dataset_of(str(tmp_path / 'charades' / 'train.csv'))
    with pytest.raises(InputError, match='several labels'):
        dataset_of(ann_file, multi_class=False)
    with pytest.raises(InputError, match='CharadesDataset does'):
        TimedLabel()(dict(label=torch.zeros(3)))
    with pytest.raises(InputError, match="TimedLabel: of must be .*'frames'"):
        TimedLabel('frames')
    for step in (TimedLabel(), SampleMoments(4)):
        with pytest.raises(InputError, match='needs the frame rate'):
            step(dict(dataset_of(ann_file)[0], avg_fps=0., total_frames=3))
