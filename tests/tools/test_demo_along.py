"""The demo along a video: windows and streams, what is printed and written, and how they end."""
import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from runs import ROOT, main_of, run, start  # noqa: E402
from streams import CLASSES, slow_only, tsm, write_video  # noqa: E402

COUNT = 30
LINE = re.compile(r'(\d+\.\d\d) to (\d+\.\d\d) s: (.+)')


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """A folder with a video, class names, and two networks as config and checkpoint."""
    folder = tmp_path_factory.mktemp('along')
    write_video(folder / 'a.mp4', COUNT)
    (folder / 'names.txt').write_text('\n'.join(CLASSES))
    for name, model in (('tsm', tsm(4)), ('causal', tsm(4, causal='first')), ('slow', slow_only())):
        torch.save(dict(state_dict=model.state_dict()), folder / f'{name}.pth')
        model.cfg.dump(folder / f'{name}.py')
    return folder


def command(place, *flags, kind='tsm', video='a.mp4'):
    return [str(word) for word in (place / f'{kind}.py', place / f'{kind}.pth', place / video,
                                   place / 'names.txt', '--device', 'cpu', *flags)]


@pytest.fixture
def demo(place, capsys):
    def call(*flags, **kwargs):
        status = main_of('tools/demo.py')(command(place, *flags, **kwargs))
        return status, *capsys.readouterr()
    return call


def spans(out):
    return [tuple(map(float, m.groups()[:2])) for m in map(LINE.fullmatch, out.splitlines()) if m]


@pytest.mark.parametrize('kind, flags, expected', [
    ('tsm', ['--stride', 1], [(4 * k, 4 * k + 3) for k in range(7)] + [(26, 29)]),
    ('slow', ['--stride', '2.5'], [(0, 7), (20, 27), (22, 29)]),
    ('slow', ['--stream'], [*((4 * k, 4 * k + 7) for k in range(6)), (22, 29)]),
    ('slow', ['--stream', '--every', 11], [(0, 7), (11, 18), (22, 29)]),
    ('causal', ['--stream', '--every', 10], [(6, 9), (16, 19), (26, 29)]),
    ('causal', ['--stream', '--input-step', 10], [(0, 0), (0, 10), (0, 20)]),
    ('causal', ['--stream', '--stride', 4], [(0, 3), (16, 19), (26, 29)]),
])
def test_lines_and_json_say_the_same(demo, tmp_path, kind, flags, expected):
    status, out, err = demo(*flags, kind=kind)
    assert (status, err.replace('30 of 30 frames\n', '')) == (0, '')
    assert spans(out) == [(a / 10, b / 10) for a, b in expected]
    assert out.endswith('30 frames\n')
    status, _, _ = demo(*flags, '--out', tmp_path / 'new/a.json', kind=kind)
    assert status == 0
    content = json.loads((tmp_path / 'new/a.json').read_text())
    assert content['video'].endswith('a.mp4')
    assert [tuple(p['frames']) for p in content['predictions']] == expected
    for prediction, line in zip(content['predictions'], out.splitlines(), strict=False):
        best = list(prediction['labels'].items())
        assert sum(score for _, score in best) == pytest.approx(1, abs=0.06)
        assert min(score for _, score in best) >= 0.01
        assert line.endswith(': ' + ', '.join(f'{n} {s:.4f}' for n, s in best[:5]))


def test_threshold_and_averages(demo, tmp_path):
    _, out, _ = demo('--stride', 1, '--threshold', 1)
    assert out.count('s: no class above the threshold\n') == 8
    files = [tmp_path / 'one.jsonl', tmp_path / 'two.jsonl']
    for size, path in enumerate(files, start=1):
        assert demo('--stream', '--stride', 1, '--threshold', 0, '--average-size', size, '--out',
                    path)[0] == 0
    one, two = ([json.loads(line)['labels'] for line in path.read_text().splitlines()]
                for path in files)
    assert len(one) == len(two) == 8 and all(len(labels) == 6 for labels in one)
    assert one[0] == two[0]
    for before, now, average in zip(one, one[1:], two[1:], strict=False):
        for name in CLASSES:
            assert average[name] == pytest.approx((before[name] + now[name]) / 2, abs=2e-6)


def test_a_network_that_looks_ahead_is_noted(demo):
    status, out, err = demo('--stream', '--every', 30)
    assert status == 0 and len(spans(out)) == 1
    assert err.startswith('note: this TSM looks at the next frame, too;')


def test_drawn_as_it_goes(demo, place, tmp_path):
    path = tmp_path / 'drawn.mp4'
    status, out, _ = demo('--stride', 1, '--out', path, '--input-step', 2)
    assert status == 0 and out == f'30 frames; written: {path}\n'
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == COUNT
    np.testing.assert_allclose([f.time for f in frames], np.arange(COUNT) / 10, atol=1e-3)
    images = np.stack([f.to_ndarray(format='rgb24') for f in frames])
    assert images.shape[1:] == (240, 320, 3)
    with av.open(str(place / 'a.mp4')) as container:
        plain = [f.to_ndarray(format='rgb24', width=320, height=240, interpolation='BICUBIC')
                 for f in container.decode(video=0)]
    corner = [np.abs(a[:20, :60].astype(int) - b[:20, :60]).mean()
              for a, b in zip(images, plain, strict=True)]
    # The first window, 4 frames of every second one, is full with frame 6.
    assert max(corner[:6]) < 20 < min(corner[6:])


