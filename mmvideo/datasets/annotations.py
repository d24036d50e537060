"""Annotation files: text lists and JSON lists, with errors that name the line."""
import json
import os.path as osp

from mmvideo.errors import InputError, MissingFileError


def read_records(ann_file, columns, path_key, multi_class=False, num_classes=None,
                 labels_optional=False):
    """Read a list of samples.

    Text lists hold one sample a line: a path, then the integer ``columns``, then the label, or
    several with ``multi_class``. Fields are parted by blanks. A path that contains blanks stands in
    double quotes, or is parted from the rest by a tab. Lines without content are passed over.

    A file that ends in ``.json`` holds a list of objects with the same names as keys, and ``label``
    an integer or a list of them.

    Args:
        ann_file: the file.
        columns: names of the integer columns between path and label.
        path_key: name under which the path is kept.
        multi_class: a sample may have several labels.
        num_classes: labels must lie below it, if given.
        labels_optional: samples may come without a label, which is then -1.

    Returns:
        tuple(list[dict], list[int]): records, and for each its line (in JSON: its entry), from 1.

    Raises:
        MissingFileError: no such file.
        InputError: names file, line and content of what is wrong.
    """
    if not osp.isfile(ann_file):
        raise MissingFileError(f'ann_file: {ann_file} does not exist')
    parse = _json_rows if str(ann_file).endswith('.json') else _text_rows
    records, places = [], []
    for number, fields in parse(ann_file, columns, path_key):
        where = f'file {ann_file}, {place_name(ann_file, number)}'
        record = {path_key: fields[0]}
        try:
            for column, value in zip(columns, fields[1:], strict=False):
                record[column] = _integer(where, column, value)
                if record[column] < (1 if column == 'total_frames' else 0):
                    raise InputError(f'{where}: {column} {value} is too small')
            labels = [_integer(where, 'label', v) for v in fields[1 + len(columns):]]
            record['label'] = _label(where, labels, multi_class, num_classes, labels_optional)
        except InputError as error:
            layout = ' '.join([path_key, *columns, 'label'])
            raise InputError(f'{error}; expected `{layout}`, found '
                             f'{" ".join(map(str, fields))!r}') from None
        records.append(record)
        places.append(number)
    if not records:
        raise InputError(f'ann_file: {ann_file} holds no sample')
    return records, places


def place_name(ann_file, number):
    """'line 12' of a text list, 'entry 12' of a JSON list."""
    return f'{"entry" if str(ann_file).endswith(".json") else "line"} {number}'


def split_fields(line, needed):
    """Fields of a line; the first may be quoted, or end at a tab, and then contain blanks."""
    if line.startswith('"'):
        path, quote, rest = line[1:].partition('"')
        if not quote:
            raise InputError('the quote is not closed')
        return [path, *rest.split()]
    path, tab, rest = line.partition('\t')
    fields = [path.rstrip(), *rest.split()]
    # A tab anywhere else is just a blank.
    return fields if tab and len(fields) >= needed else line.split()


def _text_rows(ann_file, columns, path_key):
    layout = ' '.join([path_key, *columns, 'label'])
    with open(ann_file, encoding='utf-8-sig') as file:
        try:
            lines = file.read().splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f'ann_file: {ann_file} is no UTF-8 text ({error})') from error
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        try:
            fields = split_fields(text, 2 + len(columns))
        except InputError as error:
            raise InputError(f'file {ann_file}, line {number}: {text!r}: {error}') from error
        if len(fields) < 1 + len(columns):
            raise InputError(f'file {ann_file}, line {number}: expected `{layout}`, '
                             f'found {text!r}')
        for column, value in zip([*columns, 'label'], fields[1:], strict=False):
            if not _is_integer(value):
                raise InputError(
                    f'file {ann_file}, line {number}: {column} {value!r} is no whole number; '
                    f'expected `{layout}`, found {text!r} (put a path that contains blanks in '
                    'double quotes)')
        yield number, fields


def _json_rows(ann_file, columns, path_key):
    with open(ann_file, encoding='utf-8') as file:
        try:
            rows = json.load(file, object_pairs_hook=_unique_keys)
        except (json.JSONDecodeError, UnicodeDecodeError, InputError) as error:
            raise InputError(f'ann_file: {ann_file} is no valid JSON: {error}') from error
    if not isinstance(rows, list):
        raise InputError(f'ann_file: {ann_file} must hold a list of objects, '
                         f'not a {type(rows).__name__}')
    for number, row in enumerate(rows, 1):
        where = f'file {ann_file}, entry {number}'
        if not isinstance(row, dict):
            raise InputError(f'{where}: expected an object, found {row!r}')
        for key in (path_key, *columns):
            if key not in row:
                raise InputError(f'{where}: has no key {key!r}; found {row!r}')
        if not isinstance(row[path_key], str):
            raise InputError(f'{where}: {path_key} must be a string, not {row[path_key]!r}')
        labels = row.get('label', [])
        labels = labels if isinstance(labels, list) else [labels]
        yield number, [row[path_key], *(row[c] for c in columns), *labels]


def _unique_keys(pairs):
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [k for k, _ in pairs]
        raise InputError(f'key {next(k for k in keys if keys.count(k) > 1)!r} is there twice '
                         f'in {row!r}')
    return row


def _is_integer(value):
    if isinstance(value, str):
        digits = value[1:] if value[:1] in '+-' else value
        return digits.isascii() and digits.isdigit()
    return isinstance(value, int) and not isinstance(value, bool)


def _integer(where, name, value):
    if not _is_integer(value):
        raise InputError(f'{where}: {name} {value!r} is no whole number')
    return int(value)


def _label(where, labels, multi_class, num_classes, is_optional):
    if is_optional and (not labels or labels == [-1]):
        return -1
    if not labels:
        raise InputError(f'{where}: has no label (only a list for testing may go without)')
    if not multi_class and len(labels) > 1:
        raise InputError(f'{where}: {len(labels)} labels {labels}, expected one '
                         '(several need multi_class=True)')
    for label in labels:
        if label < 0 or (num_classes is not None and label >= num_classes):
            allowed = 'from 0 on' if num_classes is None else f'0..{num_classes - 1}'
            raise InputError(f'labels start at 0; {where}: label {label}, expected {allowed}')
    return labels if multi_class else labels[0]
