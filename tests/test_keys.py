"""Names and shapes of all weights are frozen: published checkpoints load without renaming.

``data/parity/manifest/NAME.json.gz`` holds a model in config notation, as the published recipe
has it, the keys and shapes that its checkpoint has, and what of it learns.
"""
import gzip
import json
from pathlib import Path

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.registry import MODELS

FOLDER = Path(__file__).parent / 'data' / 'parity' / 'manifest'
NAMES = sorted(p.name[:-len('.json.gz')] for p in FOLDER.glob('*.json.gz'))
EXTERNAL = ('tsn_densenet161', 'tsn_swin_base_timm')


def read(name):
    return json.loads(gzip.decompress((FOLDER / f'{name}.json.gz').read_bytes()))


def test_all_families_are_here():
    assert len(NAMES) >= 37
    for family in ('tsn', 'c2d', 'tsm', 'i3d', 'slowonly', 'slowfast', 'c3d', 'audio'):
        assert any(name.startswith(family) for name in NAMES), family


@pytest.mark.parametrize('name', [
    pytest.param(n, marks=pytest.mark.thirdparty if n in EXTERNAL else ()) for n in NAMES])
def test_keys_and_shapes(name):
    manifest = read(name)
    # Nothing is computed on the meta device: only names and shapes count here.
    with torch.device('meta'):
        model = MODELS.build(manifest['model'])
    own = {key: list(value.shape) for key, value in model.state_dict().items()}
    assert list(own.items()) == list(manifest['state_dict'].items())
    learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert learning == manifest['trainable_parameter_count']
    model.train()
    norms = sum(m.training for m in model.modules() if isinstance(m, _BatchNorm))
    assert norms == manifest['norm_layers_in_train_mode_after_train']
