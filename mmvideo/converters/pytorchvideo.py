"""Names of PyTorchVideo's hub (``torch.hub``, facebookresearch/pytorchvideo)."""
import re

from mmvideo.errors import InputError

from .entries import entry
from .places import classifier, identity_norm, place_of, split_in_three, without_time

__all__ = ['entries']

# Layers of a block, by ours; those of a network come first.
LAYERS = {
    ('downsample', 'conv'): 'branch1_conv', ('downsample', 'bn'): 'branch1_norm',
    ('conv1', 'conv'): 'branch2.conv_a', ('conv1', 'bn'): 'branch2.norm_a',
    ('conv2', 'conv'): 'branch2.conv_b', ('conv2', 'bn'): 'branch2.norm_b',
    ('conv3', 'conv'): 'branch2.conv_c', ('conv3', 'bn'): 'branch2.norm_c'}
OF_NETWORK = {
    'ResNet3dCSN': {('conv2.0', 'conv'): 'branch2.conv_b', ('conv2.0', 'bn'): 'branch2.norm_b'},
    'ResNet2Plus1dBottleneck': {
        ('conv2.0', 'conv'): 'branch2.conv_b.conv_t', ('conv2.0', 'bn'): 'branch2.conv_b.norm',
        ('conv2.1', 'conv'): 'branch2.conv_b.conv_xy', ('conv2.1', 'bn'): 'branch2.norm_b'},
    'X3D': {('conv2', 'bn'): 'branch2.norm_b.0',
            ('se_module.fc1', None): 'branch2.norm_b.1.block.0',
            ('se_module.fc2', None): 'branch2.norm_b.1.block.2'}}
# Over places first and over time second; there, conv_t is the first whatever it covers.
X3D_STEM = {('conv1_s', 'conv'): 'blocks.0.conv.conv_t', ('conv1_t', 'conv'):
            'blocks.0.conv.conv_xy', ('conv1_t', 'bn'): 'blocks.0.norm',
            ('conv5', 'conv'): 'blocks.5.pool.pre_conv', ('conv5', 'bn'): 'blocks.5.pool.pre_norm'}
X3D_HEAD = {'fc1': 'blocks.5.pool.post_conv', 'fc2': 'blocks.5.proj'}
CONVOLUTIONAL = ('C2D', 'ResNet3d', 'ResNet3dSlowOnly', 'ResNet3dSlowFast', 'ResNet3dCSN',
                 'ResNet2Plus1dBottleneck', 'X3D')
POSITIONS = {'cls_token': 'cls_positional_encoding.cls_token',
             'patch_embed.projection.weight': 'patch_embed.patch_model.weight',
             'patch_embed.projection.bias': 'patch_embed.patch_model.bias',
             **{f'pos_embed_{part}': f'cls_positional_encoding.pos_embed_{part}'
                for part in ('spatial', 'temporal', 'class')}}


def entries(model, names):
    """What each weight of a model is called there, see :class:`~mmvideo.converters.entries.Entry`.

    Args:
        model: a recognizer.
        names: keys of the file that is read; empty when one is written.

    Raises:
        InputError: PyTorchVideo has no such network.
    """
    kind = type(model.backbone).__name__
    if kind == 'MViT':
        return [_of_transformer(key, names) for key in model.state_dict()]
    if kind not in CONVOLUTIONAL:
        raise InputError(f'pytorchvideo: no network there is like {kind}; known are '
                         f'{", ".join((*CONVOLUTIONAL, "MViT"))}')
    return [_of_network(key, model, kind, tensor.dim())
            for key, tensor in model.state_dict().items()]


def _of_network(key, model, kind, axes):
    backbone, place = model.backbone, place_of(key)
    if place is None:
        return _of_head(key, backbone, kind)
    if kind == 'X3D':
        shortcut = backbone.layer1[0].downsample
        if place[1:5] == ('block', 'downsample', 1, 0) and place.kind == 'bn':
            return identity_norm(key, shortcut.bn)      # of stage 1 there is no norm there
        if place.part == 'stem':
            return entry(key, f'{X3D_STEM[place.layer, place.kind]}.{place.leaf}')
    theirs = _name(place, kind, pooled=_pools(backbone))
    if theirs is None:
        raise InputError(f'pytorchvideo: no network there has a layer like {key}')
    return without_time(key, theirs) if kind == 'C2D' and axes == 4 else entry(key, theirs)


def _pools(backbone):
    """Whether frames are pooled behind the first stage: there, that is a block of its own."""
    return type(getattr(backbone, 'pool2', None)).__name__ == 'MaxPool3d' \
        or type(backbone).__name__ == 'C2D'


def _name(place, kind, pooled):
    """Their name of a place; None if there is none."""
    pathway = '' if place.path is None else f"multipathway_blocks.{int(place.path == 'fast')}."
    layer = dict(conv='conv', bn='norm')
    if place.part == 'stem':
        return f'blocks.0.{pathway}{layer[place.kind]}.{place.leaf}'
    if place.part == 'lateral':
        layer = dict(conv='conv_fast_to_slow', bn='norm')[place.kind]
        return f'blocks.{place.stage}.multipathway_fusion.{layer}.{place.leaf}'
    layer = {**LAYERS, **OF_NETWORK.get(kind, {})}.get((place.layer, place.kind))
    if layer is None:
        return None
    stage = place.stage + (pooled and place.stage > 1)
    return f'blocks.{stage}.{pathway}res_blocks.{place.block}.{layer}.{place.leaf}'


def _of_head(key, backbone, kind):
    _, layer, leaf = key.split('.')
    if kind == 'X3D':
        theirs = f'{X3D_HEAD[layer]}.{leaf}'
        if layer == 'fc1' and leaf == 'weight':     # a 1x1x1 convolution there
            return entry(key, theirs, lambda weight: weight[:, :, 0, 0, 0],
                         lambda weight: weight[:, :, None, None, None])
        return entry(key, theirs)
    # Behind the four stages (a pooling may stand between them); SlowFast pools in a block.
    head = 5 + (_pools(backbone) or kind == 'ResNet3dSlowFast')
    return classifier(key, f'blocks.{head}.proj.{leaf}', backbone)


def _of_transformer(key, names):
    if key.startswith('cls_head.fc_cls.'):
        return entry(key, key.replace('cls_head.fc_cls', 'head.proj'))
    inner = key.removeprefix('backbone.')
    if inner in POSITIONS:
        return entry(key, POSITIONS[inner])
    norm = re.match(r'norm\d+\.(\w+)$', inner)
    if norm:
        return entry(key, f'norm_embed.{norm[1]}')
    if '.attn.qkv.' in inner and inner not in names:
        return split_in_three(key, [inner.replace('.qkv.', f'.{part}.') for part in 'qkv'])
    pooled = re.match(r'(.*\.attn)\.(pool|norm)_([qkv])\.(\w+)$', inner)
    if pooled:      # the hub holds these twice
        place, layer, part, leaf = pooled.groups()
        return entry(key, inner, also=(f'{place}._attention_pool_{part}.{layer}.{leaf}',))
    return entry(key, inner)
