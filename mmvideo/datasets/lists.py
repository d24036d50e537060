"""Rows of annotation files: text, CSV, JSON and JSON lines, with errors that name the place."""
import csv
import io
import json
import os.path as osp

from mmvideo import storage
from mmvideo.datasets.official import how_to_prepare
from mmvideo.errors import InputError, MissingFileError

__all__ = ['is_integer', 'json_objects', 'list_place', 'place_name', 'read_rows', 'split_fields']


def read_rows(ann_file, columns, path_key, rest='label', delimiter=None):
    """Read the fields of each sample, whatever the kind of list; the suffix tells the kind.

    Text (any suffix but the following): ``path``, the integer ``columns``, then ``rest``, parted
    by blanks. A path that contains blanks stands in double quotes, or is parted from what follows
    by a tab. Lines without content are passed over.

    ``.csv``: the same parted by commas, semicolons or tabs, with or without a line of column
    names at the top; with one, order is free, other columns are ignored, and a cell of ``rest``
    may hold several numbers parted by blanks. A file without any such mark is read as text.

    ``.json``: a list of objects with these names as keys, ``rest`` a number or a list of them.

    ``.jsonl``: one such object a line.

    Args:
        ann_file: the file.
        columns: names of the integer columns that every sample has.
        path_key: name of the path.
        rest: name of the integers at the end, of which there may be any number.
        delimiter: what parts the fields of a text list, if not blanks.

    Yields:
        tuple(int, list): line (in JSON: entry), from 1, and ``[path, *columns, *rest]``.

    Raises:
        MissingFileError: no such file.
        InputError: names file, line and content of what is wrong.
    """
    suffix = osp.splitext(str(ann_file))[1].lower()
    if suffix in ('.json', '.jsonl'):
        return _json_rows(ann_file, columns, path_key, rest)
    text = _read(ann_file)
    if suffix == '.csv':
        first = next((line for line in text.splitlines() if line.strip()), '')
        mark = next((mark for mark in ',;\t' if mark in first), None)
        if mark is not None or first.strip() == path_key:
            return _csv_rows(ann_file, text, mark or ',', columns, path_key, rest)
    return _text_rows(ann_file, text, columns, path_key, rest, delimiter)


def place_name(ann_file, number):
    """'line 12' of a text list, 'entry 12' of a JSON list, 'file 12' of a tree of folders."""
    return f'{_place(ann_file)} {number}'


def list_place(ann_file):
    """'file PATH, line' or 'file PATH, entry', to be followed by a number."""
    return f'file {ann_file}, {_place(ann_file)}'


def split_fields(line, needed, delimiter=None):
    """Fields of a line; the first may be quoted, or end at a tab, and then contain blanks."""
    if line.startswith('"'):
        path, quote, rest = line[1:].partition('"')
        if not quote:
            raise InputError('the quote is not closed')
        return [path, *rest.replace(delimiter or ' ', ' ').split()]
    if delimiter and not delimiter.isspace():
        return [field.strip() for field in line.split(delimiter)]
    path, tab, rest = line.partition('\t')
    fields = [path.rstrip(), *rest.split()]
    # A tab anywhere else is just a blank.
    return fields if tab and len(fields) >= needed else line.split()


def json_objects(ann_file):
    """(place from 1, object) of a ``.json`` file that holds a list, or of a ``.jsonl`` file."""
    if str(ann_file).lower().endswith('.jsonl'):
        lines = enumerate(_read(ann_file).splitlines(), 1)
        rows = [(number, _parsed(ann_file, line, f', line {number}'))
                for number, line in lines if line.strip()]
    else:
        rows = _parsed(ann_file, _read(ann_file))
        if not isinstance(rows, list):
            raise InputError(f'ann_file: {ann_file} must hold a list of objects, '
                             f'not a {type(rows).__name__}')
        rows = enumerate(rows, 1)
    place = list_place(ann_file)
    for number, row in rows:
        if not isinstance(row, dict):
            raise InputError(f'{place} {number}: expected an object, found {row!r}')
        yield number, row


