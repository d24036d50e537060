"""Work spread over processes, where one that dies or hangs costs its own item and no other."""
import multiprocessing
import sys
import time
from collections import deque
from multiprocessing.connection import wait

__all__ = ['Lost', 'spread']


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
        self.item, self.since = None, 0.

    def hand(self, item):
        self.item, self.since = item, time.monotonic()
        self.connection.send(item)

    def take(self):
        """The item that was handed last and its result; the worker is free then."""
        item, self.item = self.item, None
        try:
            return item, self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return item, Lost(f'its process ended with {self.process.exitcode}')

    def end(self):
        self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(connection, work):
    torch = sys.modules.get('torch')        # loaded only if the work needs it
    if torch:
        torch.set_num_threads(1)
    while True:
        connection.send(work(connection.recv()))


def spread(work, items, jobs=2, limit=None):
    """Results of ``work`` for each item, as they come.

    Args:
        work: callable of one item; it and what it gives can be pickled.
        items: any number of them.
        jobs: processes at a time, with one thread each.
        limit: seconds for an item.

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
                    item, result = worker.take()
                elif limit and time.monotonic() - worker.since > limit:
                    item, result = worker.item, Lost(f'took more than {limit} s')
                else:
                    continue
                if isinstance(result, Lost):
                    worker.end()
                    workers.remove(worker)
                elif todo:
                    worker.hand(todo.popleft())
                yield item, result
    finally:
        for worker in workers:
            worker.end()
