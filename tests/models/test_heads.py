"""How heads pool, join views, count hits and smooth labels."""
import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.heads.base import top_k_accuracy
from mmvideo.registry import MODELS


def build(name, **cfg):
    """A head whose classifier copies the first features to the scores."""
    head = MODELS.build(dict(dict(type=name, num_classes=3, in_channels=4), **cfg)).eval()
    with torch.no_grad():
        head.fc_cls.weight.copy_(torch.eye(head.num_classes, head.in_channels))
        head.fc_cls.bias.zero_()
    return head


def test_tsn_joins_all_frames_of_a_sample():
    x = torch.arange(24.).view(6, 4, 1, 1)
    assert build('TSNHead')(x, num_segs=3).tolist() == [[4, 5, 6], [16, 17, 18]]
    assert build('TSNHead')(x, num_segs=1).shape == (6, 3)


def test_tsm_joins_the_frames_of_a_clip():
    x = torch.arange(32.).view(8, 4, 1, 1)
    assert build('TSMHead', num_segments=4)(x).tolist() == [[6, 7, 8], [22, 23, 24]]
    assert build('TSMHead', num_segments=8, temporal_pool=True)(x).shape == (2, 3)
    assert build('TSMHead', num_segments=8, temporal_pool=True, is_shift=False)(x).shape == (1, 3)
    with pytest.raises(InputError, match='8 frames .* clips of 3'):
        build('TSMHead', num_segments=3)(x)


def test_pooling_over_all_places():
    x = torch.zeros(1, 4, 2, 2, 2)
    x[0, :, 1, 1, 1] = torch.tensor([8., 16, 24, 32])
    assert build('I3DHead')(x).tolist() == [[1, 2, 3]]
    assert build('I3DHead', spatial_type='max')(x).tolist() == [[8, 16, 24]]
    flat = build('I3DHead', spatial_type=None)(torch.tensor([[1., 2, 3, 4]]))
    assert flat.tolist() == [[1, 2, 3]]
    assert build('AudioTSNHead')(x[:, :, 0] + 5).tolist() == [[5, 5, 5]]


def test_fast_channels_come_first():
    slow = torch.full((1, 3, 1, 2, 2), 7.0)
    fast = torch.full((1, 1, 4, 2, 2), 1.0)
    assert build('SlowFastHead')((slow, fast)).tolist() == [[1, 7, 7]]


def test_features_of_another_width():
    with pytest.raises(InputError, match='in_channels is 4, the features have 5'):
        build('I3DHead')(torch.zeros(1, 5, 1, 1, 1))


@pytest.mark.parametrize('how, expected', [
    ('score', [[2.0, 1.0]]),
    ('prob', [[(0.5 + 0.8807971) / 2, (0.5 + 0.1192029) / 2]]),
    (None, [[[1.0, 1.0], [3.0, 1.0]]]),
])
def test_averaging_of_views(how, expected):
    head = build('I3DHead', num_classes=2, in_channels=2)
    averaged = head.average(torch.tensor([[1.0, 1.0], [3.0, 1.0]]), 1, how)
    torch.testing.assert_close(averaged, torch.tensor(expected))


def test_the_greatest_probability_of_any_view():
    views = torch.tensor([[2., 0, -1], [0, 1, -3], [5, 5, 5], [1, 0, 0]])     # two samples
    several = build('I3DHead', multi_class=True).average(views, 2, 'max')
    torch.testing.assert_close(several, torch.tensor([[2., 1, -1], [5, 5, 5]]).sigmoid())
    one = build('I3DHead').average(views[2:], 1, 'max')     # softmax: 1/3 each; 0.576, 0.212
    torch.testing.assert_close(one, torch.tensor([[0.576117, 1 / 3, 1 / 3]]))


def test_unknown_averaging():
    with pytest.raises(InputError, match="'prob', 'score', 'max' or None, not 'mean'"):
        build('I3DHead').average(torch.zeros(2, 3), 1, 'mean')


@pytest.mark.parametrize('topk, expected', [((1,), [0.5]), ((1, 2), [0.5, 0.75]),
                                            ((2, 5), [0.75, 1.0])])
def test_top_k(topk, expected):
    score = torch.tensor([[3., 2, 1], [3, 2, 1], [3, 2, 1], [1, 2, 3]])
    found = top_k_accuracy(score, torch.tensor([0, 1, 2, 2]), topk)
    assert [value.item() for value in found] == expected


