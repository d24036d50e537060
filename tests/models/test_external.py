"""Networks of other libraries as backbones; most of it needs `make test-thirdparty`."""
import copy
import pickle
import sys

import pytest
import torch
from mmengine.registry import MODELS as ROOT
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

thirdparty = pytest.mark.thirdparty


def build(name, **cfg):
    return MODELS.build(dict(type=name, **cfg))


def recognizer(channels, **backbone):
    """A TSN over a backbone in config notation."""
    torch.manual_seed(0)
    model = build('Recognizer2D', backbone=backbone, cls_head=dict(
        type='TSNHead', num_classes=5, in_channels=channels, dropout_ratio=0))
    model.init_weights()
    return model


# Without the libraries

@pytest.mark.parametrize('library', ['torchvision', 'timm', 'mmpretrain'])
def test_an_absent_library_is_named_with_its_config_key(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError) as error:
        recognizer(512, type=f'{library}.resnet18')
    text = str(error.value)
    assert f"backbone.type '{library}.resnet18' needs {library}" in text and 'install' in text
    if library != 'mmpretrain':
        assert f'torch {torch.__version__} is here: install torchvision 0.' in text


def test_a_build_for_another_torch_is_told(monkeypatch, tmp_path):
    (tmp_path / 'torchvision').mkdir()
    (tmp_path / 'torchvision' / '__init__.py').write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(torch, '__version__', '2.13.0+cpu')
    with pytest.raises(InputError, match=r'RuntimeError: operator torchvision::nms does not exist'
                                         r'.*torch 2.13.0\+cpu is here: install torchvision 0.28'):
        build('torchvision.resnet18')


def test_resnext_needs_no_mmpretrain(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mmpretrain', None)
    cfg = dict(depth=101, num_stages=4, out_indices=[3], groups=32, width_per_group=4,
               style='pytorch')
    with torch.device('meta'):
        nets = [build(f'{prefix}ResNeXt', **cfg) for prefix in ('mmcls.', 'mmpretrain.', '')]
    assert {type(net).__name__ for net in nets} == {'ResNeXt'}
    # Table 1 of the paper says 44.2 M for 32x4d with its classifier of 1000 classes, 2.049 M.
    assert sum(p.numel() for p in nets[0].parameters()) == 42_128_704
    with pytest.raises(InputError, match="backbone.type 'mmpretrain.ResNet' needs mmpretrain"):
        build('mmcls.ResNet', depth=50)
    with pytest.raises(InputError, match="ResNeXt takes no argument 'grups'; did you mean 'groups"):
        build('mmcls.ResNeXt', depth=50, grups=32)


MMPRETRAIN = '''
from mmengine.model import BaseModule
from mmengine.registry import MODELS as ROOT, Registry
from torch import nn
MODELS = Registry('model', parent=ROOT, scope='mmpretrain')

@MODELS.register_module()
class Tiny(BaseModule):
    def __init__(self, width=4, init_cfg=None):
        super().__init__(init_cfg)
        self.stem = nn.Conv2d(3, width, 4, stride=4)

    def forward(self, x):
        return (self.stem(x),)
'''


@pytest.fixture
def mmpretrain(monkeypatch, tmp_path):
    """A package that is laid out as mmpretrain is: the real one needs older libraries."""
    (tmp_path / 'mmpretrain').mkdir()
    (tmp_path / 'mmpretrain' / '__init__.py').write_text('')
    (tmp_path / 'mmpretrain' / 'models.py').write_text(MMPRETRAIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ('mmpretrain', 'mmpretrain.models')
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(before)
    ROOT._children.pop('mmpretrain', None)


def test_backbones_of_mmpretrain(mmpretrain, tmp_path):
    torch.save({'stem.weight': torch.ones(6, 3, 4, 4), 'stem.bias': torch.zeros(6)},
               tmp_path / 'tiny.pth')
    model = recognizer(6, type='mmcls.Tiny', width=6, pretrained=str(tmp_path / 'tiny.pth'))
    assert [k for k in model.state_dict() if 'backbone' in k] == ['backbone.stem.weight',
                                                                  'backbone.stem.bias']
    features = model.extract_feat(torch.full((1, 2, 3, 8, 8), 0.5), stage='backbone')
    assert torch.equal(features, torch.full((2, 6, 2, 2), 24.))
    with pytest.raises(InputError, match="backbone.type: 'Tinny'.*did you mean 'Tiny'"):
        build('mmpretrain.Tinny')


def test_other_points_in_a_name_are_no_prefix():
    with pytest.raises(InputError, match="'tim.resnet18' is no registered model"):
        build('tim.resnet18')


# With them

# backbone, size of a frame, channels of its features
SAMPLE = {
    'densenet': (dict(type='torchvision.densenet121'), 64, 1024),
    'resnet': (dict(type='torchvision.resnet18'), 64, 512),
    'swin': (dict(type='torchvision.swin_t'), 64, 768),
    'vit': (dict(type='torchvision.vit_b_16', image_size=32), 32, 768),
    'timm resnet': (dict(type='timm.resnet18'), 64, 512),
    'timm resnet map': (dict(type='timm.resnet18', feature_shape='NCHW'), 64, 512),
    'timm resnet unpooled': (dict(type='timm.resnet18', global_pool=''), 64, 512),
    'timm convnext': (dict(type='timm.convnext_atto'), 64, 320),
    'timm mobilenet': (dict(type='timm.mobilenetv3_small_050'), 64, 1024),
    'timm vit': (dict(type='timm.vit_tiny_patch16_224'), 224, 192),
    'timm vit tokens': (dict(type='timm.vit_tiny_patch16_224', feature_shape='NLC', img_size=64),
                        64, 192),
    'timm swin': (dict(type='timm.swin_tiny_patch4_window7_224', img_size=64, window_size=2,
                       feature_shape='NHWC'), 64, 768),
    'timm flow': (dict(type='timm.resnet18', in_chans=10), 64, 512),
}


def frames(name, count=3):
    cfg, size, _ = SAMPLE[name]
    return torch.randn(2, count, cfg.get('in_chans', 3), size, size)


@thirdparty
@pytest.mark.parametrize('name', SAMPLE)
def test_a_step_of_training_reaches_every_weight(name):
    cfg, _, channels = SAMPLE[name]
    model = recognizer(channels, **cfg).train()
    imgs, label = frames(name), torch.tensor([1, 4])
    features = model.extract_feat(imgs, stage='backbone')
    assert features.shape == (6, channels, 1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(2):
        loss = model(imgs, label, mode='loss')['loss_cls']
        optimizer.zero_grad()
        loss.backward()
        dead = [k for k, p in model.named_parameters() if p.grad is None]
        assert not dead
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]
    scores = [item['score'] for item in model.eval()(imgs, mode='predict')]
    assert all(s.shape == (1, 5) and torch.isfinite(s).all() for s in scores)


@thirdparty
@pytest.mark.parametrize('name', ['densenet', 'swin', 'timm convnext', 'timm vit tokens'])
def test_a_network_can_be_copied_kept_and_traced(name):
    net = MODELS.build(SAMPLE[name][0]).eval()
    x = frames(name)[0]
    torch._dynamo.reset()
    traced = torch.compile(net, backend='eager', fullgraph=True)
    with torch.no_grad():
        expected = net(x)
        for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), traced):
            torch.testing.assert_close(other(x), expected)


