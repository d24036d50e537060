"""Errors of a loader's workers name the file they were at, and nobody is left behind."""
import contextlib
import ctypes
import os
import signal
import time

import pytest
from torch.utils.data import DataLoader

from mmvideo.datasets import ConcatDataset, VideoDataset
from mmvideo.engine.loader import WatchedLoader, named_errors
from mmvideo.errors import InputError


def act(results):
    """Does what the file's name says."""
    name = os.path.basename(results['filename'])
    if name.startswith('kill'):
        os.kill(os.getpid(), signal.SIGKILL)
    elif name.startswith('crash'):
        os.kill(os.getpid(), signal.SIGSEGV)
    elif name.startswith('exit'):
        os._exit(3)
    elif name.startswith('spin'):
        ctypes.PyDLL(None).sleep(600)       # keeps the interpreter's lock, as decord does
    elif name.startswith('slow'):
        time.sleep(1)
    return dict(label=results['label'])


@pytest.fixture
def dataset(tmp_path):
    def make(*names):
        path = tmp_path / f'list_{names[-1]}.txt'
        path.write_text(''.join(f'{name} {k}\n' for k, name in enumerate(names)))
        return VideoDataset(str(path), [act], data_prefix='clips')
    return make


def watched(dataset, timeout=0, persistent_workers=True):
    return WatchedLoader.of(DataLoader(dataset, batch_size=2, num_workers=2, timeout=timeout,
                                       persistent_workers=persistent_workers))


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def error_of(loader, pause_seconds=0):
    """What iterating raises; the workers have to be gone once the loader was stopped."""
    pids = []
    with pytest.raises(InputError) as raised, named_errors([loader]):
        iterator = iter(loader)
        pids += [worker.pid for worker in iterator._workers]
        time.sleep(pause_seconds)
        for _ in iterator:
            pass
    start = time.monotonic()
    loader.stop(at_once=True)
    assert time.monotonic() - start < 3 and len(pids) == 2 and all(map(is_gone, pids))
    return str(raised.value)


@pytest.mark.parametrize('persistent_workers', [True, False])
@pytest.mark.parametrize('name, said', [
    ('kill', r'a worker of the loader (process {pid}) was killed by SIGKILL while it loaded '
             'kill.mp4 ({list}, line 4); the system does that when memory runs out: '),
    ('crash', r'killed by SIGSEGV while it loaded crash.mp4 ({list}, line 4)'),
    ('exit', r'ended with status 3 while it loaded exit.mp4 ({list}, line 4)')])
def test_a_worker_that_dies(dataset, tmp_path, name, said, persistent_workers):
    data = dataset('a.mp4', 'b.mp4', 'c.mp4', f'{name}.mp4', 'd.mp4')
    text = error_of(watched(data, persistent_workers=persistent_workers))
    pid = text.partition('process ')[2].partition(')')[0]
    assert said.format(pid=pid, list=data.ann_file) in text


# With the pause, the batch before is fetched from an interpreter that does not answer any more.
@pytest.mark.parametrize('pause_seconds', [0, 0.4])
def test_a_worker_that_spins_is_ended_and_its_file_put_on_the_list(dataset, tmp_path,
                                                                   pause_seconds):
    first, second = dataset('a.mp4', 'b.mp4', 'c.mp4'), dataset('d.mp4', 'spin.mp4')
    both = ConcatDataset([first, second])
    keeper = both.quarantine(str(tmp_path / 'bad.jsonl'))
    text = error_of(watched(both, timeout=0.5), pause_seconds)
    assert text.startswith(f'spin.mp4 ({second.ann_file}, line 2): a worker of the loader (process')
    assert 'the limit is 0.5 s (timeout of the loader)' in text and '--resume' in text
    again = ConcatDataset([first, second])
    again.quarantine(keeper.path).news()
    # The last sample is passed over; another of its own data set takes its place.
    assert [int(x) for batch in watched(again, 5) for x in batch['label']] == [0, 1, 2, 0, 0]


def test_a_slow_batch_is_no_slow_sample(dataset):
    data = dataset('slow_1.mp4', 'slow_2.mp4', 'slow_3.mp4', 'slow_4.mp4')
    loader = watched(data, timeout=1.9)
    assert [batch['label'].tolist() for batch in loader] == [[0, 1], [2, 3]]
    loader.stop()
    assert error_of(watched(data, timeout=0.3)).startswith(('slow_1.mp4 (', 'slow_3.mp4 ('))


def test_a_loader_goes_on_after_it_was_stopped(dataset):
    loader = watched(dataset('a.mp4', 'b.mp4', 'c.mp4'), timeout=5)
    for at_once in (True, False):
        assert [batch['label'].tolist() for batch in loader] == [[0, 1], [2]]
        pids = [worker.pid for worker in loader._iterator._workers]
        loader.stop(at_once)
        assert all(map(is_gone, pids))


def test_other_errors_stay_what_they_are(dataset):
    loader = watched(dataset('a.mp4'))
    for message in ('out of memory', 'DataLoader worker (pid 1) is killed by signal: Killed.'):
        with pytest.raises(RuntimeError) as raised, named_errors([loader]):
            raise RuntimeError(message)
        assert str(raised.value) == message


def test_a_death_is_named_whatever_was_made_of_its_error(dataset):
    data = dataset('kill.mp4', 'a.mp4')
    loader = watched(data)
    with pytest.raises(InputError, match=r'killed by SIGKILL while it loaded kill.mp4 \('), \
            named_errors([loader]):
        try:
            list(loader)
        except RuntimeError as error:       # as a library does that tidies up errors
            raise SyntaxError('cannot be formatted') from error
    loader.stop(at_once=True)


def test_data_sets_of_others_are_loaded_as_ever():
    loader = WatchedLoader.of(DataLoader([1, 2, 3], num_workers=1, timeout=5))
    assert [int(x) for x in loader] == [1, 2, 3]


def test_workers_go_on_when_all_processes_are_asked_to_stop(dataset):
    loader = watched(dataset(*(f'slow{k}' for k in range(3)), *'abcdefghi'))
    iterator = iter(loader)
    workers = iterator._workers
    next(iterator)
    for worker in workers:
        for number in (signal.SIGTERM, signal.SIGUSR1):
            os.kill(worker.pid, number)
    assert len(list(iterator)) == 5 and all(worker.is_alive() for worker in workers)
    with contextlib.suppress(RuntimeError):     # torch may tell that it was killed, or not yet
        workers[0].terminate()      # what Python does at its end, and then waits
        workers[0].join(30)
    workers[0].join(30)
    assert workers[0].exitcode == -signal.SIGKILL
    loader.stop(at_once=True)
    assert all(is_gone(worker.pid) for worker in workers)
