"""From the rows of a list to records: numbers and labels checked, with errors that name the line.
"""
from mmvideo.datasets.lists import is_integer, list_place, read_rows
from mmvideo.errors import InputError

__all__ = ['checked_integer', 'checked_label', 'read_records']


def read_records(ann_file, columns, path_key, multi_class=False, num_classes=None,
                 labels_optional=False, delimiter=None):
    """Read a list of samples: a path, the integer ``columns``, and a label or several.

    Args:
        ann_file, columns, path_key, delimiter: as of :func:`mmvideo.datasets.lists.read_rows`,
            which tells how lists may look.
        multi_class: a sample may have several labels.
        num_classes: labels must lie below it, if given.
        labels_optional: samples may come without a label, which is then -1.

    Returns:
        tuple(list[dict], list[int]): records, and for each its line (in JSON: its entry), from 1.

    Raises:
        MissingFileError: no such file.
        InputError: names file, line and content of what is wrong.
    """
    records, places = [], []
    place = list_place(ann_file)
    for number, fields in read_rows(ann_file, columns, path_key, delimiter=delimiter):
        where = f'{place} {number}'
        record = {path_key: fields[0]}
        try:
            for column, value in zip(columns, fields[1:], strict=False):
                record[column] = checked_integer(where, column, value,
                                                 1 if column == 'total_frames' else 0)
            labels = [checked_integer(where, 'label', v) for v in fields[1 + len(columns):]]
            record['label'] = checked_label(where, labels, multi_class, num_classes,
                                            labels_optional)
        except InputError as error:
            layout = ' '.join([path_key, *columns, 'label'])
            raise InputError(f'{error}; expected `{layout}`, found '
                             f'{" ".join(map(str, fields))!r}') from None
        records.append(record)
        places.append(number)
    if not records:
        raise InputError(f'ann_file: {ann_file} holds no sample')
    return records, places


def checked_integer(where, name, value, least=None):
    """The value of a field as an int; ``where`` is for the error."""
    if not is_integer(value):
        raise InputError(f'{where}: {name} {value!r} is no whole number')
    if least is not None and int(value) < least:
        raise InputError(f'{where}: {name} {value} is too small')
    return int(value)


def checked_label(where, labels, multi_class, num_classes, is_optional):
    """The label of a record, or with ``multi_class`` its labels; -1 for none if optional."""
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
