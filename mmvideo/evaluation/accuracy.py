"""The metrics of a recognizer, as the evaluator of the engine calls them."""
import numpy as np
from mmengine.evaluator import BaseMetric

from mmvideo.errors import InputError
from mmvideo.registry import METRICS, nearest

from . import functional

__all__ = ['AccMetric', 'as_array', 'collected', 'plain_sample', 'plain_samples']

SINGLE_LABEL = ('top_k_accuracy', 'mean_class_accuracy')
MULTI_LABEL = ('mean_average_precision', 'mmit_mean_average_precision')


def plain_sample(sample):
    """One output of a recognizer as numpy, so that gathering it holds no device memory.

    Args:
        sample: dict with ``score`` [C] or [V, C], or with ``feature`` [C] of a network that has
            no head; and maybe ``label`` (one class number, or many-hot [C]) and ``sample_index``
            (place in the data set). A label of P moments is [P, C].

    Returns:
        dict: ``score``; ``label``, an int, an array [C], [P, C] or None;
        ``sample_index``, an int or None.
    """
    score = as_array(sample['score'] if 'score' in sample else sample['feature'])
    if score.ndim == 2 and len(score) == 1:     # one view that was not averaged
        score = score[0]
    label = sample.get('label')
    if label is not None:
        label = as_array(label)
        is_number = label.size == 1 and label.dtype.kind in 'iu'
        is_timed = label.ndim == 2 and len(label) > 1
        label = int(label.reshape(())) if is_number else label if is_timed else label.reshape(-1)
        if is_number and label < 0:  # the data sets' mark for a sample without a label
            label = None
    index = sample.get('sample_index')
    return dict(score=score, label=label, sample_index=None if index is None else int(index))


def plain_samples(data_batch, data_samples):
    """Outputs of a batch as of :func:`plain_sample`, each with ``is_bad``: whether it stands for a
    file that could not be loaded, as ``data_batch`` says.
    """
    data_samples = list(data_samples)
    marks = data_batch.get('is_bad') if isinstance(data_batch, dict) else None
    marks = [False] * len(data_samples) if marks is None else marks
    return [dict(plain_sample(sample), is_bad=bool(mark))
            for sample, mark in zip(data_samples, marks, strict=True)]


def as_array(value):
    """A tensor on any device, or what numpy takes, as an array; bfloat16 becomes float32."""
    value = value.detach().cpu() if hasattr(value, 'detach') else value
    if str(getattr(value, 'dtype', '')) == 'torch.bfloat16':  # numpy has no such type
        value = value.float()
    return np.asarray(value)


def collected(samples):
    """Samples gathered from all processes, in the order of the data set and each counted once.

    A distributed sampler repeats some samples so that all processes get the same number. Those that
    stand for files that could not be loaded get scores that are wrong by any measure: below all
    others, and lowest for the classes of the label.
    """
    samples = _with_wrong_scores(samples)
    if any(s['sample_index'] is None for s in samples):
        return list(samples)
    unique = {s['sample_index']: s for s in samples}
    return [unique[i] for i in sorted(unique)]


def _with_wrong_scores(samples):
    if not any(s.get('is_bad') for s in samples):
        return samples
    lowest = min((float(s['score'].min()) for s in samples if not s['is_bad']), default=0.) - 1
    return [dict(s, score=_wrong_scores(s, lowest)) if s['is_bad'] else s for s in samples]


def _wrong_scores(sample, lowest):
    score = np.full_like(sample['score'], lowest)
    label = sample['label']
    if isinstance(label, int):
        score[..., label] = lowest - 1
    elif label is not None and label.ndim == 2:
        score.reshape(-1, *label.shape)[:, label > 0] = lowest - 1
    elif label is not None:
        score[..., np.flatnonzero(label)] = lowest - 1
    return score


