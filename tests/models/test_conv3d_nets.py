"""What sets R(2+1)D, CSN, C2D and X3D apart, in numbers."""
import pytest
import torch
from mmcv.cnn import build_conv_layer
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.errors import InputError
from mmvideo.models.backbones.x3d import SqueezeExcite
from mmvideo.models.blocks.arch import round_width
from mmvideo.registry import MODELS

SMALL = dict(base_channels=4, stage_blocks=(1, 1, 1, 1))


def build(name, **cfg):
    return MODELS.build(dict(type=name, **cfg))


def on_meta(*cfgs):
    """Networks without values, and how many learning values they have together."""
    with torch.device('meta'):
        nets = [MODELS.build(cfg) for cfg in cfgs]
    return *nets, sum(p.numel() for net in nets for p in net.parameters())


def noisy(net):
    """The network in eval mode with statistics, scales and shifts of no special value."""
    torch.manual_seed(0)
    with torch.no_grad():
        for value in net.state_dict().values():
            if value.dim() == 1:
                value.copy_(torch.rand_like(value) * 0.5 + 0.5)
    return net.eval()


def convolution(*channels_and_kernel, **options):
    return build_conv_layer(dict(type='Conv2plus1d'), *channels_and_kernel, bias=False, **options)


@pytest.mark.parametrize('inside, outside, kernel, between', [
    (3, 64, (3, 7, 7), 83),
    (64, 64, 3, 144),
    (64, 128, 3, 230),
    (128, 128, 3, 288),
    (256, 512, (3, 3, 3), 921),
    # The count is that of three frames also where the kernel has one.
    (64, 128, 1, 54),
    (128, 256, 1, 109),
    (64, 64, (1, 3, 3), 144),
])
def test_width_between_space_and_time(inside, outside, kernel, between):
    conv = convolution(inside, outside, kernel)
    frames, height, width = (kernel,) * 3 if isinstance(kernel, int) else kernel
    assert conv.conv_s.weight.shape == (between, inside, 1, height, width)
    assert conv.bn_s.num_features == between
    assert conv.conv_t.weight.shape == (outside, between, frames, 1, 1)
    weights = between * (inside * height * width + 3 * outside)
    assert 0.98 < weights / (3 * inside * outside * height * width) <= 1


@torch.no_grad()
def test_space_and_time_have_their_own_strides():
    conv = noisy(convolution(2, 4, (3, 5, 5), stride=(2, 3, 3), padding=(1, 2, 2)))
    x = torch.randn(1, 2, 8, 18, 18)
    per_frame = F.conv3d(x, conv.conv_s.weight, stride=(1, 3, 3), padding=(0, 2, 2))
    expected = F.conv3d(conv.bn_s(per_frame).relu(), conv.conv_t.weight, stride=(2, 1, 1),
                        padding=(1, 0, 0))
    assert expected.shape == (1, 4, 4, 6, 6)
    torch.testing.assert_close(conv(x), expected)


def test_factorized_convolution_starts_as_he_initialization():
    torch.manual_seed(0)
    conv = convolution(64, 64, 3)
    conv.init_weights()
    assert conv.conv_s.weight.std().item() == pytest.approx((2 / (144 * 9))**0.5, rel=0.02)
    assert conv.conv_t.weight.std().item() == pytest.approx((2 / (64 * 3))**0.5, rel=0.02)
    with pytest.raises(InputError, match='groups must be 1, not 2'):
        convolution(4, 4, 3, groups=2)


def test_r2plus1d_factorizes_everything_and_pools_no_time():
    net, count = on_meta(dict(type='ResNet2Plus1d', depth=34, temporal_strides=(1, 2, 2, 2),
                              norm_cfg=dict(type='BN3d', eps=1e-3), with_pool2=True))
    assert count == 63554081
    factorized = [m for m in net.modules() if type(m).__name__ == 'Conv2plus1d']
    assert len(factorized) == 1 + 2 * 16 + 3
    assert isinstance(net.pool2, nn.Identity)
    assert {conv.bn_s.eps for conv in factorized} == {1e-5}
    assert {b.conv1.norm.eps for s in net.stages for b in s} == {1e-3}
    assert [net.layer2[0].downsample.conv.conv_s.stride,
            net.layer2[0].downsample.conv.conv_t.stride] == [(1, 2, 2), (2, 1, 1)]


@pytest.mark.parametrize('depth, mode, parameters', [
    (50, 'ir', 12311552), (152, 'ir', 28883968), (152, 'ip', 32196992)])
