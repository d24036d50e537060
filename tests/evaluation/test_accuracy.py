import numpy as np
import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.evaluation.accuracy import AccMetric, plain_sample
from mmvideo.evaluation.functional import mean_average_precision
from mmvideo.registry import METRICS


def sample(scores, label, index=None):
    out = {'score': torch.tensor(scores), 'label': torch.tensor(label)}
    return out if index is None else {**out, 'sample_index': index}


SIX = [[0.1, 0.5, 0.2, 0.9, 0.3, 0.0],   # ranks 3 1 4 2 0 5
       [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]]   # ranks 0 1 2 3 4 5


def evaluate(metric, samples):
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def test_default_names_and_values():
    out = evaluate(METRICS.build(dict(type='AccMetric')),
                   [sample(SIX[0], [3], 0), sample(SIX[1], [5], 1)])
    # Sample 0 is right, sample 1 has its label last. Classes: 3 (1), 5 (0), 0 (predicted only, 0).
    assert out == {'top1_acc': 0.5, 'top5_acc': 0.5, 'mean_class_accuracy': pytest.approx(1 / 3)}
    assert all(type(v) is float for v in out.values())


@pytest.mark.parametrize('topk, expected', [
    ((1, 5), {'top1_acc': 0.0, 'top3_acc': 1.0}),   # 5 is cut to the three classes, and so is named
    (2, {'top2_acc': 1.0}),
    ([1, 3, 7], {'top1_acc': 0.0, 'top3_acc': 1.0}),
])
def test_k_is_cut_to_the_class_count(topk, expected):
    metric = AccMetric('top_k_accuracy', dict(top_k_accuracy=dict(topk=topk)))
    assert evaluate(metric, [sample([0.1, 0.7, 0.2], 2)]) == expected


def test_views_are_averaged_by_mean():
    metric = AccMetric('top_k_accuracy', dict(top_k_accuracy=dict(topk=1)))
    # Two of three views say class 0, the mean says class 1.
    views = [[0.6, 0.4], [0.6, 0.4], [0.0, 1.0]]
    assert evaluate(metric, [sample(views, [1])]) == {'top1_acc': 1.0}


def test_a_sample_that_two_processes_scored_counts_once():
    metric = AccMetric('top_k_accuracy', dict(top_k_accuracy=dict(topk=1)))
    right, wrong = [1.0, 0.0], [0.0, 1.0]
    samples = [sample(right, 0, 0), sample(wrong, 0, 1), sample(right, 0, 0), sample(right, 0, 0)]
    assert evaluate(metric, samples) == {'top1_acc': 0.5}


def test_without_index_every_sample_counts():
    metric = AccMetric('top_k_accuracy', dict(top_k_accuracy=dict(topk=1)))
    samples = [sample([1.0, 0.0], 0)] * 3 + [sample([0.0, 1.0], 0)]
    assert evaluate(metric, samples) == {'top1_acc': 0.75}


def test_multi_label_names_and_values():
    metric = AccMetric(['mean_average_precision', 'mmit_mean_average_precision'], prefix='val')
    out = evaluate(metric, [sample([0.9, 0.1], [0.0, 1.0]), sample([0.2, 0.8], [1.0, 1.0])])
    # Classes: 0 is found second of two (0.5), 1 is there in both (1). Samples: 0.5 and 1.
    assert out == {'val/mean_average_precision': 0.75, 'val/mmit_mean_average_precision': 0.75}


def test_class_numbers_work_for_average_precision_too():
    metric = AccMetric('mmit_mean_average_precision')
    assert evaluate(metric, [sample([0.9, 0.1, 0.0], [1])]) == {'mmit_mean_average_precision': 0.5}


def test_results_are_cleared_between_epochs():
    metric = AccMetric('mean_class_accuracy')
    evaluate(metric, [sample([1.0, 0.0], 1)])
    assert evaluate(metric, [sample([1.0, 0.0], 0)]) == {'mean_class_accuracy': 1.0}


