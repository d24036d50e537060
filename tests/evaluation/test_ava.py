"""Detection as AVA measures it: recorded cases of the official evaluation, others by hand."""
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from mmvideo.ava_files import Boxes, read_boxes, read_excluded, read_label_map
from mmvideo.errors import InputError, MissingFileError
from mmvideo.evaluation import AVAMetric, DetectionDump
from mmvideo.evaluation.ava import average_precision, average_precisions, hits, overlaps

CASES = json.loads((Path(__file__).parents[1] / 'data/evaluation/metric_ava_map.json').read_text())
CASES = CASES['cases']
BOX = [0.1, 0.1, 0.5, 0.5]
FAR = [0.6, 0.6, 0.9, 0.9]


def rows(*given):
    """Boxes of tuples (moment, box, action, score or person)."""
    keys, boxes, labels, last = zip(*given, strict=True) if given else ((), (), (), ())
    return Boxes(list(keys), np.array(boxes, float).reshape(-1, 4), np.array(labels, int),
                 np.array(last, float))


def write_map(path, names):
    path.write_text(''.join(f'item {{\n  name: "{name}"\n  id: {i}\n}}\n'
                            for i, name in names.items()))
    return str(path)


@pytest.mark.parametrize('case', CASES, ids=lambda case: f'{case["result"]["overall"]:.3f}')
def test_recorded_evaluations(case, tmp_path):
    paths = {}
    for name in ('ground_truth_csv', 'result_csv', 'excluded_csv'):
        if case[name] is not None:
            paths[name] = tmp_path / name
            paths[name].write_text(case[name])
    label_map = read_label_map(write_map(tmp_path / 'map.pbtxt', {
        entry['id']: entry['name'] for entry in case['label_map']}))
    assert label_map == {entry['id']: entry['name'] for entry in case['label_map']}
    found = average_precisions(read_boxes(paths['ground_truth_csv']), read_boxes(
        paths['result_csv']), label_map, read_excluded(paths.get('excluded_csv')),
        case['iou_threshold'])
    recorded = {int(k): v for k, v in case['per_class'].items() if v is not None}
    assert found.keys() == recorded.keys()
    for label, value in recorded.items():
        assert found[label] == pytest.approx(value, abs=6e-5), label
    assert np.mean(list(found.values())) == pytest.approx(case['result']['overall'], abs=1e-8)


