"""A loss that is not finite ends the run before it moves a weight, and names its batch."""
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.datasets.wrappers import ConcatDataset
from mmvideo.engine.bad_loss import sample_names
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS, HOOKS

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, followed, loader, toys, trained  # noqa: E402, F401

pytestmark = pytest.mark.usefixtures('toys')


class Break(Hook):
    """Spoils something before a given iteration: a weight, or the momentum."""

    at, what = 3, 'weight'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == Break.at and Break.what == 'weight':
            runner.model.w.data.fill_(float('nan'))
        elif runner.iter == Break.at:
            runner.optim_wrapper.optimizer.state[runner.model.w][
                'momentum_buffer'].fill_(float('inf'))


@pytest.fixture
def breaking():
    HOOKS.register_module(name='Break', module=Break)
    yield
    del HOOKS.module_dict['Break']


def normed(out, values, **more):
    return config(out, values, model=dict(type='OneWeight', norm=True), epochs=1,
                  train_dataloader=loader(values) | dict(batch_size=2), **more)


def test_a_bad_sample_is_named_and_the_state_before_it_saved(tmp_path):
    values = [1, 2, 3, 5, float('nan'), 4]
    cfg = normed(tmp_path, values, train_cfg=dict(by_epoch=True, max_epochs=1))
    cfg.default_hooks.checkpoint.interval = 99
    with pytest.raises(InputError) as caught:
        trained(cfg)
    said = str(caught.value)
    assert said.startswith('the loss of iteration 3 (epoch 1) is not finite. loss nan, '
                           'loss_way nan, height nan; samples: number nan, number 4. ')
    assert f'saved, {tmp_path}/iter_2.pth: --resume goes on with this iteration' in said
    found = read_checkpoint(tmp_path / 'iter_2.pth')
    way = followed([1.5, 4])
    assert found['state_dict']['w'].item() == way[-1]
    # Statistics are those of two batches: 0.1 of the mean of the second, 0.09 of the first's.
    assert found['state_dict']['norm.running_mean'].item() == pytest.approx(
        0.1 * (4 + way[0]) + 0.09 * 1.5)
    assert (found['meta']['iter'], found['meta']['epoch'], found['meta']['batches_done']) == \
        (2, 0, 2)
    # With that sample mended the resumed run ends where one without it does.
    values[4] = 6
    rest = trained(normed(tmp_path / 'rest', values), tmp_path / 'iter_2.pth').model
    whole = trained(normed(tmp_path / 'whole', values)).model
    assert all(torch.equal(v, whole.state_dict()[k]) for k, v in rest.state_dict().items())


@pytest.mark.parametrize('what, said', [
    ('weight', r'iteration 4 .*samples: number 4\. w was not finite before that\. .*'
               r'the checkpoint before is .*iter_3\.pth'),
    ('momentum', r'iteration 4: w is not finite any more, so nothing is saved')])
def test_broken_weights_are_told_and_never_saved(what, said, tmp_path, breaking, monkeypatch):
    monkeypatch.setattr(Break, 'what', what)
    cfg = config(tmp_path, custom_hooks=[dict(type='Break')])
    cfg.optim_wrapper.optimizer.momentum = 0.9
    with pytest.raises(InputError, match=said):
        trained(cfg)
    assert sorted(p.name for p in tmp_path.glob('*.pth')) == ['iter_1.pth', 'iter_2.pth',
                                                              'iter_3.pth']


def test_a_rate_that_is_too_high_ends_a_run(tmp_path):
    cfg = config(tmp_path, (1, 2, 3, 4, 5, 6, 7, 8))
    cfg.optim_wrapper.optimizer.lr = 1e30
    cfg.default_hooks.checkpoint.interval = 99
    with pytest.raises(InputError, match=r'the loss of iteration 2 .* is not finite\. loss inf'):
        trained(cfg)


def test_a_batch_of_another_source_is_named(tmp_path):
    cfg = config(tmp_path, omnisource=[loader((7, float('inf')))])
    with pytest.raises(InputError, match='iteration 2 .* loss inf.*; samples: number inf'):
        trained(cfg)


