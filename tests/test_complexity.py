"""Parameters and multiply-adds beside the published ones; the table of tools/analysis/get_flops.py.

Everything runs on the meta device: shapes without values. ``data/complexity.json`` says where our
definition differs from the published one, and by how much.
"""
import copy
import functools
import gzip
import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import SyncBatchNorm, _BatchNorm

from mmvideo.complexity import count
from mmvideo.errors import InputError
from mmvideo.registry import MODELS

sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import ROOT, main_of  # noqa: E402

DATA = Path(__file__).parent / 'data'
FIGURES = json.loads((DATA / 'complexity.json').read_text())
RECIPE_OF = {name: recipe for recipe in json.loads(gzip.decompress(
    (DATA / 'recipe_models.json.gz').read_bytes())) for name in recipe['configs']}
# Two digits are published; where ours differs by more, the row says why.
SAME = 0.01
# What is left between a published figure and the same rule applied here: two digits, C3D's and
# X3D's activations and pools that are functions.
RULE = {'X3D': 0.005, 'C3D': 0.001, 'MobileNetV2TSM': 0.001}


def manifest(name):
    path = DATA / 'parity' / 'manifest' / f'{name}.json.gz'
    return json.loads(gzip.decompress(path.read_bytes()))['model']


def rows(kind, name):
    """One case a row; networks of other libraries are marked."""
    found = []
    for row in FIGURES[kind]:
        model = (RECIPE_OF[row['configs'][0]]['model'] if kind == 'zoo'
                 else manifest(row['manifest']))
        foreign = model['backbone']['type'].split('.')[0] in ('torchvision', 'timm')
        found.append(pytest.param(row, model, id=name(row),
                                  marks=pytest.mark.thirdparty if foreign else ()))
    return found


def build(model):
    with torch.device('meta'):
        return MODELS.build(model)


def beside_products(model):
    """Start to add up what the published figures count beside convolutions and matrix products.

    Two operations a value for a norm, one for a ReLU, one for an input of a pool; layers only.
    """
    total = []

    def add(module, inputs, output):
        if isinstance(module, _BatchNorm) and not isinstance(module, SyncBatchNorm):
            total.append(2 * output.numel())
        elif isinstance(module, nn.ReLU | nn.ReLU6):
            total.append(output.numel())
        elif 'Pool' in type(module).__name__ and not list(module.children()):
            total.append(inputs[0].numel())

    for module in model.modules():
        module.register_forward_hook(add)
    return total


def half_digit(published):
    """Half of the last digit that was published: 0.005 for 34.57, 0.5 for 122."""
    return 0.5 * 10 ** -len(str(published).partition('.')[2]) + 1e-9


def check_count(multiply_adds, row):
    """Ours is as it was measured, and as it was published unless the row says why not."""
    gmacs = multiply_adds / 1e9
    if row.get('why'):
        assert gmacs == pytest.approx(row['measured'], rel=1e-3)
    else:
        assert gmacs == pytest.approx(row['measured'], rel=0.005)
        assert gmacs == pytest.approx(row['gmacs'], rel=SAME, abs=half_digit(row['gmacs']))


@functools.cache
def counted(text, shape):
    """What is counted in a model for a shape, and what the published figures add to it."""
    net = build(json.loads(text))
    beside = beside_products(net)
    return count(net, shape), sum(beside)


def settings(model):
    """A model without what does not change its multiply-adds (classes do, by 0.01 % at most)."""
    model = {key: dict(model[key] or {}) for key in ('type', 'backbone', 'neck', 'cls_head')
             if key != 'type' and key in model} | {'type': model['type']}
    model['cls_head']['num_classes'] = 400
    return json.dumps({**model, 'backbone': {**model['backbone'], 'pretrained': None}},
                      sort_keys=True)


@pytest.mark.parametrize('row, model', rows('zoo', lambda row: row['configs'][0]))
def test_zoo(row, model):
    parameters = sum(p.numel() for p in build(model).parameters())
    if 'measured_parameters' in row:
        assert parameters == row['measured_parameters']
        assert {'classes', 'channels'} & set(row['why'])
    else:
        assert parameters / 1e6 == pytest.approx(row['parameters'], abs=0.0005 + 1e-9)
    if row['gmacs'] is None:
        return
    found, beside = counted(settings(model), tuple(row['shape']))
    check_count(found.multiply_adds, row)
    # The rule of the published figures, applied to our network, gives the published figures.
    share = row.get('published_frames', row['shape'][1]) / row['shape'][1]
    products = found.multiply_adds - found.operations.get('bmm', 0)
    tolerance = RULE.get(model['backbone']['type'], 0.0005)
    assert (products + beside) * share / 1e9 == pytest.approx(row['gmacs'], rel=tolerance,
                                                              abs=0.006)


