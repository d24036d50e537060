"""Reading with OpenCV."""
from mmvideo.decoders.checks import missing_frame, wanted_frames, whole_number
from mmvideo.decoders.pyav import PyAVReader
from mmvideo.errors import InputError


class OpenCVReader:
    """Reads with OpenCV from the first frame on; its seeking is not exact.

    Args:
        filename: for messages.
        source: path on disk.
        num_threads: decoding threads; 0 leaves it to FFmpeg.
    """

    def __init__(self, filename, source=None, num_threads=0):
        self._path = filename if source is None else source
        if hasattr(self._path, 'seek'):
            raise InputError(f"{filename}: decoder 'opencv' reads files on disk only, not from an "
                             "archive or another storage; use 'pyav'")
        self._num_threads = whole_number('OpenCVReader', 'num_threads', num_threads)
        checked = PyAVReader(filename, self._path)
        self.filename = filename
        self.avg_fps, self.key_frames = checked.avg_fps, checked.key_frames
        self._count = len(checked)
        checked.close()
        self._capture = self._open()
        if not self._capture.isOpened():
            raise InputError(f'{filename}: OpenCV cannot open it as a video')

    def __len__(self):
        return self._count

    def _open(self):
        import cv2
        options = [cv2.CAP_PROP_N_THREADS, self._num_threads] if self._num_threads else []
        return cv2.VideoCapture(self._path, cv2.CAP_FFMPEG if options else cv2.CAP_ANY, options)

    def read(self, indices):
        import cv2
        wanted = wanted_frames(self.filename, indices, len(self))
        if self._capture.get(cv2.CAP_PROP_POS_FRAMES) > 0:
            self._capture = self._open()
        pictures, remaining = {}, set(wanted)
        for i in range(wanted[-1] + 1 if wanted else 0):
            if not self._capture.grab():
                raise missing_frame(self.filename, min(remaining), len(self), i)
            if i in remaining:
                picture = self._capture.retrieve()[1]
                pictures[i] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                remaining.discard(i)
        return [pictures[int(i)] for i in indices]

    def close(self):
        self._capture.release()
