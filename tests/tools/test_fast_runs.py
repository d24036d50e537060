"""Training and testing compiled, in mixed precision and with channels last, by the command line."""
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import TSM, main_of, options  # noqa: E402

import mmvideo  # noqa: E402
from mmvideo.evaluation.scores import read_scores  # noqa: E402

FAST = ['--amp', '--compile', '--channels-last']
COMPILED = {'compile__backend': 'eager', 'train_cfg__max_epochs': 2, 'param_scheduler__1__end': 2}


@pytest.fixture(scope='module')
def trained(embedded, tmp_path_factory):
    work = tmp_path_factory.mktemp('fast')
    assert main_of('tools/train.py')([TSM, '--work-dir', str(work), '--validate', '--seed', '0',
                                      *FAST, *options(embedded, **COMPILED)]) == 0
    return work


def log_of(work):
    return max(work.glob('*/*.log')).read_text()


@pytest.mark.slow
def test_a_fast_run_leaves_a_plain_checkpoint_that_says_what_it_is(trained):
    loaded = torch.load(trained / 'epoch_2.pth')
    assert not [key for key in loaded['state_dict'] if '_orig_mod' in key]
    assert all(value.dtype != torch.bfloat16 for value in loaded['state_dict'].values())
    meta = loaded['meta']
    assert meta['mmvideo_version'] == mmvideo.__version__
    assert len(meta['classes']) == 8
    best = torch.load(next(trained.glob('best_top1_acc_*.pth')))['meta']['metrics']
    lines = [json.loads(line) for file in trained.glob('*/vis_data/scalars.json')
             for line in file.read_text().splitlines()]
    validated = {line['step']: line['top1_acc'] for line in lines if 'loss' not in line}
    assert best['top1_acc'] == validated[best['epoch']] == max(validated.values())
    log = log_of(trained)
    assert 'backbone: compiled by eager' in log and 'is not compiled' not in log
    assert 'CPUAmpOptimWrapper' in log or torch.cuda.is_available()
    record = json.loads(next(trained.glob('*/run.json')).read_text())
    assert record['seed'] == 0 and record['config']['channels_last'] is True
    assert record['config']['compile'] == dict(backend='eager')


@pytest.mark.slow
def test_it_is_resumed_and_tested_with_or_without_speed(trained, embedded, tmp_path, capsys):
    longer = {**COMPILED, 'train_cfg__max_epochs': 3, 'param_scheduler__1__end': 3}
    work = tmp_path / 'more'
    assert main_of('tools/train.py')([
        TSM, '--work-dir', str(work), '--seed', '0', '--resume', str(trained / 'epoch_2.pth'),
        '--amp', '--compile', *options(embedded, **longer)]) == 0
    assert (work / 'epoch_3.pth').is_file() and 'resumed epoch: 2' in log_of(work)
    test, found = main_of('tools/test.py'), {}
    for name, flags in (('plain', []), ('fast', [*FAST, '--fuse-conv-bn'])):
        values = COMPILED if name == 'fast' else {}
        assert test([TSM, str(work / 'epoch_3.pth'), '--out', str(tmp_path / f'{name}.pkl'),
                     '--work-dir', str(tmp_path / name), *flags,
                     *options(embedded, **values)]) == 0, capsys.readouterr().err
        found[name] = read_scores(tmp_path / f'{name}.pkl').scores
    assert found['fast'].dtype == np.float32 and not np.array_equal(found['fast'], found['plain'])
    np.testing.assert_allclose(found['fast'], found['plain'], atol=0.15)
    assert 'backbone: compiled by eager' in log_of(tmp_path / 'fast')


@pytest.mark.parametrize('flags, said', [
    (['--amp-dtype', 'fp16'], '--amp-dtype fp16 needs a GPU'),
    (['--cfg-options', 'compile.backend=x'], "compile.backend: no backend 'x'; known:"),
    (['--cfg-options', 'compile.mod=x'], "compile: CompileModel takes no argument 'mod'"),
    (['--cfg-options', 'compile=fast'], 'compile: expected True or a dict'),
    (['--tensorboard'], 'needs the package tensorboard')])
def test_what_cannot_be_is_told_in_a_line(flags, said, embedded, tmp_path, capsys, monkeypatch):
    if flags[0] == '--amp-dtype' and torch.cuda.is_available():
        pytest.skip('there is a GPU')
    monkeypatch.setattr('mmvideo.engine.record.importlib.util.find_spec', lambda name: None)
    given = options(embedded)
    if flags[0] == '--cfg-options':
        given, flags = [*given, *flags[1:]], []
    status = main_of('tools/train.py')([TSM, '--work-dir', str(tmp_path), *flags, *given])
    assert status == 2
    err = capsys.readouterr().err
    assert said in err and len(err.strip().splitlines()) == 1


@pytest.mark.skipif(find_spec('tensorboard') is None, reason='no tensorboard')
def test_tensorboard_reads_the_curves(embedded, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    assert main_of('tools/train.py')([
        TSM, '--work-dir', str(tmp_path), '--validate', '--seed', '0', '--tensorboard',
        *options(embedded, train_cfg__max_epochs=2, param_scheduler__1__end=2,
                 default_hooks__logger__interval=1)]) == 0
    folder = next(tmp_path.glob('*/vis_data'))
    events = EventAccumulator(str(folder))
    events.Reload()
    lines = [json.loads(line) for line in (folder / 'scalars.json').read_text().splitlines()]
    losses = {line['step']: line['loss'] for line in lines if 'loss' in line}
    read = {event.step: event.value for event in events.Scalars('loss')}
    assert len(losses) >= 8 and read == pytest.approx(losses, rel=1e-5)
    accuracies = [line['top1_acc'] for line in lines if 'top1_acc' in line and 'loss' not in line]
    assert [e.value for e in events.Scalars('top1_acc')][-1] == pytest.approx(accuracies[-1])
