"""Frames of a file, a camera or an address, one after the other, read ahead by a thread."""
import collections
import os
import threading
from typing import NamedTuple

import numpy as np

from mmvideo.errors import InputError, MissingFileError
from mmvideo.streaming.sources import Camera, Video

__all__ = ['Frame', 'FrameReader']


class Frame(NamedTuple):
    """A picture of a stream.

    Attributes:
        number: from 0; those that were dropped count.
        seconds: since the first frame.
        image: uint8 RGB [H, W, 3].
    """
    number: int
    seconds: float
    image: np.ndarray


class FrameReader:
    """Iterates over the frames of a source while a thread decodes the next ones.

    The queue between the two is bounded. When it is full, a file waits; a live source cannot, so
    that its oldest frames are dropped and what comes out stays recent. Memory does not depend on
    how long the source is.

    Args:
        source: path of a video file or a pipe, an address (``rtsp://...``, ``https://...``), or the
            number of a camera, 0 for the first.
        timeout: seconds for which no frame may come, also not the first, before it is an error.
        queue_size: frames that wait at most.
        is_live: whether frames may be dropped; None: those of cameras, and of addresses whose
            video has no end.

    Attributes:
        dropped: frames that were dropped so far.
        is_live: as above, known from the first frame on, as the following are.
        fps: frames per second; None where the source does not say.
        count: frames that there should be, about; None where it is not known.

    Raises:
        MissingFileError: there is no such file.
        InputError: it cannot be opened, it is damaged, no frame comes for ``timeout`` seconds; the
            last three while iterating, after the frames before.
    """

    def __init__(self, source, timeout=10.0, queue_size=16, is_live=None):
        if isinstance(timeout, bool) or not timeout > 0:
            raise InputError(f'timeout: expected seconds above 0, got {timeout!r}')
        if isinstance(queue_size, bool) or not isinstance(queue_size, int) or queue_size < 1:
            raise InputError(f'queue_size: expected a number of frames, 1 or more, got '
                             f'{queue_size!r}')
        self.timeout, self.queue_size, self.is_live = timeout, queue_size, is_live
        self.fps = self.count = None
        self.dropped = 0
        self.received = 0
        self._source = _source_of(source, timeout)
        self._queue = collections.deque()
        self._change = threading.Condition()
        self._is_stopped = self._is_finished = False
        self._error = None
        # A thread that hangs in a driver or a socket must not keep the process from ending.
        self._thread = threading.Thread(target=self._read, name='frame reader', daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        with self._change:
            if not self._change.wait_for(lambda: self._queue or self._is_finished, self.timeout):
                raise self._stalled()
            if self._queue:
                self._change.notify_all()
                return self._queue.popleft()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        raise StopIteration

    def close(self):
        """Let the thread go; it closes the source as soon as it comes out of it."""
        with self._change:
            self._is_stopped = True
            self._queue.clear()
            self._change.notify_all()
        self._thread.join(timeout=1)

    def _stalled(self):
        what = (f'stalled: no frame for {self.timeout:g} s, {self.received} came before'
                if self.received else f'gave no frame within {self.timeout:g} s')
        return InputError(f'{self._source.name}: {what}')

    def _read(self):
        try:
            with self._source as source:
                if self.is_live is None:
                    self.is_live = source.is_live
                self.fps, self.count = source.fps, source.count
                for frame in source.frames(self.is_live):
                    if not self._put(Frame(self.received, *frame)):
                        return
        except TimeoutError:
            self._error = self._stalled()
        except Exception as error:      # raised where the frames are asked for
            self._error = error
        finally:
            with self._change:
                self._is_finished = True
                self._change.notify_all()

    def _put(self, frame):
        """Queue a frame; False once nobody wants more."""
        with self._change:
            if not self.is_live:
                self._change.wait_for(lambda: len(self._queue) < self.queue_size
                                      or self._is_stopped)
            if self._is_stopped:
                return False
            if len(self._queue) == self.queue_size:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(frame)
            self.received += 1
            self._change.notify_all()
            return True


def _source_of(source, timeout):
    if isinstance(source, int) and not isinstance(source, bool):
        return Camera(source)
    if not isinstance(source, (str, os.PathLike)):
        raise InputError('source: expected a path, an address or the number of a camera, got '
                         f'{type(source).__name__}')
    path = os.fspath(source)
    if '://' not in path:
        if path.isdecimal() and not os.path.exists(path):
            return Camera(int(path))
        if os.path.isdir(path):
            raise InputError(f'{path}: is a folder; expected a video file, an address or the '
                             'number of a camera')
        if not os.path.exists(path):
            raise MissingFileError(f'video {path} does not exist')
    return Video(path, timeout)
