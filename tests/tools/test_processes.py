"""Several processes, started as torchrun, Slurm and MPI start them; what they do when one dies."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, TSM, environment, free_port, options, run  # noqa: E402

from mmvideo.checkpoint_file import read_checkpoint  # noqa: E402

pytestmark = pytest.mark.slow

SAME = ['--seed', '0']
# Names for process, number of processes, process of this machine, number of these.
LAUNCHED = dict(
    slurm=('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID', 'SLURM_NTASKS_PER_NODE'),
    mpi=('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK',
         'OMPI_COMM_WORLD_LOCAL_SIZE'))


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
