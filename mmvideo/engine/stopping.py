"""Ends a run in good order when the system asks for it: the state is saved, then it leaves."""
import signal
import threading
from contextlib import contextmanager

import torch
import torch.distributed as dist

__all__ = ['SIGNALS', 'StopRequest']

# SIGTERM comes of Slurm's preemption, of `kill` and of torchrun that is ended; SIGUSR1 of
# `#SBATCH --signal=USR1@60`, a minute before the time is up.
SIGNALS = [getattr(signal, name) for name in ('SIGTERM', 'SIGUSR1') if hasattr(signal, name)]


class StopRequest:
    """Hears the signals that ask a run to stop, and lets all its processes stop at one batch.

    A signal may reach one process of many, or each at another batch. So after each batch all of
    them ask whether any has heard one. What they hear is the answer to the question before, which
    has come in the meantime: nobody waits.
    """

    def __init__(self):
        self._heard = 0
        self._group = self._asked = None

    @contextmanager
    def listening(self):
        """Note the signals from here on, instead of being ended by them."""
        if threading.current_thread() is not threading.main_thread():
            yield       # only the main thread hears any
            return
        before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _hear(self, number, frame):
        self._heard = number

    def agreed(self):
        """The name of the signal that all processes stop for now, or None."""
        number = self._heard
        if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
            number = self._answer()
            flag = torch.tensor(self._heard)
            self._asked = flag, dist.all_reduce(flag, dist.ReduceOp.MAX, self._talk(), True)
        return signal.Signals(number).name if number else None

    def agreed_in(self, loader, batch_idx):
        """The same where processes may have different numbers of batches, those of ``loader``."""
        if batch_idx == 0:
            self._shortest = torch.tensor(len(loader))
            if dist.is_available() and dist.is_initialized():
                dist.all_reduce(self._shortest, dist.ReduceOp.MIN, self._talk())
        return self.agreed() if batch_idx < self._shortest else None

    def _talk(self):
        """Processes talk of this on their own line, on the CPU."""
        if self._group is None:
            self._group = dist.new_group(backend='gloo')
        return self._group

    def _answer(self):
        if self._asked is None:
            return 0
        flag, work = self._asked
        work.wait()
        return int(flag)
