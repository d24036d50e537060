"""Several processes, started as torchrun, Slurm and MPI start them; what they do when one dies."""
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, TSM, environment, free_port, options, run  # noqa: E402

from mmvideo.checkpoint_file import read_checkpoint  # noqa: E402
from mmvideo.evaluation.scores import read_scores  # noqa: E402

pytestmark = pytest.mark.slow

SAME = ['--seed', '0']
# Names for process, number of processes, process of this machine, number of these.
LAUNCHED = dict(
    slurm=('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID', 'SLURM_NTASKS_PER_NODE'),
    mpi=('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK',
         'OMPI_COMM_WORLD_LOCAL_SIZE'))
TIMESFORMER = '''
_base_ = ['{root}/_base_/datasets/embedded.py', '{root}/_base_/augments/small64.py',
          '{root}/_base_/schedules/sgd_small_10e.py', '{root}/_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=2), *_base_.decode, *_base_.test_augment, *pack]))
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3,
                           format_shape='NCTHW'),
    backbone=dict(type='TimeSformer', num_frames=4, img_size=64, patch_size=16, embed_dims=32,
                  num_heads=4, num_transformer_layers=3),
    cls_head=dict(type='TimeSformerHead', num_classes=8, in_channels=32),
    test_cfg=dict(average_clips='prob'))
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.05),
                     clip_grad=dict(max_norm=1, norm_type=2))
'''


def torchrun(*command, processes=2, restarts=0):
    return ['-m', 'torch.distributed.run', '--nproc_per_node', processes, '--max-restarts',
            restarts, '--master_port', free_port(), *command, '--launcher', 'pytorch']


def by_hand(folder, launcher, *commands):
    """Start a command a process, with the environment that a launcher gives; output in files."""
    port, size, processes = str(free_port()), str(len(commands)), []
    for rank, command in enumerate(commands):
        names = LAUNCHED[launcher]
        given = dict(zip(names, (str(rank), size, str(rank), size), strict=True),
                     SLURM_NODELIST='localhost', MASTER_PORT=port)
        with open(folder / f'out{rank}.txt', 'w') as out:
            processes.append(subprocess.Popen(
                [sys.executable, *map(str, command), '--launcher', launcher], cwd=ROOT,
                stdout=out, stderr=subprocess.STDOUT, env={**environment(), **given}))
    return processes


def said(folder, rank):
    return (folder / f'out{rank}.txt').read_text()


def wait_for(condition, seconds=200):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, 'waited in vain'
        time.sleep(0.05)


def weights(path):
    return read_checkpoint(path)['state_dict']


def largest_difference(one, other):
    assert one.keys() == other.keys()
    return max(float((one[k].double() - other[k].double()).abs().max()) for k in one)


@pytest.mark.parametrize('launcher, dead', [('slurm', 1), ('mpi', 0)])
def test_a_killed_process_ends_the_others(embedded, tmp_path, launcher, dead):
    command = ['tools/train.py', TSM, *SAME, '--work-dir', tmp_path, *options(
        embedded, train_cfg__max_epochs=300, train_dataloader__num_workers=1)]
    processes = by_hand(tmp_path, launcher, command, command)
    wait_for(lambda: 'Epoch(train)' in said(tmp_path, 0))
    processes[dead].send_signal(signal.SIGKILL)
    start = time.monotonic()
    processes[1 - dead].wait(60)
    print(f'the other process ended after {time.monotonic() - start:.1f} s')
    assert processes[1 - dead].returncode == 2 and processes[dead].wait() == -signal.SIGKILL
    text = said(tmp_path, 1 - dead)
    assert text.count('error: process') == 1 and 'is gone without a word' in text
    assert f'error: process {dead} of 2 (' in text and 'Traceback' not in text