@pytest.mark.parametrize('row, model', rows('papers', lambda row: f'{row["source"]}: {row["row"]}'))
def test_papers(row, model):
    model = copy.deepcopy(model)
    for key, value in row.get('backbone', {}).items():
        *path, last = key.split('.')
        place = model['backbone']
        for word in path:
            place = place[word]
        place[last] = value
        if key == 'fast_pathway.base_channels':
            model['cls_head']['in_channels'] = 2048 + 32 * value
    found = count(build(model), row['shape'])
    check_count(found.multiply_adds, row)
    if row['parameters'] is not None:
        assert found.parameters / 1e6 == pytest.approx(row['parameters'],
                                                       abs=half_digit(row['parameters']))
    if 'early' in row.get('why', ()):       # explained by the change of the row
        assert found.multiply_adds / 1e9 == pytest.approx(row['gmacs'], rel=SAME)


@pytest.mark.parametrize('row, model', rows('manifests', lambda row: row['manifest']))
def test_networks_of_the_manifests(row, model):
    net = build(model)
    found = count(net, row['shape'])
    assert found.parameters == row['parameters']
    if 'class_token' in row.get('why', ()):
        net.backbone.spares = False
        whole = count(net, row['shape']).multiply_adds
        if 'folded' in row['why']:      # 12 layers, 8 x 14 x 14 patches, 768 channels
            whole += 12 * (8 * 14 * 14 - 768) * 768**2
        assert whole / 1e9 == pytest.approx(row['gmacs'], rel=1e-4)
    if 'why' in row:
        assert found.multiply_adds / 1e9 == pytest.approx(row['measured'], rel=1e-3)
    else:
        assert found.multiply_adds / 1e9 == pytest.approx(row['gmacs'], rel=0.005)
    part = {name: macs for name, _, macs in found.parts}
    assert sum(part.values()) == found.multiply_adds
    assert sum(p for _, p, _ in found.parts) == found.parameters


def test_every_network_and_every_reason_is_here():
    folder = DATA / 'parity' / 'manifest'
    measured = [row['manifest'] for row in FIGURES['manifests']]
    measured += [RECIPE_OF[row['configs'][0]]['manifest'] for row in FIGURES['zoo']]
    assert set(measured) >= {path.name.removesuffix('.json.gz')
                             for path in folder.glob('*.json.gz')}
    names = [name for row in FIGURES['zoo'] for name in row['configs']]
    assert len(names) == len(set(names)) == 140 and set(names) <= set(RECIPE_OF)
    given = {why for kind in ('zoo', 'papers', 'manifests') for row in FIGURES[kind]
             for why in row.get('why', ())}
    assert given == set(FIGURES['reasons'])


class Mixed(nn.Module):
    """Every kind of product: layers, functions, attention as a layer and as a function."""

    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(8, 16, bias=False)
        self.attn = nn.MultiheadAttention(16, 4, batch_first=True)
        self.conv = nn.Conv1d(16, 16, 3, padding=1, groups=4)
        self.norm = nn.BatchNorm1d(16)

    def forward(self, x):
        x = self.proj(x)
        x = self.attn(x, x, x, need_weights=False)[0]
        heads = x.unflatten(2, (4, 4)).transpose(1, 2)
        x = F.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).flatten(2)
        x = x @ x.transpose(1, 2) @ x
        return self.norm(self.conv(x.transpose(1, 2)))


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_every_product_is_counted_by_hand(device):
    places, attention = 2 * 10, 2 * (2 * 10 * 10 * 16)
    with torch.device(device):
        net = Mixed().train()
    net.conv.eval()
    found = count(net, (2, 10, 8))
    assert {name: macs for name, _, macs in found.parts} == {
        'proj': places * 8 * 16, 'attn': places * 4 * 16 * 16 + attention,
        'conv': places * 16 * 4 * 3, 'norm': 0}
    assert found.multiply_adds == sum(m for _, _, m in found.parts) + 2 * attention
    assert {name: p for name, p, _ in found.parts} == {
        'proj': 128, 'attn': 4 * 16 * 16 + 4 * 16, 'conv': 16 * 4 * 3 + 16, 'norm': 32}
    assert found.output_rows == 2
    # The network is as it was.
    assert net.training and net.norm.training and not net.conv.training
    assert net.norm.num_batches_tracked.is_meta or net.norm.num_batches_tracked == 0


def test_shared_parameters_count_once():
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4, bias=False))
    net[2].weight = net[0].weight
    found = count(net, (3, 4))
    assert found.parameters == 16 and found.multiply_adds == 2 * 3 * 16
    assert [part.name for part in found.parts] == ['0', '2']


