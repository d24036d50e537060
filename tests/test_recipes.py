"""The model of every published recipe builds as it stands, with its weights' names and shapes.

``data/recipe_models.json.gz`` holds the ``model`` dicts of the 185 recognition recipes of the 0.x
zoo, each once: the recipes that share it, one view as they test it, and the manifest of
``data/parity`` whose weights it has (class count aside).
"""
import gzip
import importlib.util
import json
from pathlib import Path

import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

DATA = Path(__file__).parent / 'data'
RECIPES = json.loads(gzip.decompress((DATA / 'recipe_models.json.gz').read_bytes()))
LIBRARIES = ('torchvision', 'timm')


def library(recipe):
    """The package whose backbone a recipe asks for; None for ours."""
    prefix, _, name = recipe['model']['backbone']['type'].partition('.')
    return prefix if name and prefix in LIBRARIES else None


def cases(foreign):
    return [pytest.param(recipe, id=recipe['configs'][0]) for recipe in RECIPES
            if (library(recipe) is not None) == foreign]


def build(recipe):
    with torch.device('meta'):
        return MODELS.build(recipe['model'])


def published_state(recipe):
    """Names and shapes of the published weights, with the class count of the recipe."""
    path = DATA / 'parity' / 'manifest' / f'{recipe["manifest"]}.json.gz'
    manifest = json.loads(gzip.decompress(path.read_bytes()))
    recorded = manifest['model']['cls_head']['num_classes']
    head = recipe['model'].get('cls_head')
    state = {}
    for key, shape in manifest['state_dict'].items():
        part = key.split('.')[0]
        if part == 'backbone' or head is not None:
            counts_classes = part != 'backbone' and shape and shape[0] == recorded
            state[key] = [head['num_classes'], *shape[1:]] if counts_classes else shape
    return state


def check(recipe):
    model = build(recipe)
    own = {key: list(value.shape) for key, value in model.state_dict().items()}
    assert own == published_state(recipe)
    for key, value in (recipe['model']['test_cfg'] or {}).items():
        assert model.test_cfg[key] == value
    blending = (recipe['model']['train_cfg'] or {}).get('blending')
    assert type(model.blending).__name__ == (blending or {}).get('type', 'NoneType')
    with torch.no_grad():
        scores = model.eval()(torch.zeros(recipe['input_shape'], device='meta'))
    if 'cls_head' in recipe['model']:
        assert model.cls_head.num_classes == recipe['model']['cls_head']['num_classes']
        assert list(scores.shape) == [1, model.cls_head.num_classes]
    else:       # the two recipes that extract features
        assert model.cls_head is None and scores.shape[1] == 2048


def test_every_recipe_is_here():
    names = [name for recipe in RECIPES for name in recipe['configs']]
    assert len(names) == len(set(names)) == 185
    assert len(RECIPES) == 101


@pytest.mark.parametrize('recipe', cases(foreign=False))
def test_model_builds_as_published(recipe):
    check(recipe)


@pytest.mark.parametrize('recipe', cases(foreign=True))
def test_other_libraries_are_named_where_they_are_missing(recipe):
    if importlib.util.find_spec(library(recipe)):
        pytest.skip(f'{library(recipe)} is installed')
    with pytest.raises(InputError, match=f'needs {library(recipe)}.*install .*{library(recipe)}'):
        build(recipe)


@pytest.mark.thirdparty
@pytest.mark.parametrize('recipe', cases(foreign=True))
def test_networks_of_other_libraries_build_as_published(recipe):
    pytest.importorskip(library(recipe))
    check(recipe)
