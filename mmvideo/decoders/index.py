"""What the packets of a video say of its pictures, without decoding one."""
import os.path as osp

from mmvideo.decoders.checks import first_line
from mmvideo.errors import InputError

# Compressed pictures up to this size stay in memory, so that the file is read once.
KEPT_BYTES = 64 * 2 ** 20


class PacketIndex:
    """Pictures by number of showing, from one pass over the packets.

    A packet's place is its number in the file, the order in which pictures are decoded. Packets
    that an edit list cuts off are decoded and not shown, so they have a place and no index.

    Args:
        filename: for messages.
        container, stream: opened by PyAV, at the start.
        size: bytes of the file.

    Attributes:
        count: pictures that are shown.
        stamps, places: time stamp and place of each picture; None where no stamps can be relied on.
        key_frames: indices of pictures that can be decoded by themselves.
        packets: by place; None if they are too large to keep.
        place_of: time stamp -> place.
        has_open_groups: whether pictures shown before a key frame need it and some before it.
        doubtful: stamps of pictures at the start that may lack what they are made of.

    Raises:
        InputError: truncated, broken, or without a picture.
    """

    def __init__(self, filename, container, stream, size):
        self.packets = []
        self._marks = []        # of each packet: stamp, is it a key, is it cut off
        self._has_gap = False
        self._read(filename, container, stream)
        if 'mp4' in container.format.name:
            self._check_whole(filename, stream, size)
        shown = [(mark[0], place) for place, mark in enumerate(self._marks) if not mark[2]]
        if not shown:
            raise InputError(f'{filename}: holds no video frame')
        self.place_of = {mark[0]: place for place, mark in enumerate(self._marks)}
        is_clear = len(self.place_of) == len(self._marks) and None not in self.place_of
        # AVI keeps no presentation times; those that come out are guesses.
        self.is_timed = is_clear and container.format.name != 'avi'
        if self.is_timed:
            shown.sort()
        self._note(shown)
        self.doubtful, self.has_open_groups = set(), False
        if self.is_timed:
            self._find_leading()

    def _read(self, filename, container, stream):
        import av
        marks, total = self._marks, 0
        try:
            for packet in container.demux(stream):
                size = packet.size
                if not size:
                    continue
                marks.append((packet.pts, packet.is_keyframe, packet.is_discard))
                if packet.is_corrupt:
                    self._has_gap = True
                total += size
                if total <= KEPT_BYTES:
                    self.packets.append(packet)
        except av.error.FFmpegError as error:
            raise InputError(f'{filename}: broken after {len(marks)} frames '
                             f'({first_line(error)})') from error
        if total > KEPT_BYTES:
            self.packets = None

    def _check_whole(self, filename, stream, size):
        """Raise if the file is shorter than its index says; MP4 keeps a full one in front."""
        entries = stream.index_entries
        if len(entries) <= len(self._marks) and not self._has_gap:
            return
        ends = [entry.pos + entry.size for entry in entries]
        inside = sum(end <= size for end in ends)
        if inside < len(ends):
            raise InputError(f'{filename}: truncated; it should have {len(ends)} frames, '
                             f'the file ends after {inside}')

    def _note(self, shown):
        self.count = len(shown)
        self.stamps = [stamp for stamp, _ in shown] if self.is_timed else None
        self.places = [place for _, place in shown] if self.is_timed else None
        self.key_frames = [i for i, (_, place) in enumerate(shown) if self._marks[place][1]] or [0]

    def _find_leading(self):
        """Pictures that come after a key frame and are shown before it."""
        key_stamp, has_key = None, False
        for stamp, is_key, is_cut in self._marks:
            if is_key:
                is_first, has_key, key_stamp = not has_key, True, stamp
            elif is_cut:
                continue
            elif not has_key or is_first and stamp < key_stamp:
                self.doubtful.add(stamp)
            elif stamp < key_stamp:
                self.has_open_groups = True

    def drop(self, stamps):
        """Forget pictures that do not come out when the whole file is decoded."""
        self._note([pair for pair in zip(self.stamps, self.places, strict=True)
                    if pair[0] not in stamps])

    def stamp_at(self, place):
        return self._marks[place][0]


def size_of(source):
    """Bytes of a path or of a buffer."""
    return source.getbuffer().nbytes if hasattr(source, 'getbuffer') else osp.getsize(source)
