import importlib.util
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmvideo.evaluation.scores import write_scores

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / 'tools' / 'analysis' / 'report_accuracy.py'
FUSION = json.loads((ROOT / 'tests/data/evaluation/score_fusion.json').read_text())['cases']

spec = importlib.util.spec_from_file_location('report_accuracy', SCRIPT)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

# Three samples, five classes. RGB alone is right for a and b, flow alone for c.
LABELS = [0, 1, 2]
RGB = np.eye(5)[[0, 1, 3]] * 2.0
FLOW = np.eye(5)[[4, 3, 2]] * 3.0
NAMES = ['x/a.mp4', 'x/b.mp4', 'x/c.mp4']


def datalist(folder, names=NAMES, labels=LABELS, middle=''):
    path = folder / 'list.txt'
    path.write_text(''.join(f'{n}{middle} {k}\n' for n, k in zip(names, labels, strict=True)))
    return str(path)


def run(capsys, *arguments):
    code = tool.main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize('case', FUSION)
def test_recorded_fusions_of_bare_lists(tmp_path, capsys, case):
    files = []
    for i, stream in enumerate(case['scores']):
        files.append(tmp_path / f'{i}.pkl')
        files[-1].write_bytes(pickle.dumps([np.array(row) for row in stream]))
    names = [f'video_{i}' for i in range(len(case['labels']))]
    code, out, _ = run(capsys, '--scores', *files, '--coefficients', *case['coefficients'],
                       '--datalist', datalist(tmp_path, names, case['labels'], ' 300'),
                       *(['--apply-softmax'] if case['apply_softmax'] else []))
    assert code == 0
    assert out == (f'Mean Class Accuracy: {case["mean_class_accuracy"]:.4f}\n'
                   f'Top 1 Accuracy: {case["top_1"]:.4f}\n'
                   f'Top 5 Accuracy: {case["top_5"]:.4f}\n')


@pytest.mark.parametrize('coefficients, top1', [
    ((1, 0), '0.6667'), ((0, 1), '0.3333'), ((2, 1), '0.6667'), ((1, 1), '0.3333')])
def test_coefficients_weigh_the_streams(tmp_path, capsys, coefficients, top1):
    write_scores(tmp_path / 'rgb.json', RGB, NAMES, LABELS)
    write_scores(tmp_path / 'flow.pkl', FLOW, NAMES, LABELS)
    code, out, _ = run(capsys, '--scores', tmp_path / 'rgb.json', tmp_path / 'flow.pkl',
                       '--coefficient', *coefficients, '--datalist', datalist(tmp_path))
    assert (code, out.splitlines()[1]) == (0, f'Top 1 Accuracy: {top1}')


def test_fusion_can_beat_both_streams(tmp_path, capsys):
    rgb = np.array([[3.0, 0, 0, 0, 0], [0, 1, 2, 0, 0]])     # right, wrong by 1
    flow = np.array([[0.0, 1, 0, 0, 0], [0, 3, 0, 0, 0]])    # wrong by 1, right
    files = [tmp_path / 'rgb.yaml', tmp_path / 'flow.yaml']
    for path, scores in zip(files, (rgb, flow), strict=True):
        write_scores(path, scores, NAMES[:2], [0, 1])
    listed = datalist(tmp_path, NAMES[:2], [0, 1])
    for chosen, top1 in ((files[:1], '0.5000'), (files[1:], '0.5000'), (files, '1.0000')):
        _, out, _ = run(capsys, '--scores', *chosen, '--datalist', listed)
        assert out.splitlines()[1] == f'Top 1 Accuracy: {top1}'


@pytest.mark.parametrize('names, in_list, middle', [
    (NAMES, NAMES, ''),                                          # as written
    (['x/a.npy', 'x/b.npy', 'x/c.npy'], NAMES, ''),              # sound against video
    (['x/a', 'x/b', 'x/c'], NAMES, ''),                          # frames against video
    (NAMES, ['x/a', 'x/b', 'x/c'], ' 300'),                      # a list of frames
    (NAMES, ['x/a.npy', 'x/b.npy', 'x/c.npy'], ' 300'),          # a list of sound
    (NAMES, ['x/a', 'x/b', 'x/c'], ' 10 300'),                   # with offsets
    (['v 1.mp4', 'v 2.mp4', 'v.mp4'], ['"v 1.mp4"', 'v 2.mp4', 'v.mp4'], ''),   # blanks
    (['v1.0', 'v1.1', 'v1.2'], ['v1.0', 'v1.1', 'v1.2'], ' 300'),  # a point that is no suffix
])
def test_samples_are_joined_by_name_whatever_their_order(tmp_path, capsys, names, in_list, middle):
    order = [2, 0, 1]
    write_scores(tmp_path / 's.json', (np.eye(5) * 2)[:3][order], [names[i] for i in order],
                 [LABELS[i] for i in order])
    code, out, err = run(capsys, '--scores', tmp_path / 's.json',
                         '--datalist', datalist(tmp_path, in_list, middle=middle))
    assert (code, out.splitlines()[1], err) == (0, 'Top 1 Accuracy: 1.0000', '')


def test_a_json_list_is_read(tmp_path, capsys):
    write_scores(tmp_path / 's.json', (np.eye(5) * 2)[[1, 0]], NAMES[1::-1], [1, 0])
    rows = [dict(filename=NAMES[0], label=0), dict(filename=NAMES[1], label=[1])]
    (tmp_path / 'list.json').write_text(json.dumps(rows))
    code, out, _ = run(capsys, '--scores', tmp_path / 's.json',
                       '--datalist', tmp_path / 'list.json')
    assert (code, out.splitlines()[1]) == (0, 'Top 1 Accuracy: 1.0000')
    (tmp_path / 'list.json').write_text('{"a": 1}')
    code, _, err = run(capsys, '--scores', tmp_path / 's.json',
                       '--datalist', tmp_path / 'list.json')
    assert code == 2 and 'list.json: not a readable list' in err


