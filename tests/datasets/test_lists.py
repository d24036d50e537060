"""CSV, JSON lines, and text with a separator of its own."""
import json

import pytest

from mmvideo.datasets.annotations import read_records
from mmvideo.errors import InputError

FRAMES = dict(columns=('total_frames', ), path_key='frame_dir')


def read(tmp_path, content, name, columns=(), path_key='filename', **kwargs):
    path = tmp_path / name
    path.write_text(content)
    return read_records(str(path), columns, path_key, **kwargs)


@pytest.mark.parametrize('content, places', [
    ('frame_dir,total_frames,label\na b/c,30,4\n"x, y",20,0\n', [2, 3]),
    ('label;frame_dir;fps;total_frames\n4;a b/c;25;30\n0;x, y;25;20\n', [2, 3]),
    ('a b/c,30,4\n\n"x, y", 20, 0\n', [1, 3]),
    ('a b/c\t30\t4\nx, y\t20\t0\n', [1, 2]),
    ('"a b/c" 30 4\n"x, y" 20 0\n', [1, 2])])
def test_csv(content, places, tmp_path):
    records, found = read(tmp_path, content, 'list.csv', **FRAMES)
    assert records == [dict(frame_dir='a b/c', total_frames=30, label=4),
                       dict(frame_dir='x, y', total_frames=20, label=0)]
    assert found == places


def test_several_labels_in_csv(tmp_path):
    for content in ('filename,label\na.mp4,3 0 7\nb.mp4,1\n', 'a.mp4,3,0,7\nb.mp4,1,,\n'):
        records, _ = read(tmp_path, content, 'list.csv', multi_class=True, num_classes=8)
        assert [r['label'] for r in records] == [[3, 0, 7], [1]]


@pytest.mark.parametrize('content', ['filename\na.mp4\nb.mp4\n', 'filename,label\na.mp4,\nb.mp4,\n',
                                     'filename,fps\na.mp4,25\nb.mp4,30\n'])
def test_csv_for_testing_may_lack_labels(content, tmp_path):
    records, _ = read(tmp_path, content, 'list.csv', labels_optional=True)
    assert records == [dict(filename='a.mp4', label=-1), dict(filename='b.mp4', label=-1)]


@pytest.mark.parametrize('content, message', [
    ('frame_dir,label\na,1\n', r"line 1: there is no column 'total_frames' among \['frame_dir', "),
    ('frame_dir,total_frames,label\na,30,1\nb,c,30,1\n', 'line 3: 4 cells under 3 column names'),
    ('frame_dir,total_frames,label\na,x,1\n', "line 2: total_frames 'x' is no whole number"),
    ('frame_dir,total_frames,label\na,30,walk\n', "line 2: label 'walk' is no whole number"),
    ('frame_dir,total_frames,label\na,30,9\n', r'line 2: label 9, expected 0\.\.4'),
    ('frame_dir,total_frames,label\na,30,\n', 'line 2: has no label'),
    ('a,30,1\nb\n', "line 2: expected `frame_dir,total_frames,label`, found 'b'"),
    ('a,30,1\n"b,30,1\n', r'line 2: is no valid CSV: .* \(is a quote not closed\?\)'),
    ('frame_dir,total_frames,label\n', 'list.csv holds no sample')])
def test_wrong_csv_is_named(content, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content, 'list.csv', num_classes=5, **FRAMES)


def test_json_lines(tmp_path):
    rows = [dict(frame_dir='a b', total_frames=30, label=[2], fps=25.0),
            dict(frame_dir='c', total_frames=20, label=1)]
    content = '\n'.join(map(json.dumps, rows[:1])) + '\n\n' + json.dumps(rows[1]) + '\n'
    records, places = read(tmp_path, content, 'list.jsonl', **FRAMES)
    assert records == [dict(frame_dir='a b', total_frames=30, label=2), rows[1]]
    assert places == [1, 3]


@pytest.mark.parametrize('content, message', [
    ('{"filename": "a.mp4", "label": 1}\n{"filename": "b.mp4"\n',
     r'list.jsonl, line 2 is no valid JSON'),
    ('{"filename": "a.mp4", "label": 1}\n[1]\n', r'line 2: expected an object, found \[1\]'),
    ('{"filename": "a.mp4", "label": 1}\n{"label": 1}\n', "line 2: has no key 'filename'")])
def test_wrong_json_lines_are_named(content, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content, 'list.jsonl')


def test_separator_of_text(tmp_path):
    records, _ = read(tmp_path, 'my video.mp4| 3\n"a|b.mp4"|4\n', 'list.txt', delimiter='|')
    assert [tuple(r.values()) for r in records] == [('my video.mp4', 3), ('a|b.mp4', 4)]
    assert read(tmp_path, 'a.mp4 3\n', 'list.txt', delimiter=' ')[0][0]['label'] == 3
    with pytest.raises(InputError, match="line 1: label 'x' is no whole number"):
        read(tmp_path, 'a.mp4|x\n', 'list.txt', delimiter='|')


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / 'list.csv').write_bytes(b'\xff\xfea')
    with pytest.raises(InputError, match='list.csv is no UTF-8 text'):
        read_records(str(tmp_path / 'list.csv'), (), 'filename')
