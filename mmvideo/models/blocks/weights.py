"""Weights from a file or an address: reading, matching of keys, inflation from 2D to 3D."""
import re

import torch
from mmcv.cnn import ConvModule
from mmengine.logging import print_log
from mmengine.model import constant_init, initialize, kaiming_init, trunc_normal_init
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.errors import InputError

__all__ = ['init_backbone', 'init_transformer', 'load_pretrained', 'pretrained_source',
           'read_weights']

# Components of a key that only say "wrapped"; the plain network lacks them.
WRAPPER_NAMES = ('net', 'net2', 'block')

# Convolutions that see the input of a stage.
ENTRY = re.compile(r'layer\d+\.0\.(conv1|downsample)\.')

# Plain ResNets (torchvision, mmpretrain) name convolutions and norms apart; here they are pairs.
_PLAIN_RESNET = (
    (re.compile(r'(^|\.)conv(\d)\.(weight|bias)$'), r'\1conv\2.conv.\3'),
    (re.compile(r'(^|\.)bn(\d)\.(\w+)$'), r'\1conv\2.bn.\3'),
    (re.compile(r'(^|\.)downsample\.0\.(weight|bias)$'), r'\1downsample.conv.\2'),
    (re.compile(r'(^|\.)downsample\.1\.(\w+)$'), r'\1downsample.bn.\2'),
)


def pretrained_source(pretrained, init_cfg):
    """Where the weights come from, or None.

    Args:
        pretrained: the 0.x argument.
        init_cfg: the 1.x argument: a dict with ``type='Pretrained', checkpoint=...``, or a list
            that may hold one. It wins over ``pretrained``.
    """
    for cfg in _as_list(init_cfg):
        if cfg.get('type') == 'Pretrained':
            if not cfg.get('checkpoint'):
                raise InputError('init_cfg: type "Pretrained" needs the key "checkpoint"')
            return cfg['checkpoint']
    if pretrained is not None and not isinstance(pretrained, str):
        raise InputError(f'pretrained: a path, an address or a name such as torchvision://resnet50 '
                         f'is expected, not {pretrained!r}')
    return pretrained


def init_backbone(net, pretrained=None, init_cfg=None, inflate=False, rename=None,
                  zero_norms=()):
    """Start a backbone: He initialization, then what its parts ask for, then pretrained weights.

    Convolutions as in arXiv:1502.01852 (fan out), norms 1 and 0. Parts with an ``init_weights`` of
    their own (non-local blocks, which start as the identity) come after.

    Args:
        net: the backbone.
        pretrained: source of weights, see :func:`load_pretrained`.
        init_cfg: initializers in mmengine's notation; ``Pretrained`` among them acts as above.
        inflate: whether 2D weights may fill 3D kernels.
        rename: function from a foreign key to ours, see :func:`load_pretrained`.
        zero_norms: norms whose weight starts at 0: those that end a residual branch
            (arXiv:1706.02677, section 5.1).
    """
    for module in net.modules():
        if isinstance(module, _ConvNd):
            kaiming_init(module)
        elif isinstance(module, _BatchNorm):
            constant_init(module, 1)
    for norm in zero_norms:
        constant_init(norm, 0)
    _start_parts(net, pretrained, init_cfg, inflate=inflate, rename=rename)


def init_transformer(net, pretrained=None, init_cfg=None, **loading):
    """Start a transformer: narrow normal weights, then what its parts ask for, then loaded ones.

    Linear layers and convolutions are drawn with standard deviation 0.02, cut at 2, biases are 0;
    norms 1 and 0 (as ViT, arXiv:2010.11929, is commonly started).

    Args:
        net: the backbone.
        pretrained, init_cfg: see :func:`init_backbone`.
        loading: further arguments of :func:`load_pretrained`.
    """
    for module in net.modules():
        if isinstance(module, (nn.Linear, _ConvNd)):
            trunc_normal_init(module, std=0.02)
        elif isinstance(module, nn.LayerNorm):
            constant_init(module, 1)
    _start_parts(net, pretrained, init_cfg, **loading)


def _start_parts(net, pretrained, init_cfg, **loading):
    """The parts' own ``init_weights``, then ``init_cfg``, then pretrained weights."""
    # Children come after their parents in modules(); a parent has the last word.
    for module in reversed(list(net.modules())):
        own = hasattr(module, 'init_weights') and not isinstance(module, ConvModule)
        if own and module is not net:
            module.init_weights()
    others = [cfg for cfg in _as_list(init_cfg) if cfg.get('type') != 'Pretrained']
    if others:
        initialize(net, others)
    source = pretrained_source(pretrained, init_cfg)
    if source:
        load_pretrained(net, source, **loading)


