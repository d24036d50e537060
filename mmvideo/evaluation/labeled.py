"""Scores that were kept in a file, with the label of each sample: metrics without the network."""
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS

from .accuracy import AccMetric

__all__ = ['labels_of', 'measure', 'test_list']


def labels_of(file, dataset=None):
    """The label of each sample of a score file, in the file's order.

    Args:
        file: ScoreFile; its own labels count, if it has all.
        dataset: one with ``records`` and ``names``, for files of older tools, which keep bare
            vectors. Samples are found by name where the file has names, else by their order.

    Raises:
        InputError: no labels, or file and data set hold different samples.
    """
    if file.is_labeled:
        return list(file.labels)
    if dataset is None:
        raise InputError(f'{file.path}: holds no labels; a config whose test list has them is '
                         'needed')
    if len(dataset.records) != len(file):
        raise InputError(f'{file.path}: {len(file)} samples, {dataset.ann_file} has '
                         f'{len(dataset.records)}')
    place = range(len(file))
    if file.names is not None and file.names != dataset.names:
        known = {name: i for i, name in enumerate(dataset.names)}
        absent = [name for name in file.names if name not in known]
        if absent or len(known) != len(file):
            raise InputError(f'{file.path}: its samples are not those of {dataset.ann_file}; '
                             + (f'{absent[0]!r} is not in it' if absent else
                                'some names occur more than once in it'))
        place = [known[name] for name in file.names]
    labels = [dataset.records[i]['label'] for i in place]
    unlabeled = [i for i, label in zip(place, labels, strict=True) if label == -1]
    if unlabeled:
        raise InputError(f'{dataset.origin(unlabeled[0])}: has no label')
    return labels


def measure(scores, labels, metrics, metric_options=None, source='the scores'):
    """Accuracies of scores that are at hand, by name, as :class:`AccMetric` gives them in a test.

    Args:
        scores: [N, C].
        labels: one a sample: a class number, or a list of class numbers.
        metrics: names, see :class:`AccMetric`.
        metric_options: keyword arguments by metric.
        source: where the scores are from, for messages.
    """
    metric = AccMetric(metrics, metric_options)
    metric.process(None, [
        dict(score=score,
             label=_many_hot(label, len(score), source) if isinstance(label, (list, tuple))
             else label)
        for score, label in zip(scores, labels, strict=True)])
    return metric.compute_metrics(metric.results)


def test_list(cfg):
    """The data set that a config tests, without its pipeline; None if it tests nothing."""
    loader = cfg.get('test_dataloader')
    return loader and DATASETS.build({**loader.dataset, 'pipeline': [], 'test_mode': True})


def _many_hot(classes, num_classes, source):
    wrong = [label for label in classes if not 0 <= label < num_classes]
    if wrong:
        raise InputError(f'{source}: label {wrong[0]} is out of range; {num_classes} classes are '
                         'scored')
    return [float(i in classes) for i in range(num_classes)]
