"""The plan of a multigrid training: when which batch, clip, crop and rate (arXiv:1912.00998).

Small clips in large batches teach the coarse things fast; towards the end of each step of the rate
the clips grow to their full size. The long cycle changes clip and crop by epochs, the short cycle
the crop from iteration to iteration. The arithmetic is that of the published runs (PySlowFast).
"""
import bisect
import itertools
import math
from typing import NamedTuple

from mmvideo.errors import InputError
from mmvideo.registry import nearest

__all__ = ['Phase', 'Plan', 'read_plan']

DEFAULTS = dict(long_cycle=True, short_cycle=True, epoch_factor=1.5,
                long_cycle_factors=((0.25, 0.5**0.5), (0.5, 0.5**0.5), (0.5, 1), (1, 1)),
                short_cycle_factors=(0.5, 0.5**0.5), default_s=None,
                # Where the config has no rise of its own, the rate rises as in the published runs.
                warmup_epochs=34, warmup_start_lr=0.01)


class Phase(NamedTuple):
    """Epochs that are trained alike.

    Args:
        begin, end: epochs, from 0, the end excluded.
        batch: how many times as large as the config's a batch of full crops is.
        frames: of a clip.
        cycle: pairs (how many times as large the batch is, side of the crop in pixels), one an
            iteration in turn.
    """
    begin: int
    end: int
    batch: int
    frames: int
    cycle: tuple

    def sizes(self, count, batch_size, drop_last=False):
        """Numbers of samples of the batches of an epoch of so many samples."""
        turns = itertools.cycle(times * batch_size for times, _ in self.cycle)
        while count > 0:
            size = next(turns)
            if size <= count or not drop_last:
                yield min(size, count)
            count -= size


class Plan(NamedTuple):
    """What is trained when.

    Args:
        frames, side: of the clips that the config asks for.
        phases: one after the other.
        steps: pairs (epoch, factor of the config's rate from there on), or a pair (number of
            epochs, factor in the end) of a cosine.
        warmup: (epochs, factor in the beginning), or None.
    """
    frames: int
    side: int
    phases: tuple
    steps: tuple
    warmup: tuple = None

    @property
    def epochs(self):
        return self.phases[-1].end

    def phase(self, epoch):
        """The phase of an epoch; after the end, the last one."""
        return next((p for p in self.phases if epoch < p.end), self.phases[-1])

    def rate(self, epoch):
        """The factor of the learning rate at a point in time, such as epoch 2.5."""
        if self.warmup is not None and epoch < self.warmup[0]:
            rise, first = self.warmup
            return first + (self._rate(rise) - first) * epoch / rise
        return self._rate(epoch)

    def _rate(self, epoch):
        if isinstance(self.steps[0], tuple):
            begins = [begin for begin, _ in self.steps]
            return self.steps[bisect.bisect_right(begins, epoch) - 1][1]
        span, last = self.steps
        return last + (1 - last) * (1 + math.cos(math.pi * min(epoch / span, 1))) / 2

    def shapes(self):
        """All pairs (frames, side) of clips that occur."""
        return sorted({(p.frames, side) for p in self.phases for _, side in p.cycle})

    def table(self, batch_size, lr):
        """Lines that tell the plan; rates are those at the beginning and the end of a phase."""
        rows = [('epochs', 'batch', 'frames', 'crop', 'learning rate')]
        for phase in self.phases:
            rates = [f'{lr * self.rate(epoch):.4g}' for epoch in (phase.begin, phase.end - 1e-6)]
            rows.append((
                f'{phase.begin + 1}-{phase.end}',
                ' '.join(str(times * batch_size) for times, _ in phase.cycle), str(phase.frames),
                ' '.join(str(side) for _, side in phase.cycle), ' to '.join(dict.fromkeys(rates))))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return ['  ' + '  '.join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
                for row in rows]


