"""The networks behind the rows: how large they are, and whether they run."""
import functools
import json
import os.path as osp
from importlib.util import find_spec
from typing import NamedTuple

import torch

from mmvideo.complexity import count
from mmvideo.registry import MODELS

from .rows import test_view

__all__ = ['Trial', 'is_foreign', 'published_parameters', 'size', 'try_out']

# What changes neither the number of weights nor the arithmetic of a test.
IDLE = ('pretrained', 'pretrained2d', 'norm_eval', 'bn_frozen', 'frozen_stages', 'with_cp',
        'init_std', 'dropout_ratio', 'loss_cls', 'topk', 'label_smooth_eps')


PARTS = ('type', 'backbone', 'neck', 'cls_head', 'roi_head')
# Networks that take pictures of one size.
FIXED_SIZE = ('C3D', 'TimeSformer', 'timm')
SMALL = 64


class Trial(NamedTuple):
    """What :func:`try_out` found.

    Args:
        parameters: of the whole network; None where it could not be built here.
        loss: of the training step; None for a network without a head.
        complaints: sentences; none for a network that is sound.
    """
    parameters: int
    loss: float
    complaints: list


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
    parts = {key: model[key] for key in PARTS if model.get(key)}
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


def published_parameters(path):
    """``{config name: (parameters, tolerance)}`` of the published counts.

    Args:
        path: of ``tests/data/complexity.json``; nothing is known where there is none.
    """
    if not osp.isfile(path):
        return {}
    with open(path, encoding='utf-8') as file:
        figures = json.load(file)['zoo']
    # Three digits of a million are published, or ours and the reason why it is another.
    return {name: (row['measured_parameters'], 0) if 'measured_parameters' in row
            else (row['parameters'] * 1e6, 501) for row in figures for name in row['configs']}


def try_out(cfg):
    """Build the network of a config and train it for one step on a small random input.

    Networks that differ by nothing that counts are run once.

    Returns:
        Trial: a complaint for a loss that is not finite and for parameters that no gradient
        reaches.
    """
    model, view = cfg.model.to_dict(), test_view(cfg)
    library = model['backbone']['type'].partition('.')[0]
    if is_foreign(model) and find_spec(library) is None:
        return Trial(None, None, [])
    fixed = model['backbone']['type'].startswith(FIXED_SIZE)
    *lead, height, width = view.shape
    if model['type'] != 'AudioRecognizer' and not fixed:
        height = width = SMALL
    if view.frames > 16 and model['type'] == 'Recognizer2D':
        lead[1] = 3         # frames apart from each other: a few will do
    parts = {key: model[key] for key in PARTS if model.get(key)}
    return _try_out(json.dumps(_without_idle(parts)), (*lead, height, width))


@functools.cache
def _try_out(text, shape):
    model = MODELS.build(json.loads(text)).train()
    parameters = sum(p.numel() for p in model.parameters())
    draw = torch.Generator().manual_seed(0)
    imgs = torch.randn(shape, generator=draw)
    if hasattr(model, 'roi_head'):
        boxes = [imgs.new_tensor([[0, 0, shape[-1], shape[-2]]])]
        labels = [torch.eye(model.roi_head.bbox_head.num_classes)[1:2]]
        losses = model(imgs, boxes, boxes, labels, mode='loss')
    elif model.cls_head is None:
        with torch.no_grad():
            out = model.eval()(imgs)
        return Trial(parameters, None, [] if out.isfinite().all() else ['features not finite'])
    else:
        label = torch.zeros(1, 1, dtype=torch.long)
        if getattr(model.cls_head, 'multi_class', False):
            label = torch.eye(model.cls_head.num_classes)[:1]
        losses = model(imgs, label, mode='loss')
    loss, _ = model.parse_losses(losses)
    loss.backward()
    complaints = [] if loss.isfinite() else [f'the loss is {loss.item()}']
    unreached = [name for name, p in model.named_parameters()
                 if p.requires_grad and (p.grad is None or not p.grad.isfinite().all())]
    if unreached:
        complaints.append(f'no finite gradient reaches {", ".join(unreached[:3])}'
                          + (f' and {len(unreached) - 3} more' if unreached[3:] else ''))
    return Trial(parameters, loss.item(), complaints)

