"""What interlacing moves and how far, and where it is put."""
import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.errors import InputError
from mmvideo.models.blocks.interlace import (
    Interlaced,
    OffsetNet,
    TemporalInterlace,
    WeightNet,
    interlace_channels,
    interlacing_matrix,
)
from mmvideo.registry import MODELS


def moved(values, offset, weights=None):
    """One channel of one clip, moved by ``offset`` frames."""
    x = torch.tensor(values, dtype=torch.float).view(-1, 1, 1, 1)
    weights = torch.ones(len(values)) if weights is None else torch.tensor(weights)
    return interlace_channels(x, torch.tensor([[offset]]), weights.view(1, -1, 1), 1).flatten()


@pytest.mark.parametrize('offset, expected', [
    (0.0, [1, 2, 4, 8]),
    (1.0, [0, 1, 2, 4]),            # what frame 0 had is in frame 1
    (-1.0, [2, 4, 8, 0]),
    (-2.0, [4, 8, 0, 0]),
    (0.25, [0.75, 1.75, 3.5, 7]),   # a quarter of the frame before
    (-0.25, [1.25, 2.5, 5, 6]),
    (1.5, [0, 0.5, 1.5, 3]),
    (-1.75, [3.5, 7, 2, 0]),
    (3.5, [0, 0, 0, 0.5]),
    (-4.0, [0, 0, 0, 0]),
])
def test_frames_move_by_whole_and_parts(offset, expected):
    assert moved([1, 2, 4, 8], offset).tolist() == expected


def test_frames_weigh_what_they_receive():
    assert moved([1, 2, 4, 8], 1.0, [9., 2, 1, 0.5]).tolist() == [0, 2, 2, 2]


def test_matrix_of_a_shift_between_two_frames():
    matrix = interlacing_matrix(torch.tensor([[0.25, -1.0]]), torch.ones(1, 3, 2))
    assert matrix.tolist() == [[[[0.75, 0, 0], [0.25, 0.75, 0], [0, 0.25, 0.75]],
                                [[0, 1, 0], [0, 0, 1], [0, 0, 0]]]]


def by_loops(x, offsets, weights, fold):
    """Every sample, frame and channel by itself."""
    count, length, groups = weights.shape
    out = x.clone().view(count, length, *x.shape[1:])
    source = x.view(out.shape)
    for n in range(count):
        for c in range(fold):
            g = c // (fold // groups)
            place = torch.arange(length) - offsets[n, g].item()
            for t in range(length):
                low = int(torch.floor(place[t]))
                part = place[t] - low
                taken = torch.zeros(x.shape[2:])
                if 0 <= low < length:
                    taken = taken + (1 - part) * source[n, low, c]
                if 0 <= low + 1 < length:
                    taken = taken + part * source[n, low + 1, c]
                out[n, t, c] = taken * weights[n, t, g]
    return out.view(x.shape)


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_all_clips_and_groups_at_once(memory_format):
    torch.manual_seed(0)
    x = torch.randn(15, 12, 2, 3).to(memory_format=memory_format)
    offsets, weights = 4 * torch.rand(3, 4) - 2, torch.rand(3, 5, 4)
    out = interlace_channels(x, offsets, weights, 8)
    assert out.is_contiguous(memory_format=memory_format)
    torch.testing.assert_close(out, by_loops(x, offsets, weights, 8))
    assert torch.equal(out[:, 8:], x[:, 8:])


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_gradient_and_its_gradient(memory_format):
    torch.manual_seed(0)
    x = torch.randn(6, 6, 2, 2, dtype=torch.double).to(memory_format=memory_format)
    offsets = torch.tensor([[0.3, -1.4], [1.7, -0.6]], dtype=torch.double)
    inputs = [v.requires_grad_() for v in (x, offsets, torch.rand(2, 3, 2, dtype=torch.double))]

    def function(*args):
        return interlace_channels(*args, 4)
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


def test_gradients_of_another_memory_format():
    torch.manual_seed(0)
    arguments = 4 * torch.rand(2, 4) - 2, torch.rand(2, 3, 4)
    grad, grads = torch.randn(6, 8, 2, 3), []
    x = torch.randn(6, 8, 2, 3)
    for first in (torch.contiguous_format, torch.channels_last):
        for second in (torch.contiguous_format, torch.channels_last):
            leaf = x.to(memory_format=first).clone().requires_grad_()
            offsets = arguments[0].clone().requires_grad_()
            out = interlace_channels(leaf, offsets, arguments[1], 4)
            out.backward(grad.to(memory_format=second))
            grads.append((leaf.grad, offsets.grad))
    for found in grads[1:]:
        torch.testing.assert_close(found, grads[0])


def test_offsets_and_weights_of_written_out_values():
    offset, weight = OffsetNet(2, 3), WeightNet(2)
    with torch.no_grad():
        for p in (*offset.parameters(), *weight.parameters()):
            p.zero_()
        x = torch.randn(5, 2, 3)
        assert torch.equal(offset(x), torch.zeros(5, 2))
        assert torch.equal(weight(x), torch.ones(5, 3, 2))
        offset.fc2.bias.copy_(torch.tensor([100., -100]))
        assert torch.equal(offset(x), torch.tensor([[2., -2]]).expand(5, 2))
        # The middle tap of one channel, and a layer that takes the last frame: 4 * (s(3) - 0.5).
        offset.conv.weight[0, 1, 1] = 1
        offset.fc1.weight[0, 2] = 1
        offset.fc2.weight[0, 0] = 1
        offset.fc2.bias.zero_()
        value = offset(torch.tensor([[[0., 0, 0], [1, 2, 3]]]))
    torch.testing.assert_close(value, torch.tensor([[4 * (0.9525741 - 0.5), 0]]))


