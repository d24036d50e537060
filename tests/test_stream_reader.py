"""Reading ahead: nothing is lost of files, little waits of what is live, and every end is told."""
import os
import socket
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import write_audio_only  # noqa: E402
from streams import write_video  # noqa: E402

from mmvideo.decoders import open_video  # noqa: E402
from mmvideo.errors import InputError, MissingFileError  # noqa: E402
from mmvideo.streaming import FrameReader  # noqa: E402
from mmvideo.streaming.sources import Camera  # noqa: E402

COUNT, LONG = 40, 500


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp('reader') / 'a.mp4', COUNT, movflags='faststart')


@pytest.fixture(scope='module')
def broadcast(tmp_path_factory):
    """Bytes of a kind of file that can be watched from anywhere on; FFmpeg looks at some seconds
    of it before it gives the first frame."""
    path = write_video(tmp_path_factory.mktemp('reader') / 'a.ts', LONG, codec='mpeg2video', fps=25)
    return path.read_bytes()


def test_a_file_is_read_whole_however_slow_the_reader(video):
    expected = open_video(str(video)).read(range(COUNT))
    longest = 0
    with FrameReader(video, queue_size=3) as frames:
        for number, frame in enumerate(frames):
            longest = max(longest, len(frames._queue))
            assert frame.number == number
            assert frame.seconds == pytest.approx(number / 10)
            assert np.array_equal(frame.image, expected[number])
            if number < 5:
                time.sleep(0.02)
    assert number == COUNT - 1 and frames.dropped == 0 and longest <= 3
    assert (frames.is_live, frames.fps, frames.count) == (False, 10, COUNT)
    assert not frames._thread.is_alive()


def test_of_a_live_source_the_oldest_frames_are_dropped(video):
    with FrameReader(video, queue_size=3, is_live=True) as frames:
        frames._thread.join(10)
        assert [frame.number for frame in frames] == [COUNT - 3, COUNT - 2, COUNT - 1]
        assert (frames.dropped, frames.received) == (COUNT - 3, COUNT)


def test_who_leaves_early_stops_the_thread(video):
    with FrameReader(video, queue_size=1) as frames:
        assert next(frames).number == 0
    assert not frames._thread.is_alive()


@pytest.mark.parametrize('share', [0, 0.5])
def test_a_pipe_that_stalls(share, broadcast, tmp_path):
    pipe = tmp_path / 'pipe.ts'
    os.mkfifo(pipe)
    is_over = threading.Event()

    def write():
        with open(pipe, 'wb', buffering=0) as file:
            file.write(broadcast[:int(share * len(broadcast))])
            is_over.wait(20)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    found = []
    with FrameReader(pipe, timeout=1.5) as frames:
        with pytest.raises(InputError, match=r'pipe.ts: (stalled: no frame for 1.5 s, \d+ came '
                           'before|gave no frame within 1.5 s)') as said:
            for frame in frames:
                found.append(frame)
        is_over.set()
    assert ('stalled' in str(said.value)) == bool(found) == bool(share)
    assert len(found) < LONG
    writer.join(5)


def test_a_pipe_that_ends(broadcast, tmp_path):
    pipe = tmp_path / 'pipe.ts'
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(broadcast,), daemon=True)
    writer.start()
    with FrameReader(pipe) as frames:
        assert len(list(frames)) == LONG and frames.is_live is False
    writer.join(5)


def test_an_address_that_stops_sending(broadcast):
    server = socket.create_server(('127.0.0.1', 0))
    is_over = threading.Event()

    def serve():
        connection, _ = server.accept()
        connection.recv(4096)
        connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n'
                           + broadcast[:len(broadcast) // 2])
        is_over.wait(20)
        connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = f'http://me:secret@127.0.0.1:{server.getsockname()[1]}/a.ts'
    start, found = time.monotonic(), []
    with FrameReader(address, timeout=1.5) as frames, \
            pytest.raises(InputError, match='stalled: no frame for 1.5 s') as said:
        for frame in frames:
            found.append(frame)
    assert frames.is_live and found and frames.received - frames.dropped == len(found)
    assert time.monotonic() - start < 15
    assert 'secret' not in str(said.value) and '//127.0.0.1' in str(said.value)
    is_over.set()
    thread.join(5)
    server.close()


def damaged(content):
    """The same bytes with a stretch in the middle overwritten."""
    middle = len(content) // 2
    return content[:middle] + bytes(range(256)) * 8 + content[middle + 2048:]


def test_damaged_files(video, tmp_path):
    path = tmp_path / 'b.mp4'
    path.write_bytes(video.read_bytes()[:-len(video.read_bytes()) // 3])
    with FrameReader(path) as frames, pytest.raises(
            InputError, match=r'b.mp4: is (truncated; it should have 40 frames|damaged)'):
        found = [frame.number for frame in frames]
    # What came before is there.
    with FrameReader(path) as frames:
        found = [next(frames).number for _ in range(10)]
    assert found == list(range(10))
    path.write_bytes(damaged(video.read_bytes()))
    with FrameReader(path) as frames, pytest.raises(InputError, match='b.mp4: is damaged, .* after '
                                                    r'\d+ frames'):
        list(frames)
    for name, content, message in (('text.mp4', b'no video', 'text.mp4: cannot be opened'),
                                   ('empty.mp4', b'', 'empty.mp4: cannot be opened')):
        (tmp_path / name).write_bytes(content)
        with FrameReader(tmp_path / name) as frames, pytest.raises(InputError, match=message):
            next(frames)
    write_audio_only(tmp_path / 'sound.mp4')
    with FrameReader(tmp_path / 'sound.mp4') as frames, \
            pytest.raises(InputError, match='sound.mp4: has no video stream'):
        next(frames)


@pytest.mark.parametrize('source, how, error, message', [
    ('gone.mp4', {}, MissingFileError, 'video gone.mp4 does not exist'),
    ('.', {}, InputError, 'is a folder; expected a video file, an address or'),
    (None, {}, InputError, 'source: expected a path, an address or the number of a camera, got No'),
    (True, {}, InputError, 'got bool'),
    (0, dict(timeout=0), InputError, 'timeout: expected seconds above 0, got 0'),
    (0, dict(timeout=float('nan')), InputError, 'timeout: .* got nan'),
    (0, dict(queue_size=0), InputError, 'queue_size: expected a number of frames, 1 or more'),
])
def test_wrong_arguments(source, how, error, message):
    with pytest.raises(error, match=message):
        FrameReader(source, **how)


def test_nobody_listens():
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
    with FrameReader(f'http://127.0.0.1:{port}/a.mp4') as frames, \
            pytest.raises(InputError, match=f'127.0.0.1:{port}/a.mp4: cannot be opened .*refused'):
        next(frames)


@pytest.mark.parametrize('source', [97, '97'])
def test_no_such_camera(source):
    with FrameReader(source) as frames, \
            pytest.raises(InputError, match='camera 97: cannot be opened; 0 is the first'):
        next(frames)


def test_a_camera_that_is_unplugged(video):
    """OpenCV reads a file as it does a camera."""
    camera = Camera(0)
    camera._capture = cv2.VideoCapture(str(video))
    expected, found = open_video(str(video)).read(range(COUNT)), []
    with pytest.raises(InputError, match='camera 0: gives no more frames'):
        for seconds, picture in camera.frames(True):
            found.append((seconds, picture))
    assert len(found) == COUNT and found[0][0] < found[-1][0] < 5
    for (_, picture), other in zip(found, expected, strict=True):
        assert np.abs(picture.astype(int) - other).mean() < 3
