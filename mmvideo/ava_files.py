"""The files of AVA (arXiv:1705.08421) and of sets in its form: what is where, at which moment.

Boxes are (x0, y0, x1, y1) as shares of the frame; actions are numbered from 1; a moment is a video
and a second, written ``VIDEO,0902``.
"""
import csv
import io
import re
from dataclasses import dataclass, field

import numpy as np

from mmvideo import plain_pickle, storage
from mmvideo.errors import InputError, MissingFileError

__all__ = ['Boxes', 'class_ids', 'frame_key', 'read_boxes', 'read_excluded', 'read_label_map',
           'read_proposals']


@dataclass
class Boxes:
    """Rows of a list of boxes, one a box and action.

    Attributes:
        keys: the moment of each row, as of :func:`frame_key`.
        boxes: float64 [n, 4].
        labels: int64 [n], numbers of actions.
        last: float64 [n]: the last column: the number of the person where the list is of what is
            so, the score where it is of what was found; NaN where there is none.
        lines: of the file, from 1.
        frames: all moments that the file names, in its order, those without a box, too, and the
            first line of each.
    """
    keys: list
    boxes: np.ndarray
    labels: np.ndarray
    last: np.ndarray
    lines: list = field(default_factory=list)
    frames: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.keys)


def frame_key(video, second):
    """The moment's name: 'VIDEO,0902'."""
    return f'{video},{int(second):04d}'


def _text(path, what):
    if not storage.isfile(path):
        raise MissingFileError(f'{what}: {path} does not exist')
    try:
        return storage.read_bytes(path).decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise InputError(f'{what}: {path} is no UTF-8 text ({error})') from error


def _rows(path, what, lengths, expected):
    """(line, cells) of the rows of a CSV file without header."""
    reader = csv.reader(io.StringIO(_text(path, what), newline=''))
    for row in reader:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) not in lengths:
            raise InputError(f'{what}: {path}, line {reader.line_num}: {len(cells)} cells; '
                             f'expected `{expected}`, found {",".join(row)!r}')
        yield reader.line_num, cells


def _second(text):
    return int(text) if text.isdigit() else int(float(text))


def read_boxes(path, what='ann_file'):
    """Boxes with actions: ``video,second,x0,y0,x1,y1,action`` and person or score.

    A row of two cells names a moment without a box. A row without action (proposals of other
    tools have such) gets the action 0.

    Args:
        path: a CSV file without header.
        what: the argument that named it, for messages.

    Returns:
        Boxes

    Raises:
        MissingFileError: no such file.
        InputError: names file, line and content of what is wrong.
    """
    expected = 'video,second,x0,y0,x1,y1,action,person or score'
    found = Boxes([], [], [], [])
    for line, cells in _rows(path, what, (2, 7, 8), expected):
        try:
            key = frame_key(cells[0], _second(cells[1]))
            found.frames.setdefault(key, line)
            if len(cells) == 2:
                continue
            found.boxes.append([float(value) for value in cells[2:6]])
            found.labels.append(int(cells[6]) if cells[6] else 0)
            found.last.append(float(cells[7]) if len(cells) == 8 and cells[7] else np.nan)
        except ValueError as error:
            raise InputError(f'{what}: {path}, line {line}: {error}; expected `{expected}`, found '
                             f'{",".join(cells)!r}') from None
        found.keys.append(key)
        found.lines.append(line)
    found.boxes = np.array(found.boxes, np.float64).reshape(-1, 4)
    found.labels = np.array(found.labels, np.int64)
    found.last = np.array(found.last, np.float64)
    return found


def read_excluded(path):
    """Moments that count nowhere, as a set of :func:`frame_key`; ``video,second`` a row."""
    if path is None:
        return set()
    try:
        return {frame_key(cells[0], _second(cells[1]))
                for _, cells in _rows(path, 'exclude_file', (2,), 'video,second')}
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f'exclude_file: {path}: {error}; expected `video,second`') from None


