"""Names of torchvision and timm: residual networks over pictures and clips, ViT, MViT, Swin."""
import re

import torch

from mmvideo.errors import InputError

from .entries import Entry, entry

__all__ = ['entries']

# Components of our keys that only say "wrapped".
WRAPPERS = re.compile(r'\.(net2?|block)(?=\.)')
PICTURES = ((r'\.downsample\.conv\.', '.downsample.0.'), (r'\.downsample\.bn\.', '.downsample.1.'),
            (r'(^|\.)conv(\d)\.conv\.', r'\1conv\2.'), (r'(^|\.)conv(\d)\.bn\.', r'\1bn\2.'))
CLIPS = ((r'^conv1\.conv\.', 'stem.0.'), (r'^conv1\.bn\.', 'stem.1.'),
         (r'\.(conv\d|downsample)\.conv\.', r'.\1.0.'), (r'\.(conv\d|downsample)\.bn\.', r'.\1.1.'))
# Of TimeSformer, and those of a Vision Transformer.
PATCHES = (
    (r'^patch_embed\.projection\.', 'patch_embed.proj.'),
    (r'^transformer_layers\.layers\.', 'blocks.'),
    (r'\.(?:norms\.0|attentions\.\d\.norm)\.', '.norm1.'),
    (r'\.(?:norms\.1|ffns\.0\.norm)\.', '.norm2.'),
    (r'\.attentions\.\d\.attn\.in_proj_', '.attn.qkv.'),
    (r'\.attentions\.\d\.attn\.out_proj\.', '.attn.proj.'),
    (r'\.ffns\.0\.layers\.0\.0\.', '.mlp.fc1.'), (r'\.ffns\.0\.layers\.1\.', '.mlp.fc2.'))
# Of multiscale and of window transformers over clips.
LAYERS = ((r'\.mlp\.fc1\.', '.mlp.0.'), (r'\.mlp\.fc2\.', '.mlp.3.'), (r'^norm\d+\.', 'norm.'))
SCALES = (
    *LAYERS, (r'^patch_embed\.projection\.', 'conv_proj.'), (r'\.attn\.proj\.', '.attn.project.0.'),
    (r'\.attn\.pool_(.)\.', r'.attn.pool_\1.pool.'),
    (r'\.attn\.norm_(.)\.', r'.attn.pool_\1.norm_act.0.'),
    (r'^(blocks\.\d+)\.proj\.', r'\1.project.'))
POSITIONS = dict(cls_token='class_token', pos_embed_class='class_pos',
                 pos_embed_spatial='spatial_pos', pos_embed_temporal='temporal_pos')
# Networks that look like ones of ours, told by a weight that only they have.
OTHERS = {'layer1.0.conv1.0.3.weight': 'r2plus1d_18', 'features.0.0.0.weight': 's3d'}
RESNETS = ('ResNet', 'ResNetTSM', 'ResNetTIN', 'TANet', 'C2D')


def entries(model, names):
    """What each weight of a model is called there, see :class:`~mmvideo.converters.entries.Entry`.

    Args:
        model: a recognizer.
        names: keys of the file that is read; empty when one is written.

    Raises:
        InputError: there is no such network.
    """
    for name, which in OTHERS.items():
        if name in names:
            raise InputError(f'torchvision: the file is of {which}, and no network here is like it')
    backbone, kind = model.backbone, type(model.backbone).__name__
    if kind in RESNETS:
        make, head = _of_resnet(PICTURES), 'fc'
    elif kind == 'ResNet3d' and backbone.depth in (18, 34):
        make, head = _of_resnet(CLIPS), 'fc'
    elif kind == 'TimeSformer':
        make, head = _of_patches(backbone.attention_type == 'divided_space_time'), 'head'
    elif kind == 'MViT':
        make, head = _of_scales, 'head.1'
    elif kind == 'SwinTransformer3D':
        make, head = _of_windows, 'head'
    else:
        raise InputError(f'torchvision, timm: no network there is like {kind}; known are '
                         f'{", ".join(RESNETS)}, ResNet3d of depth 18 (r3d_18, mc3_18), '
                         'TimeSformer (ViT), MViT and SwinTransformer3D')
    return [entry(key, key.replace('cls_head.fc_cls', head)) if key.startswith('cls_head.') else
            make(key, key.removeprefix('backbone.'), value)
            for key, value in model.state_dict().items()]


def _renamed(key, table):
    for pattern, name in table:
        key = re.sub(pattern, name, key)
    return key


def _of_resnet(table):
    return lambda key, theirs, value: entry(key, _renamed(WRAPPERS.sub('', theirs), table))


def _of_scales(key, theirs, value):
    if theirs not in POSITIONS:
        return entry(key, _renamed(theirs, SCALES))
    # Rows of a token have one axis there, tables two.
    is_table = theirs in ('pos_embed_spatial', 'pos_embed_temporal')
    return entry(key, f'pos_encoding.{POSITIONS[theirs]}', lambda found: found.reshape(value.shape),
                 lambda ours: (ours[0] if is_table else ours[0, 0]).clone())


def _of_windows(key, theirs, value):
    stage = re.match(r'layers\.(\d+)\.(?:blocks|(downsample))\.', theirs)
    if stage:
        theirs = f'features.{2 * int(stage[1]) + bool(stage[2])}.{theirs[stage.end():]}'
    return entry(key, _renamed(theirs, LAYERS))


def _of_patches(divided):
    return lambda key, theirs, value: _of_patch(key, theirs, value, divided)


def _of_patch(key, theirs, value, divided):
    """Attention over time starts as that over places; what is there for time alone, at zero."""
    if theirs == 'time_embed' or '.temporal_fc.' in theirs:
        return Entry(key, (), lambda found: torch.zeros(value.shape), None)
    is_copy = divided and '.attentions.0.' in theirs
    return entry(key, _renamed(theirs, PATCHES))._replace(is_exact=not is_copy)
