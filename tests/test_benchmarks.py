"""The benchmarks run, and compare forms that give the same; nothing here depends on times."""
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
NAMES = ['shift', 'shift-split', 'shift-channels-last', 'tin', 'tin-forward', 'tanet',
         'tanet-forward', 'non-local', 'non-local-training', 'non-local-embedded-gaussian',
         'tsm-inference', 'tsm-inference-channels-last', 'tsm-training',
         'tsm-training-channels-last', 'tsm-of-tsn', 'timesformer', 'timesformer-attention',
         'tsn-fused', 'tsn-8-fused', 'tsm-fused', 'tsm-mobilenet-fused', 'tin-fused',
         'tanet-fused', 'c2d-fused', 'csn-fused', 'x3d-fused', 'i3d-fused', 'slowonly-fused',
         'slowfast-fused', 'r2plus1d-fused', 'import', 'import-and-build', 'import-and-build-r50']
CLIPS = ['gop12', 'gop250', 'wide']
DATA_NAMES = [
    *(f'read-{kind}-{clip}' for kind in ('sparse', 'clip', 'clips') for clip in CLIPS),
    'read-sparse-opencv',
    *(f'sample-{net}-{clip}' for net in ('slowfast', 'tsn') for clip in CLIPS),
    *(f'share-{net}-{clip}' for net in ('slowfast', 'tsn') for clip in CLIPS[:2]),
    *(f'views-{clip}' for clip in CLIPS), *(f'views-planes-{clip}' for clip in CLIPS),
    'views-gathered', 'pack', 'pack-opencv', 'loader']


@pytest.fixture
def benchmarks(monkeypatch):
    """The folder as a package, as its command sees it."""
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.attention
    import benchmarks.networks
    import benchmarks.non_local
    import benchmarks.shift
    import benchmarks.temporal
    import benchmarks.timing
    return benchmarks


def run(*args):
    return subprocess.run([sys.executable, str(ROOT / 'benchmarks' / 'run.py'), *args],
                          capture_output=True, text=True, cwd=ROOT)


@pytest.mark.slow
def test_every_benchmark_runs_and_fills_its_row(tmp_path):
    """Small inputs, one round; the equalities that the benchmarks assert hold on the way."""
    out = tmp_path / 'results.md'
    done = run('--small', '--rounds', '1', '--out', str(out))
    assert done.returncode == 0, done.stderr
    text = out.read_text()
    rows = [[cell.strip() for cell in line.strip('|').split('|')]
            for line in text.splitlines() if line.startswith('| ')]
    heads = [row for row in rows if row[-1] == 'command']
    assert heads == 2 * [['what', 'against', 'ratio', 'spread', 'to reach', 'measured', 'command']]
    rows = [row for row in rows if row[-1] not in ('command', '---')]
    assert [row[-1] for row in rows] == [f'`make bench ARGS={name}`'
                                         for name in NAMES + DATA_NAMES]
    for row in rows:
        median, (least, most) = float(row[2].split()[0]), map(float, row[3].split('..'))
        assert 0 < least <= median <= most
    assert f'torch {torch.__version__}' in text
    assert all(line in text for line in done.stdout.splitlines())


def test_a_section_takes_the_place_of_the_old_one(benchmarks, tmp_path, monkeypatch):
    import benchmarks.run
    monkeypatch.setattr(benchmarks.run, 'machine', lambda: 'A machine.')
    path = tmp_path / 'results.md'
    benchmarks.run.write_results(path, dict(networks='| shift |', data='| old |'), rounds=7)
    both = path.read_text()
    benchmarks.run.write_results(path, dict(data='| new |'), rounds=7)
    assert path.read_text() == both.replace('| old |', '| new |')
    assert both.index('## Networks') < both.index('| shift |') < both.index('## Data')
    assert both.startswith('# Speed\n') and both.endswith('| old |\n')


def test_wrong_pattern_names_the_rows():
    done = run('tsn-training')
    assert done.returncode == 2
    assert "no row is named 'tsn-training'" in done.stderr and 'tsn-fused' in done.stderr


