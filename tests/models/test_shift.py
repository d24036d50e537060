"""What the temporal wrappers move, and where they are put."""
import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.blocks.non_local import ClipNonLocal, per_block
from mmvideo.models.blocks.shift import (
    OnlineShift,
    TemporalPool,
    TemporalShift,
    delay_channels,
    shift_channels,
)
from mmvideo.registry import MODELS


def frames(clips, length, channels):
    """Each value tells its place: 100 * clip + 10 * frame + channel."""
    clip, frame, channel = torch.meshgrid(
        torch.arange(clips), torch.arange(length), torch.arange(channels), indexing='ij')
    values = (100 * clip + 10 * frame + channel).float() + 1000
    return values.reshape(clips * length, channels, 1, 1)


@pytest.mark.parametrize('shift_div, ahead, behind', [(8, [0], [1]), (4, [0, 1], [2, 3])])
def test_channels_come_from_the_neighbors(shift_div, ahead, behind):
    x = frames(2, 3, 8)
    out = shift_channels(x, 3, shift_div).view(2, 3, 8)
    source = x.view(2, 3, 8)
    for channel in range(8):
        for clip in range(2):
            own = source[clip, :, channel].tolist()
            if channel in ahead:
                expected = own[1:] + [0]
            elif channel in behind:
                expected = [0] + own[:-1]
            else:
                expected = own
            assert out[clip, :, channel].tolist() == expected


def test_shift_of_written_out_values():
    x = torch.arange(12.).view(3, 4, 1, 1)
    assert shift_channels(x, 3, 4).view(3, 4).tolist() == [
        [4, 0, 2, 3], [8, 1, 6, 7], [0, 5, 10, 11]]


@pytest.mark.parametrize('causal, expected', [
    ('first', [[0, 1, 2, 3], [0, 5, 6, 7], [4, 9, 10, 11]]),
    ('second', [[0, 0, 2, 3], [4, 1, 6, 7], [8, 5, 10, 11]]),
])
def test_causal_shift_of_written_out_values(causal, expected):
    x = torch.arange(12.).view(3, 4, 1, 1)
    clip = TemporalShift(nn.Identity(), 3, 4, causal)
    assert clip(x).view(3, 4).tolist() == expected
    # Two streams at once, the other's values ten times as large.
    online = OnlineShift(nn.Identity(), 4, causal)
    for _ in range(2):
        found = torch.stack([online(torch.stack([frame, 10 * frame])) for frame in x])
        assert found[:, 0].view(3, 4).tolist() == expected
        assert torch.equal(found[:, 1], 10 * found[:, 0])
        online.reset()


@pytest.mark.parametrize('learns', [False, True])
def test_causal_shift_keeps_memory_format_and_clips_apart(learns):
    x = torch.randn(6, 8, 3, 5).to(memory_format=torch.channels_last).requires_grad_(learns)
    out = delay_channels(x, 3, slice(0, 2))
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(out[3:], delay_channels(x[3:], 3, slice(0, 2)))
    y = torch.randn(6, 4, 1, 1, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: delay_channels(v, 3, slice(1, 2)), (y,))


def test_gradient_and_its_gradient():
    x = torch.randn(6, 8, 2, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: shift_channels(v, 3, 4), (x,))
    assert torch.autograd.gradgradcheck(lambda v: shift_channels(v, 3, 4), (x,))


@pytest.mark.parametrize('learns', [False, True])
def test_memory_format_stays(learns):
    x = torch.randn(4, 8, 3, 5).to(memory_format=torch.channels_last).requires_grad_(learns)
    out = shift_channels(x, 2, 8)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out, shift_channels(x.contiguous(), 2, 8))


def test_frames_that_do_not_divide():
    with pytest.raises(InputError, match='7 frames .* num_segments=4'):
        shift_channels(torch.zeros(7, 8, 1, 1), 4)
    with pytest.raises(InputError, match='at least 2'):
        TemporalShift(nn.Identity(), 8, shift_div=1)
    with pytest.raises(InputError, match="expected 'first' or 'second' .* not True"):
        TemporalShift(nn.Identity(), 8, causal=True)


def test_pool_takes_the_maximum_over_three_frames():
    x = torch.tensor([1., 5, 2, 0, 9, 8, 7, 6]).view(8, 1, 1, 1)
    assert TemporalPool(nn.Identity(), 4)(x).flatten().tolist() == [5, 5, 9, 8]


def test_non_local_sees_the_whole_clip_and_starts_as_identity():
    x = torch.randn(8, 4, 3, 3)
    cfg = dict(mode='embedded_gaussian', sub_sample=False, norm_cfg=dict(type='BN3d'))
    block = ClipNonLocal(nn.Identity(), 4, 4, cfg).eval()
    torch.testing.assert_close(block(x), x)
    nn.init.ones_(block.non_local_block.conv_out.bn.weight)
    changed = x.clone()
    changed[3] += 1
    moved = (block(changed) - block(x)).abs().amax((1, 2, 3)) > 0
    assert moved.tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize('value, expected', [
    (1, ((1, 1), (1,))),
    ((0, 1), ((0, 0), (1,))),
    (((1, 0), (1,)), ((1, 0), (1,))),
    ([[0, 1], 0, 1], ((0, 1), (0,))),
])
def test_switches_are_spelled_out(value, expected):
    assert per_block(value, (2, 1), 'inflate') == expected


def shifted(**cfg):
    net = MODELS.build(dict(type='ResNetTSM', base_channels=4, **cfg))
    return [name for name, m in net.named_modules() if isinstance(m, TemporalShift)]


def test_where_shifts_are_put():
    assert shifted(depth=50)[:2] == ['layer1.0.conv1.conv', 'layer1.1.conv1.conv']
    assert len(shifted(depth=50)) == 16
    assert shifted(depth=18, shift_place='block')[0] == 'layer1.0'
    assert shifted(depth=50, is_shift=False) == []
    # 3, 4, 23 and 3 blocks, every second one.
    assert len(shifted(depth=101)) == 2 + 2 + 12 + 2
    assert 'layer1.1.conv1.conv' not in shifted(depth=101)
    mobile = MODELS.build(dict(type='MobileNetV2TSM'))
    places = [name for name, m in mobile.named_modules() if isinstance(m, TemporalShift)]
    assert len(places) == 10 and places[0] == 'layer2.1.conv.0'


def test_without_shift_it_is_the_plain_network():
    plain = MODELS.build(dict(type='ResNet', depth=18)).eval()
    net = MODELS.build(dict(type='ResNetTSM', depth=18, is_shift=False)).eval()
    net.load_state_dict(plain.state_dict())
    x = torch.randn(8, 3, 32, 32)
    assert torch.equal(net(x), plain(x))


def test_pooled_stages_shift_over_half_the_frames():
    net = MODELS.build(dict(type='ResNetTSM', depth=18, num_segments=8, temporal_pool=True))
    counts = {name.split('.')[0]: m.num_segments for name, m in net.named_modules()
              if isinstance(m, TemporalShift)}
    assert counts == {'layer1': 8, 'layer2': 4, 'layer3': 4, 'layer4': 4}
