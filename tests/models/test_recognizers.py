"""The way from a batch to losses and predictions."""
import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

CLASSES = 6
TSN = dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18, base_channels=4),
           cls_head=dict(type='TSNHead', num_classes=CLASSES, in_channels=32))
TSM = dict(type='Recognizer2D',
           backbone=dict(type='ResNetTSM', depth=18, base_channels=4, num_segments=4),
           cls_head=dict(type='TSMHead', num_classes=CLASSES, in_channels=32, num_segments=4))
I3D = dict(type='Recognizer3D', backbone=dict(type='ResNet3d', depth=18, base_channels=4),
           cls_head=dict(type='I3DHead', num_classes=CLASSES, in_channels=32))
SLOWFAST = dict(
    type='Recognizer3D',
    backbone=dict(type='ResNet3dSlowFast', resample_rate=4, speed_ratio=4,
                  slow_pathway=dict(type='resnet3d', depth=18, lateral=True, base_channels=8,
                                    conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1)),
                  fast_pathway=dict(type='resnet3d', depth=18, lateral=False, base_channels=1,
                                    conv1_kernel=(5, 7, 7))),
    cls_head=dict(type='SlowFastHead', num_classes=CLASSES, in_channels=64 + 8))
AUDIO = dict(type='AudioRecognizer',
             backbone=dict(type='ResNet', depth=18, base_channels=4, in_channels=1),
             cls_head=dict(type='AudioTSNHead', num_classes=CLASSES, in_channels=32))
# model, input, rows of scores, width of pooled features
MODELS_UNDER_TEST = {
    'tsn': (TSN, (2, 8, 3, 32, 32), 2, 32),
    'tsm': (TSM, (2, 8, 3, 32, 32), 4, 32),
    'i3d': (I3D, (2, 3, 3, 8, 32, 32), 6, 32),
    'slowfast': (SLOWFAST, (2, 3, 3, 8, 32, 32), 6, 72),
    'audio': (AUDIO, (2, 3, 1, 32, 40), 6, 32),
}


def build(name, test_cfg=None, train_cfg=None, head=None):
    cfg = dict(MODELS_UNDER_TEST[name][0], test_cfg=test_cfg, train_cfg=train_cfg)
    cfg['cls_head'] = dict(cfg['cls_head'], **(head or {}))
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    with torch.no_grad():
        model.cls_head.fc_cls.weight.normal_()
    return model.eval()


def batch(name):
    return torch.randn(MODELS_UNDER_TEST[name][1], generator=torch.Generator().manual_seed(1))


NAMES = pytest.mark.parametrize('name', MODELS_UNDER_TEST)


@NAMES
def test_scores_losses_and_predictions(name):
    model, x = build(name), batch(name)
    rows = MODELS_UNDER_TEST[name][2]
    scores = model(x)
    assert scores.shape == (rows, CLASSES)
    torch.testing.assert_close(scores, model.extract_feat(x, stage='head'))

    model.train()
    losses = model(x, torch.tensor([[1], [4]]), mode='loss', sample_index=torch.tensor([0, 1]))
    assert set(losses) == {'loss_cls', 'top1_acc', 'top5_acc'}
    assert torch.isfinite(losses['loss_cls'])
    losses['loss_cls'].backward()
    assert all(p.grad is not None for p in model.parameters())


