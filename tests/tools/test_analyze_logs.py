"""Training logs of both generations: where their lines lie, what is drawn, and the times."""
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvideo.errors import InputError, MissingFileError

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis' / 'analyze_logs.py'
spec = importlib.util.spec_from_file_location('analyze_logs', TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    return path


def engine_lines(epochs=4, length=11, interval=4, prefix='', first_epoch=1):
    """What mmengine's LoggerHook writes for 11 iterations an epoch, every fourth one logged."""
    lines = []
    for epoch in range(first_epoch, first_epoch + epochs):
        for k in range(interval, length + 1, interval):
            step = (epoch - 1) * length + k
            lines.append(dict(lr=0.1, data_time=0.001, loss=2 / (1 + step / 10),
                              loss_cls=2 / (1 + step / 10), top1_acc=1 - 1 / (1 + step / 10),
                              time=0.5 if k == interval else 0.1 * epoch, epoch=epoch, iter=step,
                              step=step))
        lines.append({f'{prefix}top1_acc': 0.2 * epoch, 'data_time': 0.1, 'time': 0.3,
                      'step': epoch})
    return lines


def old_lines(epochs=2):
    """What 0.x wrote: first the environment, ``iter`` starting anew with every epoch."""
    lines = [dict(env_info='sys.platform: linux', seed=0)]
    for epoch in range(1, epochs + 1):
        lines += [dict(mode='train', epoch=epoch, iter=k, lr=0.01, memory=100, data_time=0.1,
                       top1_acc=0.5, loss_cls=1.0, loss=1.0, time=epoch / 10)
                  for k in (20, 40, 60)]
        lines.append(dict(mode='val', epoch=epoch, iter=30, lr=0.01, top1_acc=0.3 * epoch))
    return lines


@pytest.fixture
def log(tmp_path):
    return write(tmp_path / 'tsm/20260101_000000/vis_data/scalars.json', engine_lines())


def test_lines_lie_along_epochs(log):
    read = tool.read_log(log)
    assert read.unit == 'epoch'
    at, values = read.curve('loss', 'train')
    expected = [(e * 11 + k) / 11 for e in range(4) for k in (4, 8)]
    np.testing.assert_allclose(at, expected)
    np.testing.assert_allclose(values, 2 / (1 + np.array(expected) * 1.1))
    at, values = read.curve('top1_acc', 'val')
    np.testing.assert_allclose((at, values), ([1, 2, 3, 4], [0.2, 0.4, 0.6, 0.8]))
    assert not read.curve('loss', 'val').size


@pytest.mark.parametrize('prefix', ['', 'acc/', 'val/acc/'])
def test_validation_keys_may_have_a_prefix(tmp_path, prefix):
    read = tool.read_log(write(tmp_path / 'a.json', engine_lines(prefix=prefix)))
    assert read.curve('top1_acc', 'val')[1] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert len(read.curve('top1_acc', 'train')[0]) == 8


@pytest.mark.parametrize('epochs, first, expected', [
    (1, 1, [4 / 8, 1]), (1, 5, [48 * 5 / 52, 5]), (2, 5, [4 + 4 / 11, 4 + 8 / 11, 5 + 4 / 11,
                                                         5 + 8 / 11])])
def test_resumed_and_short_logs(tmp_path, epochs, first, expected):
    read = tool.read_log(write(tmp_path / 'a.json', engine_lines(epochs, first_epoch=first)))
    np.testing.assert_allclose(read.train_at, expected)


@pytest.mark.parametrize('again', [1, 2, 3])
def test_a_folder_of_a_run_that_was_resumed(tmp_path, again):
    """Three epochs, then resumed at the start of an epoch; with other values, to be told apart."""
    first = engine_lines(3)
    later = [{**line, 'loss': 7.0} if 'loss' in line else {**line, 'top1_acc': 0.9}
             for line in engine_lines(2, first_epoch=again)]
    write(tmp_path / 'tsm/20260101_000000/vis_data/scalars.json', first)
    write(tmp_path / 'tsm/20260102_000000/vis_data/scalars.json', later)
    # A start that died before it logged anything changes nothing.
    write(tmp_path / 'tsm/20260103_000000/vis_data/scalars.json', [])
    read = tool.read_log(tmp_path / 'tsm')
    epochs = again + 1
    np.testing.assert_allclose(read.train_at, [(e * 11 + k) / 11 for e in range(epochs)
                                               for k in (4, 8)])
    assert (read.curve('loss', 'train')[1] == 7).tolist() == \
        [False] * 2 * (again - 1) + [True] * 4
    at, values = read.curve('top1_acc', 'val')
    assert at.tolist() == list(range(1, epochs + 1))
    assert values.tolist() == pytest.approx([0.2 * e for e in range(1, again)] + [0.9, 0.9])


def test_a_folder_of_0x_that_was_resumed(tmp_path):
    write(tmp_path / 'a.log.json', old_lines(2))
    write(tmp_path / 'b.log.json', [{**line, 'epoch': line['epoch'] + 1} if 'epoch' in line
                                    else line for line in old_lines(2)])
    read = tool.read_log(tmp_path)
    np.testing.assert_allclose(read.train_at, [k / 3 for k in range(1, 10)])
    assert read.val_at == [1, 2, 3]


def test_log_without_epochs_counts_iterations(tmp_path):
    lines = [dict(loss=1.0, time=0.1, iter=k, step=k) for k in (4, 8)] + [dict(top1_acc=1, step=8)]
    read = tool.read_log(write(tmp_path / 'a.json', lines))
    assert (read.unit, read.train_at, read.val_at) == ('iteration', [4, 8], [8])


def test_log_of_0x(tmp_path):
    read = tool.read_log(write(tmp_path / 'a.log.json', old_lines()))
    np.testing.assert_allclose(read.train_at, [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])
    np.testing.assert_allclose(read.curve('top1_acc', 'val'), [[1, 2], [0.3, 0.6]])
    assert read.keys == ['data_time', 'loss', 'loss_cls', 'lr', 'time', 'top1_acc']


def test_half_a_last_line_does_not_count(log):
    with log.open('a') as file:
        file.write('{"lr": 0.1, "lo')
    assert len(tool.read_log(log).train) == 8


def test_smoothing_keeps_the_mean_level():
    values = np.arange(10.0)
    np.testing.assert_allclose(tool.smooth(values, 3), [0.5, *range(1, 9), 8.5])
    np.testing.assert_allclose(tool.smooth(values, 1), values)
    np.testing.assert_allclose(tool.smooth(np.full(7, 3.0), 20), 3)


def colors_in(path):
    """How many pixels of each palette color a picture has."""
    image = cv2.imread(str(path))[..., ::-1].astype(int)
    wanted = [tuple(int(c[k:k + 2], 16) for k in (1, 3, 5)) for c in tool.COLORS]
    return image, [int((np.abs(image - color).sum(-1) < 12).sum()) for color in wanted]


@pytest.mark.parametrize('keys, size', [(['loss'], (480, 672)), (['loss', 'top1_acc'], (480, 1344)),
                                        (['loss', 'lr', 'time', 'top1_acc'], (960, 2016))])
def test_picture_has_a_panel_for_each_key(log, tmp_path, keys, size):
    out = tmp_path / 'deep/curve.png'
    tool.main(['plot_curve', str(log), '--keys', *keys, '--out', str(out)])
    image, counts = colors_in(out)
    assert image.shape[:2] == size
    assert counts[0] > 300 and counts[1] == 0
    columns = min(3, len(keys))
    for k in range(len(keys)):
        row, column = divmod(k, columns)
        panel = image[row * 480:(row + 1) * 480, column * 672:(column + 1) * 672]
        assert (panel.min(-1) < 250).mean() > 0.01


def test_every_log_has_its_color(log, tmp_path):
    other = write(tmp_path / 'b.json', engine_lines(length=8, prefix='acc/'))
    tool.plot_curve([log, other], ['loss', 'top1_acc'], tmp_path / 'a.png', title='Two runs',
                    legend=['one', 'two'], style='dark')
    counts = colors_in(tmp_path / 'a.png')[1]
    assert min(counts[:2]) > 300 and counts[2] == 0


@pytest.mark.parametrize('count, legend, expected', [
    (1, None, ['tsm', 'tsm']), (1, ['a'], ['a', 'a']), (1, ['a', 'b'], ['a', 'b']),
    (2, ['a', 'b'], ['a', 'a', 'b', 'b']), (2, ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'])])
def test_names_in_the_legend(log, count, legend, expected):
    names = tool.names_of([tool.read_log(log)] * count, ['loss', 'lr'], legend)
    assert list(names.values()) == expected


@pytest.mark.parametrize('options, message', [
    (dict(keys=['los']), r"scalars\.json: no key 'los'; known: data_time, loss, loss_cls, lr"),
    (dict(legend=['a', 'b', 'c']), '--legend: expected one name for each of 1 logs'),
    (dict(style='plaid'), "--style: no style 'plaid'; known: .*whitegrid"),
    (dict(out=None), '--out'), (dict(out='a.docx'), '--out a.docx')])
def test_wrong_arguments(log, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        tool.plot_curve([log], **{'keys': ['loss'], 'out': 'a.png', **options})


@pytest.mark.parametrize('name, text, message', [
    ('a.txt', '', r'a\.txt: expected a log whose name ends in \.json'),
    ('a.json', '', 'no line of training or validation'),
    ('a.json', '{"iter": 1}\nnonsense\n', r'a\.json, line 2: not JSON'),
    ('a.json', '[1]\n', r'a\.json, line 1: expected a JSON object')])
def test_files_that_are_no_logs(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        tool.read_log(tmp_path / name)


def test_missing_log_and_mixed_units(log, tmp_path):
    with pytest.raises(MissingFileError, match=r'gone\.json'):
        tool.read_log(tmp_path / 'gone.json')
    other = write(tmp_path / 'b.json', [dict(loss=1.0, iter=4, step=4)])
    with pytest.raises(InputError, match='share no axis'):
        tool.plot_curve([log, other], ['loss'], tmp_path / 'a.png')


def test_times(log, tmp_path, capsys):
    old = write(tmp_path / 'a.log.json', old_lines())
    tool.main(['cal_train_time', str(log), str(old)])
    printed = capsys.readouterr().out
    # Of two lines an epoch the first, always 0.5 s, is left out: 0.1, 0.2, 0.3, 0.4 s remain.
    assert 'slowest epoch 4, average time is 0.4000 s/iter' in printed
    assert 'fastest epoch 1, average time is 0.1000 s/iter' in printed
    assert f'time std over epochs is {np.std([0.1, 0.2, 0.3, 0.4]):.4f}' in printed
    assert 'average iter time: 0.2500 s/iter' in printed
    assert 'average iter time: 0.1500 s/iter' in printed
    tool.main(['cal_train_time', str(log), '--include-outliers'])
    assert 'average iter time: 0.3750 s/iter' in capsys.readouterr().out


def test_command_line_names_the_error(tmp_path):
    run = subprocess.run([sys.executable, str(TOOL), 'cal_train_time', str(tmp_path / 'x.json')],
                         capture_output=True, text=True,
                         env={'PYTHONPATH': str(TOOL.parents[2])})
    assert run.returncode == 2
    assert run.stderr.startswith('error: ') and run.stderr.endswith('x.json: no such file\n')
