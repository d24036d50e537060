"""Batch norm over parts of a batch."""
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS as ENGINE_MODELS
from torch import nn

from mmvideo.errors import InputError

__all__ = ['SubBatchNorm3D', 'parts_of']


# Kept in mmengine's registry, where mmcv looks a norm_cfg up.
@ENGINE_MODELS.register_module()
class SubBatchNorm3D(nn.BatchNorm3d):
    """Normalizes each part of a batch by statistics of its own, as if it were a batch.

    Multigrid training (arXiv:1912.00998, section 3.3) makes batches several times as large as
    usual; the noise of the statistics of a usual batch regularizes, so a large one is normalized
    in parts of that size. Weight and bias are one for all parts. While training, each part keeps
    running statistics; those of the layer are always those of all parts together: the mean of the
    means, and the mean of the variances plus the variance of the means. In evaluation, and in
    checkpoints, the layer is an ``nn.BatchNorm3d`` with these.

    Args:
        num_features: channels, C.
        num_splits: into how many parts a batch is cut; sample i goes into part i modulo this. A
            batch that cannot be cut so is cut into as many equal parts as is possible.
        **kwargs: as of ``nn.BatchNorm3d``.

    Attributes:
        base_splits: parts of a batch of usual size.
        parts: running means and variances of the parts, [2, num_splits, C]; None before they begin.

    Shape: [N, C, T, H, W] -> the same.
    """

    def __init__(self, num_features, num_splits=1, **kwargs):
        super().__init__(num_features, **kwargs)
        if self.momentum is None:
            raise InputError('SubBatchNorm3D: momentum must be a number, not None')
        self.base_splits, self.num_splits = num_splits, None
        self.set_splits(num_splits)

    def set_splits(self, num_splits):
        """Cut batches into so many parts from now on; each begins with the layer's statistics."""
        if not isinstance(num_splits, int) or num_splits < 1:
            raise InputError('SubBatchNorm3D: num_splits must be a whole number >= 1, not '
                             f'{num_splits!r}')
        if num_splits != self.num_splits:
            self.num_splits = num_splits
            self.restart()

    def restart(self):
        """Let the parts begin with the layer's running statistics, which were changed."""
        self.parts = None

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        self.restart()

    def forward(self, x):
        self._check_input_dim(x)
        if not self.training or self.num_splits == 1:
            return super().forward(x)
        splits = parts_of(len(x), self.num_splits)
        means, variances = self._statistics(x)
        wide = x.reshape(len(x) // splits, splits * x.shape[1], *x.shape[2:])
        # Those of the first parts, in place.
        out = F.batch_norm(
            wide, *(None if s is None else s[:splits].view(-1) for s in (means, variances)),
            *(None if p is None else p.repeat(splits) for p in (self.weight, self.bias)),
            training=True, momentum=self.momentum, eps=self.eps)
        if means is not None:
            self._gather(means, variances)
        return out.reshape(x.shape)

    def _statistics(self, x):
        """Running means and variances of the parts, [num_splits, C] each."""
        if self.running_mean is None:
            return None, None
        if self.parts is None or self.parts.device != x.device:
            both = torch.stack([self.running_mean, self.running_var])
            self.parts = both[:, None].repeat(1, self.num_splits, 1)
        return self.parts

    @torch.no_grad()
    def _gather(self, means, variances):
        self.running_mean.copy_(means.mean(0))
        self.running_var.copy_(variances.mean(0) + means.var(0, correction=0))
        self.num_batches_tracked += 1


def parts_of(size, most):
    """Into how many equal parts a batch can be cut, at most so many."""
    return next(parts for parts in range(min(size, most), 0, -1) if size % parts == 0)
