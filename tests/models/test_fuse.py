"""Which norms fold into convolutions, and that scores stay."""
import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.models.blocks.fuse import for_inference, fuse_conv_bn
from mmvideo.registry import MODELS

SHORT = dict(base_channels=8, stage_blocks=(1, 2, 1, 1))
# network, input, norms that fold
CASES = {
    'shifted': (dict(type='ResNetTSM', depth=18, num_segments=2, base_channels=8), (2, 3, 32, 32),
                20),
    'interlaced': (dict(type='ResNetTIN', depth=50, num_segments=4, base_channels=16),
                   (4, 3, 32, 32), 53),
    'under plain names': (dict(type='ResNeXt', depth=50, groups=2, width_per_group=4,
                               base_channels=8), (1, 3, 32, 32), 53),
    'depthwise': (dict(type='ResNet3dCSN', depth=50, with_pool2=False, **SHORT), (1, 3, 8, 32, 32),
                  20),
    'depthwise behind 1x1x1': (dict(type='ResNet3dCSN', depth=50, bottleneck_mode='ip',
                                    with_pool2=False, **SHORT), (1, 3, 8, 32, 32), 25),
    # 14 convolutions: the stem, two in each of 5 blocks, 3 shortcuts.
    'factorized': (dict(type='ResNet2Plus1d', depth=18, **SHORT), (1, 3, 8, 32, 32), 28),
    'excited': (dict(type='X3D', gamma_b=2.25), (1, 3, 4, 32, 32), 39),
}


def moved(net):
    """The network with scales, shifts and statistics that are not those of a fresh one."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, _BatchNorm) and module.track_running_stats:
                for value in (module.weight, module.running_var):
                    value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
                for value in (module.bias, module.running_mean):
                    value.copy_(torch.randn(value.shape, generator=generator))
    return net.eval()


def norms(net):
    return sum(isinstance(module, _BatchNorm) for module in net.modules())


@torch.no_grad()
@pytest.mark.parametrize('name', CASES)
def test_all_norms_of_a_network_fold(name):
    cfg, shape, count = CASES[name]
    torch.manual_seed(0)
    net = moved(MODELS.build(cfg)).double()
    x = torch.randn(shape, dtype=torch.double)
    before = net(x)
    assert norms(net) == count
    assert fuse_conv_bn(net) == count
    assert norms(net) == 0
    torch.testing.assert_close(net(x), before)
    assert fuse_conv_bn(net) == 0


class Named(nn.Module):
    """A class of its own that says which norm follows which convolution."""
    conv_then_norm = (('first', 'second'),)

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)

    def forward(self, x):
        return self.second(self.first(x))


class Silent(Named):
    """The same without a word about it: the order of attributes is no proof."""
    conv_then_norm = ()


@torch.no_grad()
@pytest.mark.parametrize('make, folded', [
    (lambda: nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4)), 1),
    (lambda: nn.Sequential(nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3)), 0),
    (lambda: nn.Sequential(nn.ConvTranspose2d(4, 4, 3), nn.BatchNorm2d(4)), 0),
    (lambda: nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)), 0),
    (lambda: nn.Sequential(nn.Conv2d(4, 4, 3), nn.GroupNorm(2, 4)), 0),
    (Named, 1),
    (Silent, 0),
])
def test_only_a_norm_right_behind_its_convolution_folds(make, folded):
    torch.manual_seed(0)
    net = moved(make()).double()
    x = torch.randn(2, 4, 5, 5, dtype=torch.double)
    before = net(x)
    assert fuse_conv_bn(net) == folded
    torch.testing.assert_close(net(x), before)


@torch.no_grad()
def test_kernels_of_images_get_channels_last():
    net = moved(MODELS.build(dict(type='C2D', depth=50, base_channels=8))).double()
    clips = moved(MODELS.build(dict(type='ResNet3d', depth=18, base_channels=8))).double()
    x = torch.randn(1, 3, 4, 32, 32, dtype=torch.double)
    for model, count, layout in ((net, 53, torch.channels_last), (clips, 20, None)):
        before = model(x)
        assert for_inference(model) == count
        torch.testing.assert_close(model(x), before)
        kernel = model.layer1[0].conv2.conv.weight
        assert layout is None or kernel.is_contiguous(memory_format=layout)
        assert kernel.is_contiguous() is (layout is None)
