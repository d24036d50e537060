import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location('benchmark', ROOT / 'tools/analysis/benchmark.py')
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
CONFIG = 'tsn_r18_1x1x8_10e_embedded_rgb'


def run(capsys, *arguments):
    code = tool.main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_only_what_comes_after_the_warm_up_counts(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(tool.time, 'perf_counter', lambda: now[0])
    monkeypatch.setattr(tool, '_cpu_seconds', lambda: 1.5 * now[0])
    clock = tool.Clock(warm_up=2, interval=2)
    for seconds in (100, 100, 1, 1, 2):
        now[0] += seconds
        clock.batch(4)
    assert (clock.samples, clock.seconds(), clock.rate()) == (12, 4.0, 3.0)
    assert clock.cores() == 1.5
    assert capsys.readouterr().out == '8 samples, 4.00 a second\n'


def test_a_network_tests_and_trains_on_random_clips(capsys):
    common = (CONFIG, '--samples', 4, '--warm-up', 1, '--log-interval', 1, '--device', 'cpu')
    code, out, err = run(capsys, *common)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == 'testing on cpu, input [1, 8, 3, 64, 64]: 1 samples of 1 views a batch'
    assert len(lines) == 6 and re.fullmatch(
        r'network: [\d.]+ samples a second, [\d.]+ views', lines[-1])
    code, out, _ = run(capsys, *common, '--phase', 'train', '--batch-size', 2)
    assert code == 0
    assert out.startswith('training on cpu, input [2, 8, 3, 64, 64]') and len(out.split('\n')) == 5


def test_a_loader_alone(capsys, embedded):
    folder = f'{embedded}/videos'
    options = [f'train_dataloader.dataset.ann_file={embedded}/train_videos.txt',
               f'train_dataloader.dataset.data_prefix={folder}', 'train_dataloader.num_workers=0',
               'train_dataloader.persistent_workers=False']
    code, out, err = run(capsys, CONFIG, '--part', 'loader', '--samples', 12, '--warm-up', 1,
                         '--batch-size', 4, '--cfg-options', *options)
    assert code == 0, err
    assert out.startswith('train loader: 16 samples, batches of 4, 0 workers\n')
    assert re.search(r'loader: [\d.]+ samples a second, [\d.]+ cores busy', out)


def test_wrong_requests(capsys):
    code, _, err = run(capsys, CONFIG, '--part', 'loader', '--cfg-options',
                       'train_dataloader.dataset.ann_file=none.txt')
    assert code == 2 and 'none.txt' in err
    with pytest.raises(SystemExit):
        run(capsys, CONFIG, '--samples', 0)
