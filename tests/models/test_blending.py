"""Mixed batches: frames and labels by hand, recorded draws, the way to the loss."""
import importlib.util
import json
from pathlib import Path

import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.models.blending import CutmixBlending, MixupBlending, soft_labels
from mmvideo.registry import MODELS

TESTS = Path(__file__).parents[1]
FACTS = {case['blending']: case for case in
         json.loads((TESTS / 'data' / 'parity' / 'blending.json').read_text())['cases']}
KINDS = ('MixupBlending', 'CutmixBlending')
SHAPES = {'2d': (4, 3, 2, 8, 6), '3d': (4, 2, 3, 2, 8, 6)}
MIXED = 0.25


def build(name, **cfg):
    return MODELS.build(dict(type=name, **cfg))


def parity_fill():
    spec = importlib.util.spec_from_file_location('parity_fill', TESTS / 'parity_fill.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(kind):
    facts = FACTS[kind]
    imgs = torch.from_numpy(parity_fill().make_input(*facts['imgs']['make_input']))
    return facts, imgs, torch.tensor(facts['one_hot_labels_of'])


def test_recorded_mixup():
    facts, imgs, label = recorded('MixupBlending')
    torch.manual_seed(facts['torch_seed'])
    out, soft = build('MixupBlending', num_classes=5, alpha=facts['alpha'])(imgs, label)
    assert parity_fill().compare(facts['out_imgs'], out.numpy()) < 1e-6
    torch.testing.assert_close(soft, torch.tensor(facts['out_labels']))


def test_recorded_cutmix():
    """The record's center came from another generator; its labels say order and area."""
    facts, imgs, label = recorded('CutmixBlending')
    order = torch.tensor([0, 1, 3, 2])
    out, soft = CutmixBlending.paste(imgs, soft_labels(label, 5), (0, 1, 0, 1), order)
    assert parity_fill().compare(facts['out_imgs'], out.numpy()) < 1e-6
    torch.testing.assert_close(soft, torch.tensor(facts['out_labels']))


@pytest.mark.parametrize('shape', SHAPES.values(), ids=SHAPES)
def test_mixup_by_hand(shape):
    imgs, label = torch.randn(shape), torch.tensor([0, 2, 1, 2])
    order = torch.tensor([1, 0, 3, 2])
    out, soft = MixupBlending.mix(imgs, soft_labels(label, 3), MIXED, order)
    torch.testing.assert_close(out, 0.25 * imgs + 0.75 * imgs[order])
    assert soft.tolist() == [[.25, 0, .75], [.75, 0, .25], [0, .25, .75], [0, .75, .25]]


@pytest.mark.parametrize('shape', SHAPES.values(), ids=SHAPES)
def test_cutmix_by_hand(shape):
    imgs, label = torch.randn(shape), torch.tensor([0, 2, 1, 2])
    before, order = imgs.clone(), torch.tensor([2, 3, 0, 1])
    out, soft = CutmixBlending.paste(imgs, soft_labels(label, 3), (1, 5, 3, 6), order)
    inside = torch.zeros(8, 6, dtype=torch.bool)
    inside[1:5, 3:6] = True
    assert torch.equal(out[..., inside], before[order][..., inside])
    assert torch.equal(out[..., ~inside], before[..., ~inside])
    assert torch.equal(imgs, before), 'the batch itself was changed'
    assert soft.tolist() == [[.75, .25, 0], [0, 0, 1], [.25, .75, 0], [0, 0, 1]]


@pytest.mark.parametrize('share, center, window', [
    (0.75, (50, 60), (25, 75, 10, 110)),  # half of each side
    (0.75, (10, 195), (0, 35, 145, 200)),  # cut at two borders
    (0.0, (50, 100), (0, 100, 0, 200)),
    (1.0, (50, 100), (50, 50, 100, 100)),
    (63 / 64, (99, 199), (93, 100, 187, 200)),
])
def test_window(share, center, window):
    assert CutmixBlending.window(100, 200, share, *center) == window


@pytest.mark.parametrize('kind', KINDS)
def test_seeded_draws_repeat_and_vary(kind):
    blending = build(kind, num_classes=3, alpha=1.0)
    imgs, label = torch.randn(SHAPES['3d']), torch.tensor([0, 1, 2, 0])
    outs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outs.append(blending(imgs, label))
    for first, second in zip(outs[0], outs[1], strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(outs[0][0], outs[2][0])
    for out, soft in outs:
        assert out.shape == imgs.shape
        torch.testing.assert_close(soft.sum(1), torch.ones(4))


@pytest.mark.parametrize('kind', KINDS)
def test_label_shares_match_the_frames(kind):
    """Frames that show nothing but their class: the mean over places is the label."""
    blending = build(kind, num_classes=4, alpha=1.0)
    eye = torch.eye(4)
    imgs = eye.view(4, 1, 4, 1, 1).expand(4, 2, 4, 8, 8)
    for seed in range(20):
        torch.manual_seed(seed)
        out, soft = blending(imgs, torch.arange(4))
        torch.testing.assert_close(out.mean((1, 3, 4)), soft)


def test_small_alpha_leaves_most_batches():
    """Beta(.2, .2): 0.44 of its mass is within 0.01 of an end, for alpha 1 it is 0.02."""
    def near_the_ends(alpha):
        blending = build('MixupBlending', num_classes=2, alpha=alpha)
        shares = [blending.draw(2)[0] for _ in range(400)]
        return sum(min(s, 1 - s) < 0.01 for s in shares) / 400
    assert 0.34 < near_the_ends(0.2) < 0.54
    assert near_the_ends(1.0) < 0.06


@pytest.mark.parametrize('label, expected', [
    (torch.tensor([1, 0]), [[0., 1, 0], [1, 0, 0]]),
    (torch.tensor([[1], [0]]), [[[0., 1, 0]], [[1, 0, 0]]]),
    (torch.tensor([[.5, 0, .5], [0, 1, 0]]), [[.5, 0, .5], [0, 1, 0]]),
    (torch.tensor([[1, 0, 1], [0, 1, 1]]), [[1., 0, 1], [0, 1, 1]]),
])
def test_soft_labels(label, expected):
    soft = soft_labels(label, 3)
    assert soft.dtype == torch.float32
    assert soft.tolist() == expected


def test_random_batch_augment_draws_by_probability():
    both = [dict(type=kind, num_classes=2, alpha=1.0) for kind in KINDS]
    imgs = torch.stack([torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)])
    label = torch.tensor([0, 1])
    blending = build('RandomBatchAugment', augments=both, probs=[0.5, 0.25])
    plain = mixup = 0
    for _ in range(400):
        out, soft = blending(imgs, label)
        assert soft.shape == (2, 2)
        if torch.equal(soft, torch.eye(2)):  # also where the order is the identity: half of all
            plain += 1
        elif not set(out.unique().tolist()) <= {0.0, 1.0}:
            mixup += 1
    assert 0.19 < mixup / 400 < 0.31
    assert 0.55 < plain / 400 < 0.75
    never = build('RandomBatchAugment', augments=both[0], probs=0.0)
    assert torch.equal(never(imgs, label)[0], imgs)


def test_all_alike_without_probabilities():
    augments = [dict(type='MixupBlending', num_classes=2)] * 4
    assert build('RandomBatchAugment', augments=augments).probs == [0.25] * 4


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('place', ['train_cfg', 'data_preprocessor'])
def test_a_recognizer_learns_from_mixed_batches(kind, place):
    blending = dict(type=kind, num_classes=5, alpha=1.0)
    cfg = dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18, base_channels=8),
               cls_head=dict(type='TSNHead', num_classes=5, in_channels=64, dropout_ratio=0))
    model = MODELS.build({**cfg, place: {'blending': blending} if place == 'train_cfg' else
                          dict(type='ActionDataPreprocessor', blending=blending)}).train()
    batch = dict(imgs=torch.randint(0, 256, (4, 2, 3, 32, 32), dtype=torch.uint8),
                 label=torch.tensor([[0], [1], [2], [4]]))
    losses = model(**model.data_preprocessor(batch, training=True), mode='loss')
    assert set(losses) == {'loss_cls'}, 'a mixed sample has no one class to count hits of'
    losses['loss_cls'].backward()
    assert model.backbone.conv1.conv.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('cfg, part', [
    (dict(type='MixupBlending', num_classes=0), 'num_classes must be positive'),
    (dict(type='CutmixBlending', num_classes=5, alpha=0), 'alpha must be positive'),
    (dict(type='RandomBatchAugment', augments=[]), 'at least one'),
    (dict(type='RandomBatchAugment', augments=dict(type='MixupBlending', num_classes=2),
          probs=[.5, .5]), '2 values for 1 augments'),
    (dict(type='RandomBatchAugment', augments=dict(type='MixupBlending', num_classes=2),
          probs=[1.5]), 'in sum at most 1'),
    (dict(type='RandomBatchAugment', augments=[dict(type=kind, num_classes=i + 2) for i, kind in
                                               enumerate(KINDS)]), 'these have 2, 3'),
])
def test_wrong_settings(cfg, part):
    with pytest.raises(InputError, match=part):
        MODELS.build(cfg)