def test_windows_of_places():
    # Two frames of 2 x 3 places; windows 2 x 2 see the columns 1, 2, 1 times.
    x = torch.tensor([[1., 2, 6], [3, 4, 0]]).expand(1, 1, 2, 2, 3).clone()
    x[:, :, 1] *= 3     # the frames' mean is twice the first one
    head = build('I3DHead', num_classes=2, in_channels=1, pool_size=(2, 2))
    columns = [2 * (1 + 3) / 2, 2 * (2 + 4) / 2, 2 * (6 + 0) / 2]
    expected = (columns[0] + 2 * columns[1] + columns[2]) / 4
    assert head.pool(x).item() == pytest.approx(expected)
    large = build('I3DHead', num_classes=2, in_channels=1, pool_size=(7, 7))
    torch.testing.assert_close(large.pool(x), x.mean((2, 3, 4)))
    both = build('SlowFastHead', num_classes=2, in_channels=2, pool_size=(2, 2))
    with torch.no_grad():
        both.fc_cls.weight.copy_(torch.eye(2))
        both.fc_cls.bias.zero_()
        scores = both.eval()((x, x[..., :2]))
    assert scores[0].tolist() == pytest.approx([(columns[0] + columns[1]) / 2, expected])
    with pytest.raises(InputError, match=r'pool_size: \(height, width\) above 0'):
        build('I3DHead', pool_size=(8, 7, 7))


def test_windows_have_features_of_their_own():
    head = MODELS.build(dict(type='X3DHead', num_classes=2, in_channels=1,
                             pool_size=(1, 1))).eval()
    x = torch.tensor([-1., 3]).reshape(1, 1, 1, 1, 2)
    with torch.no_grad():
        each = torch.stack([head.classify(torch.tensor([[value]])) for value in (-1., 3.)])
        torch.testing.assert_close(head(x), each.mean(0))
        assert not torch.allclose(head(x), head.classify(torch.ones(1, 1)))


def test_accuracies_only_for_one_class_per_sample():
    head = build('TSNHead')
    score = torch.randn(2, 3)
    assert set(head.loss(score, torch.tensor([0, 1]))) == {'top1_acc', 'top5_acc', 'loss_cls'}
    assert set(head.loss(score, torch.full((2, 3), 1 / 3))) == {'loss_cls'}
    multi = build('TSNHead', multi_class=True, loss_cls=dict(type='BCELossWithLogits'), topk=1)
    assert set(multi.loss(score, torch.tensor([[1., 0, 1], [0, 1, 0]]))) == {'loss_cls'}


def test_labels_of_other_classes_are_told():
    with pytest.raises(InputError, match='labels of 4 classes for cls_head.num_classes=3; .*blend'):
        build('TSNHead').loss(torch.randn(2, 3), torch.rand(2, 4))


@pytest.mark.parametrize('multi_class', [False, True])
def test_smoothing_of_labels(multi_class):
    score = torch.randn(2, 3)
    sure = torch.tensor([[1., 0, 0], [0, 0, 1]])
    label = sure if multi_class else torch.tensor([0, 2])
    loss = dict(type='BCELossWithLogits' if multi_class else 'CrossEntropyLoss')
    head = build('I3DHead', label_smooth_eps=0.3, multi_class=multi_class, loss_cls=loss)
    expected = MODELS.build(loss)(score, 0.7 * sure + 0.1)
    torch.testing.assert_close(head.loss(score, label)['loss_cls'], expected)


def test_weights_at_the_start():
    head = MODELS.build(dict(type='TSMHead', num_classes=200, in_channels=500, init_std=0.001))
    head.init_weights()
    assert head.fc_cls.weight.std().item() == pytest.approx(0.001, 0.05)
    assert head.fc_cls.bias.abs().max().item() == 0
    cfg = dict(type='Constant', layer='Linear', val=2.0)
    other = MODELS.build(dict(type='I3DHead', num_classes=2, in_channels=2, init_cfg=cfg))
    other.init_weights()
    assert other.fc_cls.weight.unique().tolist() == [2.0]


def test_dropout_settings():
    assert build('TSNHead').dropout.p == 0.4
    assert isinstance(build('TSNHead', dropout_ratio=0).dropout, nn.Identity)


@pytest.mark.parametrize('cfg, part', [
    (dict(type='TSNHead', consensus=dict(type='MaxConsensus')), 'AvgConsensus'),
    (dict(type='TSNHead', spatial_type='sum'), "'avg', 'max' or None"),
    (dict(type='TSNHead', num_classes=0), 'must be positive'),
    (dict(type='TSNHead', topk=(0, 5)), 'positive numbers'),
])
def test_wrong_arguments(cfg, part):
    with pytest.raises(InputError, match=part):
        MODELS.build(dict(dict(num_classes=3, in_channels=4), **cfg))