def test_two_processes_reach_the_weights_of_one(embedded, tmp_path):
    """20 iterations with batches of 8, and of 4 in each of two processes.

    In float64 and with a tenth of the rate: with all of it rounding alone drives runs apart. One
    process that sees the samples of each batch in another order is 7e-3 away by then, 4e-16 with a
    tenth.
    """
    config = tmp_path / 'double.py'
    config.write_text(f"_base_ = [{TSM!r}]\nmodel = dict(type='DoubleRecognizer2D')\n"
                      "custom_imports = dict(imports=['tests.tools.double'])\n")
    common = ['tools/train.py', config, *SAME]
    chosen = dict(model__backbone__norm_cfg__type='SyncBN', model__cls_head__dropout_ratio=0,
                  optim_wrapper__optimizer__lr=0.005, train_cfg__max_epochs=10,
                  param_scheduler__1__end=10)
    run(*common, '--work-dir', tmp_path / 'one', *options(
        embedded, train_dataloader__batch_size=8, **chosen))
    run(*torchrun(*common, '--work-dir', tmp_path / 'two'), *options(embedded, **chosen))
    one, two = (read_checkpoint(tmp_path / name / 'epoch_10.pth') for name in ('one', 'two'))
    assert one['meta']['iter'] == two['meta']['iter'] == 20
    assert {str(v.dtype) for v in one['state_dict'].values()} == {'torch.float64', 'torch.int64'}
    found = largest_difference(one['state_dict'], two['state_dict'])
    print(f'largest difference of weights and statistics: {found:.1e}')
    assert found < 1e-10


def test_three_processes_test_seven_samples(embedded, tmp_path):
    config = tmp_path / 'timesformer.py'
    config.write_text(TIMESFORMER.format(root=ROOT / 'configs'))
    chosen = [word for word in options(embedded) if not word.startswith(
        ('model.', 'test_dataloader.batch', 'test_dataloader.dataset.ann'))]
    short = tmp_path / 'seven.txt'
    short.write_text('\n'.join((embedded / 'val_videos.txt').read_text().splitlines()[:7]))
    chosen += [f'test_dataloader.dataset.ann_file={short}', 'test_dataloader.batch_size=2']
    run('tools/train.py', config, *SAME, '--work-dir', tmp_path / 'a', *chosen,
        'train_cfg.max_epochs=1')
    command = ['tools/test.py', config, tmp_path / 'a' / 'epoch_1.pth', '--work-dir',
               tmp_path / 'b', '--eval', 'top_k_accuracy']
    one = run(*command, '--out', tmp_path / 'one.json', *chosen)
    three = run(*torchrun(*command, processes=3), '--out', tmp_path / 'three.json', *chosen)
    lines = [[line for line in text.splitlines() if line.startswith('top')]
             for text in (one, three)]
    assert lines[0] and lines[0] == lines[1]
    first, second = (read_scores(tmp_path / f'{n}.json') for n in ('one', 'three'))
    assert len(first.names) == 7 and first.names == second.names
    assert first.labels == second.labels
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-6)