@pytest.mark.parametrize('kind, reach, ratios, is_missed', [
    ('times as fast', 2.5, [2, 4, 3], False),
    ('times as fast', 3.5, [2, 4, 3], True),
    ('of the time', 0.4, [1 / 2, 1 / 4, 1 / 3], False),
    ('of the time', 0.3, [1 / 2, 1 / 4, 1 / 3], True),
    ('times as fast', None, [2, 4, 3], None),
    ('of the whole', 0.3, [1 / 2, 1 / 4, 1 / 3], False),
    ('of the whole', 0.4, [1 / 2, 1 / 4, 1 / 3], True),
])
def test_ratio_of_each_round(benchmarks, kind, reach, ratios, is_missed):
    row = benchmarks.timing.Row('name', '', '', 'a', 'b', kind=kind, reach=reach)
    seconds = {'a': [0.01, 0.01, 0.01], 'b': [0.02, 0.04, 0.03]}
    assert row.ratios(seconds) == pytest.approx(ratios)
    assert row.is_missed(seconds) is is_missed
    assert row.measured(seconds) == '10 and 30 ms'


def test_samples_a_second(benchmarks):
    row = benchmarks.timing.Row('name', '', '', 'a', 'b', counted='samples', per_call=4)
    assert row.measured({'a': [0.5], 'b': [2.0]}) == '8.0 and 2.0 samples a second'


def test_a_form_may_measure_itself(benchmarks):
    timing = benchmarks.timing
    forms = dict(a=lambda: timing.Seconds(0.01), b=lambda: timing.Seconds(2.5))
    assert timing.interleave(forms, 2) == dict(a=[0.01, 0.01], b=[2.5, 2.5])


def test_wrong_frames_do_not_pass(benchmarks):
    import numpy as np

    import benchmarks.decoding
    frames = [np.full((2, 2, 3), i, np.uint8) for i in range(3)]
    found = {'pyav clip gop12': lambda: frames, 'decord clip gop12': lambda: np.stack(frames)}
    benchmarks.decoding.check_equal(found)
    found['decord clip gop12'] = lambda: frames[:2] + [frames[2] + 1]
    with pytest.raises(AssertionError, match='decord clip gop12 gives other pictures'):
        benchmarks.decoding.check_equal(found)


def test_frames_that_are_read(benchmarks):
    import benchmarks.decoding
    indices = benchmarks.decoding.indices
    assert indices('clip', 300) == list(range(94, 158, 2))
    assert [i // 37 for i in indices('sparse', 300)] == list(range(8))
    clips = indices('clips', 300)
    assert len(clips) == 320 and clips[::32] == [0, 26, 52, 78, 104, 131, 157, 183, 209, 236]


def test_forms_take_turns(benchmarks):
    calls = []
    forms = {key: (lambda key=key: calls.append(key)) for key in 'abc'}
    seconds = benchmarks.timing.interleave(forms, 3, warm_up=False)
    assert ''.join(calls) == 'abc' 'bca' 'cab'
    assert {key: len(times) for key, times in seconds.items()} == dict(a=3, b=3, c=3)


def test_time_of_child_processes_counts(benchmarks):
    start = benchmarks.timing.cpu_seconds()
    subprocess.run([sys.executable, '-c', 'sum(range(3_000_000))'], check=True)
    assert benchmarks.timing.cpu_seconds() - start > 0.01


def test_plain_shift_of_written_out_values(benchmarks):
    x = torch.arange(12.).view(3, 4, 1, 1)
    for shift in (benchmarks.shift.plain_shift, benchmarks.shift.split_shift):
        assert shift(x, 3, 4).view(3, 4).tolist() == [[4, 0, 2, 3], [8, 1, 6, 7], [0, 5, 10, 11]]


class _WrongGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, shifted):
        return shifted.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad, None


