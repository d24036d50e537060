"""Training ends before its last epoch when validation does not get better any more."""
from mmengine.hooks import EarlyStoppingHook as _EarlyStoppingHook

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS

__all__ = ['EarlyStoppingHook']


@HOOKS.register_module()
class EarlyStoppingHook(_EarlyStoppingHook):
    """mmengine's hook, whose count of validations without progress goes on in a resumed run.

    Args:
        monitor: name of the metric that is to get better, ``'top1_acc'``.
        arguments: ``rule`` ('greater' or 'less'), ``min_delta``, ``patience``, ``strict``,
            ``check_finite``, ``stopping_threshold`` as of mmengine's hook.

    Raises:
        InputError: ``rule`` is neither, or is missing for a metric of unknown direction.
    """

    # Before the checkpoint that is saved after a validation.
    priority = 'LOW'

    def __init__(self, monitor, **arguments):
        try:
            super().__init__(monitor, **arguments)
        except ValueError as error:
            raise InputError(f'EarlyStoppingHook: {error}') from error

    def before_run(self, runner):
        """Tests have no loop that could be stopped."""

    def before_save_checkpoint(self, runner, checkpoint):
        checkpoint['meta'].setdefault('early_stopping', {})[self.monitor] = dict(
            best_score=float(self.best_score), wait_count=self.wait_count,
            is_over=runner.train_loop.stop_training)

    def after_load_checkpoint(self, runner, checkpoint):
        saved = (checkpoint.get('meta') or {}).get('early_stopping', {}).get(self.monitor)
        if runner._resume and saved:
            self.best_score, self.wait_count = saved['best_score'], saved['wait_count']
            if saved['is_over']:
                runner._train_loop.stop_training = True
                runner.logger.info(f'training had ended early: {self.monitor} did not get better')
