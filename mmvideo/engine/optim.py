"""Parameter groups of recipes: TSM's, and those of transformers."""
import math
import re

import torch.nn as nn
from mmengine.optim import DefaultOptimWrapperConstructor

from mmvideo.errors import InputError
from mmvideo.registry import OPTIM_WRAPPER_CONSTRUCTORS

__all__ = ['LearningRateDecayOptimizerConstructor', 'SwinOptimWrapperConstructor',
           'TSMOptimWrapperConstructor']

NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)
CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
# Blocks of transformers: MViT's and a plain one's, TimeSformer's, and Swin's in their stages.
BLOCK = re.compile(r'backbone\.(?:transformer_layers\.)?(?:blocks|layers)\.\d+(?:\.blocks\.\d+)?\.')
# What comes before the first block.
FRONT = re.compile(r'backbone\.(cls_token|mask_token|time_embed|pos_embed|patch_embed)')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(
    name=['TSMOptimWrapperConstructor', 'TSMOptimizerConstructor'])
class TSMOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Learning rate and decay by the role of a parameter, as TSM (arXiv:1811.08383) trains.

    =====================  ==============  ============
    group                  learning rate   weight decay
    =====================  ==============  ============
    first conv, weight     1               1
    first conv, bias       2               0
    other weights          1               1
    other biases           2               0
    norm layers            1               0
    last fc, weight        5 (fc_lr5)      1
    last fc, bias          10 (fc_lr5)     0
    =====================  ==============  ============

    ``paramwise_cfg=dict(fc_lr5=True)`` sets the factors of the classifier; without it the
    classifier counts among the other weights and biases. Frozen norm layers are left out.
    """

    def add_params(self, params, model, **kwargs):
        """Add the groups of ``model`` to ``params``; raises for a leaf of unknown kind."""
        fc_lr5 = bool((self.paramwise_cfg or {}).get('fc_lr5', False))
        groups = {name: [] for name in ('first_conv_weight', 'first_conv_bias', 'normal_weight',
                                        'normal_bias', 'bn', 'lr5_weight', 'lr10_bias')}
        classifier = self._classifier(model) if fc_lr5 else None
        first_conv = True
        for name, module in model.named_modules():
            own = list(module.parameters(recurse=False))
            if isinstance(module, CONVS):
                kind = 'first_conv' if first_conv else 'normal'
                first_conv = False
                self._put(groups, f'{kind}_weight', f'{kind}_bias', module)
            elif isinstance(module, nn.Linear):
                kinds = (('lr5_weight', 'lr10_bias') if module is classifier
                         else ('normal_weight', 'normal_bias'))
                self._put(groups, *kinds, module)
            elif isinstance(module, NORMS):
                groups['bn'] += [p for p in own if p.requires_grad]
            elif own:
                raise InputError(f'the TSM recipe has no group for {name} '
                                 f'({type(module).__name__}); use the default constructor')
        factors = dict(first_conv_weight=(1, 1), first_conv_bias=(2, 0), normal_weight=(1, 1),
                       normal_bias=(2, 0), bn=(1, 0), lr5_weight=(5, 1), lr10_bias=(10, 0))
        for name, members in groups.items():
            lr, decay = factors[name]
            params.append(dict(params=members, name=name, lr=self.base_lr * lr,
                               weight_decay=(self.base_wd or 0.) * decay))

    @staticmethod
    def _put(groups, weight, bias, module):
        groups[weight].append(module.weight)
        if module.bias is not None:
            groups[bias].append(module.bias)

    @staticmethod
    def _classifier(model):
        """The last linear layer: the one that the recipe trains faster."""
        linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
        return linear[-1] if linear else None


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LearningRateDecayOptimizerConstructor(DefaultOptimWrapperConstructor):
    """A smaller learning rate the nearer a layer is to the input, for fine-tuned transformers.

    BEiT (arXiv:2106.08254) and VideoMAE (arXiv:2203.12602) are fine-tuned so. What stands before
    the blocks is layer 0, the blocks are layers 1 to n, all that follows is n + 1; layer i learns
    with ``decay_rate ** (n + 1 - i)`` times the rate. Biases, norms, tokens and tables of positions
    have no weight decay.

    ``paramwise_cfg=dict(decay_rate=0.75)``. ``decay_type`` may say 'layer_wise', and ``num_layers``
    n, by which it is checked that the backbone has so many.
    """

    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):
        given = dict(paramwise_cfg or {})
        rate = given.pop('decay_rate', None)
        if not isinstance(rate, (int, float)) or not 0 < rate <= 1:
            raise InputError('optim_wrapper.paramwise_cfg.decay_rate: expected a number above 0 '
                             f'and at most 1, got {rate!r}')
        if given.pop('decay_type', 'layer_wise') != 'layer_wise':
            raise InputError("optim_wrapper.paramwise_cfg.decay_type: expected 'layer_wise', got "
                             f'{paramwise_cfg["decay_type"]!r}')
        given.pop('num_layers', None)
        if given:
            raise InputError('optim_wrapper.paramwise_cfg: LearningRateDecayOptimizerConstructor '
                             f'knows decay_rate, decay_type and num_layers, not {", ".join(given)}')
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(self, params, model, **kwargs):
        """Add the groups of ``model`` to ``params``, one a layer and kind of weight decay."""
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        layers, depth = layers_of([name for name, _ in model.named_parameters()])
        wanted = self.paramwise_cfg.get('num_layers', depth)
        if not depth or wanted != depth:
            raise InputError(
                'LearningRateDecayOptimizerConstructor: expected a backbone of '
                f'{wanted or "several"} transformer blocks, {type(model.backbone).__name__} has '
                f'{depth} (optim_wrapper.paramwise_cfg.num_layers)')
        groups = {}
        for name, parameter in named:
            layer, is_bare = layers[name], parameter.dim() == 1 or name.endswith('.bias') \
                or FRONT.match(name) and 'patch_embed' not in name
            key = f'layer_{layer}_{"no_decay" if is_bare else "decay"}'
            scale = self.paramwise_cfg['decay_rate'] ** (depth + 1 - layer)
            group = groups.setdefault(key, dict(
                params=[], name=key, lr=self.base_lr * scale,
                weight_decay=0. if is_bare else self.base_wd or 0.))
            group['params'].append(parameter)
        params += groups.values()


def layers_of(names):
    """Number of the layer of each parameter, and the number of blocks."""
    found = {name: BLOCK.match(name)[0] for name in names if BLOCK.match(name)}
    inner = [place for place in dict.fromkeys(found.values()) if place.count('.') > 4]
    blocks = inner or list(dict.fromkeys(found.values()))
    layers = {}
    for name in names:
        if FRONT.match(name):
            layers[name] = 0
        elif name in found:
            # What a stage has beside its blocks (merging of patches) goes with its last one.
            layers[name] = 1 + max(i for i, block in enumerate(blocks)
                                   if block.startswith(found[name]))
        else:
            layers[name] = len(blocks) + 1
    return layers, len(blocks)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class SwinOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Factors by words in the names of parameters; of all words that occur the product counts.

    ``paramwise_cfg=dict(backbone=dict(lr_mult=0.1), norm=dict(decay_mult=0.),
    relative_position_bias_table=dict(decay_mult=0.))`` is the recipe of Video Swin
    (arXiv:2106.13230, section 4.1): a pretrained backbone learns slower than the head.
    """

    def add_params(self, params, model, **kwargs):
        """Add the groups of ``model`` to ``params``, one a pair of factors."""
        for word, factors in self.paramwise_cfg.items():
            if not isinstance(factors, dict) or {*factors} - {'lr_mult', 'decay_mult'}:
                raise InputError(f'optim_wrapper.paramwise_cfg.{word}: expected a dict of lr_mult '
                                 f'and decay_mult, got {factors!r}')
        groups = {}
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            factors = [value for word, value in self.paramwise_cfg.items() if word in name]
            lr, decay = (math.prod(value.get(key, 1.) for value in factors)
                         for key in ('lr_mult', 'decay_mult'))
            group = groups.setdefault((lr, decay), dict(
                params=[], lr=self.base_lr * lr, weight_decay=(self.base_wd or 0.) * decay))
            group['params'].append(parameter)
        params += groups.values()
