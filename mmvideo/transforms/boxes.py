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
