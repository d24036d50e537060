"""Names of PySlowFast (facebookresearch/SlowFast)."""
import re

from mmvideo.errors import InputError

from .entries import Entry, entry
from .places import classifier, place_of, split_in_three, without_time

__all__ = ['entries']

LAYERS = {'downsample': 'branch1', 'conv1': 'branch2.a', 'conv2': 'branch2.b',
          'conv3': 'branch2.c'}
X3D = {'conv1_s.conv': 's1.pathway0_stem.conv_xy', 'conv1_t.conv': 's1.pathway0_stem.conv',
       'conv1_t.bn': 's1.pathway0_stem.bn', 'conv5.conv': 'head.conv_5', 'conv5.bn':
       'head.conv_5_bn', 'fc1': 'head.lin_5', 'fc2': 'head.projection'}
CONVOLUTIONAL = ('C2D', 'ResNet3d', 'ResNet3dSlowOnly', 'ResNet3dSlowFast', 'X3D')
SCALES = ((r'^patch_embed\.projection\.', 'patch_embed.proj.'), (r'^norm\d+\.', 'norm.'))


def entries(model, names):
    """What each weight of a model is called there, see :class:`~mmvideo.converters.entries.Entry`.

    Args:
        model: a recognizer.
        names: keys of the file that is read; empty when one is written.

    Raises:
        InputError: PySlowFast has no such network.
    """
    kind = type(model.backbone).__name__
    if kind == 'MViT':
        return [_of_transformer(key, names) for key in model.state_dict()]
    if kind not in CONVOLUTIONAL:
        raise InputError(f'pyslowfast: no network there is like {kind}; known are '
                         f'{", ".join((*CONVOLUTIONAL, "MViT"))}')
    return [_of_network(key, model.backbone, kind, tensor.dim())
            for key, tensor in model.state_dict().items()]


def _of_network(key, backbone, kind, axes):
    place = place_of(key)
    if place is None:
        return _of_head(key, backbone, kind)
    if kind == 'X3D' and place.part == 'stem':
        return entry(key, f'{X3D[f"{place.layer}.{place.kind}"]}.{place.leaf}')
    if place.layer == 'non_local_block.conv_out':
        return _out_of_attention(key, place)
    theirs = _name(place)
    if theirs is None:
        raise InputError(f'pyslowfast: no network there has a layer like {key}')
    return without_time(key, theirs) if kind == 'C2D' and axes == 4 else entry(key, theirs)


def _name(place):
    """Their name of a place; None if there is none."""
    path = f"pathway{int(place.path == 'fast')}"
    if place.part == 'stem':
        layer = dict(conv='conv', bn='bn')[place.kind]
        return f's1.{path}_stem.{layer}.{place.leaf}'
    stage = f's{place.stage + 1}'
    if place.part == 'lateral':
        layer = dict(conv='conv_f2s', bn='bn')[place.kind]
        return f'{stage}_fuse.{layer}.{place.leaf}'
    block = f'{stage}.{path}_res{place.block}'
    if place.layer.startswith('se_module.'):
        return f'{block}.branch2.se.{place.layer.partition(".")[2]}.{place.leaf}'
    if place.layer in ('non_local_block.theta', 'non_local_block.phi', 'non_local_block.g'):
        layer = place.layer.partition('.')[2]
        return f'{stage}.{path}_nonlocal{place.block}.conv_{layer}.{place.leaf}'
    if place.layer not in LAYERS:
        return None
    return f"{block}.{LAYERS[place.layer]}{'_bn' if place.kind == 'bn' else ''}.{place.leaf}"


def _out_of_attention(key, place):
    """The last convolution of a non-local block: with a bias there, which the norm takes away."""
    block = f"s{place.stage + 1}.pathway{int(place.path == 'fast')}_nonlocal{place.block}"
    if place.kind == 'conv':
        return entry(key, f'{block}.conv_out.{place.leaf}')
    theirs = f'{block}.bn.{place.leaf}'
    if place.leaf != 'running_mean':
        return entry(key, theirs)
    return Entry(key, (theirs, f'{block}.conv_out.bias'), lambda found: found[0] - found[1],
                 lambda mean: [mean.clone(), mean.new_zeros(mean.shape)], is_exact=False)


def _of_head(key, backbone, kind):
    _, layer, leaf = key.split('.')
    if kind != 'X3D':
        return classifier(key, f'head.projection.{leaf}', backbone)
    if layer == 'fc1' and leaf == 'weight':     # a 1x1x1 convolution there
        return entry(key, f'{X3D[layer]}.{leaf}', lambda weight: weight[:, :, 0, 0, 0],
                     lambda weight: weight[:, :, None, None, None])
    return entry(key, f'{X3D[layer]}.{leaf}')


def _of_transformer(key, names):
    if key.startswith('cls_head.fc_cls.'):
        return entry(key, key.replace('cls_head.fc_cls', 'head.projection'))
    theirs = key.removeprefix('backbone.')
    for pattern, name in SCALES:
        theirs = re.sub(pattern, name, theirs)
    parts = [theirs.replace('.qkv.', f'.{part}.') for part in 'qkv']
    if '.attn.qkv.' in theirs and parts[0] in names:
        return split_in_three(key, parts)
    return entry(key, theirs)
