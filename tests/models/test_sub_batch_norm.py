"""Batch norm over parts of a batch, held against numbers worked out by hand and torch's own."""
import copy

import pytest
import torch
from mmcv.cnn import build_norm_layer
from torch import nn

from mmvideo.engine.checkpoint import match_state_dict
from mmvideo.errors import InputError
from mmvideo.models.blocks.fuse import fuse_conv_bn
from mmvideo.models.blocks.sub_batch_norm import SubBatchNorm3D, parts_of
from mmvideo.registry import MODELS


def batch(*samples):
    """One channel, clips of two frames of one pixel."""
    return torch.tensor(samples, dtype=torch.float).reshape(len(samples), 1, 2, 1, 1)


def test_two_parts_by_hand():
    norm = SubBatchNorm3D(1, num_splits=2, momentum=0.5, eps=1e-12)
    norm.weight.data.fill_(3.)
    norm.bias.data.fill_(1.)
    # Part 0 is samples 0 and 2: 0 2 4 6, mean 3, variance 5 (unbiased 20/3); part 1 is samples 1
    # and 3: 10 10 20 20, mean 15, variance 25 (unbiased 100/3).
    out = norm(batch([0, 2], [10, 10], [4, 6], [20, 20]))
    assert out.flatten().tolist() == pytest.approx([
        1 + 3 * v for v in (-3 / 5**.5, -1 / 5**.5, -1, -1, 1 / 5**.5, 3 / 5**.5, 1, 1)])
    # Halfway from mean 0 and variance 1 to those of the batch, in each part.
    assert norm.parts[0].flatten().tolist() == [1.5, 7.5]
    assert norm.parts[1].flatten().tolist() == pytest.approx([(1 + 20/3) / 2, (1 + 100/3) / 2])
    # Together: mean of means; mean of variances (21 / 2) plus variance of means (9).
    assert norm.running_mean.item() == 4.5
    assert norm.running_var.item() == pytest.approx((2 + 120/3) / 4 + 9)
    assert norm.num_batches_tracked == 1
    norm.eval()
    assert norm(batch([4.5, 4.5])).flatten().tolist() == pytest.approx([1, 1])
    assert norm(batch([4.5 + 19.5**.5, 0]))[0, 0, 0].item() == pytest.approx(4)


@pytest.mark.parametrize('splits', [1, 3])
def test_each_part_is_normed_as_a_batch_of_its_own(splits):
    torch.manual_seed(0)
    x = torch.randn(6, 4, 2, 3, 3, requires_grad=True)
    norm, plain = SubBatchNorm3D(4, num_splits=splits), nn.BatchNorm3d(4)
    for layer in (norm, plain):
        layer.weight.data.copy_(torch.arange(1., 5))
    target = torch.randn(6, 4, 2, 3, 3)
    (norm(x) * target).sum().backward()
    found, x.grad = x.grad, None
    for i in range(splits):
        (plain(x[i::splits]) * target[i::splits]).sum().backward()
    assert torch.allclose(found, x.grad, atol=1e-5)
    assert torch.allclose(norm.weight.grad, plain.weight.grad, atol=1e-4)
    assert torch.allclose(norm.bias.grad, plain.bias.grad, atol=1e-5)


def test_keys_are_those_of_batch_norm_and_parts_begin_with_what_was_loaded():
    model = nn.Sequential(nn.Conv3d(1, 1, 1), SubBatchNorm3D(1, num_splits=2, momentum=0.5))
    plain = nn.Sequential(nn.Conv3d(1, 1, 1), nn.BatchNorm3d(1))
    assert list(model.state_dict()) == list(plain.state_dict())
    model(batch([1, 2], [3, 4]))
    plain[1].running_mean.fill_(8.)
    weights, _ = match_state_dict(model, plain.state_dict(), 'plain', strict=True)
    model.load_state_dict(weights)
    model[1](batch([0, 0], [2, 2]))
    assert model[1].parts[0].flatten().tolist() == [4, 5]
    twin = copy.deepcopy(model).eval()
    assert fuse_conv_bn(twin) == 1
    x = torch.randn(2, 1, 2, 1, 1)
    assert torch.allclose(twin(x), model.eval()(x), atol=1e-6)


def test_the_number_of_parts_may_change():
    norm = SubBatchNorm3D(1, num_splits=2)
    norm(batch([0, 1], [4, 5]))
    mean, var = norm.running_mean.clone(), norm.running_var.clone()
    norm.set_splits(2)
    assert norm.parts is not None       # nothing changed
    norm.set_splits(4)
    norm.momentum = 0.
    norm(torch.randn(8, 1, 2, 1, 1))
    assert norm.parts.shape == (2, 4, 1)
    assert torch.equal(norm.parts[0], mean.expand(4, 1))
    assert torch.allclose(norm.running_mean, mean) and torch.allclose(norm.running_var, var)


def test_a_batch_that_does_not_divide():
    assert [parts_of(n, 4) for n in (1, 2, 3, 5, 6, 8, 12)] == [1, 2, 3, 1, 3, 4, 4]
    norm = SubBatchNorm3D(1, num_splits=4, momentum=1.)
    norm(batch([0, 2], [10, 12], [20, 22]))
    # Three parts were seen; the fourth has what it had.
    assert norm.parts[0].flatten().tolist() == [1, 11, 21, 0]
    with torch.no_grad():
        norm.eval()(batch([1, 1]))


def test_a_config_names_it():
    name, layer = build_norm_layer(dict(type='SubBatchNorm3D', num_splits=2, eps=1e-3), 6)
    assert name == 'bn' and (layer.num_splits, layer.eps) == (2, 1e-3)
    norm_cfg = dict(type='SubBatchNorm3D', num_splits=2)
    net = MODELS.build(dict(type='ResNet3d', depth=18, base_channels=8, norm_cfg=norm_cfg))
    same = MODELS.build(dict(type='ResNet3d', depth=18, base_channels=8))
    assert list(net.state_dict()) == list(same.state_dict())
    x = torch.randn(4, 3, 2, 32, 32)
    net.train()(x).mean().backward()
    assert net.layer4[0].conv1.bn.parts.shape == (2, 2, 64)
    with pytest.raises(InputError, match='num_splits must be a whole number >= 1, not 0'):
        SubBatchNorm3D(4, num_splits=0)
    with pytest.raises(InputError, match='momentum must be a number'):
        SubBatchNorm3D(4, momentum=None)