def test_overlaps_by_hand():
    found = overlaps(np.array([[0, 0, 2, 2], [1, 1, 1, 3]], float),
                     np.array([[1, 0, 3, 2], [0, 0, 2, 2], [4, 4, 5, 5]], float))
    assert found.tolist() == [[2 / 6, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize('right, count, expected', [
    ([True], 1, 1.0), ([True], 2, 0.5), ([False, True], 1, 0.5), ([], 3, 0.0), ([False], 1, 0.0),
    # recall 1/4, 2/4, 3/4 at precision 1, 2/3, 3/5; none above that
    ([True, False, True, False, True], 4, (1 + 2 / 3 + 3 / 5) / 4),
    # precision may not rise with recall: 1/2 becomes 2/3
    ([False, True, True], 2, 2 / 3)])
def test_average_precision_by_hand(right, count, expected):
    assert average_precision(np.array(right, bool), count) == pytest.approx(expected)


def test_a_box_is_found_once_and_by_the_box_that_it_overlaps_most():
    near = [0.1, 0.1, 0.5, 0.52]
    assert hits(np.array([near, BOX, FAR]), np.array([BOX])).tolist() == [True, False, False]
    # Both overlap the first box most, so the second stays unfound although half of it is covered.
    two = np.array([[0, 0, 1, 1], [0, 0, 1, 0.7]], float)
    assert hits(np.array([[0, 0, 1, 1], [0, 0, 1, 0.95]]), two).tolist() == [True, False]
    # One half is enough.
    assert hits(np.array([[0, 0, 1, 0.5]]), two[:1]).tolist() == [True]
    assert hits(np.array([[0, 0, 1, 0.499]]), two[:1]).tolist() == [False]


TRUTH = [('v,0902', BOX, 1, 0), ('v,0902', FAR, 1, 1), ('v,0903', BOX, 2, 0)]


@pytest.mark.parametrize('found, expected', [
    ([], {1: 0, 2: 0}),
    ([('v,0902', BOX, 1, 0.9)], {1: 0.5, 2: 0}),
    # the same box twice: the second is wrong
    ([('v,0902', BOX, 1, 0.9), ('v,0902', BOX, 1, 0.8), ('v,0902', FAR, 1, 0.7)],
     {1: (1 + 2 / 3) / 2, 2: 0}),
    # right place, wrong moment; a moment that has no box at all is wrong, too
    ([('v,0903', BOX, 1, 0.9), ('w,0999', BOX, 1, 0.8), ('v,0902', BOX, 1, 0.7)],
     {1: 1 / 6, 2: 0}),
    # the excluded moment and the action that is not measured count nowhere
    ([('v,0904', BOX, 1, 0.9), ('v,0902', BOX, 9, 0.9), ('v,0903', BOX, 2, 0.2)], {1: 0, 2: 1}),
    # without an area: passed over
    ([('v,0903', [0.5, 0.1, 0.5, 0.5], 2, 0.9), ('v,0903', [0.5, 0.5, 0.1, 0.1], 2, 0.8),
      ('v,0903', BOX, 2, 0.1)], {1: 0, 2: 1}),
    # equal scores: of two rows the later one comes first within a moment and over moments
    ([('v,0903', BOX, 2, 0.5), ('w,0001', BOX, 2, 0.5)], {1: 0, 2: 0.5}),
    ([('w,0001', BOX, 2, 0.5), ('v,0903', BOX, 2, 0.5)], {1: 0, 2: 1}),
    # ... and the one that matched first stands behind the other in the ranking
    ([('v,0903', BOX, 2, 0.5), ('v,0903', BOX, 2, 0.5)], {1: 0, 2: 0.5})])
def test_rules_by_hand(found, expected):
    truths = rows(*TRUTH, ('v,0904', BOX, 1, 0), ('v,0902', BOX, 9, 0))
    result = average_precisions(truths, rows(*found), {1, 2}, {'v,0904'})
    assert result == pytest.approx(expected)


@pytest.fixture
def files(tmp_path):
    (tmp_path / 'truth.csv').write_text(
        'v,0902,0.1,0.1,0.5,0.5,1,0\nv,0902,0.1,0.1,0.5,0.5,20,0\nv,902,0.6,0.6,0.9,0.9,1,1\n'
        'v,0903,0.1,0.1,0.5,0.5,3,0\nv,0904,0.1,0.1,0.5,0.5,1,0\nv,0905\n')
    (tmp_path / 'out.csv').write_text('v,0904\n')
    return dict(ann_file=str(tmp_path / 'truth.csv'), exclude_file=str(tmp_path / 'out.csv'),
                label_file=write_map(tmp_path / 'map.pbtxt', {1: 'stand', 20: 'drink'}))


def outputs():
    """What a detector says of two moments: three boxes, scores of 21 columns."""
    scores = torch.zeros(2, 21)
    scores[0, 1], scores[0, 20], scores[1, 20] = 0.9, 0.3, 0.6
    return [dict(img_key='v,0902', bboxes=torch.tensor([BOX, FAR]), scores=scores),
            dict(img_key='v,0905', bboxes=torch.tensor([BOX]), scores=scores[:1])]


def evaluated(metric, batches):
    for batch, samples in batches:
        metric.process(batch, samples)
    return metric.evaluate(sum(len(samples) for _, samples in batches))


def test_the_metric_by_hand(files):
    metric = AVAMetric(**files, num_classes=21)
    # Action 1: right, then wrong (nobody at 905), one of two found: ties go the other way round.
    # Action 20: the wrong box has 0.6, the right one and that at 905 have 0.3.
    found = evaluated(metric, [({}, outputs()[:1]), ({}, outputs())])
    assert found == pytest.approx({
        'mAP@0.5IOU': (0.25 + 1 / 3) / 2, 'mAP@0.5IOU_person_movement': 0.25,
        'mAP@0.5IOU_object_manipulation': 1 / 3})
    # A moment that could not be loaded is one at which nobody was found.
    bad = [dict(outputs()[0]), *outputs()]
    found = evaluated(AVAMetric(**files, num_classes=21), [
        (dict(is_bad=[True, False, True]), bad)])
    assert found['mAP@0.5IOU'] == pytest.approx((0.5 + 0.5) / 2)
    with pytest.raises(InputError, match="expected 'mAP'"):
        AVAMetric(**files, options=('recall',))


def test_custom_classes_have_columns_of_their_own(files):
    metric = AVAMetric(**files, num_classes=2, custom_classes=[20])
    found = evaluated(metric, [({}, [dict(
        img_key='v,0902', bboxes=torch.tensor([BOX]), scores=torch.tensor([[0.9, 0.5]]))])])
    assert found == {'mAP@0.5IOU': 1.0}
    for wrong, said in ((dict(num_classes=3), 'num_classes'), (dict(custom_classes=[2]), r'\[2\]'),
                        (dict(custom_classes=[20, 20], num_classes=3), 'each once')):
        with pytest.raises(InputError, match=said):
            AVAMetric(**{**files, 'num_classes': 2, 'custom_classes': [20], **wrong})


def test_files_of_what_was_found(files, tmp_path):
    for suffix in ('csv', 'pkl'):
        dump = DetectionDump(tmp_path / f'out.{suffix}', 21, files['label_file'])
        assert evaluated(dump, [({}, outputs())]) == {}
    assert (tmp_path / 'out.csv').read_text().splitlines() == [
        'v,0902,0.100,0.100,0.500,0.500,1,0.900', 'v,0902,0.100,0.100,0.500,0.500,20,0.300',
        'v,0902,0.600,0.600,0.900,0.900,20,0.600', 'v,0905,0.100,0.100,0.500,0.500,1,0.900',
        'v,0905,0.100,0.100,0.500,0.500,20,0.300']
    content = pickle.loads((tmp_path / 'out.pkl').read_bytes())
    assert content['columns'] == {1: 1, 20: 20}
    assert [f['img_key'] for f in content['frames']] == ['v,0902', 'v,0905']
    assert content['frames'][0]['scores'][1, 20] == np.float32(0.6)
    again = read_boxes(tmp_path / 'out.csv')
    truths = read_boxes(files['ann_file'])
    assert average_precisions(truths, again, {1, 20}, {'v,0904'}) == pytest.approx(
        {1: 0.25, 20: 1 / 3})
    with pytest.raises(InputError, match='.csv, .pkl'):
        DetectionDump('out.json')


@pytest.mark.parametrize('text, said', [
    ('v,0902,0.1,0.1,0.5,0.5\n', 'line 1: 6 cells; expected `video,second'),
    ('v,0902\nv,0902,0.1,x,0.5,0.5,1,0\n', "line 2: could not convert string to float: 'x'"),
    ('v,time,0.1,0.1,0.5,0.5,1,0\n', 'line 1')])
def test_a_wrong_row_is_named(tmp_path, text, said):
    (tmp_path / 'a.csv').write_text(text)
    with pytest.raises(InputError, match=said):
        read_boxes(tmp_path / 'a.csv')


def test_label_maps_of_both_forms(tmp_path):
    path = tmp_path / 'all.pbtxt'
    path.write_text('label {\n  name: "listen (e.g., to \\"music\\")"\n  label_id: 3\n'
                    "  label_type: PERSON_MOVEMENT\n}\nitem { name: 'stand' id: 12 }")
    assert read_label_map(path) == {3: 'listen (e.g., to "music")', 12: 'stand'}
    for text in ('', 'item { name: "a" }', 'item { id: 1 }', 'item { name: "a" id: 0 }'):
        path.write_text(text)
        with pytest.raises(InputError, match=r'item \{ name: "stand" id: 12 \}'):
            read_label_map(path)
    with pytest.raises(MissingFileError, match='label_file'):
        read_label_map(tmp_path / 'none')
