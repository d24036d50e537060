"""What the temporal adaptive module computes, and where it is put."""
import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.errors import InputError
from mmvideo.models.blocks.tam import TemporalAdaptiveModule, adaptive_convolution
from mmvideo.registry import MODELS


def test_convolution_of_written_out_values():
    """Frames 1, 2, 3 weigh 1, 1/2, 2, so that 1, 1, 6 are seen through the kernel."""
    x = torch.tensor([1., 2, 3]).view(3, 1, 1, 1)
    activation = torch.tensor([[[1, 0.5, 2]]])
    kernel = torch.tensor([[[0.5, 0.3, 0.2]]])
    out = adaptive_convolution(x, activation, kernel).flatten()
    # 0.3*1 + 0.2*1, 0.5*1 + 0.3*1 + 0.2*6, 0.5*1 + 0.3*6
    torch.testing.assert_close(out, torch.tensor([0.5, 2.0, 2.3]))


def by_loops(x, activation, kernel):
    """Every sample, frame, channel and place of the kernel by itself."""
    count, channels, length = activation.shape
    size = kernel.shape[2]
    clips = x.view(count, length, *x.shape[1:])
    out = torch.zeros_like(clips)
    for n in range(count):
        for t in range(length):
            for c in range(channels):
                for k in range(size):
                    source = t + k - size // 2
                    if 0 <= source < length:
                        out[n, t, c] += (kernel[n, c, k] * activation[n, c, source]
                                         * clips[n, source, c])
    return out.view(x.shape)


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('length, size', [(4, 3), (3, 5), (2, 7), (5, 1)])
def test_a_kernel_for_every_channel_of_every_clip(length, size, memory_format):
    torch.manual_seed(0)
    x = torch.randn(2 * length, 6, 2, 3).to(memory_format=memory_format)
    activation, kernel = torch.rand(2, 6, length), torch.rand(2, 6, size)
    out = adaptive_convolution(x, activation, kernel)
    assert out.is_contiguous(memory_format=memory_format)
    torch.testing.assert_close(out, by_loops(x, activation, kernel))


@pytest.mark.parametrize('size', [3, 7])
def test_gradient_and_its_gradient(size):
    torch.manual_seed(0)
    shapes = (6, 2, 2, 2), (2, 2, 3), (2, 2, size)
    inputs = [torch.rand(s, dtype=torch.double, requires_grad=True) for s in shapes]
    assert torch.autograd.gradcheck(adaptive_convolution, inputs)
    assert torch.autograd.gradgradcheck(adaptive_convolution, inputs)


def tam(**cfg):
    torch.manual_seed(0)
    module = TemporalAdaptiveModule(8, 4, **cfg)
    module.init_weights()
    return module


def test_module_of_both_branches():
    """The kernel from all frames of a channel, the weights of frames from all channels."""
    module = tam(init_std=1.0).eval()
    with torch.no_grad():
        x = torch.randn(8, 8, 3, 3)
        pooled = x.view(2, 4, 8, 9).mean(3).transpose(1, 2)
        kernel = torch.stack([module.G(clip) for clip in pooled])
        torch.testing.assert_close(kernel.sum(2), torch.ones(2, 8))
        assert kernel.std() > 0.01
        expected = by_loops(x, module.L(pooled), kernel)
        torch.testing.assert_close(module(x), expected)


def test_start_is_nearly_the_mean_of_three_frames():
    module = tam().eval()
    kernel = module.G(torch.randn(8, 4))
    assert (kernel - 1 / 3).abs().max().item() < 1e-3
    assert module.G[0].weight.std().item() == pytest.approx(0.001, 0.3)
    assert tam(init_std=0.1).G[0].weight.std().item() == pytest.approx(0.1, 0.3)


def test_sizes_of_the_branches():
    module = TemporalAdaptiveModule(32, 8, alpha=3, adaptive_kernel_size=5, beta=2,
                                    conv1d_kernel_size=1, adaptive_convolution_padding=2)
    shapes = {k: tuple(v.shape) for k, v in module.named_parameters() if v.dim() > 1}
    assert shapes == {'G.0.weight': (24, 8), 'G.3.weight': (5, 24), 'L.0.weight': (16, 32, 1),
                      'L.3.weight': (32, 16, 1)}