def read_plan(cfg, frames, side):
    """The plan of a config.

    Args:
        cfg: has multigrid, train_cfg, optim_wrapper and param_scheduler.
        frames, side: of the clips that its pipeline makes.

    Raises:
        InputError: names the key and what was expected.
    """
    given = _checked(cfg['multigrid'], side)
    epochs = (cfg.get('train_cfg') or {}).get('max_epochs')
    if not isinstance(epochs, int) or epochs < 1:
        raise InputError('multigrid: training must count epochs: train_cfg.by_epoch=True and '
                         f'max_epochs, got max_epochs={epochs!r}')
    lr = cfg['optim_wrapper']['optimizer'].get('lr')
    if not lr:
        raise InputError('multigrid: optim_wrapper.optimizer.lr is needed, which it scales')
    warmup, steps, gamma = _schedule(cfg.get('param_scheduler'), epochs, given['long_cycle'])
    if given['long_cycle']:
        warmup = warmup or (given['warmup_epochs'], given['warmup_start_lr'] / lr)
        plan = _long_plan(given, frames, side, epochs, steps, gamma)
    else:
        plan = _short_plan(given, frames, side, epochs, steps, gamma)
    if warmup and warmup[0] >= plan.epochs:
        raise InputError(f'multigrid: the rise of {warmup[0]} epochs does not fit a run of '
                         f'{plan.epochs}; multigrid.warmup_epochs sets it, 0 for none')
    return plan._replace(warmup=warmup if warmup and warmup[0] else None)


def _checked(given, side):
    if not isinstance(given, dict):
        raise InputError('multigrid: expected a dict such as dict(long_cycle=True, '
                         f'short_cycle=True), got {given!r}')
    for key in given:
        if key not in DEFAULTS:
            raise InputError(f'multigrid: no setting {key!r}; {nearest(key, DEFAULTS)}')
    given = {**DEFAULTS, **given}
    for key in ('long_cycle', 'short_cycle'):
        if not isinstance(given[key], bool):
            raise InputError(f'multigrid.{key}: expected True or False, got {given[key]!r}')
    if not given['long_cycle'] and not given['short_cycle']:
        raise InputError('multigrid: neither long_cycle nor short_cycle is True; None trains '
                         'without')
    for key in ('epoch_factor', 'warmup_start_lr', 'warmup_epochs'):
        if not _is_number(given[key]) or given[key] < 0 or given['epoch_factor'] == 0:
            raise InputError(f'multigrid.{key}: expected a number '
                             f'{"> 0" if key == "epoch_factor" else ">= 0"}, got {given[key]!r}')
    long = given['long_cycle_factors']
    if not _is_list(long) or not all(_is_list(pair) and len(pair) == 2 and all(
            map(_is_share, pair)) for pair in long):
        raise InputError("multigrid.long_cycle_factors: expected pairs of shares of the clip's "
                         f"length and of the crop's side, above 0 and at most 1, got {long!r}")
    short = given['short_cycle_factors']
    if not _is_list(short) or not all(map(_is_share, short)):
        raise InputError("multigrid.short_cycle_factors: expected shares of the crop's side, "
                         f'above 0 and at most 1, got {short!r}')
    sides = given['default_s']
    if sides is not None and {*(sides if _is_list(sides) else [sides])} != {side}:
        raise InputError(f'multigrid.default_s: expected the side of the crops of '
                         f'train_dataloader, {side}, got {sides!r}')
    return given


def _is_list(value):
    return isinstance(value, (list, tuple)) and len(value) > 0


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_share(value):
    return _is_number(value) and 0 < value <= 1


