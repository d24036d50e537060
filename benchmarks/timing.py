"""Times functions side by side, so that ratios hold on a machine that others use too."""
import math
import statistics
import time
from dataclasses import dataclass

__all__ = ['FASTER', 'PART', 'SHARE', 'Row', 'Seconds', 'cpu_seconds', 'interleave']

FASTER = 'times as fast'
SHARE = 'of the time'
PART = 'of the whole'
# One measurement lasts at least this long; shorter functions are called several times.
LEAST_SECONDS = 0.3


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio of two of the functions that a module offers.

    Args:
        name: what the command line calls it; the only row that its own name matches.
        what, against: the two sides in words.
        ours, plain: the two sides as keys of the module's ``contenders``.
        kind: ``FASTER`` divides the plain form's time by ours, ``SHARE`` and ``PART`` ours by the
            plain form's.
        reach: ratio to reach: at most that for ``SHARE``, at least for the others; None informs.
        counted: what one call makes ``per_call`` of; shown per second of CPU time.
        per_call: see ``counted``.
    """
    name: str
    what: str
    against: str
    ours: str
    plain: str
    kind: str = FASTER
    reach: float | None = None
    counted: str = ''
    per_call: int = 1

    def ratios(self, seconds):
        """The ratio of each round; ``seconds`` maps a contender to its time in each round."""
        pairs = zip(seconds[self.ours], seconds[self.plain], strict=True)
        return [plain / ours if self.kind == FASTER else ours / plain for ours, plain in pairs]

    def is_missed(self, seconds):
        """Whether the median ratio falls short; None without one to reach."""
        if self.reach is None:
            return None
        median = statistics.median(self.ratios(seconds))
        return median > self.reach if self.kind == SHARE else median < self.reach

    def measured(self, seconds):
        """Both medians in words, ours first."""
        medians = [statistics.median(seconds[key]) for key in (self.ours, self.plain)]
        if self.counted:
            return '{:.1f} and {:.1f} {} a second'.format(*(self.per_call / m for m in medians),
                                                           self.counted)
        return ' and '.join(f'{1000 * m:.3g}' if m < 1 else f'{1000 * m:.0f}'
                            for m in medians) + ' ms'


class Seconds(float):
    """What a function returns that has measured itself."""


def cpu_seconds():
    """CPU time of this process, all its threads, and of the child processes that have ended.

    Unlike the clock on the wall it does not count the time in which others have the core.
    """
    # Not on every system; the rest of this module is.
    import resource
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def interleave(contenders, rounds, warm_up=True, after_round=None):
    """Time each function once a round, by turns, so that a busy spell meets all of them.

    Args:
        contenders: functions without arguments, by key.
        rounds: how many times each is measured.
        warm_up: call each once before; also tells how often a short one is called in a round.
        after_round: called after each round, for progress.

    Returns:
        dict: key -> seconds of CPU time of one call, one number a round.
    """
    repeats = dict.fromkeys(contenders, 1)
    if warm_up:
        for key, function in contenders.items():
            first = max(_seconds_of(function, 1), 1e-6)
            repeats[key] = math.ceil(LEAST_SECONDS / first)
    seconds = {key: [] for key in contenders}
    order = list(contenders)
    for _ in range(rounds):
        for key in order:
            seconds[key].append(_seconds_of(contenders[key], repeats[key]))
        order.append(order.pop(0))      # who comes first finds the caches of another
        if after_round is not None:
            after_round()
    return seconds


def _seconds_of(function, repeats):
    start = cpu_seconds()
    for _ in range(repeats):
        found = function()
        if isinstance(found, Seconds):
            return found
    return (cpu_seconds() - start) / repeats
