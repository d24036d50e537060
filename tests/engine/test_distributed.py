"""Who starts processes, how they meet, and how they end together; runs of torch are slow tests."""
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from mmvideo.engine import watch
from mmvideo.engine.distributed import first_node, place
from mmvideo.errors import InputError

SLURM = dict(SLURM_PROCID='3', SLURM_NTASKS='8', SLURM_LOCALID='1', SLURM_JOB_ID='123456',
             SLURM_NODELIST='gpu[03-05,9],cpu1')
OPEN_MPI = dict(OMPI_COMM_WORLD_RANK='1', OMPI_COMM_WORLD_SIZE='2',
                OMPI_COMM_WORLD_LOCAL_RANK='1', OMPI_COMM_WORLD_LOCAL_SIZE='2')
TORCHRUN = dict(RANK='1', WORLD_SIZE='4', LOCAL_RANK='1', MASTER_ADDR='10.0.0.1',
                MASTER_PORT='29400')


def told(rank, size, local, address, port):
    return dict(RANK=rank, WORLD_SIZE=size, LOCAL_RANK=local, MASTER_ADDR=address,
                MASTER_PORT=port)


@pytest.mark.parametrize('launcher, environ, wanted', [
    ('pytorch', TORCHRUN, told('1', '4', '1', '10.0.0.1', '29400')),
    ('slurm', SLURM, told('3', '8', '1', 'gpu03', '29956')),
    ('slurm', {**SLURM, 'MASTER_ADDR': 'head', 'MASTER_PORT': '1'},
     told('3', '8', '1', 'head', '1')),
    ('slurm', {**SLURM, 'SLURM_STEP_NODELIST': 'gpu4'}, told('3', '8', '1', 'gpu4', '29956')),
    ('mpi', OPEN_MPI, told('1', '2', '1', '127.0.0.1', '29500')),
    ('mpi', {**OPEN_MPI, 'OMPI_COMM_WORLD_LOCAL_SIZE': '1', 'MASTER_ADDR': 'a'},
     told('1', '2', '1', 'a', '29500')),
    ('mpi', dict(PMI_RANK='0', PMI_SIZE='2', MPI_LOCALRANKID='0', MPI_LOCALNRANKS='2'),
     told('0', '2', '0', '127.0.0.1', '29500')),
])
def test_place(launcher, environ, wanted):
    assert place(launcher, environ) == wanted


@pytest.mark.parametrize('launcher, environ, said', [
    ('pytorch', {}, 'RANK is None, expected a number; start the processes with torchrun'),
    ('pytorch', {**TORCHRUN, 'WORLD_SIZE': 'two'}, "WORLD_SIZE is 'two'"),
    ('slurm', {}, 'SLURM_PROCID is None, expected a number; start the processes with srun'),
    ('mpi', {}, 'OMPI_COMM_WORLD_RANK is None'),
    ('mpi', {**OPEN_MPI, 'OMPI_COMM_WORLD_LOCAL_SIZE': '1'}, 'MASTER_ADDR'),
])
def test_place_of_a_process_that_was_started_otherwise(launcher, environ, said):
    with pytest.raises(InputError, match=said):
        place(launcher, environ)


@pytest.mark.parametrize('nodes, first', [
    ('gpu7', 'gpu7'), ('gpu7,gpu8', 'gpu7'), ('gpu[03-05,9],cpu1', 'gpu03'),
    ('gpu[3,5]-ib', 'gpu3-ib'), ('rack[2-3]n[01-16]', 'rack2n01'), ('', '')])
def test_first_node(nodes, first):
    assert first_node(nodes) == first


