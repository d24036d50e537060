"""Show predictions on the video that they were made for."""
import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mmvideo.errors import InputError, MissingFileError

__all__ = ['VideoWriter', 'annotate_moments', 'annotate_video', 'draw_boxes', 'draw_lines',
           'save_figure']

FONT = cv2.FONT_HERSHEY_SIMPLEX
# Pixels from the top of a capital to its foot, and line to line, in the font at scale 1.
CAPITAL = 21
LINE = 34
# Text takes a 24th of the shorter side: still legible on a video of this many pixels.
CAPITALS_PER_SIDE = 24
LEGIBLE_SHORT_SIDE = 240
# Of boxes, whose lines are smaller: several stand in a picture.
BOX_CAPITALS_PER_SIDE, BOX_SHORT_SIDE = 48, 480
# Of time, in seconds, where frames do not come at one rate.
TICK = Fraction(1, 90000)
FOUND, TRUE = (40, 220, 60), (235, 60, 50)


def save_figure(figure, path, flag, **options):
    """Write a figure of matplotlib where a flag of the command line says, and close it.

    Args:
        figure: the figure.
        path: file to write; its suffix tells the kind.
        flag: for messages, such as '--out'.
        options: of ``Figure.savefig``.

    Raises:
        InputError: matplotlib writes no such kind of file.
    """
    import matplotlib.pyplot as plt
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        figure.savefig(path, **options)
    except ValueError as error:
        raise InputError(f'{flag} {path}: {error}') from error
    finally:
        plt.close(figure)


def draw_lines(image, lines):
    """Write lines of text on a darkened box in the upper left corner, in place.

    The text grows with the frame; it shrinks where the longest line would not fit its width, or
    all lines its height.

    Args:
        image: uint8 RGB [H, W, 3].
        lines: text, one line each; the font has no letters beyond ASCII, they become ``?``.
    """
    lines = [str(line).encode('ascii', 'replace').decode() for line in lines]
    if not lines:
        return image
    height, width = image.shape[:2]
    scale = min(min(height, width) / CAPITALS_PER_SIDE / CAPITAL,
                height / (LINE * (len(lines) + 1)))
    widest, thickness = _extent(lines, scale)
    # Widths do not quite follow the scale, so one step may fall short.
    while widest + LINE * scale > width and scale > 0.05:
        scale *= min(width / (widest + LINE * scale), 0.97)
        widest, thickness = _extent(lines, scale)
    # A margin of half a line all around.
    pitch, margin = LINE * scale, LINE * scale / 2
    box = image[:round(pitch * len(lines) + margin), :round(widest + 2 * margin)]
    box[:] = box // 4
    for k, line in enumerate(lines):
        foot = margin + CAPITAL * scale + k * pitch
        cv2.putText(image, line, (round(margin), round(foot)), FONT, scale, (255, 255, 255),
                    thickness, cv2.LINE_AA)
    return image


def _extent(lines, scale):
    """Width of the longest line in pixels, and the thickness of its strokes."""
    thickness = max(1, round(1.6 * scale))
    return max(cv2.getTextSize(line, FONT, scale, thickness)[0][0] for line in lines), thickness


def draw_boxes(image, *groups):
    """Draw boxes and what is said of each, in place.

    All rims come before all words. Words that would cover others stand beside them, if there is
    room.

    Args:
        image: uint8 RGB [H, W, 3].
        groups: tuples (boxes, color, is_above). Boxes are a list of (box, lines): x0, y0, x1, y1 as
            shares of the picture, and text; the color of both is RGB; lines stand on the box, or
            below it. They stay within the picture.
    """
    height, width = image.shape[:2]
    scale = min(height, width) / BOX_CAPITALS_PER_SIDE / CAPITAL
    pitch, thickness = LINE * scale, max(1, round(2 * scale))
    drawn = [([round(v * side) for v, side in zip(box, (width, height) * 2, strict=True)], lines,
              color, is_above) for boxes, color, is_above in groups for box, lines in boxes]
    for (x0, y0, x1, y1), _, color, _ in drawn:
        cv2.rectangle(image, (x0, y0), (x1, y1), color, thickness, cv2.LINE_AA)
    taken = []
    for (x0, y0, _, y1), lines, color, is_above in drawn:
        lines = [str(line).encode('ascii', 'replace').decode() for line in lines]
        if not lines:
            continue
        extent, strokes = _extent(lines, scale)
        high, left = pitch * len(lines), max(min(x0, width - extent), 0)
        top = min(max(y0 - high if is_above else y1, 0), height - high)
        left = _free(left, extent, [(first, last) for first, last, above, foot in taken
                                    if top < foot and above < top + high], width)
        taken.append((left, left + extent, top, top + high))
        for k, line in enumerate(lines):
            upper = round(top + k * pitch)
            ground = image[upper:round(upper + pitch), left:left + _extent([line], scale)[0]]
            ground[:] = ground // 4
            cv2.putText(image, line, (left, round(upper + 0.8 * pitch)), FONT, scale, color,
                        strokes, cv2.LINE_AA)
    return image