@NAMES
def test_labels_count_for_every_view(name):
    model, x = build(name), batch(name)
    label = torch.tensor([[1], [4]])
    scores = model(x)
    repeated = label.flatten().repeat_interleave(len(scores) // 2)
    torch.testing.assert_close(model(x, label, mode='loss')['loss_cls'],
                               nn.functional.cross_entropy(scores, repeated))


@NAMES
@pytest.mark.parametrize('how', ['score', 'prob', None])
def test_predictions_join_views(name, how):
    model, x = build(name, head=dict(average_clips=how)), batch(name)
    views = model(x).view(2, -1, CLASSES)
    label = torch.tensor([[1], [4]])
    found = model(x, label, mode='predict', sample_index=torch.tensor([7, 9]))
    expected = {'score': views.mean(1), 'prob': views.softmax(2).mean(1),
                None: views}[how]
    assert [item['sample_index'] for item in found] == [7, 9]
    assert [item['label'].tolist() for item in found] == [[1], [4]]
    for item, value in zip(found, expected, strict=True):
        torch.testing.assert_close(item['score'], value)


def test_test_cfg_comes_before_the_head():
    model, x = build('i3d', head=dict(average_clips='prob')), batch('i3d')
    assert model(x, mode='predict')[0]['score'].sum().item() == pytest.approx(1)
    # Looked up at each call: a tool may set it on a model that is built.
    model.test_cfg['average_clips'] = 'score'
    torch.testing.assert_close(model(x, mode='predict')[1]['score'], model(x)[3:].mean(0))
    model.test_cfg['average_clips'] = None
    assert model(x, mode='predict')[0]['score'].shape == (3, CLASSES)


@NAMES
@pytest.mark.parametrize('limit', [1, 2, 100])
def test_chunks_of_views_change_nothing(name, limit):
    plain, x = build(name), batch(name)
    chunked = build(name, test_cfg=dict(max_testing_views=limit))
    seen = []
    chunked.backbone.register_forward_pre_hook(lambda m, args: seen.append(len(args[0])))
    for a, b in zip(plain(x, mode='predict'), chunked(x, mode='predict'), strict=True):
        torch.testing.assert_close(a['score'], b['score'])
    per_view = 4 if name == 'tsm' else 1
    assert max(seen) == min(limit * per_view, x.shape[0] * x.shape[1])
    assert sum(seen) == x.shape[0] * x.shape[1]


@NAMES
def test_features(name):
    model, x = build(name, test_cfg=dict(feature_extraction=True)), batch(name)
    width = MODELS_UNDER_TEST[name][3]
    found = torch.stack([item['feature'] for item in model(x, mode='predict')])
    assert found.shape == (2, width)
    raw = model.extract_feat(x, stage='backbone')
    raw = raw if isinstance(raw, tuple) else (raw,)
    expected = torch.cat([r.flatten(2).mean(2).view(2, -1, r.shape[1]).mean(1) for r in raw], 1)
    torch.testing.assert_close(found, expected)


def test_network_without_a_head():
    cfg = {k: v for k, v in I3D.items() if k != 'cls_head'}
    model, x = MODELS.build(cfg).eval(), batch('i3d')
    assert model(x).shape[:2] == (6, 32)
    assert model(x, mode='predict')[0]['feature'].shape == (32,)
    with pytest.raises(InputError, match='cls_head'):
        model.extract_feat(x, stage='head')


def test_mirrored_test():
    plain, flipped = build('tsn'), build('tsn', test_cfg=dict(flip=True))
    x = batch('tsn')
    torch.testing.assert_close(flipped(x, mode='predict')[0]['score'],
                               plain(x.flip(-1), mode='predict')[0]['score'])


@NAMES
def test_step_of_training_and_of_testing(name):
    model = build(name)
    key = 'audios' if name == 'audio' else 'imgs'
    data = {key: (batch(name) * 50 + 128).clamp(0, 255).to(torch.uint8),
            'label': torch.tensor([[1], [4]]), 'sample_index': torch.tensor([3, 5])}
    before = model.cls_head.fc_cls.weight.clone()
    from mmengine.optim import OptimWrapper
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), 0.1))
    logged = model.train().train_step(dict(data), optimizer)
    assert {'loss', 'loss_cls', 'top1_acc', 'top5_acc'} == set(logged)
    assert not torch.equal(model.cls_head.fc_cls.weight, before)
    with torch.no_grad():
        found = model.eval().test_step(dict(data))
    assert [item['sample_index'] for item in found] == [3, 5]


def test_weights_at_the_start_are_those_of_the_seed(tmp_path):
    models = [MODELS.build(TSM) for _ in range(2)]
    for model in models:
        torch.manual_seed(5)
        model.init_weights()
    states = [model.state_dict() for model in models]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    torch.save(states[0], tmp_path / 'whole.pth')
    saved = dict(type='Pretrained', checkpoint=str(tmp_path / 'whole.pth'))
    third = MODELS.build(dict(TSM, init_cfg=saved))
    third.init_weights()
    assert torch.equal(third.cls_head.fc_cls.weight, models[0].cls_head.fc_cls.weight)


