"""Networks of torchvision, timm and mmpretrain as backbones for frames.

A network keeps the class of its library as a parent and the names of its weights. Ours sits on top
for what a recognizer and the training of it ask of a backbone. The libraries are imported when one
of their networks is built; nothing is fetched before ``init_weights``.
"""
import functools
import importlib

import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.freeze import freeze
from mmvideo.models.blocks.weights import load_pretrained, pretrained_source
from mmvideo.registry import MODELS, nearest, resolve

__all__ = ['build_mmpretrain', 'build_timm', 'build_torchvision']

# Features by layout: axes over which they are averaged, and the axis of the channels.
LAYOUTS = {'NCHW': ((2, 3), 1), 'NHWC': ((1, 2), 3), 'NLC': ((1,), 2)}
CLASSIFIERS = ('classifier', 'fc', 'head', 'heads')


class ForeignNet:
    """What a backbone of ours has beside ``forward``, put before a library's class by ``adopt``."""
    axes = ('N', 'C', 'H', 'W')

    def init_weights(self):
        """Draw the weights as the library does, then load those that ``pretrained`` names."""
        fetched = self.pretrained is True
        try:
            fresh = self.remake(pretrained=fetched)
        except (OSError, RuntimeError, ValueError) as error:
            if not fetched:
                raise
            raise InputError(f'backbone.pretrained: the weights of {self.source} cannot be had '
                             f'({error}); fetch them by hand and give their path') from error
        self.load_state_dict(fresh.state_dict())
        given = None if isinstance(self.pretrained, bool) else self.pretrained
        source = pretrained_source(given, self.init_cfg)
        if source:
            load_pretrained(self, source)

    def train(self, mode=True):
        super().train(mode)
        if mode:
            freeze(self, norm_eval=self.norm_eval)
        return self

    def __reduce_ex__(self, protocol):
        # The class is made at run time: copies and pickles are told how.
        return _blank, type(self).parents, self.__dict__


class TorchvisionNet(ForeignNet):
    """A classifier of torchvision without its last part.

    Shape: [N, C, H, W] -> [N, C', 1, 1].
    """

    def forward(self, x):
        check_axes(self, x)
        if not hasattr(self, 'features'):
            return pool(self, super().forward(x), self.feature_shape or 'NCHW')
        # As published: DenseNet's features are taken before the ReLU behind its last norm.
        x = self.features(x)
        if hasattr(self, 'permute'):    # Swin: the channels come last
            return pool(self, self.norm(x), self.feature_shape or 'NHWC')
        return pool(self, x, self.feature_shape or 'NCHW')


class TimmNet(ForeignNet):
    """An image model of timm without its classifier.

    Shape: [N, C, H, W] -> [N, C', 1, 1].
    """

    def forward(self, x):
        check_axes(self, x)
        if self.feature_shape is None:
            x = super().forward(x)
            layout = 'NCHW'
            # [N, C] already, unless global_pool says otherwise.
            if torch.is_tensor(x) and x.shape[-1] == self.num_features:
                layout = 'NLC' if x.dim() == 3 else 'NHWC'
            return pool(self, x, layout)
        return pool(self, self.forward_features(x), self.feature_shape, self.num_features)


class MMPretrainNet:
    """A backbone of mmpretrain; it draws, loads and freezes its weights by itself.

    Shape: [N, C, H, W] -> [N, C', H', W']; a tuple for several ``out_indices``.
    """
    axes = ('N', 'C', 'H', 'W')
    __reduce_ex__ = ForeignNet.__reduce_ex__

    def forward(self, x):
        check_axes(self, x)
        outs = super().forward(x)
        return outs[0] if isinstance(outs, tuple) and len(outs) == 1 else outs


@MODELS.register_module(name='torchvision')
def build_torchvision(name, pretrained=False, feature_shape=None, weights=None, norm_eval=False,
                      init_cfg=None, **options):
    """``type='torchvision.densenet161'``: an image classifier of torchvision.

    The classifier is exchanged for the identity. Networks with ``features`` (DenseNet, VGG,
    MobileNet, Swin, ...) give those, others what they give before the classifier; both are averaged
    over all places.

    Args:
        name: builder in ``torchvision.models``.
        pretrained: True: ``init_weights`` fetches the library's weights; or a path or an address.
            False or None: they are drawn at random.
        feature_shape: layout of the features: ``'NCHW'``, ``'NHWC'`` or ``'NLC'``; by default what
            the network has.
        weights: which of the library's weights ``pretrained=True`` means; by default those that it
            meant before torchvision offered several.
        norm_eval: batch norms keep their statistics in training.
        init_cfg: 1.x notation of ``pretrained`` for a path or an address.
        options: arguments of the builder.

    Raises:
        InputError: torchvision cannot be imported, or has no such network.
    """
    library = imported('torchvision', f'torchvision.{name}')
    known = library.models.list_models(module=library.models)
    if name not in known:
        raise InputError(f'backbone.type: torchvision.models has no classifier {name!r}; '
                         f'{nearest(name, known)}')
    remake = functools.partial(make_torchvision, name, weights, options)
    net = adopt(remake(), TorchvisionNet, f'torchvision.{name}')
    return settle(net, remake, pretrained, init_cfg, feature_shape, norm_eval, in_channels=3)


