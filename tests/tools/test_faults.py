"""Whatever ends a training run, it goes on to the same bits: killed, asked to stop, disk full.

``MMVIDEO_KILLS`` (50) says how often runs are killed.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, TSM, environment, free_port, options  # noqa: E402

from mmvideo.checksum import damage  # noqa: E402
from mmvideo.engine.saving import newest_whole  # noqa: E402

KILLS = int(os.environ.get('MMVIDEO_KILLS', 50))
EPOCHS, BATCHES = 6, 4
LAST = f'epoch_{EPOCHS}.pth'
STOPPED = 75
CONFIG = f'''
_base_ = [{TSM!r}]
model = dict(cls_head=dict(dropout_ratio=0.5),
             data_preprocessor=dict(blending=dict(type='MixupBlending', num_classes=8)))
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
default_hooks = dict(checkpoint=dict(every_n_iters=1, max_keep_ckpts=2),
                     logger=dict(interval=1))
'''
# Imports once, then starts a process of its own for each command: a kill costs no imports.
SERVER = '''
import json, os, sys
sys.path.insert(0, 'tests/tools')
from runs import main_of
import mmvideo.engine, mmvideo.models, mmvideo.datasets, mmvideo.transforms, mmvideo.evaluation
import mmengine.runner.runner
mmengine.runner.runner.collect_env = dict       # starts compilers
main = main_of('tools/train.py')
for line in sys.stdin:
    order = json.loads(line)
    if 'argv' in order:
        pid = os.fork()
        if not pid:
            os.setsid()
            log = os.open(order['log'], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(log, stream)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.exit(main(order['argv']))
        answer = pid
    else:
        pid, state = os.waitpid(order['pid'], 0 if order['waits'] else os.WNOHANG)
        answer = os.waitstatus_to_exitcode(state) if pid else None
    print(json.dumps(answer), flush=True)
'''

pytestmark = pytest.mark.slow


class Server:
    """Runs tools/train.py, each time in a new process."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, '-c', SERVER], cwd=ROOT, env=environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Run:
    """One run of the command, with what subprocess.Popen offers of it."""

    def __init__(self, server, argv, work):
        self.server, self.status = server, None
        self.pid = server.ask(argv=argv, log=str(work / 'console.txt'))

    def poll(self, waits=False):
        if self.status is None:
            self.status = self.server.ask(pid=self.pid, waits=waits)
        return self.status

    def wait(self):
        return self.poll(waits=True)


@pytest.fixture(scope='module')
def train(embedded, tmp_path_factory):
    """Starts a training of 6 epochs of 4 batches in a work dir."""
    config = tmp_path_factory.mktemp('config') / 'config.py'
    config.write_text(CONFIG)
    server = Server()

    def start(work, *flags, **more):
        work.mkdir(exist_ok=True)
        return Run(server, [str(config), '--work-dir', str(work), *flags, '--validate', '--seed',
                            '3', '--deterministic',
                            *options(embedded, train_cfg__max_epochs=EPOCHS, **more)], work)

    yield start
    server.end()


def finish(train, work, *flags, status=0, **more):
    assert train(work, *flags, **more).wait() == status, console(work)[-3000:]


def console(work):
    return (work / 'console.txt').read_text()


def logged(work):
    """What the log says of each iteration and validation, without times; of two, the later."""
    found = {}
    for path in sorted(Path(work).glob('2*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            try:
                line = json.loads(line)
            except ValueError:      # the last one, of a run that was killed
                continue
            place = ('train', line['iter']) if 'iter' in line else ('val', line['step'])
            found[place] = {k: v for k, v in line.items()
                            if k not in ('time', 'data_time', 'data_share', 'eta', 'memory')}
    return found


def assert_same_end(whole, work):
    assert_same_state(whole / LAST, work / LAST)
    assert logged(whole) == logged(work)


def assert_same_state(*paths):
    one, other = map(torch.load, paths)
    assert one.keys() == other.keys()
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
        assert_same(one[part], other[part], part)


def assert_same(one, other, place):
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), place
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key in one:
            assert_same(one[key], other[key], f'{place}.{key}')
    elif isinstance(one, list):
        for k, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f'{place}[{k}]')
    else:
        assert one == other, place


@pytest.fixture(scope='module')
def whole(train, tmp_path_factory):
    """A run that nobody interrupts, with all its checkpoints."""
    work = tmp_path_factory.mktemp('whole')
    finish(train, work, default_hooks__checkpoint__max_keep_ckpts=-1)
    assert len(logged(work)) == EPOCHS * (BATCHES + 1)
    return work


def lines(work):
    """How many iterations and validations are logged."""
    return sum(path.read_bytes().count(b'\n') for path in work.glob('2*/vis_data/2*.json'))


def until(process, is_so, *args, seconds=300):
    """Wait until something is so, or the process has ended."""
    deadline = time.monotonic() + seconds
    while not is_so(*args) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.004)


def has_more(work, count):
    return lines(work) > count


def is_saving(work, count):
    return lines(work) > count and list(work.glob('.*.pth.*.part'))


def assert_whole_or_not_there(work):
    assert [path.name for path in work.glob('*.pth') if damage(path)] == []


