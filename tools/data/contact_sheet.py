"""Draws samples: frames and views of them as rows of a picture, or side by side in a video."""
import cv2
import numpy as np
from media import VideoWriter

from mmvideo.optical_flow import color_wheel, dequantize
from mmvideo.storage import replacing

__all__ = ['write_movie', 'write_sheet']

# Pixels: height of a picture in a row, of the line of text below it, of the head line, of a gap.
TALL, FOOT, HEAD, GAP = 128, 16, 24, 6
FONT, INK, PAPER = cv2.FONT_HERSHEY_SIMPLEX, (20, 20, 20), (250, 250, 250)


def write_sheet(path, samples, columns=8, bound=20, clips=3):
    """Write samples as one picture.

    Args:
        path: of the picture.
        samples: a list of ``browse.Shown``.
        columns: most frames in a row.
        bound: of the gray levels of flow, in pixels.
        clips: most clips of a sample.
    """
    blocks = [block for shown in samples for block in _sheet_blocks(shown, columns, bound, clips)]
    width = max(block.shape[1] for block in blocks)
    sheet = np.concatenate([_padded(block, block.shape[0], width) for block in blocks])
    with replacing(path) as draft:
        _, content = cv2.imencode('.jpg' if str(path).lower().endswith('.jpg') else '.png',
                                  sheet[..., ::-1])
        draft.write_bytes(content.tobytes())


def write_movie(path, samples, fps=8, bound=20, clips=3):
    """Write samples as a video, one after the other: the frame on the left, its crops beside it.

    Args:
        path: of the mp4.
        samples: a list of ``browse.Shown``.
        fps: frames per second.
        bound: of the gray levels of flow, in pixels.
        clips: most clips of a sample.
    """
    pictures = []
    for shown in samples:
        if shown.modality == 'Audio':
            pictures += [_stacked(_sheet_blocks(shown, 1, bound, clips))] * max(1, round(2 * fps))
            continue
        draw = _painter(shown, bound)
        for clip in _chosen(len(shown.clips), clips):
            for t, place in enumerate(shown.clips[clip]):
                cells = [_cell(draw(shown.frames[place]), f'{shown.numbers[place]}')]
                cells += [_cell(draw(view[t]), f'clip {clip + 1}, crop {k + 1}')
                          for k, view in enumerate(shown.views[clip])]
                pictures.append(_stacked([_head(shown.title), _row(cells)]))
    height, width = (max(p.shape[axis] for p in pictures) for axis in (0, 1))
    with replacing(path) as draft, VideoWriter(draft, fps) as writer:
        for picture in pictures:
            writer.write(_padded(picture, height + height % 2, width + width % 2))


def _sheet_blocks(shown, columns, bound, clips):
    """Rows of one sample, from the head line to the last view."""
    yield _head(shown.title)
    if shown.modality == 'Audio':
        yield from _sound_rows(shown, columns)
        return
    draw = _painter(shown, bound)
    rows = []
    for clip in _chosen(len(shown.clips), clips):
        times = _chosen(shown.clips.shape[1], columns)
        which = f' (clip {clip + 1} of {len(shown.clips)})' if len(shown.clips) > 1 else ''
        places = shown.clips[clip, times]
        rows.append([_cell(draw(shown.frames[place]),
                           f'{shown.numbers[place]}{"" if k else which}')
                     for k, place in enumerate(places)])
        for number, view in enumerate(shown.views[clip], 1):
            crops = len(shown.views[clip])
            note = f'{view.shape[2]}x{view.shape[1]}' + (
                f', crop {number} of {crops}' if crops > 1 else '')
            rows.append([_cell(draw(view[t]), '' if k else note) for k, t in enumerate(times)])
    # What belongs together stands in one column.
    wide = max(cell.shape[1] for row in rows for cell in row)
    yield from (_row(row, wide) for row in rows)
    yield _blank(GAP, 1)


