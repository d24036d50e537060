"""Going on in the middle of an epoch: from the batch where a checkpoint was saved."""
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mmvideo.registry import HOOKS

__all__ = ['EpochLoop', 'KeepPlace']


class EpochLoop(EpochBasedTrainLoop):
    """mmengine's loop over epochs, the first of which may begin at a later batch.

    Attributes:
        done: batches of the present epoch that are done, with the one at work.
        begin: where the next epoch begins; set when a run is resumed.
    """

    done = 0
    begin = 0

    @classmethod
    def of(cls, loop):
        """Make a loop of mmengine one of these; loops of other kinds stay what they are."""
        if type(loop) is EpochBasedTrainLoop:
            loop.__class__ = cls
        return loop

    def run_epoch(self):
        self.done, self.begin = self.begin, 0
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.dataloader.start_at(self.done)
        for index, batch in enumerate(self.dataloader, self.done):
            self.run_iter(index, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx, data_batch):
        self.done = idx + 1
        super().run_iter(idx, data_batch)


@HOOKS.register_module()
class KeepPlace(Hook):
    """Writes into checkpoints how much of its epoch is done, and lets a resumed run begin there.

    Samples depend on (seed, epoch, place) alone, so the rest of the epoch shows what it would have
    shown. If its batches have become others (their size, the number of processes, the list), the
    epoch begins anew.
    """

    def before_save_checkpoint(self, runner, checkpoint):
        loop, meta = runner.train_loop, checkpoint['meta']
        if isinstance(loop, EpochLoop):
            # What is saved after an epoch counts it as done.
            meta['batches_done'] = loop.done if meta['epoch'] == loop.epoch else 0
            meta['batches'] = len(loop.dataloader)

    def after_load_checkpoint(self, runner, checkpoint):
        meta = checkpoint.get('meta') or {}
        done = meta.get('batches_done')
        if not runner._resume or not done or not isinstance(runner.train_loop, EpochLoop):
            return
        loop = runner.train_loop
        if meta['batches'] == len(loop.dataloader):
            loop.begin = done
            runner.logger.info(f'epoch {meta["epoch"] + 1} goes on after {done} of its '
                               f'{meta["batches"]} batches')
        else:
            meta['iter'] -= done
            runner.logger.warning(
                f'epoch {meta["epoch"] + 1} begins anew: it had {meta["batches"]} batches, of '
                f'which {done} were done, and has {len(loop.dataloader)} now')
