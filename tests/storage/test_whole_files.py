"""Files that are whole or not there."""
import os

import pytest

from mmvideo.storage import replacing


def test_error_leaves_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / 'new' / 'a.txt'
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), replacing(path) as draft:
            draft.write_text('half')
            raise ZeroDivisionError
        assert os.listdir(path.parent) == (['a.txt'] if path.exists() else [])
        path.write_text('old')
    with replacing(path) as draft:
        draft.write_text('new')
        assert path.read_text() == 'old'
    assert path.read_text() == 'new' and os.listdir(path.parent) == ['a.txt']


def test_nothing_written_is_an_error(tmp_path):
    (tmp_path / 'a').write_text('old')
    with pytest.raises(FileNotFoundError), replacing(tmp_path / 'a'):
        pass
    assert (tmp_path / 'a').read_text() == 'old'


def test_content_is_on_disk_before_the_name(tmp_path, monkeypatch):
    done = []

    def note(function, name):
        def noted(*args):
            done.append((name, os.fstat(args[0]).st_ino if name == 'fsync' else None))
            return function(*args)
        return noted

    monkeypatch.setattr(os, 'fsync', note(os.fsync, 'fsync'))
    monkeypatch.setattr(os, 'replace', note(os.replace, 'replace'))
    with replacing(tmp_path / 'a') as draft:
        draft.write_bytes(b'x')
    assert done == [('fsync', (tmp_path / 'a').stat().st_ino), ('replace', None),
                    ('fsync', tmp_path.stat().st_ino)]


def test_mode_is_that_of_other_files(tmp_path):
    with replacing(tmp_path / 'a') as draft:
        draft.write_bytes(b'x')
    (tmp_path / 'b').write_bytes(b'x')
    assert (tmp_path / 'a').stat().st_mode == (tmp_path / 'b').stat().st_mode
