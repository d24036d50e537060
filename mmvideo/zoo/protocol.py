"""How the figures of a row were measured: which tests give which of them."""
from typing import NamedTuple

from mmvideo.errors import InputError
from mmvideo.evaluation.accuracy import MULTI_LABEL

from .rows import CROPS

__all__ = ['TITLES', 'Pass', 'passes', 'published']

# Fields of a row that a test measures, in the words of the page.
TITLES = dict(top1='top-1', top5='top-5', mean_class='mean class', mean_ap='mAP')
# What AccMetric takes and gives for them.
METRICS = dict(top1=('top_k_accuracy', 'top1_acc'), top5=('top_k_accuracy', 'top5_acc'),
               mean_class=('mean_class_accuracy', 'mean_class_accuracy'))


class Pass(NamedTuple):
    """One test of a row.

    Args:
        name: such as 'efficient'; '' for the only one.
        pipeline: of the test.
        figures: published ones in percent, by field; see :data:`TITLES`.
    """
    name: str
    pipeline: list
    figures: dict

    @property
    def is_multi_label(self):
        return 'mean_ap' in self.figures

    def metrics(self, cfg):
        """``{field: (name for AccMetric, name among its results)}``.

        Args:
            cfg: the config, whose evaluator tells which average precision is meant.
        """
        evaluators = cfg.get('test_evaluator') or []
        evaluators = evaluators if isinstance(evaluators, (list, tuple)) else [evaluators]
        named = [name for e in evaluators for name in e.get('metric_list', [])]
        precision = next((name for name in named if name in MULTI_LABEL), MULTI_LABEL[0])
        return {field: METRICS.get(field, (precision, precision)) for field in self.figures}


def passes(row, weights=0):
    """The tests that give the figures of a row with a network of its own.

    Rows of two figures are measured twice: by the efficient test, which is their recipe's
    validation (one center crop), and by the accurate one, which is its test. Figures of 10 views
    are of the middle one of three crops.

    Args:
        row: :class:`~mmvideo.zoo.Row`.
        weights: which of the row's weights is tested; a row of several has a figure for each.

    Raises:
        InputError: the row has no test, or no figure that a test measures.
    """
    if row.view is None:
        raise InputError(f'{row.title} has no network and no test: the table only quotes figures '
                         'of other rows there')
    steps, loader = row.test_pipeline, row.cfg.test_dataloader
    if isinstance(row.get('top1'), (tuple, list)) and \
            any(step.get('twice_sample') for step in steps):
        efficient = row.cfg.val_dataloader.dataset.pipeline
        found = [Pass('efficient', list(efficient), published(row, 0)),
                 Pass('accurate', steps, published(row, 1))]
    else:
        found = [Pass('', steps, published(row, weights))]
    if row.get('top1_10_views') is not None:
        crop = next(step for step in steps if step['type'] in CROPS)
        middle = dict(type='CenterCrop', crop_size=crop['crop_size'])
        found = [found[0]._replace(name=f'{row.view.count} views'),
                 Pass('10 views', [middle if step is crop else step for step in steps],
                      dict(top1=row.get('top1_10_views')))]
    if not found[0].figures or loader is None:
        raise InputError(f'{row.title} has no published figure that a test measures')
    return found


def published(row, place=0):
    """Figures of a row in percent, by field.

    Args:
        place: which of them, where the row has several.
    """
    found = {}
    for field in TITLES:
        value = row.get(field)
        if isinstance(value, (tuple, list)):
            value = value[min(place, len(value) - 1)]
        if isinstance(value, (int, float)):
            found[field] = float(value)
    return found