def read_label_map(path):
    """``{number: name}`` of a list of actions in protobuf's text form.

    Either of AVA's two forms: ``item { name: "stand" id: 12 }``, the 60 actions that are measured,
    and ``label { name: "stand" label_id: 12 label_type: PERSON_MOVEMENT }``, all 80.

    Raises:
        InputError: an entry lacks its name or its number, or there is no entry.
    """
    text, found = _text(path, 'label_file'), {}
    for entry in re.findall(r'\b(?:item|label)\s*\{(.*?)\}', text, flags=re.DOTALL):
        name = re.search(r'\bname:\s*(["\'])(.*?)(?<!\\)\1', entry)
        number = re.search(r'\b(?:label_)?id:\s*(\d+)', entry)
        if not name or not number or int(number[1]) < 1:
            raise InputError(f'label_file: {path}: expected entries such as `item {{ name: "stand" '
                             f'id: 12 }}`, numbers from 1; found {" ".join(entry.split())!r}')
        found[int(number[1])] = re.sub(r'\\(.)', r'\1', name[2])
    if not found:
        raise InputError(f'label_file: {path} holds no entry such as `item {{ name: "stand" '
                         'id: 12 }`')
    return found


def class_ids(num_classes, label_map=None, custom_classes=None):
    """The actions that count, and the column that each has in scores and labels.

    Args:
        num_classes: columns; the first is that of no action.
        label_map: of :func:`read_label_map`; actions outside are passed over. None for all.
        custom_classes: numbers of the actions to keep, whose columns follow each other.

    Returns:
        dict: column by number of the action.

    Raises:
        InputError: the numbers do not fit each other.
    """
    if custom_classes is not None:
        custom = [int(number) for number in custom_classes]
        unknown = sorted(set(custom) - set(label_map or custom)) + [n for n in custom if n < 1]
        if unknown or len(set(custom)) < len(custom):
            raise InputError(f'custom_classes: expected numbers of actions in label_file, from 1, '
                             f'each once; found {unknown or custom}')
        if num_classes != len(custom) + 1:
            raise InputError(f'num_classes: {len(custom)} custom_classes and the column of no '
                             f'action make {len(custom) + 1}, not {num_classes}')
        return {number: column for column, number in enumerate(custom, 1)}
    known = sorted(label_map) if label_map is not None else range(1, num_classes)
    if known and max(known) >= num_classes:
        raise InputError(f'num_classes: label_file has action {max(known)}, num_classes must be '
                         f'above it, not {num_classes}')
    return {number: number for number in known}


def read_proposals(path):
    """Boxes in which somebody may be, by moment.

    Args:
        path: a pickle of a dict ``'VIDEO,0902'`` -> [k, 5] (box and score) or [k, 4]; or a CSV file
            ``video,second,x0,y0,x1,y1,action,score``, whose actions do not matter.

    Returns:
        dict: float32 [k, 5 or 4] by :func:`frame_key`.

    Raises:
        MissingFileError: no such file.
        InputError: it is something else.
    """
    if str(path).lower().endswith('.csv'):
        return _proposals_of_rows(read_boxes(path, 'proposal_file'))
    if not storage.isfile(path):
        raise MissingFileError(f'proposal_file: {path} does not exist')
    try:
        content = plain_pickle.load(storage.read_bytes(path))
    except Exception as error:      # a damaged pickle raises anything
        raise InputError(f'proposal_file: {path} cannot be read as a pickle: {error}') from None
    if not isinstance(content, dict):
        raise InputError(f"proposal_file: {path}: expected a dict 'VIDEO,0902' -> [k, 5], found "
                         f'a {type(content).__name__}')
    found = {}
    for key, boxes in content.items():
        boxes = np.asarray(boxes, np.float32)
        if boxes.size == 0:
            boxes = boxes.reshape(0, 5)
        if boxes.ndim != 2 or boxes.shape[1] not in (4, 5):
            raise InputError(f'proposal_file: {path}: {key!r}: expected [k, 5] or [k, 4], found '
                             f'{list(boxes.shape)}')
        video, _, second = str(key).rpartition(',')
        if not video or not second.isdigit():
            raise InputError(f"proposal_file: {path}: expected keys such as 'VIDEO,0902', found "
                             f'{key!r}')
        found[frame_key(video, second)] = boxes
    return found


def _proposals_of_rows(rows):
    """One box of all rows that name it, with its best score; 1 where there is none."""
    best = {}
    scores = np.nan_to_num(rows.last, nan=1.0)
    for key, box, score in zip(rows.keys, map(tuple, rows.boxes.tolist()), scores, strict=True):
        own = best.setdefault(key, {})
        own[box] = max(score, own.get(box, score))
    found = {key: np.zeros((0, 5), np.float32) for key in rows.frames}
    for key, own in best.items():
        found[key] = np.array([(*box, score) for box, score in own.items()], np.float32)
    return found
