"""What SlowFast's pathways see and tell each other, on numbers worked by hand."""
import torch

from mmvideo.models.blocks.non_local import build_non_local
from mmvideo.models.blocks.pathways import build_lateral, join, spread_frames, weaken
from mmvideo.registry import MODELS

LAYERS = dict(conv_cfg=dict(type='Conv3d'), norm_cfg=None, act_cfg=None)


def frames_of(channels, count):
    """[1, C, T, 1, 1] whose value is 10 * channel + frame."""
    values = 10 * torch.arange(channels)[:, None] + torch.arange(count)
    return values.float()[None, :, :, None, None]


def test_time_is_sampled_or_packed_into_channels():
    x = frames_of(2, 4)
    sampled, channels = build_lateral('time_sample', 2, 2, 5, LAYERS)
    assert channels == 2 and sampled(x)[0, :, :, 0, 0].tolist() == [[0, 2], [10, 12]]
    packed, channels = build_lateral('channel_concat', 2, 2, 5, LAYERS)
    # Both frames of channel 0, then both of channel 1.
    assert channels == 4
    assert packed(x)[0, :, :, 0, 0].tolist() == [[0, 2], [1, 3], [10, 12], [11, 13]]


def test_a_strided_convolution_doubles_the_channels():
    conv, channels = build_lateral('time_conv', 2, 2, 3, LAYERS)
    with torch.no_grad():
        conv.conv.weight.fill_(1)
    out = conv(frames_of(2, 4))
    # Frames -1, 0, 1 and 1, 2, 3 of both channels; nothing is before the first.
    assert channels == 4 and out[0, :, :, 0, 0].tolist() == [[0 + 1 + 10 + 11, 6 + 36]] * 4


def test_connections_are_joined_or_summed():
    slow, fast = torch.ones(1, 2, 1, 2, 2), torch.full((1, 2, 1, 1, 1), 3.)
    assert join(slow, fast, is_sum=True).unique().tolist() == [4]
    both = join(slow, fast, is_sum=False)
    assert both.shape == (1, 4, 1, 2, 2) and both[0, :, 0, 1, 1].tolist() == [1, 1, 3, 3]


def test_weak_inputs():
    x = torch.zeros(1, 3, 2, 2, 2)
    x[0, 0, 0], x[0, 1, 1] = 1, 2          # red, then twice as green
    gray = weaken(x, 'gray')
    torch.testing.assert_close(gray[0, 0, :, 0, 0], torch.tensor([0.299, 1.174]))
    difference = weaken(x, 'difference')
    torch.testing.assert_close(difference[0, 0, :, 1, 1], torch.tensor([0., 0.875]))
    x[0, 0, 0, 0, 0] = 5
    half = weaken(x, 'half')
    assert half.shape == (1, 3, 2, 1, 1)
    assert half[0, :, :, 0, 0].tolist() == [[2, 0], [0, 2], [0, 0]]
    assert weaken(x, 'rgb') is x


def test_slow_frames_are_spread():
    x = frames_of(1, 32)
    # The frames that the hub was recorded with.
    assert spread_frames(x, 8).flatten().tolist() == [0, 4, 8, 13, 17, 22, 26, 31]
    assert spread_frames(x, 1).flatten().tolist() == [0]


def test_a_gray_fast_pathway_sees_no_colors():
    """Colors of one brightness differ for the slow pathway alone."""
    torch.manual_seed(0)
    path = dict(type='resnet3d', depth=18, base_channels=8, num_stages=1, out_indices=(0,))
    net = MODELS.build(dict(
        type='ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=4,
        fast_input='gray', slow_pathway=dict(path, lateral=True),
        fast_pathway=dict(path, base_channels=2))).eval()
    red, green = torch.zeros(2, 1, 3, 4, 32, 32)
    red[:, 0], green[:, 1] = 0.587, 0.299
    (slow, fast), (other_slow, other_fast) = net(red), net(green)
    torch.testing.assert_close(fast, other_fast)
    assert not torch.allclose(slow, other_slow, atol=1e-3)


def test_attention_to_what_was_pooled_first():
    torch.manual_seed(0)
    block = build_non_local(4, dict(mode='dot_product', use_scale=False, pool_first=(1, 2, 2)))
    block.conv_out.conv.weight.data.normal_()
    x = torch.randn(1, 4, 2, 4, 4)
    few = torch.nn.functional.max_pool3d(x, (1, 2, 2))
    theta, phi, g = (conv(v).flatten(2)[0] for conv, v in (
        (block.theta, x), (block.phi, few), (block.g, few)))
    pairs = theta.t() @ phi / 8            # 32 places look at 2 x 2 x 2
    y = (pairs @ g.t()).t().reshape(1, 2, 2, 4, 4)
    torch.testing.assert_close(block(x), x + block.conv_out(y))