@pytest.mark.parametrize('imgs, label, part', [
    (torch.zeros(2, 1, 3, 4, 4, dtype=torch.uint8), torch.tensor([0, 1]), 'must be float'),
    (torch.zeros(2, 1, 3, 4, 4), torch.tensor([0, 1, 2]), '3 labels for 2 samples'),
    (torch.zeros(2, 1, 3, 4, 4), torch.tensor([0, 5]), 'num_classes is 5'),
    (torch.zeros(2, 1, 3, 4, 4), torch.tensor([0, -1]), 'class -1 to 0'),
    (torch.zeros(2, 1, 3, 4, 4), torch.zeros(2, 4), 'num_classes=5'),
])
def test_wrong_batches(imgs, label, part):
    with pytest.raises(InputError, match=part):
        build('MixupBlending', num_classes=5)(imgs, label)


@pytest.mark.gpu
@pytest.mark.parametrize('kind', KINDS)
def test_nothing_waits_for_the_device(kind):
    blending = build(kind, num_classes=5, alpha=1.0)
    imgs, label = torch.randn(SHAPES['3d'], device='cuda'), torch.tensor([0, 1, 2, 4])
    on_device = label.cuda()
    torch.manual_seed(3)
    expected = blending(imgs.cpu(), label)
    torch.manual_seed(3)
    torch.cuda.set_sync_debug_mode('error')
    try:
        out = blending(imgs, on_device)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    for mine, theirs in zip(out, expected, strict=True):
        torch.testing.assert_close(mine.cpu(), theirs)
