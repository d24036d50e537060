"""Decoded pictures that stay as their codec made them, YUV, for as long as that spares work."""
from collections.abc import Sequence

import numpy as np

__all__ = ['Converter', 'PlanarPictures', 'pictures_of']

# 8 bits, color at half the width and height. Others become RGB at once.
FORMATS = {'yuv420p', 'yuvj420p'}
COLORS = ('colorspace', 'color_range', 'color_trc', 'color_primaries')


class Converter:
    """Makes RGB uint8 [H, W, 3] of a frame of PyAV, turned as it says, with one thread."""

    def __init__(self):
        self._reformatter = None

    def __call__(self, frame):
        from av.video.reformatter import VideoReformatter
        self._reformatter = self._reformatter or VideoReformatter()
        shown = self._reformatter.reformat(frame, format='rgb24', threads=1)
        if shown is frame:
            picture = shown.to_ndarray()
        else:
            # A view: rows may be a little longer in memory than they are wide.
            plane = shown.planes[0]
            picture = np.ndarray((shown.height, shown.width, 3), np.uint8, plane, 0,
                                 (plane.line_size, 3, 1))
        quarter_turns = round(frame.rotation / 90) % 4
        if quarter_turns:
            picture = np.ascontiguousarray(np.rot90(picture, quarter_turns))
        return picture


def pictures_of(frames, indices):
    """Pictures by index, as :class:`PlanarPictures` if that can be.

    It cannot with a frame to be rotated, nor with an odd size, whose last color belongs to half a
    pixel. Then all become RGB at once.

    Args:
        frames: of PyAV, by index.
        indices: of the pictures.
    """
    convert, kinds = Converter(), {(frame.format.name, frame.width, frame.height)
                                   for frame in frames.values()}
    name, width, height = next(iter(kinds), ('', 0, 0))
    if (len(kinds) == 1 and name in FORMATS and width % 2 == height % 2 == 0
            and not any(frame.rotation for frame in frames.values())):
        numbers = {i: number for number, i in enumerate(frames)}
        return PlanarPictures(list(frames.values()), [numbers[i] for i in indices], convert)
    pictures = {i: convert(frame) for i, frame in frames.items()}
    return [pictures[i] for i in indices]


class PlanarPictures(Sequence):
    """A list of RGB pictures [H, W, 3], each of which is made when it is first looked at.

    Whoever resizes all of them, or cuts the same box out of all, does so before that, with half as
    many values; anybody else need not know what this is. An index that was asked for twice gives
    the same object.

    Args:
        frames: of PyAV, of one size and format, each once.
        places: for each picture the number of its frame.
        convert: a :class:`Converter`.
        box: (x0, y0, x1, y1) of what is left of each frame; all of it if None.
    """

    def __init__(self, frames, places, convert, box=None):
        self.frames, self.places, self.convert = frames, places, convert
        self.box = box or (0, 0, frames[0].width, frames[0].height)
        self._made = {}

    def __len__(self):
        return len(self.places)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(len(self))[number]]
        place = self.places[number]
        if place not in self._made:
            self._made[place] = self.picture(place)
        return self._made[place]

    def __reduce__(self):
        return list, (list(self), )

    def picture(self, place):
        """RGB of a frame by its number, made anew."""
        x0, y0, x1, y1 = self.box
        return self.convert(self.frames[place])[y0:y1, x0:x1]

    def packed(self):
        """One array [D, H, W, 3] with each frame once, and for each picture its row."""
        x0, y0, x1, y1 = self.box
        room = np.empty((len(self.frames), y1 - y0, x1 - x0, 3), np.uint8)
        for place, picture in enumerate(room):
            picture[...] = self.picture(place)
        return room, np.array(self.places)

    def cut(self, box):
        """The same, and of each picture only the box (x0, y0, x1, y1)."""
        left, top = self.box[:2]
        x0, y0, x1, y1 = box
        return PlanarPictures(self.frames, self.places, self.convert,
                              (left + x0, top + y0, left + x1, top + y1))

    def resized(self, size, interpolation):
        """All pictures in another size, as RGB.

        Planes are resized one by one; only then is RGB made of them. Not so where a box begins or
        ends at an odd pixel, in the middle of a value of color: there RGB is cut and resized.

        Args:
            size: (width, height).
            interpolation: OpenCV's number of it.

        Returns:
            list: [H, W, 3] for each picture, the same object for the same frame; they lie one
            after the other in one array.
        """
        import cv2
        room = np.empty((len(self.frames), *size[::-1], 3), np.uint8)
        if any(edge % 2 for edge in self.box):
            for place, picture in enumerate(room):
                cv2.resize(self.picture(place), size, dst=picture, interpolation=interpolation)
        else:
            self._fill(room, interpolation)
        pictures = list(room)
        return [pictures[place] for place in self.places]

    def _fill(self, room, interpolation):
        import av
        import cv2
        height, width = room.shape[1:3]
        # Of an even size; what is too much is cut off as RGB.
        draft = av.VideoFrame(width + width % 2, height + height % 2, self.frames[0].format.name)
        first, *colors = _planes(draft)
        first[...] = 0
        targets = first[:height, :width], *colors
        x0, y0, x1, y1 = self.box
        # In place of an odd size, which ends with half a value of color; a little more, so that it
        # is rounded to a whole one.
        is_odd = width % 2 or height % 2
        factors = dict(fx=(width + 1e-3) / (x1 - x0), fy=(height + 1e-3) / (y1 - y0))
        for frame, picture in zip(self.frames, room, strict=True):
            for name in COLORS:
                setattr(draft, name, getattr(frame, name))
            for plane, target, step in zip(_planes(frame), targets, (1, 2, 2), strict=True):
                part = plane[y0 // step:y1 // step, x0 // step:x1 // step]
                size = None if step == 2 and is_odd else target.shape[::-1]
                cv2.resize(part, size, dst=target, interpolation=interpolation, **factors)
            picture[...] = self.convert(draft)[:height, :width]


def _planes(frame):
    """Brightness and both colors of a frame, [H, W]: its own memory."""
    return [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:plane.height, :plane.width]
            for plane in frame.planes]
