"""Detectors: names of weights, recorded outputs, features of boxes by hand, what teaches what."""
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmvideo.engine.checkpoint import match_state_dict
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError
from mmvideo.models.blocks import roi_align as module
from mmvideo.models.blocks.roi_align import own_roi_align, roi_align
from mmvideo.models.detectors.roi_head import overlaps
from mmvideo.registry import MODELS

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

import parity_fill as fill  # noqa: E402

DATA = TESTS / 'data/parity/detection'
NAMES = sorted(p.name.removesuffix('.json.gz') for p in DATA.glob('*.json.gz'))
GOLDEN = sorted(p.name.removesuffix('.golden.json') for p in DATA.glob('*.golden.json'))


def read(name):
    return json.loads(gzip.decompress((DATA / f'{name}.json.gz').read_bytes()))


def plain(cfg):
    """A model of the 1.x line in our words: names without the libraries that they were in."""
    if isinstance(cfg, dict):
        return {key: plain(value) if key != 'type' else value.removeprefix('mmaction.')
                for key, value in cfg.items() if key != '_scope_'}
    return cfg


@pytest.mark.parametrize('name', NAMES)
def test_keys_and_shapes(name):
    manifest = read(name)
    with torch.device('meta'):
        model = MODELS.build(plain(manifest['model']))
    own = {key: list(value.shape) for key, value in model.state_dict().items()}
    assert list(own.items()) == list(manifest['state_dict'].items())
    assert sum(p.numel() for p in model.parameters()) == manifest['parameter_count']


# Configs whose networks are among the recorded ones.
CONFIGS = dict(
    ava_slowonly_r50_4x16='ava/slowonly_kinetics_pretrained_r50_4x16x1_20e_ava_rgb',
    ava_slowonly_r101_8x8='ava/slowonly_kinetics_pretrained_r101_8x8x1_20e_ava_rgb',
    ava_slowonly_r50_nl_8x8='ava/slowonly_nl_kinetics_pretrained_r50_8x8x1_10e_ava_rgb',
    ava_slowfast_r50_4x16='ava/slowfast_kinetics_pretrained_r50_4x16x1_20e_ava_rgb',
    ava_slowfast_r50_8x8='ava/slowfast_kinetics_pretrained_r50_8x8x1_cosine_10e_ava22_rgb',
    ava_slowfast_r50_context='ava/slowfast_context_kinetics_pretrained_r50_4x16x1_20e_ava_rgb',
    ava_slowfast_r50_temporal_max=(
        'ava/slowfast_temporal_max_kinetics_pretrained_r50_8x8x1_cosine_10e_ava22_rgb'),
    ava_slowfast_acrn_r50_8x8=(
        'acrn/slowfast_acrn_kinetics_pretrained_r50_8x8x1_cosine_10e_ava_rgb'))


@pytest.mark.parametrize('name', CONFIGS)
def test_configs_have_the_recorded_networks(name):
    model = load_config(str(TESTS.parent / f'configs/detection/{CONFIGS[name]}.py')).model
    manifest = read(name)
    with torch.device('meta'):
        own = MODELS.build(model).state_dict()
    assert {key: list(value.shape) for key, value in own.items()} == manifest['state_dict']
    # ... and what has no weights.
    for part in ('bbox_roi_extractor', 'bbox_head'):
        built, recorded = (MODELS.build(plain(cfg['roi_head'][part])) for cfg in (
            model, manifest['model']))
        assert settings(built) == settings(recorded)


def settings(module):
    return {key: value for key, value in vars(module).items()
            if key[0] != '_' and key not in ('training', 'init_cfg')}


def close(recorded, value, tolerance):
    error = fill.compare(recorded, torch.as_tensor(value).detach().numpy())
    assert error < tolerance, f'error {error:.2e} of the spread, {tolerance:.0e} allowed'


@torch.no_grad()
@pytest.mark.parametrize('name', [
    pytest.param(name, marks=() if 'slowfast_r50_context' in name else pytest.mark.slow)
    for name in GOLDEN])
