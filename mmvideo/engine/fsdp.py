"""Training with the network spread over the processes: FSDP2, for what does not fit into one GPU.

Each process holds a part of every parameter, of its gradient and of the optimizer's state
(ZeRO stage 3, arXiv:1910.02054). A block of the network is put together when it is computed, and
taken apart again. The numbers are those of ordinary training in several processes.
"""
import glob
import os
import os.path as osp
import secrets
import shutil

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.optim import OptimWrapper
from torch import nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.errors import InputError
from mmvideo.shards import ShardReader, damaged_shard, hash_of_shard

from .distributed import synchronized, told_by_main
from .runner import BriefRunner

__all__ = ['ShardedRunner', 'blocks_of', 'check_fsdp', 'shard']

CONTAINERS = (nn.ModuleList, nn.Sequential)


def check_fsdp(cfg):
    """Raise for a config whose other keys do not go together with ``fsdp``."""
    given = cfg['fsdp']
    if not isinstance(given, dict) or set(given) - {'blocks'}:
        raise InputError('config key fsdp: expected dict() or dict(blocks=[names of classes]), '
                         f'not {given!r}')
    if cfg.get('launcher', 'none') == 'none':
        raise InputError('fsdp spreads a network over several processes: start with torchrun and '
                         '--launcher pytorch (or slurm, mpi)')
    if cfg.get('model_wrapper_cfg'):
        raise InputError('model_wrapper_cfg and fsdp are two ways to train in several processes; '
                         'give one of them')
    hooks = [*(cfg.get('custom_hooks') or []), *(cfg.get('default_hooks') or {}).values()]
    if any(hook and 'EMA' in str(hook.get('type')) for hook in hooks):
        raise InputError('fsdp does not keep averaged weights (EMAHook): train without fsdp or '
                         'without the hook')


def _repeated(module):
    """Children of a container that stand beside others of their class."""
    kinds = [type(child) for child in module.children()]
    return [child for child in module.children() if kinds.count(type(child)) > 1] \
        if isinstance(module, CONTAINERS) else []


def blocks_of(model, names=None):
    """The parts of a network that are put together one at a time.

    A network is mostly a row of blocks of one class, in a ``ModuleList`` or a ``Sequential``:
    residual blocks, layers of a transformer. The outermost ones count.

    Args:
        model: network.
        names: names of the classes of the blocks, where this rule finds others.

    Raises:
        InputError: no part has a class of such a name.
    """
    if names:
        found = [m for m in model.modules() if type(m).__name__ in names]
        missing = set(names) - {type(m).__name__ for m in found}
        if missing:
            raise InputError(f'fsdp.blocks: the model has no part of class '
                             f'{", ".join(sorted(missing))}')
        inner = {part for block in found for part in block.modules() if part is not block}
        return [block for block in found if block not in inner]
    blocks = []
    for child in model.children():
        is_block = child in _repeated(model) and next(child.parameters(), None) is not None
        blocks += [child] if is_block and not _repeated(child) else blocks_of(child)
    return blocks


def shard(model, blocks=None):
    """Spread the parameters of a model over all processes, in place.

    Args:
        model: network; its weights are the same in all processes.
        blocks: see :func:`blocks_of`.
    """
    mesh = init_device_mesh(get_device(), (dist.get_world_size(),))
    for block in blocks_of(model, blocks):
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)


