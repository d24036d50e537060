"""``tools/zoo.py build``: networks of the rows run, and one that does not is told."""
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mmvideo.engine.config_file import find_config
from mmvideo.engine.run import load_config
from mmvideo.registry import MODELS
from mmvideo.zoo.networks import published_parameters, try_out

sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import ROOT, main_of  # noqa: E402

COUNTS = ROOT / 'tests/data/complexity.json'


@pytest.fixture
def build(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    def run(pattern):
        status = main_of('tools/zoo.py')(['build', pattern])
        return status, *capsys.readouterr()
    return run


# One of each recognizer, one with many tags, one that only extracts features.
@pytest.mark.parametrize('pattern, lines', [
    ('x3d_s_1', ['x3d_s_13x6x1_facebook_kinetics400_rgb: 3.794 M parameters, as published, loss ']),
    ('tsn_r18_*hvu_a*', ['tsn_r18_1x1x8_100e_hvu_action_rgb: 11.556 M parameters, as published',
                         'tsn_r18_1x1x8_100e_hvu_attribute_rgb: 11.237 M parameters, as publ']),
    ('tsn_r18_64x1x1_10*audio_feature', [
        'tsn_r18_64x1x1_100e_kinetics400_audio_feature: 11.375 M parameters',
        'tsn_r18_64x1x1_10e_embedded_audio_feature: 0.702 M parameters, loss']),
    ('tsn_r50_clip_feature_extraction', ['tsn_r50_clip_feature_extraction_1x1x3_rgb: 23.508 M p'])])
def test_networks_run(build, pattern, lines):
    status, out, _ = build(pattern)
    found = out.splitlines()
    assert status == 0, out
    assert [a.startswith(b) for a, b in zip(found, lines, strict=False)] == [True] * len(lines)
    assert found[-1].startswith(f'{len(lines)} of {len(lines)} networks built')
    assert '0 with faults' in found[-1]


def test_sizes_that_are_not_the_published_ones_are_told(build, monkeypatch):
    monkeypatch.setattr('mmvideo.zoo.networks.published_parameters',
                        lambda path: {'tsn_r18_1x1x8_10e_embedded_rgb': (3e6, 501)})
    status, out, _ = build('tsn_r18_1x1x8_10e_embedded_rgb')
    assert status == 1 and '; published are 3.000 M parameters' in out
    assert '1 compared with published sizes, 1 with faults' in out


def test_what_is_not_here_is_told(build):
    status, _, err = build('no_such_net')
    assert status == 2 and 'no_such_net: no config with a network has such a name' in err
    assert published_parameters(str(COUNTS.with_name('none.json'))) == {}
    assert len(published_parameters(str(COUNTS))) == 140


class Idle(nn.Module):
    """A backbone with a weight that nothing reads, for the test below."""

    def __init__(self, factor=1.):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)
        self.unused = nn.Parameter(torch.zeros(3))
        self.factor = factor

    def init_weights(self):
        pass

    def forward(self, x):
        return self.conv(x) * self.factor


@pytest.mark.parametrize('factor, said', [(1., 'no finite gradient reaches backbone.unused'),
                                          (float('inf'), 'the loss is nan')])
def test_a_network_that_cannot_learn_is_told(monkeypatch, factor, said):
    monkeypatch.setitem(MODELS.module_dict, 'Idle', Idle)
    cfg = load_config(find_config('tsn_r18_1x1x8_10e_embedded_rgb'))
    cfg.model.backbone = dict(type='Idle', factor=factor)
    cfg.model.cls_head.in_channels = 8
    found = try_out(cfg)
    assert said in found.complaints[0]
    assert found.parameters == 3 * 8 + 8 + 3 + 8 * 8 + 8