def _free(left, extent, taken, width):
    """Where words begin in a line: the nearest place to ``left`` that covers none of those taken.
    """
    beside = [place for first, last in taken for place in (last, first - extent)]
    for place in (left, *sorted(beside, key=lambda place: abs(place - left))):
        if 0 <= place <= width - extent and not any(
                place < last and first < place + extent for first, last in taken):
            return place
    return left


def annotate_moments(path, moments, out, hold_seconds=0.0, target_short_side=None):
    """Copy a video with boxes on some of its frames, which then stand still for a while.

    Boxes that were found are green, with what was found above; those that are so are red, with what
    is so below.

    Args:
        path: video to read.
        moments: by number of the frame, from 0, a pair (found, true) as of :func:`draw_boxes`.
        out: file to write, as of :func:`annotate_video`.
        hold_seconds: for which such a frame stands still.
        target_short_side: as of :func:`annotate_video`; smaller videos are enlarged to 480.

    Returns:
        int: frames written.

    Raises:
        MissingFileError, InputError: as of :func:`annotate_video`.
    """
    seen = iter(range(10**12))

    def draw(image, rate):
        found, true = moments.get(next(seen), ((), ()))
        # What was found last: it is what the picture is about.
        draw_boxes(image, (true, TRUE, False), (found, FOUND, True))
        return image, 1 + round(hold_seconds * rate) if found or true else 1

    return _annotate(path, draw, out, None, target_short_side, BOX_SHORT_SIDE)


def annotate_video(path, lines, out, fps=None, target_short_side=None):
    """Copy a video with lines of text on every frame, e.g. the five best classes; without sound.

    Args:
        path: video to read.
        lines: text to write, one line each.
        out: file to write, ``.mp4`` (H.264) or ``.gif``; it takes its place once it is whole.
        fps: frames per second to play it with; None keeps those of the video.
        target_short_side: shorter side of the frames written, in pixels. None keeps the size, but
            enlarges a video whose text would be too small to read.

    Returns:
        int: frames written.

    Raises:
        MissingFileError: there is no such video.
        InputError: another suffix, a rate or size that is not positive, or not a video.
    """
    return _annotate(path, lambda image, rate: (draw_lines(image, lines), 1), out, fps,
                     target_short_side, LEGIBLE_SHORT_SIDE)


def _annotate(path, draw, out, fps, target_short_side, legible):
    """Copy a video; ``draw(image, rate)`` gives each picture and how many frames it lasts."""
    import av
    path, out = os.fspath(path), Path(out)
    if out.suffix.lower() not in ('.mp4', '.gif'):
        raise InputError(f'{out}: expected a name that ends in .mp4 or .gif')
    for name, value in (('fps', fps), ('target_short_side', target_short_side)):
        if value is not None and value <= 0:
            raise InputError(f'{name}: expected more than 0, got {value}')
    if not os.path.isfile(path):
        raise MissingFileError(f'{path}: no such file')
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f'.{out.stem}.{os.getpid()}{out.suffix}')
    try:
        try:
            source = av.open(path)
        except av.error.FFmpegError as error:
            raise InputError(f'{path}: cannot be read as a video ({error})') from error
        with source:
            count = _copy(source, path, draw, draft, fps, target_short_side, legible)
        os.replace(draft, out)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _frames(source, path):
    """Decoded frames; what the decoder says about a broken file is an error of the input."""
    import av
    try:
        for frame in source.decode(video=0):
            yield frame.to_ndarray(format='rgb24')
    except av.error.FFmpegError as error:
        raise InputError(f'{path}: cannot be decoded ({error})') from error


