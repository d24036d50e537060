"""Networks of PyTorchVideo's hub: converted, they compute what was recorded there.

``data/parity/pytorchvideo/NAME.json.gz`` holds the keys and shapes of a network of the hub and,
for some, the scores that it gave with weights and a clip that depend on names and shapes only.
"""
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmvideo.complexity import count
from mmvideo.converters import convert, entries_of, revert
from mmvideo.converters.proof import clip_from, fixed_clip, scores_of, worst_error
from mmvideo.engine.config_file import find_config
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError
from mmvideo.registry import MODELS
from mmvideo.zoo.rows import test_view as view_of

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / 'tools')]

import parity_fill as fill  # noqa: E402
from runs import main_of  # noqa: E402

DATA = Path(__file__).parents[1] / 'data' / 'parity' / 'pytorchvideo'
CONFIGS = dict(
    c2d_r50='c2d_hub_r50_8x8x1_196e_kinetics400_rgb',
    csn_r101='ircsn_hub_r101_32x2x1_196e_kinetics400_rgb',
    i3d_r50='i3d_hub_r50_8x8x1_196e_kinetics400_rgb',
    mvit_base_16x4='mvit_b_16x4x1_200e_kinetics400_rgb',
    mvit_base_32x3='mvit_b_32x3x1_200e_kinetics400_rgb',
    r2plus1d_r50='r2plus1d_hub_r50_16x4x1_196e_kinetics400_rgb',
    slow_r50='slowonly_hub_r50_8x8x1_196e_kinetics400_rgb',
    slowfast_r101='slowfast_hub_r101_8x8x1_196e_kinetics400_rgb',
    slowfast_r50='slowfast_hub_r50_8x8x1_196e_kinetics400_rgb',
    x3d_l='x3d_l_hub_16x5x1_300e_kinetics400_rgb', x3d_m='x3d_m_hub_16x5x1_300e_kinetics400_rgb',
    x3d_s='x3d_s_hub_13x6x1_300e_kinetics400_rgb', x3d_xs='x3d_xs_hub_4x12x1_300e_kinetics400_rgb')
RECORDED = ('c2d_r50', 'mvit_base_16x4', 'r2plus1d_r50', 'slow_r50', 'slowfast_r50', 'x3d_l',
            'x3d_s')
QUICK = ('x3d_s',)      # the others take seconds each


def read(name):
    return json.loads(gzip.decompress((DATA / f'{name}.json.gz').read_bytes()))


def model_of(name):
    return MODELS.build(load_config(find_config(CONFIGS[name])).model).eval()


def filled(facts):
    """The weights of the recording."""
    aliases = facts.get('aliases', {})
    return {key: torch.from_numpy(fill.fill_array(aliases.get(key, key), shape))
            for key, shape in facts['state_dict'].items()}


def shapes(model):
    return {key: value.shape for key, value in model.state_dict().items()}


def test_all_networks_of_the_hub_are_here():
    assert sorted(CONFIGS) == sorted(p.name[:-len('.json.gz')] for p in DATA.glob('*.json.gz'))
    assert sorted(n for n in CONFIGS if 'recorded' in read(n)) == sorted(RECORDED)


@pytest.mark.parametrize('name', CONFIGS)
def test_every_weight_has_its_place_there_and_here(name):
    facts = read(name)
    with torch.device('meta'):
        model = model_of(name)
        state = {key: torch.empty(shape) for key, shape in facts['state_dict'].items()}
    own = shapes(model)
    made, report = convert(entries_of('pytorchvideo', model, state), state, own)
    assert report.is_complete, report.lines()
    assert {key: value.shape for key, value in made.items()} == own
    entries = [one for one in entries_of('pytorchvideo', model) if one.theirs]
    back = revert(entries, made)
    assert {key: list(value.shape) for key, value in back.items()} == facts['state_dict']
    learning = sum(p.numel() for p in model.parameters())
    # X3D has one norm here (weight and bias of 24 channels) that the hub lacks.
    assert learning - facts['parameter_count'] == (48 if name.startswith('x3d') else 0)


@torch.no_grad()
@pytest.mark.parametrize('name', [
    pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in RECORDED])
def test_recorded_scores_are_reproduced(name):
    facts, model = read(name), model_of(name)
    state, recorded = filled(facts), facts['recorded']
    made, report = convert(entries_of('pytorchvideo', model, state), state, shapes(model))
    assert report.is_complete, report.lines()
    model.load_state_dict(made)
    imgs = torch.from_numpy(fill.make_input(recorded['input']['shape'],
                                            recorded['input']['seed']))
    scores = model(imgs[:, None], mode='tensor')
    if recorded['output_is_probability']:
        scores = scores.softmax(-1)
    error = fill.compare(recorded['output'], scores.numpy())
    print(f'{name}: {error:.2e}')
    # Two hundred times closer than is asked: float32 itself is this far from float64.
    assert error < 1e-5 < recorded['rtol_suggested']
    back = revert(entries_of('pytorchvideo', model), model.state_dict())
    assert back.keys() == state.keys()
    assert all(torch.equal(back[key].to(value.dtype), value) for key, value in state.items())