# A process that knows of the others and does nothing else: torch is not loaded.
PROCESS = '''
import importlib.util, os, sys, time
spec = importlib.util.spec_from_file_location('watch', sys.argv[1])
watch = importlib.util.module_from_spec(spec)
spec.loader.exec_module(watch)
watch.GRACE_SECONDS = 0.3
rank, port, deed = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
own = watch.Watch(rank, 3)
if rank == 0:
    print(own.listen('localhost', 'key'), flush=True)
else:
    own.connect('localhost', port, 'key', 'process 0')
own.start()
if deed == 'fork' and os.fork() == 0:
    os.closerange(0, 3)
    time.sleep(15)      # longer than the test waits
    os._exit(0)
print('watches', flush=True)
sys.stdin.readline()
if deed == 'late error':        # process 0 is slower than the others with the same
    watch.GRACE_SECONDS = 5
    time.sleep(1.5)
if deed.endswith('error'):
    if own.condemn('error: no such file'):
        print('error: no such file', file=sys.stderr)
    own.end()
if deed == 'raise':
    1 / 0
if deed != 'leave':
    time.sleep(20)
'''


def started(*deeds):
    processes, port = [], '0'
    for rank, deed in enumerate(deeds):
        process = subprocess.Popen(
            [sys.executable, '-c', PROCESS, watch.__file__, str(rank), port, deed], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k != 'LOCAL_RANK'})
        if rank == 0:
            port = process.stdout.readline().strip()
        processes.append(process)
    for process in processes:
        assert process.stdout.readline() == 'watches\n'
    time.sleep(0.1)     # process 0 has read who is there
    return processes


def ends(processes):
    """Exit statuses and error outputs, once all have ended."""
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return [p.returncode for p in processes], [p.communicate()[1] for p in processes]


@pytest.mark.parametrize('dead, deed, teller', [(1, '', 0), (0, '', 1), (2, 'fork', 0)])
def test_a_death_ends_the_others_and_one_tells(dead, deed, teller):
    deeds = ['', '', '']
    deeds[dead] = deed
    processes = started(*deeds)
    processes[dead].send_signal(signal.SIGKILL)
    codes, said = ends(processes)
    assert codes == [-signal.SIGKILL if rank == dead else watch.STATUS for rank in range(3)]
    name = 'process 0' if dead == 0 else f'process {dead} of 3 ('
    assert said[teller].startswith(f'error: {name}') and 'gone without a word' in said[teller]
    assert said[teller].count('\n') == 1 and ''.join(said) == said[teller]


@pytest.mark.parametrize('deeds, once', [
    (['', 'error', ''], True), (['error', '', ''], True), (['error'] * 3, True),
    (['', 'error', 'error'], True), (['late error', 'error', ''], True),
    (['', '', 'raise'], False)])
def test_an_error_is_told_once(deeds, once):
    processes = started(*deeds)
    for process, deed in zip(processes, deeds, strict=True):
        if deed:
            process.stdin.write('\n')
            process.stdin.flush()
    codes, said = ends(processes)
    assert codes == [1 if deed == 'raise' else watch.STATUS for deed in deeds]
    if once:
        assert ''.join(said) == 'error: no such file\n'
    else:
        assert 'ZeroDivisionError' in said[2] and 'process 2 of 3' in said[0] and not said[1]


def test_one_that_is_done_ends_nobody():
    processes = started('', 'leave', '')
    processes[1].stdin.write('\n')
    processes[1].stdin.flush()
    assert processes[1].wait(10) == 0
    time.sleep(0.5)
    assert processes[0].poll() is None and processes[2].poll() is None
    for process in processes:
        process.kill()
        process.communicate()


def test_strangers_are_not_let_in():
    processes = started('', '', '')
    port = int(processes[1].args[5])
    for words in (b'GET / HTTP/1.0\n\n', b'{"key": "other", "who": "me"}\n', b'[1]\n'):
        with socket.create_connection(('localhost', port), timeout=5) as stranger:
            stranger.sendall(words)
            assert stranger.recv(10) == b''
    time.sleep(0.5)
    assert [process.poll() for process in processes] == [None] * 3
    for process in processes:
        process.kill()
        process.communicate()
