"""What a run tells of its data: bad samples as they turn up, and the time spent waiting."""
import re

from mmengine.hooks import Hook
from mmengine.registry import LOG_PROCESSORS
from mmengine.runner import LogProcessor

from mmvideo.processes import usable_cores
from mmvideo.registry import HOOKS

__all__ = ['HintAtWaiting', 'ReportBadFiles', 'ShareLogProcessor']


@HOOKS.register_module()
class ReportBadFiles(Hook):
    """Logs the bad samples that any process has written down, and stops a run that has too many.

    Args:
        interval: iterations between two looks into the lists.
    """

    def __init__(self, interval=10):
        self.interval = interval

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if self.every_n_inner_iters(batch_idx, self.interval):
            self._look(runner)

    def after_train_epoch(self, runner):
        self._look(runner)

    def after_val_epoch(self, runner, metrics=None):
        self._sum_up(runner, 'val')

    def after_test_epoch(self, runner, metrics=None):
        self._sum_up(runner, 'test')

    def _look(self, runner):
        for phase, keeper in runner.keepers.items():
            if phase.startswith('train') and keeper is not None:
                self._look_at(runner, keeper)

    @staticmethod
    def _look_at(runner, keeper):
        for entry in keeper.news():
            when = '' if entry['always'] else ', which depends on the frames drawn'
            runner.logger.warning(
                f'bad file, replaced by another sample{when} ({keeper.count()} of {keeper.total} '
                f'so far): {entry["file"]} ({entry["listed"]}): {entry["reason"]}')
        keeper.check()      # other processes may have found the rest

    def _sum_up(self, runner, phase):
        keeper = runner.keepers.get(phase)
        if keeper is None:
            return
        keeper.news()
        if keeper.count():
            # The logger passes over a warning that it has given before.
            when = f'{phase}, epoch {runner.epoch}' if phase == 'val' else phase
            runner.logger.warning(f'{when}: bad files count as wrong. {keeper.summary()}')


@HOOKS.register_module()
class HintAtWaiting(Hook):
    """Says once what to do when training waits for data too much.

    The first batch of an epoch, for which workers may have to start, does not count.

    Args:
        share: of the time, 0..1.
        window: iterations over which it is measured.
    """

    def __init__(self, share=0.3, window=20):
        self.share, self.window = share, window
        self.is_said = False
        self._times = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        scalars = runner.message_hub.log_scalars
        if self.is_said or batch_idx == 0 or 'train/data_time' not in scalars:
            return
        self._times.append((scalars['train/data_time'].current(),
                            scalars['train/time'].current()))
        if len(self._times) < self.window:
            return
        waited, total = map(sum, zip(*self._times, strict=True))
        self._times = []
        if waited > self.share * total:
            self.is_said = True
            runner.logger.warning(hint(waited / total, runner.train_dataloader.num_workers,
                                       usable_cores()))


def hint(share, num_workers, cores):
    """What to do about a share of time spent waiting for data."""
    said = f'{share:.0%} of the time is spent waiting for data. '
    if num_workers < cores:
        said += (f'train_dataloader.num_workers is {num_workers}, this process has {cores} '
                 f'core{"s" * (cores > 1)}: --cfg-options train_dataloader.num_workers={cores} '
                 'train_dataloader.persistent_workers=True puts all to work. ')
    else:
        said += f'{num_workers} workers share {cores} core{"s" * (cores > 1)}. '
    return said + ('Videos of a smaller size (tools/data/resize_videos.py) and another decoder '
                   'cost less time: docs/data/health.md')


@LOG_PROCESSORS.register_module()
class ShareLogProcessor(LogProcessor):
    """Lines of the log say which share of the time went by waiting for data, ``data_share``."""

    def get_log_after_iter(self, runner, batch_idx, mode):
        tag, line = super().get_log_after_iter(runner, batch_idx, mode)
        return tag, self._with_share(tag, line, mode, keep=True)

    def get_log_after_epoch(self, runner, batch_idx, mode, with_non_scalar=False):
        tag, line = super().get_log_after_epoch(runner, batch_idx, mode, with_non_scalar)
        return tag, self._with_share(tag, line, mode)

    def _with_share(self, tag, line, mode, keep=False):
        prefix = f'{mode}/' if self.log_with_hierarchy else ''
        waited, total = (tag.get(f'{prefix}{name}') for name in ('data_time', 'time'))
        if not total or waited is None:
            return line
        if keep:
            tag[f'{prefix}data_share'] = waited / total
        return re.sub(r'(data_time: \S+)', rf'\1  data_share: {waited / total:.0%}', line, count=1)
