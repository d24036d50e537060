"""Averaged weights: their sequence by hand, and what of a run has them."""
import sys
from pathlib import Path

import pytest
import torch

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.engine.config_file import find_config
from mmvideo.engine.ema import EMAHook, evaluated_model
from mmvideo.errors import InputError
from mmvideo.zoo.media import SmallData
from mmvideo.zoo.smoke import smoke

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, followed, loader, logged, toys, trained  # noqa: E402, F401

VALUES = (1, 2, 3, 4)
WEIGHTS = followed([*VALUES, *(v + 100 for v in VALUES)])


def averages(weights, momentum):
    """The first weight, and from there a share of the way to each further one."""
    found = [weights[0]]
    for w in weights[1:]:
        found.append((1 - momentum) * found[-1] + momentum * w)
    return found


def averaging(out, **more):
    hook = dict(type='EMAHook', **{'momentum': 0.25, **more.pop('hook', {})})
    return config(out, custom_hooks=[hook], **more)


def weights_of(path, key='state_dict', prefix=''):
    return read_checkpoint(path)[key][f'{prefix}w'].item()


@pytest.mark.usefixtures('toys')
class TestByHand:
    def test_checkpoints_have_both(self, tmp_path):
        trained(averaging(tmp_path))
        wanted = averages(WEIGHTS, 0.25)
        # 0.5; 0.75 * 0.5 + 0.25 * 1.25; ...
        assert wanted[:2] == [0.5, 0.6875]
        for done in (1, 2, 5, 8):
            path = tmp_path / f'iter_{done}.pth'
            assert weights_of(path) == pytest.approx(wanted[done - 1], rel=1e-6)
            assert weights_of(path, 'ema_state_dict', 'module.') == pytest.approx(
                WEIGHTS[done - 1], rel=1e-6)

    def test_validation_uses_the_averages(self, tmp_path):
        found = trained(averaging(tmp_path, val_dataloader=loader((7, 8)), val_cfg=dict(),
                                  val_evaluator=dict(type='Weight')))
        wanted = averages(WEIGHTS, 0.25)
        assert list(logged(tmp_path, 'weight').values()) == pytest.approx(
            [wanted[3], wanted[7]], rel=1e-5)
        assert found.model.w.item() == pytest.approx(WEIGHTS[7], rel=1e-6)
        assert evaluated_model(found).w.item() == pytest.approx(wanted[7], rel=1e-6)

    def test_a_mean_a_later_start_and_an_annealed_momentum(self, tmp_path):
        trained(averaging(tmp_path / 'a', hook=dict(ema_type='StochasticWeightAverage')))
        assert weights_of(tmp_path / 'a/iter_4.pth') == pytest.approx(sum(WEIGHTS[:4]) / 4)
        trained(averaging(tmp_path / 'b', hook=dict(begin_epoch=2)))
        assert weights_of(tmp_path / 'b/iter_4.pth') == pytest.approx(WEIGHTS[3])
        assert weights_of(tmp_path / 'b/iter_6.pth') == pytest.approx(
            averages(WEIGHTS[4:], 0.25)[1])
        trained(averaging(tmp_path / 'c', epochs=1,
                          hook=dict(ema_type='MomentumAnnealingEMA', gamma=1)))
        # Momentum 1/2 at the second step, then 1/3, 1/4: the mean.
        assert weights_of(tmp_path / 'c/iter_4.pth') == pytest.approx(sum(WEIGHTS[:4]) / 4)

    def test_a_step_of_many_batches_counts_once(self, tmp_path):
        cfg = averaging(tmp_path, epochs=1)
        cfg.optim_wrapper.accumulative_counts = 2
        trained(cfg)
        pairs = followed([1.5, 3.5])
        assert weights_of(tmp_path / 'iter_4.pth') == pytest.approx(averages(pairs, 0.25)[1])

    def test_a_resumed_run_ends_with_the_same_bits(self, tmp_path):
        model = dict(type='OneWeight', norm=True)
        batches = loader(VALUES) | dict(batch_size=2)
        more = dict(model=model, train_dataloader=batches, epochs=4)
        trained(averaging(tmp_path, **more))
        trained(averaging(tmp_path / 'rest', **more), tmp_path / 'iter_3.pth')
        whole, rest = (read_checkpoint(folder / 'iter_8.pth')
                       for folder in (tmp_path, tmp_path / 'rest'))
        for key in ('state_dict', 'ema_state_dict'):
            assert whole[key].keys() == rest[key].keys()
            assert all(torch.equal(value, rest[key][name]) for name, value in whole[key].items())
        assert int(whole['ema_state_dict']['steps']) == 8

    def test_statistics_are_measured_for_the_averages(self, tmp_path):
        found = trained(averaging(
            tmp_path, model=dict(type='OneWeight', norm=True), epochs=1,
            train_dataloader=loader(VALUES) | dict(batch_size=2), precise_bn=dict(num_iters=2),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1))))
        state = read_checkpoint(tmp_path / 'epoch_1.pth')['state_dict']
        average = averages(followed([1.5, 3.5]), 0.25)[1]
        assert state['w'].item() == pytest.approx(average)
        # The layer sees the numbers and the weight: the mean of 1..4, and the averaged weight.
        assert state['norm.running_mean'].item() == pytest.approx(2.5 + average)
        assert found.model.norm.running_mean.item() != state['norm.running_mean'].item()

    def test_a_checkpoint_without_averages_starts_them(self, tmp_path):
        trained(config(tmp_path, epochs=1))
        trained(averaging(tmp_path / 'rest'), tmp_path / 'iter_4.pth')
        wanted = averages(WEIGHTS[4:], 0.25)
        assert weights_of(tmp_path / 'rest/iter_8.pth') == pytest.approx(wanted[-1])

    @pytest.mark.parametrize('hook, said', [
        (dict(momentum=1), 'momentum lies between 0 and 1'), (dict(interval=0), 'interval is a wh'),
        (dict(ema_type='EMA'), 'ema_type is one of'), (dict(begin_epoch=3), 'ends after 2'),
        (dict(begin_iter=1, begin_epoch=1), 'not both')])
    def test_arguments_are_checked(self, hook, said, tmp_path):
        with pytest.raises(InputError, match=said):
            trained(averaging(tmp_path, hook=hook))


def test_unknown_arguments_are_named():
    from mmvideo.registry import HOOKS, check_arguments
    assert HOOKS.get('EMAHook') is EMAHook
    with pytest.raises(InputError, match="EMAHook takes no argument 'decay'"):
        check_arguments(EMAHook, dict(decay=0.9))


@pytest.mark.filterwarnings('ignore:.*classes have no sample')
def test_a_recipe_runs_with_it(embedded, tmp_path):
    data = SmallData(embedded, tmp_path / 'data')
    found = smoke(find_config('tsm_r18_1x1x8_10e_embedded_rgb'), data, str(tmp_path / 'runs'),
                  {'custom_hooks': [dict(type='EMAHook', momentum=0.1)],
                   'model.backbone.base_channels': 8, 'model.cls_head.in_channels': 64})
    assert not found.fault and found.metrics