@thirdparty
def test_weights_are_drawn_again_and_the_same():
    net = build('timm.resnet18')
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        net.init_weights()
        drawn.append({k: v.clone() for k, v in net.state_dict().items()})
    assert all(torch.equal(v, drawn[1][k]) for k, v in drawn[0].items())
    assert not torch.equal(drawn[0]['conv1.weight'], drawn[2]['conv1.weight'])


@thirdparty
def test_features_are_those_of_the_library():
    import timm
    import torchvision
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        net = build('torchvision.densenet121').eval()
        theirs = torchvision.models.densenet121().eval()
        theirs.load_state_dict(net.state_dict(), strict=False)
        torch.testing.assert_close(net(x)[..., 0, 0], theirs.features(x).mean((2, 3)))
        net = build('timm.resnet18').eval()
        theirs = timm.create_model('resnet18', num_classes=0).eval()
        theirs.load_state_dict(net.state_dict())
        torch.testing.assert_close(net(x)[..., 0, 0], theirs(x))
        # Swin: timm's own pooling and the mean over places are one.
        cfg = dict(SAMPLE['timm swin'][0])
        named, net = MODELS.build(cfg).eval(), MODELS.build({**cfg, 'feature_shape': None}).eval()
        net.load_state_dict(named.state_dict())
        torch.testing.assert_close(net(x), named(x))


@thirdparty
@pytest.mark.parametrize('name, channels', [
    ('torchvision.densenet161', 2208), ('timm.swin_base_patch4_window7_224', 1024),
])
def test_published_recipes_build_without_fetching(name, channels, monkeypatch):
    # Otherwise timm's way to its weights tries for a minute.
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    model = build('Recognizer2D', backbone=dict(type=name, pretrained=True),
                  cls_head=dict(type='TSNHead', num_classes=400, in_channels=channels))
    score = model.eval()(torch.randn(1, 1, 3, 224, 224), mode='predict')[0]['score']
    assert score.shape == (1, 400) and torch.isfinite(score).all()
    with pytest.raises(InputError, match=f'backbone.pretrained: the weights of {name} cannot be'):
        model.init_weights()