@METRICS.register_module()
class AccMetric(BaseMetric):
    """Accuracies of a whole data set, as plain floats.

    Results are named ``top1_acc``, ``top5_acc`` (one for each k), ``mean_class_accuracy``,
    ``mean_average_precision`` and ``mmit_mean_average_precision``; these are also the names for
    ``save_best``. A k above the class count is cut to it, and so is its name: top 5 of 4 classes
    is reported as ``top4_acc``.

    Labels [P, C] are of P moments of a video, whose scores [V, C] come un-averaged, crops outside
    and moments inside. Each moment then counts as a sample; of the crops the greatest score counts.

    A data set whose tags have categories (``HVUDataset``) gets ``<category>_mAP`` for each, over
    the samples in which that category was annotated, and their mean as
    ``mean_average_precision``; its pipeline has to collect ``category_mask`` too.

    Args:
        metric_list: which accuracies: 'top_k_accuracy', 'mean_class_accuracy' for one label a
            sample, 'mean_average_precision', 'mmit_mean_average_precision' for several.
        metric_options: keyword arguments by metric name; only ``top_k_accuracy`` has one,
            ``topk``, a number or several. Default (1, 5).
        collect_device: 'cpu' or 'gpu', what results of several processes travel over.
        prefix: put in front of the names, with a slash.

    Raises:
        InputError: unknown metric or option, or labels that the metric cannot be taken of.
    """

    def __init__(self, metric_list=SINGLE_LABEL, metric_options=None, collect_device='cpu',
                 prefix=None):
        super().__init__(collect_device, prefix='acc')  # the engine warns about an empty prefix
        self.prefix = prefix
        self.metric_list = (metric_list,) if isinstance(metric_list, str) else tuple(metric_list)
        known = SINGLE_LABEL + MULTI_LABEL
        for name in self.metric_list:
            if name not in known:
                raise InputError(f'AccMetric: no metric {name!r}; {nearest(name, known)}; '
                                 f'metric_list takes {", ".join(known)}')
        self.topk = _topk(metric_options or {})

    def process(self, data_batch, data_samples):
        """Keep the averaged scores of a batch; un-averaged views [V, C] are averaged here."""
        data_samples = list(data_samples)
        if any('score' not in sample for sample in data_samples):
            raise InputError('AccMetric: the model gives features, no scores (cls_head is missing, '
                             'or test_cfg.feature_extraction is set); they can be kept with --out')
        for sample in plain_samples(data_batch, data_samples):
            if sample['label'] is None:
                raise InputError('AccMetric: a sample has no label; the pipeline must collect it')
            if _is_timed(sample['label']):
                sample['score'] = _of_moments(sample)
            elif sample['score'].ndim == 2:
                sample['score'] = sample['score'].mean(axis=0)
            self.results.append(sample)
        if self.categories:
            self._note_categories(data_batch, self.results[-len(data_samples):])

    @property
    def categories(self):
        """``{name: number of tags}`` where tags have categories and precision is asked for."""
        if 'mean_average_precision' not in self.metric_list:
            return {}
        found = self.dataset_meta or {}
        return dict(zip(found.get('tag_categories', ()), found.get('tag_category_nums', ()),
                        strict=True))

    def _note_categories(self, data_batch, samples):
        if 'category_mask' not in data_batch:
            raise InputError("AccMetric: mean_average_precision of tags by category needs "
                             "'category_mask'; the test pipeline must have LoadHVULabel and "
                             'collect it')
        for sample, mask in zip(samples, data_batch['category_mask'], strict=True):
            sample['annotated'] = as_array(mask).astype(bool)

    def compute_metrics(self, results):
        samples = collected(results)
        if not samples:
            raise InputError('AccMetric: the data set gave no sample')
        if _is_timed(samples[0]['label']):      # a moment is a sample
            samples = [dict(score=score, label=label) for s in samples
                       for score, label in zip(s['score'], s['label'], strict=True)]
        scores = np.stack([s['score'] for s in samples])
        labels = [s['label'] for s in samples]
        metrics = {}
        for name in self.metric_list:
            if name == 'mean_average_precision' and self.categories:
                annotated = np.stack([s['annotated'] for s in samples])
                metrics.update(_by_category(scores, _many_hot(labels, scores.shape), annotated,
                                            self.categories))
            elif name in MULTI_LABEL:
                metrics[name] = getattr(functional, name)(scores, _many_hot(labels, scores.shape))
            elif not all(isinstance(label, int) for label in labels):
                raise InputError(f'AccMetric: {name} needs one label a sample; samples with '
                                 f'several are measured by {" or ".join(MULTI_LABEL)}')
            elif name == 'top_k_accuracy':
                ks = sorted({min(k, scores.shape[1]) for k in self.topk})
                values = functional.top_k_accuracy(scores, labels, ks)
                metrics.update({f'top{k}_acc': v for k, v in zip(ks, values, strict=True)})
            else:
                metrics[name] = functional.mean_class_accuracy(scores, labels)
        return metrics


