"""Weights from files: names, inflation, and what is refused."""
import hashlib
import pickle

import numpy as np
import pytest
import torch

from mmvideo.errors import InputError, MissingFileError
from mmvideo.models.backbones.mobilenet_v2 import own_key
from mmvideo.models.blocks.weights import load_pretrained, pretrained_source, read_weights
from mmvideo.registry import MODELS


def build(name, **cfg):
    return MODELS.build(dict(type=name, **cfg))


def resnet(**cfg):
    """A small ResNet whose statistics are not those of a fresh one."""
    torch.manual_seed(0)
    net = build('ResNet', **{**dict(depth=18, base_channels=8), **cfg})
    with torch.no_grad():
        for value in net.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + 0.1)
    return net


def plain_names(state):
    """The layout of torchvision for a state dict of ours, with its classifier."""
    renamed = {}
    for key, value in state.items():
        for k in '123':
            key = key.replace(f'conv{k}.conv.', f'conv{k}.').replace(f'conv{k}.bn.', f'bn{k}.')
        key = key.replace('downsample.conv', 'downsample.0').replace('downsample.bn',
                                                                     'downsample.1')
        renamed[key] = value
    renamed['fc.weight'] = torch.zeros(10, 64)
    return renamed


@pytest.fixture
def saved(tmp_path):
    def save(content, name='weights.pth'):
        torch.save(content, tmp_path / name)
        return str(tmp_path / name)
    return save


WRAPPINGS = {
    'own names': lambda s: s,
    'torchvision': plain_names,
    'of a training run': lambda s: dict(state_dict=s, meta=dict(epoch=1)),
    'distributed': lambda s: {f'module.{k}': v for k, v in s.items()},
    'with its optimizer': lambda s: dict(
        state_dict={f'module.backbone.{k}': v for k, v in s.items()}, meta=dict(epoch=1),
        optimizer=dict(state={0: dict(momentum_buffer=torch.ones(3))},
                       param_groups=[dict(lr=0.1, params=[0])])),
    'whole recognizer': lambda s: dict(state_dict={
        **{f'backbone.{k}': v for k, v in s.items()}, 'cls_head.fc_cls.weight': torch.zeros(2, 2)}),
}


@pytest.mark.parametrize('wrap', WRAPPINGS.values(), ids=WRAPPINGS)
def test_layouts_are_recognized(wrap, saved):
    source = resnet()
    net = build('ResNet', depth=18, base_channels=8, pretrained=saved(wrap(source.state_dict())))
    before = net.conv1.conv.weight.clone()
    assert not torch.equal(before, source.conv1.conv.weight)
    net.init_weights()
    for key, value in source.state_dict().items():
        assert torch.equal(net.state_dict()[key], value), key


@pytest.mark.parametrize('cfg', [
    dict(type='ResNetTSM', depth=18, base_channels=8),
    dict(type='ResNetTSM', depth=18, base_channels=8, shift_place='block', temporal_pool=True),
    dict(type='ResNetTSM', depth=18, base_channels=8, temporal_pool=True,
         non_local=((0, 0), (1, 0), (0, 0), (0, 0)), non_local_cfg=dict(mode='gaussian')),
])
def test_plain_weights_fill_wrapped_networks(cfg, saved):
    source = resnet()
    path = saved(plain_names(source.state_dict()))
    net = MODELS.build(dict(cfg, init_cfg=dict(type='Pretrained', checkpoint=path)))
    net.init_weights()
    own = net.state_dict()
    for key, value in source.state_dict().items():
        wrapped = [k for k in own
                   if '.'.join(p for p in k.split('.') if p not in ('net', 'block')) == key]
        assert len(wrapped) == 1, key
        assert torch.equal(own[wrapped[0]], value), key