# Multiply-adds of one clip at some sizes, in billions, as counted on the hub's networks: those of
# pictures larger than in training show what the windows of the heads cost.
GMACS = dict(
    c2d_r50={224: 19.4932, 256: 25.4627}, csn_r101={224: 56.4682, 256: 73.7566},
    i3d_r50={224: 28.4077, 256: 37.1061}, mvit_base_16x4={224: 70.5994},
    mvit_base_32x3={224: 169.9581}, r2plus1d_r50={224: 57.5338},
    slow_r50={224: 41.7408, 256: 54.5208}, slowfast_r101={224: 96.3966, 256: 125.9083},
    slowfast_r50={224: 50.3086, 256: 65.7117}, x3d_l={312: 18.3677, 356: 24.7776},
    x3d_m={224: 4.7325, 256: 6.1857}, x3d_s={160: 1.9629, 182: 2.727},
    x3d_xs={160: 0.6053, 182: 0.8439})


@pytest.mark.slow
@pytest.mark.parametrize('name', CONFIGS)
def test_every_network_costs_what_it_costs_there(name):
    cfg = load_config(find_config(CONFIGS[name]))
    *lead, _, _ = view_of(cfg).shape
    with torch.device('meta'):
        model = MODELS.build(cfg.model).eval()
        for crop, gmacs in GMACS[name].items():
            found = count(model, (*lead, crop, crop)).multiply_adds / 1e9
            # Ours puts the windows' means through the classifier, the hub each window.
            assert found == pytest.approx(gmacs, abs=1e-4 if name.startswith('x3d') else 0.005)


SMALL = dict(
    slowfast=dict(
        backbone=dict(type='ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=2,
                      slow_frames='spread',
                      slow_pathway=dict(type='resnet3d', depth=18, base_channels=8, lateral=True,
                                        lateral_norm=True, conv1_kernel=(1, 7, 7)),
                      fast_pathway=dict(type='resnet3d', depth=18, base_channels=4,
                                        conv1_kernel=(5, 7, 7))),
        cls_head=dict(type='SlowFastHead', num_classes=5, in_channels=96)),
    x3d=dict(backbone=dict(type='X3D', gamma_b=2.25, gamma_d=1),
             cls_head=dict(type='X3DHead', num_classes=5, in_channels=432)))


def small(name):
    torch.manual_seed(0)
    model = MODELS.build(dict(type='Recognizer3D', **SMALL[name]))
    model.init_weights()
    return model.eval()


def test_columns_of_the_classifier_change_their_order():
    model = small('slowfast')
    weight = torch.arange(96.).expand(5, 96).clone()
    model.load_state_dict({'cls_head.fc_cls.weight': weight}, strict=False)
    back = revert(entries_of('pytorchvideo', model), model.state_dict())
    # Ours: 32 fast columns, then 64 slow ones.
    assert back['blocks.6.proj.weight'][0].tolist() == [*range(32, 96), *range(32)]
    made, _ = convert(entries_of('pytorchvideo', model, back), back, shapes(model))
    assert torch.equal(made['cls_head.fc_cls.weight'], weight)


def test_the_norm_that_x3d_lacks_there_changes_nothing():
    model = small('x3d')
    norm = model.backbone.layer1[0].downsample.bn
    with pytest.raises(InputError, match='layer1.0.downsample.bn.running_var: the other coll'):
        revert(entries_of('pytorchvideo', model), model.state_dict())
    norm.running_var.fill_(1 - norm.eps)
    back = revert(entries_of('pytorchvideo', model), model.state_dict())
    assert not [key for key in back if 'blocks.1.res_blocks.0.branch1_norm' in key]
    made, report = convert(entries_of('pytorchvideo', model, back), back, shapes(model))
    assert report.is_complete
    model.load_state_dict(made)
    x = torch.randn(2, 24, 2, 4, 4)
    torch.testing.assert_close(norm(x), x, rtol=1e-6, atol=1e-6)


def test_what_does_not_match_is_told():
    model = small('x3d')
    model.backbone.layer1[0].downsample.bn.running_var.fill_(
        1 - model.backbone.layer1[0].downsample.bn.eps)
    state = revert(entries_of('pytorchvideo', model), model.state_dict())
    del state['blocks.0.norm.running_mean'], state['blocks.0.norm.num_batches_tracked']
    state['blocks.5.proj.weight'] = torch.zeros(7, 2048)
    state['extra.weight'] = torch.zeros(1)
    made, report = convert(entries_of('pytorchvideo', model, state), state, shapes(model))
    assert not report.is_complete and len(made) == report.filled == len(shapes(model)) - 2
    assert report.lines()[1:] == [
        'nothing in the file for: backbone.conv1_t.bn.running_mean (blocks.0.norm.running_mean)',
        'left over in the file: extra.weight',
        'does not fit: blocks.5.proj.weight (7, 2048) as cls_head.fc2.weight (5, 2048)']
    other = MODELS.build(dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18),
                              cls_head=dict(type='TSNHead', num_classes=5, in_channels=512)))
    with pytest.raises(InputError, match='no network there is like ResNet; known are C2D'):
        entries_of('pytorchvideo', other)
    with pytest.raises(InputError, match="'caffe2' is none of pytorchvideo"):
        entries_of('caffe2', other)


