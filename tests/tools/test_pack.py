"""tools/data/pack.py: what was in the folder is in the archives, also after an interrupted run."""
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from mmvideo import storage
from mmvideo.datasets.lists import read_rows
from mmvideo.errors import InputError, MissingFileError
from mmvideo.storage.archives import INDEX_SUFFIX

TOOLS = Path(__file__).parents[2] / 'tools' / 'data'
sys.path.insert(0, str(TOOLS))

import pack  # noqa: E402


@pytest.fixture(params=['zip', 'tar', 'lmdb'])
def kind(request):
    if request.param == 'lmdb':
        pytest.importorskip('lmdb')
    return request.param


@pytest.fixture
def folder(tmp_path):
    """Six videos in two classes, and the frames of three."""
    for i in range(6):
        path = tmp_path / 'data' / 'videos' / ('jump', 'run it')[i % 2] / f'{i}.mp4'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([i]) * (1000 + i))
    for video in 'abc':
        frames = tmp_path / 'data' / 'frames' / video
        frames.mkdir(parents=True)
        for i in range(1, 6):
            (frames / f'img_{i:05}.jpg').write_bytes(f'{video}{i}'.encode() * 300)
    (tmp_path / 'data' / '.hidden').write_text('stays')
    return tmp_path / 'data'


def contents(root):
    """``{name: bytes}`` of all files below a folder or in an archive."""
    return {os.path.relpath(f'{place}/{name}', root): storage.read_bytes(f'{place}/{name}')
            for place, _, names in storage.walk(root) for name in names if name[0] != '.'}


def test_an_archive_holds_what_the_folder_held(folder, kind, tmp_path, capsys):
    out = tmp_path / 'out' / f'all.{kind}'
    assert pack.main([str(folder), str(out)]) == 0
    assert f'21 files, 0.0 MB: {out}' in capsys.readouterr().out
    assert contents(out) == contents(folder)
    left = [out.name, out.name + INDEX_SUFFIX] if kind == 'tar' else [out.name]
    assert sorted(os.listdir(out.parent)) == left


def test_shards_keep_frames_together_and_lists_follow(folder, kind, tmp_path):
    (tmp_path / 'train.txt').write_text('frames/a 5 0\n\nvideos/jump/0.mp4 7 1\n'
                                        '"videos/run it/3.mp4" 7 1\n')
    (tmp_path / 'train.json').write_text(json.dumps(
        [dict(frame_dir='frames/c', total_frames=5, label=[0])]))
    (tmp_path / 'train.jsonl').write_text('{"audio_path": "videos/jump/4", "label": 2}\n')
    (tmp_path / 'train.csv').write_text('label,filename\n3,videos/jump/0.mp4\n')
    (tmp_path / 'bare.csv').write_text('videos/jump/2.mp4;4\n')
    lists = ['train.txt', 'train.json', 'train.jsonl', 'train.csv', 'bare.csv']
    out = tmp_path / 'out' / f'x.{kind}'
    assert pack.main([str(folder), str(out), '--shard-size', '5K',
                      '--lists', *(str(tmp_path / name) for name in lists)]) == 0
    shards = sorted(path for path in out.parent.glob(f'x_*.{kind}'))
    found = [contents(path) for path in shards]
    assert len(found) == 5
    assert {name: part for part in found for name in part}.keys() == contents(folder).keys()
    for video in 'abc':
        assert sum(any(f'frames/{video}/' in name for name in part) for part in found) == 1
    paths = [fields[0] for name, columns in zip(lists, (['n'], ['total_frames'], [], [], []),
                                                strict=True)
             for _, fields in read_rows(out.parent / name, columns,
                                        'frame_dir' if name == 'train.json' else
                                        'audio_path' if name == 'train.jsonl' else 'filename')]
    assert [path.split('/', 1)[1] for path in paths] == [
        'frames/a', 'videos/jump/0.mp4', 'videos/run it/3.mp4', 'frames/c', 'videos/jump/4',
        'videos/jump/0.mp4', 'videos/jump/2.mp4']
    for path in paths:
        path = f'{out.parent}/{path}'
        assert storage.isfile(path) or storage.isdir(path) or storage.isfile(path + '.mp4')