def test_csn_middles_see_one_channel(depth, mode, parameters):
    net, count = on_meta(dict(type='ResNet3dCSN', depth=depth, bottleneck_mode=mode))
    assert count == parameters
    for i, stage in enumerate(net.stages):
        for j, block in enumerate(stage):
            channels = 64 * 2**i
            depthwise = block.conv2[-1]
            assert depthwise.conv.weight.shape == (channels, 1, 3, 3, 3)
            strides = (2, 2, 2) if i > 0 and j == 0 else (1, 1, 1)
            assert depthwise.conv.stride == strides and depthwise.with_activation
            if mode == 'ip':
                assert block.conv2[0].conv.weight.shape == (channels, channels, 1, 1, 1)
                assert block.conv2[0].with_norm and not block.conv2[0].with_activation
            assert len(block.conv2) == (2 if mode == 'ip' else 1)
    assert {m.eps for m in net.modules() if isinstance(m, _BatchNorm)} == {1e-3}


@torch.no_grad()
@pytest.mark.parametrize('mode, joined', [('ir', [1]), ('ip', [0, 1, 2, 3])])
def test_channels_meet_in_interaction_preserving_middles_only(mode, joined):
    middle = noisy(build('ResNet3dCSN', depth=50, bottleneck_mode=mode, **SMALL)).layer1[0].conv2
    x = torch.randn(1, 4, 3, 5, 5)
    other = x.clone()
    other[:, 1] += 1
    changed = (middle(x) - middle(other)).abs().amax((0, 2, 3, 4)) > 0
    assert changed.nonzero().flatten().tolist() == joined


@pytest.mark.parametrize('norm_eval, bn_frozen, modes, learning', [
    (False, False, {True}, {True}), (True, False, {False}, {True}), (True, True, {False}, {False}),
    # As published: bn_frozen says nothing where norms follow the batch.
    (False, True, {True}, {True}),
])
def test_csn_norms_freeze(norm_eval, bn_frozen, modes, learning):
    net = build('ResNet3dCSN', depth=50, bottleneck_mode='ip', norm_eval=norm_eval,
                bn_frozen=bn_frozen, **SMALL).train()
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    assert {m.training for m in norms} == modes
    assert {p.requires_grad for m in norms for p in m.parameters()} == learning
    assert all(m.weight.requires_grad for m in net.modules() if isinstance(m, nn.Conv3d))


@torch.no_grad()
def test_c2d_of_a_still_clip_is_the_image_network():
    image = noisy(build('ResNet', depth=18, base_channels=4, out_indices=(0, 3)))
    video = build('C2D', depth=18, base_channels=4, out_indices=(0, 3), pool1_padding=1).eval()
    video.load_state_dict(image.state_dict())
    frames = torch.randn(2, 3, 3, 64, 64)
    for still, moving in zip(image(frames.flatten(0, 1)),
                             video(frames.transpose(1, 2).repeat_interleave(2, 2)), strict=True):
        torch.testing.assert_close(still.unflatten(0, (2, 3)).transpose(1, 2), moving)


@torch.no_grad()
def test_c2d_takes_the_larger_of_two_frames_behind_its_first_stage():
    net = noisy(build('C2D', depth=18, base_channels=4, out_indices=(0, 1)))
    clip = torch.randn(1, 3, 5, 64, 64)
    first, second = net(clip)
    assert first.shape == (1, 4, 2, 15, 15) and second.shape == (1, 8, 2, 8, 8)
    per_frame = net.layer1(net.maxpool(net.conv1(clip[0].transpose(0, 1))))
    for pair in range(2):
        larger = torch.maximum(*per_frame[2 * pair:2 * pair + 2])
        torch.testing.assert_close(first[0, :, pair], larger)
    torch.testing.assert_close(net(clip[:, :, [1, 0, 3, 2]]), (first, second))
    torch.testing.assert_close(net(clip[:, :, [2, 3, 0, 1]])[1], second.flip(2))


@torch.no_grad()
@pytest.mark.parametrize('padding, places', [(0, 55), (1, 56)])
def test_c2d_stem_has_two_published_sizes(padding, places):
    net = build('C2D', depth=18, base_channels=4, num_stages=1, out_indices=(0,),
                pool1_padding=padding).eval()
    assert net(torch.zeros(1, 3, 2, 224, 224)).shape == (1, 4, 1, places, places)


def x3d(**cfg):
    return dict(type='X3D', gamma_b=2.25, **cfg)


