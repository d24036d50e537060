"""Which parameter of which network gets which learning rate."""
import pytest
import torch.nn as nn

from mmvideo.errors import InputError
from mmvideo.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS

SGD = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4)
RECIPE = dict(type='TSMOptimizerConstructor', paramwise_cfg=dict(fc_lr5=True),
              optim_wrapper_cfg=dict(type='OptimWrapper', optimizer=SGD))


def small_tsm(**backbone):
    return MODELS.build(dict(
        type='Recognizer2D', backbone=dict(type='ResNetTSM', depth=18, base_channels=8, **backbone),
        cls_head=dict(type='TSMHead', num_classes=5, in_channels=64)))


def groups_of(model, **recipe):
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build({**RECIPE, **recipe})
    wrapper = constructor(model)
    names = {id(p): n for n, p in model.named_parameters()}
    return {g['name']: (g['lr'], g['weight_decay'], [names[id(p)] for p in g['params']])
            for g in wrapper.optimizer.param_groups}


def test_roles_of_parameters():
    model = small_tsm()
    groups = groups_of(model)
    assert groups['first_conv_weight'] == (0.01, 1e-4, ['backbone.conv1.conv.weight'])
    assert groups['first_conv_bias'][2] == []
    lr, decay, names = groups['normal_weight']
    assert (lr, decay, len(names)) == (0.01, 1e-4, 19) and all('conv' in n for n in names)
    lr, decay, names = groups['bn']
    assert (lr, decay, len(names)) == (0.01, 0, 40)
    assert groups['lr5_weight'] == (0.05, 1e-4, ['cls_head.fc_cls.weight'])
    assert groups['lr10_bias'] == (0.1, 0, ['cls_head.fc_cls.bias'])
    assert sum(len(g[2]) for g in groups.values()) == len(list(model.parameters()))


def test_without_factors_the_classifier_is_like_others():
    groups = groups_of(small_tsm(), paramwise_cfg=dict(fc_lr5=False))
    assert 'cls_head.fc_cls.weight' in groups['normal_weight'][2]
    assert groups['normal_bias'] == (0.02, 0, ['cls_head.fc_cls.bias'])


def test_frozen_norms_are_left_out():
    first = ['backbone.conv1.bn.weight', 'backbone.conv1.bn.bias']
    assert groups_of(small_tsm(partial_bn=True))['bn'][2] == first
    model = small_tsm()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.requires_grad = module.bias.requires_grad = False
    assert groups_of(model)['bn'][2] == []


def test_unknown_kinds_are_named():
    model = small_tsm()
    model.extra = nn.Embedding(3, 4)
    with pytest.raises(InputError, match='no group for extra .Embedding.'):
        groups_of(model)


def transformer(**backbone):
    return MODELS.build(dict(type='Recognizer3D', backbone=backbone, cls_head=dict(
        type='I3DHead', num_classes=3, in_channels=backbone.pop('out'))))


MVIT = dict(type='MViT', arch=dict(embed_dims=8, num_layers=3, num_heads=1, downscale_indices=[1]),
            spatial_size=32, temporal_size=4, out=16)
SWIN = dict(type='SwinTransformer3D', out=32, arch=dict(
    embed_dims=8, depths=[2, 1, 1], num_heads=[1, 1, 2]), pretrained2d=False, out_indices=(2,))
TIMESFORMER = dict(type='TimeSformer', num_frames=2, img_size=16, patch_size=8, embed_dims=8,
                   num_heads=2, num_transformer_layers=2, out=8)


def rates_of(model, kind, paramwise_cfg):
    """(factor of the rate, factor of weight decay) of each parameter by name."""
    wrapper = OPTIM_WRAPPER_CONSTRUCTORS.build(dict(
        type=kind, paramwise_cfg=paramwise_cfg, optim_wrapper_cfg=dict(
            type='OptimWrapper', optimizer=dict(type='AdamW', lr=1., weight_decay=0.5))))(model)
    names = {id(p): n for n, p in model.named_parameters()}
    found = {names[id(p)]: (g['lr'], g['weight_decay'] / 0.5)
             for g in wrapper.optimizer.param_groups for p in g['params']}
    assert len(found) == len(names)
    return found