def _copy(source, path, draw, draft, fps, target_short_side, legible):
    """Frame by frame, so that a long video needs no more memory than a short one."""
    import av
    if not source.streams.video:
        raise InputError(f'{path}: has no video stream')
    rate = fps or source.streams.video[0].average_rate or 25
    rate = Fraction(rate).limit_denominator(1001)
    count, writer = 0, None
    with av.open(str(draft), 'w') as target:
        for image in _frames(source, path):
            if writer is None:
                width, height = _size(image, target_short_side, legible)
                writer = (_GifWriter if draft.suffix.lower() == '.gif' else _Mp4Writer)(
                    target, rate, width, height)
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA
                               if width < image.shape[1] else cv2.INTER_CUBIC)
            image, lasts = draw(image, rate)
            for _ in range(lasts):
                writer.write(image)
            count += lasts
        if writer is None:
            raise InputError(f'{path}: holds no frames')
        writer.close()
    return count


def _size(image, target_short_side, legible):
    """Width and height to write; even, because the chroma of H.264 has half the resolution."""
    height, width = image.shape[:2]
    short_side = target_short_side or max(min(height, width), legible)
    scale = short_side / min(height, width)
    return tuple(max(2, 2 * round(side * scale / 2)) for side in (width, height))


class VideoWriter:
    """Writes frames with lines of text as they come; each is shown when its source showed it.

    Args:
        out: file to write, ``.mp4`` (H.264); it takes its place when it is closed. Without a frame
            there will be none.
        fps: frames per second of the source, about; None where it does not say.
    """

    def __init__(self, out, fps=None):
        self._out = Path(out)
        self._draft = self._out.with_name(f'.{self._out.stem}.{os.getpid()}.mp4')
        self._rate = Fraction(fps or 25).limit_denominator(1001)
        self._container = None
        self._last = -1

    def write(self, image, lines, seconds):
        """Add a frame.

        Args:
            image: uint8 RGB [H, W, 3]; stays as it is.
            lines: text to write on it; it is enlarged where that could not be read.
            seconds: when it is shown, later than the frame before.
        """
        if self._container is None:
            import av
            self._container = av.open(str(self._draft), 'w')
            self._size = _size(image, None, LEGIBLE_SHORT_SIDE)
            self._writer = _Mp4Writer(self._container, self._rate, *self._size)
            self._writer.stream.codec_context.time_base = TICK
        image = draw_lines(cv2.resize(image, self._size, interpolation=cv2.INTER_CUBIC), lines)
        # Clocks of cameras stumble.
        self._last = max(round(seconds / TICK), self._last + 1)
        self._writer.write(image, self._last)

    def close(self):
        """Finish the file; it can be played from here on."""
        if self._container is not None:
            self._writer.close()
            self._container.close()
            self._container = None
            os.replace(self._draft, self._out)


class _Mp4Writer:
    """H.264 in mp4, in the pixel format that every player knows."""

    def __init__(self, container, rate, width, height):
        self.container = container
        self.stream = container.add_stream('libx264', rate=rate, options={'crf': '20'})
        self.stream.width, self.stream.height = width, height
        self.stream.pix_fmt = 'yuv420p'

    def write(self, image, tick=None):
        import av
        frame = av.VideoFrame.from_ndarray(image, format='rgb24')
        if tick is not None:
            frame.pts, frame.time_base = tick, TICK
        self.container.mux(self.stream.encode(frame))

    def close(self):
        self.container.mux(self.stream.encode())


class _GifWriter:
    """GIF with 256 colors chosen for each frame; one fixed palette would band soft colors."""

    def __init__(self, container, rate, width, height):
        import av
        self.container, self.count = container, 0
        self.time_base = 1 / Fraction(rate)
        self.stream = container.add_stream('gif', rate=rate)
        self.stream.width, self.stream.height = width, height
        self.stream.pix_fmt = 'pal8'
        graph = av.filter.Graph()
        self.source = graph.add_buffer(width=width, height=height, format='rgb24',
                                       time_base=self.time_base)
        split = graph.add('split')
        palette = graph.add('palettegen', 'stats_mode=single')
        paint = graph.add('paletteuse', 'new=1')
        self.sink = graph.add('buffersink')
        self.source.link_to(split)
        split.link_to(palette, 0)
        split.link_to(paint, 1)
        palette.link_to(paint, 0, 1)
        paint.link_to(self.sink)
        graph.configure()
        self.graph = graph

    def write(self, image):
        import av
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format='rgb24')
        frame.pts, frame.time_base = self.count, self.time_base
        self.count += 1
        self.graph.push(frame)
        self._drain()

    def _drain(self):
        import av
        while True:
            try:
                painted = self.graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            self.container.mux(self.stream.encode(painted))

    def close(self):
        self.graph.push(None)
        self._drain()
        self.container.mux(self.stream.encode())