def test_half_precision_and_number_labels():
    kept = plain_sample({'score': torch.ones(3, dtype=torch.bfloat16), 'label': 2})
    assert kept['score'].tolist() == [1, 1, 1] and kept['label'] == 2
    assert kept['sample_index'] is None
    assert plain_sample({'score': np.ones(3), 'label': torch.tensor([1.0])})['label'].shape == (1,)


@pytest.mark.parametrize('arguments, message', [
    (dict(metric_list='top_k_acuracy'), "no metric 'top_k_acuracy'; did you mean 'top_k_accuracy'"),
    (dict(metric_list=['recall']), 'metric_list takes top_k_accuracy, mean_class_accuracy'),
    (dict(metric_options=dict(top_k=dict(topk=1))), "no metric 'top_k'; did you mean"),
    (dict(metric_options=dict(top_k_accuracy=dict(k=1))), "takes no option 'k'"),
    (dict(metric_options=dict(top_k_accuracy=dict(topk=(0,)))), 'above 0'),
])
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        AccMetric(**arguments)


@pytest.mark.parametrize('name, samples, message', [
    ('top_k_accuracy', [{'score': torch.ones(2)}], 'no label'),
    ('top_k_accuracy', [{'feature': torch.ones(2), 'label': torch.tensor([0])}],
     'gives features, no scores .cls_head is missing.* kept with --out'),
    ('top_k_accuracy', [sample([0.1, 0.9], -1)], 'no label'),
    ('top_k_accuracy', [sample([0.1, 0.9], [1.0, 1.0])], 'one label a sample'),
    ('top_k_accuracy', [sample([0.1, 0.9], [2])], 'label 2 of sample 0 is out of range'),
    ('mean_average_precision', [sample([0.1, 0.9], [1.0, 1.0, 0.0])], '3 classes for scores of 2'),
    ('mean_average_precision', [sample([0.1, 0.9], 2)], 'label 2 is out of range'),
    ('top_k_accuracy', [], 'no sample'),
])
def test_labels_that_cannot_be_measured_are_refused(name, samples, message):
    with pytest.raises(InputError, match=message):
        evaluate(AccMetric(name), samples)


def tag_samples():
    """Four samples of two categories, 2 and 3 tags; the last lacks the second one."""
    draws = np.random.default_rng(0)
    scores = draws.random((4, 5))
    labels = np.array([[1, 0, 0, 1, 0], [0, 1, 1, 0, 0], [1, 0, 0, 0, 1], [0, 1, 0, 0, 0]])
    return scores, labels, np.array([[1, 1], [1, 1], [1, 1], [1, 0]], np.float32)


def tag_metric():
    metric = AccMetric('mean_average_precision')
    metric.dataset_meta = dict(tag_categories=['action', 'scene'], tag_category_nums=[2, 3])
    return metric


def test_tags_are_measured_by_category_where_they_are_annotated():
    scores, labels, known = tag_samples()
    metric = tag_metric()
    for part in (slice(0, 3), slice(3, 4)):
        metric.process(dict(category_mask=torch.tensor(known[part])),
                       [sample(score, label.astype(float), i) for i, (score, label)
                        in enumerate(zip(scores[part], labels[part], strict=True), part.start)])
    found = metric.evaluate(4)
    action = mean_average_precision(scores[:, :2], labels[:, :2])
    scene = mean_average_precision(scores[:3, 2:], labels[:3, 2:])
    assert found == pytest.approx({'action_mAP': action, 'scene_mAP': scene,
                                   'mean_average_precision': (action + scene) / 2})
    assert scene != mean_average_precision(scores[:, 2:], labels[:, 2:])


def test_tags_by_category_need_to_know_what_is_annotated():
    scores, labels, known = tag_samples()
    samples = [sample(score, label.astype(float)) for score, label
               in zip(scores, labels, strict=True)]
    with pytest.raises(InputError, match="needs 'category_mask'; the test pipeline must have"):
        tag_metric().process({}, samples)
    metric = tag_metric()
    metric.dataset_meta = dict(metric.dataset_meta, tag_category_nums=[2, 2])
    metric.process(dict(category_mask=torch.tensor(known)), samples)
    with pytest.raises(InputError, match='the data set has 4 tags, 5 are scored'):
        metric.evaluate(4)