@MODELS.register_module(name='timm')
def build_timm(name, pretrained=False, feature_shape=None, norm_eval=False, with_cp=False,
               init_cfg=None, **options):
    """``type='timm.swin_base_patch4_window7_224'``: an image model of timm.

    It is built with ``num_classes=0``. By default timm pools the features as it does before a
    classifier. With ``feature_shape`` the features in front of that are taken and averaged over all
    places (tokens); for Swin both are the same.

    Args:
        name: model of timm, with or without a tag of its weights.
        pretrained: True: ``init_weights`` fetches the library's weights; or a path or an address.
            False or None: they are drawn at random.
        feature_shape: layout of the features: ``'NCHW'``, ``'NHWC'`` (Swin) or ``'NLC'`` (ViT).
        norm_eval: batch norms keep their statistics in training.
        with_cp: recompute blocks in the backward pass to save memory, where timm can.
        init_cfg: 1.x notation of ``pretrained`` for a path or an address.
        options: arguments of ``timm.create_model``, for example ``in_chans``, ``img_size``.

    Raises:
        InputError: timm cannot be imported, or has no such model.
    """
    library = imported('timm', f'timm.{name}')
    if not library.is_model(name):
        raise InputError(f'backbone.type: timm has no model {name!r}; '
                         f'{nearest(name, library.list_models())}')
    if 'checkpoint_path' in options:
        raise InputError('backbone.checkpoint_path would be read when the network is built; say '
                         'pretrained=PATH')
    options['num_classes'] = 0
    remake = functools.partial(library.create_model, name, **options)
    net = adopt(remake(pretrained=False), TimmNet, f'timm.{name}')
    if with_cp:
        net.set_grad_checkpointing(True)
    return settle(net, remake, pretrained, init_cfg, feature_shape, norm_eval,
                  in_channels=options.get('in_chans', 3))


@MODELS.register_module(name=['mmpretrain', 'mmcls'])
def build_mmpretrain(name, pretrained=None, **options):
    """``type='mmpretrain.ResNet'``: a backbone of mmpretrain, which was called mmcls.

    ``ResNeXt`` is ours where mmpretrain is not installed.

    Args:
        name: backbone in mmpretrain's registry.
        pretrained: path or address of weights, loaded by ``init_weights``.
        options: arguments of the backbone.

    Raises:
        InputError: mmpretrain cannot be imported and we have no such network.
    """
    try:
        models = imported('mmpretrain.models', f'mmpretrain.{name}').MODELS
    except InputError:
        if name != 'ResNeXt':
            raise
        return MODELS.build(dict(options, type='ResNeXt', pretrained=pretrained))
    if pretrained is not None:
        options['init_cfg'] = dict(type='Pretrained', checkpoint=pretrained)
    net = adopt(resolve(models, name, 'backbone')(**options), MMPretrainNet, f'mmpretrain.{name}')
    net.in_channels = options.get('in_channels', 3)
    return net


def imported(module, wanted):
    """A library's module, or an error that says what to install."""
    library = module.partition('.')[0]
    try:
        return importlib.import_module(module)
    except Exception as error:      # a build that does not fit raises errors of any kind
        raise InputError(f'backbone.type {wanted!r} needs {library}, which cannot be imported '
                         f'({type(error).__name__}: {error}); {advice(library)}') from error


def advice(library):
    """What to install so that a library works with the torch that is here."""
    if library == 'mmpretrain':
        return 'install an mmpretrain that fits the mmcv and mmengine that are here'
    release = torch.__version__.partition('+')[0]
    minor = int(release.split('.')[1])
    fitting = f'torchvision 0.{minor + 15}, in a build of the same kind as torch'
    return (f'torch {torch.__version__} is here: install {fitting}'
            + (', and timm' if library == 'timm' else '')
            + ' (see requirements/thirdparty.txt for versions that were tested)')


def make_torchvision(name, weights, options, pretrained=False):
    """A network of torchvision without its classifier."""
    from torchvision import models
    if pretrained and weights is None:
        kinds = models.get_model_weights(name).__members__
        weights = 'IMAGENET1K_V1' if 'IMAGENET1K_V1' in kinds else 'DEFAULT'
    net = models.get_model(name, weights=weights if pretrained else None, **options)
    for place in CLASSIFIERS:
        if isinstance(getattr(net, place, None), nn.Module):
            setattr(net, place, nn.Identity())
    return net


def adopt(net, adapter, source):
    """Put ``adapter`` before the class of a library's network; its weights keep their names."""
    net.__class__ = _class_of(adapter, type(net))
    net.source = source
    return net


def settle(net, remake, pretrained, init_cfg, feature_shape, norm_eval, in_channels):
    """Check and note what the config says about an adopted network."""
    if feature_shape not in (None, *LAYOUTS):
        raise InputError(f'backbone.feature_shape: one of {", ".join(LAYOUTS)}, '
                         f'not {feature_shape!r}')
    if not isinstance(pretrained, bool):
        pretrained_source(pretrained, init_cfg)
    net.remake, net.pretrained, net.init_cfg = remake, pretrained, init_cfg
    net.feature_shape, net.norm_eval, net.in_channels = feature_shape, norm_eval, in_channels
    return net.train()


def pool(net, x, layout, channels=None):
    """Average features over all places: [N, C] or ``layout`` -> [N, C, 1, 1]."""
    if not torch.is_tensor(x):
        raise InputError(f'{net.source} gives {type(x).__name__}, one tensor is expected; for '
                         'networks with classifiers inside say aux_logits=False')
    if x.dim() == 2:
        return x[:, :, None, None]
    places, axis = LAYOUTS[layout]
    if x.dim() != len(layout) or channels not in (None, x.shape[axis]):
        expected = '' if channels is None else f' with C = {channels}'
        raise InputError(f'backbone.feature_shape: {net.source} gives features of shape '
                         f'{tuple(x.shape)}, not {layout}{expected}')
    return x.mean(places)[:, :, None, None]


@functools.cache
def _class_of(adapter, library_class):
    return type(library_class.__name__, (adapter, library_class),
                dict(parents=(adapter, library_class)))


def _blank(adapter, library_class):
    cls = _class_of(adapter, library_class)
    return cls.__new__(cls)
