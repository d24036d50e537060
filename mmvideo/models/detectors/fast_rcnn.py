"""The way from a batch of clips with boxes to losses or actions."""
import torch
from mmengine.model import BaseModel, initialize
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['FastRCNN']

PREPROCESSOR = dict(type='ActionDataPreprocessor', format_shape='NCTHW')


@MODELS.register_module()
class FastRCNN(BaseModel):
    """Tells what people do in boxes that somebody else has found (arXiv:1504.08083).

    Args:
        backbone: network of clips that gives features, in config notation.
        roi_head: what is done with the boxes, ``AVARoIHead``.
        neck: between the two; see :mod:`mmvideo.models.necks`.
        train_cfg: ``rcnn``, as of :class:`AVARoIHead`.
        test_cfg: ``rcnn``, as of :class:`AVARoIHead`. ``short_sides``: the clip is tested at each
            of these sizes (pixels, resized on the device; the pipeline should give the largest);
            ``flip``: mirrored, too. Probabilities are averaged.
        data_preprocessor: normalizes a batch on the device.
        init_cfg: initializer of the whole model in mmengine's notation.

    Shape: ``imgs`` [N, 1, C, T, H, W], or a list of [1, C, T, H, W] where sizes differ.
    """

    def __init__(self, backbone, roi_head, neck=None, train_cfg=None, test_cfg=None,
                 data_preprocessor=None, init_cfg=None):
        # Built here: mmengine would look for the class in its own registry only.
        if data_preprocessor is None or isinstance(data_preprocessor, dict):
            data_preprocessor = MODELS.build(data_preprocessor or PREPROCESSOR)
        super().__init__(data_preprocessor, init_cfg)
        self.train_cfg, self.test_cfg = dict(train_cfg or {}), dict(test_cfg or {})
        self.backbone = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        settings = {f'{phase}_cfg': cfg['rcnn'] for phase, cfg in (
            ('train', self.train_cfg), ('test', self.test_cfg)) if cfg.get('rcnn')}
        self.roi_head = MODELS.build({**roi_head, **settings})

    def init_weights(self):
        """Draw or load the weights of every part; mmengine's own way logs each tensor."""
        for part in (self.backbone, self.neck, self.roi_head):
            if hasattr(part, 'init_weights'):
                part.init_weights()
        if self.init_cfg:
            initialize(self, self.init_cfg)

    def forward(self, imgs, proposals=None, gt_bboxes=None, gt_labels=None, mode='tensor',
                img_metas=None, sample_index=None, **others):
        """Run a batch that the data preprocessor has prepared.

        Args:
            imgs: see the class.
            proposals, gt_bboxes: lists of boxes [k, 4], one a clip, in pixels of the input.
            gt_labels: list of [k, columns] of 0 and 1.
            mode: ``'tensor'`` gives scores of the proposals [K, columns], without proposals the
                features; ``'loss'`` a dict of losses; ``'predict'`` a list of N dicts with
                ``bboxes`` [k, 4] (shares of the frame), ``scores`` [k, columns] in 0..1, and what
                ``img_metas`` says of the clip.
            img_metas: dict of lists, ``img_key`` among them.
            others: further entries of the batch; not used.
        """
        if mode == 'predict':
            return self.predict(imgs, proposals, img_metas or {}, sample_index)
        if not torch.is_tensor(imgs):
            raise InputError('FastRCNN: clips of one batch have several sizes, which only a test '
                             'may have: ' + ', '.join(sorted({str(tuple(i.shape)) for i in imgs}))
                             + '; put RandomCrop or Resize(keep_ratio=False) into the pipeline')
        feats = self.extract_feat(imgs)
        if mode == 'tensor':
            return feats if proposals is None else torch.cat(self.roi_head(feats, proposals))
        if mode == 'loss':
            if proposals is None or gt_bboxes is None or gt_labels is None:
                raise InputError("mode 'loss' needs proposals, gt_bboxes and gt_labels: add them "
                                 'to Collect(keys=...)')
            return self.roi_head.loss(feats, proposals, gt_bboxes, gt_labels)
        raise InputError(f"mode: 'tensor', 'loss' or 'predict', not {mode!r}")

    def extract_feat(self, imgs, stage='neck'):
        """Features of clips [N, 1, C, T, H, W]."""
        if imgs.dim() != 6 or imgs.shape[1] != 1:
            raise InputError('FastRCNN: a batch has the axes [N, 1, C, T, H, W], this one has the '
                             f'shape {tuple(imgs.shape)}; see FormatShape in the pipeline')
        x = self.backbone(imgs.flatten(0, 1))
        return x if self.neck is None or stage == 'backbone' else self.neck(x)[0]

    def predict(self, imgs, proposals, img_metas, sample_index=None):
        """One dict per clip, see :meth:`forward`."""
        if proposals is None:
            raise InputError("mode 'predict' needs proposals: add them to Collect(keys=...)")
        results = [None] * len(imgs)
        groups = {}
        for i, clip in enumerate(imgs):
            groups.setdefault(tuple(clip.shape), []).append(i)
        # Clips of one size run together: none is padded, so none depends on its neighbors.
        for shape, members in groups.items():
            clips = torch.stack([imgs[i] for i in members])
            boxes = [proposals[i][:, :4].float() for i in members]
            size = boxes[0].new_tensor([shape[-1], shape[-2]] * 2)
            for i, own, scores in zip(members, boxes, self.probabilities(clips, boxes),
                                      strict=True):
                results[i] = dict(bboxes=own / size, scores=scores)
        for i, result in enumerate(results):
            result.update({key: values[i] for key, values in img_metas.items()})
            if sample_index is not None:
                result['sample_index'] = int(sample_index[i])
        return results

    def probabilities(self, clips, boxes):
        """Probabilities [k, columns] of the boxes of each clip, averaged over what is tested."""
        sides = self.test_cfg.get('short_sides') or [None]
        flips = (False, True) if self.test_cfg.get('flip') else (False,)
        total = None
        for side in sides:
            x, own = _resized(clips, boxes, side)
            for flip in flips:
                if flip:
                    width = x.shape[-1]
                    x = x.flip(-1)
                    own = [torch.stack([width - b[:, 2], b[:, 1], width - b[:, 0], b[:, 3]], 1)
                           for b in own]
                scores = self.roi_head(self.extract_feat(x), own)
                found = [self.roi_head.bbox_head.probabilities(s.float()) for s in scores]
                total = found if total is None else [a + b for a, b in zip(total, found,
                                                                         strict=True)]
        return [values / (len(sides) * len(flips)) for values in total]


def _resized(clips, boxes, side):
    """Clips [N, 1, C, T, H, W] whose short side is ``side``, and their boxes."""
    height, width = clips.shape[-2:]
    if side is None or side == min(height, width):
        return clips, boxes
    scale = side / min(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    frames = clips.flatten(0, 1).transpose(1, 2)        # [N, T, C, H, W]
    small = F.interpolate(frames.flatten(0, 1), size, mode='bilinear', antialias=True)
    small = small.unflatten(0, frames.shape[:2]).transpose(1, 2).unsqueeze(1)
    factor = boxes[0].new_tensor([size[1] / width, size[0] / height] * 2)
    return small, [own * factor for own in boxes]