def test_a_still_video_gives_what_the_image_gave(saved):
    source = resnet().eval()
    net = build('ResNet3d', depth=18, base_channels=8, conv1_kernel=(5, 7, 7), with_pool2=False,
                pretrained=saved(plain_names(source.state_dict())))
    net.init_weights()
    net.eval()
    stem = net.conv1.conv.weight
    assert stem.shape[2] == 5
    torch.testing.assert_close(stem[:, :, 2], source.conv1.conv.weight / 5)
    image = torch.randn(1, 3, 64, 64)
    video = image[:, :, None].expand(-1, -1, 61, -1, -1)
    with torch.no_grad():
        # Frames near the ends see padding; the one in the middle sees still frames only.
        middle = net(video)[:, :, 30]
        torch.testing.assert_close(middle, source(image), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('name, cfg, channels, shape', [
    ('ResNet', dict(in_channels=10), 10, (8, 10, 7, 7)),
    ('ResNet', dict(in_channels=1), 1, (8, 1, 7, 7)),
    ('ResNet3dSlowOnly', dict(in_channels=2), 2, (8, 2, 1, 7, 7)),
])
def test_stems_of_other_inputs_take_the_mean_color(name, cfg, channels, shape, saved):
    source = resnet()
    net = build(name, depth=18, base_channels=8, pretrained=saved(source.state_dict()), **cfg)
    net.init_weights()
    assert net.conv1.conv.weight.shape == shape
    mean = source.conv1.conv.weight.mean(1)
    for c in range(channels):
        torch.testing.assert_close(net.conv1.conv.weight[:, c].reshape(mean.shape), mean)


def test_flow_frames_through_a_plain_stem(saved):
    torch.manual_seed(2)
    source = build('ResNeXt', depth=50, groups=4, width_per_group=4, base_channels=8)
    path = saved({f'module.{k}': v for k, v in source.state_dict().items()})
    net = build('ResNeXt', depth=50, groups=4, width_per_group=4, base_channels=8, in_channels=10,
                pretrained=path)
    net.init_weights()
    torch.testing.assert_close(net.conv1.weight[:, 9], source.conv1.weight.mean(1))
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items()
               if k != 'conv1.weight')


def flat(state):
    """The 2D weights that are seen as these 3D ones when nothing moves."""
    return {k: v.sum(2) if v.dim() == 5 else v for k, v in state.items()}


@pytest.mark.parametrize('mode', ['ir', 'ip'])
def test_channelwise_kernels_are_inflated(mode, saved):
    torch.manual_seed(2)
    net = build('ResNet3dCSN', depth=50, base_channels=8, bottleneck_mode=mode, with_pool2=False)
    source = {k: torch.randn_like(v) if v.is_floating_point() else v
              for k, v in flat(net.state_dict()).items()}
    names = [k for k in source if not k.endswith('num_batches_tracked')]
    assert load_pretrained(net, saved(source), inflate=True) == (len(names), len(names))
    own = net.state_dict()
    channelwise = [k for k in own if own[k].dim() == 5 and own[k].shape[1] == 1]
    assert len(channelwise) == 16 and own[channelwise[0]].shape[2:] == (3, 3, 3)
    for key in channelwise:
        for t in range(3):
            torch.testing.assert_close(own[key][:, :, t], source[key] / 3)
    still = flat(own)
    assert all(torch.allclose(still[k], source[k], atol=1e-6) for k in names)


def test_grouped_kernels_keep_their_groups(saved):
    """As a 3D ResNeXt has them, beside the 2D layer with the same weights."""
    image = torch.nn.Conv2d(32, 32, 3, groups=8, bias=False)
    video = torch.nn.Conv3d(32, 32, (5, 3, 3), groups=8, bias=False)
    assert load_pretrained(video, saved(image.state_dict()), inflate=True) == (1, 1)
    x = torch.randn(2, 32, 9, 9)
    torch.testing.assert_close(video(x[:, :, None].expand(-1, -1, 5, -1, -1))[:, :, 0], image(x))


def test_kernels_of_other_groups_do_not_fit(saved):
    """Zeros for the missing channels would make the first channels of each group do all."""
    torch.manual_seed(2)
    net = build('ResNet3d', depth=50, base_channels=8, inflate=(0, 0, 0, 0))
    source = flat(net.state_dict())
    key = 'layer1.0.conv2.conv.weight'
    source[key] = torch.ones(8, 1, 3, 3)
    before = net.state_dict()[key].clone()
    filled, total = load_pretrained(net, saved(source), inflate=True)
    assert filled == total - 1 and torch.equal(net.state_dict()[key], before)