def test_a_video_listed_twice_is_joined_in_order(tmp_path, capsys):
    names = ['a.mp4', 'a.mp4', 'b.mp4']
    write_scores(tmp_path / 's.json', (np.eye(5) * 2)[:3], names, LABELS)
    code, out, _ = run(capsys, '--scores', tmp_path / 's.json',
                       '--datalist', datalist(tmp_path, names))
    assert (code, out.splitlines()[1]) == (0, 'Top 1 Accuracy: 1.0000')


def test_views_are_averaged_before_softmax(tmp_path, capsys):
    # Means [1, 2] -> class 1; averaged after softmax the first class would win.
    views = [np.array([[6.0, 0.0], [0.0, 5.0], [0.0, 5.0]])]
    write_scores(tmp_path / 's.pkl', views, ['a'], [1])
    _, out, _ = run(capsys, '--scores', tmp_path / 's.pkl', '--apply-softmax',
                    '--datalist', datalist(tmp_path, ['a'], [1]))
    assert out.splitlines()[1:] == ['Top 1 Accuracy: 1.0000',
                                    'Top 5 Accuracy: 1.0000 (of 2 classes)']


def test_out_keeps_what_was_measured(tmp_path, capsys):
    write_scores(tmp_path / 's.json', RGB, NAMES, LABELS)
    listed = datalist(tmp_path)
    run(capsys, '--scores', tmp_path / 's.json', '--datalist', listed,
        '--out', tmp_path / 'r.json')
    assert json.loads((tmp_path / 'r.json').read_text()) == dict(
        mean_class_accuracy=pytest.approx(2 / 4), top1_acc=pytest.approx(2 / 3),
        top5_acc=1.0, num_samples=3, num_classes=5, scores=[str(tmp_path / 's.json')],
        coefficients=[1.0], apply_softmax=False, datalist=listed)


def test_softmax_of_probabilities_is_remarked(tmp_path, capsys):
    write_scores(tmp_path / 's.json', RGB, NAMES, LABELS, average_clips='prob')
    code, _, err = run(capsys, '--scores', tmp_path / 's.json', '--apply-softmax',
                       '--datalist', datalist(tmp_path))
    assert code == 0 and 'probabilities already' in err


def two_files(folder, second, names=NAMES, labels=LABELS):
    write_scores(folder / 'a.json', RGB, NAMES, LABELS)
    write_scores(folder / 'b.json', second, names, labels)
    return ['--scores', folder / 'a.json', folder / 'b.json']


WRONG = {
    'class counts': (lambda d: two_files(d, FLOW[:, :4]), {},
                     'b.json has 4 classes, .*a.json has 5'),
    'lengths': (lambda d: two_files(d, FLOW[:2], NAMES[:2], LABELS[:2]), {},
                'b.json has 2 samples, .*a.json has 3'),
    'list length': (lambda d: two_files(d, FLOW), dict(names=NAMES[:2], labels=LABELS[:2]),
                    "3 samples, .*list.txt has 2: 1 of the file are not in the list, first "
                    "'x/c.mp4'"),
    'samples': (lambda d: two_files(d, FLOW, ['x/a.mp4', 'x/b.mp4', 'x/z.mp4']), {},
                "b.json: its samples are not those of .*1 of the list have no scores, first "
                "'x/c.mp4'; 1 of the file are not in the list, first 'x/z.mp4'"),
    'repeats': (lambda d: two_files(d, FLOW, ['x/c.mp4', 'x/a.mp4', 'x/a.mp4']), {},
                "b.json: its samples are not those of .* first 'x/b.mp4'"),
    'labels': (lambda d: two_files(d, FLOW, NAMES, [0, 1, 4]), {},
               r'sample 2 \(x/c.mp4\) has the label 4, .*line 3 says 2; 1 of 3 labels differ'),
    'several labels': (lambda d: two_files(d, FLOW, NAMES, [np.ones(5)] * 3), {},
                       'several labels'),
    'coefficients': (lambda d: [*two_files(d, FLOW), '--coefficients', '1'], {},
                     '2 score files need as many coefficients, not 1'),
    'range': (lambda d: two_files(d, FLOW), dict(labels=[0, 5, 2]),
              'list.txt, line 2: label 5 is out of range; 5 classes'),
    'no number': (lambda d: two_files(d, FLOW), dict(labels=[0, 'walk', 2]),
                  "list.txt, line 2: the last word, 'walk'"),
    'empty list': (lambda d: two_files(d, FLOW), dict(names=[], labels=[]), 'list is empty'),
    'missing file': (lambda d: ['--scores', d / 'none.pkl'], {}, 'none.pkl: no such score file'),
    'out': (lambda d: [*two_files(d, FLOW), '--out', 'x.txt'], {}, 'x.txt: a file that ends with'),
}


@pytest.mark.parametrize('case', WRONG)
def test_files_that_do_not_belong_together_are_refused(tmp_path, capsys, case):
    make, changes, message = WRONG[case]
    code, out, err = run(capsys, *make(tmp_path), '--datalist', datalist(tmp_path, **changes))
    assert (code, out) == (2, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert re.search(message, err), err


def test_missing_list_from_the_command_line(tmp_path):
    write_scores(tmp_path / 's.json', RGB, NAMES, LABELS)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), '--scores', 's.json', '--datalist', 'none.txt'],
        cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert (done.returncode, done.stdout, done.stderr) == (2, '', 'error: none.txt: no such list\n')
