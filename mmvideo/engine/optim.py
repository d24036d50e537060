"""Parameter groups of the TSM recipe."""
import torch.nn as nn
from mmengine.optim import DefaultOptimWrapperConstructor

from mmvideo.errors import InputError
from mmvideo.registry import OPTIM_WRAPPER_CONSTRUCTORS

__all__ = ['TSMOptimWrapperConstructor']

NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)
CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


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
