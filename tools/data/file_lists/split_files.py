"""Lines of split files, each with its place, and what they say of an item."""
import csv
import json
import os.path as osp
import re
from dataclasses import dataclass

from mmvideo.errors import InputError, MissingFileError
from mmvideo.labels import label_names
from mmvideo.registry import nearest

__all__ = ['Annotations', 'Classes', 'Entry', 'csv_lines', 'json_object', 'plain', 'text_lines']


@dataclass(frozen=True)
class Entry:
    """What a split file says of one item.

    Args:
        stems: names that its file or folder may have, without suffix, the likeliest first.
        label: a class, a list of classes, or tags by category; None if the split file has none.
        folder: the class folder it is in, as far as the split file knows; '' if it does not.
        is_in_folder: an item of that name in another folder is another item.
        segments: (start, end, class) of its actions; shares of its duration.
    """
    stems: tuple
    label: object = None
    folder: str = ''
    is_in_folder: bool = False
    segments: tuple = ()


class Annotations:
    """A folder of split files, whose names differ from release to release."""

    def __init__(self, folder):
        self.folder = folder

    def find(self, *names):
        """Path of the first of ``names`` that is there.

        Raises:
            MissingFileError: none is; all are named.
        """
        for name in names:
            if osp.isfile(osp.join(self.folder, name)):
                return osp.join(self.folder, name)
        raise MissingFileError(f'--anno-dir: {self.folder} has no split file '
                               f'{" or ".join(names)}')

    def has(self, *names):
        return any(osp.isfile(osp.join(self.folder, name)) for name in names)


class Classes:
    """Numbers of class names, found whatever the case, blanks and marks of the spelling."""

    def __init__(self, names, source):
        self.names = list(names)
        self.source = source
        self.numbers = {plain(name): number for number, name in enumerate(self.names)}

    @classmethod
    def named(cls, label_map):
        return cls(label_names(label_map), f'label map {label_map}')

    def number(self, name, where):
        """The number of a class that the line ``where`` names."""
        number = self.numbers.get(plain(name))
        if number is None:
            raise InputError(f'{where}: class {name!r} is not among the {len(self.names)} of '
                             f'{self.source}; {nearest(name, self.names)}')
        return number

    def check(self, number, where):
        """The number of a class that the line ``where`` numbers."""
        if not isinstance(number, int) or isinstance(number, bool) \
                or not 0 <= number < len(self.names):
            raise InputError(f'{where}: class {number!r}, expected 0..{len(self.names) - 1}')
        return number

    def must_equal(self, names, path):
        """Raise unless a file of the publisher numbers the classes alike."""
        names = list(names)
        if len(names) != len(self.names):
            raise InputError(f'{path}: {len(names)} classes, {self.source} has '
                             f'{len(self.names)}')
        for number, (ours, theirs) in enumerate(zip(self.names, names, strict=True)):
            if plain(ours) != plain(theirs):
                raise InputError(f'{path}: class {number} is {theirs!r}, in {self.source} '
                                 f'{ours!r}; expected the same order')


def plain(name):
    """Letters and digits of a class name: what all its spellings have in common."""
    return re.sub(r'[\W_]+', '', name).lower()


def read_text(path):
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise InputError(f'{path}: is no UTF-8 text ({error})') from error


def text_lines(path, fields, layout):
    """(place, fields) of the lines with content.

    Args:
        path: the file.
        fields: how many a line may have, parted by blanks: a number or several.
        layout: what a line looks like, for the error.
    """
    allowed = fields if isinstance(fields, tuple) else (fields,)
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) not in allowed:
            raise InputError(f'file {path}, line {number}: expected `{layout}`, '
                             f'found {line.strip()!r}')
        yield f'file {path}, line {number}', words


def csv_lines(path, least, layout, delimiter=','):
    """(place, cells) of the lines with content; ``least`` cells are needed."""
    lines = read_text(path).splitlines()
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True,
                        # Semicolons part sentences, whose quotation marks mean nothing.
                        quoting=csv.QUOTE_NONE if delimiter == ';' else csv.QUOTE_MINIMAL)
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            where = f'file {path}, line {reader.line_num}'
            if not any(cells):
                continue
            if len(cells) < least:
                raise InputError(f'{where}: expected `{layout}`, '
                                 f'found {delimiter.join(cells)!r}')
            yield where, cells
    except csv.Error as error:
        raise InputError(f'file {path}, line {reader.line_num}: is no valid CSV: {error}') \
            from error


def json_object(path, kind=dict):
    """What a JSON file holds, which must be a ``kind``."""
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f'file {path}, line {error.lineno}: is no valid JSON: {error}') \
            from error
    if not isinstance(value, kind):
        raise InputError(f'file {path}: expected {"an object" if kind is dict else "a list"}, '
                         f'found a {type(value).__name__}')
    return value