def _is_timed(label):
    return isinstance(label, np.ndarray) and label.ndim == 2


def _of_moments(sample):
    """Scores [P, C] of the moments of a video."""
    score, (moments, classes) = sample['score'], sample['label'].shape
    if score.ndim != 2 or len(score) % moments or score.shape[1] != classes:
        raise InputError(f'AccMetric: a label of {moments} moments and {classes} classes for '
                         f'scores {list(score.shape)}; average_clips must be None')
    return score.reshape(-1, moments, classes).max(axis=0)


def _by_category(scores, labels, annotated, categories):
    """Mean average precision of each category that any sample has, and the mean of these.

    Args:
        scores, labels: [N, C], the tags of one category next to each other.
        annotated: [N, categories], whether the tags of a sample are known.
        categories: ``{name: number of tags}``, in the order of the tags.
    """
    found, start = {}, 0
    for known, (name, count) in zip(annotated.T, categories.items(), strict=True):
        tags = slice(start, start + count)
        if known.any():
            found[f'{name}_mAP'] = functional.mean_average_precision(scores[known, tags],
                                                                     labels[known, tags])
        start += count
    if start != scores.shape[1]:
        raise InputError(f'AccMetric: the data set has {start} tags, {scores.shape[1]} are scored')
    if not found:
        raise InputError('AccMetric: no sample has a tag of any category')
    return {**found, 'mean_average_precision': float(np.mean(list(found.values())))}


def _topk(options):
    """The k of ``metric_options``, checked."""
    for name, values in options.items():
        if name not in SINGLE_LABEL + MULTI_LABEL:
            raise InputError(f'AccMetric: metric_options has no metric {name!r}; '
                             f'{nearest(name, SINGLE_LABEL + MULTI_LABEL)}')
        for option in values or {}:
            if (name, option) != ('top_k_accuracy', 'topk'):
                raise InputError(f'AccMetric: {name} takes no option {option!r}')
    topk = (options.get('top_k_accuracy') or {}).get('topk', (1, 5))
    topk = (topk,) if isinstance(topk, int) else tuple(topk)
    if not topk or not all(isinstance(k, int) and k > 0 for k in topk):
        raise InputError(f'AccMetric: topk={topk!r}: whole numbers above 0 are expected')
    return topk


def _many_hot(labels, shape):
    """Labels as [N, C]; class numbers become one-hot."""
    rows = np.zeros(shape)
    for row, label in zip(rows, labels, strict=True):
        if isinstance(label, int):
            if not 0 <= label < shape[1]:
                raise InputError(f'label {label} is out of range: {shape[1]} classes are scored')
            row[label] = 1
        elif label.shape != row.shape:
            raise InputError(f'AccMetric: a label of {label.size} classes for scores of '
                             f'{shape[1]}; num_classes of data set and head must agree')
        else:
            row[:] = label
    return rows
