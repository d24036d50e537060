"""Steps of several batches, by hand: the mean of their gradients, groups that end with an epoch."""
import sys
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmvideo.engine.check import check_config
from mmvideo.errors import InputError
from mmvideo.registry import HOOKS, MODELS

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, followed, loader, logged, toys, trained  # noqa: E402, F401

pytestmark = pytest.mark.usefixtures('toys')


class NoteWeights(Hook):
    """The weight and the rate after each iteration."""

    priority = 'VERY_LOW'
    seen = ()

    def before_train(self, runner):
        NoteWeights.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        NoteWeights.seen.append(runner.model.w.item())


@pytest.fixture(autouse=True)
def noting():
    HOOKS.register_module(name='NoteWeights', module=NoteWeights)
    yield
    del HOOKS.module_dict['NoteWeights']


def accumulating(out, values, count, **more):
    cfg = config(out, values, custom_hooks=[dict(type='NoteWeights')], **more)
    cfg.optim_wrapper.accumulative_counts = count
    return cfg


def test_groups_end_with_their_epoch(tmp_path):
    trained(accumulating(tmp_path, (1, 3, 5, 7, 20), 2))
    # Two, two and one left over; in the second epoch 100 more.
    wanted = followed([2, 6, 20, 102, 106, 120])
    assert wanted[:3] == [1.0, 3.5, 11.75]
    shown = [0, wanted[0], wanted[0], wanted[1], wanted[2],
             wanted[2], wanted[3], wanted[3], wanted[4], wanted[5]]
    assert NoteWeights.seen == pytest.approx(shown, rel=1e-6)


def test_a_group_larger_than_an_epoch_is_the_epoch(tmp_path):
    trained(accumulating(tmp_path, (1, 3, 5), 7, epochs=1))
    assert NoteWeights.seen == [0, 0, 1.5]


def test_rate_and_steps_are_those_of_the_iterations(tmp_path):
    cfg = accumulating(tmp_path, (1, 3, 5, 7), 2, epochs=1, param_scheduler=[
        dict(type='LinearLR', start_factor=0.25, begin=0, end=3, by_epoch=False)])
    found = trained(cfg)
    rates = [0.125, 0.3125, 0.5, 0.5]
    assert list(logged(tmp_path, 'lr').items()) == list(enumerate(rates, 1))
    # A step is made at the rate of the last batch of its group.
    first = 0.3125 * 2
    assert NoteWeights.seen == pytest.approx([0, first, first, first + 0.5 * (6 - first)])
    assert found.iter == 4


def test_clipping_is_of_the_mean(tmp_path):
    cfg = accumulating(tmp_path, (1, 3), 2, epochs=1)
    cfg.optim_wrapper.clip_grad = dict(max_norm=0.5)
    trained(cfg)
    # The gradients -1 and -3 have the mean -2, which is clipped to -0.5.
    assert NoteWeights.seen == pytest.approx([0, 0.25], abs=1e-6)
    assert logged(tmp_path, 'grad_norm')[2] == pytest.approx(2)


def test_groups_hold_batches_of_all_sources(tmp_path):
    trained(accumulating(tmp_path, (1, 3), 2, epochs=1, omnisource=[loader((7, 11))]))
    assert NoteWeights.seen == followed([4, 7])


@pytest.mark.parametrize('done', [1, 3, 5])
def test_a_run_resumed_within_a_group_goes_on_with_its_gradients(done, tmp_path):
    whole = trained(accumulating(tmp_path, (1, 3, 5, 7, 20), 3)).model.w
    rest = trained(accumulating(tmp_path / 'rest', (1, 3, 5, 7, 20), 3),
                   tmp_path / f'iter_{done}.pth').model.w
    assert torch.equal(rest, whole)


def small_net():
    torch.manual_seed(0)
    net = MODELS.build(dict(
        type='Recognizer2D', backbone=dict(type='ResNet', depth=18, base_channels=4),
        cls_head=dict(type='TSNHead', num_classes=3, in_channels=32, dropout_ratio=0)))
    net.init_weights()
    return net.double().eval()      # norms with fixed statistics


@pytest.mark.parametrize('optimizer', [dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-3),
                                       dict(type='LARS', lr=1., trust_coefficient=0.1)])
def test_small_batches_make_the_step_of_a_large_one(optimizer):
    from mmengine.optim import build_optim_wrapper
    torch.manual_seed(1)
    imgs, labels = torch.rand(8, 1, 3, 24, 24).double(), torch.arange(8) % 3
    weights = []
    for count in (1, 4):
        net = small_net()
        wrapper = build_optim_wrapper(net, dict(
            type='OptimWrapper', optimizer=optimizer, accumulative_counts=count,
            clip_grad=dict(max_norm=0.5)))
        for _ in range(2):
            for part, label in zip(imgs.chunk(count), labels.chunk(count), strict=True):
                loss, _ = net.parse_losses(net(part, label, mode='loss'))
                wrapper.update_params(loss)
        weights.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
    start = torch.cat([p.detach().flatten() for p in small_net().parameters()])
    assert (weights[0] - start).abs().max() > 1e-3
    assert torch.allclose(*weights, rtol=0, atol=1e-6)


def test_scaled_rates_count_all_batches_of_a_step(tmp_path):
    cfg = accumulating(tmp_path, (1, 3), 2, epochs=1,
                       auto_scale_lr=dict(base_batch_size=4, enable=True))
    found = trained(cfg)
    assert found.optim_wrapper.get_lr()['lr'] == [0.5 * 2 / 4]


def test_the_count_is_checked(tmp_path):
    with pytest.raises(InputError, match=r'optim_wrapper.accumulative_counts: expected a whole nu'):
        check_config(accumulating(tmp_path, (1, 3), 0))