def _schedule(schedulers, epochs, is_long):
    """(rise or None, milestones or a cosine's last factor, factor of a step or None)."""
    schedulers = [schedulers] if isinstance(schedulers, dict) else list(schedulers or [])
    warmup, main = None, dict(type='MultiStepLR', milestones=[])
    if schedulers and schedulers[0].get('type') == 'LinearLR' \
            and schedulers[0].get('by_epoch', True) and not schedulers[0].get('begin'):
        rise, *schedulers = schedulers
        warmup = rise['end'], rise.get('start_factor', 1 / 3)
    if schedulers:
        main, *rest = schedulers
        kinds = ['MultiStepLR', 'StepLR', *([] if is_long else ['CosineAnnealingLR'])]
        if rest or main.get('type') not in kinds or not main.get('by_epoch', True):
            raise InputError('multigrid: param_scheduler may be a LinearLR from epoch 0 and then '
                             f'one of {", ".join(kinds)}, by epochs; got '
                             f'{", ".join(str(s.get("type")) for s in [main, *rest])}')
    if main['type'] == 'CosineAnnealingLR':
        if main.get('eta_min'):
            raise InputError('param_scheduler: multigrid knows a cosine to 0 or to eta_min_ratio')
        return warmup, main.get('eta_min_ratio') or 0., None
    steps = main['milestones'] if main['type'] == 'MultiStepLR' else \
        range(main['step_size'], epochs, main['step_size'])
    if is_long and (not steps or steps[-1] >= epochs):
        raise InputError('multigrid.long_cycle goes once through each step of the rate: expected '
                         f'milestones of param_scheduler below {epochs}, got {list(steps)}')
    return warmup, list(steps), main.get('gamma', 0.1)


def _cycle(given, batch, side, full):
    """The crops of the short cycle and how much larger their batches are."""
    cycle = []
    for share in given['short_cycle_factors'] if given['short_cycle'] else ():
        times = max(1, round((side / (share * full))**2))
        cycle.append((batch * times, min(round(share * full), side)))
    return (*cycle, (batch, side))


def _long_plan(given, frames, side, epochs, milestones, gamma):
    shapes = []
    for length, width in given['long_cycle_factors']:
        t, s = round(frames * length), round(side * width)
        if t < 1 or s < 1:
            raise InputError(f'multigrid.long_cycle_factors: nothing is left of {frames} frames of '
                             f'{side} pixels by ({length}, {width})')
        # As many frames and pixels in a batch, whatever the shape.
        sides = [s, *(f * side for f in given['short_cycle_factors'] if given['short_cycle'])]
        batches = [round(frames * side**2 / (t * v**2)) for v in sides]
        shapes.append((t, s, batches[0], sum(batches) / len(batches)))
    total = sum(mean for *_, mean in shapes)
    # Within a step of the rate every shape has as many iterations, thus epochs by its batch.
    spans, begin = [], 0
    for stage, end in enumerate(milestones):
        spans += [(gamma**stage, shape, (end - begin) * shape[3] / total) for shape in shapes]
        begin = end
    # The full shape in the end, shortened as the rest is: by the mean batch.
    spans.append((gamma**len(milestones), shapes[-1],
                  (epochs - begin) * shapes[-1][3] * len(shapes) / total))
    stretch = epochs * given['epoch_factor'] / sum(span for *_, span in spans)
    ends = [round(end * stretch) for end in itertools.accumulate(span for *_, span in spans)]
    begins = [0, *ends[:-1]]
    phases = tuple(
        Phase(first, last, batch, t, _cycle(given, batch, s, side))
        for first, last, (_, (t, s, batch, _), _) in zip(begins, ends, spans, strict=True)
        if first < last)
    rates = [factor * shape[2] for factor, shape, _ in spans]
    # The last step of the rate comes in the middle of the last phase.
    begins[-1:], rates[-1:] = [begins[-1], (begins[-1] + ends[-1]) // 2], [rates[-2], rates[-1]]
    return Plan(frames, side, phases, tuple(zip(begins, rates, strict=True)))


def _short_plan(given, frames, side, epochs, milestones, gamma):
    factor = given['epoch_factor']
    phase = Phase(0, int(epochs * factor), 1, frames, _cycle(given, 1, side, side))
    if gamma is None:
        return Plan(frames, side, (phase,), (phase.end, milestones))
    begins = [0, *(int(milestone * factor) for milestone in milestones)]
    return Plan(frames, side, (phase,), tuple(
        (begin, gamma**stage) for stage, begin in enumerate(begins)))
