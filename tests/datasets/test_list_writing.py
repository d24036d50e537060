"""What is written as a list is read back as it was, in every kind."""
import json

import pytest

from mmvideo.datasets.annotations import read_records
from mmvideo.datasets.list_writing import write_records
from mmvideo.errors import InputError

NAMES = ['a.mp4', 'b c/d e.mp4', 'tab\there.mp4', "it's, so.mp4", 'ü/ж.mp4', '3.mp4', '#x;y.mp4']


@pytest.mark.parametrize('name', ['list.txt', 'list.csv', 'list.json', 'list.jsonl', 'list'])
@pytest.mark.parametrize('columns', [(), ('total_frames', ), ('offset', 'total_frames')])
@pytest.mark.parametrize('labels', [[4, 0, 1, 2, 3, 5, 6], [[1, 2], [0], [3], [4, 5, 6], [7],
                                                             [8], [9]]])
def test_round_trip(name, columns, labels, tmp_path):
    records = [{'filename': path, **{c: 10 + i for c in columns}, 'label': label}
               for i, (path, label) in enumerate(zip(NAMES, labels, strict=True))]
    path = tmp_path / 'deep' / name
    write_records(str(path), records, columns, 'filename')
    found, _ = read_records(str(path), columns, 'filename', multi_class=isinstance(labels[0], list))
    assert found == records
    assert [p.name for p in path.parent.iterdir()] == [name]


@pytest.mark.parametrize('name', ['list.txt', 'list.csv', 'list.json', 'list.jsonl'])
def test_samples_without_label(name, tmp_path):
    path = str(tmp_path / name)
    write_records(path, [dict(filename='a b.mp4', other=1), dict(filename='c.mp4')], (), 'filename')
    found, _ = read_records(path, (), 'filename', labels_optional=True)
    assert found == [dict(filename='a b.mp4', label=-1), dict(filename='c.mp4', label=-1)]


def test_text_is_as_it_was_always_written(tmp_path):
    write_records(tmp_path / 'list.txt', [dict(frame_dir='a/b', total_frames=3, label=7)],
                  ('total_frames', ), 'frame_dir')
    assert (tmp_path / 'list.txt').read_text() == 'a/b 3 7\n'
    write_records(tmp_path / 'list.json', [dict(frame_dir='a/b', total_frames=3, label=7)],
                  ('total_frames', ), 'frame_dir')
    assert json.loads((tmp_path / 'list.json').read_text()) \
        == [dict(frame_dir='a/b', total_frames=3, label=[7])]


@pytest.mark.parametrize('name', ['"a".mp4', 'a "b".mp4', 'a\nb.mp4'])
def test_a_path_that_text_cannot_hold(name, tmp_path):
    with pytest.raises(InputError, match='cannot hold the path'):
        write_records(tmp_path / 'list.txt', [dict(filename=name, label=0)], (), 'filename')
    assert not list(tmp_path.iterdir())
