"""Our own reader, on PyAV: decodes no more than the wanted pictures are made of."""
import bisect
import itertools

from mmvideo.decoders.checks import first_line, missing_frame, wanted_frames, whole_number
from mmvideo.decoders.index import PacketIndex, size_of
from mmvideo.decoders.planes import Converter, pictures_of
from mmvideo.errors import InputError

# Their decoders know by a picture's own header whether any other is made of it. In HEVC that holds
# only within a temporal layer.
SKIPPING_CODECS = {'h264', 'mpeg1video', 'mpeg2video', 'mpeg4'}


class PyAVReader:
    """Reads with PyAV, the same pictures bit by bit as decoding the whole file gives.

    One pass over the packets tells which pictures there are and which are key frames. Wanted
    pictures are read in ascending order, each once: from the last key frame before them on, unless
    that has been passed already. On the way pictures that nobody wants and no other is made of are
    not decoded, and only the wanted ones are converted to RGB.

    Args:
        filename: for messages.
        source: path or binary buffer.
        num_threads: decoding threads; 1 where loader workers share the machine, 0 for one a core.

    Raises:
        InputError: no video, no video stream, or a file that ends before its last picture.
    """

    def __init__(self, filename, source, num_threads=1):
        self.filename = filename
        self._source = source
        self._num_threads = whole_number('PyAVReader', 'num_threads', num_threads)
        self._with_motion = False
        self._container = None
        self._picture = Converter()
        self._open()
        self._index = PacketIndex(filename, self._container, self._stream, size_of(source))
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.avg_fps = float(rate) if rate else 0.0
        self._drop_undecodable()

    def __len__(self):
        return self._index.count

    @property
    def key_frames(self):
        return self._index.key_frames

    @property
    def is_tricky(self):
        """Whether a reader that trusts time stamps and seeking gets it wrong."""
        index = self._index
        return (self._container.format.name == 'mpegts' or index.has_open_groups
                or index.count < len(index.place_of)        # some are cut off
                or not index.is_timed and len(self.key_frames) < len(self))

    def _open(self):
        import av
        self.close()
        if hasattr(self._source, 'seek'):
            self._source.seek(0)
        try:
            self._container = av.open(self._source)
        except (av.error.FFmpegError, OSError) as error:
            raise InputError(f'{self.filename}: cannot be opened as a video; it is truncated, or '
                             f'another kind of file ({first_line(error)})') from error
        if not self._container.streams.video:
            self.close()
            raise InputError(f'{self.filename}: has no video stream')
        self._stream = self._container.streams.video[0]
        for other in self._container.streams:
            if other is not self._stream:
                other.discard = av.stream.Discard.all
        self._codec = self._stream.codec_context
        self._set_codec()

    def _set_codec(self):
        from av.codec.context import Flags2
        if self._codec.is_open:
            self._open()
            return
        self._codec.thread_count = self._num_threads
        self._codec.thread_type = 'SLICE' if self._num_threads == 1 else 'AUTO'
        if self._with_motion:
            self._codec.flags2 |= Flags2.export_mvs

    def _drop_undecodable(self):
        """Of first pictures the packets do not tell whether they can be decoded; try."""
        doubtful = self._index.doubtful
        if not doubtful:
            return
        found = set()
        for frame in self._decoded():
            found.add(frame.pts)
            if frame.pts is not None and frame.pts > max(doubtful):
                break
        if self._problem or not found:
            raise InputError(f'{self.filename}: no frame of it can be decoded'
                             f'{_in_brackets(self._problem)}')
        self._index.drop(doubtful - found)

    def use_threads(self):
        """Let the codec decode several frames at once, as many as there are cores."""
        if self._num_threads != 0:
            self._num_threads = 0
            self._set_codec()

    def read(self, indices):
        """Pictures [H, W, 3], RGB uint8; one an index, the same object for the same index."""
        pictures = self._read(indices, self._picture)
        return [pictures[int(i)] for i in indices]

    def read_planar(self, indices):
        """The same pictures, not RGB yet where the file allows that.

        Returns:
            mmvideo.decoders.planes.PlanarPictures | list: in a list they are RGB already.
        """
        frames = self._read(indices, lambda frame: frame)
        return pictures_of(frames, [int(i) for i in indices])

    def read_motion(self, indices):
        """How the codec moved blocks of other pictures to make these.

        Returns:
            list: one an index, ((height, width), blocks), an array with the fields of FFmpeg's
            motion vectors; a key frame has none.
        """
        wanted, found = wanted_frames(self.filename, indices, len(self)), {}
        self._with_motion = True
        self._set_codec()
        self._read_through(wanted, _motion, found)
        return [found[int(i)] for i in indices]

    def count_decodable(self):
        """How many pictures come out when all of the file is decoded."""
        return sum(1 for _ in self._decoded())

    def _read(self, indices, take):
        """What ``take`` makes of the frames, by index."""
        wanted = wanted_frames(self.filename, indices, len(self))
        found = {}
        if self._index.is_timed:
            for key, group in self._groups(wanted):
                self._read_group(key, group, take, found)
        missing = [i for i in wanted if i not in found]
        if missing:
            self._read_through(missing, take, found)
        return found

    def _groups(self, wanted):
        """(index of a key frame, wanted pictures that are decoded from it on)."""
        groups = {}
        for i in wanted:
            before = bisect.bisect_right(self.key_frames, i) - 1
            # Of first pictures whose key frame is cut off, or that stand before the first.
            key = self.key_frames[before] if before >= 0 else None
            groups.setdefault(key, []).append(i)
        return groups.items()

    def _read_group(self, key, group, take, found):
        """Decode from a key frame to the last of the group; what fails is left out."""
        import av
        index = self._index
        wanted = {index.stamps[i]: i for i in group}
        first = 0 if key is None else index.places[key]
        last = max(index.places[i] for i in group)
        may_skip, is_skipping = self._codec.name in SKIPPING_CODECS, False
        try:
            for packet in self._packets(first, last):
                if may_skip and is_skipping != (packet.pts not in wanted):
                    is_skipping = not is_skipping
                    self._codec.skip_frame = 'NONREF' if is_skipping else 'DEFAULT'
                self._keep(self._decode(packet, index.stamp_at(first)), wanted, take, found)
            # What the codec holds back until it knows which picture is shown next.
            self._keep(self._codec.decode(None), wanted, take, found)
        except av.error.FFmpegError:
            pass
        finally:
            self._codec.skip_frame = 'DEFAULT'

    def _decode(self, packet, key_stamp):
        """Frames that come out; those shown before the key frame may lack what they are made of."""
        import av
        try:
            return self._codec.decode(packet)
        except av.error.FFmpegError:
            if packet.pts >= key_stamp:
                raise
            return []

    def _keep(self, frames, wanted, take, found):
        for frame in frames:
            i = wanted.get(frame.pts)
            if i is not None:
                found[i] = take(frame)

    def _packets(self, first, last):
        """Packets of places first..last, the codec made ready for them."""
        if self._index.packets is not None:
            self._codec.flush_buffers()
            yield from self._index.packets[first:last + 1]
            return
        for place, packet in enumerate(self._packets_from(first), start=first):
            if self._index.place_of.get(packet.pts) != place:
                return
            yield packet
            if place == last:
                return

    def _packets_from(self, first):
        """Packets of the file from a place on."""
        import av
        index, is_there = self._index, False
        try:
            self._container.seek(index.stamp_at(first), stream=self._stream)
            for packet in self._container.demux(self._stream):
                place = index.place_of.get(packet.pts)
                is_there |= place == first
                if is_there:
                    yield packet
                elif place is not None and place > first:
                    break
        except av.error.FFmpegError:
            if is_there:
                raise
        if not is_there:
            # It ended behind the place.
            self._open()
            yield from itertools.islice(self._container.demux(self._stream), first, None)

    def _decoded(self):
        """Frames from the start of the file; ends at the first that does not decode."""
        import av
        self._problem = None
        if self._index.packets is None:
            self._open()
            packets = self._container.demux(self._stream)
        else:
            self._codec.flush_buffers()
            packets = [*self._index.packets, None]
        for packet in packets:
            try:
                yield from self._codec.decode(packet)
            except av.error.FFmpegError as error:
                if packet is None or packet.pts not in self._index.doubtful:
                    self._problem = error
                    return

    def _read_through(self, wanted, take, found):
        """Decode from the start on; certain, but slow for a late picture."""
        stamps = self._index.stamps
        index_of = {stamp: i for i, stamp in enumerate(stamps)} if stamps else None
        remaining, done = set(wanted), 0
        for number, frame in enumerate(self._decoded()):
            done = number + 1
            i = index_of.get(frame.pts) if index_of else number
            if i in remaining:
                found[i] = take(frame)
                remaining.discard(i)
                if not remaining:
                    return
        raise missing_frame(self.filename, min(remaining), len(self), done,
                            _in_brackets(self._problem))

    def close(self):
        if self._container is not None:
            self._container.close()
            self._container = None


def _motion(frame):
    vectors = frame.side_data.get('MOTION_VECTORS')
    return (frame.height, frame.width), [] if vectors is None else vectors.to_ndarray()


def _in_brackets(problem):
    return f' ({first_line(problem)})' if problem else ''
