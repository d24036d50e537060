"""Batch norm with statistics of many batches under the weights as they are now."""
import itertools

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS

from .ema import evaluated_model

__all__ = ['PreciseBN', 'measure_statistics']


class _Population:
    """Sum, sum of squares and count of what a norm layer sees, a channel at a time."""

    def __init__(self, norm):
        self.norm = norm
        zeros = torch.zeros(norm.num_features, dtype=torch.float64, device=norm.running_mean.device)
        self.sums, self.squares, self.count = zeros, zeros.clone(), zeros.new_zeros(1)

    def see(self, norm, inputs):
        x = inputs[0].detach()
        axes = [axis for axis in range(x.dim()) if axis != 1]
        variance, mean = torch.var_mean(x.float(), axes, correction=0)
        count, mean = x.numel() // x.shape[1], mean.double()
        self.sums += count * mean
        self.squares += count * (variance.double() + mean ** 2)
        self.count += count

    def settle(self):
        """Put mean and unbiased variance over all that was seen, by all processes, in place."""
        if dist.is_available() and dist.is_initialized():
            for part in (self.sums, self.squares, self.count):
                dist.all_reduce(part)
        mean = self.sums / self.count
        variance = (self.squares / self.count - mean ** 2).clamp(min=0)
        self.norm.running_mean.copy_(mean)
        self.norm.running_var.copy_(variance * self.count / (self.count - 1).clamp(min=1))
        if hasattr(self.norm, 'restart'):       # sub-batch norm
            self.norm.restart()


@torch.no_grad()
def measure_statistics(model, batches):
    """Replace the running statistics of a model's norm layers by those of ``batches``.

    Training keeps a moving average over batches that were seen with other weights; here the mean
    and variance over all pixels of all batches count, with the weights as they are (precise BN,
    arXiv:2105.07576, section 3). Layers that are held in evaluation mode while training keep what
    they have. Nothing is drawn: dropout is off.

    Args:
        model: recognizer.
        batches: batches as a loader gives them; the model's preprocessor prepares them without
            mixing samples.

    Returns:
        int: how many layers were measured; 0 if the model has none in training mode.
    """
    modes = {module: module.training for module in model.modules()}
    model.train()
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)
             and module.training and module.track_running_stats]
    model.eval()
    populations = [_Population(norm) for norm in norms]
    handles = [p.norm.register_forward_pre_hook(p.see) for p in populations]
    kept = {norm: norm.momentum for norm in norms}
    try:
        for norm in norms:
            # In training mode a layer works with the statistics of its batch; a factor of 0
            # leaves the running ones alone.
            norm.train()
            norm.momentum = 0.0
        for batch in batches if norms else ():
            model(**model.data_preprocessor(batch, False), mode='tensor')
    finally:
        for handle in handles:
            handle.remove()
        for norm, momentum in kept.items():
            norm.momentum = momentum
        for module, training in modes.items():
            module.training = training
    for population in populations:
        population.settle()
    return len(norms)


@HOOKS.register_module()
class PreciseBN(Hook):
    """Measures the statistics of batch norm anew after training epochs, before validation.

    The recipes' ``precise_bn=dict(num_iters=200, interval=1)`` becomes this hook. Where weights are
    averaged (``EMAHook``), the averages are measured.

    Args:
        num_iters: batches of the training loader that are looked at; all if it has fewer.
        interval: epochs from one time to the next; the last epoch counts always.
    """

    # Before the checkpoint is saved, and before weights are averaged into it.
    priority = 'ABOVE_NORMAL'

    def __init__(self, num_iters=200, interval=1):
        for name, value in (('num_iters', num_iters), ('interval', interval)):
            if not isinstance(value, int) or value < 1:
                raise InputError(f'precise_bn.{name}: a number of at least 1 is expected, not '
                                 f'{value!r}')
        self.num_iters, self.interval = num_iters, interval

    def after_train_epoch(self, runner):
        if not (self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner)):
            return
        model = evaluated_model(runner)
        batches = itertools.islice(runner.train_dataloader, self.num_iters)
        count = measure_statistics(model, batches)
        runner.logger.info(
            f'precise BN: {count} norm layers measured on '
            f'{min(self.num_iters, len(runner.train_dataloader))} batches' if count else
            'precise BN: no norm layer is in training mode, nothing to measure')
