"""Keeping parts of a network as they are while the rest learns."""
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ['freeze', 'freeze_stages', 'stages_of', 'train_but_frozen']


def freeze(net, parts=(), norm_eval=False, norm_frozen=False, partial_bn=False):
    """Freeze parts of ``net``; called again after every ``net.train()``, which thaws the modes.

    Args:
        net: the network.
        parts: modules whose parameters stop learning and whose statistics stay fixed.
        norm_eval: every batch norm uses its running statistics; its weight and bias still learn.
        norm_frozen: with ``norm_eval``, weight and bias stop learning too.
        partial_bn: every batch norm but the first is frozen in statistics, weight and bias (TSN,
            arXiv:1608.00859, section 3.2).
    """
    for part in parts:
        part.eval()
        for parameter in part.parameters():
            parameter.requires_grad = False
    if not (norm_eval or partial_bn):
        return
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    for i, norm in enumerate(norms):
        held = partial_bn and i > 0
        if norm_eval or held:
            norm.eval()
        if held or (norm_eval and norm_frozen):
            for parameter in norm.parameters():
                parameter.requires_grad = False


def stages_of(net):
    """The residual stages ``layer1``, ``layer2``, ... of a backbone, first to last."""
    return [getattr(net, f'layer{i + 1}') for i in range(net.num_stages)]


def freeze_stages(net, **norms):
    """Freeze what a backbone's ``frozen_stages`` and ``norm_eval`` name.

    Args:
        net: has the stem ``conv1`` and ``stages``; 0 frozen stages mean the stem alone.
        norms: further arguments of :func:`freeze`.
    """
    parts = [net.conv1, *net.stages[:net.frozen_stages]] if net.frozen_stages >= 0 else []
    freeze(net, parts, norm_eval=net.norm_eval, **norms)


def train_but_frozen(net, mode=True):
    """What a backbone does for ``train()``: all of it trains but what ``hold_frozen`` holds."""
    nn.Module.train(net, mode)
    if mode:
        net.hold_frozen()
    return net
