"""Batch norm of two processes that see half of a batch each, against one that sees all of it."""
import tempfile

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from mmcv.cnn.bricks.norm import SyncBatchNorm as MmcvSyncBN
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mmvideo.engine.sync_norm import SyncNorm, sync_on_cpus

# Batches of two processes: alike, unlike, and with a mean that is large beside the deviation.
CASES = dict(halves=(4, 4, 0.), parts=(5, 3, 0.), far=(4, 4, 1000.))


def layer(cls, **options):
    torch.manual_seed(1)
    norm = cls(3, **options)
    if cls is SyncNorm:
        norm = sync_on_cpus(nn.Sequential(MmcvSyncBN(3, **options)))[0]
        assert type(norm) is SyncNorm
    if norm.affine:
        nn.init.uniform_(norm.weight)
        nn.init.uniform_(norm.bias)
    return norm


def inputs(case):
    first, second, mean = CASES[case]
    torch.manual_seed(2)
    x = torch.randn(first + second, 3, 2, 5, 4) * torch.tensor([1., 2., 3.]).view(1, 3, 1, 1, 1)
    return x + mean, torch.randn(x.shape), (slice(0, first), slice(first, None))


def passed(norm, x, grad):
    """Output, gradients and state of a layer in training mode, two batches one after the other."""
    x = x.clone().requires_grad_()
    norm(x.detach() + 1)
    norm(x).backward(grad)
    with torch.no_grad():
        evaluated = norm.eval()(x)
    return dict(x=x.grad, evaluated=evaluated, **norm.state_dict(),
                **{f'grad_{k}': v.grad for k, v in norm.named_parameters()})


def process(rank, folder):
    torch.set_num_threads(1)        # threads of the parent's pool are not there
    dist.init_process_group('gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2)
    found = {}
    try:
        DistributedDataParallel(layer(nn.SyncBatchNorm))
    except ValueError as error:
        found['refused'] = str(error)
    DistributedDataParallel(layer(SyncNorm))
    for case in CASES:
        x, grad, parts = inputs(case)
        found[case] = passed(layer(SyncNorm), x[parts[rank]], grad[parts[rank]])
    x, grad, parts = inputs('halves')
    found['plain'] = passed(layer(SyncNorm, affine=False, momentum=None),
                            x[parts[rank]], grad[parts[rank]])
    found['double'] = passed(layer(SyncNorm).double(), x[parts[rank]].double(),
                             grad[parts[rank]].double())
    with torch.autocast('cpu', torch.bfloat16):
        found['low'] = layer(SyncNorm)(x[parts[rank]].bfloat16())
    torch.save(found, f'{folder}/{rank}.pt')
    dist.barrier()
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def halves():
    """What each of two processes found."""
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.start_processes(process, (folder,), nprocs=2, start_method='fork')
        return [torch.load(f'{folder}/{rank}.pt') for rank in (0, 1)]


def test_torch_still_refuses_cpus(halves):
    assert all('only work with GPU modules' in found['refused'] for found in halves)


@pytest.mark.parametrize('case', [*CASES, 'plain'])
def test_two_processes_give_what_one_gives(halves, case):
    x, grad, parts = inputs('halves' if case == 'plain' else case)
    options = dict(affine=False, momentum=None) if case == 'plain' else {}
    whole = passed(layer(nn.BatchNorm3d, **options), x, grad)
    close = dict(rtol=1e-3, atol=1e-3) if case == 'far' else dict(rtol=1e-5, atol=1e-5)
    for key, value in whole.items():
        found = [half[case][key] for half in halves]
        if key in ('x', 'evaluated'):
            found = [torch.cat(found)]
        elif key.startswith('grad_'):
            found = [sum(found)]        # DDP adds them
        for part in found:
            torch.testing.assert_close(part, value, **close)


def test_double_precision_stays_double(halves):
    x, grad, _ = inputs('halves')
    whole = passed(layer(nn.BatchNorm3d).double(), x.double(), grad.double())
    found = torch.cat([half['double']['x'] for half in halves])
    torch.testing.assert_close(found, whole['x'], rtol=1e-12, atol=1e-12)
    for half in halves:
        torch.testing.assert_close(half['double']['running_var'], whole['running_var'],
                                   rtol=1e-12, atol=1e-12)


def test_low_precision_stays_low(halves):
    x, _, parts = inputs('halves')
    whole = layer(nn.BatchNorm3d)(x)
    for half, part in zip(halves, parts, strict=True):
        assert half['low'].dtype == torch.bfloat16
        torch.testing.assert_close(half['low'].float(), whole[part], atol=0.05, rtol=0.05)
