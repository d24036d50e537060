"""AVA's lists and proposals, and samples of them through the transforms that move boxes."""
import pickle

import cv2
import numpy as np
import pytest

from mmvideo.ava_files import read_proposals
from mmvideo.datasets import AVADataset
from mmvideo.errors import InputError, MissingFileError

LIST = '''v,0902,0.1,0.2,0.5,0.6,12,0
v,0902,0.1,0.2,0.5,0.6,17,0
v,0902,0.1,0.2,0.5,0.6,79,0
v,0902,0.1,0.2,0.5,0.6,12,1
v,0902,0.25,0.5,0.75,1.0,80,2
v,0903,0.0,0.0,1.0,1.0,79,0
w,0902,0.0,0.0,1.0,1.0,12,0
w,0904,0.2,0.2,0.4,0.4,12,0
'''
SAMPLER = dict(type='SampleAVAFrames', clip_len=4, frame_interval=2, test_mode=True)


@pytest.fixture
def files(tmp_path):
    (tmp_path / 'a.csv').write_text(LIST)
    (tmp_path / 'out.csv').write_text('w,0904\n')
    (tmp_path / 'map.pbtxt').write_text(''.join(f'item {{ name: "action {i}" id: {i} }}\n'
                                                for i in (12, 17, 80)))
    proposals = {'v,0902': np.array([[0.0, 0.0, 1.0, 1.0, 0.5], [0.1, 0.2, 0.5, 0.6, 0.95],
                                     [0.2, 0.2, 0.5, 0.6, 0.9], [0.3, 0.2, 0.5, 0.6, 0.1]]),
                 'w,902': np.array([[0.0, 0.0, 0.5, 0.5, 0.3], [0.0, 0.0, 1.0, 1.0, 0.2]])}
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(proposals))
    return dict(ann_file=str(tmp_path / 'a.csv'), exclude_file=str(tmp_path / 'out.csv'),
                label_file=str(tmp_path / 'map.pbtxt'), proposal_file=str(tmp_path / 'p.pkl'))


def test_moments_people_and_their_actions(files):
    dataset = AVADataset(**files, pipeline=[], data_prefix='frames')
    assert dataset.names == ['v,0902', 'w,0902']
    assert [dataset.origin(i).split(', ')[1] for i in (0, 1)] == ['line 1', 'line 7']
    sample = dataset[0]
    assert sample['frame_dir'] == 'frames/v' and sample['filename_tmpl'] == 'img_{:05}.jpg'
    assert (sample['video_id'], sample['timestamp'], sample['img_key']) == ('v', 902, 'v,0902')
    assert (sample['fps'], sample['timestamp_start'], sample['shot_info']) == (30, 900, (0, 27000))
    # Two people stand in the same box; 79 is no action that counts.
    np.testing.assert_allclose(sample['gt_bboxes'], [[.1, .2, .5, .6]] * 2 + [[.25, .5, .75, 1]])
    assert [np.flatnonzero(row).tolist() for row in sample['gt_labels']] == [[12, 17], [12], [80]]
    assert sample['gt_labels'].shape == (3, 81) and sample['entity_ids'].tolist() == [0, 1, 2]


def test_a_test_has_every_moment_that_counts(files):
    dataset = AVADataset(**files, pipeline=[], test_mode=True)
    assert dataset.names == ['v,0902', 'v,0903', 'w,0902']
    sample = dataset[1]
    assert sample['gt_bboxes'].shape == (0, 4) and sample['gt_labels'].shape == (0, 81)
    assert sample['proposals'].tolist() == [[0, 0, 1, 1]] and sample['scores'].tolist() == [1]


def test_proposals(files):
    dataset = AVADataset(**files, pipeline=[])
    found = dataset[0]
    np.testing.assert_allclose(found['scores'], [0.95, 0.9])
    np.testing.assert_allclose(found['proposals'], [[.1, .2, .5, .6], [.2, .2, .5, .6]])
    # None reaches the bar: the best one is left.
    np.testing.assert_allclose(dataset[1]['scores'], [0.3])
    few = AVADataset(**files, pipeline=[], person_det_score_thr=0, num_max_proposals=3)
    np.testing.assert_allclose(few[0]['scores'], [0.95, 0.9, 0.5])
    own = AVADataset(**dict(files, proposal_file=None), pipeline=[])[0]
    assert own['proposals'].tolist() == own['gt_bboxes'].tolist() and len(own['scores']) == 3


def test_proposals_as_rows(files, tmp_path):
    (tmp_path / 'p.csv').write_text('v,0902,0.1,0.2,0.5,0.6,12,0.4\nv,0902,0.1,0.2,0.5,0.6,17,0.8\n'
                                    'v,0902,0,0,1,1,,0.99\nv,0903\n')
    found = read_proposals(tmp_path / 'p.csv')
    np.testing.assert_allclose(found['v,0902'], [[.1, .2, .5, .6, .8], [0, 0, 1, 1, .99]])
    assert found['v,0903'].shape == (0, 5)
    dataset = AVADataset(**dict(files, proposal_file=str(tmp_path / 'p.csv')), pipeline=[])
    np.testing.assert_allclose(dataset[0]['scores'], [0.99])


