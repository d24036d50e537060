"""Accuracies over arrays of scores and labels, and the weighted sum that fuses streams.

All functions take one row of scores a sample and do not care whether these are logits or
probabilities.
"""
import numpy as np

from mmvideo.errors import InputError

__all__ = ['binary_precision_recall_curve', 'confusion_matrix', 'get_weighted_score',
           'mean_average_precision', 'mean_class_accuracy', 'mmit_mean_average_precision',
           'softmax', 'top_k_accuracy', 'top_k_classes']

NORMALIZE = (None, 'true', 'pred', 'all')


def softmax(x, dim=1):
    """Probabilities from logits along one axis, without overflow for large logits.

    Args:
        x: logits of any shape.
        dim: the class axis.
    """
    x = np.asarray(x, dtype=np.float64)
    shifted = np.exp(x - x.max(axis=dim, keepdims=True))
    return shifted / shifted.sum(axis=dim, keepdims=True)


def get_weighted_score(scores, coeffs):
    """Fuse streams: the sum of their scores, each times its coefficient.

    Args:
        scores: one array [N, C] a stream, samples in the same order.
        coeffs: one factor a stream.

    Returns:
        Array [N, C], float64.

    Raises:
        InputError: the numbers of streams and coefficients, or the shapes, differ.
    """
    if len(scores) != len(coeffs):
        raise InputError(f'{len(scores)} scores need as many coefficients, not {len(coeffs)}')
    streams = [np.asarray(score, dtype=np.float64) for score in scores]
    shapes = sorted({stream.shape for stream in streams})
    if len(shapes) != 1:
        raise InputError('scores to be fused have different shapes: '
                         + ', '.join(str(list(shape)) for shape in shapes))
    return np.tensordot(np.asarray(coeffs, dtype=np.float64), np.stack(streams), axes=1)


def _rows(scores, labels):
    """Scores as [N, C] and labels as [N] integers, with every label a column of the scores."""
    scores, labels = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or not len(labels):
        raise InputError(f'scores [N, C] and labels [N] with N > 0 are expected, not '
                         f'{list(scores.shape)} and {list(labels.shape)}')
    if labels.dtype.kind not in 'iu':
        raise InputError(f'labels must be class numbers, not {labels.dtype}')
    wrong = np.flatnonzero((labels < 0) | (labels >= scores.shape[1]))
    if len(wrong):
        raise InputError(f'label {labels[wrong[0]]} of sample {wrong[0]} is out of range: '
                         f'{scores.shape[1]} classes are scored, labels start at 0')
    return scores, labels


def top_k_accuracy(scores, labels, topk=(1,)):
    """Share of samples whose label is among the k largest scores.

    Which of several equal scores comes first is left to ``np.argsort``, as it was when the
    published tables were measured.

    Args:
        scores: [N, C].
        labels: [N] class numbers.
        topk: the k of interest; a k above C counts every sample.

    Returns:
        list[float]: one share for each k.
    """
    scores, labels = _rows(scores, labels)
    # A NaN must never make a sample count as right, and sorting puts it above all numbers.
    order = np.argsort(np.where(np.isnan(scores), -np.inf, scores), axis=1)[:, ::-1]
    rank = (order == labels[:, None]).argmax(axis=1)
    rank[np.isnan(scores[np.arange(len(labels)), labels])] = scores.shape[1]
    return [float((rank < k).mean()) for k in np.atleast_1d(topk)]


def confusion_matrix(y_pred, y_real, normalize=None):
    """How often each true class (row) was taken for each class (column).

    Rows and columns are the classes that occur among predictions or labels, in ascending order.

    Args:
        y_pred: [N] predicted class numbers.
        y_real: [N] true class numbers.
        normalize: None for counts; 'true' divides by the row, 'pred' by the column, 'all' by N.
            A row or column without a sample stays 0.
    """
    if normalize not in NORMALIZE:
        raise InputError(f'normalize={normalize!r}: one of {NORMALIZE} is expected')
    y_pred, y_real = np.asarray(y_pred), np.asarray(y_real)
    for name, y in (('y_pred', y_pred), ('y_real', y_real)):
        if y.ndim != 1 or y.dtype.kind not in 'iu':
            raise InputError(f'{name} must be [N] class numbers, not {y.dtype} {list(y.shape)}')
    if len(y_pred) != len(y_real):
        raise InputError(f'{len(y_pred)} predictions for {len(y_real)} labels')
    classes, place = np.unique(np.concatenate([y_real, y_pred]), return_inverse=True)
    real, pred = place[:len(y_real)], place[len(y_real):]
    size = len(classes)
    counts = np.bincount(real * size + pred, minlength=size * size).reshape(size, size)
    if normalize is None:
        return counts
    total = {'true': counts.sum(axis=1, keepdims=True), 'pred': counts.sum(axis=0, keepdims=True),
             'all': counts.sum()}[normalize]
    return counts / np.maximum(total, 1)


