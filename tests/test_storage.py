"""Data inside archives: every kind of sample is the one of the plain folder, bit for bit."""
import io
import json
import os
import pickle
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
import torch

from mmvideo import storage
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS, TRANSFORMS
from mmvideo.storage import database
from mmvideo.storage.archives import tar_members, write_tar_index

lmdb = pytest.importorskip('lmdb')

MEDIA = ('stored.zip', 'deflated.zip', 'plain.tar', 'folder.lmdb', 'file.lmdb')


def write_clip(path, tint):
    import av
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mpeg4', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, 'yuv420p'
        for i in range(8):
            img = np.full((32, 64, 3), (20 * i, tint, 128), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(img, 'rgb24')))
        container.mux(stream.encode())


def write_wave(path, rate=16000):
    import wave
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = (np.sin(np.arange(rate // 2) / 9) * 9000).astype('<i2')
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone.tobytes())


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    """A folder with a few samples of every kind, and lists of them beside."""
    import cv2
    root = tmp_path_factory.mktemp('media')
    data = root / 'data'
    draws = np.random.default_rng(0)
    for k, name in enumerate(('jump', 'run it')):
        write_clip(data / 'videos' / name / 'a.mp4', 60 * k)
        write_clip(data / 'omni' / name / 'part_0.mp4', 90 * k)
        write_wave(data / 'sounds' / name / 'a.wav')
        frames = data / 'frames' / name / 'a'
        frames.mkdir(parents=True)
        for i in range(1, 9):
            for stem in (f'img_{i:05}', f'x_{i:05d}', f'y_{i:05d}'):
                img = draws.integers(0, 255, (32, 48, 3), np.uint8)
                cv2.imwrite(str(frames / f'{stem}.jpg'), img)
        features = data / 'features' / name
        features.mkdir(parents=True)
        np.save(features / 'a.npy', draws.random((40, 80), np.float32))
    rows = dict(videos='"{}/a.mp4" {}', frames='"{}/a" 8 {}', images='"{}/a/img_00001.jpg" {}',
                sounds='"{}/a" 8 {}', omni='"{}" {} 1 0')
    for kind, row in rows.items():
        lines = [row.format(name, k) for k, name in enumerate(('jump', 'run it'))]
        (data / f'{kind}.txt').write_text('\n'.join(lines))
    (data / 'hvu.json').write_text(json.dumps(
        [dict(filename=f'{name}/a.mp4', label=dict(action=[k]))
         for k, name in enumerate(('jump', 'run it'))]))
    return data


@pytest.fixture(scope='module')
def media(plain):
    """The folder of these archives of the folder, with all of ``MEDIA``."""
    files = sorted(path for path in plain.rglob('*') if path.is_file())
    named = [(path.relative_to(plain).as_posix(), path) for path in files]
    for name, method in (('stored', zipfile.ZIP_STORED), ('deflated', zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(plain.parent / f'{name}.zip', 'w', method) as archive:
            for member, path in named:
                archive.write(path, member)
    with tarfile.open(plain.parent / 'plain.tar', 'w') as archive:
        archive.add(plain, './')        # what `tar cf plain.tar .` writes: folders, names with ./
    for name in ('folder', 'file'):
        target = lmdb.open(str(plain.parent / f'{name}.lmdb'), subdir=name == 'folder',
                           map_size=2**26)
        with target.begin(write=True) as transaction:
            for member, path in named:
                transaction.put(member.encode(), path.read_bytes())
        target.close()
    return plain.parent


SAMPLED = [dict(type='SampleFrames', clip_len=2, num_clips=2)]
ENDS = [dict(type='Collect', keys=['imgs', 'label'], meta_keys=[])]


def video_steps(name):
    return [dict(type=f'{name}Init'), *SAMPLED, dict(type=f'{name}Decode'), *ENDS]


FRAMES = [*SAMPLED, dict(type='RawFrameDecode'), *ENDS]
SOUND = [dict(type='Collect', keys=['audios', 'label'], meta_keys=[])]
KINDS = {
    'pyav': dict(type='VideoDataset', kind='videos', pipeline=video_steps('PyAV')),
    'decord': dict(type='VideoDataset', kind='videos', pipeline=video_steps('Decord')),
    'tree of videos': dict(type='VideoDataset', tree='videos', pipeline=video_steps('PyAV')),
    'frames': dict(type='RawframeDataset', kind='frames', pipeline=FRAMES),
    'tree of frames': dict(type='RawframeDataset', tree='frames', pipeline=FRAMES),
    'flow': dict(type='RawframeDataset', kind='frames', pipeline=FRAMES, modality='Flow',
                 filename_tmpl='{}_{:05d}.jpg'),
    'images': dict(type='ImageDataset', kind='images', folder='frames',
                   pipeline=[dict(type='ImageDecode'), *ENDS]),
    'sounds': dict(type='AudioDataset', kind='sounds', pipeline=[
        dict(type='AudioDecodeInit'), *SAMPLED, dict(type='AudioDecode'), *SOUND]),
    'features': dict(type='AudioFeatureDataset', kind='sounds', folder='features', pipeline=[
        dict(type='LoadAudioFeature'), *SAMPLED, dict(type='AudioFeatureSelector'), *SOUND]),
    'omnisource': dict(type='RawVideoDataset', kind='omni', pipeline=video_steps('PyAV')),
    'hvu': dict(type='HVUDataset', kind='hvu', folder='videos', tag_categories=['action'],
                tag_category_nums=[2], pipeline=[
                    *video_steps('PyAV')[:-1], dict(type='LoadHVULabel'), *ENDS]),
}


def data_set(root, case):
    """A data set of ``KINDS`` whose media and list lie in ``root``, a folder or an archive."""
    case = dict(KINDS[case])
    kind, tree, folder = (case.pop(key, None) for key in ('kind', 'tree', 'folder'))
    if tree:
        return DATASETS.build(dict(case, ann_file=f'{root}/{tree}'))
    suffix = 'json' if kind == 'hvu' else 'txt'
    return DATASETS.build(dict(case, ann_file=f'{root}/{kind}.{suffix}',
                               data_prefix=f'{root}/{folder or kind}'))


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | torch.Tensor):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


@pytest.mark.parametrize('medium', MEDIA)
@pytest.mark.parametrize('kind', KINDS)
def test_samples_are_those_of_the_folder(kind, medium, plain, media):
    expected, found = data_set(plain, kind), data_set(media / medium, kind)
    assert len(found) == len(expected) == 2
    assert found.classes == expected.classes
    assert found.names == expected.names
    for one, other in zip(expected, found, strict=True):
        assert same(one, other)


def batches(dataset, num_workers, context=None):
    loader = torch.utils.data.DataLoader(dataset, num_workers=num_workers, collate_fn=list,
                                         multiprocessing_context=context)
    return [sample for batch in loader for sample in batch]


@pytest.mark.parametrize('medium', ['stored.zip', 'plain.tar', 'folder.lmdb'])
def test_forked_workers_read_the_same(medium, media):
    dataset = data_set(media / medium, 'frames')
    expected = batches(dataset, 0)      # opens what workers then inherit
    assert same(batches(dataset, 2, 'fork'), expected)
    assert same(batches(dataset, 0), expected)


@pytest.mark.slow
@pytest.mark.parametrize('medium', MEDIA)
def test_spawned_workers_read_the_same(medium, media):
    dataset = data_set(media / medium, 'frames')
    assert same(batches(dataset, 2, 'spawn'), batches(dataset, 0))


@pytest.mark.parametrize('medium', MEDIA)
def test_a_pickled_data_set_carries_no_handle(medium, media):
    dataset = data_set(media / medium, 'frames')
    size = len(pickle.dumps(dataset))
    expected = dataset[0]
    content = pickle.dumps(dataset)
    assert len(content) == size
    assert same(pickle.loads(content)[0], expected)


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
        assert (top, sorted(folders)) == (root, ['features', 'frames', 'omni', 'sounds', 'videos'])
        assert 'hvu.json' in files
        places = [place for place, _, _ in storage.walk(f'{root}/frames')]
        assert sorted(places) == [f'{root}/frames{end}' for end in (
            '', '/jump', '/jump/a', '/run it', '/run it/a')]
        assert list(storage.walk(f'{root}/nothing')) == []
    assert storage.split(f'{media}/stored.zip//frames/./jump/') == (f'{media}/stored.zip',
                                                                    'frames/jump')
    assert storage.split(f'{media}/none.zip/frames') is None


@pytest.mark.parametrize('medium', MEDIA)
def test_a_missing_member_is_named_with_its_archive(medium, media):
    root = f'{media}/{medium}'
    for read in (storage.read_bytes, storage.open_source):
        with pytest.raises(MissingFileError, match=f"{medium}: has no member 'frames/x.jpg'"):
            read(f'{root}/frames/x.jpg')
    with pytest.raises(MissingFileError, match="'frame/x.jpg'; its first is '.*/"):
        storage.read_bytes(f'{root}/frame/x.jpg')
    with pytest.raises(InputError, match='is an archive, expected a file in it'):
        storage.read_bytes(root)
    dataset = data_set(root, 'frames')
    dataset.records[1]['total_frames'] = 90
    message = (rf"run it/a \(.*{medium}/frames.txt, line 2\): .*{medium}: has no member "
               r"'frames/run it/a/img_000.*jpg' \(no such frame; do start_index")
    with pytest.raises(MissingFileError, match=message):
        for epoch in range(20):
            dataset.set_epoch(epoch)
            dataset[1]
    with pytest.raises(MissingFileError, match=r'no such file \(there is no archive .*none.zip\)'):
        storage.read_bytes(f'{media}/none.zip/a.mp4')


def test_a_missing_feature_may_be_silence(media):
    load = TRANSFORMS.build(dict(type='LoadAudioFeature', allow_missing=True))
    path = f'{media}/plain.tar/features/nobody.npy'
    assert not load(dict(audio_path=path))['audios'].any()


def test_a_compressed_tar_is_refused(media, tmp_path):
    for suffix, mode in (('tar.gz', 'w:gz'), ('tgz', 'w:gz'), ('tar.xz', 'w:xz')):
        path = tmp_path / f'x.{suffix}'
        with tarfile.open(path, mode) as archive:
            archive.add(media / 'data' / 'videos.txt', 'videos.txt')
        unpack = 'unxz' if 'xz' in suffix else 'gunzip'
        with pytest.raises(InputError, match=f'{suffix}: a compressed tar.*{unpack} x.{suffix}'):
            storage.read_bytes(f'{path}/videos.txt')
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
    monkeypatch.setitem(__import__('sys').modules, 'lmdb', None)
    with pytest.raises(InputError, match=r'folder.lmdb: LMDB needs the package lmdb \(pip install'):
        storage.read_bytes(media / 'folder.lmdb' / 'videos.txt')
