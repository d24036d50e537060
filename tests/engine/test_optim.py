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
