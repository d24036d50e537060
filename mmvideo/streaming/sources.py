"""Where frames come from: videos that FFmpeg can open, and cameras."""
import os
import re
import time

from mmvideo.decoders.checks import first_line
from mmvideo.decoders.planes import Converter
from mmvideo.errors import InputError

__all__ = ['Camera', 'Video']

# Between user and password of an address, which no message shall show.
SECRET = re.compile(r'//[^/@]*@')


class Video:
    """A file, a pipe or an address, decoded forward once.

    A context: it is opened on entry and closed on leaving.

    Args:
        path: file, pipe or address.
        timeout: seconds after which FFmpeg gives up a connection.

    Attributes:
        name: for messages.
        is_live: whether it comes from elsewhere and has no end.
        fps, count: frames per second and in all, about; None if not known.
    """

    def __init__(self, path, timeout):
        self.path, self.timeout = path, timeout
        self.name = SECRET.sub('//', path)
        self.is_remote = '://' in path
        self.fps = self.count = None
        self._container = None
        self._decoded = self._packets = 0
        self._has_gap = False

    def __enter__(self):
        import av
        options = {'timeout': (self.timeout, self.timeout)} if self.is_remote else {}
        try:
            self._container = av.open(self.path, **options)
        except (av.error.ExitError, av.error.TimeoutError) as error:
            raise TimeoutError from error
        except (av.error.FFmpegError, OSError) as error:
            raise InputError(f'{self.name}: cannot be opened as a video '
                             f'({first_line(error)})') from error
        if not self._container.streams.video:
            self._container.close()
            raise InputError(f'{self.name}: has no video stream')
        self._stream = self._container.streams.video[0]
        for other in self._container.streams:
            if other is not self._stream:
                other.discard = av.stream.Discard.all
        self.is_live = self.is_remote and self._container.duration is None
        # Several frames at once where none needs to come out at once.
        self._stream.thread_type = 'SLICE' if self.is_live else 'AUTO'
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.count = self._stream.frames or None
        if self.count is None and self.fps and self._container.duration:
            self.count = round(self._container.duration / 1e6 * self.fps)
        return self

    def __exit__(self, *_):
        self._container.close()

    def frames(self, is_live):
        """Pairs (seconds, picture) up to the end; a live source may lose packets on the way."""
        convert, first, last = Converter(), None, None
        for frame in self._frames(is_live):
            if first is None:
                first, size = frame, (frame.width, frame.height)
            if (frame.width, frame.height) != size:
                frame = frame.reformat(*size)
            seconds = frame.time
            if seconds is None:
                seconds = self._decoded / (self.fps or 25)
            elif first.time is not None:
                seconds -= first.time
            # Clocks of cameras may jump.
            last = seconds if last is None else max(seconds, last)
            self._decoded += 1
            yield last, convert(frame)
        self._check_end()

    def _frames(self, is_live):
        import av
        try:
            for packet in self._container.demux(self._stream):
                self._packets += bool(packet.size)
                self._has_gap |= packet.is_corrupt
                try:
                    yield from packet.decode()
                except av.error.InvalidDataError:
                    # Before the first picture that stands by itself there may be parts of others.
                    if self._decoded and not is_live:
                        raise
        except (av.error.ExitError, av.error.TimeoutError) as error:
            raise TimeoutError from error
        except (av.error.FFmpegError, OSError) as error:
            raise InputError(f'{self.name}: is damaged, or the connection broke, after '
                             f'{self._decoded} frames ({first_line(error)})') from error

    def _check_end(self):
        """Raise where a file ends too early; MP4 says in front how long it should be."""
        if not self._decoded:
            raise InputError(f'{self.name}: no frame of it can be decoded')
        if 'mp4' not in self._container.format.name or not os.path.isfile(self.path):
            return
        entries = self._stream.index_entries
        if len(entries) > self._packets or self._has_gap:
            size = os.path.getsize(self.path)
            if any(entry.pos + entry.size > size for entry in entries):
                raise InputError(f'{self.name}: is truncated; it should have {len(entries)} '
                                 f'frames, {self._decoded} came')


class Camera:
    """A camera of this machine, through OpenCV.

    Args:
        index: number of the camera, 0 for the first.

    Attributes: as of :class:`Video`.
    """
    is_live = True
    count = None

    def __init__(self, index):
        self.index = index
        self.name = f'camera {index}'
        self.fps = None

    def __enter__(self):
        import cv2
        log = cv2.utils.logging
        level = log.setLogLevel(log.LOG_LEVEL_SILENT)       # it lists what it tried
        self._capture = cv2.VideoCapture(self.index)
        log.setLogLevel(level)
        if not self._capture.isOpened():
            raise InputError(f'{self.name}: cannot be opened; 0 is the first camera of this '
                             'machine')
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or None
        return self

    def __exit__(self, *_):
        self._capture.release()

    def frames(self, is_live):
        """Pairs (seconds, picture) until the camera gives no more."""
        import cv2
        start = None
        while True:
            is_there, picture = self._capture.read()
            if not is_there:
                raise InputError(f'{self.name}: gives no more frames; was it unplugged?')
            start = time.monotonic() if start is None else start
            yield time.monotonic() - start, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
