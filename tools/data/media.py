"""Videos frame by frame, in order, as the tools of this folder read and write them."""
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from mmvideo.decoders import PyAVReader
from mmvideo.errors import InputError, MissingFileError

__all__ = ['CONTAINERS', 'VIDEO_CODECS', 'VideoWriter', 'copy_video', 'count_frames', 'cut_video',
           'decoded', 'repeats', 'upright']

# Encoders for which a quality is known that nobody sees a difference at.
VIDEO_CODECS = {'libx264': {'crf': '18', 'preset': 'fast'}, 'mpeg4': {'qmin': '2', 'qmax': '3'}}
# Containers that hold H.264, and the kinds of sound that can be copied into them as they are.
CONTAINERS = {'mp4': ('aac', 'mp3', 'ac3', 'eac3', 'alac'),
              'mov': ('aac', 'mp3', 'ac3', 'eac3', 'alac', 'pcm_s16le'),
              'matroska': ('aac', 'mp3', 'ac3', 'eac3', 'opus', 'vorbis', 'flac', 'pcm_s16le'),
              'avi': ('mp3', 'ac3', 'pcm_s16le')}
# What FFmpeg's filters call a turn by so many quarters against the clock.
TURNS = {1: [('transpose', 'cclock')], 2: [('hflip', None), ('vflip', None)],
         3: [('transpose', 'clock')]}
# A frame repeats another one if no block of 8x8 pixels differs by more gray levels than the first
# on average, and fewer than a third of them by more than the second; FFmpeg's mpdecimate does so.
MOST, SOME, SHARE = 12, 5, 0.33


def count_frames(path):
    """Frames that a video should hold, by its packets.

    Raises:
        MissingFileError, InputError: no such file, no video, or one that is cut short.
    """
    reader = PyAVReader(str(path), str(path))
    reader.close()
    return len(reader)


def decoded(path):
    """All frames of a video in order, none of them left out without a word.

    Yields:
        av.VideoFrame: as stored; :func:`upright` applies the rotation noted in the file.

    Raises:
        MissingFileError, InputError: there is no video, or not all of its frames can be decoded;
            the latter comes after those that can be.
    """
    expected, found = count_frames(path), 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        # Whoever has many files has a process for each core already.
        stream.thread_count = 1
        try:
            for frame in container.decode(stream):
                found += 1
                yield frame
        except av.error.FFmpegError as error:
            raise InputError(f'{path}: only {found} of {expected} frames can be decoded '
                             f'({first_line(error)})') from error
    if found < expected:
        raise InputError(f'{path}: only {found} of {expected} frames can be decoded')


def first_line(error):
    """What FFmpeg says, without names of its functions."""
    return (getattr(error, 'strerror', None) or str(error)).strip().splitlines()[0]


def quarter_turns(frame):
    """By how many quarters a frame must be turned against the clock to stand upright: 0..3."""
    return round(frame.rotation / 90) % 4


def upright(frame):
    """A frame as people see it: uint8 RGB [H, W, 3]."""
    picture = frame.to_ndarray(format='rgb24')
    turns = quarter_turns(frame)
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture


class VideoWriter:
    """Makes a video of frames at a constant rate, as H.264 (or another codec) in 4:2:0.

    Frames of odd size lose their last row or column: chroma has half the resolution.

    Args:
        path: where to; no suffix is needed.
        fps: frames per second.
        codec: FFmpeg's name of the encoder.
        container: FFmpeg's name of the container.
        options: of the encoder; by default those of ``VIDEO_CODECS``.
    """

    def __init__(self, path, fps, codec='libx264', container='mp4', options=None):
        try:
            if not av.codec.Codec(codec, 'w').type == 'video':
                raise InputError(f'--vcodec: {codec} is no video codec')
        except av.codec.codec.UnknownCodecError as error:
            raise InputError(f'--vcodec: this FFmpeg has no encoder {codec!r}; expected for '
                             f'example {", ".join(VIDEO_CODECS)}') from error
        self._container = av.open(str(path), 'w', format=container)
        self._stream = self._container.add_stream(
            codec, rate=Fraction(fps).limit_denominator(100000),
            options=VIDEO_CODECS.get(codec, {}) if options is None else options)
        self._stream.pix_fmt = 'yuv420p'
        self._stream.thread_count = 1
        self._size = None

    def write(self, image):
        """Append uint8 RGB [H, W, 3]; all of one size."""
        if self._size is None:
            self._size = image.shape
            self._stream.height, self._stream.width = (side // 2 * 2 for side in image.shape[:2])
        if image.shape != self._size:
            raise InputError(f'frames of several sizes: {self._size[1]}x{self._size[0]} and '
                             f'{image.shape[1]}x{image.shape[0]}')
        image = np.ascontiguousarray(image[:self._stream.height, :self._stream.width])
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(image, 'rgb24')))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self._container.mux(self._stream.encode())
        self._container.close()


