"""Reading with decord, kept from what decord gets wrong."""
import numpy as np

from mmvideo.decoders.checks import first_line, missing_frame, wanted_frames
from mmvideo.decoders.pyav import PyAVReader
from mmvideo.errors import InputError


class DecordReader:
    """Reads with decord; what decord gets wrong without a word is read by :class:`PyAVReader`.

    Decord numbers pictures that an edit list hides; it gives others than asked for in MPEG-TS, in
    AVI with B-frames and behind open groups of pictures; where a file claims more than can be
    decoded, it repeats the nearest picture or waits for ever (dmlc/decord issue 373). The packets,
    which are looked at first and not decoded, tell such files.

    Args:
        filename, source: as of :class:`PyAVReader`.
        num_threads: decoding threads; 1 where loader workers share the machine.
    """

    def __init__(self, filename, source, num_threads=1):
        try:
            import decord
        except ImportError as error:
            raise InputError("decoder 'decord' needs the package decord: pip install decord; "
                             "or use 'pyav' (PyAVInit, PyAVDecode)") from error
        self.filename = filename
        self._checked = PyAVReader(filename, source)
        self.avg_fps = self._checked.avg_fps
        self.key_frames = self._checked.key_frames
        self._reader = None
        if self._checked.is_tricky:
            return
        if hasattr(source, 'seek'):
            source.seek(0)
        try:
            self._reader = decord.VideoReader(source, num_threads=num_threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise InputError(f'{filename}: decord cannot read it '
                             f'({first_line(error)})') from error
        if len(self._reader) != len(self._checked):
            self._reader = None

    def __len__(self):
        return len(self._checked)

    @property
    def is_handed_over(self):
        """Whether decord itself does not read this file."""
        return self._reader is None

    def read(self, indices):
        import decord
        wanted = wanted_frames(self.filename, indices, len(self))
        if self._reader is None or not wanted:
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
                             f'{last} ({first_line(error)})') from error
        if any(np.array_equal(a, b) for a, b in zip(batch[:-1], batch[1:], strict=True)):
            # A still scene, or copies in place of frames that decord cannot decode: PyAV tells.
            return self._checked.read(indices)
        pictures = dict(zip(asked, batch, strict=True))
        return [pictures[int(i)] for i in indices]

    def _check_decodable(self, wanted):
        decodable = self._checked.count_decodable()
        missing = [i for i in wanted if i >= decodable]
        if missing:
            raise missing_frame(self.filename, missing[0], len(self), decodable)

    def close(self):
        self._reader = None
        self._checked.close()
