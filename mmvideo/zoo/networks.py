"""The networks behind the rows: how large they are, and whether they run."""
import functools
import json

import torch

from mmvideo.complexity import count
from mmvideo.registry import MODELS

__all__ = ['is_foreign', 'size']

# What changes neither the number of weights nor the arithmetic of a test.
IDLE = ('pretrained', 'pretrained2d', 'norm_eval', 'bn_frozen', 'frozen_stages', 'with_cp',
        'init_std', 'dropout_ratio', 'loss_cls', 'topk', 'label_smooth_eps')


def is_foreign(model):
    """Whether a model's backbone is built by a library that need not be installed."""
    return model['backbone']['type'].partition('.')[0] in ('torchvision', 'timm')


def size(model, shape):
    """Parameters and multiply-adds of a model for one view, as (int, int).

    Counted once for all models that differ by nothing that counts, without memory or arithmetic.

    Args:
        model: config of a recognizer.
        shape: all axes of one view with the batch.
    """
    parts = {key: model[key] for key in ('type', 'backbone', 'neck', 'cls_head') if model.get(key)}
    return _size(json.dumps(_without_idle(parts)), tuple(shape))


def _without_idle(value):
    if isinstance(value, dict):
        return {key: _without_idle(v) for key, v in value.items() if key not in IDLE}
    return [_without_idle(v) for v in value] if isinstance(value, (list, tuple)) else value


@functools.cache
def _size(text, shape):
    with torch.device('meta'):
        found = count(MODELS.build(json.loads(text)), shape)
    return found.parameters, found.multiply_adds
