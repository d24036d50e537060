"""Batch norm over the batches of all processes, on CPUs: torch has it for accelerators only."""
import torch
import torch.distributed as dist
from torch.autograd import Function
from torch.nn import SyncBatchNorm
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ['SyncNorm', 'sync_on_cpus']


def _axes(x):
    return [axis for axis in range(x.dim()) if axis != 1]


def _along(values, x):
    """[C] values in the shape in which they meet x [N, C, ...]."""
    return values.view(1, -1, *[1] * (x.dim() - 2))


class _Normalize(Function):
    """(x - mean) / sqrt(var + eps) with mean and variance over the batches of all processes.

    Gives the statistics besides; no gradient flows through them but the one to x that is counted
    here.
    """

    @staticmethod
    def forward(ctx, x, eps, group):
        values = x.detach().to(torch.promote_types(x.dtype, torch.float32))
        variance, mean = torch.var_mean(values, _axes(x), correction=0)
        count = torch.full_like(mean, x.numel() // x.shape[1])
        own = torch.stack([count, mean, variance])
        parts = [torch.empty_like(own) for _ in range(dist.get_world_size(group))]
        dist.all_gather(parts, own, group=group)
        # Of parts, not of sums of squares: these lose what a mean far from 0 has in common.
        counts, means, variances = torch.stack(parts).double().unbind(1)
        total = counts.sum(0)
        mean = (counts * means).sum(0) / total
        variance = (counts * (variances + (means - mean) ** 2)).sum(0) / total
        scale = (variance + eps).rsqrt().to(values.dtype)
        normal = (values - _along(mean.to(values.dtype), x)) * _along(scale, x)
        ctx.save_for_backward(normal, scale, total)
        ctx.group, ctx.dtype = group, x.dtype
        unbiased = variance * total / (total - 1).clamp(min=1)
        stats = mean.to(values.dtype), unbiased.to(values.dtype)
        ctx.mark_non_differentiable(*stats)
        return normal, *stats

    @staticmethod
    def backward(ctx, grad, *_):
        normal, scale, total = ctx.saved_tensors
        sums = torch.stack([grad.sum(_axes(grad)), (grad * normal).sum(_axes(grad))])
        dist.all_reduce(sums, group=ctx.group)
        means = sums / total.to(sums.dtype)
        back = grad - _along(means[0], grad) - normal * _along(means[1], grad)
        return (back * _along(scale, grad)).to(ctx.dtype), None, None


class SyncNorm(_BatchNorm):
    """``SyncBatchNorm`` of processes on CPUs, with the same state."""

    process_group = None

    def _check_input_dim(self, x):
        SyncBatchNorm._check_input_dim(self, x)

    def forward(self, x):
        if not self.training or dist.get_world_size(self.process_group) == 1:
            return super().forward(x)
        self._check_input_dim(x)
        normal, mean, variance = _Normalize.apply(x, self.eps, self.process_group)
        if self.track_running_stats:
            self.num_batches_tracked.add_(1)
            share = self.momentum
            if share is None:
                share = 1 / self.num_batches_tracked.item()
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
            self.running_var.lerp_(variance.to(self.running_var.dtype), share)
        if self.affine:
            normal = normal * _along(self.weight, x) + _along(self.bias, x)
        return normal.to(x.dtype)


def sync_on_cpus(model):
    """Make the ``SyncBatchNorm`` layers of a model, in place, ones that work on CPUs."""
    for module in model.modules():
        if isinstance(module, SyncBatchNorm):       # mmcv has one of its own
            module.__class__ = SyncNorm
    return model
