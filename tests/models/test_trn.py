"""Which frames the relation head joins, and how."""
import itertools

import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.models.heads import trn
from mmvideo.models.heads.trn import MultiScaleRelation, draw_relations, first_relations
from mmvideo.registry import MODELS


def head(**cfg):
    torch.manual_seed(0)
    return MODELS.build({**dict(type='TRNHead', num_classes=5, in_channels=6, num_segments=4,
                                hidden_dim=3), **cfg})


@pytest.mark.parametrize('length, scale, expected', [
    (4, 4, [(0, 1, 2, 3)]),
    (4, 3, [(0, 1, 2), (0, 1, 3), (0, 2, 3)]),
    (4, 2, [(0, 1), (0, 2), (0, 3)]),
    (3, 2, [(0, 1), (0, 2), (1, 2)]),
    (8, 7, [(0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4, 5, 7), (0, 1, 2, 3, 4, 6, 7)]),
])
def test_first_relations(length, scale, expected):
    assert first_relations(length, scale) == expected


def test_drawn_relations_are_ordered_different_and_all_as_likely():
    torch.manual_seed(0)
    counts = dict.fromkeys(itertools.combinations(range(5), 3), 0)
    for _ in range(1000):
        drawn = draw_relations(5, 3)
        assert len(set(drawn)) == 3
        for relation in drawn:
            counts[relation] += 1
    # 3000 draws of ten groups: 300 each, standard deviation below 17.
    assert all(240 < count < 360 for count in counts.values())
    assert draw_relations(3, 2) == [(0, 1), (0, 2), (1, 2)]


def test_draws_follow_the_seed_of_torch():
    torch.manual_seed(3)
    first = [draw_relations(8, scale) for scale in range(2, 8)]
    second = [draw_relations(8, scale) for scale in range(2, 8)]
    torch.manual_seed(3)
    assert [draw_relations(8, scale) for scale in range(2, 8)] == first != second


def by_loops(consensus, x):
    """Every group of frames by itself, from the weights."""
    scores = []
    for clip in x:
        total = 0
        for scale, layers in zip((4, 3, 2), consensus.fc_fusion_scales, strict=True):
            for relation in first_relations(4, scale):
                joined = torch.cat([clip[t] for t in relation]).clamp(min=0)
                hidden = (layers[1].weight @ joined + layers[1].bias).clamp(min=0)
                total = total + layers[3].weight @ hidden + layers[3].bias
        scores.append(total)
    return torch.stack(scores)


def test_scores_of_all_groups_add_up():
    consensus = head().eval().consensus
    x = torch.randn(3, 4, 3)
    torch.testing.assert_close(consensus(x), by_loops(consensus, x))
    assert torch.equal(consensus(x), consensus(x))


def test_order_of_frames_counts():
    net = head().eval()
    x = torch.randn(4, 6, 2, 2)
    assert not torch.allclose(net(x), net(x.flip(0)))


def test_all_frames_at_once():
    net = head(relation_type='TRN').eval()
    x = torch.randn(8, 6, 2, 2)
    hidden = net.fc_cls(x.mean((2, 3))).view(2, 12).clamp(min=0)
    first, second = net.consensus.classifier[1], net.consensus.classifier[3]
    assert first.weight.shape == (512, 12)
    torch.testing.assert_close(net(x), second(first(hidden).clamp(min=0)))


def test_training_draws_at_every_step_and_evaluation_does_not():
    net = head(dropout_ratio=0, num_segments=6).train()
    x = torch.randn(6, 6, 1, 1)
    assert len({tuple(net(x).flatten().tolist()) for _ in range(8)}) > 1
    net.eval()
    state = torch.get_rng_state()
    assert torch.equal(net(x), net(x))
    assert torch.equal(torch.get_rng_state(), state)


def test_chosen_frames_reach_the_classifier(monkeypatch):
    """Without frames 0 and 1 in any group but the largest, only the largest sees them."""
    monkeypatch.setattr(trn, 'first_relations', lambda length, scale: [
        tuple(range(length - scale, length))])
    consensus = MultiScaleRelation(3, 4, 5).eval()
    with torch.no_grad():
        for layers in consensus.fc_fusion_scales[:2]:
            layers[3].weight.zero_()
    x = torch.randn(1, 4, 3)
    changed = x.clone()
    changed[:, :2] += 5
    assert torch.equal(consensus(x), consensus(changed))
    changed[:, 2] += 5
    assert not torch.allclose(consensus(x), consensus(changed))


@pytest.mark.parametrize('relation_type', ['TRN', 'TRNMultiScale'])
def test_runs_of_frames_are_views(relation_type):
    """Two samples of three views: what each view gives does not depend on the others."""
    net = head(relation_type=relation_type).eval()
    x = torch.randn(24, 6, 2, 2)
    scores = net(x, num_segs=12)
    assert scores.shape == (6, 5)
    torch.testing.assert_close(scores, torch.cat([net(part) for part in x.split(4)]))
    averaged = net.average(scores, 2, 'score')
    torch.testing.assert_close(averaged, scores.view(2, 3, 5).mean(1))


def test_gradients_reach_every_layer():
    net = head(num_classes=4).train()
    net.init_weights()
    x = torch.randn(16, 6, 2, 2)
    net.loss(net(x), torch.tensor([0, 1, 2, 3]))['loss_cls'].backward()
    for key, p in net.named_parameters():
        assert p.grad.abs().sum() > 0, key


def test_start():
    first, second = (head(in_channels=600, hidden_dim=50, init_std=0.01) for _ in range(2))
    second(torch.randn(4, 600))
    for net in (first, second):
        torch.manual_seed(1)
        net.init_weights()
    for key, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[key]), key
    assert first.fc_cls.weight.std().item() == pytest.approx(0.01, 0.05)
    assert first.consensus.fc_fusion_scales[0][1].weight.std().item() > 0.02


@pytest.mark.parametrize('cfg, part', [
    (dict(relation_type='TRNmultiscale'), 'one of TRN, TRNMultiScale'),
    (dict(num_segments=1), 'at least 2'),
])
def test_wrong_arguments(cfg, part):
    with pytest.raises(InputError, match=part):
        head(**cfg)


def test_frames_that_do_not_divide():
    with pytest.raises(InputError, match='10 frames .* num_segments = 4'):
        head()(torch.zeros(10, 6, 1, 1))
