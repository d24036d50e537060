"""Boxes of people or proposals, (x0, y0, x1, y1) in pixels, that follow what is done to frames."""
import numpy as np

KEYS = ('gt_bboxes', 'proposals')


def move_boxes(results, move):
    """Apply ``move`` to the boxes that a sample has, if any.

    Args:
        results: the sample; keys ``gt_bboxes`` and ``proposals`` [k, >= 4] are changed. What stands
            behind the fourth column, such as scores, stays.
        move: [k, 4] float32 -> [k, 4].
    """
    for key in KEYS:
        boxes = results.get(key)
        if boxes is not None and len(boxes):
            boxes = np.array(boxes, np.float32)
            boxes[:, :4] = move(boxes[:, :4].copy())
            results[key] = boxes


def cut_boxes(boxes, crop):
    """Boxes [k, 4] as they lie in a crop (x0, y0, x1, y1); what lies outside ends at its rim."""
    x0, y0, x1, y1 = crop
    return np.clip(boxes - [x0, y0, x0, y0], 0, [x1 - x0 - 1, y1 - y0 - 1] * 2)


def spread_boxes(results, crops):
    """Give each of several crops its own boxes: keys become [crops, k, >= 4].

    Args:
        results: the sample, as of :func:`move_boxes`.
        crops: (crop as of :func:`cut_boxes`, whether it is mirrored) of each.
    """
    for key in KEYS:
        boxes = results.get(key)
        if boxes is None or not len(boxes):
            continue
        found = np.repeat(np.array(boxes, np.float32)[None], len(crops), 0)
        for own, (crop, is_mirrored) in zip(found, crops, strict=True):
            own[:, :4] = cut_boxes(own[:, :4], crop)
            if is_mirrored:
                own[:, [0, 2]] = crop[2] - crop[0] - own[:, [2, 0]]
        results[key] = found