@pytest.mark.parametrize('net, expected', [
    (MVIT, {'backbone.patch_embed.projection.weight': (0.5**4, 1),
            'backbone.cls_token': (0.5**4, 0),
            'backbone.blocks.0.attn.qkv.weight': (0.5**3, 1),
            'backbone.blocks.2.mlp.fc2.bias': (0.5, 0), 'cls_head.fc_cls.weight': (1, 1),
            'cls_head.fc_cls.bias': (1, 0)}),
    (SWIN, {'backbone.patch_embed.proj.weight': (0.5**5, 1),
            'backbone.layers.0.blocks.1.attn.qkv.weight': (0.5**3, 1),
            'backbone.layers.0.downsample.reduction.weight': (0.5**3, 1),
            'backbone.layers.1.blocks.0.norm1.weight': (0.5**2, 0),
            'backbone.layers.2.blocks.0.mlp.fc1.weight': (0.5, 1)}),
    (TIMESFORMER, {'backbone.time_embed': (0.5**3, 0), 'backbone.norm.weight': (1, 0),
                   'backbone.transformer_layers.layers.0.ffns.0.layers.1.weight': (0.25, 1)})])
def test_layers_near_the_input_learn_slower(net, expected):
    model = transformer(**net)
    depth = {'MViT': 3, 'SwinTransformer3D': 4, 'TimeSformer': 2}[net['type']]
    recipe = dict(decay_rate=0.5, decay_type='layer_wise', num_layers=depth)
    found = rates_of(model, 'LearningRateDecayOptimizerConstructor', recipe)
    assert {name: found[name] for name in expected} == expected
    with pytest.raises(InputError, match=f'expected a backbone of 12 .* {net["type"]} has {depth}'):
        rates_of(model, 'LearningRateDecayOptimizerConstructor', dict(recipe, num_layers=12))


@pytest.mark.parametrize('recipe, said', [
    (dict(), 'decay_rate: expected a number above 0 and at most 1, got None'),
    (dict(decay_rate=0.5, decay_type='stage_wise'), "expected 'layer_wise', got 'stage_wise'"),
    (dict(decay_rate=0.5, depth=3), 'knows decay_rate, .* not depth')])
def test_slips_in_the_decay_of_rates_are_named(recipe, said):
    with pytest.raises(InputError, match=said):
        rates_of(small_tsm(), 'LearningRateDecayOptimizerConstructor', recipe)


def test_factors_of_all_words_in_a_name_count():
    recipe = dict(backbone=dict(lr_mult=0.1), norm=dict(decay_mult=0.),
                  relative_position_bias_table=dict(decay_mult=0., lr_mult=0.5))
    found = rates_of(transformer(**SWIN), 'SwinOptimWrapperConstructor', recipe)
    block = 'backbone.layers.0.blocks.0'
    assert {name: found[name] for name in (
        f'{block}.norm1.weight', f'{block}.mlp.fc1.weight', f'{block}.mlp.fc1.bias',
        f'{block}.attn.relative_position_bias_table', 'cls_head.fc_cls.weight')} == {
            f'{block}.norm1.weight': (0.1, 0), f'{block}.mlp.fc1.weight': (0.1, 1),
            f'{block}.mlp.fc1.bias': (0.1, 1),
            f'{block}.attn.relative_position_bias_table': (0.05, 0),
            'cls_head.fc_cls.weight': (1, 1)}
    with pytest.raises(InputError, match='paramwise_cfg.norm: expected a dict of lr_mult'):
        rates_of(transformer(**SWIN), 'SwinOptimWrapperConstructor', dict(norm=0.))