def test_a_run_that_was_cut_short_goes_on(folder, kind, tmp_path, monkeypatch):
    out = tmp_path / f'x.{kind}'
    writer = dict(zip=pack.ZipWriter, tar=pack.TarWriter, lmdb=pack.LmdbWriter)[kind]
    add, added = writer.add, []

    def stopping(self, name, path):
        if len(added) == 10:
            raise KeyboardInterrupt
        add(self, name, path)
        added.append(name)

    with monkeypatch.context() as patch:
        patch.setattr(writer, 'add', stopping)
        with pytest.raises(KeyboardInterrupt):
            pack.pack(folder, out)
    assert not out.exists()
    draft = tmp_path / f'.x.{kind}.part'
    assert draft.exists()
    if kind == 'tar':       # as if the power had failed in the middle of the tenth
        os.truncate(draft, draft.stat().st_size // 2)
    again = []
    monkeypatch.setattr(writer, 'add', lambda self, name, path: (add(self, name, path),
                                                                 again.append(name)))
    pack.pack(folder, out)
    assert contents(out) == contents(folder)
    assert 11 <= len(again) < 21
    again.clear()
    pack.pack(folder, out)
    assert again == []


def test_a_zip_that_was_killed_begins_anew(folder, tmp_path):
    (tmp_path / '.x.zip.part').write_bytes(b'PK\3\4 no list of members')
    pack.pack(folder, tmp_path / 'x.zip')
    assert contents(tmp_path / 'x.zip') == contents(folder)


def test_what_does_not_fit_is_told(folder, tmp_path, capsys):
    out = str(tmp_path / 'x.zip')
    with pytest.raises(InputError, match='ends in .zip, .tar, .lmdb'):
        pack.pack(folder, 'x.rar')
    with pytest.raises(MissingFileError, match='nowhere: no such folder'):
        pack.pack('nowhere', out)
    with pytest.raises(InputError, match='--shard-size: expected a size such as 20G'):
        pack.parse_size('many')
    assert [pack.parse_size(text) for text in ('20G', '1.5kB', '7')] == [20 * 10**9, 1500, 7]
    with zipfile.ZipFile(out, 'w') as archive:
        archive.writestr('other.mp4', b'')
    with pytest.raises(InputError, match='x.zip: is there already, but .* is not in both'):
        pack.pack(folder, out)
    os.remove(out)
    (tmp_path / 'list.txt').write_text('videos/jump/0.mp4 1\nvideos/none.mp4 0\n')
    assert pack.main([str(folder), out, '--lists', str(tmp_path / 'list.txt')]) == 2
    assert 'list.txt would be overwritten; give a --list-folder' in capsys.readouterr().err
    args = [str(folder), out, '--list-folder', str(tmp_path / 'lists'), '--lists']
    assert pack.main([*args, str(tmp_path / 'list.txt')]) == 2
    assert 'list.txt, line 2: videos/none.mp4 is not in the folder' in capsys.readouterr().err
    (tmp_path / 'list.txt').write_text('videos/jump 1\n')
    args[1] = str(tmp_path / 'y.zip')
    assert pack.main([*args, str(tmp_path / 'list.txt'), '--shard-size', '2K']) == 2
    assert 'the files of videos/jump lie in 3 archives; --whole' in capsys.readouterr().err
    args[1] = str(tmp_path / 'z.zip')
    assert pack.main([*args, str(tmp_path / 'list.txt'), '--shard-size', '2K',
                      '--whole-folders']) == 0
    assert (tmp_path / 'lists' / 'list.txt').read_text().startswith('z_')


def test_an_index_for_a_tar_that_is_there(folder, tmp_path, capsys):
    out = tmp_path / 'x.tar'
    pack.pack(folder, out)
    os.remove(f'{out}{INDEX_SUFFIX}')
    assert pack.main([str(out), '--index']) == 0
    assert f'{out}{INDEX_SUFFIX} written' in capsys.readouterr().out
    assert contents(out) == contents(folder)
