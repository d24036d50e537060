"""A contract over all necks, and what the temporal pyramid computes."""
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmvideo.errors import InputError
from mmvideo.models import necks
from mmvideo.registry import MODELS

SMALL = dict(type='TPN', in_channels=(32, 64), out_channels=32,
             temporal_modulation_cfg=dict(downsample_scales=(4, 4)),
             level_fusion_cfg=dict(out_channels=64))
THREE = dict(type='TPN', in_channels=(32, 64, 128), out_channels=64,
             temporal_modulation_cfg=dict(downsample_scales=(2, 4, 8)),
             upsample_cfg=dict(scale_factor=(2, 1, 1)),
             downsample_cfg=dict(downsample_scale=(2, 1, 1)),
             level_fusion_cfg=dict(mid_channels=(32, 32, 64), out_channels=96,
                                   downsample_scales=((4, 1, 1), (2, 1, 1), (1, 1, 1))))
AUX = dict(out_channels=5)
LEVELS = [(2, 32, 4, 8, 8), (2, 64, 4, 4, 4)]
# config, shapes of the levels, shape of the result
CASES = {
    'TPN': (dict(SMALL, aux_head_cfg=AUX), LEVELS, (2, 64, 1, 4, 4)),
    'TPN-parallel': (dict(SMALL, aux_head_cfg=AUX, flow_type='parallel'), LEVELS, (2, 64, 1, 4, 4)),
    'TPN-three-levels': (dict(THREE, aux_head_cfg=AUX),
                         [(2, 32, 8, 8, 8), (2, 64, 8, 4, 4), (2, 128, 8, 2, 2)], (2, 96, 1, 2, 2)),
}
LABEL = torch.tensor([1, 4])


def build(name, **changes):
    torch.manual_seed(0)
    neck = MODELS.build({**CASES[name][0], **changes})
    neck.init_weights()
    with torch.no_grad():
        for p in neck.parameters():
            if p.dim() == 1:
                p.add_(0.1 * torch.randn_like(p) + 0.1)
    return neck


def levels(name):
    draw = torch.Generator().manual_seed(1)
    return tuple(torch.randn(shape, generator=draw) for shape in CASES[name][1])


def test_every_neck_is_under_contract():
    assert {cfg['type'] for cfg, _, _ in CASES.values()} == set(necks.__all__)


@pytest.mark.parametrize('name', CASES)
def test_shapes_and_gradients(name):
    neck = build(name).train()
    x = tuple(level.requires_grad_() for level in levels(name))
    out, losses = neck(x, LABEL)
    assert out.shape == CASES[name][2] and torch.isfinite(out).all()
    assert list(losses) == ['loss_aux']
    ((out * torch.randn_like(out)).sum() + losses['loss_aux']).backward()
    for key, p in [*neck.named_parameters(), *((f'level {i}', v) for i, v in enumerate(x))]:
        assert p.grad is not None and torch.isfinite(p.grad).all(), key
        assert p.grad.abs().sum() > 0, key


@pytest.mark.parametrize('name', CASES)
def test_one_clip_is_enough_and_labels_are_not_needed(name):
    neck, x = build(name).eval().double(), [level.double() for level in levels(name)]
    with torch.no_grad():
        out, losses = neck(x)
        alone, _ = neck([level[:1] for level in x])
    assert losses == {}
    torch.testing.assert_close(alone, out[:1])


@pytest.mark.parametrize('name', CASES)
def test_half_the_bits(name):
    neck, x = build(name).eval(), levels(name)
    with torch.no_grad():
        full, _ = neck(x)
        with torch.autocast('cpu', torch.bfloat16):
            mixed, _ = neck(x)
        half, _ = neck.to(torch.bfloat16)([level.bfloat16() for level in x])
    for out in (mixed, half):
        assert (out.float() - full).abs().max() < 0.1 * full.abs().max()


@pytest.mark.parametrize('name', CASES)
def test_compiles_in_one_graph(name):
    neck, x = build(name).eval(), levels(name)
    with torch.no_grad():
        expected, _ = neck(x)
        torch._dynamo.reset()
        out, _ = torch.compile(neck, backend='eager', fullgraph=True)(x)
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize('name', CASES)
def test_state_dict_and_meta_device(name):
    first, x = build(name).eval(), levels(name)
    with torch.device('meta'):
        shadow = MODELS.build(CASES[name][0])
    assert list(shadow.state_dict()) == list(first.state_dict())
    second = MODELS.build(CASES[name][0]).eval()
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        assert torch.equal(first(x)[0], second(x)[0])