@pytest.mark.parametrize('cfg, blocks, channels, parameters', [
    # XS, S and M are one network; the numbers of L and XL are 6.15 and 11.1 million.
    (x3d(gamma_d=2.2), (3, 5, 11, 7), 432, 3794322),
    (x3d(gamma_d=5.0), (5, 10, 25, 15), 432, 6153432),
    (x3d(gamma_d=5.0, gamma_w=1.45), (5, 10, 25, 15), 630, 11095904),
])
def test_x3d_sizes(cfg, blocks, channels, parameters):
    net, _, count = on_meta(cfg, dict(type='X3DHead', num_classes=400, in_channels=channels))
    assert tuple(map(len, net.stages)) == blocks
    assert net.out_channels == net.conv5.conv.out_channels == channels
    assert count == parameters


def test_x3d_widths_and_excited_blocks():
    net, _ = on_meta(x3d(gamma_d=2.2))
    assert net.conv1_s.conv.weight.shape == (24, 3, 1, 3, 3) and not net.conv1_s.with_norm
    assert net.conv1_t.conv.weight.shape == (24, 1, 5, 1, 1)
    for stage, outside, inside, hidden in zip(net.stages, (24, 48, 96, 192), (54, 108, 216, 432),
                                              (8, 8, 16, 32), strict=True):
        for j, block in enumerate(stage):
            assert block.conv2.conv.weight.shape == (inside, 1, 3, 3, 3)
            assert block.conv2.conv.stride == ((1, 2, 2) if j == 0 else (1, 1, 1))
            assert block.conv3.conv.out_channels == outside
            assert (block.downsample is not None) == (j == 0)
            assert isinstance(block.se_module, SqueezeExcite) == (j % 2 == 0)
            if j % 2 == 0:
                assert block.se_module.fc1.out_channels == hidden
            assert isinstance(block.swish, nn.SiLU) and isinstance(block.relu, nn.ReLU)
    everywhere, _ = on_meta(x3d(gamma_d=2.2, se_style='all', use_swish=False))
    assert sum(isinstance(m, SqueezeExcite) for m in everywhere.modules()) == 26
    assert not any(isinstance(m, nn.SiLU) for m in everywhere.modules())
    nowhere, _ = on_meta(x3d(se_ratio=None))
    assert not any(isinstance(m, SqueezeExcite) for m in nowhere.modules())


@pytest.mark.parametrize('width, rounded', [
    (3.375, 8), (13.5, 16), (27, 32), (34.8, 32), (69.6, 72), (139.2, 136), (278.4, 280), (24, 24)])
def test_widths_are_multiples_of_eight(width, rounded):
    assert round_width(width) == rounded


@torch.no_grad()
def test_excitation_scales_whole_channels():
    torch.manual_seed(0)
    module = SqueezeExcite(32, 1 / 4)
    x = torch.randn(2, 32, 3, 4, 5)
    hidden = F.linear(x.mean((2, 3, 4)), module.fc1.weight.flatten(1), module.fc1.bias).relu()
    scale = F.linear(hidden, module.fc2.weight.flatten(1), module.fc2.bias).sigmoid()
    torch.testing.assert_close(module(x), x * scale[:, :, None, None, None])


@torch.no_grad()
def test_x3d_keeps_frames_and_starts_as_its_shortcuts():
    net = build('X3D', gamma_b=2.25)
    torch.manual_seed(0)
    net.init_weights()
    net.eval()
    x = torch.randn(1, 3, 5, 48, 48)
    y = net.conv1_t(net.conv1_s(x))
    assert y.shape == (1, 24, 5, 24, 24)
    for stage in net.stages:
        y = stage[0].downsample(y).relu()
    torch.testing.assert_close(net(x), net.conv5(y))
    assert net(x).shape == (1, 432, 5, 2, 2)


@torch.no_grad()
def test_x3d_head_widens_behind_the_pooling():
    torch.manual_seed(0)
    head = build('X3DHead', num_classes=3, in_channels=4, init_std=0.1, average_clips='prob')
    head.init_weights()
    assert head.fc1.bias is None and not head.fc2.bias.any()
    assert head.fc1.weight.std().item() == pytest.approx(0.1, rel=0.05)
    assert list(head.state_dict()) == ['fc1.weight', 'fc2.weight', 'fc2.bias']
    assert build('X3DHead', num_classes=3, in_channels=4, fc1_bias=True).fc1.bias.shape == (2048,)
    x = torch.randn(2, 4, 2, 3, 3)
    hidden = (x.mean((2, 3, 4)) @ head.fc1.weight.T).relu()
    torch.testing.assert_close(head.eval()(x), head.fc2(hidden))


