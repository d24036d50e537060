"""A loader that can say which file a worker was at when it died, or which one never ends.

torch says ``DataLoader worker (pid 123) is killed by signal`` and ``DataLoader timed out``, and
nothing of the file. The data set's board knows it: there each worker writes what it begins.
"""
import ctypes
import functools
import itertools
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
import weakref
from contextlib import contextmanager

from torch.utils.data import DataLoader
from torch.utils.data._utils import signal_handling
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from mmvideo.errors import InputError

from .memory import keep_freed_memory
from .stopping import SIGNALS

__all__ = ['LIMIT_SECONDS', 'WatchedLoader', 'named_errors']

# Below the ten minutes after which other processes give up waiting for the one that hangs.
LIMIT_SECONDS = 300
PR_SET_PDEATHSIG = 1
# Between two looks at what the workers are at.
LOOK_SECONDS = 1.0
DIED = re.compile(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)')
# A decoder does these things to its process, nobody else.
CRASHES = ('SIGSEGV', 'SIGABRT', 'SIGFPE', 'SIGILL')
ADVICE = {
    'SIGKILL': '; the system does that when memory runs out: take fewer workers (num_workers), '
               'fewer batches in advance (prefetch_factor) or smaller frames',
    'SIGBUS': '; shared memory is full: give the machine or the container more (/dev/shm), or '
              'take fewer workers (num_workers) and batches in advance (prefetch_factor)'}


class _Iterator(_MultiProcessingDataLoaderIter):
    """Waits for a batch for as long as every worker gets on with its samples.

    A thread watches them. The main thread cannot: to receive a batch it needs an answer of the
    worker's interpreter, and waits for ever if a decoder there holds the lock of it.
    """

    def __init__(self, loader):
        self._of = weakref.ref(loader)
        self._is_over = threading.Event()
        super().__init__(loader)
        for worker in self._workers:        # deaf to what torch and Python would end them with
            worker._popen.terminate = worker._popen.kill
        if self._timeout and loader.board is not None:
            pids = [worker.pid for worker in self._workers]
            threading.Thread(target=_watch, daemon=True, args=(
                self._of, self._timeout, pids, self._is_over)).start()

    def _get_data(self):
        loader = self._of()
        if not self._timeout or loader is None or loader.board is None:
            return super()._get_data()
        start = time.monotonic()
        while True:
            is_there, data = self._try_get_data(min(LOOK_SECONDS, self._timeout))
            if is_there:
                return data
            if self._pin_memory and not self._pin_memory_thread.is_alive():
                raise RuntimeError('the thread that pins memory ended unexpectedly')
            if min(time.monotonic() - start, loader.board.idle_seconds()) > self._timeout:
                raise InputError('the workers of the loader have given no batch and begun no '
                                 f'sample for {self._timeout:g} s (timeout of the loader)')

    def _shutdown_workers(self):
        self._is_over.set()
        super()._shutdown_workers()

    def end(self, at_once):
        """Stop the workers.

        Args:
            at_once: kill them. One that spins in a decoder hears nothing else.
        """
        if not at_once or self._shutdown:
            self._shutdown_workers()
            return
        # What happens to the workers from now on is no error, and torch has nothing left to do.
        self._is_over.set()
        self._shutdown = True
        signal_handling._remove_worker_pids(id(self))
        self._worker_pids_set = False
        for worker in self._workers:
            worker.kill()
        if hasattr(self, '_pin_memory_thread'):
            self._pin_memory_thread_done_event.set()
            self._worker_result_queue.put((None, None))
            self._pin_memory_thread.join(10)
        for worker in self._workers:
            worker.join()
        for pipe in (*self._index_queues, self._worker_result_queue):
            pipe.cancel_join_thread()
            pipe.close()

    def dead(self, pids):
        """Exit status by process of the workers that died, of which an error may name some."""
        deadline = time.monotonic() + 1
        while True:
            codes = {worker.pid: worker.exitcode for worker in self._workers
                     if worker.exitcode and (not pids or worker.pid in pids)}
            if codes or time.monotonic() > deadline:
                return codes
            time.sleep(0.02)


class _Rest:
    """The batches of an epoch from where the loader is to start, as indices."""

    def __init__(self, loader, batches):
        self._of, self._batches = weakref.ref(loader), batches

    def __len__(self):
        return len(self._batches)

    def __iter__(self):
        # Runs when the first batch is asked for; torch makes iterators that it never uses.
        loader = self._of()
        start, loader.start = loader.start, 0
        yield from itertools.islice(self._batches, start, None)


def _watch(of, limit_seconds, pids, is_over):
    """Kill the first worker that is at one sample for longer than the limit."""
    while not is_over.wait(min(LOOK_SECONDS, limit_seconds)):
        loader = of()
        if loader is None:
            return
        late = loader.board.late(limit_seconds)
        if late is not None and late[0] in pids:
            loader.late = late
            os.kill(late[0], signal.SIGKILL)
            return
        del loader


def _dies_with_us(context):
    """Whether workers can be tied to this process: Linux ties a child to the thread that forked it.
    """
    context = context or multiprocessing
    return (sys.platform == 'linux' and context.get_start_method() == 'fork'
            and threading.current_thread() is threading.main_thread())


