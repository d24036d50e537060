"""Writes lists that :func:`mmvideo.datasets.lists.read_rows` reads back."""
import csv
import io
import json
import os.path as osp

from mmvideo.errors import InputError
from mmvideo.storage import replacing

__all__ = ['write_records']


def write_records(path, records, columns, path_key, rest='label'):
    """Write the samples of a list; the suffix tells the kind, as it does when a list is read.

    The file takes its place once it is whole. Folders on the way are made.

    Args:
        path: ``.json``, ``.jsonl``, ``.csv``, or text with any other suffix.
        records: dicts with ``path_key``, ``columns`` and ``rest``: a whole number, a list of them
            or, in JSON only, anything else; a sample without label lacks it.
        columns: names of the integer columns.
        path_key: name of the path.
        rest: name of the label or labels.

    Raises:
        InputError: a path that this kind of list cannot hold.
    """
    suffix = osp.splitext(str(path))[1].lower()
    keys = (path_key, *columns)
    records = [{**{key: record[key] for key in keys},
                **({rest: record[rest]} if rest in record else {})} for record in records]
    if suffix in ('.json', '.jsonl'):
        text = _json_text(records, rest, suffix)
    elif suffix == '.csv':
        text = _csv_text(records, keys, rest)
    else:
        text = ''.join(_line(path, record, keys, rest) for record in records)
    with replacing(path) as draft:
        draft.write_bytes(text.encode('utf-8'))


def _json_text(records, rest, suffix):
    # MMAction2 reads labels only as lists, also where there is one.
    for record in records:
        if isinstance(record.get(rest), int):
            record[rest] = [record[rest]]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    if suffix == '.jsonl':
        return ''.join(line + '\n' for line in lines)
    return '[\n' + ',\n'.join(lines) + '\n]\n'


def _csv_text(records, keys, rest):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow([*keys, rest])
    for record in records:
        writer.writerow([*(record[key] for key in keys), ' '.join(_labels(record, rest))])
    return text.getvalue()


def _line(path, record, keys, rest):
    name = record[keys[0]]
    if '\n' in name or '\r' in name or name.startswith('"') or (' ' in name and '"' in name):
        raise InputError(f'{path}: a list of text cannot hold the path {name!r}; expected a list '
                         'that ends in .json or .csv')
    quoted = f'"{name}"' if any(c.isspace() for c in name) else name
    fields = [quoted, *(str(record[key]) for key in keys[1:]), *_labels(record, rest)]
    return ' '.join(fields) + '\n'


def _labels(record, rest):
    label = record.get(rest, [])
    return [str(value) for value in (label if isinstance(label, list) else [label])]
