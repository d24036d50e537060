"""Values of the losses."""
import json
import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models import losses
from mmvideo.registry import MODELS

DATA = Path(__file__).parents[1] / 'data' / 'parity' / 'losses.json'
FACTS = json.loads(DATA.read_text())['cases']
SCORE = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def build(name, **cfg):
    return MODELS.build(dict(type=name, **cfg))


# What the record gives besides scores and labels, and what the loss is built from.
AUX = ('mask', 'category_mask')
BUILT_FROM = ('is_positive', 'ohem_ratio', 'group_size')


@pytest.mark.parametrize('case', FACTS, ids=lambda c: c['loss'])
def test_recorded_values(case):
    args = {**case.get('args', {}), **{k: case[k] for k in BUILT_FROM if k in case}}
    label = torch.tensor(case['soft_labels'] if 'soft_labels' in case else case['labels'])
    score = torch.tensor(case['logits'])
    if 'log_softmax' in case.get('note', ''):
        score = score.log_softmax(1)
    found = build(case['loss'], **args)(score, label, **{k: torch.tensor(case[k]) for k in AUX
                                                         if k in case})
    recorded = case['value']
    if isinstance(recorded, dict):
        assert {k: v.item() for k, v in found.items()} == pytest.approx(recorded, 1e-6)
    else:
        assert found.item() == pytest.approx(recorded, 1e-6)


def test_every_loss_is_recorded_or_checked_by_hand():
    recorded = {case['loss'] for case in FACTS}
    assert {*recorded, 'CBFocalLoss'} == set(losses.__all__)


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


def test_class_balanced_focal_by_hand():
    """Two samples, three classes, every factor of the paper written out."""
    beta, gamma, counts = 0.9, 2.0, [1, 10, 100]
    weights = [(1 - beta) / (1 - beta**n) for n in counts]
    weights = [3 * w / sum(weights) for w in weights]
    expected, label = 0.0, [0, 2]
    for row, own in zip(SCORE.double().tolist(), label, strict=True):
        for c, score in enumerate(row):
            right = 1 / (1 + math.exp(-score if c == own else score))
            expected -= weights[own] * (1 - right)**gamma * math.log(right)
    loss = build('CBFocalLoss', samples_per_cls=counts, beta=beta, gamma=gamma, loss_weight=3.0)
    hard = loss(SCORE, torch.tensor(label))
    assert hard.item() == pytest.approx(3 * expected / 2, 1e-5)
    torch.testing.assert_close(loss(SCORE, F.one_hot(torch.tensor(label), 3)), hard)


def test_class_balanced_focal_without_focus_or_balance():
    label = torch.tensor([0, 2])
    soft = F.one_hot(label, 3).float()
    plain = F.binary_cross_entropy_with_logits(SCORE, soft, reduction='sum') / 2
    torch.testing.assert_close(build('CBFocalLoss', gamma=0.0)(SCORE, label), plain)
    even = build('CBFocalLoss', gamma=0.0, samples_per_cls=[7, 7, 7])
    torch.testing.assert_close(even(SCORE, label), plain)
    far = torch.tensor([[1e3, -1e3, 0.0]], requires_grad=True)
    far_loss = build('CBFocalLoss')(far, torch.tensor([0]))
    far_loss.backward()
    assert far_loss.item() < 1 and torch.isfinite(far.grad).all()


HVU_CFG = dict(categories=['action', 'scene', 'event'], category_nums=[1, 2, 1],
               category_loss_weights=[1, 2, 5])
HVU_SCORE = torch.tensor([[0.5, 2.0, -1.0, 0.3], [1.5, 0.0, 1.0, -2.0]])
HVU_LABEL = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0]])
HVU_ENTROPY = -(HVU_LABEL * HVU_SCORE.sigmoid().log()
                + (1 - HVU_LABEL) * (-HVU_SCORE).sigmoid().log())


def test_hvu_over_all_tags():
    e = HVU_ENTROPY
    mask = torch.tensor([[1.0, 1, 1, 0], [0, 0, 0, 0]])
    for cfg, aux, expected in (
            (dict(), {}, e.mean()),
            (dict(reduction='sum', loss_weight=2.0), {}, 2 * e.sum() / 2),
            (dict(with_mask=True), dict(mask=mask), e[0, :3].mean() / 2),
            (dict(with_mask=True, reduction='sum'), dict(mask=mask), e[0, :3].sum() / 2)):
        found = build('HVULoss', **HVU_CFG, **cfg)(HVU_SCORE, HVU_LABEL, **aux)
        assert list(found) == ['loss_cls']
        torch.testing.assert_close(found['loss_cls'], expected)


def test_hvu_leaves_out_categories_that_no_video_has():
    e = HVU_ENTROPY
    loss = build('HVULoss', **HVU_CFG, loss_type='individual', loss_weight=10.0)
    found = loss(HVU_SCORE, HVU_LABEL, category_mask=torch.tensor([[1, 1, 0], [0, 1, 0]]))
    action, scene = e[0, 0], e[:, 1:3].mean()
    expected = dict(action_LOSS=action, scene_LOSS=scene, event_LOSS=torch.tensor(0.0),
                    action_LOSS_weight=torch.tensor(1 / 3),
                    scene_LOSS_weight=torch.tensor(2 / 3), event_LOSS_weight=torch.tensor(0.0),
                    loss_cls=10 * (action + 2 * scene) / 3)
    assert set(found) == set(expected)
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value)
    nobody = loss(HVU_SCORE, HVU_LABEL, category_mask=torch.zeros(2, 3))
    assert nobody['loss_cls'].item() == 0


