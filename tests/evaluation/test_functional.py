import json
from pathlib import Path

import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.evaluation import functional as F

DATA = Path(__file__).parent.parent / 'data' / 'evaluation'


def recorded(name):
    return json.loads((DATA / f'{name}.json').read_text())['cases']


CLASSIFICATION = recorded('metric_classification')
MULTILABEL = recorded('metric_multilabel')
FUSION = recorded('score_fusion')


@pytest.mark.parametrize('case', CLASSIFICATION)
def test_single_label_metrics_match_the_recorded_ones(case):
    scores, labels = np.array(case['scores']), np.array(case['labels'])
    # Order among equal scores depends on the processor that numpy sorts with: k=1 of that case.
    known = {int(k): v for k, v in case['top_k_accuracy'].items()
             if not ('ties' in case.get('note', '') and k == '1')}
    assert F.top_k_accuracy(scores, labels, list(known)) == pytest.approx(
        list(known.values()), abs=1e-8)
    assert F.mean_class_accuracy(scores, labels) == pytest.approx(
        case['mean_class_accuracy'], abs=1e-8)
    for name, matrix in case['confusion_matrix'].items():
        normalize = None if name == 'None' else name
        np.testing.assert_allclose(
            F.confusion_matrix(scores.argmax(1), labels, normalize), matrix, atol=1e-8)


@pytest.mark.parametrize('case', [c for c in CLASSIFICATION if 'top_k_classes' in c])
def test_top_k_classes_and_softmax_match_the_recorded_ones(case):
    scores, labels = np.array(case['scores']), np.array(case['labels'])
    classes = np.union1d(labels, scores.argmax(1))
    every = dict(F.top_k_classes(scores, labels, k=len(classes)))
    for mode, pairs in case['top_k_classes'].items():
        ours = F.top_k_classes(scores, labels, len(pairs), mode)
        assert [r for _, r in ours] == pytest.approx([r for _, r in pairs])
        # The record counts classes among those that occur; ours are class numbers. Which of
        # equally good classes comes first is not fixed.
        for place, recall in pairs:
            assert every[classes[place]] == pytest.approx(recall)
    np.testing.assert_allclose(F.softmax(scores), case['softmax'], atol=1e-6)


@pytest.mark.parametrize('case', MULTILABEL)
def test_multi_label_metrics_match_the_recorded_ones(case):
    scores, labels = np.array(case['scores']), np.array(case['labels'])
    assert F.mean_average_precision(scores, labels) == pytest.approx(
        case['mean_average_precision'], abs=1e-8)
    assert F.mmit_mean_average_precision(scores, labels) == pytest.approx(
        case['mmit_mean_average_precision'], abs=1e-8)
    curve = case['binary_precision_recall_curve_of_column_0']
    ours = F.binary_precision_recall_curve(scores[:, 0], labels[:, 0])
    for name, values in zip(('precision', 'recall', 'thresholds'), ours, strict=True):
        np.testing.assert_allclose(values, curve[name], atol=1e-8)


@pytest.mark.parametrize('case', FUSION)
def test_fusion_matches_the_recorded_one(case):
    streams = [np.array(s) for s in case['scores']]
    if case['apply_softmax']:
        streams = [F.softmax(s) for s in streams]
    fused = F.get_weighted_score(streams, case['coefficients'])
    np.testing.assert_allclose(fused[[0, -1]], case['fused_rows'], atol=1e-6)
    assert fused.mean() == pytest.approx(case['fused_mean'], abs=1e-6)
    assert np.linalg.norm(fused) == pytest.approx(case['fused_l2'], rel=1e-6)
    assert F.mean_class_accuracy(fused, case['labels']) == pytest.approx(
        case['mean_class_accuracy'], abs=1e-8)
    assert F.top_k_accuracy(fused, case['labels'], (1, 5)) == pytest.approx(
        [case['top_1'], case['top_5']], abs=1e-8)


@pytest.mark.parametrize('scores, k, expected', [
    ([[0.1, 0.7, 0.2]], 1, 0.0),
    ([[0.1, 0.7, 0.2]], 2, 1.0),
    ([[0.1, 0.7, 0.2]], 9, 1.0),          # more than there are classes
    ([[0.5, 0.5, 0.9]], 1, 1.0),
    ([[0.9, 0.9, 0.5]], 2, 0.0),
    ([[0.5, 0.5, 0.5]], 3, 1.0),
    ([[0.0, 0.0, np.nan]], 2, 0.0),       # a NaN is never right
    ([[0.0, 0.0, np.nan]], 3, 0.0),
    ([[np.nan, 0.0, 1.0]], 1, 1.0),
])
def test_top_k_of_label_two(scores, k, expected):
    assert F.top_k_accuracy(scores, [2], (k,)) == [expected]


def test_class_that_is_only_predicted_counts_as_zero():
    # Labels 0, 0; predictions 0, 2: recall of 0 is a half, class 2 has none, class 1 is not there.
    scores = [[0.9, 0.0, 0.1], [0.2, 0.1, 0.7]]
    assert F.mean_class_accuracy(scores, [0, 0]) == 0.25
    assert F.top_k_classes(scores, [0, 0]) == [(0, 0.5), (2, 0.0)]


def test_softmax_of_large_logits_along_another_axis():
    np.testing.assert_allclose(F.softmax([[1000.0, 0.0], [1000.0, 0.0]], dim=0), 0.5)
    np.testing.assert_allclose(F.softmax([[1000.0, 0.0]]), [[1.0, 0.0]])


def test_average_precision_of_equal_scores_is_the_share_of_positives():
    labels = [[1, 0], [0, 1], [0, 1], [0, 1]]
    assert F.mean_average_precision(np.zeros((4, 2)), labels) == pytest.approx((0.25 + 0.75) / 2)


def test_samples_without_a_label_are_left_out_of_mmit_average():
    scores = [[0.9, 0.1], [0.9, 0.1]]
    assert F.mmit_mean_average_precision(scores, [[0, 1], [0, 0]]) == 0.5


@pytest.mark.parametrize('call, message', [
    (lambda: F.top_k_accuracy([[1.0, 0.0]], [2]), 'label 2 of sample 0 is out of range: 2 classes'),
    (lambda: F.top_k_accuracy([[1.0, 0.0]], [-1]), 'label -1'),
    (lambda: F.top_k_accuracy([[1.0, 0.0]], [0.5]), 'class numbers'),
    (lambda: F.top_k_accuracy([[1.0, 0.0]], [0, 1]), r'\[1, 2\] and \[2\]'),
    (lambda: F.mean_class_accuracy(np.zeros((0, 3)), np.zeros(0, int)), 'N > 0'),
    (lambda: F.confusion_matrix([0, 1], [0]), '2 predictions for 1 labels'),
    (lambda: F.confusion_matrix([0.5], [0]), 'y_pred must be'),
    (lambda: F.confusion_matrix([0], [0], 'rows'), "normalize='rows'"),
    (lambda: F.top_k_classes([[1.0]], [0], mode='best'), "mode='best'"),
    (lambda: F.get_weighted_score([np.zeros((2, 3))], [1, 1]), '1 scores need as many'),
    (lambda: F.get_weighted_score([np.zeros((2, 3)), np.zeros((2, 4))], [1, 1]),
     r'\[2, 3\], \[2, 4\]'),
    (lambda: F.mean_average_precision(np.zeros((2, 3)), np.zeros((2, 3))), 'at least one'),
    (lambda: F.mean_average_precision(np.zeros((2, 3)), np.zeros(2)), 'many-hot'),
])
def test_wrong_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