@pytest.mark.parametrize('cfg, part', [
    (dict(num_segments=2), 'num_segments must be at least 3'),
    (dict(tam_cfg=dict(adaptive_kernel_size=4)), 'adaptive_kernel_size must be an odd number'),
    (dict(tam_cfg=dict(conv1d_kernel_size=2)), 'conv1d_kernel_size must be an odd number'),
    (dict(tam_cfg=dict(adaptive_convolution_stride=2)), 'adaptive_convolution_stride must be 1'),
    (dict(tam_cfg=dict(adaptive_convolution_padding=0)), '// 2 = 1'),
    (dict(tam_cfg=dict(adaptive_kernel_size=5)), '// 2 = 2'),
    (dict(tam_cfg=dict(beta=128)), 'leaves no channel of 64'),
])
def test_wrong_arguments(cfg, part):
    with pytest.raises(InputError) as error:
        MODELS.build(dict(dict(type='TANet', depth=50, num_segments=8), **cfg))
    assert part in str(error.value)


def test_frames_that_do_not_divide():
    with pytest.raises(InputError, match='7 frames .* num_segments=4'):
        tam()(torch.zeros(7, 8, 1, 1))


@pytest.mark.parametrize('depth, count, channels', [(18, 8, 64), (50, 16, 64), (101, 33, 64)])
def test_every_block_has_one_behind_its_first_convolution(depth, count, channels):
    with torch.device('meta'):
        net = MODELS.build(dict(type='TANet', depth=depth, num_segments=8))
    modules = {k: m for k, m in net.named_modules() if isinstance(m, TemporalAdaptiveModule)}
    assert len(modules) == count
    first = modules['layer1.0.tam'], net.layer1[0].block.conv1
    assert first[0].L[0].in_channels == first[1].out_channels == channels
    assert 'layer4.1.tam' in modules


def test_with_kernels_that_copy_it_is_the_plain_network():
    """Taps (0, 1, 0) and weights of one leave every frame as it is."""
    torch.manual_seed(0)
    plain = MODELS.build(dict(type='ResNet', depth=50, base_channels=8)).eval()
    net = MODELS.build(dict(type='TANet', depth=50, num_segments=4, base_channels=8)).eval()
    plain.init_weights()
    state = plain.state_dict()
    net.load_state_dict({k: state.get(k.replace('.block', ''), v)
                         for k, v in net.state_dict().items()})
    for module in net.modules():
        if isinstance(module, TemporalAdaptiveModule):
            module.G = torch.nn.Sequential(Constant(torch.tensor([0., 1, 0])))
            module.L = torch.nn.Sequential(Constant(torch.tensor(1.)))
    x = torch.randn(8, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(net(x), plain(x))


class Constant(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x):
        return self.value.expand(x.shape if self.value.dim() == 0 else (len(x), 3))


def test_freezing_reaches_into_the_wrappers():
    cfg = dict(type='TANet', depth=18, num_segments=3, base_channels=8)
    net = MODELS.build(dict(cfg, frozen_stages=1)).train()
    held = {k for k, p in net.named_parameters() if not p.requires_grad}
    assert held == {k for k, _ in net.named_parameters() if k.startswith(('conv1.', 'layer1.'))}
    assert 'layer1.1.tam.G.1.weight' in held
    assert not net.layer1[0].tam.L[1].training and net.layer2[0].tam.L[1].training
    # The norms of the modules count as norms; the first of all stays in training.
    net = MODELS.build(dict(cfg, partial_bn=True)).train()
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    assert [m.training for m in norms] == [True] + [False] * (len(norms) - 1)
    assert len(norms) == 20 + 2 * 8


@pytest.mark.parametrize('source', [dict(type='ResNet'), dict(type='TANet', num_segments=4)])
def test_weights_of_plain_and_adaptive_networks(source, tmp_path):
    torch.manual_seed(0)
    other = MODELS.build(dict(source, depth=50, base_channels=8))
    other.init_weights()
    path = str(tmp_path / 'weights.pth')
    torch.save(other.state_dict(), path)
    net = MODELS.build(dict(type='TANet', depth=50, num_segments=4, base_channels=8,
                            init_cfg=dict(type='Pretrained', checkpoint=path)))
    net.init_weights()
    own = {k.replace('.block', ''): v for k, v in net.state_dict().items()}
    for key, value in other.state_dict().items():
        assert torch.equal(own[key.replace('.block', '')], value), key
