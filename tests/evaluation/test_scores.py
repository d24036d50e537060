import json
import pickle
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
import yaml

from mmvideo.errors import InputError, MissingFileError
from mmvideo.evaluation.scores import ScoreDump, read_scores, write_scores
from mmvideo.registry import METRICS

SCORES = np.array([[0.1, 0.7, 0.2], [1e-7, 2.5, -3.0]], dtype=np.float32)
SUFFIXES = ['.json', '.yaml', '.yml', '.pkl', '.pickle']


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_a_file_gives_back_what_was_written(tmp_path, suffix):
    path = tmp_path / 'new folder' / f'scores{suffix}'
    write_scores(path, torch.from_numpy(SCORES), ['a/ü 1.mp4', 'b.mp4'], [1, 0],
                 'configs/tsn.py', 'epoch_1.pth', 'prob')
    file = read_scores(path)
    np.testing.assert_array_equal(file.scores, SCORES)  # float32 survives text exactly
    assert file.scores.dtype == np.float32
    assert (file.names, file.labels) == (['a/ü 1.mp4', 'b.mp4'], [1, 0])
    assert (file.config, file.checkpoint, file.average_clips, file.num_classes, len(file)) == (
        'configs/tsn.py', 'epoch_1.pth', 'prob', 3, 2)
    assert [f.name for f in path.parent.iterdir()] == [path.name]  # no temporary file is left


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_views_and_many_hot_labels(tmp_path, suffix):
    path = tmp_path / f'scores{suffix}'
    views = [SCORES, SCORES[:1]]
    write_scores(path, views, labels=[np.array([1.0, 0.0, 1.0]), None])
    file = read_scores(path)
    assert [s.tolist() for s in file.scores] == [v.tolist() for v in views]
    assert file.names is None and file.labels == [[0, 2], None]
    np.testing.assert_allclose(file.averaged(), [SCORES.mean(0), SCORES[0]])


def test_a_pickle_is_loaded_without_mmvideo(tmp_path):
    path = tmp_path / 'scores.pkl'
    write_scores(path, SCORES, ['a', 'b'], [1, 0])
    code = ('import pickle, sys; d = pickle.load(open(sys.argv[1], "rb"));'
            'assert "mmvideo" not in sys.modules and "torch" not in sys.modules;'
            'print(d["format"], d["version"], d["names"], d["labels"], d["scores"].dtype)')
    out = subprocess.run([sys.executable, '-c', code, str(path)], capture_output=True, text=True,
                         check=True, cwd=tmp_path).stdout
    assert out.split('\n')[0] == "mmvideo-scores 1 ['a', 'b'] [1, 0] float32"


def test_text_names_every_sample(tmp_path):
    path = tmp_path / 'scores.json'
    write_scores(path, [[0.5, 0.25]], ['a.mp4'], [1], average_clips='prob')
    assert json.loads(path.read_text()) == dict(
        format='mmvideo-scores', version=1, config='', checkpoint='', average_clips='prob',
        num_classes=2, samples=[dict(name='a.mp4', label=1, scores=[0.5, 0.25])])


@pytest.mark.parametrize('content', [
    SCORES.tolist(), list(SCORES), [SCORES[:1], SCORES[1:]], tuple(SCORES), SCORES,
])
def test_bare_lists_of_older_tools_are_read_by_order(tmp_path, content):
    path = tmp_path / 'old.pkl'
    path.write_bytes(pickle.dumps(content, protocol=2))
    file = read_scores(path)
    np.testing.assert_array_equal(file.averaged(), SCORES)
    assert file.names is None and file.labels is None and file.num_classes == 3


@pytest.mark.parametrize('suffix, dump', [('.json', json.dumps), ('.yaml', yaml.safe_dump)])
def test_bare_lists_in_text_are_read(tmp_path, suffix, dump):
    path = tmp_path / f'old{suffix}'
    path.write_text(dump([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]))
    assert read_scores(path).averaged().tolist() == [[2.0, 3.0], [6.0, 7.0]]


def test_dump_of_mmaction2_1x_is_read(tmp_path):
    path = tmp_path / 'dump.pkl'
    path.write_bytes(pickle.dumps([
        dict(pred_score=torch.tensor(SCORES[0]), gt_label=torch.tensor([1]), img_shape=(4, 4)),
        dict(pred_score=torch.tensor(SCORES[1]), gt_label=torch.tensor([0]), img_shape=(4, 4))]))
    file = read_scores(path)
    np.testing.assert_array_equal(file.scores, SCORES)
    assert file.labels == [1, 0]


def test_numpy_scalars_and_ordered_dicts_are_plain_data(tmp_path):
    path = tmp_path / 'old.pkl'
    path.write_bytes(pickle.dumps([OrderedDict(pred_score=[np.float64(0.5), np.float32(1.0)])]))
    assert read_scores(path).scores.tolist() == [[0.5, 1.0]]


class Attack:
    def __reduce__(self):
        return print, ('code of the file has run',)


