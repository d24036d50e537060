import json

import pytest

from mmvideo.datasets.annotations import read_records
from mmvideo.errors import InputError, MissingFileError


def read(tmp_path, content, columns=(), path_key='filename', name='list.txt', **kwargs):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_records(str(path), columns, path_key, **kwargs)


@pytest.mark.parametrize('line, columns, expected', [
    ('a/b.mp4 3', (), dict(filename='a/b.mp4', label=3)),
    ('  a/b.mp4   3  ', (), dict(filename='a/b.mp4', label=3)),
    ('a/b.mp4\t3', (), dict(filename='a/b.mp4', label=3)),
    ('"my video.mp4" 3', (), dict(filename='my video.mp4', label=3)),
    ('my video.mp4\t3', (), dict(filename='my video.mp4', label=3)),
    ('#1.mp4 3', (), dict(filename='#1.mp4', label=3)),
    ('dir 300 3', ('total_frames', ), dict(filename='dir', total_frames=300, label=3)),
    ('dir 300\t3', ('total_frames', ), dict(filename='dir', total_frames=300, label=3)),
    ('my dir\t10 300 3', ('offset', 'total_frames'),
     dict(filename='my dir', offset=10, total_frames=300, label=3))])
def test_lines(line, columns, expected, tmp_path):
    records, places = read(tmp_path, f'\n{line}\n\n', columns)
    assert records == [expected] and places == [2]


def test_a_mark_of_byte_order_and_foreign_line_ends_are_no_content(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes(b'\xef\xbb\xbfa.mp4 1\r\nb.mp4 2\r\n')
    records, places = read_records(str(path), (), 'filename')
    assert [tuple(r.values()) for r in records] == [('a.mp4', 1), ('b.mp4', 2)]
    assert places == [1, 2]


def test_several_labels(tmp_path):
    records, _ = read(tmp_path, 'a.mp4 3 0 7\nb.mp4 1\n', multi_class=True, num_classes=8)
    assert [r['label'] for r in records] == [[3, 0, 7], [1]]


def test_lists_for_testing_may_lack_labels(tmp_path):
    records, _ = read(tmp_path, 'a.mp4\nb.mp4 2\nc.mp4 -1\n', labels_optional=True)
    assert [r['label'] for r in records] == [-1, 2, -1]


def test_json(tmp_path):
    rows = [dict(frame_dir='a b', total_frames=30, label=[2]),
            dict(frame_dir='c', total_frames=20, label=1)]
    records, places = read(tmp_path, rows, ('total_frames', ), 'frame_dir', 'list.json')
    assert records == [dict(frame_dir='a b', total_frames=30, label=2), rows[1]]
    assert places == [1, 2]


@pytest.mark.parametrize('content, kwargs, message', [
    ('', {}, 'list.txt holds no sample'),
    ('\n \n', {}, 'list.txt holds no sample'),
    ('a.mp4 1\nb.mp4\n', {}, r'line 2: has no label'),
    ('a.mp4 1\nmy video.mp4 2\n', {},
     r"line 2: label 'video.mp4' is no whole number; expected `filename label`, found "
     r"'my video.mp4 2' \(put a path that contains blanks in double quotes\)"),
    ('a.mp4 one\n', {}, "line 1: label 'one' is no whole number"),
    ('a.mp4 1.0\n', {}, "line 1: label '1.0' is no whole number"),
    ('a.mp4 1 2\n', {}, r'line 1: 2 labels \[1, 2\], expected one'),
    ('"a.mp4 1\n', {}, "line 1: '\"a.mp4 1': the quote is not closed"),
    ('a.mp4 79\nb.mp4 80\n', dict(num_classes=80),
     r'labels start at 0; file .*list.txt, line 2: label 80, expected 0\.\.79'),
    ('a.mp4 -1\n', {}, 'labels start at 0; .* line 1: label -1, expected from 0 on'),
    ('dir\n', dict(columns=('total_frames', )),
     "line 1: expected `filename total_frames label`, found 'dir'"),
    ('dir x 1\n', dict(columns=('total_frames', )), "line 1: total_frames 'x'"),
    ('dir 0 1\n', dict(columns=('total_frames', )), 'line 1: total_frames 0 is too small')])
def test_wrong_lines_are_named(content, kwargs, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content, **kwargs)


@pytest.mark.parametrize('content, message', [
    ('[{"filename": "a.mp4", "label": 1},]', r'list.json is no valid JSON: .* line 1 column'),
    ({'filename': 'a.mp4'}, 'must hold a list of objects, not a dict'),
    ('[{"filename": "a.mp4", "filename": "b.mp4", "label": 1}]', "key 'filename' is there twice"),
    ([dict(filename='a.mp4', label=1), 'b.mp4'], "entry 2: expected an object, found 'b.mp4'"),
    ([dict(frame_dir='a', label=1)], "entry 1: has no key 'filename'"),
    ([dict(filename=3, label=1)], 'entry 1: filename must be a string, not 3'),
    ([dict(filename='a.mp4', label=[1, 2])], r'entry 1: 2 labels \[1, 2\], expected one'),
    ([dict(filename='a.mp4', label='walk')], "entry 1: label 'walk' is no whole number"),
    ([dict(filename='a.mp4')], 'entry 1: has no label'),
    ([dict(filename='a.mp4', label=5)], r'labels start at 0; .* entry 1: label 5, expected 0\.\.4'),
    ([], 'holds no sample')])
def test_wrong_json_is_named(content, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content, name='list.json', num_classes=5)


def test_a_missing_list_is_named():
    with pytest.raises(MissingFileError, match='ann_file: nowhere.txt does not exist'):
        read_records('nowhere.txt', (), 'filename')