class ShardedRunner(BriefRunner):
    """Trains a network that is spread over the processes.

    A checkpoint is a file of what is small and a folder of shards, see :mod:`mmvideo.shards`.
    """

    def wrap_model(self, model_wrapper_cfg, model):
        return synchronized(model.to(get_device()), self.cfg.get('sync_bn'))

    def build_optim_wrapper(self, optim_wrapper):
        if not isinstance(optim_wrapper, OptimWrapper):
            # The optimizer holds parts of parameters, so these are made first; and of parts nothing
            # could be drawn as it is drawn of the whole.
            super()._init_model_weights()
            shard(self.model, **self.cfg['fsdp'])
        return super().build_optim_wrapper(optim_wrapper)

    def _init_model_weights(self):
        """Done before the optimizer was built."""

    def train(self):
        try:
            return super().train()
        finally:
            _remove_orphans(self.work_dir)

    def save_checkpoint(self, out_dir, filename, *args, save_optimizer=True, **kwargs):
        self._small = self._save_shards(out_dir, filename, save_optimizer)
        super().save_checkpoint(out_dir, filename, *args, save_optimizer=False, **kwargs)
        self._small = None

    def call_hook(self, fn_name, **kwargs):
        if fn_name == 'before_save_checkpoint':
            kwargs['checkpoint'].update(self._small)
        super().call_hook(fn_name, **kwargs)

    def _parts(self, save_optimizer=True):
        """What is spread over the processes, and what is not: two dicts of dicts of tensors."""
        large, small = dict(weights={}, state={}, gradients={}), dict(weights={}, state={})
        for name, value in self.model.state_dict().items():
            (large if isinstance(value, DTensor) else small)['weights'][name] = value
        if save_optimizer:
            state = self.optim_wrapper.optimizer.state
            for name, parameter in self.model.named_parameters():
                for key, value in state.get(parameter, {}).items():
                    (large if isinstance(value, DTensor) else small)['state'][name, key] = value
            if not self.optim_wrapper.should_update():      # between two steps
                large['gradients'] = {name: p.grad for name, p in self.model.named_parameters()
                                      if p.grad is not None}
        return large, small

    def _save_shards(self, out_dir, filename, save_optimizer):
        """Write the folder of a checkpoint; what its file has to say."""
        stem = osp.splitext(filename)[0]
        _remove_orphans(out_dir)        # before any process begins with the next folder
        folder = told_by_main(f'{stem}.shards-{secrets.token_hex(4)}')
        draft = osp.join(out_dir, f'.{folder}.draft')
        large, small = self._parts(save_optimizer)
        try:
            dcp.save(dict(weights=large['weights'], gradients=large['gradients'],
                          state={'/'.join(key): v for key, v in large['state'].items()}),
                     checkpoint_id=draft)
        except CheckpointException as error:
            reason = next(iter(error.failures.values()))
            raise InputError(f'{osp.join(out_dir, filename)} cannot be saved: {reason[0]}. The '
                             'checkpoints before it are whole: --resume goes on from the newest'
                             ) from error
        own = glob.glob(osp.join(glob.escape(draft), f'__{self.rank}_*'))
        own += [osp.join(draft, '.metadata')] if is_main_process() else []
        files = [None] * self.world_size
        dist.all_gather_object(files, {osp.basename(path): hash_of_shard(path) for path in own})
        if is_main_process():
            os.rename(draft, osp.join(out_dir, folder))
        dist.barrier()
        groups = [{**group, 'params': None} for group in self.optim_wrapper.param_groups]
        return dict(
            state_dict={name: value.cpu() for name, value in small['weights'].items()},
            optimizer=dict(param_groups=groups, state=[
                [*key, v] for key, v in small['state'].items()]) if save_optimizer else None,
            shards=dict(folder=folder, files={k: v for part in files for k, v in part.items()},
                        weights={name: [list(v.shape), str(v.dtype).removeprefix('torch.')]
                                 for name, v in large['weights'].items()},
                        state=[list(key) for key in large['state']],
                        gradients=list(large['gradients'])))

    def load_checkpoint(self, filename, map_location='cpu', strict=False, revise_keys=()):
        checkpoint = read_checkpoint(filename, joins=not self._resume)
        shards = checkpoint.get('shards') if isinstance(checkpoint, dict) else None
        if self._resume and shards is None:
            raise InputError(f'{filename} was saved by training without fsdp, and cannot be '
                             'resumed with it; to start from its weights, use load_from')
        if shards is None:
            self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
            weights = {name: value for name, value in checkpoint['state_dict'].items()
                       if not isinstance(value, DTensor)}       # else it is the model's own
            set_model_state_dict(self.model, weights, options=StateDictOptions(
                full_state_dict=True, strict=False))
        else:
            self._resume_shards(filename, checkpoint)
        self._has_loaded = True
        self.logger.info(f'Load checkpoint from {filename}')
        return checkpoint

    def _resume_shards(self, path, checkpoint):
        shards, buffers = checkpoint['shards'], checkpoint['state_dict']
        if reason := told_by_main(damaged_shard(path, shards) if is_main_process() else None):
            raise InputError(f'{path} is no whole checkpoint: {reason}')
        checkpoint['state_dict'] = {
            **buffers, **{name: torch.empty(size, device='meta')
                          for name, (size, _) in shards['weights'].items()}}
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        parameters = dict(self.model.named_parameters())
        state = {'/'.join(key): torch.zeros_like(parameters[key[0]]) for key in shards['state']}
        gradients = {name: torch.zeros_like(parameters[name]) for name in shards['gradients']}
        weights = {name: parameters[name].detach() for name in shards['weights']}
        dcp.load(dict(weights=weights, state=state, gradients=gradients),
                 storage_reader=ShardReader(osp.join(osp.dirname(path), shards['folder'])))
        own = dict(self.model.named_buffers())
        for name, value in buffers.items():
            own[name].copy_(value)
        for name, gradient in gradients.items():
            parameters[name].grad = gradient
        saved, optimizer = checkpoint.pop('optimizer'), self.optim_wrapper.optimizer
        for name, key in shards['state']:
            optimizer.state[parameters[name]][key] = state[f'{name}/{key}'].detach()
        for name, key, value in saved['state']:
            optimizer.state[parameters[name]][key] = value
        groups = self.optim_wrapper.param_groups
        for group, values in zip(groups, saved['param_groups'], strict=True):
            group.update({k: v for k, v in values.items() if k != 'params'})


def _remove_orphans(folder):
    """Delete drafts, and folders whose checkpoint is gone or was saved anew."""
    if not is_main_process():
        return
    folder = glob.escape(folder)
    for path in glob.glob(osp.join(folder, '.*.shards-*.draft')):
        shutil.rmtree(path, ignore_errors=True)
    for path in glob.glob(osp.join(folder, '*.shards-*')):
        file = path.rpartition('.shards-')[0] + '.pth'
        named = None
        if osp.isfile(file):
            named = torch.load(file, weights_only=True).get('shards', {}).get('folder')
        if named != osp.basename(path):
            shutil.rmtree(path, ignore_errors=True)
