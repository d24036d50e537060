"""Which sample each worker of a loader is at, for the process that waits for it."""
import os
import time

import torch
from torch.utils.data import get_worker_info

__all__ = ['Board']

PID, PLACE, SINCE = range(3)
NOTHING = -1


class Board:
    """A table in shared memory: workers write what they begin, the main process reads it.

    Workers that are killed, or that a decoder never gives back, cannot say any more what they were
    at; this can.

    Args:
        members: data sets with records, which get the board.
        num_workers: of the loader.
    """

    def __init__(self, members, num_workers):
        # Per worker: process, place of the sample in the data set, when it was begun or done.
        self._table = torch.full((num_workers, 3), float(NOTHING),
                                 dtype=torch.float64).share_memory_()
        place = 0
        for member in members:
            member.first_place = place
            member.board = self
            place += len(member)

    def clear(self):
        """Nobody is at work: new workers will come."""
        self._table.fill_(NOTHING)

    def begin(self, place):
        """This worker works on the sample from now on."""
        info = get_worker_info()
        if info is not None and info.id < len(self._table):
            self._table[info.id] = torch.tensor([os.getpid(), place, time.monotonic()],
                                                dtype=torch.float64)

    def end(self):
        """This worker is done with the sample."""
        self.begin(NOTHING)

    def place_of(self, pid):
        """What the worker with this process id is at, or None."""
        for row in self._table.tolist():
            if row[PID] == pid and row[PLACE] != NOTHING:
                return int(row[PLACE])
        return None

    def late(self, limit_seconds):
        """The worker that has been longest at one sample, if that is beyond the limit.

        Returns:
            tuple(int, int, float): process, place of the sample, seconds; or None.
        """
        now = time.monotonic()
        rows = [(now - since, int(pid), int(place)) for pid, place, since in self._table.tolist()
                if place != NOTHING]
        seconds, pid, place = max(rows, default=(0, 0, 0))
        return (pid, place, seconds) if seconds > limit_seconds else None

    def idle_seconds(self):
        """For how long no worker has been at a sample."""
        rows = self._table.tolist()
        if any(row[PLACE] != NOTHING for row in rows):
            return 0.
        return time.monotonic() - max(row[SINCE] for row in rows)