@thirdparty
def test_pretrained_loads_what_the_library_publishes(tmp_path, monkeypatch):
    import timm
    import torchvision
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path))
    (tmp_path / 'checkpoints').mkdir()
    theirs = torchvision.models.resnet18()
    torch.save(theirs.state_dict(), tmp_path / 'checkpoints' / 'resnet18-f37072fd.pth')
    net = build('torchvision.resnet18', pretrained=True)
    assert not torch.equal(net.conv1.weight, theirs.conv1.weight)
    net.init_weights()
    assert all(torch.equal(v, theirs.state_dict()[k]) for k, v in net.state_dict().items())

    theirs = timm.create_model('resnet18')
    path = str(tmp_path / 'timm.pth')
    torch.save(theirs.state_dict(), path)
    net = build('timm.resnet18', pretrained=True, pretrained_cfg_overlay=dict(file=path))
    assert not torch.equal(net.conv1.weight, theirs.conv1.weight)
    net.init_weights()
    assert all(torch.equal(v, theirs.state_dict()[k]) for k, v in net.state_dict().items())


@thirdparty
@pytest.mark.parametrize('how', ['pretrained', 'init_cfg'])
def test_pretrained_loads_a_file(how, tmp_path):
    source = build('timm.resnet18')
    path = str(tmp_path / 'weights.pth')
    torch.save(dict(state_dict={f'module.backbone.{k}': v
                                for k, v in source.state_dict().items()}), path)
    given = path if how == 'pretrained' else dict(type='Pretrained', checkpoint=path)
    net = build('timm.resnet18', **{how: given})
    net.init_weights()
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items())


@thirdparty
def test_norm_eval_and_recomputation():
    net = build('torchvision.resnet18', norm_eval=True).train()
    assert not any(m.training for m in net.modules() if isinstance(m, _BatchNorm))
    assert net.training and net.layer1.training
    x = torch.randn(2, 3, 64, 64)
    plain = build('timm.resnet18', norm_eval=True)
    spared = build('timm.resnet18', norm_eval=True, with_cp=True)
    spared.load_state_dict(plain.state_dict())
    grads = []
    for net in (plain, spared):
        net(x).square().sum().backward()
        grads.append([p.grad for p in net.parameters()])
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b)


@thirdparty
@pytest.mark.parametrize('cfg, part', [
    (dict(type='torchvision.densenet160'), "no classifier 'densenet160'; did you mean 'densenet1"),
    (dict(type='timm.resnet19'), "timm has no model 'resnet19'; did you mean"),
    (dict(type='timm.resnet18', feature_shape='NCT'), 'NCHW, NHWC, NLC, not'),
    (dict(type='timm.resnet18', pretraned=True), "takes no argument 'pretraned'"),
    (dict(type='timm.resnet18', frozen_stages=1), 'frozen_stages'),
    (dict(type='torchvision.resnet18', depth=18), 'depth'),
    (dict(type='timm.resnet18', checkpoint_path='a.pth'), 'say pretrained=PATH'),
    (dict(type='timm.resnet18', pretrained=3), 'not 3'),
])
def test_wrong_arguments_say_what_is_expected(cfg, part):
    with pytest.raises(InputError) as error:
        MODELS.build(cfg)
    assert part in str(error.value)


@thirdparty
@pytest.mark.parametrize('cfg, part', [
    (dict(type='timm.resnet18', feature_shape='NHWC'),
     'feature_shape: timm.resnet18 gives features of shape (2, 512, 2, 2), not NHWC with C = 512'),
    (dict(type='timm.resnet18', feature_shape='NLC'), '(2, 512, 2, 2), not NLC'),
    (dict(type='timm.resnet18', features_only=True), 'one tensor is expected'),
    (dict(type='torchvision.googlenet', init_weights=False), 'aux_logits=False'),
])
def test_wrong_features_say_what_is_expected(cfg, part):
    with pytest.raises(InputError) as error:
        MODELS.build(cfg)(torch.randn(2, 3, 64, 64))
    assert part in str(error.value)


@thirdparty
def test_wrong_input_names_the_axes():
    for name in ('torchvision.resnet18', 'timm.resnet18'):
        net = build(name)
        for shape in ((3, 64, 64), (1, 3, 4, 64, 64), (2, 6, 64, 64)):
            with pytest.raises(InputError, match=r'\[N, C, H, W\]'):
                net(torch.zeros(shape))