def test_spread_network(embedded, tmp_path):
    """FSDP2: trains as DDP does, is resumed within an epoch, and becomes a plain file."""
    config = tmp_path / 'timesformer.py'
    config.write_text(TIMESFORMER.format(root=ROOT / 'configs'))
    chosen = [word for word in options(embedded, default_hooks__checkpoint__every_n_iters=3)
              if not word.startswith('model.')]
    common = ['tools/train.py', config, *SAME]
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    run(*torchrun(*common, '--work-dir', tmp_path / 'ddp'), *chosen)
    run(*torchrun(*common, '--fsdp', '--validate', '--work-dir', whole), *chosen)
    found = largest_difference(weights(whole / 'epoch_3.pth'), weights(
        tmp_path / 'ddp' / 'epoch_3.pth'))
    print(f'largest difference between FSDP and DDP: {found:.1e}')
    assert found < 1e-5
    # The newest one has a damaged shard: the one before, saved within an epoch, takes its place.
    cut.mkdir()
    for path in (*whole.glob('iter_3.*'), *whole.glob('epoch_2.*')):
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, cut / path.name)
    (cut / 'last_checkpoint').write_text(str(cut / 'epoch_2.pth'))
    shard = next(cut.glob('epoch_2.shards-*')) / '__1_0.distcp'
    shard.write_bytes(shard.read_bytes()[:-1])
    out = run(*torchrun(*common, '--fsdp', '--validate', '--resume', '--work-dir', cut), *chosen)
    assert 'epoch_2.pth is damaged and passed over' in out and 'resumed epoch: 1, iter: 3' in out
    one, other = weights(whole / 'epoch_3.pth'), weights(cut / 'epoch_3.pth')
    assert largest_difference(one, other) == 0
    # A plain file, with the same scores.
    published = run('tools/analysis/publish_model.py', whole / 'epoch_3.pth', tmp_path / 'p.pth')
    plain = published.split(': ')[0]
    assert torch.load(plain)['state_dict'].keys() == one.keys()
    for name, checkpoint in (('plain', plain), ('sharded', whole / 'epoch_3.pth')):
        run('tools/test.py', config, checkpoint, '--out', tmp_path / f'{name}.json', '--work-dir',
            tmp_path / name, *chosen)
    first, second = (read_scores(tmp_path / f'{n}.json') for n in ('plain', 'sharded'))
    assert first.names == second.names and np.array_equal(first.scores, second.scores)


@pytest.mark.parametrize('wrong', ['config', 'file'])
def test_an_error_of_input_is_told_once(embedded, tmp_path, wrong):
    config = ['model.cls_head.num_clases=8'] if wrong == 'config' else []
    commands = [['tools/train.py', TSM, *SAME, '--work-dir', tmp_path, *options(
        embedded, **({'train_dataloader__dataset__ann_file': 'absent.txt'} if rank and not config
                     else {})), *config] for rank in (0, 1)]
    processes = by_hand(tmp_path, 'slurm', *commands)
    assert [process.wait(300) for process in processes] == [2, 2]
    lines = [line for rank in (0, 1) for line in said(tmp_path, rank).splitlines()
             if line.startswith(('error', 'Traceback'))]
    assert len(lines) == 1 and ('absent.txt' in lines[0] or 'num_clases' in lines[0]), lines


def test_restarted_by_torchrun_it_goes_on_by_itself(embedded, tmp_path):
    command = ['tools/train.py', TSM, *SAME, '--deterministic']
    chosen = options(embedded, default_hooks__checkpoint__every_n_iters=1,
                     train_cfg__max_epochs=6, param_scheduler__1__end=6)
    run(*torchrun(*command, '--work-dir', tmp_path / 'whole'), *chosen)
    with open(tmp_path / 'out.txt', 'w') as out:
        agent = subprocess.Popen(
            [sys.executable, *map(str, torchrun(
                *command, '--resume', '--work-dir', tmp_path / 'cut', restarts=3)), *chosen],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
            env={**environment(), 'PYTHONUNBUFFERED': '1'})
    for place in ('Saving checkpoint at 5 iterations', 'Saving checkpoint at 8 iterations'):
        wait_for(lambda: place in (tmp_path / 'out.txt').read_text())   # noqa: B023
        workers = children_of(agent.pid)
        os.kill(workers[-1], signal.SIGKILL)
    assert agent.wait(300) == 0, (tmp_path / 'out.txt').read_text()[-3000:]
    text = (tmp_path / 'out.txt').read_text()
    assert text.count('resumed epoch') == 2
    one, other = (weights(tmp_path / name / 'epoch_6.pth') for name in ('whole', 'cut'))
    assert largest_difference(one, other) == 0


def children_of(pid):
    """Processes that run tools/train.py for an agent, oldest first."""
    listed = subprocess.run(['ps', '-eo', 'ppid,pid,args', '--sort', 'start_time'],
                            capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [int(row[1]) for row in rows if int(row[0]) == pid and 'tools/train.py' in row[2]]