def test_recorded_outputs(name, monkeypatch):
    monkeypatch.setattr(module, '_library', lambda: ('', None))     # our own RoIAlign
    facts = json.loads((DATA / f'{name}.golden.json').read_text())
    tolerance = facts['rtol_suggested']
    model = MODELS.build(plain(read(name)['model'])).eval()
    state = fill.fill_state({k: list(v.shape) for k, v in model.state_dict().items()})
    model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    imgs = torch.from_numpy(fill.make_input(facts['input']['shape'], facts['input']['seed']))
    imgs = imgs[:, None]
    rois = torch.tensor(facts['rois'])
    boxes = [rois[rois[:, 0] == i, 1:] for i in range(2)]

    feats = model.extract_feat(imgs)
    for recorded, own in zip(facts['backbone'], feats if isinstance(feats, tuple) else (feats,),
                             strict=True):
        close(recorded, own, tolerance)
    pooled, joined = model.roi_head.bbox_roi_extractor(feats, rois)
    close(facts['roi_feats'], pooled, tolerance)
    close(facts['roi_global_feat'], joined, tolerance)
    scores = torch.cat(model.roi_head(feats, boxes))
    close(facts['cls_score'], scores, tolerance)
    spread = facts['noise']['logit_std']
    np.testing.assert_allclose(scores[:, :16], facts['cls_score_rows_first16'], rtol=0,
                               atol=tolerance * spread)
    found = model.predict(imgs, boxes, dict(img_key=['a', 'b']))
    for recorded, own, key in zip(facts['predictions'], found, 'ab', strict=True):
        np.testing.assert_allclose(own['bboxes'], recorded['bboxes'], atol=1e-6)
        close(recorded['scores'], own['scores'], tolerance)
        assert own['img_key'] == key

    labels = [torch.zeros(len(own), 81) for own in boxes]
    for own, actions in zip(labels, facts['loss_eval_statistics']['labels'], strict=True):
        for row, numbers in zip(own, actions, strict=True):
            row[numbers] = 1
    losses = model.roi_head.loss(feats, boxes, boxes, labels)
    assert {k: v.item() for k, v in losses.items()} == pytest.approx(
        facts['loss_eval_statistics']['losses'], rel=1e-4)


def test_roi_align_by_hand():
    feature = torch.arange(16.).view(1, 1, 4, 4)       # the value at (y, x) is 4 y + x
    # A box of 2 x 2 places from (0, 0), aligned: its points are the middles of pixels.
    whole = torch.tensor([[0, 0., 0, 2, 2]])
    assert own_roi_align(feature, whole, 2, 1.0).tolist() == [[[[0, 1], [4, 5]]]]
    assert own_roi_align(feature, whole, 1, 1.0).tolist() == [[[[2.5]]]]
    # Not aligned, half a place further down and right; half the scale, the same with twice the box.
    assert own_roi_align(feature, whole, 2, 1.0, aligned=False).tolist() == [
        [[[2.5, 3.5], [6.5, 7.5]]]]
    assert own_roi_align(feature, whole * 2, 2, 0.5).tolist() == [[[[0, 1], [4, 5]]]]
    # Two points along each side: between the places they lie on the plane, beyond the rim at it.
    assert own_roi_align(feature, torch.tensor([[0, 1., 1, 3, 3]]), 1, 1.0, 2).item() == 7.5
    assert own_roi_align(feature, whole, 1, 1.0, 2, pool_mode='max').item() == 5
    # What lies more than a place outside counts as nothing; a box without an area has no point.
    assert own_roi_align(feature + 1, torch.tensor([[0, -8., 0, -4, 2]]), 1, 1.0).item() == 0
    assert own_roi_align(feature + 1, torch.tensor([[0, 1., 1, 1, 1]]), 1, 1.0).item() == 0
    assert own_roi_align(feature, whole[:0], 2).shape == (0, 1, 2, 2)


def test_roi_align_takes_each_box_from_its_own_clip():
    features = torch.arange(3.).view(3, 1, 1, 1).expand(3, 2, 4, 4)
    rois = torch.tensor([[2, 0., 0, 4, 4], [0, 0, 0, 4, 4], [2, 1, 1, 3, 3], [1, 0, 0, 2, 2]])
    found = own_roi_align(features, rois, (1, 2))
    assert found.shape == (4, 2, 1, 2) and found[:, 0, 0, 0].tolist() == [2, 0, 2, 1]
    half = own_roi_align(features.bfloat16(), rois, 1)
    assert half.dtype == torch.bfloat16 and half[:, 0, 0, 0].tolist() == [2, 0, 2, 1]
    with pytest.raises(InputError, match="'avg' or 'max'"):
        roi_align(features, rois, 1, pool_mode='sum')


def random_rois(count, generator):
    corners = torch.rand(count, 2, 2, generator=generator) * 150 - 20
    boxes = torch.cat([corners.amin(1), corners.amax(1)], 1)
    boxes[0, 2:] = boxes[0, :2]                         # no area
    return torch.cat([torch.randint(2, (count, 1), generator=generator).float(), boxes], 1)