def test_short_names_are_found_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path))
    (tmp_path / 'checkpoints').mkdir()
    source = resnet(base_channels=64)
    torch.save(plain_names(source.state_dict()), tmp_path / 'checkpoints/resnet18-f37072fd.pth')
    net = build('ResNet3dSlowOnly', depth=18, pretrained='torchvision://resnet18')
    net.init_weights()
    torch.testing.assert_close(net.layer4[1].conv1.conv.weight.sum(2),
                               source.layer4[1].conv1.conv.weight)
    assert torch.equal(net.conv1.conv.weight[:, :, 0], source.conv1.conv.weight)


def test_plain_names_stay_plain(saved):
    """ResNeXt keeps torchvision's layout, so nothing of it may be renamed."""
    torch.manual_seed(2)
    cfg = dict(depth=50, groups=4, width_per_group=4, base_channels=8)
    source = build('ResNeXt', **cfg)
    state = {**source.state_dict(), 'fc.weight': torch.zeros(10, 256), 'fc.bias': torch.zeros(10)}
    net = build('mmcls.ResNeXt', init_cfg=dict(type='Pretrained', checkpoint=saved(state)), **cfg)
    net.init_weights()
    assert all(torch.equal(v, state[k]) for k, v in net.state_dict().items())


def test_slow_pathway_starts_without_its_laterals(saved):
    source = resnet()
    path = dict(type='resnet3d', depth=18, base_channels=8, conv1_kernel=(1, 7, 7), lateral=True,
                inflate=(0, 0, 1, 1), pretrained=saved(source.state_dict()))
    fast = dict(type='resnet3d', depth=18, base_channels=1, conv1_kernel=(5, 7, 7), lateral=False)
    net = build('ResNet3dSlowFast', slow_pathway=path, fast_pathway=fast)
    net.init_weights()
    weight = net.slow_path.layer1[0].conv1.conv.weight
    assert weight.shape == (8, 10, 1, 3, 3)
    torch.testing.assert_close(weight[:, :8, 0], source.layer1[0].conv1.conv.weight)
    assert weight[:, 8:].abs().max() == 0
    inflated = net.slow_path.layer3[1].conv1.conv.weight
    torch.testing.assert_close(inflated.sum(2), source.layer3[1].conv1.conv.weight)


def test_3d_weights_load_as_they_are(saved):
    torch.manual_seed(1)
    source = build('ResNet3dSlowOnly', depth=18, base_channels=8)
    net = build('ResNet3dSlowOnly', depth=18, base_channels=8, pretrained2d=False,
                pretrained=saved(source.state_dict()))
    net.init_weights()
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items())


def test_matched_entries_are_counted(saved):
    state = resnet().state_dict()
    total = sum(not k.endswith('num_batches_tracked') for k in state)
    del state['layer4.1.conv2.conv.weight']
    state['layer1.0.conv1.conv.weight'] = torch.zeros(3, 3, 3, 3)
    assert load_pretrained(resnet(), saved(state)) == (total - 2, total)


@pytest.mark.parametrize('content, part', [
    (lambda: resnet(depth=34, base_channels=16).state_dict(), 'shapes that do not fit'),
    (lambda: {'encoder.weight': torch.zeros(3)}, 'keys begin with encoder.weight'),
    (lambda: dict(meta=1), 'holds no weights'),
    (lambda: [1, 2], 'holds no weights'),
])
def test_wrong_checkpoints_are_refused(content, part, saved):
    path = saved(content())
    with pytest.raises(InputError) as error:
        load_pretrained(resnet(), path)
    assert part in str(error.value) and path in str(error.value)


def test_2d_weights_are_not_inflated_unasked(saved):
    net = build('ResNet3d', depth=18, base_channels=8, pretrained2d=False,
                pretrained=saved(resnet().state_dict()))
    with pytest.raises(InputError, match='only 80 of 100 weights of ResNet3d fit'):
        net.init_weights()


