"""``tools/zoo.py smoke``: recipes run end to end, and one that does not is told, alone."""
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmvideo.config_text import to_text
from mmvideo.engine.config_file import find_config, zoo_configs
from mmvideo.engine.multigrid import plan_of
from mmvideo.engine.run import load_config
from mmvideo.evaluation.scores import write_scores
from mmvideo.processes import Lost, spread
from mmvideo.zoo.media import SmallData
from mmvideo.zoo.smoke import Outcome, fuse, smoke, smoke_options

sys.path[:0] = [str(Path(__file__).parent / folder) for folder in ('tools', 'engine')]

from old_dialect import narrow_model  # noqa: E402
from runs import main_of  # noqa: E402

CONFIGS = Path(__file__).parents[1] / 'configs'
SOUND = 'tsn_r18_64x1x1_10e_embedded_audio_feature'
# One of each family, here with few channels; the command runs the networks as they are.
SPREAD = [
    'c3d_sports1m_16x1x1_45e_ucf101_rgb', 'ircsn_bnfrozen_r50_32x2x1_180e_kinetics400_rgb',
    'i3d_r50_video_32x2x1_100e_kinetics400_rgb', 'r2plus1d_r34_8x8x1_180e_kinetics400_rgb',
    'slowfast_prebn_r50_4x16x1_256e_kinetics400_rgb',
    'slowonly_r50_video_8x8x1_256e_kinetics600_rgb',
    'slowonly_r50_8x8x1_256e_minikinetics_omnisource_rgb',
    'tanet_r50_dense_1x1x8_100e_kinetics400_rgb', 'tin_r50_1x1x8_40e_sthv2_rgb',
    'timesformer_divST_8x32x1_15e_kinetics400_rgb', 'tpn_tsm_r50_1x1x8_150e_sthv1_rgb',
    'trn_r50_1x1x8_50e_sthv2_rgb', 'tsm_r50_1x1x8_50e_sthv2_rgb',
    'tsn_r50_320p_1x1x3_110e_kinetics400_flow', 'tsn_r18_1x1x8_100e_hvu_action_rgb',
    'x3d_s_13x6x1_facebook_kinetics400_rgb', 'tsn_r50_clip_feature_extraction_1x1x3_rgb',
    'audioonly_r50_64x1x1_100e_kinetics400_audio_feature', SOUND,
    'c2d_r18_u8_6e_embedded_rgb', 'c3d_u16_6e_embedded_rgb', 'mvit_u8_6e_embedded_rgb',
    'swin_u8_10e_embedded_rgb', 'tsm_mobilenetv2_1x1x8_20e_embedded_rgb',
    'slowfast_r18_2x8x1_6e_embedded_scenes_rgb']
pytestmark = pytest.mark.filterwarnings('ignore:.*classes have no sample')


@pytest.fixture(scope='module')
def data(embedded, tmp_path_factory):
    return SmallData(embedded, tmp_path_factory.mktemp('few clips'))     # blanks do no harm


@pytest.mark.parametrize('name', SPREAD)
def test_a_recipe_of_each_family_runs(name, data, tmp_path):
    cfg = load_config(find_config(name))
    is_small = name == SOUND or 'embedded' in name
    narrow = {} if is_small else narrow_model(cfg.model.to_dict())
    found = smoke(find_config(name), data, str(tmp_path), narrow)
    assert not found.fault and not found.left_out and str(found).count(', ok') == 1
    assert (found.loss is not None) == (cfg.train_dataloader is not None)
    assert bool(found.metrics) == bool(cfg.model.get('cls_head') or cfg.model.get('roi_head'))
    assert os.listdir(tmp_path) == [f'{name}.pkl']


def test_multigrid_is_run_phase_by_phase(data):
    path = find_config('slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb')
    plan = plan_of(load_config(path, smoke_options(load_config(path), data)))
    assert [(p.begin, p.frames, p.batch) for p in plan.phases] == [
        (0, 8, 8), (2, 16, 4), (3, 16, 2), (4, 32, 1), (5, 32, 1)]
    assert (plan.epochs, plan.side) == (6, 56)


@pytest.mark.slow
def test_multigrid_runs(data, tmp_path):
    name = 'slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb'
    narrow = narrow_model(load_config(find_config(name)).model.to_dict())
    found = smoke(find_config(name), data, str(tmp_path), narrow)
    assert not found.fault and found.metrics


def test_the_spread_has_every_family():
    assert {family(find_config(name)) for name in SPREAD} == set(map(family, zoo_configs()))


def family(path):
    words = Path(path).parts
    return words[words.index('recognition') + 1] if 'recognition' in words else words[-3]


def test_options_change_no_kind_and_no_width(data):
    """What a recipe is made of stays: only lengths, counts and places differ."""
    for name in ('tpn_slowonly_r50_8x8x1_150e_kinetics_rgb', 'tsn_r50_1x1x6_100e_mit_rgb'):
        cfg = load_config(find_config(name))
        small = load_config(find_config(name), smoke_options(cfg, data))
        assert {**small.model, 'backbone': 0} == {**cfg.model, 'backbone': 0}
        assert {**small.model.backbone, 'pretrained': 0} == {**cfg.model.backbone, 'pretrained': 0}
        for phase in ('train', 'val', 'test'):
            steps, others = (c[f'{phase}_dataloader'].dataset.pipeline for c in (cfg, small))
            assert [step.keys() for step in steps] == [step.keys() for step in others]
            assert [step.type for step in steps] == [step.type for step in others]
        assert small.param_scheduler == cfg.param_scheduler
        assert small.optim_wrapper == cfg.optim_wrapper