def _painter(shown, bound):
    """A function that makes uint8 RGB [H, W, 3] of a frame of this sample."""
    if shown.modality != 'Flow':
        return lambda frame: np.clip(np.rint(frame), 0, 255).astype(np.uint8)

    def flow(levels):
        # No motion lies between two levels; what is next to it is still, as far as one knows.
        return np.where(np.abs(levels - 127.5) <= 0.5, 0, dequantize(levels, bound))

    # One scale for all frames of a sample, or a slow frame would look like a fast one.
    size = np.linalg.norm(flow(shown.frames.astype(np.float32)), axis=-1)
    longest = max(2.0, float(np.percentile(size, 99)))
    return lambda frame: color_wheel(flow(frame), longest)


def _sound_rows(shown, columns):
    """The whole sound, and the parts of it that the network gets, at one scale of time."""
    whole = shown.frames
    note = f'whole, {len(whole)} ' + ('samples' if whole.ndim == 1 else 'rows')
    yield _row([_cell(_wave(whole) if whole.ndim == 1 else _heat(whole), note)])
    for k in _chosen(len(shown.views), columns):
        view = shown.views[k, 0]
        yield _row([_cell(_heat(view), f'input {k + 1}, {len(view)} rows, of frames '
                                       f'{shown.numbers[0]}..{shown.numbers[1]}')])
    yield _blank(GAP, 1)


def _heat(rows):
    """Features [L, M] as a picture: time to the right, low tones below, 0 dark and 1 bright."""
    levels = np.clip(np.rint(rows.T[::-1] * 255), 0, 255).astype(np.uint8)
    picture = cv2.applyColorMap(np.ascontiguousarray(levels), cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return np.ascontiguousarray(picture[:, :_most_columns(picture)])


def _most_columns(picture, most=1000):
    return min(most, picture.shape[1])


def _wave(samples, width=640):
    """A wave [L] by the least and the largest sample of each column."""
    pieces = np.array_split(samples, min(width, len(samples)))
    picture = np.full((TALL, len(pieces), 3), 255, np.uint8)
    for x, piece in enumerate(pieces):
        low, high = (round((1 - v) / 2 * (TALL - 1)) for v in
                     (float(np.clip(piece.max(), -1, 1)), float(np.clip(piece.min(), -1, 1))))
        picture[low:high + 1, x] = (40, 90, 170)
    return picture


def _chosen(count, most):
    """Up to ``most`` of ``count`` places, evenly spread, the first and the last among them."""
    return np.unique(np.rint(np.linspace(0, count - 1, min(count, most))).astype(int)).tolist()


def _blank(height, width):
    return np.full((height, width, 3), PAPER, np.uint8)


def _padded(picture, height, width):
    canvas = _blank(height, width)
    canvas[:picture.shape[0], :picture.shape[1]] = picture
    return canvas


def _text(canvas, text, size):
    # The font has no letters beyond ASCII.
    text = str(text).encode('ascii', 'replace').decode()
    cv2.putText(canvas, text, (2, canvas.shape[0] - 5), FONT, size, INK, 1, cv2.LINE_AA)
    return canvas


def _head(title):
    wide = cv2.getTextSize(title, FONT, 0.5, 1)[0][0]
    return _text(_blank(HEAD, wide + 2 * GAP), title, 0.5)


def _cell(picture, note):
    """A picture at the height of a row with a line of text below; pixels that grow stay sharp."""
    height, width = picture.shape[:2]
    scale = TALL / height
    size = max(1, round(width * scale)), TALL
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1
                         else cv2.INTER_NEAREST)
    wide = max(size[0], cv2.getTextSize(note, FONT, 0.4, 1)[0][0] + GAP)
    return np.concatenate([_padded(picture, TALL, wide), _text(_blank(FOOT, wide), note, 0.4)])


def _row(cells, wide=0):
    """Cells beside each other, all as wide as the widest, or as ``wide``."""
    wide = max(wide, *(cell.shape[1] for cell in cells)) + GAP
    return np.concatenate([_padded(cell, len(cell), wide) for cell in cells], axis=1)


def _stacked(blocks):
    blocks = list(blocks)
    width = max(block.shape[1] for block in blocks)
    return np.concatenate([_padded(block, len(block), width) for block in blocks])
