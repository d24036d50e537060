"""How large a network is, and how much it computes for one input."""
import contextlib
from typing import NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmvideo.errors import InputError

__all__ = ['Complexity', 'Part', 'count']


class Part(NamedTuple):
    """One child of a network.

    Args:
        name: attribute of the network that holds it, such as ``'backbone'``.
        parameters: values that training changes or could change; statistics of norms are none.
        multiply_adds: for one input.
    """
    name: str
    parameters: int
    multiply_adds: int


class Complexity(NamedTuple):
    """What :func:`count` found.

    Args:
        parameters: of the whole network; one that two parts share counts once.
        multiply_adds: of the whole network for one input.
        parts: list of :class:`Part`, in the order in which the network holds them.
        operations: multiply-adds by kind, for example ``{'convolution': ..., 'addmm': ...}``:
            PyTorch's names of what was executed.
        output_rows: first axis of what the network returned; a recognizer gives one row a view.
    """
    parameters: int
    multiply_adds: int
    parts: list
    operations: dict
    output_rows: int


def count(model, input_shape):
    """Count the parameters of a network, and its multiply-adds for an input of a given shape.

    Multiply-adds are those of convolutions and matrix products (fully connected layers and
    attention among them), as papers count them; norms, activations, pooling, shifts and sums are
    left out. The network runs once, in eval mode, where its weights are. A network built on the
    meta device is counted without memory or arithmetic::

        with torch.device('meta'):
            model = MODELS.build(cfg.model)
        found = count(model, (1, 1, 3, 32, 256, 256))

    Args:
        model: a recognizer, or any module that takes one float tensor.
        input_shape: all axes with the batch, such as [1, V, C, T, H, W] for Recognizer3D.

    Raises:
        InputError: the network does not take this shape.
    """
    weight = next(model.parameters(), None)
    device = 'cpu' if weight is None else weight.device
    imgs = torch.zeros(tuple(input_shape), device=device)
    training = {module: module.training for module in model.modules()}
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), _plain_attention(), counter:
            out = model.eval()(imgs)
    except InputError:
        raise
    except (RuntimeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise InputError(f'{type(model).__name__} does not take an input of shape '
                         f'{list(input_shape)}: {error}') from error
    finally:
        for module, mode in training.items():
            module.training = mode
    return _summary(model, counter, out)


def _summary(model, counter, out):
    # FlopCounterMode counts a multiply-add as two operations.
    found = {place: {str(op).rpartition('.')[2]: flops // 2 for op, flops in ops.items()}
             for place, ops in counter.get_flop_counts().items()}
    root = type(model).__name__
    parts = [Part(name, _parameters(child), sum(found.get(f'{root}.{name}', {}).values()))
             for name, child in model.named_children()]
    operations = found.get('Global', {})
    first = out[0] if isinstance(out, (tuple, list)) else out
    return Complexity(_parameters(model), sum(operations.values()),
                      [part for part in parts if part.parameters or part.multiply_adds],
                      operations, len(first))


def _parameters(module):
    return sum(p.numel() for p in module.parameters())


@contextlib.contextmanager
def _plain_attention():
    """Attention as matrix products: the counter does not know every fused kernel (the CPU's)."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
