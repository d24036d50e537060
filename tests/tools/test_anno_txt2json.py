"""Lists of one kind as lists of another."""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import anno_txt2json  # noqa: E402


def run(*args):
    return anno_txt2json.main([str(a) for a in args])


def test_text_to_json_and_back(tmp_path, capsys):
    text = tmp_path / 'train.txt'
    text.write_text('a/b 30 4\n"c d" 20 1 2\ne 10\n')
    assert run(text) == 0
    assert json.loads((tmp_path / 'train.json').read_text()) == [
        dict(frame_dir='a/b', total_frames=30, label=[4]),
        dict(frame_dir='c d', total_frames=20, label=[1, 2]), dict(frame_dir='e', total_frames=10)]
    assert capsys.readouterr().out.startswith('3 samples written: ')
    before = text.read_text()
    text.unlink()
    assert run(tmp_path / 'train.json') == 0
    assert text.read_text() == before


@pytest.mark.parametrize('layout, line, entry', [
    ('videos', 'a.mp4 4', dict(filename='a.mp4', label=[4])),
    ('audios', 'a 100 4', dict(audio_path='a', total_frames=100, label=[4])),
    ('images', 'a.jpg 4', dict(filename='a.jpg', label=[4])),
])
def test_formats(layout, line, entry, tmp_path):
    (tmp_path / 'a.txt').write_text(line + '\n')
    assert run(tmp_path / 'a.txt', '--format', layout, '--output', tmp_path / 'b.jsonl') == 0
    assert json.loads((tmp_path / 'b.jsonl').read_text()) == entry
    assert run(tmp_path / 'b.jsonl', '--format', layout, '--output', tmp_path / 'c.csv') == 0
    assert (tmp_path / 'c.csv').read_text().splitlines() == [
        ','.join(entry), ','.join(line.split())]


def test_offsets(tmp_path):
    (tmp_path / 'a.txt').write_text('a 7 30 4\n')
    assert run(tmp_path / 'a.txt', '--with-offset') == 0
    assert json.loads((tmp_path / 'a.json').read_text()) == [
        dict(frame_dir='a', offset=7, total_frames=30, label=[4])]


@pytest.mark.parametrize('content, flags, message', [
    ('a 30 x\n', [], r"a.txt, line 1: label 'x' is no whole number"),
    ('a.mp4 4\nb.mp4 -3\n', ['--format', 'videos'], 'a.txt, line 2: label -3, expected from 0 on'),
    ('a 7 30 4\n', ['--with-offset', '--format', 'videos'], 'only rawframes have an offset'),
    ('a 30 4\n', ['--output', 'a.txt'], 'is the list itself'),
    ('', [], 'holds no sample'),
])
def test_errors_are_one_line(content, flags, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path('a.txt').write_text(content)
    assert run('a.txt', *flags) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
    assert [p.name for p in tmp_path.iterdir()] == ['a.txt']
