"""Video files: how many pictures they hold, and the exact picture at an index, three backends.

All readers share one protocol: ``len(reader)``, ``reader.avg_fps``, ``reader.key_frames``,
``reader.read(indices)`` (RGB uint8 arrays [H, W, 3], one an index) and ``reader.close()``. Index i
is the i-th picture shown, so the three agree; rotation noted in the file is applied.

Containers may claim more pictures than can be decoded. Decord then repeats the nearest picture
without a word, or waits for ever (dmlc/decord issue 373). So the packets are counted first,
without decoding, and what is doubtful is decoded with PyAV.
"""
import bisect
import os.path as osp

import numpy as np

from mmvideo.errors import InputError


class PyAVReader:
    """Reads with PyAV: seeks to the key frame before a picture and decodes up to it.

    Args:
        filename: for messages.
        source: path or binary buffer.

    Raises:
        InputError: no video, no video stream, or a file that ends before its last picture.
    """

    def __init__(self, filename, source):
        self.filename = filename
        self._source = source
        self._multi_thread = False
        self._with_motion = False
        self._container = None
        self._open()
        self._scan()

    def __len__(self):
        return self._count

    def _open(self):
        import av
        self.close()
        if hasattr(self._source, 'seek'):
            self._source.seek(0)
        try:
            self._container = av.open(self._source)
        except (av.error.FFmpegError, OSError) as error:
            raise InputError(f'{self.filename}: cannot be opened as a video; it is truncated, or '
                             f'another kind of file ({_first_line(error)})') from error
        if not self._container.streams.video:
            self.close()
            raise InputError(f'{self.filename}: has no video stream')
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = 'AUTO' if self._multi_thread else 'SLICE'
        if self._with_motion:
            self._stream.codec_context.flags2 |= av.codec.context.Flags2.export_mvs

    def _check_whole(self):
        """Raise if the file is shorter than its index says; MP4 keeps a full one in front."""
        if 'mp4' not in self._container.format.name:
            return
        size = (self._source.getbuffer().nbytes if hasattr(self._source, 'getbuffer')
                else osp.getsize(self._source))
        ends = [entry.pos + entry.size for entry in self._stream.index_entries]
        inside = sum(end <= size for end in ends)
        if inside < len(ends):
            raise InputError(f'{self.filename}: truncated; it should have {len(ends)} frames, '
                             f'the file ends after {inside}')

    def _scan(self):
        """Count the pictures, and note time stamps and key frames, from the packets alone."""
        import av
        self._check_whole()
        shown, found = [], 0
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    found += 1
                    if not packet.is_discard:       # cut off by an edit list
                        shown.append((packet.pts, packet.is_keyframe))
        except av.error.FFmpegError as error:
            raise InputError(f'{self.filename}: broken after {found} frames '
                             f'({_first_line(error)})') from error
        if not shown:
            raise InputError(f'{self.filename}: holds no video frame')
        self._count = len(shown)
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.avg_fps = float(rate) if rate else 0.0
        stamps = [pts for pts, _ in shown]
        self._stamps = None
        # AVI keeps no presentation times; those that come out are guesses.
        is_timed = self._container.format.name != 'avi' and None not in stamps
        if is_timed and len(set(stamps)) == len(stamps):
            shown.sort()
            self._stamps = [pts for pts, _ in shown]
        self.key_frames = [i for i, (_, is_key) in enumerate(shown) if is_key] or [0]

    def use_threads(self, multi_thread):
        """Whether the codec may decode several frames at once; settled before decoding."""
        if multi_thread != self._multi_thread:
            self._multi_thread = multi_thread
            self._open()

    def read(self, indices):
        wanted = sorted({int(i) for i in indices})
        _check_range(self.filename, wanted, self._count)
        pictures = self._seek_and_read(wanted) if self._stamps else None
        if pictures is None:
            pictures = self._read_through(wanted)
        return [pictures[int(i)] for i in indices]

    def read_motion(self, indices):
        """How the codec moved blocks of other pictures to make these.

        Returns:
            list: one an index, ((height, width), blocks), an array with the fields of FFmpeg's
            motion vectors; a key frame has none.
        """
        wanted = sorted({int(i) for i in indices})
        _check_range(self.filename, wanted, self._count)
        self._with_motion = True
        found = self._read_through(wanted, _motion)
        return [found[int(i)] for i in indices]

    def count_decodable(self):
        """How many pictures come out when all of the file is decoded."""
        self._open()
        return sum(1 for _ in self._decoded())

    def _decoded(self):
        """Frames from where the container stands; ends at the first that does not decode."""
        import av
        self._problem = None
        try:
            yield from self._container.decode(self._stream)
        except av.error.FFmpegError as error:
            self._problem = error

    def _read_through(self, wanted, take=None):
        """Decode from the start on; certain, but slow for a late picture."""
        self._open()
        pictures, remaining, done = {}, set(wanted), 0
        for i, frame in enumerate(self._decoded()):
            done = i + 1
            if i in remaining:
                pictures[i] = (take or _picture)(frame)
                remaining.discard(i)
                if not remaining:
                    return pictures
        problem = f' ({_first_line(self._problem)})' if self._problem else ''
        raise InputError(f'{self.filename}: frame {min(remaining)} was asked for; the file should '
                         f'have {self._count}, only {done} can be decoded{problem}')

    def _seek_and_read(self, wanted):
        """Pictures by index, or None where time stamps lead nowhere."""
        import av
        stamps, pictures = self._stamps, {}
        frames, position = None, -1
        for index in wanted:
            key = self._key_before(index)
            if frames is None or key > position:
                try:
                    self._container.seek(stamps[key], stream=self._stream, backward=True)
                except av.error.FFmpegError:
                    return None
                frames = self._decoded()
            for frame in frames:
                if frame.pts is None or frame.pts > stamps[index]:
                    return None
                if frame.pts == stamps[index]:
                    pictures[index] = _picture(frame)
                    position = index
                    break
            else:
                return None
        return pictures

    def _key_before(self, index):
        return self.key_frames[max(0, bisect.bisect_right(self.key_frames, index) - 1)]

    def close(self):
        if self._container is not None:
            self._container.close()
            self._container = None