def test_several_labels():
    model = build('tsn', head=dict(multi_class=True, loss_cls=dict(type='BCELossWithLogits')))
    label = torch.zeros(2, CLASSES)
    label[0, :2] = label[1, 3] = 1
    losses = model(batch('tsn'), label, mode='loss')
    assert set(losses) == {'loss_cls'}


@MODELS.register_module()
class MaskedLoss(nn.Module):
    """Takes a further batch entry, as HVU's loss does."""

    def forward(self, score, label, mask):
        return dict(loss_cls=(score * mask).sum(), seen=mask.sum())


@MODELS.register_module()
class EqualBlending(nn.Module):
    def forward(self, imgs, label):
        return imgs, torch.full((len(imgs), 1, CLASSES), 1 / CLASSES)


def test_further_entries_reach_the_loss():
    model = build('i3d', train_cfg=dict(aux_info=['mask']),
                  head=dict(loss_cls=dict(type='MaskedLoss')))
    x, label = batch('i3d'), torch.tensor([1, 4])
    losses = model(x, label, mode='loss', mask=torch.ones(2, CLASSES), frame_dir='unused')
    assert losses['seen'].item() == 6 * CLASSES
    with pytest.raises(InputError, match='the batch lacks mask'):
        model(x, label, mode='loss')


def test_blending_of_a_training_batch():
    model = build('i3d', train_cfg=dict(blending=dict(type='EqualBlending')))
    x, label = batch('i3d'), torch.tensor([1, 4])
    assert 'top1_acc' in model(x, label, mode='loss')
    losses = model.train()(x, label, mode='loss')
    assert set(losses) == {'loss_cls'}


@MODELS.register_module()
class ClipNeck(nn.Module):
    """Mean over time, and a loss of its own."""

    def forward(self, x, label=None):
        return x.mean(2, keepdim=True), {} if label is None else dict(loss_aux=x.mean() * 0 + 2)


@pytest.mark.parametrize('name, rows', [('tsm', 4), ('i3d', 6)])
def test_neck_sees_clips(name, rows):
    cfg = dict(MODELS_UNDER_TEST[name][0], neck=dict(type='ClipNeck'))
    if name == 'tsm':
        cfg['cls_head'] = dict(type='TSNHead', num_classes=CLASSES, in_channels=32)
    model, x = MODELS.build(cfg).eval(), batch(name)
    feature = model.extract_feat(x, stage='neck')
    assert feature.shape[:3] == (rows, 32, 1)
    assert model(x).shape == (rows, CLASSES)
    losses = model(x, torch.tensor([1, 4]), mode='loss')
    assert losses['loss_aux'].item() == 2
    chunked = MODELS.build(dict(cfg, test_cfg=dict(max_testing_views=1))).eval()
    chunked.load_state_dict(model.state_dict())
    torch.testing.assert_close(chunked(x, mode='predict')[1]['score'],
                               model(x, mode='predict')[1]['score'])


@pytest.mark.parametrize('name, shape, part', [
    ('tsn', (2, 3, 32, 32), r'\[N, M, C, H, W\] .* this one has 4'),
    ('tsn', (2, 8, 1, 32, 32), 'takes C = 3'),
    ('tsm', (2, 6, 3, 32, 32), 'M = 6 frames do not divide into clips of num_segments = 4'),
    ('i3d', (2, 3, 8, 32, 32), r'\[N, V, C, T, H, W\]'),
    ('slowfast', (2, 1, 3, 6, 32, 32), 'multiple of resample_rate = 4'),
    ('slowfast', (2, 1, 2, 8, 32, 32), 'takes C = 3'),
    ('audio', (2, 1, 32, 40), r'\[N, V, C, T, F\]'),
])
def test_wrong_batches_name_the_axes(name, shape, part):
    with pytest.raises(InputError, match=part):
        build(name)(torch.zeros(shape))


def test_other_wrong_calls():
    model, x = build('tsn'), batch('tsn')
    with pytest.raises(InputError, match='data_preprocessor first'):
        model(x.to(torch.uint8))
    with pytest.raises(InputError, match="not 'test'"):
        model(x, mode='test')
    with pytest.raises(InputError, match='needs the label'):
        model(x, mode='loss')
    with pytest.raises(InputError, match='must be positive'):
        build('tsn', test_cfg=dict(max_testing_views=0))(x, mode='predict')
