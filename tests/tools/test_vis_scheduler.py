import importlib.util
import math
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvideo.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location('vis_scheduler',
                                              ROOT / 'tools/analysis/vis_scheduler.py')
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def config(*schedulers, epochs=4, **optimizer):
    optimizer = {**dict(type='SGD', lr=0.1, momentum=0.9), **optimizer}
    return Config(dict(train_cfg=dict(max_epochs=epochs), param_scheduler=list(schedulers),
                       optim_wrapper=dict(optimizer=optimizer)))


def test_steps_cosine_and_rise():
    step = dict(type='MultiStepLR', by_epoch=True, milestones=[1, 3], gamma=0.1)
    assert tool.trace(config(step), 2) == pytest.approx([0.1] * 2 + [0.01] * 4 + [0.001] * 2)
    cosine = dict(type='CosineAnnealingLR', T_max=4, eta_min=0, by_epoch=True)
    assert tool.trace(config(cosine), 1) == pytest.approx(
        [0.05 * (1 + math.cos(math.pi * i / 4)) for i in range(4)])
    rise = dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=2,
                convert_to_iter_based=True)
    # From 0.02 to 0.1 within two epochs of two steps: the last of them has the whole rate.
    assert tool.trace(config(rise), 2)[:5] == pytest.approx(
        [0.02, 0.02 + 0.08 / 3, 0.02 + 0.16 / 3, 0.1, 0.1])
    assert tool.trace(config(), 1, 'momentum') == [0.9] * 4


def test_turns_name_jumps_and_ends():
    assert tool.turns([1.0, 1.0, 0.1, 0.1, 0.01, 0.01], 2) == [
        (0, 1.0), (1, 0.1), (2, 0.01), (2.5, 0.01)]


def test_epochs_are_counted_by_the_batches_of_all_processes():
    cfg = Config(dict(train_dataloader=dict(batch_size=8)))
    assert tool.steps_of(cfg, None, 4) == tool.STEPS
    assert tool.steps_of(cfg, 1000, 4) == 32
    assert tool.steps_of(cfg, 5, 1) == 1


def test_a_config_of_the_zoo_is_drawn(tmp_path, capsys):
    out = tmp_path / 'lr.png'
    assert tool.main(['tsm_r50_1x1x8_50e_kinetics400_rgb', '--out', str(out)]) == 0
    said = capsys.readouterr().out
    assert '50 epochs' in said
    assert [line.split() for line in said.splitlines() if line.startswith('  epoch')] == [
        ['epoch', '0.00', 'lr', '0.01'], ['epoch', '20.00', 'lr', '0.001'],
        ['epoch', '40.00', 'lr', '0.0001'], ['epoch', '49.99', 'lr', '0.0001']]
    assert out.stat().st_size > 5000


def test_multigrid_has_rates_of_its_own(capsys):
    assert tool.main(['slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb']) == 0
    said = capsys.readouterr().out
    assert '358 epochs' in said
    found = [line.split()[1::2] for line in said.splitlines() if line.startswith('  epoch')]
    # Up to 8 times the rate at epoch 34, then down with the batch; up again where it starts anew.
    assert [row for row in found if 34 <= float(row[0]) < 210] == [
        ['34.00', '0.8'], ['73.00', '0.4'], ['110.00', '0.2'], ['142.00', '0.1'],
        ['205.00', '0.04']]
    assert found[0] == ['0.00', '0.01'] and found[-1] == ['357.99', '0.0001']


def test_a_chain_of_steps_gives_any_rates():
    """Relative steps: rates of 1, 0.5, 0.3 and 0.6 from epochs 0, 1, 2 and 3."""
    rates = [1, 0.5, 0.3, 0.6]
    chain = [dict(type='MultiStepLR', by_epoch=True, milestones=[i], gamma=rates[i] / rates[i - 1])
             for i in (1, 2, 3)]
    assert tool.trace(config(*chain), 1) == pytest.approx([0.1, 0.05, 0.03, 0.06])
    rise = dict(type='LinearLR', start_factor=0.5, by_epoch=True, begin=0, end=2)
    assert tool.trace(config(rise, *chain), 1) == pytest.approx([0.05, 0.05, 0.03, 0.06])


def test_what_cannot_be_drawn():
    with pytest.raises(InputError, match='AdamW has lr, weight_decay'):
        adamw = dict(optimizer=dict(type='AdamW', lr=1e-3))
        tool.trace(Config(dict(train_cfg=dict(max_epochs=1), optim_wrapper=adamw)), 1, 'momentum')
    with pytest.raises(InputError, match='cannot train'):
        tool.trace(Config(dict(model=dict())), 1)