def copy_video(source, target, container, short_side=None, options=None, drop_repeated=False):
    """Encode a video anew as H.264 with the same times, upright; its sound comes along.

    Args:
        source: the video.
        target: file to write.
        container: FFmpeg's name of the container to write, a key of ``CONTAINERS``.
        short_side: in pixels, of frames that are larger; smaller ones keep their size. Both sides
            become even.
        options: of the encoder x264.
        drop_repeated: leave out frames that repeat the one before; the others keep their times.

    Returns:
        int: frames written.

    Raises:
        MissingFileError, InputError: the source is no whole video.
    """
    expected, found, written, early = count_frames(source), 0, 0, []
    with av.open(str(source)) as taken, av.open(str(target), 'w', format=container) as out:
        # What begins late (MPEG-TS counts from anywhere) begins at once in the copy.
        start = Fraction(max(0, taken.start_time or 0), av.time_base)
        picture = _Picture(taken.streams.video[0], out, container, short_side, options or {},
                           drop_repeated)
        sound = _Sound(taken, out, container)
        taken.streams.video[0].thread_count = 1
        try:
            for packet in taken.demux([s for s in (taken.streams.video[0], sound.source) if s]):
                if packet.stream is sound.source:
                    early.append(packet)
                else:
                    for frame in packet.decode():
                        found += 1
                        written += picture.copy(frame, start)
                # The header is written before the first packet, and tells the size of the frames.
                if picture.has_size:
                    for packet in early:
                        sound.copy(packet, start)
                    early.clear()
        except av.error.FFmpegError as error:
            raise InputError(f'{source}: copied {found} of {expected} frames, then: '
                             f'{first_line(error)}') from error
        picture.close()
        sound.close()
    if found < expected:
        raise InputError(f'{source}: only {found} of {expected} frames can be decoded')
    return written


def cut_video(source, target, container, span, short_side=None, options=None):
    """Encode what a video shows from one second up to another, upright, with its sound.

    Args:
        source, target, container, short_side, options: as of :func:`copy_video`.
        span: (start, end) in seconds from the start of the video; the frame at ``end`` is the
            first that is left out.

    Returns:
        int: frames written.

    Raises:
        MissingFileError, InputError: there is no video, or it has no frame there.
    """
    if not Path(source).is_file():
        raise MissingFileError(f'{source} does not exist')
    try:
        written = _cut(source, target, container, span, short_side, options or {}, span[0] > 0)
        if written is None:
            written = _cut(source, target, container, span, short_side, options or {}, False)
    except (av.error.FFmpegError, IndexError) as error:
        raise InputError(f'{source}: cannot be cut ({first_line(error)})') from error
    if not written:
        raise InputError(f'{source}: has no frame from second {span[0]:g} to {span[1]:g}')
    return written


def _cut(source, target, container, span, short_side, options, can_jump):
    """Frames written; None if the jump went past the start, as in MPEG-TS, which has no index."""
    written, early, is_first = 0, [], can_jump
    with av.open(str(source)) as taken, av.open(str(target), 'w', format=container) as out:
        video = taken.streams.video[0]
        start, end = (Fraction(max(0, taken.start_time or 0), av.time_base)
                      + Fraction(second).limit_denominator(1000000) for second in span)
        picture = _Picture(video, out, container, short_side, options, False)
        sound = _Sound(taken, out, container)
        video.thread_count = 1
        if can_jump:
            taken.seek(int(start * av.time_base))
        running = {s.index for s in (video, sound.source) if s}
        for packet in taken.demux([s for s in (video, sound.source) if s]):
            index = packet.stream.index
            for part in packet.decode() if index == video.index else [packet]:
                now = _time_of(part)
                if is_first and now is not None and index == video.index:
                    if now > start:
                        return None
                    is_first = False
                if now is not None and now >= end:
                    running.discard(index)
                elif now is not None and now >= start and index == video.index:
                    written += picture.copy(part, start)
                elif now is not None and now >= start:
                    early.append(part)
            if picture.has_size:
                for part in early:
                    sound.copy(part, start)
                early.clear()
            if not running:
                break
        if written:
            picture.close()
            sound.close()
    return written


def _time_of(part):
    """When a frame, or a packet of sound, is shown, in seconds; None at the end of a stream."""
    return None if part.pts is None else part.pts * part.time_base