def is_integer(value):
    """Whether a field of a text, or a value of JSON, is a whole number."""
    if isinstance(value, str):
        digits = value[1:] if value[:1] in '+-' else value
        return digits.isascii() and digits.isdigit()
    return isinstance(value, int) and not isinstance(value, bool)


def _place(ann_file):
    if storage.isdir(ann_file):
        return 'file'
    return 'entry' if str(ann_file).lower().endswith('.json') else 'line'


def _read(ann_file):
    if not storage.isfile(ann_file):
        raise MissingFileError(f'ann_file: {ann_file} does not exist; {how_to_prepare(ann_file)}')
    try:
        return storage.read_bytes(ann_file).decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise InputError(f'ann_file: {ann_file} is no UTF-8 text ({error})') from error


def _text_rows(ann_file, text, columns, path_key, rest, delimiter):
    layout = ' '.join([path_key, *columns, rest])
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        try:
            fields = split_fields(line, 2 + len(columns), delimiter)
        except InputError as error:
            raise InputError(f'file {ann_file}, line {number}: {line!r}: {error}') from error
        if len(fields) < 1 + len(columns):
            raise InputError(f'file {ann_file}, line {number}: expected `{layout}`, '
                             f'found {line!r}')
        for column, value in zip([*columns, rest], fields[1:], strict=False):
            if not is_integer(value):
                raise InputError(
                    f'file {ann_file}, line {number}: {column} {value!r} is no whole number; '
                    f'expected `{layout}`, found {line!r} (put a path that contains blanks in '
                    'double quotes)')
        yield number, fields


def _csv_rows(ann_file, text, mark, columns, path_key, rest):
    layout = mark.join([path_key, *columns, rest])
    header = None
    for i, (number, row) in enumerate(_csv_cells(ann_file, text, mark)):
        where = f'file {ann_file}, line {number}'
        if i == 0 and path_key in row:
            header = row
            absent = [name for name in columns if name not in header]
            if absent:
                raise InputError(f'{where}: there is no column {absent[0]!r} among {row}; '
                                 f'expected {", ".join([path_key, *columns, rest])}')
            continue
        if header is not None:
            if len(row) != len(header):
                raise InputError(f'{where}: {len(row)} cells under {len(header)} column names '
                                 '(put a cell that contains the separator in double quotes)')
            cells = dict(zip(header, row, strict=True))
            row = [cells[name] for name in (path_key, *columns)] + cells.get(rest, '').split()
        if len(row) < 1 + len(columns):
            raise InputError(f'{where}: expected `{layout}`, found {mark.join(row)!r}')
        yield number, row[:1 + len(columns)] + [v for v in row[1 + len(columns):] if v]


def _csv_cells(ann_file, text, mark):
    """(line, cells) of the rows with content."""
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=mark, skipinitialspace=True,
                        strict=True)
    try:
        for row in reader:
            row = [cell.strip() for cell in row]
            if any(row):
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f'file {ann_file}, line {reader.line_num}: is no valid CSV: {error} '
                         '(is a quote not closed?)') from error


def _json_rows(ann_file, columns, path_key, rest):
    place = list_place(ann_file)
    for number, row in json_objects(ann_file):
        where = f'{place} {number}'
        for key in (path_key, *columns):
            if key not in row:
                raise InputError(f'{where}: has no key {key!r}; found {row!r}')
        if not isinstance(row[path_key], str):
            raise InputError(f'{where}: {path_key} must be a string, not {row[path_key]!r}')
        last = row.get(rest, [])
        last = last if isinstance(last, list) else [last]
        yield number, [row[path_key], *(_single(row[column]) for column in columns), *last]


def _single(value):
    """What a list of one holds: some lists write every label as a list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _parsed(ann_file, text, place=''):
    try:
        return json.loads(text, object_pairs_hook=_unique_keys)
    except (json.JSONDecodeError, InputError) as error:
        raise InputError(f'ann_file: {ann_file}{place} is no valid JSON: {error}') from error


def _unique_keys(pairs):
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [k for k, _ in pairs]
        raise InputError(f'key {next(k for k in keys if keys.count(k) > 1)!r} is there twice '
                         f'in {row!r}')
    return row