@pytest.fixture
def convert_tool(tmp_path, capsys):
    """The command on a small X3D of five classes; gives status, output and errors."""
    config = tmp_path / 'x3d_small.py'
    shape = dict(num_clips=1, clip_len=4)
    config.write_text(f'''
model = dict(type='Recognizer3D', **{SMALL['x3d']!r})
test_dataloader = dict(dataset=dict(type='VideoDataset', ann_file='', pipeline=[
    dict(type='SampleFrames', **{shape!r}), dict(type='CenterCrop', crop_size=32)]))
''')

    def run(*args):
        status = main_of('tools/convert.py')([*map(str, args), '--config', str(config)])
        return status, *capsys.readouterr()
    return run


def test_the_command_converts_and_proves_it(convert_tool, tmp_path):
    model = small('x3d')
    norm = model.backbone.layer1[0].downsample.bn
    norm.running_var.fill_(1 - norm.eps)
    ours, theirs, again = (tmp_path / n for n in ('ours.pth', 'theirs.pyth', 'again.pth'))
    torch.save(dict(state_dict=model.state_dict()), ours)
    assert convert_tool('pytorchvideo', ours, theirs, '--reverse')[0] == 0
    names = torch.load(theirs)['model_state']
    assert 'blocks.0.conv.conv_t.weight' in names and len(names) < len(model.state_dict())
    clip, scores = tmp_path / 'clip.npy', tmp_path / 'scores.npy'
    status, out, _ = convert_tool('pytorchvideo', theirs, again, '--save-clip', clip)
    assert status == 0 and f'turned back: {len(names)} weights equal' in out
    assert 'fixed clip 3x4x32x32: mean' in out
    state = torch.load(again)['state_dict']
    assert all(torch.equal(state[key], value) for key, value in model.state_dict().items())

    own = scores_of(model, fixed_clip((1, 1, 3, 4, 32, 32)))
    assert np.load(clip).shape == (3, 4, 32, 32)
    torch.testing.assert_close(scores_of(model, clip_from(clip, (1, 1, 3, 4, 32, 32))), own)
    np.save(scores, own.softmax(0).numpy())
    status, out, _ = convert_tool('pytorchvideo', theirs, again, '--scores', scores)
    assert status == 0 and 'of the spread, within' in out
    np.save(scores, own.numpy() + 0.01)
    status, out, _ = convert_tool('pytorchvideo', theirs, again, '--scores', scores)
    assert status == 1 and 'of the spread, more than' in out
    assert worst_error(own, scores) == pytest.approx(
        0.01 / (own + 0.01).square().mean().sqrt().item(), rel=1e-4)


def test_the_command_refuses_what_does_not_fit(convert_tool, tmp_path):
    theirs, out_file = tmp_path / 'theirs.pyth', tmp_path / 'out.pth'
    torch.save(dict(model_state={'blocks.0.conv.conv_t.weight': torch.zeros(24, 3, 1, 3, 3)}),
               theirs)
    status, out, err = convert_tool('pytorchvideo', theirs, out_file)
    assert status == 2 and 'does not fit' in err and '--partial writes' in err
    assert not out_file.exists() and '5 weights converted; nothing in the file for' not in out
    assert convert_tool('pytorchvideo', theirs, out_file, '--partial')[0] == 0
    assert 'backbone.conv1_s.conv.weight' in torch.load(out_file)['state_dict']
    np.save(tmp_path / 'clip.npy', np.zeros((2, 4, 32, 32)))
    status, _, err = convert_tool('pytorchvideo', theirs, out_file, '--partial', '--clip',
                                  tmp_path / 'clip.npy')
    assert status == 2 and 'with 3 channels' in err
    assert convert_tool('pytorchvideo', tmp_path / 'none.pth', out_file)[0] == 2


def test_the_command_tells_of_another_collection(convert_tool, tmp_path):
    theirs = tmp_path / 'theirs.pyth'
    torch.save(dict(state_dict=small('x3d').state_dict()), theirs)
    status, _, err = convert_tool('pytorchvideo', theirs, tmp_path / 'out.pth')
    assert status == 2 and 'backbone.conv1_s.conv.weight (blocks.0.conv.conv_t.weight)' in err
    assert 'its names are those of mmaction. --partial' in err
