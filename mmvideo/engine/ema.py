"""Averages of the weights of many iterations, which are validated, saved and tested."""
import itertools

from mmengine.hooks import EMAHook as _EMAHook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS

__all__ = ['EMAHook', 'evaluated_model']

KINDS = dict(ExponentialMovingAverage=('momentum', ),
             MomentumAnnealingEMA=('momentum', 'gamma'), StochasticWeightAverage=())


@HOOKS.register_module()
class EMAHook(_EMAHook):
    """Keeps an exponential moving average of the weights beside those that are trained.

    ``average <- (1 - momentum) * average + momentum * weights`` after each iteration in which the
    optimizer made a step; the first such iteration sets the average to the weights. Validation
    uses the averages, and checkpoints have them under ``state_dict``, so that a test needs to know
    nothing of this; the trained weights, from which a resumed run goes on, are under
    ``ema_state_dict``. Statistics of batch norm are those of training, or measured with the
    averages where the config has ``precise_bn``.

    Args:
        momentum: share of the new weights, between 0 and 1. Often called ``1 - decay``.
        ema_type: ``ExponentialMovingAverage``; ``MomentumAnnealingEMA``, whose momentum is
            ``gamma / (gamma + steps)`` while that is more; ``StochasticWeightAverage``
            (arXiv:1803.05407), the plain mean.
        gamma: see ``ema_type``, >= 1.
        interval: steps from one averaging to the next.
        begin_iter, begin_epoch: the average is a copy of the weights before this iteration or
            epoch; one of them at most.
        update_buffers: average the statistics of batch norm as well.
    """

    # After a loaded checkpoint has been matched to the model.
    priority = 'BELOW_NORMAL'

    def __init__(self, momentum=0.0002, ema_type='ExponentialMovingAverage', gamma=100, interval=1,
                 begin_iter=0, begin_epoch=0, update_buffers=False):
        if ema_type not in KINDS:
            raise InputError(f'EMAHook: ema_type is one of {", ".join(KINDS)}, not {ema_type!r}')
        if not isinstance(momentum, (int, float)) or not 0 < momentum < 1:
            raise InputError(f'EMAHook: momentum lies between 0 and 1, not at {momentum!r}')
        for name, value, least in (('gamma', gamma, 1), ('interval', interval, 1),
                                   ('begin_iter', begin_iter, 0), ('begin_epoch', begin_epoch, 0)):
            if not isinstance(value, int) or value < least:
                raise InputError(f'EMAHook: {name} is a whole number >= {least}, not {value!r}')
        if begin_iter and begin_epoch:
            raise InputError('EMAHook: begin_iter or begin_epoch, not both')
        given = dict(momentum=momentum, gamma=gamma)
        super().__init__(ema_type, begin_iter=begin_iter, begin_epoch=begin_epoch,
                         interval=interval, update_buffers=update_buffers,
                         **{key: given[key] for key in KINDS[ema_type]})
        self.ema_model = None       # until a run that trains begins

    def before_run(self, runner):
        if runner.train_loop is not None:
            super().before_run(runner)

    def before_train(self, runner):
        for name, value, most in (('begin_epoch', self.begin_epoch, runner.max_epochs),
                                  ('begin_iter', self.begin_iter, runner.max_iters)):
            if value and value > most:
                raise InputError(f'EMAHook: {name} is {value}, but training ends after {most}')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        wrapper = runner.optim_wrapper
        # Batches whose gradients are still being collected have changed no weight.
        if not isinstance(wrapper, OptimWrapper) or wrapper.should_update():
            super().after_train_iter(runner, batch_idx, data_batch, outputs)

    def before_save_checkpoint(self, runner, checkpoint):
        super().before_save_checkpoint(runner, checkpoint)
        for key in ('state_dict', 'ema_state_dict'):
            checkpoint[key] = {name: value.cpu() for name, value in checkpoint[key].items()}

    def after_load_checkpoint(self, runner, checkpoint):
        if self.ema_model is not None:
            super().after_load_checkpoint(runner, checkpoint)

    def _swap_ema_parameters(self):
        """Exchange weights and statistics: those measured for the averages belong to these."""
        if self.ema_model is None:
            return
        average, source = (itertools.chain(model.parameters(), model.buffers())
                           for model in (self.ema_model.module, self.src_model))
        for one, other in zip(average, source, strict=True):
            kept = one.data.clone()
            one.data.copy_(other.data)
            other.data.copy_(kept)


def evaluated_model(runner):
    """The model, without a wrapper, whose weights are validated and saved: the averages, if any."""
    for hook in runner.hooks:
        if isinstance(hook, _EMAHook) and getattr(hook, 'ema_model', None) is not None:
            return hook.ema_model.module
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