def load_pretrained(net, source, inflate=False, rename=None, adapt=None):
    """Copy the weights in ``source`` into ``net`` where names and shapes allow it.

    Args:
        net: a backbone. Whole recognizers are accepted as source: their ``backbone.`` part counts.
        source: local path, http(s) address (kept in torch's hub folder, the hash in its name is
            verified), or ``torchvision://resnet50``.
        inflate: fill a kernel of T frames with the 2D kernel divided by T in every frame, so that a
            still video gives what the image gave (I3D, arXiv:1705.07750, section 2.4).
        rename: function from a key of ``source`` to a key of ``net``; by default the names of plain
            ResNets are understood.
        adapt: function from the renamed entries, by key, to those that are compared with ``net``:
            for tables that are resized, for weights that serve in several places.

    Returns:
        tuple(int, int): entries of ``net`` that were filled, entries it has.

    Raises:
        InputError: less than half of the values in ``net`` could be filled.
    """
    state = _own_names(net, read_weights(source), rename)
    if adapt is not None:
        state = adapt(state)
    own = {k: v for k, v in net.state_dict().items() if not k.endswith('num_batches_tracked')}
    plain = {_without_wrappers(k): v for k, v in state.items()}
    filled, values, odd = 0, 0, []
    with torch.no_grad():
        for key, target in own.items():
            value = state.get(key, plain.get(_without_wrappers(key)))
            if value is None:
                continue
            fitted = _fit(key, value, target.shape, inflate)
            if fitted is None:
                odd.append(f'{key} {tuple(value.shape)} for {tuple(target.shape)}')
            else:
                target.copy_(fitted)
                filled += 1
                values += target.numel()
    name = type(net).__name__
    detail = f'; shapes that do not fit: {", ".join(odd[:3])}' if odd else ''
    # Counted in values: norms of the right width are found in many a wrong file.
    if 2 * values < sum(target.numel() for target in own.values()):
        raise InputError(f'{source}: only {filled} of {len(own)} weights of {name} fit'
                         f'{detail}; its keys begin with {", ".join(list(state)[:3])}')
    print_log(f'{name}: {filled} of {len(own)} weights from {source}{detail}', logger='current')
    return filled, len(own)


def read_weights(source):
    """The tensors in a checkpoint, by name, without ``state_dict`` nesting and ``module.`` prefix.

    Only tensors are restored. Anything else that a training run pickled beside them is left inert,
    so no code of the file runs.

    Args:
        source: see :func:`load_pretrained`.
    """
    found = read_checkpoint(source)
    for name in ('state_dict', 'model_state', 'model'):
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    state = {}
    if isinstance(found, dict):
        state = {re.sub(r'^(module\.)+', '', k): v for k, v in found.items() if torch.is_tensor(v)}
    if not state:
        raise InputError(f'{source}: holds no weights (a dict of tensors, or one under '
                         '"state_dict", is expected)')
    return state


def _as_list(init_cfg):
    if not init_cfg:
        return []
    return [init_cfg] if isinstance(init_cfg, dict) else list(init_cfg)


def _without_wrappers(key):
    return '.'.join(part for part in key.split('.') if part not in WRAPPER_NAMES)


def _own_names(net, state, rename):
    """Rename the entries of a checkpoint to the layout of ``net`` without wrappers."""
    if not any(k.startswith('backbone.') for k in net.state_dict()):
        inner = {k[len('backbone.'):]: v for k, v in state.items() if k.startswith('backbone.')}
        state = inner or state
    known = set(net.state_dict())
    renamed = {}
    for key, value in state.items():
        own = rename(key) if rename is not None else key
        if own not in known:        # a network may have the plain names itself (ResNeXt)
            for pattern, replacement in _PLAIN_RESNET:
                own = pattern.sub(replacement, own)
        renamed[own] = value
    return renamed


def _fit(key, value, shape, inflate):
    """Bring a tensor to ``shape``, or None where that would be a guess."""
    if value.shape == shape:
        return value
    if inflate and value.dim() == 4 and len(shape) == 5:
        value = value.unsqueeze(2).expand(-1, -1, shape[2], -1, -1) / shape[2]
    if value.dim() != len(shape) or value.dim() < 4 or value.shape[0] != shape[0]:
        return None
    extra = shape[1] - value.shape[1]
    if key.startswith('conv1.') and value.shape[1] == 3 and extra:
        # Flow, audio: the mean over colors for every input channel (TSN, section 3.2).
        value = value.mean(1, keepdim=True).expand(-1, shape[1], *value.shape[2:])
    elif inflate and extra > 0 and ENTRY.match(_without_wrappers(key)):
        # Channels that a lateral connection adds (SlowFast) begin without effect. Elsewhere more
        # channels mean other groups.
        value = torch.cat([value, value.new_zeros(shape[0], extra, *value.shape[2:])], 1)
    return value if value.shape == shape else None