def test_custom_classes(files):
    dataset = AVADataset(**files, pipeline=[], custom_classes=[80, 17], num_classes=3)
    assert dataset.names == ['v,0902']
    assert dataset[0]['gt_labels'].tolist() == [[0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize('change, said', [
    (dict(custom_classes=[1], num_classes=2), r'custom_classes.*\[1\]'),
    (dict(num_classes=60), 'label_file has action 80'),
    (dict(custom_classes=[80]), 'num_classes'),
    (dict(person_det_score_thr=2), 'person_det_score_thr'),
    (dict(timestamp_end=900), 'timestamp_end'),
    (dict(filename_tmpl='{}_{}'), 'filename_tmpl')])
def test_arguments_that_do_not_fit(files, change, said):
    with pytest.raises(InputError, match=said):
        AVADataset(**{**files, **change}, pipeline=[])


def test_files_that_do_not_fit(files, tmp_path):
    for name, content, said in (
            ('p.pkl', pickle.dumps([1]), 'expected a dict'),
            ('p.pkl', pickle.dumps({'v,0902': np.zeros((2, 3))}), r'found \[2, 3\]'),
            ('p.pkl', pickle.dumps({'v': np.zeros((2, 4))}), "found 'v'"),
            ('p.pkl', pickle.dumps(InputError('x')), 'not plain data'),
            ('p.pkl', b'\x80', 'cannot be read')):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=said):
            AVADataset(**files, pipeline=[])
    for key in ('proposal_file', 'label_file', 'exclude_file', 'ann_file'):
        with pytest.raises(MissingFileError, match=key):
            AVADataset(**{**dict(files, proposal_file=None), key: 'none.pkl'}, pipeline=[])
    (tmp_path / 'a.csv').write_text('v,0902,0,0,1,1,79,0\n')
    with pytest.raises(InputError, match='holds no moment'):
        AVADataset(**dict(files, proposal_file=None), pipeline=[])


def test_boxes_stay_in_step_with_frames(files, tmp_path):
    """A bright square in the frames is where its box says, after all that moves pixels."""
    folder = tmp_path / 'frames' / 'v'
    folder.mkdir(parents=True)
    for i in range(50, 70):
        picture = np.zeros((60, 80, 3), np.uint8)
        picture[30:60, 20:60] = 255           # the box .25 .5 .75 1
        cv2.imwrite(str(folder / f'img_{i:05}.png'), picture)
    dataset = AVADataset(**files, data_prefix=str(tmp_path / 'frames'),
                         filename_tmpl='img_{:05}.png', pipeline=[
        SAMPLER, dict(type='RawFrameDecode'), dict(type='RandomRescale', scale_range=(80, 120)),
        dict(type='RandomCrop', size=76), dict(type='Flip', flip_ratio=0.5),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'proposals', 'gt_bboxes', 'gt_labels'],
             meta_keys=['img_key']),
        dict(type='ToTensor', keys=['imgs', 'proposals', 'gt_bboxes', 'gt_labels'])])
    seen = set()
    for epoch in range(8):
        dataset.set_epoch(epoch)
        sample = dataset[0]
        assert sample['imgs'].shape == (1, 3, 4, 76, 76) and sample['proposals'].shape == (2, 4)
        x0, y0, x1, y1 = box = sample['gt_bboxes'][2].tolist()
        rows, columns = np.nonzero(sample['imgs'][0, 0, 0].numpy() > 127)
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert found == pytest.approx(box, abs=1.6) and x1 > x0 and y1 > y0
        seen.add(tuple(found))
        assert sample['img_metas'] == dict(img_key='v,0902')
    assert len(seen) > 4


def test_videos_in_place_of_frames(files, tmp_path):
    video = cv2.VideoWriter(str(tmp_path / 'v.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 10, (64, 48))
    for i in range(60):
        video.write(np.full((48, 64, 3), 4 * i, np.uint8))
    video.release()
    dataset = AVADataset(**files, data_prefix=str(tmp_path), suffix='.mp4', fps=10,
                         timestamp_start=900, timestamp_end=906, pipeline=[
                             dict(type='PyAVInit'), SAMPLER, dict(type='PyAVDecode')])
    sample = dataset[0]
    # Two seconds after the beginning, from 0: two frames before it, and so on.
    assert sample['frame_inds'].tolist() == [16, 18, 20, 22]
    assert [img.mean() / 4 for img in sample['imgs']] == pytest.approx([16, 18, 20, 22], abs=1.2)
    np.testing.assert_allclose(sample['gt_bboxes'][2], [16, 24, 48, 48])
    with pytest.raises(MissingFileError, match='w,0902.*line 7'):
        dataset[1]