def test_a_batch_in_a_group_keeps_the_gradients_before_it(tmp_path):
    values = [1, 3, 5, float('nan')]
    for folder, last in (('bad', values[3]), ('good', 9)):
        cfg = config(tmp_path / folder, [*values[:3], last], epochs=1)
        cfg.optim_wrapper.accumulative_counts = 4
        cfg.default_hooks.checkpoint.interval = 99
        if folder == 'bad':
            with pytest.raises(InputError, match='iteration 4'):
                trained(cfg)
        else:
            cfg.default_hooks.checkpoint.interval = 1
            found = trained(cfg, tmp_path / 'bad/iter_3.pth')
    assert found.model.w.item() == 0.5 * (1 + 3 + 5 + 9) / 4


def test_mixed_precision_checks_the_loss_itself(tmp_path):
    cfg = config(tmp_path, (1, 2, float('nan')))
    cfg.optim_wrapper.type = 'CPUAmpOptimWrapper'
    with pytest.raises(InputError, match='iteration 3'):
        trained(cfg)


def images(folder, labels):
    import cv2
    folder.mkdir()
    for k, _ in enumerate(labels):
        cv2.imwrite(str(folder / f'{k}.png'), np.full((4, 4, 3), k, np.uint8))
    (folder / 'list.txt').write_text(''.join(f'{k}.png {v}\n' for k, v in enumerate(labels)))
    return DATASETS.build(dict(
        type='ImageDataset', ann_file=str(folder / 'list.txt'), data_prefix=str(folder),
        sample_by_class=len(labels) == 4, pipeline=[dict(type='ImageDecode')]))


def test_names_are_those_of_the_files_that_were_shown(tmp_path):
    first, second = images(tmp_path / 'a', [0, 1, 0]), images(tmp_path / 'b', [0, 1, 1, 1])
    both = ConcatDataset([first, second])
    both.set_epoch(2)
    shown = [both[index] for index in (1, 3, 4, 5, (2, 1))]
    places = [sample['sample_index'] for sample in shown]
    assert places == [1, 3, 4, 5, 9]
    wanted = [Path(sample['filename']) for sample in shown]
    assert len({path.name for path in wanted[1:4]}) > 1      # drawn by class
    assert sample_names(both, dict(sample_index=torch.tensor(places))) == [
        f'{path.name} ({path.parent}/list.txt, line {int(path.stem) + 1})' for path in wanted]
    assert sample_names([1, 2], dict(sample_index=[1])) == ['sample 1']
    assert sample_names(both, torch.zeros(1)) == []


# One of two processes: the second one meets a bad sample in its second batch.
PROCESS = '''
import sys
import mmengine.runner.runner
mmengine.runner.runner.collect_env = dict       # starts compilers
sys.path.insert(0, sys.argv[1])
from toys import DATASETS, MODELS, Numbers, OneWeight, config, trained
from mmvideo.command import exit_status
from mmvideo.engine import distributed
MODELS.register_module(name='OneWeight', module=OneWeight)
DATASETS.register_module(name='Numbers', module=Numbers)
cfg = config(sys.argv[2], [1, 2, 3, float('nan'), 5, 6])
cfg.default_hooks.checkpoint.interval = 99
cfg.launcher = 'pytorch'
distributed.join('pytorch')
sys.exit(exit_status(trained, cfg))
'''


@pytest.mark.slow
def test_all_processes_stop_where_one_meets_a_bad_loss(tmp_path):
    import os
    import socket
    import subprocess
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    here = str(Path(__file__).parent)
    processes = [subprocess.Popen(
        [sys.executable, '-c', PROCESS, here, str(tmp_path / 'run')], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, 'RANK': str(rank), 'LOCAL_RANK': str(rank), 'WORLD_SIZE': '2',
             'LOCAL_WORLD_SIZE': '2', 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port,
             'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(Path(here).parents[1])})
        for rank in range(2)]
    said = ''.join(process.communicate(timeout=300)[0] for process in processes)
    assert [process.returncode for process in processes] == [2, 2]
    assert ('the loss of iteration 2 (epoch 1) is not finite. process 1: loss nan, loss_way nan, '
            'height nan; samples: number nan. The weights before it are finite and saved') in said
    state = read_checkpoint(tmp_path / 'run/iter_1.pth')['state_dict']
    assert state['w'].item() == 0.5 * 1.5
