"""Which boxes teach what, and what is found in which."""
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['AVARoIHead']

ASSIGNER = dict(type='MaxIoUAssignerAVA', pos_iou_thr=0.9, neg_iou_thr=0.9, min_pos_iou=0.9)
SAMPLER = dict(type='RandomSampler', num=32, pos_fraction=1, neg_pos_ub=-1,
               add_gt_as_proposals=True)


@MODELS.register_module()
class AVARoIHead(nn.Module):
    """Actions of the people in given boxes: features of a box, then a classifier.

    A proposal learns the actions of the box that it overlaps most, if that is enough. One that
    overlaps none enough teaches nothing: what the classifier is asked is what somebody does, not
    whether there is anybody.

    Args:
        bbox_roi_extractor: gives features of boxes, ``SingleRoIExtractor3D``.
        bbox_head: classifies them, ``BBoxHeadAVA``.
        shared_head: between the two, ``ACRNHead``; None for none.
        train_cfg: ``assigner``: ``pos_iou_thr`` is the overlap that is enough, ``min_pos_iou`` that
            of the best proposals of a box; ``sampler``: ``num`` proposals of a clip learn, drawn by
            chance, ``add_gt_as_proposals`` counts the boxes themselves among them.
        test_cfg: nothing here reads it; what is no detection is said to the metric.
    """

    def __init__(self, bbox_roi_extractor, bbox_head, shared_head=None, train_cfg=None,
                 test_cfg=None):
        super().__init__()
        self.bbox_roi_extractor = MODELS.build(bbox_roi_extractor)
        if shared_head is not None:
            self.shared_head = MODELS.build(shared_head)
        self.bbox_head = MODELS.build(bbox_head)
        self.test_cfg = dict(test_cfg or {})
        train_cfg = dict(train_cfg or {})
        self.assigner = {**ASSIGNER, **(train_cfg.get('assigner') or {})}
        self.sampler = {**SAMPLER, **(train_cfg.get('sampler') or {})}
        for given, own in ((self.assigner, ASSIGNER), (self.sampler, SAMPLER)):
            for key in given:
                if key not in own or given['type'] != own['type']:
                    raise InputError(f'train_cfg.rcnn: expected {own["type"]} with '
                                     f'{", ".join(own)}; found {given!r}')

    def init_weights(self):
        for part in self.children():
            if hasattr(part, 'init_weights'):
                part.init_weights()

    def forward(self, feats, boxes):
        """Scores of boxes.

        Args:
            feats: of a batch of clips, as of the backbone.
            boxes: list of [k, 4], one a clip, in pixels of the input.

        Returns:
            list[Tensor]: [k, columns] of each clip.
        """
        rois = torch.cat([torch.cat([own.new_full((len(own), 1), i), own[:, :4]], 1)
                          for i, own in enumerate(boxes)])
        x, joined = self.bbox_roi_extractor(feats, rois)
        if hasattr(self, 'shared_head'):
            x = self.shared_head(x, joined, rois)
        return self.bbox_head(x).split([len(own) for own in boxes])

    def loss(self, feats, proposals, gt_bboxes, gt_labels):
        """Losses of a batch; every argument but the first is a list, one entry a clip."""
        chosen = [self.choose(*own) for own in zip(proposals, gt_bboxes, gt_labels, strict=True)]
        if not any(len(boxes) for boxes, _ in chosen):
            # Every parameter takes part in every step, as training in several processes wants.
            boxes, labels = gt_bboxes[0].new_tensor([[0., 0., 1., 1.]]), gt_labels[0].new_zeros(
                1, gt_labels[0].shape[1])
            chosen[0] = boxes, labels
        scores = self(feats, [boxes for boxes, _ in chosen])
        return self.bbox_head.loss(torch.cat(scores), torch.cat([labels for _, labels in chosen]))

    @torch.no_grad()
    def choose(self, proposals, gt_bboxes, gt_labels):
        """Boxes of a clip that teach, [k, 4], and their labels [k, columns]."""
        # What a crop has cut off, or all but.
        seen = (gt_bboxes[:, 2:] - gt_bboxes[:, :2]).amin(1) >= 1
        gt_bboxes, gt_labels = gt_bboxes[seen], gt_labels[seen]
        boxes = proposals[:, :4].to(gt_bboxes)
        if self.sampler['add_gt_as_proposals']:
            boxes = torch.cat([gt_bboxes, boxes])
        if not len(gt_bboxes) or not len(boxes):
            return boxes[:0], gt_labels[:0]
        common = overlaps(boxes, gt_bboxes)
        most, which = common.max(1)
        enough = most >= self.assigner['pos_iou_thr']
        best = common.amax(0)
        for person in torch.nonzero(best >= self.assigner['min_pos_iou'])[:, 0]:
            ties = common[:, person] == best[person]
            enough, which = enough | ties, torch.where(ties, person, which)
        places = torch.nonzero(enough)[:, 0]
        if len(places) > self.sampler['num']:
            drawn = torch.randperm(len(places))[:self.sampler['num']]
            places = places[drawn.to(places.device)]
        return boxes[places], gt_labels[which[places]]


def overlaps(boxes, others):
    """Intersection over union, [n, 4] and [m, 4] -> [n, m]."""
    common = (torch.minimum(boxes[:, None, 2:], others[None, :, 2:])
              - torch.maximum(boxes[:, None, :2], others[None, :, :2])).clamp(min=0).prod(-1)
    areas, other_areas = ((b[:, 2:] - b[:, :2]).prod(-1) for b in (boxes, others))
    return common / (areas[:, None] + other_areas[None] - common).clamp(min=1e-6)