class _Picture:
    """Frames turned upright, made smaller and encoded; the arguments are those of copy_video."""

    def __init__(self, source, out, container, short_side, options, drop_repeated):
        rate = source.average_rate or source.guessed_rate or Fraction(25)
        self.out, self.short_side, self.drop_repeated = out, short_side, drop_repeated
        # AVI knows no times (nor does bare H.264): frames follow each other at the rate, and none
        # is shown later than it is stored.
        self.step, self.is_timed = 1 / rate, None
        self.is_timed_container = container != 'avi'
        if not self.is_timed_container:
            options = {**options, 'bf': '0'}
        self.stream = out.add_stream('libx264', rate=rate, options=options)
        self.stream.pix_fmt = 'yuv420p'
        context = self.stream.codec_context
        context.thread_count = 1
        context.time_base = self.stream.time_base = (
            source.time_base if self.is_timed_container else self.step)
        for name in ('color_primaries', 'color_trc', 'colorspace'):
            setattr(context, name, getattr(source.codec_context, name))
        context.color_range = 1     # 16..235, whatever it was
        self.count, self.last = 0, None
        self.graph = self.kind = None

    @property
    def has_size(self):
        return self.graph is not None

    def copy(self, frame, start):
        """Encode a frame, or leave it out; how many were written."""
        if self.is_timed is None:
            self.is_timed = self.is_timed_container and frame.pts is not None
        if not self.is_timed:
            frame.time_base = self.stream.codec_context.time_base
            frame.pts = round(self.count * self.step / frame.time_base)
        else:
            frame.pts -= round(start / frame.time_base)
        kind = frame.width, frame.height, frame.format.name, quarter_turns(frame)
        if kind != self.kind:
            self.graph, self.kind = self._resizing(frame), kind
        self.graph.push(frame)
        frame = self.graph.pull()
        if self.drop_repeated:
            luma = frame.to_ndarray()[:frame.height]
            if self.last is not None and repeats(luma, self.last):
                return 0
            self.last = luma
        frame.pict_type = 0     # the encoder chooses
        self.count += 1
        self.out.mux(self.stream.encode(frame))
        return 1

    def _resizing(self, frame):
        turns = quarter_turns(frame)
        size = (frame.width, frame.height)[::-1 if turns % 2 else 1]
        if self.count == 0:
            scale = min(1, self.short_side / min(size)) if self.short_side else 1
            self.stream.width, self.stream.height = (max(2, 2 * round(side * scale / 2))
                                                     for side in size)
        graph = av.filter.Graph()
        steps = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format,
                                  time_base=frame.time_base)]
        steps += [graph.add(*turn) for turn in TURNS.get(turns, [])]
        steps += [graph.add('scale', f'{self.stream.width}:{self.stream.height}:out_range=tv'),
                  graph.add('format', 'yuv420p'), graph.add('buffersink')]
        graph.link_nodes(*steps).configure()
        return graph

    def close(self):
        self.out.mux(self.stream.encode())


class _Sound:
    """The first sound track, copied as it is, or as AAC if the container does not hold its kind."""

    def __init__(self, taken, out, container):
        self.source = next(iter(taken.streams.audio), None)
        self.out, self.stream, self.resampler = out, None, None
        if self.source is None:
            return
        if self.source.codec_context.name in CONTAINERS[container]:
            self.stream = out.add_stream_from_template(self.source)
        else:
            rate = min(self.source.rate, 48000)
            self.resampler = av.AudioResampler('fltp', self.source.layout.name, rate, 1024)
            self.stream = out.add_stream('aac', rate=rate, layout=self.source.layout.name)

    def copy(self, packet, start):
        shift = round(start / packet.time_base)
        if self.resampler is None:
            if packet.dts is not None:
                packet.dts -= shift
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.stream = self.stream
                self.out.mux(packet)
            return
        for frame in packet.decode():
            if frame.pts is not None:
                frame.pts -= round(start / frame.time_base)
            self._encode(self.resampler.resample(frame))

    def _encode(self, frames):
        for frame in frames:
            self.out.mux(self.stream.encode(frame))

    def close(self):
        if self.resampler is not None:
            self._encode(self.resampler.resample(None))
            self.out.mux(self.stream.encode())


def repeats(luma, last):
    """Whether a frame shows what the last one shows but for noise: uint8 [H, W] both."""
    height, width = (side // 8 * 8 for side in luma.shape)
    change = cv2.absdiff(luma[:height, :width], last[:height, :width])
    blocks = cv2.resize(change.astype(np.float32), (width // 8, height // 8),
                        interpolation=cv2.INTER_AREA)
    return blocks.max() <= MOST and (blocks > SOME).mean() < SHARE
