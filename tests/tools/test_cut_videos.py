"""Clips cut out of longer videos: the right frames, the right length, sound."""
import json
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from mmvideo.decoders import open_video

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import cut_videos  # noqa: E402
from media import VideoWriter, cut_video  # noqa: E402


@pytest.fixture(scope='module')
def video(embedded):
    return sorted((embedded / 'videos/train').glob('*.mp4'))[0]


def frames(path):
    reader = open_video(str(path))
    pictures = reader.read(range(len(reader)))
    reader.close()
    return np.stack(pictures).astype(int)


def seconds_of(path, kind):
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return float(stream.duration * stream.time_base)


@pytest.mark.parametrize('first, last', [(0, 5), (7, 20), (13, 16)])
def test_frames_are_those_of_the_span(first, last, video, tmp_path):
    source = frames(video)
    with av.open(str(video)) as container:
        rate = container.streams.video[0].average_rate
    target = tmp_path / 'a.mp4'
    span = float(first / rate), float(last / rate)
    assert cut_video(video, target, 'mp4', span, options={'crf': '10'}) == last - first
    found = frames(target)
    assert found.shape == source[first:last].shape
    mean = [np.abs(found[0] - picture).mean() for picture in source]
    assert int(np.argmin(mean)) == first and min(mean) < 4
    assert seconds_of(target, 'video') == pytest.approx((last - first) / rate, abs=0.02)
    assert seconds_of(target, 'audio') == pytest.approx((last - first) / rate, abs=0.05)


@pytest.mark.parametrize('container', ['mpegts', 'matroska'])
def test_a_jump_never_passes_the_start(container, tmp_path):
    with VideoWriter(tmp_path / 'long', 25, container=container, options={'g': '12'}) as writer:
        for gray in range(0, 240, 4):
            writer.write(np.full((64, 64, 3), gray, np.uint8))
    assert cut_video(tmp_path / 'long', tmp_path / 'a.mp4', 'mp4', (1.48, 1.96)) == 12
    found = frames(tmp_path / 'a.mp4').mean(axis=(1, 2, 3))
    assert found == pytest.approx(np.arange(37, 49) * 4, abs=2)


def run(*args):
    return cut_videos.main([str(a) for a in args])


def test_cuts_of_a_list(video, tmp_path, capsys):
    cuts = tmp_path / 'cuts.csv'
    cuts.write_text(f'video,start,end,name\n{video.stem},0.1,0.5,"a b/1"\n{video.stem},0,0.3,2\n'
                    'gone,0,1,3\n')
    out = tmp_path / 'out'
    assert run(video.parent, out, '--cuts', cuts, '--scale', '32', '--num-workers', '1') == 0
    said = capsys.readouterr().out
    assert '1 clips of 1 videos that are not there, for example gone\n2 clips cut\n' in said
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob('*.mp4')) == ['2.mp4',
                                                                               'a b/1.mp4']
    assert min(frames(out / '2.mp4').shape[1:3]) == 32
    assert run(video.parent, out, '--cuts', cuts, '--num-workers', '1') == 0
    assert '0 clips cut, 2 were there already' in capsys.readouterr().out


def test_parts_of_equal_length(video, tmp_path):
    folder = tmp_path / 'in'
    folder.mkdir()
    (folder / 'long.mp4').symlink_to(video)
    count, length = len(frames(video)), seconds_of(video, 'video')
    cut_videos.SHORTEST_SECONDS, before = 0.1, cut_videos.SHORTEST_SECONDS
    try:
        assert run(folder, tmp_path / 'out', '--every', length / 3 + 0.01, '--num-workers', 1) == 0
    finally:
        cut_videos.SHORTEST_SECONDS = before
    parts = [frames(tmp_path / f'out/long/part_{k}.mp4') for k in range(3)]
    assert sum(map(len, parts)) == count
    assert abs(len(parts[0]) - count / 3) <= 1
    assert len(list((tmp_path / 'out/long').iterdir())) == 3


def test_names_of_published_clips(tmp_path):
    (tmp_path / 'k.csv').write_text('label,youtube_id,time_start,time_end,split\n'
                                    '"petting animal (not cat)",-0abc,5,15,train\n')
    assert cut_videos.read_cuts(tmp_path / 'k.csv') == [cut_videos.Cut(
        '-0abc', 5, 15, 'petting animal (not cat)/-0abc_000005_000015')]
    (tmp_path / 'h.csv').write_text('Tags,youtube_id,time_start,time_end\na|b,abc,570,670\n')
    assert cut_videos.read_cuts(tmp_path / 'h.csv')[0].name == 'abc_000570_000670'
    (tmp_path / 'gym.json').write_text(json.dumps({'A0xA': {
        'E_002184_002237': dict(event=1, timestamps=[[2184.5, 2237.5]], segments={
            'A_0035_0036': dict(stages=2, timestamps=[[35.25, 35.5], [35.5, 36.75]])}),
        'E_003000_003010': dict(event=2, timestamps=[[3000, 3010]], segments=None)}}))
    assert cut_videos.read_cuts(tmp_path / 'gym.json') == [cut_videos.Cut(
        'A0xA', 2219.75, 2221.25, 'A0xA_E_002184_002237_A_0035_0036')]


@pytest.mark.parametrize('name, text, message', [
    ('c.csv', 'video,start,end\na,0,1\n', "c.csv, line 1: there is no column 'name'"),
    ('c.csv', 'video,start,end,name\na,x,1,b\n', "c.csv, line 2: start 'x' and end '1' are no"),
    ('c.csv', 'video,start,end,name\na,2,1,b\n', 'c.csv, line 2: expected 0 <= start < end'),
    ('c.json', '{"v": {"E": {"segments": {}}}}', 'c.json, v, E: expected timestamps'),
    ('c.csv', 'video,start,end,name\nelse,0,1,b\n', 'expected for example else, found clip_'),
])
def test_wrong_lists_are_one_line(name, text, message, video, tmp_path, capsys):
    (tmp_path / name).write_text(text)
    assert run(video.parent, tmp_path / 'out', '--cuts', tmp_path / name) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1


def test_spans_beyond_the_end_and_files_that_are_none_fail(video, tmp_path, capsys):
    folder = tmp_path / 'in'
    folder.mkdir()
    (folder / 'a.mp4').symlink_to(video)
    (folder / 'text.mp4').write_text('no video')
    (tmp_path / 'c.csv').write_text('video,start,end,name\na,500,510,late\ntext,0,1,b\n')
    assert run(folder, tmp_path / 'out', '--cuts', tmp_path / 'c.csv', '--num-workers', '1') == 1
    said = capsys.readouterr().out
    assert 'has no frame from second 500 to 510' in said and 'cannot be cut' in said
    assert not list((tmp_path / 'out').rglob('*.*'))
