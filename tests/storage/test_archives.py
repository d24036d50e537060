"""What lies where in archives, what is read of them, and what is said of broken ones."""
import io
import os
import shutil
import sys
import tarfile
import zipfile

import numpy as np
import pytest

from mmvideo import storage
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS
from mmvideo.storage import database
from mmvideo.storage.archives import tar_members, write_tar_index

lmdb = pytest.importorskip('lmdb')

MEDIA = ('stored.zip', 'deflated.zip', 'plain.tar', 'folder.lmdb', 'file.lmdb')


def test_frames_of_a_tar_are_read_without_the_rest(media, monkeypatch):
    """8 frames take 8 frames, and the headers once."""
    big = media / 'big.tar'
    with tarfile.open(big, 'w') as archive:
        for i in range(1, 201):
            info = tarfile.TarInfo(f'v/img_{i:05}.jpg')
            info.size = 50_000
            archive.addfile(info, io.BytesIO(bytes([i]) * info.size))
    read = []

    class Counting(io.FileIO):
        def read(self, size):
            read.append(size)
            return super().read(size)

        def readinto(self, buffer):
            read.append(len(buffer))
            return super().readinto(buffer)

        def readall(self):
            raise AssertionError('reads the whole file')

    monkeypatch.setattr('mmvideo.storage.archives.open', lambda path, *_, **__: Counting(path),
                        raising=False)
    wanted = range(3, 200, 25)
    contents = [storage.read_bytes(f'{big}/v/img_{i:05}.jpg') for i in wanted]
    assert [content[0] for content in contents] == list(wanted)
    assert sum(read) < 210 * 513 + 8 * (50_000 + io.DEFAULT_BUFFER_SIZE)
    assert sum(read) < os.path.getsize(big) / 4


def test_many_shards_are_read_in_any_order(tmp_path):
    """More archives than a process may have open."""
    shards = 40
    for i in range(shards):
        with zipfile.ZipFile(tmp_path / f'{i}.zip', 'w') as archive:
            archive.writestr('a/b', str(i))
        with tarfile.open(tmp_path / f'{i}.tar', 'w') as archive:
            info = tarfile.TarInfo('a/b')
            info.size = 2
            archive.addfile(info, io.BytesIO(f'{i:2}'.encode()))
        with lmdb.open(str(tmp_path / f'{i}.lmdb'), map_size=2**20) as target:
            with target.begin(write=True) as transaction:
                transaction.put(b'a/b', str(i).encode())
    before = len(os.listdir('/proc/self/fd'))
    for i in np.random.default_rng(0).integers(0, shards, 200):
        for kind in ('zip', 'tar', 'lmdb'):
            assert int(storage.read_bytes(tmp_path / f'{i}.{kind}' / 'a' / 'b')) == i
    assert len(os.listdir('/proc/self/fd')) - before <= database.OPEN_DATABASES
    assert len(database._open) == database.OPEN_DATABASES


def test_what_lies_where(media):
    for medium in MEDIA:
        root = f'{media}/{medium}'
        assert storage.isdir(root) and storage.isdir(f'{root}/frames/jump')
        assert not storage.isfile(root) and not storage.isdir(f'{root}/frames/jum')
        assert storage.isfile(f'{root}/videos.txt') and not storage.isdir(f'{root}/videos.txt')
        assert not storage.isfile(f'{root}/nothing.txt')
        top, folders, files = next(storage.walk(root))
        assert (top, sorted(folders)) == (root, ['features', 'frames', 'omni', 'pictures', 'sounds',
                                                  'videos'])
        assert 'hvu.json' in files
        places = [place for place, _, _ in storage.walk(f'{root}/frames')]
        assert sorted(places) == [f'{root}/frames{end}' for end in (
            '', '/jump', '/jump/a', '/run it', '/run it/a')]
        assert list(storage.walk(f'{root}/nothing')) == []
    assert storage.split(f'{media}/stored.zip//frames/./jump/') == (f'{media}/stored.zip',
                                                                    'frames/jump')
    assert storage.split(f'{media}/none.zip/frames') is None


def test_a_compressed_tar_is_refused(media, tmp_path):
    for suffix, mode in (('tar.gz', 'w:gz'), ('tgz', 'w:gz'), ('tar.xz', 'w:xz')):
        path = tmp_path / f'x.{suffix}'
        with tarfile.open(path, mode) as archive:
            archive.add(media / 'data' / 'videos.txt', 'videos.txt')
        unpack = 'unxz' if 'xz' in suffix else 'gunzip'
        message = f'{suffix}: a compressed tar.*{unpack} x.{suffix}'
        with pytest.raises(InputError, match=message):
            storage.read_bytes(f'{path}/videos.txt')
        with pytest.raises(InputError, match=message):
            DATASETS.build(dict(type='VideoDataset', ann_file=str(media / 'data' / 'videos.txt'),
                                pipeline=[], data_prefix=str(path)))
    named_wrong = tmp_path / 'y.tar'
    shutil.copy(tmp_path / 'x.tgz', named_wrong)
    with pytest.raises(InputError, match='y.tar: a compressed tar'):
        storage.read_bytes(f'{named_wrong}/videos.txt')
    folder = tmp_path / 'z.tar.gz' / 'old.zip'
    folder.mkdir(parents=True)
    (folder / 'a.txt').write_text('a folder may be called so')
    assert storage.read_bytes(folder / 'a.txt') == b'a folder may be called so'


