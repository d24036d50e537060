"""How the decoders do it: what they open, decode and convert, and what they say of a bad call."""
import io
import sys
from pathlib import Path

import av
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import kinds  # noqa: E402

from mmvideo.decoders import DECODERS, PyAVReader, index, key_frames_before, open_video  # noqa: E402
from mmvideo.decoders.planes import Converter  # noqa: E402
from mmvideo.errors import InputError, MissingFileError  # noqa: E402


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """name -> (path, all pictures) of kinds of files that need care."""
    folder, found = tmp_path_factory.mktemp('files'), {}

    def get(kind):
        if kind not in found:
            path = kinds.make(kind, folder)
            found[kind] = path, kinds.decode_all(path)
        return found[kind]
    return get


class Counted:
    """A codec that counts what it is asked to decode."""

    def __init__(self, codec):
        self.__dict__.update(codec=codec, packets=[], skipped=0)

    def decode(self, packet):
        if packet is not None:
            self.packets.append(packet.pts)
            self.__dict__['skipped'] += self.codec.skip_frame == 'NONREF'
        return self.codec.decode(packet)

    def __getattr__(self, name):
        return getattr(self.codec, name)

    def __setattr__(self, name, value):
        setattr(self.codec, name, value)


def counted(path):
    reader = PyAVReader(str(path), str(path))
    reader._codec = Counted(reader._codec)
    return reader, reader._codec


@pytest.mark.parametrize('kind', [
    'constant rate, B-frames', 'variable rate', 'open groups of pictures',
    'edit list (lossless cut)', 'Matroska', 'MPEG-TS', 'MPEG-TS that starts late',
    'MPEG-TS that starts with an open group', 'AVI, MPEG-4', 'no time stamps (bare H.264)'])
@pytest.mark.parametrize('seek', ['as it is', 'to the start only', 'never'])
def test_files_too_large_to_keep_are_sought(kind, seek, files, monkeypatch):
    path, whole = files(kind)
    monkeypatch.setattr(index, 'KEPT_BYTES', 1000)
    reader = PyAVReader(str(path), str(path))
    assert reader._index.packets is None and len(reader) == len(whole)
    if seek != 'as it is':
        reader._container = Unseekable(reader._container, seek)
    for inds in ([17], [3, 24, 3], [len(whole) - 1, 0], range(len(whole))):
        for i, picture in zip(inds, reader.read(inds), strict=True):
            assert np.array_equal(picture, whole[i]), (kind, i)


class Unseekable:
    """A container that stays where it is, or fails."""

    def __init__(self, container, how):
        self.container, self.how = container, how

    def seek(self, stamp, stream):
        if self.how == 'never':
            raise av.error.InvalidDataError(1, 'no seeking')
        self.container.seek(0)

    def __getattr__(self, name):
        return getattr(self.container, name)


@pytest.mark.parametrize('kind', list(kinds.KINDS)[:6])
def test_a_file_is_opened_once(kind, files, monkeypatch):
    path, whole = files(kind)
    opened, plain = [], av.open
    monkeypatch.setattr(av, 'open', lambda *args: opened.append(1) or plain(*args))
    video = open_video(str(path))
    video.read([20, 5])
    video.read([11])
    video.close()
    assert len(opened) == 1


def test_no_more_is_decoded_than_needed(files):
    path, whole = files('constant rate, B-frames')      # a key frame every 12
    reader, codec = counted(path)
    assert reader.key_frames == [0, 12, 24, 36]
    reader.read([13, 26, 25, 13])
    shown = {stamp: i for i, stamp in enumerate(reader._index.stamps)}
    decoded = [shown[stamp] for stamp in codec.packets]
    # Up to the last one wanted of a group in the order of decoding: a B-frame comes behind the
    # frame after it, so a few more than 12, 13 and 24, 25, 26; nothing of the first group.
    assert set(decoded) >= {12, 13, 24, 25, 26} and min(decoded) == 12 and len(decoded) <= 10
    assert len(set(decoded)) == len(decoded)
    assert codec.skipped == len(decoded) - 3


def test_a_group_is_gone_through_once(files):
    path, whole = files('constant rate, B-frames')
    reader, codec = counted(path)
    reader.read([3, 5, 8, 10])
    assert len(codec.packets) == len(set(codec.packets)) <= 12


def test_only_wanted_pictures_are_converted(files, monkeypatch):
    path, whole = files('constant rate, B-frames')
    made, plain = [], Converter.__call__
    monkeypatch.setattr(Converter, '__call__', lambda self, frame: made.append(frame.pts)
                        or plain(self, frame))
    reader = PyAVReader(str(path), str(path))
    first, second, again = reader.read([30, 7, 30])
    assert len(made) == 2 and first is again and first is not second


def test_skipping_is_for_codecs_where_it_is_exact(files):
    reader, codec = counted(files('HEVC')[0])
    reader.read([20])
    assert codec.skipped == 0 and len(codec.packets) > 1


@pytest.mark.parametrize('decoder', ['pyav', 'decord'])
def test_a_buffer_is_read_like_its_file(decoder, files):
    path, whole = files('rotated by 90 degrees')
    video = open_video('in memory', decoder, io.BytesIO(path.read_bytes()))
    assert np.array_equal(video.read([7])[0], whole[7]) and whole[7].shape == (96, 64, 3)


def test_num_threads_change_no_bit(files):
    path, whole = files('open groups of pictures')
    for decoder in ('pyav', 'decord', 'opencv'):
        pictures = open_video(str(path), decoder, num_threads=2).read(range(len(whole)))
        assert all(map(np.array_equal, pictures, whole))


def test_key_frames_before(files):
    video = open_video(str(files('constant rate, B-frames')[0]))
    assert key_frames_before(video, [0, 11, 12, 39, 13]) == [0, 0, 12, 36, 12]


def test_nothing_asked_for(files):
    for decoder in ('pyav', 'decord', 'opencv'):
        assert open_video(str(files('one frame')[0]), decoder).read([]) == []


def test_bad_calls(files, monkeypatch):
    path = str(files('one frame')[0])
    with pytest.raises(InputError, match=r"decoder must be one of 'pyav', .*, not 'pyavv'"):
        open_video(path, 'pyavv')
    with pytest.raises(MissingFileError, match='nowhere.mp4: no such video file'):
        open_video('nowhere.mp4')
    with pytest.raises(InputError, match='num_threads must be a whole number >= 0, not -1'):
        open_video(path, num_threads=-1)
    with pytest.raises(InputError, match="a.zip/b.mp4: decoder 'opencv' reads files on disk only"):
        open_video('a.zip/b.mp4', 'opencv', io.BytesIO(Path(path).read_bytes()))
    for decoder in DECODERS:
        if decoder in ('decord', 'torchcodec'):
            monkeypatch.setitem(sys.modules, decoder, None)
            with pytest.raises(InputError, match=f"decoder '{decoder}' needs the package {decoder}"
                                                 f'.*pip install {decoder}'):
                open_video(path, decoder)


def resident_bytes():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.slow
@pytest.mark.parametrize('decoder', ['pyav', 'decord', 'opencv'])
def test_memory_stays_flat_over_2000_opens(decoder, files):
    paths = [str(files(kind)[0]) for kind in ('constant rate, B-frames', 'MPEG-TS', 'AVI, MPEG-4')]

    def open_often(times):
        for k in range(times):
            video = open_video(paths[k % 3], decoder)
            video.read([5, 30])
            video.close()
        return resident_bytes()
    start = open_often(200)
    assert open_often(2000) - start < 8 * 2 ** 20       # 4 kB an open, if all of it stayed
