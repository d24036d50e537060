"""Configs printed: nothing is lost on the way to text and back, and the text can be read."""
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, TSM, environment, main_of  # noqa: E402

from mmvideo.config_text import one_line, to_text  # noqa: E402
from mmvideo.engine import load_config  # noqa: E402
from mmvideo.engine.config_file import zoo_configs  # noqa: E402

PRINT = 'tools/analysis/print_config.py'
FAMILIES = {Path(path).parent.name: path for path in zoo_configs()
            if '_base_' in Path(path).read_text()}    # sums of others' scores hold little


@pytest.mark.parametrize('value, text', [
    (dict(clip_len=8, type='SampleFrames'), "dict(type='SampleFrames', clip_len=8)"),
    ({'a.b': 1, 'type': 2}, "{'type': 2, 'a.b': 1}"), ({'lambda': 1}, "{'lambda': 1}"),
    ({3: 4}, '{3: 4}'), ({}, 'dict()'), ([], '[]'), ((1,), '(1,)'), ((), '()'),
    ([(1, -1), None, 1e-6, "it's"], '[(1, -1), None, 1e-06, "it\'s"]'),
    (float('-inf'), "float('-inf')"),
])
def test_values_on_one_line(value, text):
    assert one_line(value) == text
    assert eval(text, {}) == value


def test_long_values_are_broken_after_commas():
    steps = [dict(type='Resize', scale=(-1, 256)), (12345, 6789), dict()]
    assert to_text(dict(a=1, steps=steps), width=32) == '''\
a = 1
steps = [
    dict(
        type='Resize',
        scale=(-1, 256)),
    (12345, 6789),
    dict()]
'''
    assert to_text(dict(pair=('x' * 20,)), width=20) == f"pair = (\n    '{'x' * 20}',)\n"


@pytest.mark.parametrize('path', FAMILIES.values(), ids=list(FAMILIES))
def test_text_gives_the_config_back(path, tmp_path):
    cfg = load_config(path)
    alone = tmp_path / 'alone.py'
    alone.write_text(to_text(cfg))
    again = load_config(str(alone))
    assert dict(again) == dict(cfg) and len(cfg) > 10
    long = [line for line in alone.read_text().splitlines() if len(line) > 100]
    assert not [line for line in long if '://' not in line]     # an address is never broken


def test_command(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main_of(PRINT)([TSM, '--cfg-options', 'model.cls_head.num_classes=9']) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[said.index('    cls_head=dict(') + 1:][:2] == [
        "        type='TSMHead',", '        num_classes=9,']
    assert main_of(PRINT)([Path(TSM).stem]) == 0
    assert '        num_classes=8,' in capsys.readouterr().out.splitlines()
    assert main_of(PRINT)([TSM.replace('_10e_', '_11e_')]) == 2
    assert Path(TSM).name in capsys.readouterr().err


def test_a_reader_that_leaves_early(tmp_path):
    with open(tmp_path / 'said.txt', 'w') as said:
        process = subprocess.Popen([sys.executable, PRINT, TSM], cwd=ROOT, env=environment(),
                                   stdout=subprocess.PIPE, stderr=said)
        process.stdout.close()
        assert process.wait(60) == 141
    assert (tmp_path / 'said.txt').read_text() == ''
