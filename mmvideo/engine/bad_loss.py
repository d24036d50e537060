"""A run ends at the first loss that is not finite, and says which files it came from."""
import torch
import torch.distributed as dist
from mmengine.hooks import CheckpointHook as _CheckpointHook
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS

__all__ = ['StopAtBadLoss', 'sample_names']

SHOWN = 16      # names of a batch
STATISTICS = ('running_mean', 'running_var')


@HOOKS.register_module()
class StopAtBadLoss(Hook):
    """Ends training when a loss is NaN or infinite, before gradients are made of it.

    The error names iteration, terms of the loss and samples of the batch. Weights, statistics and
    optimizer are as they were before that iteration, and are saved; unless the weights were
    broken before, by gradients that were not finite or a rate that is too high. Such weights are
    never saved. All processes end when one of them meets such a loss.

    The loss is that which is computed, not the scaled one of mixed precision, whose gradients may
    overflow: those steps are left out by the scaler.
    """

    priority = 'HIGHEST'

    def before_train(self, runner):
        model = _bare(runner)
        parse = model.parse_losses

        def parse_and_check(losses):
            total, terms = parse(losses)
            self._check(runner, total, terms)
            return total, terms

        # Between the terms and the step that is made of them, for a wrapped model as well.
        model.parse_losses = parse_and_check
        self._keep(model)

    def before_train_epoch(self, runner):
        self._keep(_bare(runner))

    def after_train(self, runner):
        del _bare(runner).parse_losses

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        runner.at_work = runner.train_dataloader, data_batch
        for statistics, kept in self._kept:
            torch._foreach_copy_(kept, statistics)

    def before_save_checkpoint(self, runner, checkpoint):
        trained = {name for name, _ in _bare(runner).named_parameters()}
        broken = _first_broken((name, value) for name, value in checkpoint['state_dict'].items()
                               if name in trained or name.endswith(STATISTICS))
        if broken:
            raise InputError(
                f'iteration {runner.iter + 1}: {broken} is not finite any more, so nothing is '
                f'saved. {_advice(runner)}')

    def _keep(self, model):
        """A forward pass changes statistics of batch norm; these are set back."""
        self._kept = []
        for words in (STATISTICS, 'num_batches_tracked'):       # of one type: copied in one go
            found = [value for name, value in model.named_buffers() if name.endswith(words)]
            if found:
                self._kept.append((found, [value.clone() for value in found]))

    def _check(self, runner, total, terms):
        is_fine = torch.isfinite(total.detach())
        flag = is_fine.to(torch.int32)
        if _are_several():
            dist.all_reduce(flag, dist.ReduceOp.MIN)
        if flag.item():
            return
        said = _told_by_all(None if is_fine.item() else _describe(runner, terms))
        raise InputError(
            f'the loss of iteration {runner.iter + 1} (epoch {runner.epoch + 1}) is not finite. '
            + '; '.join(said) + f'. {self._save(runner)}')

    def _save(self, runner):
        """Save the state before this iteration, if it is sound; what is to be told of it."""
        for statistics, kept in self._kept:
            torch._foreach_copy_(statistics, kept)
        broken = _told_by_all(_first_broken(_state(runner)))
        if broken:
            return f'{broken[0]} was not finite before that. {_advice(runner)}'
        hook = next((h for h in runner.hooks if isinstance(h, _CheckpointHook)), None)
        if not hasattr(hook, 'save_within'):
            return _advice(runner)
        if hasattr(runner.train_loop, 'done'):
            runner.train_loop.done -= 1     # the batch at work is not done
        hook.save_within(runner, runner.iter)
        return (f'The weights before it are finite and saved, {hook.last_ckpt}: --resume goes on '
                'with this iteration, say with another rate (--cfg-options '
                'optim_wrapper.clip_grad.max_norm=...) or without these files')


def _are_several():
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def _told_by_all(line):
    """What the processes have to say, those that have something; each gets the same list."""
    if not _are_several():
        return [line] if line else []
    everyone = [None] * dist.get_world_size()
    dist.all_gather_object(everyone, line)
    return [f'process {rank}: {line}' for rank, line in enumerate(everyone) if line]


def _bare(runner):
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _state(runner):
    """Weights, statistics and what the optimizer keeps of each, with names."""
    model = _bare(runner)
    yield from model.named_parameters()
    yield from ((n, value) for n, value in model.named_buffers() if n.endswith(STATISTICS))
    for state in runner.optim_wrapper.optimizer.state.values():
        yield from ((f'the {key} of the optimizer', value) for key, value in state.items())


def _first_broken(entries):
    """The name of the first weight, statistic or state that is not finite, or None."""
    for name, value in entries:
        value = getattr(value, '_local_tensor', value)      # sharded
        if torch.is_tensor(value) and not torch.isfinite(value).all():
            return name
    return None


def _advice(runner):
    last = runner.message_hub.runtime_info.get('last_ckpt')
    return ('A lower rate, a longer warm-up or optim_wrapper.clip_grad keep gradients in bounds; '
            + (f'the checkpoint before is {last}' if last else 'there is no checkpoint before'))


def _describe(runner, terms):
    """The terms of a loss, and the samples of the batch that is at work."""
    loader, batch = runner.at_work
    values = ', '.join(f'{key} {value.item():g}' for key, value in terms.items())
    names = sample_names(loader.dataset, batch)
    more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return f'{values}; samples: {", ".join(names[:SHOWN]) or "unknown"}{more}'


def sample_names(dataset, batch):
    """'NAME (LIST, line 3)' of each sample of a batch, as far as data set and batch say it."""
    places = batch.get('sample_index') if isinstance(batch, dict) else None
    places = places.tolist() if torch.is_tensor(places) else places or []
    return [_name(dataset, int(place)) for place in places]


def _name(dataset, place):
    if not hasattr(dataset, 'names'):
        return f'sample {place}'
    index = place % len(dataset)
    while hasattr(dataset, 'find'):
        dataset, index = dataset.find(index)
    if hasattr(dataset, 'shown'):
        index = dataset.shown(index, place)
    listed = f' ({dataset.origin(index)})' if hasattr(dataset, 'origin') else ''
    return f'{dataset.names[index]}{listed}'
