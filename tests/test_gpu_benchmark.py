"""The benchmark for GPUs: says so where there is none, and runs on a CPU with small clips."""
import importlib.util
import re
from pathlib import Path

import pytest
import torch

from mmvideo.engine.config_file import find_config

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='module')
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend('')       # the command takes the first place for the checkout
        spec = importlib.util.spec_from_file_location('gpu', ROOT / 'benchmarks' / 'gpu.py')
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


@pytest.mark.skipif(torch.cuda.is_available(), reason='about machines without a GPU')
def test_without_a_gpu_it_says_so(tool, capsys):
    assert tool.main([]) == 2
    assert capsys.readouterr().err.splitlines() == [
        'error: no GPU here; --device cpu --tiny tries whether it runs']


def test_its_networks_are_there(tool):
    for name, *_ in tool.NETWORKS.values():
        assert Path(find_config(name)).is_file()


@pytest.mark.slow
@pytest.mark.parametrize('name', ['SlowFast R50 8x8', 'TSM R50 1x1x8'])
def test_it_runs(tool, name, tmp_path, capsys):
    out = tmp_path / 'gpu.md'
    assert tool.main(['--device', 'cpu', '--tiny', '--networks', name, '--out', str(out)]) == 0
    text = out.read_text()
    rows = re.findall(r'^\| (.+?) \| ([\d.]+) \| ([\d.]+) \| - \| ([\d.]+) \| ([\d.]+) \| - '
                      r'\| ([\d.]+) \|$', text, re.MULTILINE)
    assert [row[0] for row in rows] == list(tool.FORMS)
    assert all(float(row[1]) > 0 and float(row[3]) > 0 for row in rows)
    assert rows[0][2] == rows[0][4] == '1.00' and float(rows[0][5]) == 0
    assert all(0 < float(row[5]) < 0.05 for row in rows[1:])
    assert 'is not compiled' not in text
