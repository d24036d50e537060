"""What a run writes of itself: its start, the state of git, and what checkpoints come from."""
import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config, ConfigDict

import mmvideo
from mmvideo.engine import record
from mmvideo.engine.record import RecordRun, add_tensorboard, check_tensorboard, git_state
from mmvideo.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, toys, trained  # noqa: E402, F401


def git(folder, *command):
    names = ['-c', 'user.name=A', '-c', 'user.email=a@example.org']
    subprocess.run(['git', *names, *command], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / 'project'
    (folder / 'part').mkdir(parents=True)
    (folder / 'part/a.txt').write_text('one\n')
    git(folder, 'init', '-q')
    git(folder, 'add', '.')
    git(folder, 'commit', '-q', '-m', 'first')
    git_state.cache_clear()
    yield folder
    git_state.cache_clear()


def runner_of(folder, resume=False):
    return SimpleNamespace(
        log_dir=str(folder), seed=7, _resume=resume, launcher='none',
        _load_from='epoch_1.pth' if resume else None,
        cfg=Config(dict(model=dict(type='Net', sizes=(1, 2)))))


def test_the_state_of_git(checkout, tmp_path):
    clean = git_state(str(checkout / 'part'))
    assert len(clean['commit']) == 40 and clean['changed'] == [] and clean['diff_sha256'] is None
    git_state.cache_clear()
    (checkout / 'part/a.txt').write_text('two\n')
    (checkout / 'new.txt').write_text('')
    changed = git_state(str(checkout))
    assert changed['commit'] == clean['commit']
    assert changed['changed'] == [' M part/a.txt', '?? new.txt']
    assert b'-one\n+two\n' in changed['diff']
    assert changed['diff_sha256'] == hashlib.sha256(changed['diff']).hexdigest()
    # A package that is installed below a checkout is no part of it.
    (checkout / 'site-packages').mkdir()
    assert git_state(str(checkout / 'site-packages')) is None
    assert git_state(str(tmp_path)) is None


def test_a_start_is_written_down(checkout, tmp_path, monkeypatch):
    (checkout / 'part/a.txt').write_text('two\n')
    monkeypatch.chdir(checkout)
    monkeypatch.setattr(sys, 'argv', ['tools/train.py', 'my config.py', '--seed', '7'])
    monkeypatch.setenv('SLURM_JOB_ID', '12')
    for resume in (False, True):
        folder = tmp_path / f'start_{resume}'
        RecordRun().before_run(runner_of(folder, resume))
        found = json.loads((folder / 'run.json').read_text())
        assert found['command'].endswith("tools/train.py 'my config.py' --seed 7")
        assert found['seed'] == 7 and found['folder'] == str(checkout)
        assert found['resumed'] == ('epoch_1.pth' if resume else None)
        assert found['versions']['mmvideo'] == mmvideo.__version__
        assert found['versions']['torch'] and found['variables']['SLURM_JOB_ID'] == '12'
        assert found['config'] == {'model': {'type': 'Net', 'sizes': [1, 2]}}
        here = found['git']['here']
        diff = (folder / 'uncommitted_here.diff').read_bytes()
        assert b'+two' in diff and here['diff_sha256'] == hashlib.sha256(diff).hexdigest()
        assert here['changed'] == [' M part/a.txt'] and 'diff' not in here


def test_without_git_a_start_is_written_down(tmp_path, monkeypatch):
    def absent(*args, **kwargs):
        raise FileNotFoundError('git')
    git_state.cache_clear()
    monkeypatch.setattr(record.subprocess, 'run', absent)
    record.write_record(runner_of(tmp_path))
    git_state.cache_clear()
    assert json.loads((tmp_path / 'run.json').read_text())['git'] is None


def test_checkpoints_know_version_classes_and_metrics(tmp_path):
    names = tmp_path / 'classes.txt'
    names.write_text('run\njump\n')
    hook, runner = RecordRun(names), runner_of(tmp_path)
    runner._train_loop = runner.train_loop = SimpleNamespace(epoch=3, iter=40)
    checkpoint = dict(meta=dict(epoch=3))
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta'] == dict(epoch=3, mmvideo_version=mmvideo.__version__,
                                      classes=['run', 'jump'])
    hook.after_val_epoch(runner, {'top1_acc': 0.5})
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['metrics'] == dict(epoch=3, iter=40, top1_acc=0.5)
    resumed = RecordRun()
    resumed.after_load_checkpoint(runner_of(tmp_path, resume=True), checkpoint)
    fresh = dict(meta={})
    resumed.before_save_checkpoint(runner, fresh)
    assert fresh['meta']['metrics'] == dict(epoch=3, iter=40, top1_acc=0.5)
    loaded = RecordRun()
    loaded.after_load_checkpoint(runner_of(tmp_path), checkpoint)
    assert loaded.metrics is None       # weights to start from: their metrics are not this run's


def test_tensorboard_is_added_once_and_asked_for(monkeypatch):
    cfg = ConfigDict(visualizer=dict(type='Visualizer', vis_backends=[dict(type='Local')]))
    check_tensorboard(cfg)
    for _ in range(2):
        add_tensorboard(cfg)
        assert [b['type'] for b in cfg.visualizer.vis_backends] == ['Local',
                                                                    'TensorboardVisBackend']
    bare = ConfigDict()
    add_tensorboard(bare)
    assert bare.visualizer == dict(type='Visualizer',
                                   vis_backends=[dict(type='TensorboardVisBackend')])
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(InputError, match='needs the package tensorboard: pip install tensorboard'):
        check_tensorboard(cfg)


@pytest.mark.usefixtures('toys')
def test_a_config_that_lies_in_the_work_dir_stays_as_it_is(tmp_path):
    own = tmp_path / 'own.py'
    own.write_text('# mine\n')
    cfg = config(tmp_path, epochs=1)
    for folder in (tmp_path, tmp_path / 'other'):
        trained(Config({**cfg, 'work_dir': str(folder)}, filename=str(own)))
    assert own.read_text() == '# mine\n'
    assert 'optim_wrapper' in (tmp_path / 'other/own.py').read_text()
