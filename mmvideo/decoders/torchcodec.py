"""Reading with torchcodec, where it is installed."""
from mmvideo.decoders.checks import first_line, wanted_frames, whole_number
from mmvideo.decoders.pyav import PyAVReader
from mmvideo.errors import InputError


class TorchCodecReader:
    """Reads with torchcodec in its exact mode, which goes over all packets when it opens a file.

    Files in which its seeking fails or leads to other pictures are read by :class:`PyAVReader`:
    MPEG-TS, AVI with B-frames, open groups of pictures and what edit lists cut. torchcodec is
    optional: it needs FFmpeg's shared libraries on the system and a torch that fits.

    Args:
        filename, source: as of :class:`PyAVReader`.
        num_threads: decoding threads; 1 where loader workers share the machine, 0 for FFmpeg's
            choice.
    """

    def __init__(self, filename, source, num_threads=1):
        try:
            from torchcodec.decoders import VideoDecoder
        except (ImportError, OSError, RuntimeError) as error:
            raise InputError("decoder 'torchcodec' needs the package torchcodec, the shared "
                             "libraries of FFmpeg and a torch that fits: pip install torchcodec, "
                             f"or use 'pyav' ({first_line(error)})") from error
        self.filename = filename
        whole_number('TorchCodecReader', 'num_threads', num_threads)
        checked = PyAVReader(filename, source)
        self.avg_fps, self.key_frames = checked.avg_fps, checked.key_frames
        self._count = len(checked)
        self._checked = self._decoder = None
        if checked.is_tricky:
            self._checked = checked
            return
        checked.close()
        if hasattr(source, 'seek'):
            source.seek(0)
            source = source.read()
        try:
            self._decoder = VideoDecoder(source, dimension_order='NHWC', seek_mode='exact',
                                         num_ffmpeg_threads=num_threads)
        except (RuntimeError, ValueError) as error:
            raise InputError(f'{filename}: torchcodec cannot open it as a video '
                             f'({first_line(error)})') from error
        if len(self._decoder) != self._count:
            raise InputError(f'{filename}: torchcodec counts {len(self._decoder)} frames of '
                             f"{self._count}; use 'pyav'")

    def __len__(self):
        return self._count

    def read(self, indices):
        wanted = wanted_frames(self.filename, indices, len(self))
        if self._checked is not None or not wanted:
            return self._checked.read(indices) if wanted else []
        try:
            pictures = self._decoder.get_frames_at(wanted).data.numpy()
        except (RuntimeError, IndexError) as error:
            raise InputError(f'{self.filename}: torchcodec cannot decode frames {wanted[0]}..'
                             f'{wanted[-1]} ({first_line(error)})') from error
        found = dict(zip(wanted, pictures, strict=True))
        return [found[int(i)] for i in indices]

    @property
    def is_handed_over(self):
        """Whether torchcodec itself does not read this file."""
        return self._checked is not None

    def close(self):
        self._decoder = None
        if self._checked is not None:
            self._checked.close()
