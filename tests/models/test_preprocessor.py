"""From uint8 batches to normalized ones."""
import importlib.util
import json
from pathlib import Path

import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

TESTS = Path(__file__).parents[1]
FACTS = json.loads((TESTS / 'data' / 'parity' / 'data_preprocessor.json').read_text())['cases']
RGB = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])


def build(**cfg):
    return MODELS.build(dict(type='ActionDataPreprocessor', **cfg))


def parity_fill():
    spec = importlib.util.spec_from_file_location('parity_fill', TESTS / 'parity_fill.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('case', FACTS, ids=lambda c: f'{c["args"]["format_shape"]}-'
                                                      f'{c["args"]["to_rgb"]}')
def test_recorded_values(case):
    fill = parity_fill()
    frames = torch.from_numpy(fill.make_frames(*case['input']['make_frames']))
    out = build(**case['args'])(dict(imgs=list(frames)))['imgs']
    assert str(out.dtype) == case['dtype']
    assert fill.compare(case['output'], out.numpy()) < 1e-6


def test_normalized_by_hand():
    imgs = torch.tensor([10, 20, 30], dtype=torch.uint8).view(1, 1, 3, 1, 1)
    pre = build(mean=[1, 2, 3], std=[2, 4, 8])
    assert pre(dict(imgs=imgs))['imgs'].flatten().tolist() == [4.5, 4.5, 3.375]
    swapped = build(mean=[1, 2, 3], std=[2, 4, 8], to_rgb=True)
    assert swapped(dict(imgs=imgs))['imgs'].flatten().tolist() == [14.5, 4.5, 0.875]
    assert imgs.flatten().tolist() == [10, 20, 30]


def test_float_frames_are_normalized_already():
    imgs = torch.rand(1, 2, 3, 4, 4)
    assert torch.equal(build(**RGB)(dict(imgs=imgs))['imgs'], imgs)


def test_flow_means_repeat():
    imgs = torch.full((1, 1, 10, 2, 2), 192, dtype=torch.uint8)
    out = build(mean=[128, 64], std=[128, 128])(dict(imgs=imgs))['imgs']
    assert out[0, 0, :, 0, 0].tolist() == [0.5, 1.0] * 5


def test_images_beside_clips():
    pre = build(mean=[1, 2, 3], std=[2, 4, 8], to_rgb=True, format_shape='MIX2d3d')
    color = torch.tensor([10, 20, 30], dtype=torch.uint8)
    expected = [14.5, 4.5, 0.875]
    image = pre(dict(imgs=color.view(1, 3, 1, 1).expand(2, 3, 3, 3)))['imgs']
    assert image[:, :, 0, 0].tolist() == [expected] * 2
    clip = pre(dict(imgs=color.view(1, 1, 3, 1, 1, 1).expand(2, 1, 3, 2, 3, 3)))['imgs']
    assert clip[:, 0, :, 0, 0, 0].tolist() == [expected] * 2


def test_other_entries_come_along():
    batch = dict(audios=torch.rand(2, 1, 1, 4, 4), label=torch.tensor([[1], [2]]),
                 sample_index=torch.tensor([5, 6]))
    out = build()(batch)
    assert set(out) == {'audios', 'label', 'sample_index'}
    assert out['audios'].dtype == torch.float32
    assert out['label'].tolist() == [[1], [2]]


def test_buffers_are_no_weights():
    pre = build(**RGB)
    assert pre.state_dict() == {}
    assert pre.mean.tolist() == pytest.approx(RGB['mean'])


@pytest.mark.gpu
def test_normalized_on_the_device():
    pre = build(**RGB).cuda()
    imgs = torch.randint(0, 256, (2, 3, 3, 8, 8), dtype=torch.uint8)
    out = pre(dict(imgs=imgs, sample_index=torch.tensor([0, 1])))
    assert out['imgs'].is_cuda and not out['sample_index'].is_cuda
    torch.testing.assert_close(out['imgs'].cpu(), build(**RGB)(dict(imgs=imgs))['imgs'])


@MODELS.register_module()
class SwapBlending(torch.nn.Module):
    """Half of each sample is the next one: enough to see that blending is called."""

    def forward(self, imgs, label):
        soft = torch.nn.functional.one_hot(label.reshape(-1), 4).float()
        return (imgs + imgs.roll(1, 0)) / 2, ((soft + soft.roll(1, 0)) / 2)[:, None]


def test_blending_in_training_only():
    pre = build(mean=[0, 0, 0], std=[1, 1, 1], blending=dict(type='SwapBlending'))
    imgs = torch.tensor([0, 8], dtype=torch.uint8).view(2, 1, 1, 1, 1).expand(2, 1, 3, 1, 1)
    batch = dict(imgs=imgs, label=torch.tensor([[0], [3]]))
    assert pre(batch, training=False)['imgs'].unique().tolist() == [0, 8]
    mixed = pre(batch, training=True)
    assert mixed['imgs'].unique().tolist() == [4]
    assert mixed['label'].tolist() == [[[0.5, 0, 0, 0.5]]] * 2
    with pytest.raises(InputError, match='label'):
        pre(dict(imgs=imgs), training=True)


@pytest.mark.parametrize('cfg, batch, part', [
    (dict(mean=[0, 0, 0]), None, 'both mean and std'),
    (dict(format_shape='NHWC'), None, 'NCHW, NCTHW, MIX2d3d'),
    (RGB, dict(imgs=torch.zeros(1, 1, 4, 2, 2, dtype=torch.uint8)), '3 values, frames have 4'),
    ({}, dict(keypoint=torch.zeros(1)), "'imgs' or 'audios'"),
])
def test_wrong_settings(cfg, batch, part):
    with pytest.raises(InputError, match=part):
        build(**cfg)(batch)
