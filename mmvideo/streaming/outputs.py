"""What becomes of predictions: JSON, JSON lines, or text on the video."""
import json
import os
from pathlib import Path

from mmvideo.errors import InputError
from mmvideo.visualization import VideoWriter

__all__ = ['open_output']


def open_output(path, source, names, threshold=0.0, fps=None):
    """Open a file that takes predictions as they come; it is whole whenever it is closed.

    Args:
        path: ``.json`` (one object), ``.jsonl`` (one object a line, there to be followed while it
            grows) or ``.mp4`` (the video with what was recognized last on it).
        source: name of the video, for the file.
        names: class names.
        threshold: least score of the classes that are told of.
        fps: of the video, for ``.mp4``.

    Returns:
        a context with ``frame(frame)``, called for every frame, and ``prediction(prediction)``,
        called before the frame that it came with.

    Raises:
        InputError: another suffix.
    """
    kinds = {'.json': JsonOutput, '.jsonl': JsonLinesOutput, '.mp4': VideoOutput}
    suffix = Path(path).suffix.lower()
    if suffix not in kinds:
        raise InputError(f'{path}: expected a name that ends in {", ".join(kinds)}')
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return kinds[suffix](path, source, names, threshold, fps)


class _Output:
    """A context; leaving it closes the file."""

    def __init__(self, path, source, names, threshold, fps):
        self.path, self.source, self.fps = Path(path), str(source), fps
        self.names, self.threshold = names, threshold

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def frame(self, frame):
        """A frame of the source."""

    def said(self, prediction):
        return dict(frames=prediction.frames, seconds=[round(s, 3) for s in prediction.seconds],
                    labels={name: round(score, 6) for name, score in
                            prediction.best(self.names, self.threshold)})


class JsonLinesOutput(_Output):
    """One object a line."""

    def __init__(self, *args):
        super().__init__(*args)
        self.file = open(self.path, 'w', encoding='utf-8')

    def prediction(self, prediction):
        print(json.dumps(self.said(prediction)), file=self.file, flush=True)

    def close(self):
        self.file.close()


class JsonOutput(_Output):
    """One object, written bit by bit: predictions of hours need no memory."""

    def __init__(self, *args):
        super().__init__(*args)
        self.draft = self.path.with_name(f'.{self.path.name}.{os.getpid()}')
        self.file = open(self.draft, 'w', encoding='utf-8')
        self.file.write(f'{{"video": {json.dumps(self.source)},\n "predictions": [')
        self.separator = '\n  '

    def prediction(self, prediction):
        self.file.write(self.separator + json.dumps(self.said(prediction)))
        self.separator = ',\n  '

    def close(self):
        self.file.write(']}\n')
        self.file.close()
        os.replace(self.draft, self.path)


class VideoOutput(_Output):
    """The video, and on it the five best classes that were recognized last."""

    def __init__(self, *args):
        super().__init__(*args)
        self.writer = VideoWriter(self.path, self.fps)
        self.lines = []

    def prediction(self, prediction):
        best = prediction.best(self.names, self.threshold, 5)
        self.lines = [f'{name} {score:.2f}' for name, score in best]

    def frame(self, frame):
        self.writer.write(frame.image, self.lines, frame.seconds)

    def close(self):
        self.writer.close()