def test_groups_have_mirror_images():
    """Channels 0 and 1 go by the two offsets, 2 and 3 by as much the other way, 4 to 15 stay."""
    module = TemporalInterlace(16, num_segments=3, shift_div=4)
    with torch.no_grad():
        for p in module.parameters():
            p.zero_()
        # Offsets 4 * (3/4 - 1/2) and 4 * (5/8 - 1/2), one frame and a half; factors 1 and 1/2.
        module.offset_net.fc2.bias.copy_(torch.logit(torch.tensor([0.75, 0.625])))
        module.weight_net.conv.bias.copy_(torch.logit(torch.tensor([0.5, 0.25])))
        x = torch.tensor([4., 8, 16]).view(3, 1, 1, 1).expand(3, 16, 1, 1)
        out = module(x).view(3, 16)
    expected = [[0, 4, 8], [1, 3, 6], [8, 16, 0], [3, 6, 4]]
    torch.testing.assert_close(out[:, :4].T, torch.tensor(expected).float())
    assert torch.equal(out[:, 4:], x.reshape(3, 16)[:, 4:])


def test_start_is_half_a_frame_on_average():
    torch.manual_seed(0)
    net = MODELS.build(dict(type='ResNetTIN', depth=18, base_channels=16))
    net.init_weights()
    module = net.layer1[0].conv1.conv.net1
    x = torch.zeros(1, 4, 8)
    assert 0.2 < module.offset_net(x).mean().item() < 0.8
    assert torch.equal(module.weight_net(x), torch.ones(1, 8, 2))


def test_wrong_arguments():
    with pytest.raises(InputError, match='16 channels / shift_div must be a multiple of 4'):
        TemporalInterlace(16, shift_div=8)
    with pytest.raises(InputError, match='7 frames .* num_segments=4'):
        TemporalInterlace(16, 4)(torch.zeros(7, 16, 1, 1))
    with pytest.raises(InputError, match='temporal_pool must be False'):
        MODELS.build(dict(type='ResNetTIN', depth=50, temporal_pool=True))


def places(**cfg):
    net = MODELS.build(dict(type='ResNetTIN', base_channels=16, **cfg))
    return [name for name, m in net.named_modules() if isinstance(m, Interlaced)]


def test_where_it_is_put():
    assert places(depth=50)[:2] == ['layer1.0.conv1.conv', 'layer1.1.conv1.conv']
    assert len(places(depth=50)) == 16
    assert len(places(depth=101)) == 33
    assert places(depth=18, is_tin=False) == []
    attended = places(depth=18, non_local=(0, (1, 0), 0, 0), non_local_cfg=dict(mode='gaussian'))
    assert attended[2:4] == ['layer2.0.block.conv1.conv', 'layer2.1.conv1.conv']


def test_without_interlacing_it_is_the_plain_network():
    plain = MODELS.build(dict(type='ResNet', depth=18, base_channels=16)).eval()
    net = MODELS.build(dict(type='ResNetTIN', depth=18, base_channels=16, is_tin=False)).eval()
    net.load_state_dict(plain.state_dict())
    x = torch.randn(8, 3, 32, 32)
    assert torch.equal(net(x), plain(x))


def test_freezing_reaches_into_the_wrappers():
    net = MODELS.build(dict(type='ResNetTIN', depth=18, base_channels=16, frozen_stages=1,
                            partial_bn=True)).train()
    held = {k for k, p in net.named_parameters() if not p.requires_grad}
    assert all(k in held for k, _ in net.named_parameters() if k.startswith('layer1.'))
    assert 'layer1.0.conv1.conv.net1.offset_net.fc1.weight' in held
    assert 'layer2.0.conv1.conv.net1.offset_net.fc1.weight' not in held
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    assert not any(m.training for m in norms)


@pytest.mark.parametrize('source', [
    dict(type='ResNet'),
    dict(type='ResNetTSM'),
    dict(type='ResNetTIN'),
])
def test_weights_of_plain_shifted_and_interlaced_networks(source, tmp_path):
    torch.manual_seed(0)
    other = MODELS.build(dict(source, depth=18, base_channels=16))
    other.init_weights()
    # A whole recognizer, as tin_tsm_finetune loads it.
    state = {f'backbone.{k}': v for k, v in other.state_dict().items()}
    path = str(tmp_path / 'weights.pth')
    torch.save(dict(state_dict=dict(state, **{'cls_head.fc_cls.bias': torch.zeros(4)})), path)
    net = MODELS.build(dict(type='ResNetTIN', depth=18, base_channels=16, pretrained=path))
    net.init_weights()

    def plain(key):
        return '.'.join(p for p in key.split('.') if p not in ('net', 'net2'))
    own = {plain(k): v for k, v in net.state_dict().items()}
    for key, value in other.state_dict().items():
        assert torch.equal(own[plain(key)], value), key
    assert isinstance(net.layer1[0].conv1.conv.net2, nn.Conv2d)
