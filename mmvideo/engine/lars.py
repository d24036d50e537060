"""SGD whose steps are as large as each layer's weights allow, for very large batches."""
import torch
from mmengine.registry import OPTIMIZERS
from torch.optim import Optimizer

from mmvideo.errors import InputError

__all__ = ['LARS']


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    """Layer-wise adaptive rate scaling (arXiv:1708.03888, algorithm 1).

    A layer's rate is ``lr * trust_coefficient * |w| / (|g| + weight_decay * |w| + eps)``, with the
    norms of its weights and of their gradient; where one of them is 0 it is ``lr``. The velocity is
    ``v <- momentum * v + rate * (g + weight_decay * w)``, and ``w <- w - v``. Parameters of one
    axis, which biases and norms are, move by plain SGD with momentum and do not decay.

    Args:
        params: parameters, or groups of them.
        lr: learning rate, > 0 or 0.
        momentum: share of the velocity that stays, 0..1 (1 excluded).
        weight_decay: of weights with several axes, >= 0.
        trust_coefficient: how far a layer moves with ``lr`` 1, as a share of its norm, > 0.
        eps: is added to the divisor, >= 0.
        adapt_vectors: parameters of one axis have a rate of their own and decay, too.
    """

    def __init__(self, params, lr, momentum=0.9, weight_decay=0., trust_coefficient=0.001, eps=0.,
                 adapt_vectors=False):
        for name, value, is_right, wanted in (
                ('lr', lr, lr >= 0, '>= 0'),
                ('momentum', momentum, 0 <= momentum < 1, '>= 0 and < 1'),
                ('weight_decay', weight_decay, weight_decay >= 0, '>= 0'),
                ('trust_coefficient', trust_coefficient, trust_coefficient > 0, '> 0'),
                ('eps', eps, eps >= 0, '>= 0')):
            if not is_right:
                raise InputError(f'LARS: {name} must be {wanted}, not {value!r}')
        super().__init__(params, dict(
            lr=lr, momentum=momentum, weight_decay=weight_decay,
            trust_coefficient=trust_coefficient, eps=eps, adapt_vectors=adapt_vectors))

    @torch.no_grad()
    def step(self, closure=None):
        """Move all parameters that have a gradient; see torch's optimizers."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group['params'] if p.grad is not None]
            vectors = [p for p in params if p.dim() < 2 and not group['adapt_vectors']]
            layers = [p for p in params if p.dim() > 1 or group['adapt_vectors']]
            for p in vectors:
                self._move(group, p, p.grad * group['lr'])
            # Norms of all layers at once: a GPU is not asked for each of them.
            norms = zip(torch._foreach_norm(layers), torch._foreach_norm([p.grad for p in layers]),
                        strict=True) if layers else ()
            for p, (weight, gradient) in zip(layers, norms, strict=True):
                decay = group['weight_decay']
                trust = group['trust_coefficient'] * weight / (
                    gradient + decay * weight + group['eps'])
                rate = torch.where((weight > 0) & (gradient > 0), trust, 1.)
                self._move(group, p, (p.grad + decay * p) * (group['lr'] * rate))
        return loss

    def _move(self, group, p, step):
        if group['momentum']:
            state = self.state[p]
            if 'velocity' not in state:
                state['velocity'] = torch.zeros_like(p)
            step = state['velocity'].mul_(group['momentum']).add_(step)
        p.sub_(step)