def test_x3d_head_takes_what_all_heads_take():
    cfg = dict(num_classes=3, in_channels=4)
    score, label = torch.tensor([[2.0, 0.0, 1.0]]), torch.tensor([0])
    plain = build('X3DHead', **cfg, topk=1).loss(score, label)
    smooth = build('X3DHead', **cfg, label_smooth_eps=0.3).loss(score, label)
    assert set(plain) == {'loss_cls', 'top1_acc'}
    log_prob = score.log_softmax(1)[0]
    assert plain['loss_cls'].item() == pytest.approx(-log_prob[0].item())
    assert smooth['loss_cls'].item() == pytest.approx(
        -(0.8 * log_prob[0] + 0.1 * log_prob[1] + 0.1 * log_prob[2]).item())
    with pytest.raises(InputError, match="'avg' or 'max' for X3DHead, not None"):
        build('X3DHead', **cfg, spatial_type=None)


OWN = {
    'R(2+1)D': dict(type='ResNet2Plus1d', depth=18, **SMALL),
    'ip-CSN': dict(type='ResNet3dCSN', depth=50, bottleneck_mode='ip', **SMALL),
    'X3D': dict(type='X3D', num_stages=2),
}


@pytest.mark.parametrize('name', OWN)
@pytest.mark.parametrize('key', ['pretrained', 'init_cfg'])
def test_own_weights_come_back_whole(name, key, tmp_path):
    first = noisy(MODELS.build(OWN[name]))
    path = str(tmp_path / 'recognizer.pth')
    torch.save(dict(state_dict={f'backbone.{k}': v for k, v in first.state_dict().items()}), path)
    source = path if key == 'pretrained' else dict(type='Pretrained', checkpoint=path)
    second = MODELS.build({**OWN[name], key: source})
    second.init_weights()
    for key, value in first.state_dict().items():
        if not key.endswith('num_batches_tracked'):
            assert torch.equal(second.state_dict()[key], value), key


def test_c2d_starts_from_an_image_network_under_plain_names(tmp_path):
    image = noisy(build('ResNet', depth=18, base_channels=8))
    plain = {}
    for key, value in image.state_dict().items():
        for k in '12':
            key = key.replace(f'conv{k}.conv.', f'conv{k}.').replace(f'conv{k}.bn.', f'bn{k}.')
        key = key.replace('downsample.conv.', 'downsample.0.')
        plain[key.replace('downsample.bn.', 'downsample.1.')] = value
    assert 'layer2.0.downsample.1.running_var' in plain and 'bn1.weight' in plain
    torch.save(plain, tmp_path / 'resnet18.pth')
    net = build('C2D', depth=18, base_channels=8, pretrained=str(tmp_path / 'resnet18.pth'))
    net.init_weights()
    for key, value in image.state_dict().items():
        if not key.endswith('num_batches_tracked'):
            assert torch.equal(net.state_dict()[key], value), key


@pytest.mark.parametrize('cfg, part', [
    (dict(type='ResNet2Plus1d', depth=34, pretrained2d=True), 'pretrained2d must be False'),
    (dict(type='ResNet2Plus1d', depth=34, conv_cfg=dict(type='Conv3d')),
     "conv_cfg must be dict(type='Conv2plus1d'), not {'type': 'Conv3d'}"),
    (dict(type='ResNet3dCSN', depth=50, bottleneck_mode='id'), "must be 'ir' or 'ip', not 'id'"),
    (dict(type='ResNet3dCSN', depth=18), 'depth must be one of 50, 101, 152, not 18'),
    (dict(type='C2D', depth=50, pool1_padding=2), 'pool1_padding must be 0 or 1, not 2'),
    (dict(type='X3D', gamma_d=0), 'gamma_d must be positive, not 0'),
    (dict(type='X3D', num_stages=5), 'num_stages must be 1 to 4, not 5'),
    (dict(type='X3D', spatial_strides=(2, 2)), 'spatial_strides has 2 entries for 4 stages'),
    (dict(type='X3D', frozen_stages=5), 'frozen_stages must be -1 (none) to 4, not 5'),
    (dict(type='X3D', se_style='some'), "se_style must be 'half' or 'all', not 'some'"),
])
def test_wrong_arguments_say_what_is_expected(cfg, part):
    with pytest.raises(InputError) as error:
        MODELS.build(cfg)
    assert part in str(error.value)


def test_c2d_needs_two_frames():
    with pytest.raises(InputError, match='clip_len of the sampler must be 2 or more'):
        build('C2D', depth=18, base_channels=4)(torch.zeros(1, 3, 1, 32, 32))
