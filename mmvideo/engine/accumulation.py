"""Gradients of several batches for one step of the optimizer."""
import warnings

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.registry import HOOKS

from .omnisource import TrainOnSources
from .resume import EpochLoop

__all__ = ['GroupBatches', 'batches_per_step']


def batches_per_step(wrapper):
    """After how many batches the optimizer makes a step, ``accumulative_counts``."""
    return wrapper._accumulative_counts if isinstance(wrapper, OptimWrapper) else 1


@HOOKS.register_module()
class GroupBatches(Hook):
    """Lets the last group of an epoch end with it.

    With ``optim_wrapper.accumulative_counts=k`` the optimizer makes a step after every k batches,
    with the mean of their gradients. mmengine's groups run on over the ends of epochs, where
    weights are validated and saved; here the last group of an epoch has the batches that are left,
    and the mean is over these. Batches of further sources count as well.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner):
        loop, wrapper = runner._train_loop, runner.optim_wrapper
        self.groups = isinstance(loop, EpochLoop) and batches_per_step(wrapper) > 1
        if self.groups:
            # Of a resumed run it would say that gradients are lost; none are.
            wrapper.initialize_count_status = lambda *args: None
            # Schedules count iterations, so they are ahead of the first step.
            warnings.filterwarnings('ignore', 'Detected call of `scheduler.step')

    def before_train(self, runner):
        if self.groups and any(isinstance(m, _BatchNorm) for m in runner.model.modules()):
            count = batches_per_step(runner.optim_wrapper)
            runner.logger.warning(
                f'accumulative_counts={count}: batch norm sees the '
                f'{runner.train_dataloader.batch_size} samples of one batch in this process, not '
                f'those of all {count}, so this is not the same as a larger batch')

    def before_train_epoch(self, runner):
        if not self.groups:
            return
        loop, wrapper = runner.train_loop, runner.optim_wrapper
        sources = [s for hook in runner.hooks if isinstance(hook, TrainOnSources)
                   for s in hook.sources]

        def batches(iterations):
            return iterations + sum(iterations // s.every * s.batches for s in sources)

        start = runner.iter - loop.done
        wrapper._inner_count = batches(runner.iter) - batches(start)
        wrapper._max_counts = batches(start + len(loop.dataloader)) - batches(start)
        wrapper._remainder_counts = wrapper._max_counts % wrapper._accumulative_counts
