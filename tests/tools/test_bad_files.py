"""Training and testing on data of which some files are damaged."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, TSM, environment, main_of, options, write_audio_only  # noqa: E402

from mmvideo.engine.health import hint  # noqa: E402

SUMMARY = ('cannot be opened as a video', 'the file is empty', 'has no video stream',
           'no such video file')


@pytest.fixture(scope='module')
def damaged(embedded, tmp_path_factory):
    """160 entries, of which five (3 %) are damaged, each in another way; and two of 16 to test on.

    The entries are links to the clips of the small data set, so that there are enough of them.
    """
    home = tmp_path_factory.mktemp('damaged')
    for kind, count in (('train', 160), ('val', 16)):
        folder = home / 'videos' / kind
        folder.mkdir(parents=True)
        whole = (embedded / f'{kind}_videos.txt').read_text().splitlines()
        lines = []
        for k in range(count):
            name, label = whole[k % len(whole)].split()
            os.symlink(embedded / 'videos' / name, folder / f'{k:03d}.mp4')
            lines.append(f'{kind}/{k:03d}.mp4 {label}')
        (home / f'{kind}_videos.txt').write_text('\n'.join(lines))
    train, val = home / 'videos/train', home / 'videos/val'
    content = (train / '007.mp4').read_bytes()
    for path in (*(train / f'{k:03d}.mp4' for k in (7, 40, 77, 101, 155)), val / '003.mp4',
                 val / '012.mp4'):
        path.unlink()
    (train / '007.mp4').write_bytes(content[:len(content) * 2 // 3])
    (train / '040.mp4').write_bytes(b'')
    (train / '077.mp4').write_text('no video\n' * 50)
    write_audio_only(train / '101.mp4')
    (val / '003.mp4').write_bytes(b'')
    (home / 'classes.txt').write_text((embedded / 'classes.txt').read_text())
    return home


def flags(data, work_dir, *flags, **more):
    more = dict(dict(train_dataloader__batch_size=16, train_cfg__max_epochs=1), **more)
    return [TSM, '--work-dir', str(work_dir), '--seed', '0', *map(str, flags),
            *options(data, **more)]


def listed(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def log_of(work_dir):
    return ''.join(path.read_text() for path in sorted(work_dir.glob('2*/2*.log')))


def test_three_percent_are_replaced_at_five_and_stop_the_run_at_one(damaged, tmp_path, capsys):
    train = main_of('tools/train.py')
    work = tmp_path / 'five'
    assert train(flags(damaged, work, '--validate', '--max-bad-share', 0.05,
                       train_dataloader__num_workers=1)) == 0
    found = listed(work / 'bad_files_train.jsonl')
    assert sorted(entry['place'] for entry in found) == [7, 40, 77, 101, 155]
    assert [any(s in entry['reason'] for s in SUMMARY) for entry in found] == [True] * 5
    log = log_of(work)
    assert log.count('bad file, replaced by another sample (5 of 160 so far)') == 5
    assert re.search(r'val, epoch 1: bad files count as wrong. 2 of 16 samples cannot be loaded; '
                     r'all of them, with reasons: \S*five/bad_files_val.jsonl\n', log)
    assert re.search(r'Epoch\(train\).* data_time: \d\.\d+  data_share: \d+%  ', log)
    assert re.search(r'Epoch\(val\).* data_share: \d+%', log)
    capsys.readouterr()
    work = tmp_path / 'one'
    assert train(flags(damaged, work)) == 2
    said = capsys.readouterr().err
    assert re.match(r'error: 2 of 160 samples cannot be loaded, more than max_bad_share=0.01 allows'
                    r'; all of them, with reasons: \S*one/bad_files_train.jsonl\n  [12]x ', said)
    assert said.removeprefix('error: ').strip() in log_of(work)
    assert not list(work.glob('*.pth'))
    check_tests_of(tmp_path / 'five', damaged, capsys)


def check_tests_of(work, damaged, capsys):
    """A bad file is an error, or counts as wrong."""
    capsys.readouterr()
    scored = [TSM, str(work / 'epoch_1.pth'), '--work-dir', str(work), '--eval', 'top_k_accuracy',
              '--out', str(work / 'scores.json')]
    assert main_of('tools/test.py')([*scored, *options(damaged)]) == 2
    assert re.search(r'^error: val/003.mp4 \(\S*val_videos.txt, line 4\): \S*003.mp4: the file is '
                     r'empty \(0 bytes\)$', capsys.readouterr().err, re.MULTILINE)
    assert main_of('tools/test.py')([
        *scored, '--bad-files', 'wrong', '--eval-options', 'top_k_accuracy.topk=(1,7)',
        *options(damaged, test_dataloader__num_workers=1)]) == 0
    samples = json.loads((work / 'scores.json').read_text())['samples']
    assert [s['name'] for s in samples] == [f'val/{k:03d}.mp4' for k in range(16)]
    # A label that is last of eight is not among the first seven.
    hits = [sorted(s['scores']).index(s['scores'][s['label']]) > 0 for s in samples]
    assert not hits[3] and not hits[12]
    assert f'top7_acc: {sum(hits) / 16:.4f}' in capsys.readouterr().out
    assert [e['place'] for e in listed(work / 'bad_files_test.jsonl')] == [3, 12]


@pytest.mark.parametrize('key, value, said', [
    ('max_bad_share', 5, 'max_bad_share: expected a share >= 0 and <= 1, got 5'),
    ('max_bad_share', 'few', "max_bad_share: expected a share >= 0 and <= 1, got 'few'"),
    ('max_bad_shar', 0.1, "unknown config key 'max_bad_shar'; did you mean 'max_bad_share'?"),
    ('bad_files', 'skip', "bad_files: expected 'error' or 'wrong', "),
    ('train_dataloader__timeout', -1, 'train_dataloader.timeout: expected seconds >= 0, got -1')])
def test_settings(damaged, tmp_path, capsys, key, value, said):
    more = {'train_dataloader__num_workers': 1, key: value}
    assert main_of('tools/train.py')(flags(damaged, tmp_path, **more)) == 2
    assert capsys.readouterr().err.startswith(f'error: {said}')


@pytest.mark.parametrize('num_workers, cores, said', [
    (2, 8, 'num_workers is 2, this process has 8 cores: --cfg-options '
           'train_dataloader.num_workers=8 '), (8, 8, '8 workers share 8 cores. ')])
def test_a_hint_says_what_to_do(num_workers, cores, said):
    text = hint(0.456, num_workers, cores)
    assert text.startswith('46% of the time is spent waiting for data. ') and said in text
    assert 'resize_videos.py' in text and 'docs/data/health.md' in text


def weights(work_dir, epoch):
    return torch.load(work_dir / f'epoch_{epoch}.pth')['state_dict']


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:This DataLoader will create')
def test_weights_are_the_same_for_any_number_of_workers_and_after_a_resume(damaged, tmp_path):
    found = {}
    same = ['--deterministic', '--max-bad-share', 0.05]
    for num_workers in (0, 1, 4):
        work = tmp_path / str(num_workers)
        assert main_of('tools/train.py')(flags(
            damaged, work, *same, train_cfg__max_epochs=3,
            train_dataloader__num_workers=num_workers,
            train_dataloader__persistent_workers=num_workers == 4)) == 0
        found[num_workers] = weights(work, 3)
    work = tmp_path / '1'
    (work / 'epoch_3.pth').unlink()
    assert main_of('tools/train.py')(flags(damaged, work, *same, '--resume', work / 'epoch_1.pth',
                                           train_cfg__max_epochs=3)) == 0
    assert '5 bad samples are known from before and passed over' in log_of(work)
    found['resumed'] = weights(work, 3)
    for other in found.values():
        assert all(torch.equal(value, other[key]) for key, value in found[0].items())


def start(damaged, work, **more):
    """A training in a process group of its own, once it has two workers that load."""
    log = open(work / 'console.txt', 'w')
    more = dict(dict(train_cfg__max_epochs=500, train_dataloader__num_workers=2,
                     train_dataloader__persistent_workers=True), **more)
    process = subprocess.Popen(
        [sys.executable, 'tools/train.py', *flags(damaged, work, '--max-bad-share', 0.05, **more)],
        cwd=ROOT, env=environment(), stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + 120
    while not (work / 'last_checkpoint').is_file():
        assert process.poll() is None and time.monotonic() < deadline, console(work)
        time.sleep(0.05)
    children = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(process.pid)],
                              capture_output=True, text=True, check=True)
    workers = [int(pid) for pid in children.stdout.split()]
    assert len(workers) >= 2
    return process, workers


def console(work):
    return (work / 'console.txt').read_text()


def assert_nobody_is_left(process):
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.05)


@pytest.mark.slow
def test_kill_9_of_a_worker_ends_with_an_error(damaged, tmp_path):
    process, workers = start(damaged, tmp_path)
    os.kill(workers[0], signal.SIGKILL)
    assert process.wait(60) == 2
    last = console(tmp_path).splitlines()[-1]
    assert re.match(r'error: a worker of the loader \(process \d+\) was killed by SIGKILL (while '
                    r'it loaded train/\d+.mp4 \(\S*train_videos.txt, line \d+\)|between two '
                    r'samples); the system does that when memory runs out', last), last
    assert 'Traceback' not in console(tmp_path)
    assert_nobody_is_left(process)


SPIN = '''
import ctypes
from mmvideo.registry import TRANSFORMS

@TRANSFORMS.register_module()
class Spin:
    def __call__(self, results):
        if results['filename'].endswith('/100.mp4'):
            ctypes.PyDLL(None).sleep(600)       # holds the interpreter's lock, as decord does
        return results
'''
CONFIG = '''
_base_ = [{leaf!r}]
custom_imports = dict(imports=['spin'])
train_dataloader = dict(dataset=dict(pipeline=[
    dict(type='Spin'), *_base_.train_dataloader.dataset.pipeline]))
'''


@pytest.mark.slow
def test_a_decoder_that_spins_ends_with_an_error_and_a_resumed_run_passes_over(damaged, tmp_path):
    (tmp_path / 'spin.py').write_text(SPIN)
    (tmp_path / 'config.py').write_text(CONFIG.format(leaf=TSM))
    env = environment()
    env['PYTHONPATH'] += os.pathsep + str(tmp_path)
    command = [sys.executable, 'tools/train.py', str(tmp_path / 'config.py'),
               *flags(damaged, tmp_path, '--max-bad-share', 0.05, '--resume',
                      train_dataloader__timeout=3, train_dataloader__num_workers=2)[1:]]
    run = dict(cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    done = subprocess.run(command, **run)
    assert done.returncode == 2, done.stderr
    assert re.match(
        r'error: train/100.mp4 \(\S*train_videos.txt, line 101\): a worker of the loader \(process '
        r'\d+\) has been loading it for [34] s, the limit is 3 s \(timeout of the loader\); .* on '
        r'the list of bad samples now', done.stderr), done.stderr
    pid = int(done.stderr.partition('process ')[2].partition(')')[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    done = subprocess.run(command, **run)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'epoch_1.pth').is_file()
    assert len(listed(tmp_path / 'bad_files_train.jsonl')) == 6


@pytest.mark.slow
def test_nobody_is_left_of_a_run_that_is_killed_while_a_worker_spins(damaged, tmp_path):
    (tmp_path / 'spin.py').write_text(SPIN)
    (tmp_path / 'config.py').write_text(CONFIG.format(leaf=TSM))
    env = environment()
    env['PYTHONPATH'] += os.pathsep + str(tmp_path)
    process = subprocess.Popen(
        [sys.executable, 'tools/train.py', str(tmp_path / 'config.py'),
         *flags(damaged, tmp_path, train_dataloader__num_workers=2, max_bad_share=1)[1:]],
        cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / 'bad_files_train.jsonl').is_file():       # the workers are at work
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(5)
    process.kill()
    process.wait()
    assert_nobody_is_left(process)