def test_a_shape_that_does_not_fit_is_named():
    with pytest.raises(InputError, match=r'Conv2d does not take an input of shape \[1, 4, 8, 8\]'):
        count(nn.Conv2d(3, 4, 3), (1, 4, 8, 8))


SLOWFAST = 'configs/recognition/slowfast/slowfast_r50_video_4x16x1_256e_kinetics400_rgb.py'
TSN = 'configs/recognition/tsn/tsn_r50_video_1x1x8_100e_kinetics400_rgb.py'
TSM = 'configs/recognition/tsm/tsm_r50_video_1x1x8_50e_kinetics400_rgb.py'
C3D = 'configs/recognition/c3d/c3d_sports1m_16x1x1_45e_ucf101_rgb.py'
SOUND = ('configs/recognition_audio/resnet/tsn_r18_64x1x1_100e_kinetics400_audio_feature.py')


@pytest.mark.parametrize('config, flags, shape, views, parameters, gmacs', [
    (SLOWFAST, [], [1, 1, 3, 32, 256, 256], 1, '34.48', '36.10'),
    (SLOWFAST, ['--shape', '224'], [1, 1, 3, 32, 224, 224], 1, '34.48', '27.64'),
    (SLOWFAST, ['--shape', '2', '3', '32', '224', '224'], [1, 2, 3, 32, 224, 224], 2, '34.48',
     '27.64'),
    (TSN, [], [1, 25, 3, 224, 224], 1, '24.33', '102.18'),
    (TSN, ['--shape', '224', '224'], [1, 1, 3, 224, 224], 1, '24.33', '4.09'),
    (TSN, ['--shape', '3', '3', '256', '256'], [1, 3, 3, 256, 256], 1, '24.33', '16.02'),
    (TSM, ['--shape', '340', '256'], [1, 8, 3, 340, 256], 1, '24.33', '57.96'),
    (TSM, ['--shape', '16', '3', '224', '224'], [1, 16, 3, 224, 224], 2, '24.33', '32.70'),
    (TSM, ['--cfg-options', 'model.cls_head.num_classes=174'], [1, 8, 3, 224, 224], 1, '23.86',
     '32.70'),
    (C3D, [], [1, 1, 3, 16, 112, 112], 1, '78.41', '38.55'),
    (SOUND, [], [1, 1, 1, 128, 80], 1, '11.38', '0.37'),
    (SOUND, ['--shape', '1', '1', '64', '80'], [1, 1, 1, 64, 80], 1, '11.38', '0.19'),
])
def test_command_prints_a_table(config, flags, shape, views, parameters, gmacs, capsys):
    main = main_of('tools/analysis/get_flops.py')
    assert main([str(ROOT / config), *flags]) == 0
    out = capsys.readouterr().out
    assert f'input: {shape} (batch, ' in out
    assert f'\nviews: {views}\n' in out
    assert f'\nparameters: {parameters} M\n' in out
    assert f'\nmultiply-adds per view: {gmacs} G\n' in out
    lines = out.splitlines()
    start = lines.index(f'{"part":<10} {"parameters":>13} {"GMACs":>10}')
    table = {name: (int(p.replace(',', '')), float(g))
             for name, p, g in (line.split() for line in lines[start + 1:start + 4])}
    assert set(table) == {'backbone', 'cls_head', 'all'}
    assert table['all'][0] == table['backbone'][0] + table['cls_head'][0]
    assert table['all'][1] == pytest.approx(table['backbone'][1] + table['cls_head'][1], abs=0.002)
    assert ('were counted on 256 x 256' in out) == ('3D' in config or len(shape) == 6)


@pytest.mark.parametrize('config, flags, part', [
    (TSN, ['--shape', '1', '3', '8', '224', '224'], '4 numbers for Recognizer2D, [M, C, H, W]'),
    (SLOWFAST, ['--shape', '8', '3', '224', '224'], '5 numbers for Recognizer3D'),
    (TSM, ['--shape', '9', '3', '224', '224'], 'M = 9 frames do not divide'),
    (TSN, ['--shape', '1', '10', '224', '224'], 'the backbone takes C = 3'),
    (SOUND, ['--shape', '224'], '4 numbers for sound'),
    ('configs/none.py', [], 'does not exist'),
])
def test_command_says_what_is_wrong(config, flags, part, capsys):
    assert main_of('tools/analysis/get_flops.py')([str(ROOT / config), *flags]) == 2
    assert part in capsys.readouterr().err


def test_command_refuses_other_shapes(capsys):
    with pytest.raises(SystemExit):
        main_of('tools/analysis/get_flops.py')([TSN, '--shape', '1', '2', '3'])
    assert 'expected 1, 2, 4 or 5 positive integers, got 1 2 3' in capsys.readouterr().err