@pytest.mark.parametrize('pool_mode', ['avg', 'max'])
def test_gradients_of_roi_align(pool_mode):
    generator = torch.Generator().manual_seed(0)
    feature = torch.rand(2, 2, 5, 6, generator=generator, dtype=torch.float64).requires_grad_()
    rois = random_rois(4, generator) / 16
    with torch.no_grad():       # the function works in float32; so does the comparison
        step = 1e-2
    found = own_roi_align(feature, rois, 2, pool_mode=pool_mode)
    weights = torch.rand(found.shape, generator=generator, dtype=found.dtype)
    (found * weights).sum().backward()
    for place in ((0, 0, 2, 2), (1, 1, 4, 5), (1, 0, 0, 3)):
        moved = feature.detach().clone()
        moved[place] += step
        change = (own_roi_align(moved, rois, 2, pool_mode=pool_mode) - found).detach()
        expected = (change * weights).sum() / step
        assert feature.grad[place].item() == pytest.approx(expected.item(), abs=2e-3)


@pytest.mark.thirdparty
@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('ratio', [0, 2, 3])
@pytest.mark.parametrize('bins', [8, (3, 5)])
def test_roi_align_is_that_of_torchvision(bins, ratio, aligned):
    from torchvision.ops import roi_align as theirs
    generator = torch.Generator().manual_seed(1)
    feature = torch.rand(2, 5, 9, 7, generator=generator).requires_grad_()
    rois = random_rois(50, generator)
    grads, values = [], []
    for function in (own_roi_align, theirs):
        feature.grad = None
        found = function(feature, rois, bins, 1 / 16, ratio, aligned)
        (found * found).sum().backward()
        values.append(found.detach())
        grads.append(feature.grad.clone())
    assert values[0].abs().max() > 0.3
    torch.testing.assert_close(values[0], values[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(grads[0], grads[1], atol=1e-5, rtol=1e-5)
    assert module._library()[0] == 'torchvision'
    torch.testing.assert_close(roi_align(feature, rois, bins, 1 / 16, ratio, aligned), values[1])


SMALL = dict(
    type='FastRCNN',
    backbone=dict(type='ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=2,
                  slow_pathway=dict(type='resnet3d', depth=18, base_channels=8, lateral=True,
                                    conv1_kernel=(1, 5, 5), conv1_stride_t=1, pool1_stride_t=1,
                                    inflate=(0, 0, 1, 1), spatial_strides=(1, 2, 2, 1)),
                  fast_pathway=dict(type='resnet3d', depth=18, base_channels=4, lateral=False,
                                    conv1_kernel=(3, 5, 5), conv1_stride_t=1, pool1_stride_t=1,
                                    spatial_strides=(1, 2, 2, 1))),
    roi_head=dict(type='AVARoIHead',
                  bbox_roi_extractor=dict(type='SingleRoIExtractor3D', output_size=4),
                  bbox_head=dict(type='BBoxHeadAVA', in_channels=96, num_classes=4)),
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[120] * 3, std=[60] * 3,
                           format_shape='NCTHW'))


def batch(sizes=((32, 48), (32, 48))):
    generator = torch.Generator().manual_seed(0)
    imgs = [torch.randint(255, (1, 3, 8, *size), generator=generator, dtype=torch.uint8)
            for size in sizes]
    boxes = [torch.tensor([[2., 3, 20, 30], [10, 0, 30, 20]]), torch.tensor([[5., 5, 25, 25]])]
    labels = [torch.tensor([[0., 1, 0, 1], [0, 0, 1, 0]]), torch.tensor([[0., 0, 0, 1]])]
    return dict(imgs=imgs, proposals=[b.clone() for b in boxes], gt_bboxes=boxes, gt_labels=labels,
                img_metas=dict(img_key=['v,0902', 'w,0903']))


def test_every_parameter_learns():
    model = MODELS.build(SMALL)
    model.init_weights()
    losses = model(**model.data_preprocessor(batch(), True), mode='loss')
    assert set(losses) == {'loss_action_cls', 'recall@thr=0.5', 'prec@thr=0.5', 'recall@top3',
                           'prec@top3'}
    losses['loss_action_cls'].backward()
    assert losses['loss_action_cls'].item() == pytest.approx(np.log(2), abs=0.05)
    assert all(p.grad is not None for p in model.parameters())
    # Nobody learns where nobody is left in the picture, and nothing fails.
    empty = batch()
    empty['gt_bboxes'] = [b * 0 for b in empty['gt_bboxes']]
    losses = model(**model.data_preprocessor(empty, True), mode='loss')
    assert losses['loss_action_cls'].item() == 0
    losses['loss_action_cls'].backward()


def test_a_recognizer_gives_its_backbone():
    recognizer = MODELS.build(dict(
        type='Recognizer3D', backbone=SMALL['backbone'],
        cls_head=dict(type='SlowFastHead', in_channels=96, num_classes=3)))
    model = MODELS.build(SMALL)
    kept, report = match_state_dict(model, recognizer.state_dict(), 'a.pth')
    backbone = {key for key in model.state_dict() if key.startswith('backbone.')}
    assert set(kept) == backbone and 'Re-initialized: roi_head.bbox_head.fc_cls.bias' in report
    with pytest.raises(InputError, match='Every key must match'):
        match_state_dict(model, recognizer.state_dict(), 'a.pth', strict=True)


@torch.no_grad()
def test_clips_of_several_sizes_do_not_depend_on_each_other():
    model = MODELS.build(SMALL).eval()
    sizes = ((32, 48), (48, 32))
    together = model(**model.data_preprocessor(batch(sizes)), mode='predict')
    assert [r['scores'].shape for r in together] == [(2, 4), (1, 4)]
    np.testing.assert_allclose(together[1]['bboxes'], [[5 / 32, 5 / 48, 25 / 32, 25 / 48]])
    alone = batch(sizes)
    alone = {k: v[1:] if k != 'img_metas' else dict(img_key=v['img_key'][1:])
             for k, v in alone.items()}
    one = model(**model.data_preprocessor(alone), mode='predict')[0]
    assert one['img_key'] == 'w,0903'
    torch.testing.assert_close(one['scores'], together[1]['scores'], atol=1e-6, rtol=1e-5)
    with pytest.raises(InputError, match='several sizes'):
        model(**model.data_preprocessor(batch(sizes)), mode='loss')


@torch.no_grad()
def test_scales_and_mirrored_clips_are_averaged():
    model = MODELS.build(dict(SMALL, test_cfg=dict(short_sides=[32, 24], flip=True))).eval()
    data = model.data_preprocessor(batch())
    found = model(**data, mode='predict')
    boxes, total = data['proposals'], 0
    model.test_cfg = {}
    for side in (32, 24):
        small = nn.functional.interpolate(
            data['imgs'][:, 0].transpose(1, 2).flatten(0, 1), (side, side * 3 // 2),
            mode='bilinear', antialias=True).view(2, 8, 3, side, -1).transpose(1, 2)[:, None]
        own = [b * side / 32 for b in boxes]
        mirrored = [torch.stack([side * 1.5 - b[:, 2], b[:, 1], side * 1.5 - b[:, 0], b[:, 3]], 1)
                    for b in own]
        for imgs, places in ((small, own), (small.flip(-1), mirrored)):
            total = total + model(imgs, places, mode='tensor').sigmoid()
    torch.testing.assert_close(torch.cat([r['scores'] for r in found]), total / 4)
    np.testing.assert_allclose(found[1]['bboxes'], [[5 / 48, 5 / 32, 25 / 48, 25 / 32]])


def test_which_boxes_teach_what():
    head = MODELS.build(dict(SMALL['roi_head'], train_cfg=dict(sampler=dict(num=3))))
    truth = torch.tensor([[0., 0, 10, 10], [20, 0, 30, 10], [5, 5, 5, 9]])
    labels = torch.tensor([[0., 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    near = torch.tensor([[0, 0, 10, 9.5], [0, 0, 10, 8], [20, 0, 30, 9], [20, 0, 30, 9.5]])
    boxes, found = head.choose(near[:2], truth, labels)
    # Both boxes that have an area, and the proposal that covers .95 of the first.
    assert boxes.tolist() == [*truth[:2].tolist(), near[0].tolist()]
    assert found.tolist() == labels[[0, 1, 0]].tolist()
    boxes, found = head.choose(near, truth, labels)
    assert len(boxes) == 3 and {tuple(b) for b in boxes.tolist()} <= {
        tuple(b) for b in torch.cat([truth[:2], near[[0, 2, 3]]]).tolist()}
    head.sampler['add_gt_as_proposals'] = False
    assert head.choose(near[1:2], truth, labels)[0].shape == (0, 4)
    # The best proposal of a box may do with less than others.
    head.assigner['min_pos_iou'] = 0.5
    boxes, found = head.choose(near[1:2], truth, labels)
    assert boxes.tolist() == near[1:2].tolist() and found.tolist() == labels[:1].tolist()
    assert overlaps(near[:2], truth[:1]).flatten().tolist() == pytest.approx([0.95, 0.8])


def head(**more):
    return MODELS.build(dict(type='BBoxHeadAVA', in_channels=2, num_classes=4, topk=(1, 2), **more))


def test_losses_of_actions_by_hand():
    score = torch.tensor([[9., 0, np.log(3), -np.log(3)], [9, 0, 0, 0], [9, 1, 1, 1]])
    label = torch.tensor([[0., 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 0]])
    # Probabilities .5 .75 .25; the third does nothing that counts, the first column counts never.
    right = np.array([[.5, .75, .75], [.5, .5, .5]])
    found = head().loss(score, label)
    assert found['loss_action_cls'].item() == pytest.approx(-np.log(right).mean(), rel=1e-5)
    assert found['recall@thr=0.5'].item() == 0.5 and found['prec@thr=0.5'].item() == pytest.approx(
        0.5, abs=1e-5)
    assert found['recall@top1'].item() == pytest.approx((1 + 0.5) / 2)
    assert found['prec@top2'].item() == pytest.approx((0.5 + 1) / 2, abs=1e-5)
    focal = head(focal_gamma=2., focal_alpha=3.).loss(score, label)['loss_action_cls'].item()
    assert focal == pytest.approx((3 * (1 - right)**2 * -np.log(right)).mean(), rel=1e-5)
    one = head(multilabel=False)
    assert one.loss(score[:1], label[:1])['loss_action_cls'].item() == pytest.approx(
        -np.log(3 / (1 + 3 + 1 / 3)), rel=1e-5)
    assert one.probabilities(score)[1].sum().item() == pytest.approx(1)
    all_columns = head(background_class=False).loss(score, label)
    assert all_columns['loss_action_cls'].item() > found['loss_action_cls'].item()


def test_pooling_and_dropout_of_the_head():
    x = torch.tensor([[1., 5], [2, 0]])[None, :, :, None, None].expand(1, 2, 2, 2, 2).clone()
    x[0, 0, 0, 0, 0] = 3
    for kinds, expected in ((('avg', 'max'), [4, 1]), (('max', 'max'), [5, 2]),
                            (('avg', 'avg'), [3.25, 1])):
        own = head(temporal_pool_type=kinds[0], spatial_pool_type=kinds[1])
        own.fc_cls = nn.Identity()
        assert own(x)[0].tolist() == expected
    for before in (True, False):
        own = head(dropout_ratio=0.5, dropout_before_pool=before).train()
        own.fc_cls = nn.Identity()
        found = torch.stack([own(x.abs() + 1)[0] for _ in range(64)])
        # Dropped behind the pooling a channel is there or not; before it, it may be anything.
        assert (len(found[:, 0].unique()) == 2) != before


def test_pathways_without_pooling_over_time():
    extractor = MODELS.build(dict(type='SingleRoIExtractor3D', with_temporal_pool=False,
                                  output_size=2, with_global=True))
    slow, fast = torch.rand(1, 3, 2, 4, 4), torch.rand(1, 2, 8, 4, 4)
    x, joined = extractor((slow, fast), torch.tensor([[0, 0., 0, 64, 64]]))
    assert x.shape == (1, 10, 8, 2, 2) and joined.shape == (1, 5, 8, 4, 4)
    assert torch.equal(joined[0, :3, 3], slow[0, :, 0]) and torch.equal(joined[0, 3:], fast[0])
    torch.testing.assert_close(x[0, :5], x[0, 5:])      # the box is the whole frame


@pytest.mark.parametrize('change, said', [
    (dict(roi_head=dict(SMALL['roi_head'], bbox_head=dict(type='BBoxHeadAVA', topk=0))), 'topk'),
    (dict(train_cfg=dict(rcnn=dict(sampler=dict(number=3)))), 'RandomSampler with type, num'),
    (dict(train_cfg=dict(rcnn=dict(assigner=dict(type='Other')))), 'MaxIoUAssignerAVA'),
    (dict(roi_head=dict(SMALL['roi_head'], bbox_roi_extractor=dict(
        type='SingleRoIExtractor3D', temporal_pool_mode='sum'))), 'temporal_pool_mode')])
def test_wrong_settings_are_named(change, said):
    with pytest.raises(InputError, match=said):
        MODELS.build({**SMALL, **change})
