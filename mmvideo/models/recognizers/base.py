"""The way from a batch to losses or predictions, common to all recognizers."""
import inspect

import torch
from mmengine.model import BaseModel, initialize

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['BaseRecognizer']

PREPROCESSOR = dict(type='ActionDataPreprocessor')
STAGES = ('backbone', 'neck', 'head')


class BaseRecognizer(BaseModel):
    """Backbone, neck and head over the views of a batch.

    A subclass names the ``axes`` of its input; a network with several views or frames per sample
    sees them folded into the batch.

    Args:
        backbone: network that gives features, in config notation.
        cls_head: classifier; without it only features can be had.
        neck: between the two; see :mod:`mmvideo.models.necks`.
        train_cfg: ``aux_info``: names of further batch entries that the loss takes (HVU's masks);
            ``blending``: mixes the samples of a training batch (0.x; in 1.x the preprocessor's).
            Other keys are ignored.
        test_cfg: ``average_clips``: how views are joined, before the head's own setting;
            ``max_testing_views``: views that run through backbone and neck at once, which bounds
            the memory of a test with many views; ``feature_extraction``: predict features instead
            of scores, True or arguments of :meth:`pool_features`; ``flip``: test on mirrored
            frames; ``fcn_test``: handed to the head; ``num_segs``: frames per clip before
            a 2D network's neck. Other keys are ignored.
        data_preprocessor: normalizes a batch on the device.
        init_cfg: initializer of the whole model in mmengine's notation.
    """
    axes = ()
    meanings = ''

    def __init__(self, backbone, cls_head=None, neck=None, train_cfg=None, test_cfg=None,
                 data_preprocessor=None, init_cfg=None):
        # Built here: mmengine would look for the class in its own registry only.
        if data_preprocessor is None or isinstance(data_preprocessor, dict):
            data_preprocessor = MODELS.build(data_preprocessor or PREPROCESSOR)
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        self.cls_head = None if cls_head is None else MODELS.build(cls_head)
        self.train_cfg = dict(train_cfg or {})
        self.test_cfg = dict(test_cfg or {})
        self.aux_info = tuple(self.train_cfg.get('aux_info') or ())
        blending = self.train_cfg.get('blending')
        self.blending = None if blending is None else MODELS.build(blending)
        if self.test_cfg.get('fcn_test') and self.cls_head is not None and \
                'fcn_test' not in inspect.signature(self.cls_head.forward).parameters:
            raise InputError(f'test_cfg.fcn_test: {type(self.cls_head).__name__} does not classify '
                             'single places; TPNHead does')

    def init_weights(self):
        """Draw or load the weights of every part; mmengine's own way logs each tensor."""
        for part in (self.backbone, self.neck, self.cls_head):
            if hasattr(part, 'init_weights'):
                part.init_weights()
        if self.init_cfg:
            initialize(self, self.init_cfg)

    def forward(self, imgs, label=None, mode='tensor', sample_index=None, **aux):
        """Run a batch that the data preprocessor has prepared.

        Args:
            imgs: [N, M, ...], the class says which axes; or a :class:`mmvideo.models.views.Views`
                of such a shape, whose views are cut as they are needed.
            label: [N] or [N, 1] class indices, or [N, C] for several labels.
            mode: ``'tensor'`` gives scores, one row a view; ``'loss'`` a dict of losses;
                ``'predict'`` a list of N dicts with ``score`` ([C]; [V, C] where the views
                are not averaged) and, where they were given, ``label`` and ``sample_index``.
            sample_index: place of each sample in its dataset.
            aux: further batch entries, see ``train_cfg.aux_info``.
        """
        self.check_input(imgs)
        if mode != 'predict' and not torch.is_tensor(imgs):
            imgs = imgs.gather()
        if mode == 'tensor':
            return self.extract_feat(imgs, 'neck' if self.cls_head is None else 'head')
        if mode == 'loss':
            return self.loss(imgs, label, aux)
        if mode == 'predict':
            return self.predict(imgs, label, sample_index)
        raise InputError(f"mode: 'tensor', 'loss' or 'predict', not {mode!r}")

    def check_input(self, imgs):
        """Raise for a batch whose axes are not those of ``axes``."""
        expected = f'[{", ".join(self.axes)}] ({self.meanings})'
        name = type(self).__name__
        shape = tuple(imgs.shape)
        if imgs.dim() != len(self.axes):
            raise InputError(f'{name}: a batch has the axes {expected}, this one has '
                             f'{imgs.dim()}: shape {shape}; see FormatShape in the pipeline')
        channels = getattr(self.backbone, 'in_channels', None)
        if channels is not None and imgs.shape[2] != channels:
            raise InputError(f'{name}: a batch has the axes {expected}; the backbone takes '
                             f'C = {channels}, this batch of shape {shape} has C = '
                             f'{imgs.shape[2]}')
        if torch.is_tensor(imgs) and not torch.is_floating_point(imgs):
            raise InputError(f'{name}: values must be float, not {imgs.dtype}; a batch goes '
                             'through model.data_preprocessor first')

    def extract_feat(self, imgs, stage='neck', label=None):
        """Features of a batch, views folded into its first axis.

        Args:
            imgs: see :meth:`forward`.
            stage: the last part that runs: ``'backbone'``, ``'neck'`` or ``'head'``.
            label: for necks with a loss.
        """
        if stage not in STAGES:
            raise InputError(f'stage: one of {", ".join(STAGES)}, not {stage!r}')
        x = self.backbone(self.fold(imgs))
        if stage == 'backbone':
            return x
        x, _ = self.run_neck(x, imgs.shape[1], label)
        return x if stage == 'neck' else self.run_head(x, imgs.shape[1])

    def fold(self, imgs):
        """[N, M, ...] -> [N*M, ...]."""
        return imgs.flatten(0, 1)

    def run_neck(self, x, num_inputs, label=None):
        """Features behind the neck, and its losses."""
        return (x, {}) if self.neck is None else self.neck(x, label)

    def run_head(self, x, num_inputs, **options):
        """Scores, one row a view; ``num_inputs`` is M."""
        if self.cls_head is None:
            raise InputError(f'{type(self).__name__}: scores need a cls_head')
        return self.cls_head(x, num_segs=num_inputs, **options)

    def loss(self, imgs, label, aux):
        """Losses of a batch; a label counts for every view of its sample."""
        if label is None:
            raise InputError("mode 'loss' needs the label: add it to Collect(keys=...)")
        missing = [name for name in self.aux_info if name not in aux]
        if missing:
            raise InputError(f'train_cfg.aux_info: the batch lacks {", ".join(missing)}; add it to '
                             'Collect(keys=...)')
        if self.blending is not None and self.training:
            imgs, label = self.blending(imgs, label)
        label = label.reshape(len(imgs), -1)
        if label.shape[1] == 1 and not torch.is_floating_point(label):
            label = label.squeeze(1)
        x = self.backbone(self.fold(imgs))
        x, losses = self.run_neck(x, imgs.shape[1], label)
        score = self.run_head(x, imgs.shape[1])
        views = len(score) // len(label)
        aux = {name: aux[name].repeat_interleave(views, 0) for name in self.aux_info}
        found = self.cls_head.loss(score, label.repeat_interleave(views, 0), **aux)
        return {**found, **losses}

    def predict(self, imgs, label=None, sample_index=None):
        """One dict per sample, see :meth:`forward`."""
        if self.test_cfg.get('flip'):
            imgs = imgs.flip(-1)
        x = self.view_features(imgs)
        wanted = self.test_cfg.get('feature_extraction')
        if wanted or self.cls_head is None:
            how = dict(wanted) if isinstance(wanted, dict) else {}
            key, values = 'feature', self.pool_features(x, len(imgs), **how)
        else:
            options = {'fcn_test': True} if self.test_cfg.get('fcn_test') else {}
            score = self.run_head(x, imgs.shape[1], **options)
            how = self.test_cfg.get('average_clips', self.cls_head.average_clips)
            values = self.cls_head.average(score, len(imgs), how)
            key = 'score'
        results = [{key: value} for value in values]
        for name, given in (('label', label), ('sample_index', sample_index)):
            if given is not None:
                for result, value in zip(results, given, strict=True):
                    result[name] = int(value) if name == 'sample_index' else value
        return results

    def view_features(self, imgs):
        """Features behind the neck, a bounded number of views at a time."""
        limit = self.test_cfg.get('max_testing_views')
        if limit is not None and limit < 1:
            raise InputError(f'test_cfg.max_testing_views must be positive, not {limit}')
        x = self.fold(imgs) if torch.is_tensor(imgs) else imgs
        size = len(imgs) * imgs.shape[1] if limit is None \
            else limit * self.inputs_per_view(imgs.shape[1])
        parts = [self.run_neck(self.backbone(chunk), imgs.shape[1])[0] for chunk in x.split(size)]
        return _join(parts)

    def inputs_per_view(self, num_inputs):
        """How many entries of the folded batch belong together."""
        return 1

    def frames_in_rows(self, rows):
        """How many of the rows of a sample's features are frames of one view."""
        return 1

    def pool_features(self, x, num_samples, spatial='avg', temporal='avg', views='avg'):
        """Features of any kind, joined over places, over frames and over views.

        Args:
            x: features [N*V, C, ...]; pathways, of which there may be several, come side by side.
            num_samples: N.
            spatial, temporal, views: the mean ('avg'), the greatest ('max'), or each ('keep').

        Returns:
            Tensor: [N, C], with views before C and frames, height, width behind it if kept.
        """
        if isinstance(x, (tuple, list)):
            parts = [self.pool_features(part, num_samples, spatial, temporal, views) for part in x]
            axis = 2 if views == 'keep' else 1
            if len({(*p.shape[:axis], *p.shape[axis + 1:]) for p in parts}) > 1:
                raise InputError('test_cfg.feature_extraction: the pathways differ in frames or '
                                 "places, which therefore cannot be kept; expected 'avg' or 'max'")
            return torch.cat(parts, axis)
        rows = len(x) // num_samples
        frames = self.frames_in_rows(rows)
        x = x.reshape(num_samples, rows // frames, frames, *x.shape[1:]).movedim(2, 3)
        if x.dim() == 7:        # [N, V, C, 1, T, H, W]
            x = x.flatten(3, 4)
        for name, how, axes in (('spatial', spatial, range(4, x.dim())),
                                ('temporal', temporal, [3]), ('views', views, [1])):
            if how not in ('avg', 'max', 'keep'):
                raise InputError(f"test_cfg.feature_extraction.{name}: expected 'avg', 'max' or "
                                 f"'keep', got {how!r}")
            if how != 'keep' and len(axes):
                x = x.mean(tuple(axes)) if how == 'avg' else x.amax(tuple(axes))
        return x


def _join(parts):
    """Put chunks back together, pathway by pathway."""
    if len(parts) == 1:
        return parts[0]
    if torch.is_tensor(parts[0]):
        return torch.cat(parts)
    return tuple(_join(list(group)) for group in zip(*parts, strict=True))
