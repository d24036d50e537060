"""Tools that read score files again: eval_metric.py and confusion_matrix.py."""
import importlib.util
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from mmvideo.evaluation.scores import write_scores

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / 'tools/analysis' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


eval_metric, confusion_matrix = load('eval_metric'), load('confusion_matrix')

NAMES = ['b.mp4', 'a.mp4', 'c.mp4', 'd.mp4']
LABELS = [1, 0, 2, 2]
# Right for b and a; c and d are taken for 0.
SCORES = np.array([[0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.5, 0.1, 0.4], [0.5, 0.4, 0.1]])


@pytest.fixture
def config(tmp_path):
    """A config whose test list has the samples in another order than the score files."""
    lines = sorted(zip(NAMES, LABELS, strict=True))
    (tmp_path / 'list.txt').write_text(''.join(f'{name} {label}\n' for name, label in lines))
    path = tmp_path / 'config.py'
    path.write_text(
        f"test_dataloader = dict(batch_size=1, dataset=dict(type='VideoDataset', "
        f"ann_file='{tmp_path}/list.txt', pipeline=[dict(type='DecordInit')]))\n"
        "test_evaluator = dict(type='AccMetric', metric_list=['top_k_accuracy'], "
        'metric_options=dict(top_k_accuracy=dict(topk=(1, 2))))\n')
    return str(path)


def run(capsys, tool, *arguments):
    code = tool.main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize('kept', [dict(names=NAMES, labels=LABELS), dict(names=NAMES)])
def test_metrics_of_a_file_with_and_without_labels(tmp_path, capsys, config, kept):
    path = tmp_path / 'scores.json'
    write_scores(path, SCORES, **kept)
    code, out, _ = run(capsys, eval_metric, config, path)
    assert (code, out) == (0, 'top1_acc: 0.5000\ntop2_acc: 0.7500\n')
    code, out, _ = run(capsys, eval_metric, config, path, '--eval', 'mean_class_accuracy')
    assert (code, out) == (0, 'mean_class_accuracy: 0.6667\n')
    code, out, _ = run(capsys, eval_metric, config, path, '--eval', 'top_k_accuracy',
                       '--eval-options', 'top_k_accuracy.topk=(3,)')
    assert (code, out) == (0, 'top3_acc: 1.0000\n')


def test_bare_vectors_are_taken_in_the_order_of_the_list(tmp_path, capsys, config):
    path = tmp_path / 'scores.pkl'
    path.write_bytes(pickle.dumps(list(SCORES)))     # a list in the order a, b, c, d
    code, out, _ = run(capsys, eval_metric, config, path, '--eval', 'top_k_accuracy',
                       '--eval-options', 'top_k_accuracy.topk=1')
    assert (code, out) == (0, 'top1_acc: 0.0000\n')


def test_several_labels_a_sample(tmp_path, capsys, config):
    path = tmp_path / 'scores.json'
    write_scores(path, SCORES[:2], names=NAMES[:2], labels=[[1, 1, 0], [0, 0, 1]])
    code, out, _ = run(capsys, eval_metric, config, path, '--eval', 'mmit_mean_average_precision')
    # By hand: the first sample's labels are ranks 1 and 2 (or 1 and a tie), the second's is last.
    precision = ((1 + 2 / 3) / 2 + 1 / 3) / 2
    assert (code, out) == (0, f'mmit_mean_average_precision: {precision:.4f}\n')


@pytest.mark.parametrize('names, labels, said', [
    (NAMES[:3], None, '3 samples'),
    ([*NAMES[:3], 'x.mp4'], None, "'x.mp4' is not in it")])
def test_other_samples_than_the_list_has(tmp_path, capsys, config, names, labels, said):
    path = tmp_path / 'scores.json'
    write_scores(path, SCORES[:len(names)], names=names, labels=labels)
    code, _, err = run(capsys, eval_metric, config, path)
    assert code == 2 and said in err and 'scores.json' in err


def test_confusions_are_counted_named_and_drawn(tmp_path, capsys, config):
    path, out, picture = (tmp_path / name for name in ('scores.json', 'counts.json', 'm.png'))
    write_scores(path, SCORES, names=NAMES, labels=LABELS)
    (tmp_path / 'classes.txt').write_text('run\njump\nwalk\n')
    code, text, err = run(capsys, confusion_matrix, config, path, '--label-file',
                          tmp_path / 'classes.txt', '--out', out, '--show-path', picture,
                          '--include-values')
    assert code == 0, err
    assert text.splitlines()[:2] == ['2 of 2 walk taken for run', '2 of 4 right, 50.00 %']
    assert json.loads(out.read_text()) == dict(classes=['run', 'jump', 'walk'],
                                               counts=[[1, 0, 0], [0, 1, 0], [2, 0, 0]])
    assert picture.stat().st_size > 5000
    code, text, _ = run(capsys, confusion_matrix, config, path, '--target-classes', 1, 2)
    assert (code, text) == (0, '1 of 1 right, 100.00 %\n')


def test_confusions_of_wrong_requests(tmp_path, capsys, config):
    path = tmp_path / 'scores.json'
    write_scores(path, SCORES, names=NAMES, labels=LABELS)
    (tmp_path / 'classes.txt').write_text('run\njump\n')
    for arguments, said in (
            (['--label-file', tmp_path / 'classes.txt'], '2 class names, 3 classes are scored'),
            (['--target-classes', 3], 'expected 0..2'),
            (['--show-path', tmp_path / 'm.docx'], '--show-path'),
            (['--show-path', tmp_path / 'm.png', '--cmap', 'rainbows'], 'no such color map')):
        code, _, err = run(capsys, confusion_matrix, config, path, *arguments)
        assert code == 2 and said in err