@pytest.mark.parametrize('name', CASES)
def test_initialization_repeats(name):
    first, second = MODELS.build(CASES[name][0]), MODELS.build(CASES[name][0])
    for neck in (first, second):
        torch.manual_seed(3)
        neck.init_weights()
    for key, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[key]), key


@pytest.mark.parametrize('flow_type', ['cascade', 'parallel'])
def test_the_two_paths(flow_type):
    """Maps of one place and frame, where a convolution is a matrix: the paper's figure by hand."""
    neck = build('TPN', flow_type=flow_type).eval()
    first, last = torch.randn(2, 32, 1, 1, 1), torch.randn(2, 64, 1, 1, 1)

    def middle(module, x):
        """A convolution without norm that sees one place, groups joined by hand."""
        time, height, width = (k // 2 for k in module.kernel_size)
        weight = module.weight[:, :, time, height, width]
        parts = zip(weight.chunk(module.groups), x.chunk(module.groups, 1), strict=True)
        return torch.cat([part @ w.T for w, part in parts], 1)

    def normed(layer, x):
        n = layer.bn
        scale = n.weight / (n.running_var + n.eps).sqrt()
        return F.relu((middle(layer.conv, x) - n.running_mean) * scale + n.bias)

    def fused(fusion, parts):
        parts = [normed(op.conv, p) for op, p in zip(fusion.downsamples, parts, strict=True)]
        return normed(fusion.fusion_conv, torch.cat(parts, 1))

    with torch.no_grad():
        low = normed(neck.spatial_modulation.spatial_modulation[0][0], first.flatten(1))
        low, high = (middle(op.conv.conv, x) for op, x in zip(
            neck.temporal_modulation_ops, (low, last.flatten(1)), strict=True))
        top_down = [low + high, high]
        start = top_down if flow_type == 'cascade' else [low, high]
        bottom_up = [start[0], start[1] + middle(neck.downsample_ops[0].conv.conv, start[0])]
        both = torch.cat([fused(neck.level_fusion_1, top_down),
                          fused(neck.level_fusion_2, bottom_up)], 1)
        expected = normed(neck.pyramid_fusion, both)
        torch.testing.assert_close(neck((first, last))[0].flatten(1), expected)


def test_speeds():
    """Frames that become one are joined by their maximum; a rest of frames counts as one more."""
    op = build('TPN').temporal_modulation_ops[0]
    x = torch.randn(1, 64, 6, 2, 2)
    with torch.no_grad():
        whole = op.conv(x)
        assert torch.equal(op(x)[:, :, 0], whole[:, :, :4].amax(2))
        assert torch.equal(op(x)[:, :, 1], whole[:, :, 4:].amax(2))


def test_auxiliary_loss():
    """Half the cross entropy of the last level but one; a label counts for each of its clips."""
    neck, x = build('TPN').eval(), levels('TPN')
    with torch.no_grad():
        score = neck.aux_head(x[0])
        expected = 0.5 * F.cross_entropy(score, LABEL)
        torch.testing.assert_close(neck(x, LABEL)[1]['loss_aux'], expected)
        torch.testing.assert_close(neck(x, F.one_hot(LABEL, 5).float())[1]['loss_aux'], expected)
        two_views = neck(x, LABEL[:1])[1]['loss_aux']
    torch.testing.assert_close(two_views, 0.5 * F.cross_entropy(score, LABEL[[0, 0]]))
    plain = build('TPN', aux_head_cfg=None)
    assert plain(x, LABEL)[1] == {}
    assert not any('aux_head' in key for key in plain.state_dict())
    binary = dict(AUX, loss_cls=dict(type='BCELossWithLogits'), loss_weight=1.0)
    several = build('TPN', aux_head_cfg=binary)(x, torch.ones(2, 5))[1]['loss_aux']
    assert several.item() > 0


def tpn_tsm(**test_cfg):
    """TPN over TSM, as the recipe for Something-Something has it, but narrow."""
    torch.manual_seed(0)
    model = MODELS.build(dict(
        type='Recognizer2D', test_cfg=test_cfg,
        backbone=dict(type='ResNetTSM', depth=18, num_segments=4, base_channels=16,
                      out_indices=(2, 3)),
        neck=dict(type='TPN', in_channels=(64, 128), out_channels=64, aux_head_cfg=AUX,
                  temporal_modulation_cfg=dict(downsample_scales=(4, 4)),
                  level_fusion_cfg=dict(out_channels=96)),
        cls_head=dict(type='TPNHead', num_classes=5, in_channels=96, dropout_ratio=0,
                      average_clips='prob')))
    model.init_weights()
    return model


def test_frames_of_a_clip_reach_the_pyramid_together():
    """Twelve frames are three clips of four; each gives the scores that it gives alone."""
    model = tpn_tsm().eval()
    imgs = torch.randn(2, 12, 3, 64, 64)
    with torch.no_grad():
        scores = model(imgs, mode='tensor')
        assert scores.shape == (6, 5)
        for view in range(3):
            clip = imgs[:, 4 * view:4 * view + 4]
            torch.testing.assert_close(model(clip, mode='tensor'), scores[view::3])
        found = model(imgs, mode='predict')
        few = tpn_tsm(max_testing_views=2).eval()(imgs, mode='predict')
    mean = scores.softmax(1).reshape(2, 3, 5).mean(1)
    for result in (found, few):
        torch.testing.assert_close(torch.stack([f['score'] for f in result]), mean)


def test_classifying_every_place():
    """``fcn_test``: the mean of the scores of all places; no module is added for it."""
    plain, everywhere = tpn_tsm().eval(), tpn_tsm(fcn_test=True, num_segs=4).eval()
    keys = list(everywhere.state_dict())
    with torch.no_grad():
        for size in (64, 96):
            imgs = torch.randn(1, 8, 3, size, size)
            a, b = (model(imgs, mode='predict')[0]['score'] for model in (plain, everywhere))
            torch.testing.assert_close(a, b)
        x = torch.randn(2, 96, 2, 3, 3)
        head = everywhere.cls_head
        each = torch.stack([head.fc_cls(place) for place in x.flatten(2).unbind(2)]).mean(0)
        torch.testing.assert_close(head(x, fcn_test=True), each)
    assert list(everywhere.state_dict()) == keys


def test_heads_that_cannot_classify_places_say_so():
    with pytest.raises(InputError, match='fcn_test: TSNHead'):
        MODELS.build(dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18),
                          cls_head=dict(type='TSNHead', num_classes=5, in_channels=512),
                          test_cfg=dict(fcn_test=True)))


