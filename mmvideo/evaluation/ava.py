"""Mean average precision of actions in boxes, as AVA's own evaluation measures it, and its files.

ActivityNet's challenge (task B, AVA) takes PASCAL VOC's measure at one second of a film as if it
were a picture: a box counts as found by the best detection of an action that overlaps it by half.
"""
import csv
import io
import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmvideo.ava_files import (
    Boxes,
    class_ids,
    frame_key,
    read_boxes,
    read_excluded,
    read_label_map,
)
from mmvideo.errors import InputError
from mmvideo.registry import METRICS
from mmvideo.storage import replacing

__all__ = ['AVAMetric', 'DetectionDump', 'average_precision', 'average_precisions', 'overlaps']

FORMAT = 'mmvideo-detections'
# Kinds of AVA's actions, by their numbers.
KINDS = dict(person_movement=range(1, 15), object_manipulation=range(15, 64),
             person_interaction=range(64, 81))


def overlaps(boxes, others):
    """Intersection over union, [n, 4] and [m, 4] -> [n, m]; 0 for boxes without an area."""
    corners = (np.maximum(boxes[:, None, :2], others[None, :, :2]),
               np.minimum(boxes[:, None, 2:], others[None, :, 2:]))
    common = np.clip(corners[1] - corners[0], 0, None).prod(-1)
    areas, other_areas = ((b[:, 2:] - b[:, :2]).prod(-1) for b in (boxes, others))
    union = areas[:, None] + other_areas[None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def hits(boxes, truths, threshold=0.5):
    """Which detections of one action at one moment are right.

    Each belongs to the box that it overlaps most, whether that is taken or not; the first one that
    overlaps it enough takes it, later ones are wrong.

    Args:
        boxes: [n, 4], best score first.
        truths: [m, 4].
        threshold: least overlap.

    Returns:
        np.ndarray: bool [n].
    """
    right = np.zeros(len(boxes), bool)
    if not len(boxes) or not len(truths):
        return right
    common = overlaps(boxes, truths)
    taken = set()
    for i, (which, most) in enumerate(zip(common.argmax(1).tolist(), common.max(1), strict=True)):
        if most >= threshold and which not in taken:
            right[i] = True
            taken.add(which)
    return right


def average_precision(right, count):
    """Area under the curve of precision over recall, precision made to fall.

    Args:
        right: bool [n], best score first.
        count: of boxes to find, above 0.
    """
    if not len(right):
        return 0.0
    found = np.cumsum(right)
    precision = found / np.arange(1, len(right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(precision[right].sum() / count)


def _descending(scores):
    """Order of falling scores; of equal ones the last comes first, as in the official evaluation.
    """
    return np.argsort(scores, kind='stable')[::-1]


def average_precisions(truths, found, labels, excluded=frozenset(), threshold=0.5):
    """Average precision of each action that any box has.

    The rules of the official evaluation: moments of ``excluded`` and actions beside ``labels`` are
    passed over, in truth and in what was found; detections without an area are, too; detections at
    a moment without a box are wrong.

    Args:
        truths: :class:`mmvideo.ava_files.Boxes` that are there.
        found: the same, with scores in the last column.
        labels: numbers of the actions that count.
        excluded: moments.
        threshold: least overlap.

    Returns:
        dict: average precision, 0..1, by number of the action.
    """
    labels = set(labels)

    def by_place(rows):
        places = defaultdict(list)
        has_area = (rows.boxes[:, 2:] > rows.boxes[:, :2]).all(1)
        for i, place in enumerate(zip(rows.labels.tolist(), rows.keys, strict=True)):
            if place[0] in labels and place[1] not in excluded and (has_area[i] or rows is truths):
                places[place].append(i)
        return places

    wanted, given = by_place(truths), by_place(found)
    counts = defaultdict(int)
    for (label, _), members in wanted.items():
        counts[label] += len(members)
    scores, right = defaultdict(list), defaultdict(list)
    for place, members in given.items():
        order = np.array(members)[_descending(found.last[members])]
        scores[place[0]].append(found.last[order])
        right[place[0]].append(hits(found.boxes[order], truths.boxes[wanted.get(place, [])],
                                    threshold))
    result = {}
    for label, count in sorted(counts.items()):
        own = np.concatenate(scores[label]) if scores[label] else np.zeros(0)
        own_right = np.concatenate(right[label]) if right[label] else np.zeros(0, bool)
        result[label] = average_precision(own_right[_descending(own)], count)
    return result


def _array(value, kind=np.float64):
    value = value.detach().cpu().float().numpy() if hasattr(value, 'detach') else value
    return np.asarray(value, kind)


def _plain(data_batch, data_samples):
    """Outputs of a detector as numpy; ``img_key`` None for a file that could not be loaded."""
    marks = data_batch.get('is_bad') if isinstance(data_batch, dict) else None
    marks = [False] * len(data_samples) if marks is None else marks
    return [dict(img_key=None if bool(mark) else sample['img_key'],
                 bboxes=_array(sample['bboxes']).reshape(-1, 4),
                 scores=_array(sample['scores'], np.float32))
            for sample, mark in zip(data_samples, marks, strict=True)]


def _each_once(results):
    """Results without those that were not loaded, and without the repeats of several processes."""
    return list({r['img_key']: r for r in results if r['img_key'] is not None}.values())


def _rows(results, columns, least):
    """Detections as rows, those of one moment next to each other."""
    rows = Boxes([], [np.zeros((0, 4))], [np.zeros(0, int)], [np.zeros(0)])
    ids, places = np.array(list(columns)), list(columns.values())
    for sample in _each_once(results):
        scores = sample['scores'][:, places]
        people, actions = np.nonzero(scores > least)
        rows.keys += [sample['img_key']] * len(people)
        rows.boxes.append(sample['bboxes'][people])
        rows.labels.append(ids[actions])
        rows.last.append(scores[people, actions])
    rows.boxes, rows.labels, rows.last = map(np.concatenate,
                                             (rows.boxes, rows.labels, rows.last))
    return rows


@METRICS.register_module()
class AVAMetric(BaseMetric):
    """Mean average precision at an overlap of one half: ``mAP@0.5IOU``.

    Where actions are of several kinds of AVA's, the mean of each kind is given, too. The precision
    of each action goes to the log.

    Args:
        ann_file, exclude_file, label_file, num_classes, custom_classes: as of ``AVADataset``. The
            official evaluation of AVA takes the 60 actions of
            ``ava_action_list_v2.1_for_activitynet_2018.pbtxt``.
        options: what to measure: 'mAP'.
        action_thr: scores that are not above it are no detections.
        collect_device: 'cpu' or 'gpu', what results of several processes travel over.
        prefix: put in front of the names, with a slash.

    Raises:
        InputError: another metric, or files that do not fit.
    """

    def __init__(self, ann_file, exclude_file=None, label_file=None, options=('mAP',),
                 action_thr=0.002, num_classes=81, custom_classes=None, collect_device='cpu',
                 prefix=None):
        super().__init__(collect_device, prefix='ava')    # the engine warns about an empty prefix
        self.prefix = prefix
        options = (options,) if isinstance(options, str) else tuple(options)
        if options != ('mAP',):
            raise InputError(f"AVAMetric: expected 'mAP', the one metric of detection, not "
                             f'{", ".join(map(repr, options)) or "none"}')
        self.truths, self.excluded = read_boxes(ann_file), read_excluded(exclude_file)
        self.label_map = {} if label_file is None else read_label_map(label_file)
        self.columns = class_ids(num_classes, self.label_map or None, custom_classes)
        self.action_thr = action_thr

    def process(self, data_batch, data_samples):
        self.results.extend(_plain(data_batch, data_samples))

    def compute_metrics(self, results):
        found = average_precisions(self.truths, _rows(results, self.columns, self.action_thr),
                                   self.columns, self.excluded)
        if not found:
            raise InputError('AVAMetric: ann_file has no box of an action that counts')
        lines = [f'{label:>4}  {value:6.4f}  {self.label_map.get(label, "")}'.rstrip()
                 for label, value in found.items()]
        print_log('\n'.join(['average precision of each action:', *lines]), logger='current')
        metrics = {'mAP@0.5IOU': float(np.mean(list(found.values())))}
        kinds = {name: [found[i] for i in numbers if i in found] for name, numbers in KINDS.items()}
        if sum(map(bool, kinds.values())) > 1:
            metrics.update({f'mAP@0.5IOU_{name}': float(np.mean(values))
                            for name, values in kinds.items() if values})
        return metrics


@METRICS.register_module()
class DetectionDump(BaseMetric):
    """Writes what was found in a whole data set to a file, beside what is measured.

    ``.csv`` is the form of AVA's challenge, ``video,second,x0,y0,x1,y1,action,score`` with three
    decimals, boxes as shares of the frame. ``.pkl`` is a dict with all digits: ``frames`` holds a
    dict a moment, ``img_key`` ('VIDEO,0902'), ``bboxes`` [k, 4] and ``scores`` [k, columns]
    (``columns`` says which action each is of).

    Args:
        out: path.
        num_classes, label_file, custom_classes: as of ``AVADataset``.
        action_thr: scores that are not above it are left out of a CSV file.
        config, checkpoint: to be found in a pickle.
        collect_device: 'cpu' or 'gpu', what results of several processes travel over.
    """

    def __init__(self, out, num_classes=81, label_file=None, custom_classes=None, action_thr=0.002,
                 config='', checkpoint='', collect_device='cpu'):
        super().__init__(collect_device, prefix='detections')
        self.out = Path(out)
        if self.out.suffix not in ('.csv', '.pkl', '.pickle'):
            raise InputError(f'{out}: detections are kept in files that end with .csv, .pkl or '
                             f'.pickle, not {self.out.suffix!r}')
        label_map = None if label_file is None else read_label_map(label_file)
        self.columns = class_ids(num_classes, label_map, custom_classes)
        self.action_thr = action_thr
        self.head = dict(config=str(config), checkpoint=str(checkpoint))

    def process(self, data_batch, data_samples):
        self.results.extend(_plain(data_batch, data_samples))

    def compute_metrics(self, results):
        """Runs in the first process only. Names no metric: the file is the result."""
        results = sorted(_each_once(results), key=lambda result: result['img_key'])
        with replacing(self.out) as draft:
            if self.out.suffix == '.csv':
                draft.write_text(as_csv(_rows(results, self.columns, self.action_thr)))
            else:
                frames = [dict(r, bboxes=r['bboxes'].astype(np.float32)) for r in results]
                draft.write_bytes(pickle.dumps(dict(
                    format=FORMAT, version=1, **self.head, columns=self.columns, frames=frames),
                    protocol=4))
        return {}


def as_csv(rows):
    """Detections in the form of AVA's challenge."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    for key, box, label, score in zip(rows.keys, rows.boxes.tolist(), rows.labels.tolist(),
                                      rows.last.tolist(), strict=True):
        video, _, second = key.rpartition(',')
        writer.writerow([video, frame_key('', second)[1:], *(f'{v:.3f}' for v in box), label,
                         f'{score:.3f}'])
    return text.getvalue()
