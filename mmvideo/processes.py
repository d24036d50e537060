"""Processes: how many have a core, and work spread over them.

One that dies or hangs costs its own item and no other.
"""
import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from multiprocessing.connection import wait

__all__ = ['Lost', 'spread', 'usable_cores']


def usable_cores():
    """Cores that this process may run on; where a launcher started several here, its share."""
    if hasattr(os, 'sched_getaffinity'):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, cores // int(os.environ.get('LOCAL_WORLD_SIZE', 1)))


class Lost(str):
    """Why there is no result for an item, in place of the result."""


class _Worker:
    """A process that gives a result for each item that it is handed."""

    def __init__(self, work):
        # Not forked: the parent may have threads, and a fork of those may lock up.
        context = multiprocessing.get_context('spawn')
        self.connection, there = context.Pipe()
        self.process = context.Process(target=_serve, args=(there, work), daemon=True)
        self.process.start()
        there.close()       # so that the end of the process is seen here
        self.item, self.since, self.is_ready = None, None, False

    def hand(self, item):
        self.item, self.since = item, time.monotonic()
        with contextlib.suppress(OSError):      # it has just died: take() tells
            self.connection.send(item)

    def seconds(self):
        """How long it has been at work, its start left out of account."""
        return time.monotonic() - self.since if self.is_ready else 0.

    def take(self):
        """The item that was handed last and its result; the worker is free then.

        None if all it has to say is that it has started.
        """
        try:
            found = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            found = Lost(_ended(self.process.exitcode))
        if not self.is_ready and not isinstance(found, Lost):
            self.is_ready, self.since = True, time.monotonic()
            return None
        item, self.item = self.item, None
        return item, found

    def end(self):
        self.process.kill()
        self.process.join()
        self.connection.close()


def _ended(code):
    return (f'its process was killed by {signal.Signals(-code).name}' if code < 0
            else f'its process ended with {code}')


def _serve(connection, work):
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # the parent ends us
    # As many processes as cores work already. Torch reads the variable when it is loaded; it, and
    # OpenCV, are loaded by now only if the work needs them.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    if 'torch' in sys.modules:
        sys.modules['torch'].set_num_threads(1)
    if 'cv2' in sys.modules:
        sys.modules['cv2'].setNumThreads(1)
    with contextlib.suppress(EOFError, ConnectionError):     # the parent is gone
        connection.send(None)
        while True:
            connection.send(work(connection.recv()))


def spread(work, items, jobs=2, limit=None):
    """Results of ``work`` for each item, as they come.

    Args:
        work: callable of one item; it and what it gives can be pickled.
        items: any number of them.
        jobs: processes at a time, with one thread each.
        limit: seconds for an item, once its process has started.

    Yields:
        tuple: the item, and its result or a :class:`Lost` where the process died or the time ran
        out.
    """
    todo, workers = deque(items), []
    try:
        while todo or any(worker.item is not None for worker in workers):
            while todo and len(workers) < jobs:
                workers.append(_Worker(work))
                workers[-1].hand(todo.popleft())
            busy = [worker for worker in workers if worker.item is not None]
            ready = wait([worker.connection for worker in busy], timeout=1)
            for worker in busy:
                if worker.connection in ready:
                    taken = worker.take()
                elif limit and worker.seconds() > limit:
                    taken = worker.item, Lost(f'took longer than {limit:g} s')
                else:
                    continue
                if taken is None:
                    continue
                item, result = taken
                if isinstance(result, Lost):
                    worker.end()
                    workers.remove(worker)
                elif todo:
                    worker.hand(todo.popleft())
                yield item, result
    finally:
        for worker in workers:
            worker.end()