def test_a_pyramid_learns_from_mixed_and_plain_batches():
    model = tpn_tsm().train()
    imgs = torch.randn(2, 4, 3, 64, 64)
    plain = model(imgs, LABEL[:, None], mode='loss')
    assert set(plain) == {'loss_cls', 'loss_aux', 'top1_acc', 'top5_acc'}
    mixed = model(imgs, torch.full((2, 5), 0.2), mode='loss')
    assert set(mixed) == {'loss_cls', 'loss_aux'}
    (mixed['loss_cls'] + mixed['loss_aux']).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.neck.parameters())


def test_frames_of_a_test_may_differ_from_those_of_training():
    """``num_segs`` says how a 2D network without segments of its own is tested, not trained."""
    cfg = dict(type='Recognizer2D', test_cfg=dict(num_segs=2),
               backbone=dict(type='ResNet', depth=18, base_channels=16, out_indices=(2, 3)),
               neck=dict(type='TPN', in_channels=(64, 128), out_channels=64, aux_head_cfg=AUX,
                         level_fusion_cfg=dict(out_channels=96)),
               cls_head=dict(type='TPNHead', num_classes=5, in_channels=96))
    model, imgs = MODELS.build(cfg), torch.randn(2, 6, 3, 32, 32)
    assert model.train()(imgs, mode='tensor').shape == (2, 5)
    assert model.eval()(imgs, mode='tensor').shape == (6, 5)


@pytest.mark.parametrize('changes, part', [
    (dict(in_channels=(64,)), 'two levels at least'),
    (dict(flow_type='both'), "'cascade' or 'parallel'"),
    (dict(spatial_modulation_cfg=dict(in_channels=(48, 64), out_channels=64)), '1, 2, 4'),
    (dict(spatial_modulation_cfg=dict(in_channels=(32, 32, 64))), '3 values for 2 levels'),
    (dict(temporal_modulation_cfg=dict(downsample_scales=(8,))), '1 values for 2 levels'),
    (dict(temporal_modulation_cfg=dict(downsample_scale=8)), 'takes downsample_scales'),
    (dict(level_fusion_cfg=dict(downsample_scales=((1, 1, 1),))), '1 values for 2 levels'),
    (dict(aux_head_cfg=dict(classes=5)), "no argument 'classes'"),
    (dict(aux_head_cfg=dict(loss_weight=1.0)), "needs the argument 'out_channels'"),
])
def test_wrong_settings(changes, part):
    with pytest.raises(InputError) as error:
        MODELS.build(dict(SMALL, **changes))
    assert part in str(error.value)


def test_wrong_features():
    neck, (first, last) = build('TPN'), levels('TPN')
    for wrong in (first, (first,), (last, first), (first[:, :, 0], last[:, :, 0])):
        with pytest.raises(InputError, match='2 levels of clips .* 32, 64'):
            neck(wrong)
    assert isinstance(neck, nn.Module)
