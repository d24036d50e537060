"""Networks spread over processes: which parts, equal numbers, and the checkpoints of them.

Whole runs by the command line are in tests/tools/test_processes.py.
"""
import importlib.util
import os
import pickle
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as multiprocessing
from torch import nn
from torch.distributed.tensor import DTensor

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.engine.fsdp import blocks_of, check_fsdp, shard
from mmvideo.errors import InputError
from mmvideo.registry import MODELS
from mmvideo.shards import ShardReader, hash_of_shard

SMALL = dict(
    TimeSformer=dict(type='TimeSformer', num_frames=4, img_size=32, patch_size=16, embed_dims=16,
                     num_heads=2, num_transformer_layers=3),
    ResNet=dict(type='ResNet', depth=18, base_channels=4),
    ResNetTSM=dict(type='ResNetTSM', depth=18, num_segments=4, base_channels=4),
    X3D=dict(type='X3D', gamma_w=1, gamma_b=2.25, gamma_d=2.2))


@pytest.mark.parametrize('name, kind, count', [
    ('TimeSformer', 'DividedLayer', 3), ('ResNet', 'BasicBlock', 8),
    ('ResNetTSM', 'BasicBlock', 8), ('X3D', 'BlockX3D', 26)])
def test_blocks_of_networks(name, kind, count):
    with torch.device('meta'):
        model = MODELS.build(SMALL[name])
    blocks = blocks_of(model)
    kinds = {type(block).__name__ for block in blocks}
    assert len(blocks) == count and len(kinds) == 1, kinds
    assert blocks_of(model, kinds) == blocks


def test_blocks_are_the_outermost():
    stage = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)),
                          nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    model = nn.ModuleDict(dict(stem=nn.Linear(2, 2), stage=stage, act=nn.Sequential(nn.ReLU(),
                                                                                  nn.ReLU())))
    assert blocks_of(model) == [stage[0][0], stage[0][1], stage[1]]
    assert blocks_of(model, ['Sequential', 'ReLU'])[0] is stage
    with pytest.raises(InputError, match='fsdp.blocks: the model has no part of class Block'):
        blocks_of(model, ['Block', 'Linear'])


@pytest.mark.parametrize('cfg, said', [
    (dict(fsdp=True), 'expected dict'), (dict(fsdp=dict(block=1)), 'expected dict'),
    (dict(fsdp={}), '--launcher pytorch'), (dict(fsdp={}, launcher='none'), '--launcher pytorch'),
    (dict(fsdp={}, launcher='mpi', model_wrapper_cfg=dict(type='X')), 'model_wrapper_cfg'),
    (dict(fsdp={}, launcher='mpi', custom_hooks=[dict(type='EMAHook')]), 'averaged weights')])
def test_what_fsdp_does_not_go_with(cfg, said):
    with pytest.raises(InputError, match=said):
        check_fsdp(cfg)


def joined(rank, folder):
    torch.set_num_threads(1)        # threads of the parent's pool are not there
    dist.init_process_group('gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2)


def net():
    torch.manual_seed(0)
    rows = [nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Tanh()) for _ in range(3)]
    return nn.Sequential(nn.Linear(5, 6), nn.Sequential(*rows), nn.Linear(6, 3))