def _begin(parent, init, worker_id):
    """Let a worker live as long as its parent, whatever signals say and however that one dies.

    Slurm asks all processes of a run to stop; the parent needs its workers until it has. torch's
    workers look for their parent now and then; one that spins does not.

    Args:
        parent: the process to be tied to; None: no such thing here.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if parent is not None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:      # it died before
            os._exit(1)
    keep_freed_memory()
    if init is not None:
        init(worker_id)


class WatchedLoader(DataLoader):
    """torch's loader, with names of files in its errors, and a time limit that is one of a sample.

    ``timeout`` is the number of seconds that a worker may take for one sample, 0 for any. It counts
    in workers only: nobody can end a decoder in this process.
    """

    board = None
    start = 0
    batches = None      # indices of each, if not those of the loader's own sampler
    late = None         # (process, place of the sample, seconds), once the limit was passed
    _live = None

    @classmethod
    def of(cls, loader):
        """Make a loader that was built one of these.

        mmengine calls torch's class by name; a second one made of all its parts would differ from
        version to version of torch.
        """
        loader.__class__ = cls
        if loader.num_workers and hasattr(loader.dataset, 'watch'):
            loader.board = loader.dataset.watch(loader.num_workers)
        return loader

    def start_at(self, batch):
        """Let the next epoch begin with a later batch; what comes before is not loaded."""
        self.start = batch

    @property
    def _index_sampler(self):
        batches = super()._index_sampler if self.batches is None else self.batches
        return _Rest(self, batches)

    def _get_iterator(self):
        if not self.num_workers:
            return super()._get_iterator()
        self.check_worker_number_rationality()
        self.late = None
        if self.board is not None:
            self.board.clear()
        init = self.worker_init_fn
        parent = os.getpid() if _dies_with_us(self.multiprocessing_context) else None
        self.worker_init_fn = functools.partial(_begin, parent, init)
        others = multiprocessing.active_children()
        try:
            iterator = _Iterator(self)
        except BaseException:
            for worker in set(multiprocessing.active_children()).difference(others):
                worker.kill()
            raise
        finally:
            self.worker_init_fn = init
        self._live = weakref.ref(iterator)
        return iterator

    def stop(self, at_once=False):
        """End the workers; the next epoch starts new ones."""
        iterator = self._live() if self._live else None
        self._live = self._iterator = None
        if iterator is not None:
            iterator.end(at_once)

    def deaths(self, error):
        """What an error says of dead workers of this loader, and what these were at, or None."""
        found = DIED.search(str(error))
        iterator = self._live() if self._live else None
        # Whoever waits for an answer of a worker that dies gets all kinds of errors of pipes.
        if iterator is None or found is None and not isinstance(error, (EOFError, OSError)):
            return None
        codes = iterator.dead([int(pid) for pid in found[1].split(',')] if found else [])
        return '\n'.join(self._death(*item) for item in codes.items()) or None

    def _death(self, pid, code):
        """How a worker died, at which file, and what to do."""
        if self.late is not None and self.late[0] == pid:
            return self._hang(*self.late)
        name = signal.Signals(-code).name if code < 0 else ''
        how = f'was killed by {name}' if name else f'ended with status {code}'
        place = self.board.place_of(pid) if self.board else None
        if place is None:
            return f'a worker of the loader (process {pid}) {how} between two samples' \
                + ADVICE.get(name, '')
        sample, keeper = self._sample(place)
        said = f'a worker of the loader (process {pid}) {how} while it loaded {sample}'
        if name in CRASHES:
            return said + self._list(keeper, place, f'the decoder crashed ({name})')
        return said + ADVICE.get(name, '')

    def _hang(self, pid, place, seconds):
        sample, keeper = self._sample(place)
        return (f'{sample}: a worker of the loader (process {pid}) has been loading it for '
                f'{seconds:.0f} s, the limit is {self.timeout:g} s (timeout of the loader); the '
                'decoder hangs, or the storage does' + self._list(
                    keeper, place, f'was not loaded within {self.timeout:g} s'))

    def _sample(self, place):
        """'NAME (LIST, line 3)' of a sample, and who keeps the list of bad ones."""
        for leaf in self.dataset.leaves():
            index = place - leaf.first_place
            if 0 <= index < len(leaf):
                return f'{leaf.names[index]} ({leaf.origin(index)})', leaf.keeper
        return f'sample {place}', None

    def _list(self, keeper, place, reason):
        """Put a sample on the list of bad ones, so that a resumed run passes it over."""
        if keeper is None or keeper.path is None:
            return ''
        try:
            keeper.add(place, reason)
        except InputError as error:
            return f'. {error}'
        return (f'. It is on the list of bad samples now ({keeper.path}); a run that is resumed '
                '(--resume) goes on without it')


@contextmanager
def named_errors(loaders):
    """Errors about dead workers that are raised inside say which file these were at.

    torch raises them from the handler of a signal: anywhere, not only where a batch is waited for.

    Args:
        loaders: watched ones; asked for when an error comes.
    """
    try:
        yield
    except Exception as error:
        first = _first_told(error)
        said = None if isinstance(first, InputError) else _said_of(first, loaders)
        if said:
            raise InputError(said) from error
        raise


def _first_told(error):
    """The error that tells of a death, where others were made of it on the way; or the last one."""
    link = error
    while link is not None:
        if DIED.search(str(link)) and isinstance(link, RuntimeError):
            return link
        link = link.__cause__ or link.__context__
    return error


def _said_of(error, loaders):
    """What the first of the loaders that knows of a dead worker says."""
    while True:
        try:
            return next((said for said in (loader.deaths(error) for loader in loaders) if said),
                        None)
        except RuntimeError as later:
            # The signal of the death came only now; for each worker it comes once.
            if not DIED.search(str(later)):
                raise
            error = later