class DecordReader:
    """Reads with decord, with PyAV at its side for files that decord gets wrong.

    Args:
        filename, source: as of :class:`PyAVReader`.
        num_threads: decoding threads; 1 where DataLoader workers share the machine.
    """

    def __init__(self, filename, source, num_threads=1):
        import decord
        self.filename = filename
        self._checked = PyAVReader(filename, source)
        self.avg_fps = self._checked.avg_fps
        self.key_frames = self._checked.key_frames
        if hasattr(source, 'seek'):
            source.seek(0)
        try:
            self._reader = decord.VideoReader(source, num_threads=num_threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise InputError(f'{filename}: decord cannot read it '
                             f'({_first_line(error)})') from error
        if len(self._reader) != len(self._checked):
            # Frames that an edit list hides: decord would count and decode them.
            self._reader = None

    def __len__(self):
        return len(self._checked)

    def read(self, indices):
        import decord
        wanted = sorted({int(i) for i in indices})
        _check_range(self.filename, wanted, len(self))
        if self._reader is None:
            return self._checked.read(indices)
        # Now and then decord gives a copy of the picture before in place of the very last ones;
        # with its neighbor in the batch, such a copy shows.
        last = wanted[-1]
        asked = sorted({*wanted, last - 1}) if 0 < last >= len(self) - 4 else wanted
        try:
            batch = self._reader.get_batch(asked).asnumpy()
        except (decord.DECORDError, RuntimeError) as error:
            self._check_decodable(wanted)
            raise InputError(f'{self.filename}: decord cannot decode frames {wanted[0]}..'
                             f'{last} ({_first_line(error)})') from error
        if any(np.array_equal(a, b) for a, b in zip(batch[:-1], batch[1:], strict=True)):
            # A still scene, or copies in place of frames that decord cannot decode: PyAV tells.
            return self._checked.read(indices)
        pictures = dict(zip(asked, batch, strict=True))
        return [pictures[int(i)] for i in indices]

    def _check_decodable(self, wanted):
        decodable = self._checked.count_decodable()
        missing = [i for i in wanted if i >= decodable]
        if missing:
            raise InputError(f'{self.filename}: frame {missing[0]} was asked for; the file should '
                             f'have {len(self)}, only {decodable} can be decoded')

    def close(self):
        self._reader = None
        self._checked.close()


class OpenCVReader:
    """Reads with OpenCV from the first frame on; its seeking is not exact.

    Args:
        filename: path on disk.
        num_threads: decoding threads; 0 leaves it to FFmpeg.
    """

    def __init__(self, filename, num_threads=0):
        checked = PyAVReader(filename, filename)
        self.filename = filename
        self.avg_fps, self.key_frames = checked.avg_fps, checked.key_frames
        self._count = len(checked)
        checked.close()
        self._num_threads = num_threads
        self._capture = self._open()
        if not self._capture.isOpened():
            raise InputError(f'{filename}: OpenCV cannot open it as a video')

    def __len__(self):
        return self._count

    def _open(self):
        import cv2
        options = [cv2.CAP_PROP_N_THREADS, self._num_threads] if self._num_threads else []
        return cv2.VideoCapture(self.filename, cv2.CAP_FFMPEG if options else cv2.CAP_ANY, options)

    def read(self, indices):
        import cv2
        wanted = sorted({int(i) for i in indices})
        _check_range(self.filename, wanted, len(self))
        if self._capture.get(cv2.CAP_PROP_POS_FRAMES) > 0:
            self._capture = self._open()
        pictures, remaining = {}, set(wanted)
        for i in range(wanted[-1] + 1):
            if not self._capture.grab():
                raise InputError(f'{self.filename}: frame {min(remaining)} was asked for; the '
                                 f'file should have {len(self)}, only {i} can be decoded')
            if i in remaining:
                picture = self._capture.retrieve()[1]
                pictures[i] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                remaining.discard(i)
        return [pictures[int(i)] for i in indices]

    def close(self):
        self._capture.release()


def _check_range(filename, wanted, count):
    for i in (wanted[0], wanted[-1]):
        if not 0 <= i < count:
            raise InputError(f'{filename}: frame {i} was asked for; the video has frames '
                             f'0..{count - 1} (is start_index 0?)')


def _picture(frame):
    picture = frame.to_ndarray(format='rgb24')
    quarter_turns = round(frame.rotation / 90) % 4
    if quarter_turns:
        picture = np.ascontiguousarray(np.rot90(picture, quarter_turns))
    return picture


def _motion(frame):
    vectors = frame.side_data.get('MOTION_VECTORS')
    return (frame.height, frame.width), [] if vectors is None else vectors.to_ndarray()


def _first_line(error):
    """The message of a decoder without its stack of C++ frames."""
    text = (getattr(error, 'strerror', None) or str(error)).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