@pytest.mark.parametrize('flags, message', [
    (['--threshold', '.5'], '--threshold: is of use with --stride or --stream'),
    (['--average-size', 2], '--average-size: is of use with'),
    (['--every', 2], '--every: expected with --stream, and in place of --stride'),
    (['--stride', 1, '--every', 2], '--every: expected with --stream'),
    (['--stride', 1, '--threshold', 1.5], '--threshold: expected a score from 0 to 1, got 1.5'),
    (['--stride', -1], 'stride: expected a share .*, got -1'),
    (['--stride', 'nan'], 'stride: expected .* got nan'),
    (['--stream', '--every', 0], 'every: expected a whole number, 1 or more, got 0'),
    (['--stream', '--input-step', 0], 'input_step: expected .* got 0'),
    (['--stream', '--average-size', -2], 'average_size: expected .* got -2'),
    (['--stream', '--timeout', 0], 'timeout: expected seconds above 0, got 0'),
    (['--stream', '--out', 'a.gif'], '--out a.gif: expected a name that ends in .mp4, .json'),
    (['--out', 'a.jsonl'], '--out a.jsonl: expected a name that ends in .mp4, .gif or .json'),
])
def test_wrong_flags(demo, flags, message):
    status, out, err = demo(*flags)
    assert (status, out) == (2, '') and re.search(f'^error: {message}', err), err
    assert len(err.splitlines()) == 1


def test_the_video_is_not_written_over(demo, place):
    before = (place / 'a.mp4').read_bytes()
    status, _, err = demo('--stride', 1, '--out', place / 'a.mp4')
    assert status == 2 and 'a.mp4: is the video itself' in err
    assert (place / 'a.mp4').read_bytes() == before


def test_what_came_before_a_damage_is_kept(demo, place, tmp_path):
    content = bytearray((place / 'a.mp4').read_bytes())
    middle = len(content) // 2
    content[middle:middle + 400] = bytes(range(200)) * 2
    (place / 'damaged.mp4').write_bytes(content)
    out = tmp_path / 'a.json'
    status, said, err = demo('--stride', 1, '--out', out, video='damaged.mp4')
    assert status == 2 and re.fullmatch(r'error: \S+damaged.mp4: is damaged, .*\n', err)
    count = int(re.match(r'(\d+) frames; written', said).group(1))
    assert 0 < count < COUNT
    assert len(json.loads(out.read_text())['predictions']) == (count // 4 if count >= 4 else 0)
    status, said, err = demo('--stride', 1, video='gone.mp4')
    assert (status, said) == (2, '') and re.fullmatch(r'error: video \S+gone.mp4 does not exist\n',
                                                      err)


def test_a_stalled_source(demo, place):
    long = write_video(place / 'b.ts', 500, fps=25, codec='mpeg2video').read_bytes()
    os.mkfifo(place / 'pipe')
    is_over = threading.Event()

    def write():
        with open(place / 'pipe', 'wb', buffering=0) as file:
            file.write(long[:len(long) // 2])
            is_over.wait(20)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    status, out, err = demo('--stream', '--every', 100, '--timeout', 2, kind='causal', video='pipe')
    is_over.set()
    writer.join(5)
    count = int(out.splitlines()[-1].split()[0])
    assert status == 2 and 150 < count < 300 and len(spans(out)) == count // 100
    assert err.endswith(f'pipe: stalled: no frame for 2 s, {count} came before\n')


@pytest.mark.slow
def test_ctrl_c_leaves_whole_files(place, tmp_path):
    """A pipe that goes on and on, as a camera would."""
    os.mkfifo(place / 'endless')
    long = (write_video(place / 'c.ts', 500, fps=25, codec='mpeg2video')).read_bytes()
    is_over = threading.Event()

    def write():
        with open(place / 'endless', 'wb', buffering=0) as file:
            file.write(long[:-len(long) // 4])
            is_over.wait(60)

    threading.Thread(target=write, daemon=True).start()
    out = tmp_path / 'a.mp4'
    process = start(ROOT / 'tools/demo.py', *command(
        place, '--stream', '--every', 10, '--timeout', 60, '--out', out, kind='causal',
        video='endless'))
    lines = [process.stdout.readline() for _ in range(20)]
    assert all(LINE.fullmatch(line.strip()) for line in lines), lines
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=30)[0]
    is_over.set()
    assert process.returncode == 130 and rest.endswith('interrupted\n')
    count = int(re.search(r'(\d+) frames; written', rest).group(1))
    with av.open(str(out)) as container:
        assert 199 <= sum(1 for _ in container.decode(video=0)) <= count


MEASURE = """
import resource, sys
sys.path.insert(0, 'tools')
import demo
status = demo.main(sys.argv[1:])
print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(status)
"""


@pytest.mark.slow
@pytest.mark.parametrize('flags, kind', [
    (['--stride', 1], 'slow'), (['--stream', '--every', 5], 'causal')])
def test_memory_does_not_grow_with_the_video(flags, kind, place, tmp_path):
    """Sixty seconds take what ten take: all their frames at once would be 345 MB instead of 58."""
    (tmp_path / 'measure.py').write_text(MEASURE)
    peaks, counts = {}, {}
    for seconds in (10, 60):
        write_video(place / f'{seconds}.mp4', 25 * seconds, fps=25, size=(320, 240))
        out = tmp_path / f'{seconds}.mp4'
        began = time.monotonic()
        said = run(tmp_path / 'measure.py', *command(place, *flags, '--out', out, kind=kind,
                                                     video=f'{seconds}.mp4'))
        peaks[seconds] = int(re.search(r'peak (\d+)', said).group(1)) / 1024
        counts[seconds] = int(re.search(r'(\d+) frames; written', said).group(1))
        print(f'{seconds} s of video: {peaks[seconds]:.0f} MiB, {time.monotonic() - began:.0f} s')
    assert counts == {10: 250, 60: 1500}
    assert peaks[60] - peaks[10] < 25, peaks
