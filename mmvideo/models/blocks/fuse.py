"""Makes a trained network fast at inference: folded norms, kernels laid out for the cache."""
import torch
from mmcv.cnn import ConvModule
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ['for_inference', 'fuse_conv_bn', 'lay_channels_last']

# Where a module that stands in for a convolution keeps the one that it applies last: temporal
# wrappers (TSM, TIN) and factorized convolutions.
LAST_CONV = ('net', 'net2', 'conv_t')


def fuse_conv_bn(model):
    """Fold every batch norm that directly follows its convolution into that convolution.

    Found are the pairs of a ``ConvModule``, also with its convolution inside a temporal wrapper
    (TSM's ``conv.net``) or factorized (R(2+1)D), neighbors in an ``nn.Sequential``, and those that
    a class names as ``conv_then_norm = (('conv1', 'bn1'), ...)``. Scores stay the same up to
    rounding. The model cannot be trained afterwards.

    Args:
        model: changed in place; put into eval mode.

    Returns:
        int: how many norm layers were folded.
    """
    model.eval()
    return sum(fold(*places) for module in list(model.modules()) for places in pairs(module))


def for_inference(model):
    """Fold norms and lay out kernels with channels last; 3D ones only on a GPU.

    On a CPU torch's 3D kernels are slower so on most networks (``benchmarks/results.md``).

    Args:
        model: changed in place; put into eval mode. It cannot be trained afterwards.

    Returns:
        int: how many norm layers were folded.
    """
    folded = fuse_conv_bn(model)
    lay_channels_last(model)
    return folded


def lay_channels_last(model, with_3d=None):
    """Lay kernels out with channels last; features take the layout of the kernels they meet.

    Scores stay the same up to rounding, training included.

    Args:
        model: changed in place.
        with_3d: 3D kernels as well; None lays them out only where there is a GPU.
    """
    with_3d = torch.cuda.is_available() if with_3d is None else with_3d
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d) and with_3d:
            module.to(memory_format=torch.channels_last_3d)


def pairs(module):
    """Places of what may be a convolution and its norm: (holder, name, holder, name) each."""
    if isinstance(module, ConvModule):
        if module.with_norm and module.order.index('norm') == module.order.index('conv') + 1:
            yield *last_conv(module, 'conv'), module, module.norm_name
    elif type(module).forward is nn.Sequential.forward:
        names = [name for name, _ in module.named_children()]
        for first, second in zip(names, names[1:], strict=False):
            yield module, first, module, second
    for conv, norm in getattr(module, 'conv_then_norm', ()):
        yield module, conv, module, norm


def last_conv(holder, name):
    """The place of the convolution that ``holder.name`` is, or applies last."""
    child = getattr(holder, name)
    inside = [place for place in LAST_CONV if hasattr(child, place)]
    return last_conv(child, inside[0]) if inside else (holder, name)


def fold(conv_holder, conv_name, norm_holder, norm_name):
    """Fold one pair, if it is one; whether it was."""
    conv, norm = getattr(conv_holder, conv_name), getattr(norm_holder, norm_name)
    if not isinstance(conv, _ConvNd) or isinstance(conv, _ConvTransposeNd):
        return False
    if not isinstance(norm, _BatchNorm) or norm.running_mean is None:
        return False
    setattr(conv_holder, conv_name, fuse_conv_bn_eval(conv, norm))
    setattr(norm_holder, norm_name, nn.Identity())
    return True
