"""Going on in the middle of an epoch: from the batch where a checkpoint was saved."""
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop

from mmvideo.registry import HOOKS

__all__ = ['EpochLoop', 'KeepPlace', 'give_gradients', 'open_gradients']


class EpochLoop(EpochBasedTrainLoop):
    """mmengine's loop over epochs, the first of which may begin at a later batch.

    Attributes:
        done: batches of the present epoch that are done, with the one at work.
        begin: where the next epoch begins; set when a run is resumed.
        is_validated: the validation after the last epoch is done.
        owes_validation: the run was resumed from between an epoch and its validation.
    """

    done = 0
    begin = 0
    is_validated = False
    owes_validation = False

    @classmethod
    def of(cls, loop):
        """Make a loop of mmengine one of these; loops of other kinds stay what they are."""
        if type(loop) is EpochBasedTrainLoop:
            loop.__class__ = cls
        return loop

    def run(self):
        self.runner.call_hook('before_train')
        if self.owes_validation:
            self._validate()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._validate()
        self.runner.call_hook('after_train')
        return self.runner.model

    def _validate(self):
        self.owes_validation = False
        self._decide_current_val_interval()
        is_due = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        if self.runner.val_loop is not None and self._epoch >= self.val_begin and is_due:
            self.runner.val_loop.run()

    def run_epoch(self):
        self.done, self.begin, self.is_validated = self.begin, 0, False
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.dataloader.start_at(self.done)
        for index, batch in enumerate(self.dataloader, self.done):
            self.run_iter(index, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        self.done = 0

    def run_iter(self, idx, data_batch):
        self.done = idx + 1
        super().run_iter(idx, data_batch)


@HOOKS.register_module()
class KeepPlace(Hook):
    """Writes into checkpoints how much of its epoch is done, and lets a resumed run begin there.

    Samples depend on (seed, epoch, place) alone, so the rest of the epoch shows what it would have
    shown. If its batches have become others (their size, the number of processes, the list), the
    epoch begins anew. A validation that was cut short, or did not begin, is done first.
    """

    def after_val_epoch(self, runner, metrics=None):
        if isinstance(runner._train_loop, EpochLoop):
            runner._train_loop.is_validated = True

    def before_save_checkpoint(self, runner, checkpoint):
        loop, meta = runner.train_loop, checkpoint['meta']
        if isinstance(loop, EpochLoop):
            # What is saved after an epoch counts it as done.
            meta['batches_done'] = loop.done if meta['epoch'] == loop.epoch else 0
            meta['batches'] = len(loop.dataloader)
            meta['is_validated'] = loop.is_validated
            meta['order_seed'] = getattr(loop.dataloader.sampler, 'seed', None)

    def after_load_checkpoint(self, runner, checkpoint):
        loop, meta = runner._train_loop, checkpoint.get('meta') or {}
        if not runner._resume or not isinstance(loop, EpochLoop) or 'batches_done' not in meta:
            return
        done, batches = meta['batches_done'], meta['batches']
        if meta.get('order_seed') is not None:      # drawn anew, if no seed was given
            loop.dataloader.sampler.seed = meta['order_seed']
        loop.is_validated = meta.get('is_validated', True)
        loop.owes_validation = not done and not loop.is_validated
        if done and batches == len(loop.dataloader):
            loop.begin = done
            runner.logger.info(f'epoch {meta["epoch"] + 1} goes on after {done} of its {batches} '
                               'batches')
        elif done:
            meta['iter'] -= done
            runner.logger.warning(
                f'epoch {meta["epoch"] + 1} begins anew: it had {batches} batches, of which {done} '
                f'were done, and has {len(loop.dataloader)} now')


def open_gradients(runner):
    """Gradients of batches that no step has used yet, by parameter, where steps have several.

    Several processes hold different ones until the step; the mean, which it would make, is given.
    All of them have to call this. Parts of gradients are kept with the parts of parameters.
    """
    wrapper = runner.optim_wrapper
    if not isinstance(wrapper, OptimWrapper) or wrapper.should_update():
        return {}
    found = {name: parameter.grad.clone() for name, parameter in _bare(runner).named_parameters()
             if parameter.grad is not None and not hasattr(parameter.grad, 'placements')}
    if dist.is_available() and dist.is_initialized():
        for gradient in found.values():
            dist.all_reduce(gradient)
            gradient /= dist.get_world_size()
    return {name: gradient.cpu() for name, gradient in found.items()}


def give_gradients(runner, gradients):
    """Put gradients back that :func:`open_gradients` gave."""
    for name, parameter in _bare(runner).named_parameters():
        if name in gradients:
            parameter.grad = gradients[name].to(parameter.device)


def _bare(runner):
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
