"""Values of the losses."""
import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

DATA = Path(__file__).parents[1] / 'data' / 'parity' / 'losses.json'
FACTS = json.loads(DATA.read_text())['cases']
SCORE = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def build(name, **cfg):
    return MODELS.build(dict(type=name, **cfg))


@pytest.mark.parametrize('case', FACTS, ids=lambda c: c['loss'])
def test_recorded_values(case):
    loss = build(case['loss'], **case.get('args', {}))
    label = torch.tensor(case['soft_labels'] if 'soft_labels' in case else case['labels'])
    value = loss(torch.tensor(case['logits']), label)
    assert value.item() == pytest.approx(case['value'], 1e-6)


def test_hard_and_soft_labels_agree():
    hard = torch.tensor([0, 2])
    soft = F.one_hot(hard, 3).float()
    for cfg in (dict(), dict(class_weight=[1.0, 2.0, 5.0]), dict(loss_weight=3.0)):
        loss = build('CrossEntropyLoss', **cfg)
        torch.testing.assert_close(loss(SCORE, hard), loss(SCORE, soft))


def test_binary_cross_entropy_by_hand():
    label = torch.tensor([[1., 0, 0], [0, 1, 1]])
    p = SCORE.sigmoid()
    each = -(label * p.log() + (1 - label) * (1 - p).log())
    weight = torch.tensor([1.0, 2.0, 3.0])
    loss = build('BCELossWithLogits', loss_weight=160.0, class_weight=[1.0, 2.0, 3.0])
    torch.testing.assert_close(loss(SCORE, label), 160 * (each * weight).mean())


def test_weights_are_not_saved():
    assert build('CrossEntropyLoss', class_weight=[1.0, 2.0, 3.0]).state_dict() == {}


def test_wrong_labels():
    with pytest.raises(InputError, match='2 values for 3 classes'):
        build('CrossEntropyLoss', class_weight=[1.0, 2.0])(SCORE, torch.tensor([0, 1]))
    with pytest.raises(InputError, match='multi_class'):
        build('BCELossWithLogits')(SCORE, torch.tensor([0, 1]))