def test_unreadable_sources(tmp_path):
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(b'not a checkpoint')
    with pytest.raises(InputError, match='broken.pth is no checkpoint'):
        read_weights(str(broken))
    with pytest.raises(MissingFileError, match='missing.pth'):
        read_weights(str(tmp_path / 'missing.pth'))
    with pytest.raises(InputError, match='torchvision://resnet50'):
        read_weights('torchvision://resnet51')
    with pytest.raises(InputError, match='"checkpoint"'):
        pretrained_source(None, dict(type='Pretrained'))


class Trap:
    """Runs code when it is unpickled in the ordinary way."""
    fired = []

    def __reduce__(self):
        return Trap.fired.append, (1,)


def test_no_code_of_a_checkpoint_runs(saved):
    state = resnet().state_dict()
    hub = dict(trap=Trap(), history=MappingLike(a=1), best=np.float64(0.5), seen={1, 2})
    path = saved(dict(state_dict=state, message_hub=hub, first=state['conv1.conv.weight']))
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    read = read_weights(path)
    assert Trap.fired == []
    assert all(torch.equal(read[k], v) for k, v in state.items())


class MappingLike(dict):
    """Something that a training run keeps beside the weights."""


def test_addresses_are_fetched_once_and_verified(saved, tmp_path, monkeypatch):
    path = saved(resnet().state_dict())
    digest = hashlib.sha256(open(path, 'rb').read()).hexdigest()[:8]
    hub = tmp_path / 'hub'
    monkeypatch.setattr(torch.hub, '_hub_dir', str(hub))
    served = tmp_path / f'net-{digest}.pth'
    served.write_bytes(open(path, 'rb').read())
    with serve(tmp_path) as root:
        assert set(read_weights(f'{root}/net-{digest}.pth')) == set(resnet().state_dict())
        (tmp_path / 'net-00000000.pth').write_bytes(served.read_bytes())
        with pytest.raises(InputError, match='net-00000000.pth: download failed'):
            read_weights(f'{root}/net-00000000.pth')
    # The server is gone: this one comes from the cache.
    assert read_weights(f'{root}/net-{digest}.pth')
    assert [p.name for p in (hub / 'checkpoints').iterdir()] == [f'net-{digest}.pth']


class serve:
    """Gives the files of a folder away at a local address."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __enter__(self):
        import functools
        import http.server
        import threading

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        handler = functools.partial(Quiet, directory=self.folder)
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f'http://127.0.0.1:{self.server.server_address[1]}'

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


def test_building_and_testing_load_nothing():
    model = MODELS.build(dict(
        type='Recognizer2D',
        backbone=dict(type='ResNet', depth=18, pretrained='torchvision://resnet18'),
        cls_head=dict(type='TSNHead', num_classes=2, in_channels=512)))
    assert len(model.eval()(torch.zeros(1, 1, 3, 32, 32), mode='predict')) == 1


@pytest.mark.parametrize('key, own', [
    ('features.0.0.weight', 'conv1.conv.weight'),
    ('features.0.1.running_mean', 'conv1.bn.running_mean'),
    ('features.1.conv.0.0.weight', 'layer1.0.conv.0.conv.weight'),
    ('features.1.conv.1.weight', 'layer1.0.conv.1.conv.weight'),
    ('features.1.conv.2.bias', 'layer1.0.conv.1.bn.bias'),
    ('features.3.conv.1.1.weight', 'layer2.1.conv.1.bn.weight'),
    ('features.14.conv.2.weight', 'layer6.0.conv.2.conv.weight'),
    ('features.17.conv.3.running_var', 'layer7.0.conv.2.bn.running_var'),
    ('features.18.0.weight', 'conv2.conv.weight'),
    ('layer1.0.conv.0.conv.weight', 'layer1.0.conv.0.conv.weight'),
])
def test_names_of_torchvision_mobilenet(key, own):
    assert own_key(key) == own
    assert own in build('MobileNetV2').state_dict()
