"""Names of torchvision and timm: residual networks over pictures and clips, ViT."""
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
RESNETS = ('ResNet', 'ResNetTSM', 'ResNetTIN', 'TANet', 'C2D')


def entries(model, names):
    """What each weight of a model is called there, see :class:`~mmvideo.converters.entries.Entry`.

    Args:
        model: a recognizer.
        names: keys of the file that is read; empty when one is written.

    Raises:
        InputError: there is no such network.
    """
    kind = type(model.backbone).__name__
    if kind in RESNETS:
        table, head = PICTURES, 'fc'
    elif kind == 'ResNet3d' and model.backbone.depth in (18, 34):
        table, head = CLIPS, 'fc'
    elif kind == 'TimeSformer':
        table, head = PATCHES, 'head'
    else:
        raise InputError(f'torchvision, timm: no network there is like {kind}; known are '
                         f'{", ".join(RESNETS)}, ResNet3d of depth 18 (r3d_18, mc3_18) and '
                         'TimeSformer (ViT)')
    return [_entry(key, value, table, head, model.backbone)
            for key, value in model.state_dict().items()]


def _entry(key, value, table, head, backbone):
    if key.startswith('cls_head.'):
        return entry(key, key.replace('cls_head.fc_cls', head))
    theirs = key.removeprefix('backbone.')
    if head == 'head':
        divided = backbone.attention_type == 'divided_space_time'
        return _of_patches(key, theirs, value, table, divided)
    theirs = WRAPPERS.sub('', theirs)
    for pattern, name in table:
        theirs = re.sub(pattern, name, theirs)
    return entry(key, theirs)


def _of_patches(key, theirs, value, table, divided):
    """Attention over time starts as that over places; what is there for time alone, at zero."""
    if theirs == 'time_embed' or '.temporal_fc.' in theirs:
        return Entry(key, (), lambda found: torch.zeros(value.shape), None)
    is_copy = divided and '.attentions.0.' in theirs
    for pattern, name in table:
        theirs = re.sub(pattern, name, theirs)
    return entry(key, theirs)._replace(is_exact=not is_copy)
