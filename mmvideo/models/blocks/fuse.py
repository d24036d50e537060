"""Folds norm layers into the convolutions before them, for inference."""
import torch.nn as nn
from mmcv.cnn import ConvModule
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ['fuse_conv_bn']


def fuse_conv_bn(model):
    """Fold every batch norm that directly follows its convolution into that convolution.

    Scores stay the same up to rounding. A convolution inside a temporal wrapper (TSM's
    ``conv.net``) is found too. The model cannot be trained afterwards.

    Args:
        model: changed in place; put into eval mode.

    Returns:
        int: how many norm layers were folded.
    """
    model.eval()
    folded = 0
    for module in model.modules():
        if not isinstance(module, ConvModule) or not module.with_norm:
            continue
        if module.order.index('norm') != module.order.index('conv') + 1:
            continue
        name, norm = module.norm_name, module.norm
        holder, place = module, 'conv'
        while not isinstance(getattr(holder, place), nn.modules.conv._ConvNd):
            holder, place = getattr(holder, place), 'net'
            if not hasattr(holder, 'net'):
                break
        conv = getattr(holder, place, None)
        if not isinstance(conv, nn.modules.conv._ConvNd) or not isinstance(norm, _BatchNorm):
            continue
        setattr(holder, place, fuse_conv_bn_eval(conv, norm))
        setattr(module, name, nn.Identity())
        folded += 1
    return folded