def test_what_is_left_out_is_told(data, tmp_path, monkeypatch):
    found = smoke(find_config('kinetics400_release'), data, str(tmp_path))
    assert str(found) == 'kinetics400_release: left out: figures without a network'
    monkeypatch.setattr('mmvideo.zoo.smoke.find_spec', lambda name: None)
    found = smoke(changed(tmp_path, 'model.backbone.type', 'timm.resnet18'), data, str(tmp_path))
    assert found.left_out == 'needs timm'


@pytest.mark.parametrize('place, value, said', [
    ('model.cls_head.in_channels', 7, r'InputError: cls_head.in_channels is 7, .* \(\w+\.py:\d+\)'),
    ('optim_wrapper.optimizer.lr', 1e38, r'InputError: the loss of iteration 2 .* is not finite'),
    ('train_dataloader.dataset.pipeline', [], r'\w+Error: .* \(\w+\.py:\d+\)')])
def test_faults_are_told_in_one_line(data, tmp_path, place, value, said):
    path = changed(tmp_path, place, value)
    found = smoke(path, data, str(tmp_path))
    assert re.match(said, found.fault), found.fault
    assert str(found).startswith('wrong: ') and '\n' not in str(found)
    assert os.listdir(tmp_path) == ['wrong.py']     # work dirs do not stay


def changed(folder, place, value):
    """A config of the embedded data set with one value set."""
    cfg = load_config(find_config(SOUND), {place: value})
    (folder / 'wrong.py').write_text(to_text(cfg))
    return str(folder / 'wrong.py')


def test_sums_are_fused(tmp_path):
    for name, first in (('a', [3., 1.]), ('b', [1., 2.])):
        write_scores(tmp_path / f'{name}.pkl', np.array([first, [0., 1.]], np.float32),
                     labels=[1, 1])
    done = {name: Outcome(name, metrics=dict(mean_average_precision=value))
            for name, value in (('a', 0.2), ('b', 0.4))}
    cfg = Config(dict(fusion=dict(configs=['a', 'b'], coefficients=[1, 3])))
    assert fuse('s', cfg, done, tmp_path).metrics == {'top1_acc of 2 streams': 1.}
    cfg.fusion.coefficients = [1, 1]
    assert fuse('s', cfg, done, tmp_path).metrics == {'top1_acc of 2 streams': 0.5}
    cfg = Config(dict(average=['a', 'b']))
    assert fuse('s', cfg, done, tmp_path).metrics == {'mean of 2': pytest.approx(0.3)}
    done['b'] = Outcome('b', fault='it broke')
    assert fuse('s', cfg, done, tmp_path).fault == 'there are no scores of b'


def test_processes_that_die_or_hang_cost_their_own_item():
    dies, hangs = "__import__('os')._exit(3)", "__import__('time').sleep(99)"
    start = time.monotonic()
    found = dict(spread(eval, ['1 + 1', dies, hangs, '2 + 2'], jobs=2, limit=5))
    assert found['1 + 1'] == 2 and found['2 + 2'] == 4
    assert found[dies] == 'its process ended with 3' and found[hangs] == 'took longer than 5 s'
    assert isinstance(found[dies], Lost) and time.monotonic() - start < 60


def test_the_command_goes_on_after_a_fault(embedded, tmp_path, monkeypatch, capsys):
    sum_of_two = tmp_path / 'sum.py'
    sum_of_two.write_text(f"fusion = dict(configs=['{SOUND}', '{SOUND}'], coefficients=[1, 1])\n")
    paths = [changed(tmp_path, 'model.cls_head.in_channels', 7), str(sum_of_two)]
    monkeypatch.setattr('mmvideo.engine.config_file.zoo_configs', lambda: paths)
    monkeypatch.setattr('mmvideo.zoo.smoke.find_config', lambda name: find_config(
        str(CONFIGS / f'recognition_audio/resnet/{name}.py')))
    run = main_of('tools/zoo.py')
    status = run(['smoke', '--data', str(embedded), '--jobs', '1'])
    lines = capsys.readouterr().out.splitlines()
    assert status == 1 and lines[0].startswith('wrong: ') and 'fault: InputError' in lines[0]
    assert lines[1].startswith(f'{SOUND}: ') and lines[1].endswith(', ok')      # the sum's term
    assert lines[2].startswith('sum: ') and 'top1_acc of 2 streams' in lines[2]
    assert lines[3].startswith('2 of 3 configs ran, 0 left out, 1 with faults')
    for argv, said in [(['--data', str(tmp_path)], 'it has no val_audio_features.txt'),
                       (['--data', str(tmp_path / 'no')], 'no such folder'),
                       (['--jobs', '0'], 'expected at least one process'),
                       (['nothing'], 'no config has such a name')]:
        assert run(['smoke', *argv]) == 2 and said in capsys.readouterr().err


def test_a_test_at_several_sizes_is_small(data):
    cfg = load_config(find_config(
        'slowfast_paper_multiscale_nl_k600_pretrained_r101_8x8x1_20e_ava_rgb'))
    options = smoke_options(cfg, data)
    assert options['model.test_cfg.short_sides'] == [56, 64, 80]
    assert options['test_dataloader.dataset.pipeline.2.scale'] == [-1, 80]
