"""A loader that can say which file a worker was at when it died, or which one never ends.

torch says ``DataLoader worker (pid 123) is killed by signal`` and ``DataLoader timed out``, and
nothing of the file. The data set's board knows it: there each worker writes what it begins.
"""
import re
import signal
import time
import weakref
from contextlib import contextmanager

from torch.utils.data import DataLoader
from torch.utils.data._utils import signal_handling
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from mmvideo.errors import InputError

__all__ = ['LIMIT_SECONDS', 'WatchedLoader', 'named_errors']

# Below the ten minutes after which other processes give up waiting for the one that hangs.
LIMIT_SECONDS = 300
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
    """Waits for a batch for as long as every worker gets on with its samples."""

    def __init__(self, loader):
        self._of = weakref.ref(loader)
        super().__init__(loader)

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
            loader.check_time(self._timeout, time.monotonic() - start)

    def end(self, at_once):
        """Stop the workers.

        Args:
            at_once: kill them. One that spins in a decoder hears nothing else.
        """
        if not at_once or self._shutdown:
            self._shutdown_workers()
            return
        # What happens to the workers from now on is no error, and torch has nothing left to do.
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

    def status_of(self, pid):
        """Exit status of a worker that died, or None."""
        for worker in self._workers:
            if worker.pid == pid:
                worker.join(5)
                return worker.exitcode
        return None


class WatchedLoader(DataLoader):
    """torch's loader, with names of files in its errors, and a time limit that is one of a sample.

    ``timeout`` is the number of seconds that a worker may take for one sample, 0 for any. It counts
    in workers only: nobody can end a decoder in this process.
    """

    board = None
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

    def _get_iterator(self):
        if not self.num_workers:
            return super()._get_iterator()
        self.check_worker_number_rationality()
        iterator = _Iterator(self)
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
        if found is None or iterator is None:
            return None
        codes = {int(pid): iterator.status_of(int(pid)) for pid in found[1].split(',')}
        return '\n'.join(self._death(pid, code) for pid, code in codes.items()
                         if code is not None) or None

    def _death(self, pid, code):
        """How a worker died, at which file, and what to do."""
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

    def check_time(self, limit_seconds, waited_seconds):
        """Raise if a worker has been at one sample for too long, or all have been idle for so long.
        """
        late = self.board.late(limit_seconds)
        if late is not None:
            pid, place, seconds = late
            sample, keeper = self._sample(place)
            raise InputError(
                f'{sample}: a worker of the loader (process {pid}) has been loading it for '
                f'{seconds:.0f} s, the limit is {limit_seconds:g} s (timeout of the loader); the '
                'decoder hangs, or the storage does' + self._list(
                    keeper, place, f'was not loaded within {limit_seconds:g} s'))
        if min(waited_seconds, self.board.idle_seconds()) > limit_seconds:
            raise InputError(f'the workers of the loader have given no batch for '
                             f'{waited_seconds:.0f} s and load no sample; the limit is '
                             f'{limit_seconds:g} s (timeout of the loader)')

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
    except RuntimeError as error:
        for loader in loaders:
            said = loader.deaths(error)
            if said:
                raise InputError(said) from error
        raise