def test_broken_archives_say_so(media, tmp_path):
    def cut(name, size):
        path = tmp_path / name
        content = (media / name).read_bytes()
        path.write_bytes(content[:size] if size else b'')
        return path / 'videos.txt'

    whole = (media / 'plain.tar').stat().st_size
    end = max(place[0] for place in tar_members('', open(media / 'plain.tar', 'rb')).values()
              if place)
    for size in (0, 300, end - 700, end + 1, whole // 2):
        with pytest.raises(InputError, match='plain.tar: is (no whole tar|truncated or broken)'):
            storage.read_bytes(cut('plain.tar', size))
    for size in (0, 300, (media / 'stored.zip').stat().st_size - 30):
        with pytest.raises(InputError, match='stored.zip: is no whole zip file'):
            storage.read_bytes(cut('stored.zip', size))
    for size in (0, 300, 5000, 40_000):
        with pytest.raises(InputError, match='file.lmdb: (cannot be read as an LMDB|is truncated)'):
            storage.read_bytes(cut('file.lmdb', size))


@pytest.mark.parametrize('medium', ['stored.zip', 'deflated.zip'])
def test_a_damaged_member_of_a_zip_is_found(medium, media, tmp_path):
    path = tmp_path / medium
    shutil.copy(media / medium, path)
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo('frames/jump/a/img_00004.jpg').header_offset + 200
    with open(path, 'r+b') as file:
        file.seek(place)
        file.write(bytes(20))
    storage.read_bytes(f'{path}/frames/jump/a/img_00003.jpg')
    with pytest.raises(InputError, match=f"{medium}: member 'frames/.*00004.jpg' is broken"):
        storage.read_bytes(f'{path}/frames/jump/a/img_00004.jpg')


def test_other_ways_to_pack_a_zip_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / 'x.zip', 'w', zipfile.ZIP_LZMA) as archive:
        archive.writestr('a', 'text')
    with pytest.raises(InputError, match="'a' is packed by 'lzma'; stored and deflated"):
        storage.read_bytes(tmp_path / 'x.zip' / 'a')


def test_links_of_a_tar_lead_to_files(tmp_path):
    (tmp_path / 'd').mkdir()
    (tmp_path / 'd' / 'a.txt').write_text('text')
    os.link(tmp_path / 'd' / 'a.txt', tmp_path / 'd' / 'hard.txt')
    os.symlink('a.txt', tmp_path / 'd' / 'soft.txt')
    long = 'long ' * 40
    (tmp_path / 'd' / f'{long}.txt').write_text('name')
    with tarfile.open(tmp_path / 'x.tar', 'w') as archive:
        archive.add(tmp_path / 'd', 'd')
    for name in ('a', 'hard', 'soft'):
        assert storage.read_bytes(tmp_path / 'x.tar' / 'd' / f'{name}.txt') == b'text'
    assert storage.read_bytes(tmp_path / 'x.tar' / 'd' / f'{long}.txt') == b'name'


def test_an_index_beside_a_tar_counts_while_the_tar_stays(tmp_path, monkeypatch):
    path = tmp_path / 'x.tar'

    def write(*contents):
        with tarfile.open(path, 'w') as archive:
            for i, content in enumerate(contents):
                info = tarfile.TarInfo(f'd/{i}')
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))

    write(b'one', b'three')
    write_tar_index(str(path))
    with monkeypatch.context() as patch:
        patch.setattr('mmvideo.storage.archives.tar_members', None)
        assert storage.read_bytes(path / 'd' / '1') == b'three'
        assert storage.isdir(path / 'd')
    write(b'', b'is', b'another')
    assert storage.read_bytes(path / 'd' / '1') == b'is'


def test_an_archive_may_change_under_way(tmp_path):
    path = tmp_path / 'x.zip'
    for content in ('one', 'another'):
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('a', content)
        assert storage.read_bytes(path / 'a') == content.encode()


def test_lmdb_that_is_not_installed_is_named(media, monkeypatch):
    monkeypatch.setitem(sys.modules, 'lmdb', None)
    with pytest.raises(InputError, match=r'folder.lmdb: LMDB needs the package lmdb \(pip install'):
        storage.read_bytes(media / 'folder.lmdb' / 'videos.txt')