def test_kills_at_random_moments(train, whole, tmp_path):
    """Each run goes on where the one before was killed.

    After each kill the newest checkpoint is held against that of the whole run, and at the end
    weights, averages, state of the optimizer and all that is logged.
    """
    seed = int(os.environ.get('MMVIDEO_KILL_SEED', time.time_ns()))
    draws, kills, writing, compared, ends = random.Random(seed), 0, 0, 0, 0
    work = tmp_path / 'run0'
    while kills < KILLS:
        before = lines(work)
        process = train(work, '--resume')
        if kills % 3 == 2:      # while a checkpoint is being written
            until(process, is_saving, work, before + draws.randrange(3))
        elif kills % 10:
            until(process, has_more, work, before)
            time.sleep(draws.uniform(0, 0.5))
        else:                   # at the start, too
            time.sleep(draws.uniform(0, 2))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            kills += 1
            writing += bool(list(work.glob('.*.pth.*.part')))
            assert_whole_or_not_there(work)
            newest, passed_over = newest_whole(str(work))
            assert not passed_over
            if newest:
                assert_same_state(whole / Path(newest).name, newest)
                compared += 1
        if process.poll() == 0 or kills == KILLS:
            finish(train, work, '--resume')
            assert_same_end(whole, work)
            assert not list(work.glob('.*.part'))
            ends += 1
            work = tmp_path / f'run{ends}'
    print(f'seed {seed}: {kills} kills, {writing} of them while a checkpoint was being written; '
          f'after {compared} the newest checkpoint had the same bits (the others had none yet), '
          f'and so had {ends} runs at their end')
    assert writing and ends and compared > kills / 2


@pytest.mark.parametrize('stop', [signal.SIGTERM, signal.SIGUSR1], ids=str)
@pytest.mark.parametrize('workers', [0, 2])
def test_a_run_that_is_asked_to_stop_saves_and_leaves(stop, workers, train, whole, tmp_path):
    more = dict(train_dataloader__num_workers=workers, val_dataloader__num_workers=workers,
                train_dataloader__persistent_workers=workers > 0)
    for _ in range(2):
        before = lines(tmp_path)
        process = train(tmp_path, '--resume', **more)
        until(process, has_more, tmp_path, before + 3)
        os.killpg(process.pid, stop)        # Slurm sends it to the workers of loaders, too
        assert process.wait() == STOPPED, console(tmp_path)[-3000:]
        last = console(tmp_path).splitlines()[-1]
        said = re.fullmatch(rf'stopped by {stop.name} after (\d+) iterations; (\S+) is saved, '
                            r'--resume goes on from there', last)
        assert said, last
        assert torch.load(said[2])['meta']['iter'] == int(said[1])
        assert (tmp_path / 'last_checkpoint').read_text() == said[2]
    finish(train, tmp_path, '--resume', **more)
    assert_same_end(whole, tmp_path)


def test_two_processes_stop_at_one_batch(embedded, tmp_path):
    (tmp_path / 'config.py').write_text(CONFIG)
    chosen = options(embedded, train_cfg__max_epochs=3, train_dataloader__batch_size=2)

    def start(work):
        work.mkdir(exist_ok=True)
        with open(work / 'console.txt', 'a') as log:
            return subprocess.Popen(
                [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node', '2',
                 '--master_port', str(free_port()), 'tools/train.py', str(tmp_path / 'config.py'),
                 '--launcher', 'pytorch', '--validate', '--seed', '3', '--deterministic',
                 '--resume', '--work-dir', str(work), *chosen],
                cwd=ROOT, env=environment(), stdout=log, stderr=log)

    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    assert start(whole).wait(600) == 0, console(whole)[-3000:]
    process = start(cut)
    until(process, has_more, cut, 2)
    process.send_signal(signal.SIGTERM)     # torchrun passes it on
    assert process.wait(120)
    said = re.findall(r'^stopped by SIGTERM after (\d+) iterations; ', console(cut), re.MULTILINE)
    assert len(said) == 1, console(cut)[-3000:]
    assert start(cut).wait(600) == 0, console(cut)[-3000:]
    assert_same_state(whole / 'epoch_3.pth', cut / 'epoch_3.pth')


# Arguments: folder to be the disk, Python, then the command; the second checkpoint finds no room.
SMALL_DISK = """
disk=$1 python=$2; shift 2
mount -t tmpfs -o size=4m tmpfs "$disk" || exit 77
"$@" 2>&1
echo "STATUS $?"
"$python" - "$disk/work" <<'END'
import os, sys
from mmvideo.checksum import damage
from mmvideo.engine.saving import newest_whole
work = sys.argv[1]
files = [name for name in os.listdir(work) if name.endswith(('.pth', '.part'))]
print('LEFT', {name: damage(f'{work}/{name}') for name in files}, newest_whole(work))
END
"""


def test_a_full_disk_ends_with_an_error(embedded, tmp_path):
    """A disk of its own; tests/engine/test_saving.py limits the size of files instead."""
    (tmp_path / 'config.py').write_text(CONFIG)
    disk = tmp_path / 'disk'
    disk.mkdir()
    done = subprocess.run(
        ['unshare', '-Urm', 'sh', '-c', SMALL_DISK, 'sh', str(disk), sys.executable,
         sys.executable, 'tools/train.py', str(tmp_path / 'config.py'), '--work-dir',
         str(disk / 'work'), '--seed', '3', *options(embedded)],
        cwd=ROOT, env=environment(), capture_output=True, text=True)
    if done.returncode == 77 or 'unshare' in done.stderr:
        pytest.skip('no disk can be mounted here')
    out = done.stdout
    assert 'STATUS 2\n' in out, out[-3000:] + done.stderr[-3000:]
    assert re.search(r'^error: \S+/iter_2.pth cannot be saved: No space left on device \(it takes '
                     r'\d\.\d MB, \d\.\d MB are free\)\. The checkpoints before it are whole',
                     out, re.MULTILINE), out[-3000:]
    assert 'Traceback' not in out
    path = disk / 'work' / 'iter_1.pth'
    assert out.endswith(f"LEFT {{'iter_1.pth': None}} ('{path}', [])\n"), out[-3000:]