@pytest.mark.parametrize('content', [[Attack()], [[0.1, 0.2], Attack()]])
def test_a_pickle_cannot_run_code(tmp_path, capsys, content):
    path = tmp_path / 'evil.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=r'evil.pkl: the pickle asks for builtins.print'):
        read_scores(path)
    assert capsys.readouterr().out == ''


def test_a_tensor_cannot_bring_code_along(tmp_path, capsys):
    class Sneaky:
        def __reduce__(self):
            import io
            inner = io.BytesIO()
            torch.save(Attack(), inner)
            return torch.storage._load_from_bytes, (inner.getvalue(),)
    path = tmp_path / 'evil.pkl'
    path.write_bytes(pickle.dumps([Sneaky()]))
    with pytest.raises(InputError, match='not a readable pickle'):
        read_scores(path)
    assert capsys.readouterr().out == ''


def ours(**changes):
    return dict(dict(format='mmvideo-scores', version=1, config='', checkpoint='',
                     average_clips=None, num_classes=2,
                     samples=[dict(name='a', label=0, scores=[0.1, 0.2])]), **changes)


@pytest.mark.parametrize('content, message', [
    ([], 'no samples'),
    ('text', 'a list of score vectors is expected, not a str'),
    ([[1.0, 2.0], [1.0]], 'has 1 classes, others have 2|has 2 classes, others have 1'),
    ([[1.0], []], 'sample 1 have the shape'),
    ([1.0, 2.0], r'sample 0 have the shape \[\]'),
    ([['a', 'b']], 'one vector of numbers'),
    ([[1.0, float('nan')]], 'sample 0 are not all finite'),
    ([dict(score=1)], 'sample 0 has no "pred_score"'),
    (ours(format='other'), "'other', 'mmvideo-scores' is expected"),
    (ours(version=2), 'version 2'),
    (ours(num_classes=3), 'num_classes is 3, but the scores are of 2'),
    (dict(format='mmvideo-scores', version=1), 'neither "samples" nor "scores"'),
    (ours(samples=[dict(name='x.mp4', label=0, scores=[0.1, float('inf')])]), r'\(x.mp4\)'),
])
def test_a_file_that_is_not_right_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / 'scores.json'
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=f'scores.json: .*({message})'):
        read_scores(path)


def test_broken_missing_and_foreign_files(tmp_path):
    for name in ('cut.json', 'cut.pkl', 'cut.yaml'):
        (tmp_path / name).write_bytes(b'{"a": [')
        with pytest.raises(InputError, match=f'{name}: not a readable'):
            read_scores(tmp_path / name)
    with pytest.raises(MissingFileError, match='none.json'):
        read_scores(tmp_path / 'none.json')
    with pytest.raises(InputError, match='csv'):
        write_scores(tmp_path / 'scores.csv', SCORES)
    with pytest.raises(InputError, match='1 names for 2 samples'):
        write_scores(tmp_path / 'scores.json', SCORES, ['a'])
    assert not (tmp_path / 'scores.json').exists()


def test_dump_metric_sorts_and_names_the_samples(tmp_path):
    path = tmp_path / 'out.json'
    metric = METRICS.build(dict(type='ScoreDump', out=str(path), names=['a', 'b', 'c'],
                                config='c.py', checkpoint='k.pth', average_clips='score'))
    order = [2, 0, 1, 2]  # the last is what a distributed sampler repeats
    metric.process({}, [dict(score=torch.tensor([float(i), 0.5]), label=torch.tensor([i % 2]),
                             sample_index=i) for i in order])
    assert metric.evaluate(4) == {}
    file = read_scores(path)
    assert (file.names, file.labels) == (['a', 'b', 'c'], [0, 1, 0])
    assert file.scores.tolist() == [[0.0, 0.5], [1.0, 0.5], [2.0, 0.5]]
    assert (file.config, file.checkpoint, file.average_clips) == ('c.py', 'k.pth', 'score')


def test_dump_metric_takes_names_from_the_data_set(tmp_path):
    metric = ScoreDump(tmp_path / 'out.json')
    metric.dataset_meta = dict(names=['a', 'b'], average_clips='prob')
    metric.process({}, [dict(score=torch.ones(2), sample_index=i) for i in (1, 0)])
    metric.evaluate(2)
    file = read_scores(tmp_path / 'out.json')
    assert (file.names, file.labels, file.average_clips) == (['a', 'b'], None, 'prob')


def test_dump_metric_refuses_early_and_when_samples_are_missing(tmp_path):
    with pytest.raises(InputError, match='out.txt'):
        ScoreDump('out.txt')
    metric = ScoreDump(tmp_path / 'out.json', names=['a', 'b'])
    metric.process({}, [dict(score=torch.ones(2), sample_index=0)])
    with pytest.raises(InputError, match='1 samples were scored, the data set has 2'):
        metric.evaluate(2)
    assert not (tmp_path / 'out.json').exists()