@pytest.mark.parametrize('wrong, message', [
    (lambda shift, x, *args: shift.plain_shift(x.flip(0), *args), 'not equal'),
    (lambda shift, x, *args: shift.plain_shift(x, *args) + 1e-6, 'not equal'),
    (lambda shift, x, *args: _WrongGradient.apply(x, shift.shift_channels(x.detach(), *args)),
     'not equal'),
    (lambda shift, *args: shift.plain_shift(*args), 'has lost torch.channels_last'),
])
def test_a_wrong_shift_does_not_pass(benchmarks, wrong, message):
    shift = benchmarks.shift
    x, grad = (torch.randn(8, 16, 4, 4).to(memory_format=torch.channels_last) for _ in range(2))
    shift.check_equal(shift.shift_channels, x, grad)
    shift.check_equal(shift.plain_shift, x, grad, keeps_format=False)
    with pytest.raises(AssertionError, match=message):
        shift.check_equal(lambda *args: wrong(shift, *args), x, grad)


def test_plain_forms_along_time_of_written_out_values(benchmarks):
    temporal = benchmarks.temporal
    x = torch.tensor([4.0, 8, 16]).view(3, 1, 1, 1).repeat(1, 3, 1, 1)
    out = temporal.plain_interlace(x, torch.tensor([[1.0, -0.5]]), torch.tensor([[[1.0, 2]] * 3]),
                                   2)
    assert out.view(3, 3).T.tolist() == [[0, 4, 8], [12, 24, 16], [4, 8, 16]]
    kernel = torch.tensor([[[0.5, 1, 0.25]] * 3])
    out = temporal.grouped_convolution(x, torch.full((1, 3, 3), 2.0), kernel)
    assert out.view(3, 3).T.tolist() == [[12, 28, 40]] * 3


@pytest.mark.parametrize('wrong', [
    lambda plain, x, offsets, weights: plain(x, -offsets, weights),
    lambda plain, x, offsets, weights: plain(x, offsets, weights.detach()),
    lambda plain, x, offsets, weights: plain(x.detach(), offsets, weights),
])
def test_a_wrong_form_along_time_does_not_pass(benchmarks, wrong):
    temporal = benchmarks.temporal
    inputs = torch.randn(6, 8, 2, 2), 4 * torch.rand(2, 2) - 2, torch.rand(2, 3, 2)
    grad = torch.randn(6, 8, 2, 2)

    def plain(*args):
        return temporal.plain_interlace(*args, 4)
    temporal.check_close(plain, plain, inputs, grad)
    with pytest.raises(AssertionError, match='the forms differ'):
        temporal.check_close(lambda *args: wrong(plain, *args), plain, inputs, grad)


def test_different_scores_do_not_pass(benchmarks):
    scores = torch.tensor([[1.0, -2.0]])
    benchmarks.networks.check_same({'tsm': lambda: scores, 'tsm, fused': lambda: scores + 1e-5,
                                    'tsn': lambda: scores + 1})
    with pytest.raises(AssertionError, match='tsm, fused and tsm differ'):
        benchmarks.networks.check_same({'tsm': lambda: scores,
                                        'tsm, fused': lambda: scores + 1e-3})


def test_a_wrong_non_local_block_does_not_pass(benchmarks):
    conv, x = torch.nn.Conv3d(2, 2, 1), torch.randn(1, 2, 1, 2, 2, requires_grad=True)
    benchmarks.non_local.check_close(conv, conv, x)
    with pytest.raises(AssertionError, match='differ'):
        benchmarks.non_local.check_close(conv, torch.nn.Conv3d(2, 2, 1), x)


def test_the_plain_attention_is_the_formula(benchmarks):
    plain = benchmarks.attention.plain_attend
    query, key = torch.tensor([[[[2.0], [0.0]]]]), torch.tensor([[[[1.0], [0.0]]]])
    value = torch.tensor([[[[10.0], [20.0]]]])
    # The second query looks at nothing in particular: the mean. The first weighs e^2 to 1.
    first = (10 * math.exp(2) + 20) / (math.exp(2) + 1)
    torch.testing.assert_close(plain(query, key, value), torch.tensor([[[[first], [15.0]]]]))


def test_different_features_do_not_pass(benchmarks):
    features = torch.tensor([[1.0, -2.0]])
    forms = {'ours': lambda: features, 'plain': lambda: features + 1e-5}
    benchmarks.attention.check_same(forms)
    forms['plain'] = lambda: features + 1e-4
    with pytest.raises(AssertionError, match='plain and ours differ'):
        benchmarks.attention.check_same(forms)