def test_hvu_masks_reach_the_loss_through_a_recognizer():
    model = MODELS.build(dict(
        type='Recognizer2D', backbone=dict(type='ResNet', depth=18, base_channels=8),
        cls_head=dict(type='TSNHead', num_classes=4, in_channels=64, multi_class=True,
                      loss_cls=dict(type='HVULoss', **HVU_CFG, loss_type='individual')),
        train_cfg=dict(aux_info=['mask', 'category_mask']))).train()
    batch = dict(imgs=torch.randn(2, 2, 3, 32, 32), label=HVU_LABEL, mask=torch.ones(2, 4),
                 category_mask=torch.tensor([[1, 1, 0], [0, 1, 0]]))
    found = model(**batch, mode='loss')
    total, logged = model.parse_losses(found)
    assert total.item() == pytest.approx(found['loss_cls'].item())
    assert logged['event_LOSS_weight'] == 0
    del batch['category_mask']
    with pytest.raises(InputError, match='lacks category_mask'):
        model(**batch, mode='loss')


def test_smoothed_labels():
    """For one class, for several and for mixed samples: a share of eps goes to all alike."""
    eps = 0.3
    log_p = SCORE.log_softmax(1)
    head = build('TSNHead', num_classes=3, in_channels=4, label_smooth_eps=eps)
    hard = head.loss(SCORE, torch.tensor([0, 1]))
    each = -(1 - eps) * log_p[[0, 1], [0, 1]] - eps * log_p.mean(1)
    torch.testing.assert_close(hard['loss_cls'], each.mean())
    torch_own = F.cross_entropy(SCORE, torch.tensor([0, 1]), label_smoothing=eps)
    torch.testing.assert_close(hard['loss_cls'], torch_own)
    assert hard['top1_acc'].item() == 1.0
    mixed = torch.tensor([[.75, .25, 0], [0, .25, .75]])
    smoothed = (1 - eps) * mixed + eps / 3
    soft = head.loss(SCORE, mixed)
    torch.testing.assert_close(soft['loss_cls'], -(smoothed * log_p).sum(1).mean())
    several = build('TSNHead', num_classes=3, in_channels=4, label_smooth_eps=eps, multi_class=True,
                    loss_cls=dict(type='BCELossWithLogits'))
    label = torch.tensor([[1., 0, 1], [0, 1, 0]])
    found = several.loss(SCORE, label)['loss_cls']
    own = F.binary_cross_entropy_with_logits(SCORE, (1 - eps) * label + eps / 3)
    torch.testing.assert_close(found, own)


def test_weights_are_not_saved():
    assert build('CrossEntropyLoss', class_weight=[1.0, 2.0, 3.0]).state_dict() == {}


@pytest.mark.parametrize('name', losses.__all__)
def test_gradients_are_those_of_differences(name):
    score = (0.7 * SCORE).double().requires_grad_()  # away from the kink of the hinge
    cfg = HVU_CFG if name == 'HVULoss' else {}
    if name == 'HVULoss':
        score = HVU_SCORE.double().requires_grad_()
        label = HVU_LABEL.double()
    elif name == 'BCELossWithLogits':
        label = torch.tensor([[1., 0, 0], [0, 1, 1]])
    else:
        label = torch.tensor([1, 2])
    loss = build(name, **cfg).double()

    def value(x):
        found = loss(x, label)
        return found['loss_cls'] if isinstance(found, dict) else found
    assert torch.autograd.gradcheck(value, score)


def test_wrong_labels():
    with pytest.raises(InputError, match='2 values for 3 classes'):
        build('CrossEntropyLoss', class_weight=[1.0, 2.0])(SCORE, torch.tensor([0, 1]))
    with pytest.raises(InputError, match='2 values for 3 classes'):
        build('CBFocalLoss', samples_per_cls=[1, 2])(SCORE, torch.tensor([0, 1]))
    with pytest.raises(InputError, match='multi_class'):
        build('BCELossWithLogits')(SCORE, torch.tensor([0, 1]))
    with pytest.raises(InputError, match='must agree'):
        build('CrossEntropyLoss')(SCORE, torch.ones(2, 4))
    with pytest.raises(InputError, match='class indices'):
        build('NLLLoss')(SCORE, torch.ones(2, 3))
    with pytest.raises(InputError, match='each of 4 tags'):
        build('HVULoss', **HVU_CFG)(SCORE, torch.ones(2, 3))
    with pytest.raises(InputError, match='aux_info'):
        build('HVULoss', **HVU_CFG, with_mask=True)(HVU_SCORE, HVU_LABEL)
    with pytest.raises(InputError, match='do not divide into groups'):
        build('OHEMHingeLoss', group_size=3)(SCORE, torch.tensor([1, 2]))


@pytest.mark.parametrize('cfg, part', [
    (dict(type='CBFocalLoss', beta=1.0), '0 to below 1'),
    (dict(type='CBFocalLoss', samples_per_cls=[3, 0]), '1 classes without'),
    (dict(type='HVULoss', categories=['action']), '1 categories, 6 category_nums'),
    (dict(type='HVULoss', category_loss_weights=[0] * 6), 'not all 0'),
    (dict(type='HVULoss', loss_type='each'), "'all' or 'individual'"),
    (dict(type='HVULoss', reduction='none'), "'mean' or 'sum'"),
    (dict(type='OHEMHingeLoss', is_positive=0), '1 or -1'),
    (dict(type='OHEMHingeLoss', group_size=2, ohem_ratio=0.1), 'one sample at least'),
    (dict(type='TSNHead', num_classes=3, in_channels=4, label_smooth_eps=1.0), 'label_smooth_eps'),
])
def test_wrong_settings(cfg, part):
    with pytest.raises(InputError, match=part):
        MODELS.build(cfg)