def _recalls(scores, labels):
    """Classes that occur as a label or a prediction, and the recall of each (0 without a label)."""
    scores, labels = _rows(scores, labels)
    predictions = scores.argmax(axis=1)
    matrix = confusion_matrix(predictions, labels, normalize='true')
    return np.union1d(labels, predictions), matrix.diagonal()


def mean_class_accuracy(scores, labels):
    """Recall averaged over the classes that occur among labels or predictions.

    A class that is only ever predicted, wrongly, counts as 0: the published tables were measured
    like that.
    """
    return float(_recalls(scores, labels)[1].mean())


def top_k_classes(scores, labels, k=10, mode='accurate'):
    """The classes that are recognized best, or worst.

    Args:
        scores: [N, C].
        labels: [N] class numbers.
        k: how many classes to name.
        mode: 'accurate' for the highest recall first, 'inaccurate' for the lowest.

    Returns:
        list[tuple(int, float)]: class number and recall; equal recalls by class number.
    """
    if mode not in ('accurate', 'inaccurate'):
        raise InputError(f'mode={mode!r}: "accurate" or "inaccurate" is expected')
    classes, recalls = _recalls(scores, labels)
    order = np.argsort(-recalls if mode == 'accurate' else recalls, kind='stable')[:k]
    return [(int(classes[i]), float(recalls[i])) for i in order]


def binary_precision_recall_curve(y_score, y_true):
    """Precision and recall at every distinct score, from the lowest threshold that finds all.

    Args:
        y_score: [N] scores of one class.
        y_true: [N] 1 where the class is present, else 0.

    Returns:
        tuple of arrays: precision [K + 1] and recall [K + 1], closed by the point (1, 0), and the
        ascending thresholds [K]. Recall is NaN where nothing is present.
    """
    y_score, y_true = np.asarray(y_score), np.asarray(y_true).astype(bool)
    if y_score.ndim != 1 or y_score.shape != y_true.shape:
        raise InputError(f'y_score and y_true must be [N] both, not {list(y_score.shape)} and '
                         f'{list(y_true.shape)}')
    order = np.argsort(-y_score, kind='stable')
    y_score, y_true = y_score[order], y_true[order]
    last = np.append(np.flatnonzero(np.diff(y_score)), len(y_score) - 1)  # of each equal run
    hits = np.cumsum(y_true)[last]
    precision = hits / (last + 1)
    with np.errstate(invalid='ignore'):
        recall = hits / hits[-1]
    stop = np.searchsorted(hits, hits[-1]) + 1
    return (np.append(precision[:stop][::-1], 1.0), np.append(recall[:stop][::-1], 0.0),
            y_score[last][:stop][::-1])


def _average_precision(y_score, y_true):
    """Step-wise area under one precision-recall curve; NaN where nothing is present."""
    precision, recall, _ = binary_precision_recall_curve(y_score, y_true)
    return float(-(np.diff(recall) * precision[:-1]).sum())


def _mean_precision(scores, labels, axis):
    scores, labels = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if scores.ndim != 2 or scores.shape != labels.shape or not scores.size:
        raise InputError(f'scores and many-hot labels must be [N, C] both, not '
                         f'{list(scores.shape)} and {list(labels.shape)}')
    if axis == 1:
        scores, labels = scores.T, labels.T
    values = [_average_precision(s, y) for s, y in zip(scores, labels, strict=True) if y.any()]
    if not values:
        raise InputError('average precision needs at least one sample with a label')
    return float(np.mean(values))


def mean_average_precision(scores, labels):
    """Average precision of each class over the samples, averaged over the classes that occur.

    Args:
        scores: [N, C].
        labels: [N, C] many-hot.
    """
    return _mean_precision(scores, labels, axis=1)


def mmit_mean_average_precision(scores, labels):
    """Average precision of each sample over the classes, averaged over the samples with a label.

    The measure of Multi-Moments in Time (arXiv:1911.00232): are a video's own actions ranked first?

    Args:
        scores: [N, C].
        labels: [N, C] many-hot.
    """
    return _mean_precision(scores, labels, axis=0)
