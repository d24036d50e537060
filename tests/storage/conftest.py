"""The same small data in a folder and in archives of all kinds."""
import json
import tarfile
import zipfile

import numpy as np
import pytest


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


@pytest.fixture(scope='session')
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
    (data / 'pictures').mkdir()
    for i in (1, 2):
        cv2.imwrite(str(data / 'pictures' / f'{i}.jpg'), np.full((32, 32, 3), 9 * i, np.uint8))
    rows = dict(videos='"{}/a.mp4" {}', frames='"{}/a" 8 {}', images='"{}/a/img_00001.jpg" {}',
                sounds='"{}/a" 8 {}', omni='"{}" {} 1 0')
    for kind, row in rows.items():
        lines = [row.format(name, k) for k, name in enumerate(('jump', 'run it'))]
        (data / f'{kind}.txt').write_text('\n'.join(lines))
    (data / 'hvu.json').write_text(json.dumps(
        [dict(filename=f'{name}/a.mp4', label=dict(action=[k]))
         for k, name in enumerate(('jump', 'run it'))]))
    return data


@pytest.fixture(scope='session')
def media(plain):
    """Where that folder, ``data``, also lies as archives of five kinds."""
    lmdb = pytest.importorskip('lmdb')
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