def trained(model, inputs):
    """Weights after three steps, and the norm of the last gradient."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for batch in inputs:
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
    return {k: v.full_tensor() if isinstance(v, DTensor) else v
            for k, v in model.state_dict().items()}, float(norm)


def inputs_of(rank):
    return torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(rank))


def spread(rank, folder):
    joined(rank, folder)
    model = net()
    shard(model)
    whole = sum(v.numel() for v in net().parameters())
    own = sum(p.to_local().numel() for p in model.parameters())
    torch.save((*trained(model, inputs_of(rank)), own / whole), f'{folder}/{rank}.pt')
    dist.barrier()
    dist.destroy_process_group()


def test_spread_over_two_processes_it_trains_as_with_averaged_gradients():
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.start_processes(spread, (folder,), nprocs=2, start_method='fork')
        first, second = (torch.load(f'{folder}/{rank}.pt') for rank in (0, 1))
    # By hand: two copies whose gradients are averaged.
    copies = [net(), net()]
    optimizers = [torch.optim.SGD(copy.parameters(), lr=0.05, momentum=0.9) for copy in copies]
    for batches in zip(inputs_of(0), inputs_of(1), strict=True):
        for copy, optimizer, batch in zip(copies, optimizers, batches, strict=True):
            optimizer.zero_grad()
            copy(batch).square().mean().backward()
        for one, other in zip(*(copy.parameters() for copy in copies), strict=True):
            one.grad = other.grad = (one.grad + other.grad) / 2
        norms = [float(torch.nn.utils.clip_grad_norm_(copy.parameters(), 0.5))
                 for copy in copies[:1]]
        for optimizer in optimizers:
            optimizer.step()
    for (weights, norm, share), copy in zip((first, second), copies, strict=True):
        assert norm == pytest.approx(norms[0], rel=1e-5) and 0.4 < share < 0.6
        torch.testing.assert_close(weights, dict(copy.state_dict()), atol=1e-6, rtol=1e-5)


@pytest.fixture
def sharded(tmp_path):
    """A sharded checkpoint, written by one process: its file, and its weights."""
    weights = {'fc.weight': torch.arange(6.).view(2, 3), 'fc.bias': torch.ones(2).half()}
    folder = tmp_path / 'epoch_1.shards-0'
    dcp.save(dict(weights=weights, state={'fc.bias/momentum': torch.ones(2)}),
             checkpoint_id=folder, no_dist=True)
    torch.save(dict(
        meta=dict(epoch=1), state_dict={'bn.running_mean': torch.zeros(2)}, message_hub={},
        optimizer={}, shards=dict(
            folder=folder.name, files={p.name: hash_of_shard(p) for p in folder.iterdir()},
            weights={k: [list(v.shape), str(v.dtype)[6:]] for k, v in weights.items()})),
        tmp_path / 'epoch_1.pth')
    return tmp_path / 'epoch_1.pth', {**weights, 'bn.running_mean': torch.zeros(2)}


def test_a_sharded_checkpoint_reads_as_any_other(sharded):
    path, weights = sharded
    found = read_checkpoint(path)
    assert set(found) == {'meta', 'state_dict'} and found['meta'] == dict(epoch=1)
    torch.testing.assert_close(found['state_dict'], weights, atol=0, rtol=0, check_dtype=True)
    assert 'fc.weight' not in read_checkpoint(path, joins=False)['state_dict']


@pytest.mark.parametrize('deed, said', [
    (lambda p: p.unlink(), 'is missing'),
    (lambda p: p.write_bytes(p.read_bytes()[:-1] + b'x'), 'has changed since it was written'),
    (lambda p: os.truncate(p, 10), 'has changed since it was written')])
def test_a_damaged_shard_is_noticed(sharded, deed, said):
    path, _ = sharded
    deed(next(path.with_name('epoch_1.shards-0').glob('__0_*')))
    with pytest.raises(InputError, match=f'no whole checkpoint: .*{said}'):
        read_checkpoint(path)


def test_tables_of_contents_run_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'made'),)
    (tmp_path / '.metadata').write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match='asks for .*mkdir'):
        ShardReader(tmp_path).read_metadata()
    assert not (tmp_path / 'made').exists()


def contract():
    """The networks of the contract over all backbones."""
    path = Path(__file__).parents[1] / 'models' / 'test_contract.py'
    spec = importlib.util.spec_from_file_location('contract', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: case[:2] for name, case in module.CASES.items()}


def tensors(value):
    if torch.is_tensor(value):
        return [value]
    return [t for part in value for t in tensors(part)]


def passed(model, x):
    """Outputs, gradients and state of one pass in training mode."""
    torch.manual_seed(1)
    found = tensors(model(x))
    sum(t.square().mean() for t in found).backward()
    full = [p.grad.full_tensor() if isinstance(p.grad, DTensor) else p.grad
            for p in model.parameters() if p.grad is not None]
    return [t.detach() for t in found], full, [b.clone() for b in model.buffers()]


def every_backbone(rank, folder):
    joined(rank, folder)
    for name, (cfg, shape) in contract().items():
        torch.manual_seed(0)
        model = MODELS.build(dict(cfg)).double()    # so that rounding stays out of it
        model.train()
        x = torch.randn(shape).double()
        state = {k: v.clone() for k, v in model.state_dict().items()}
        plain = passed(model, x)
        model.load_state_dict(state)
        model.zero_grad()
        shard(model)
        spread = passed(model, x)
        try:
            torch.testing.assert_close(spread, plain, atol=1e-9, rtol=1e-7)
        except AssertionError as error:
            raise AssertionError(f'{name}: {error}') from error
    Path(folder, f'{rank}.txt').write_text(f'{len(contract())} networks')
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_every_backbone_can_be_spread():
    """Both processes see the same batch, so averaged gradients are those of one."""
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.start_processes(every_backbone, (folder,), nprocs=2, start_method='spawn')
        for rank in (0, 1):
            assert Path(folder, f'{rank}.txt').read_text().endswith('networks')
