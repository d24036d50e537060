"""The row that a command is about: by the name of its config, or as the tables call it."""
import os.path as osp

from mmvideo.engine.config_file import find_config
from mmvideo.errors import InputError, MissingFileError

from .rows import read_configs, read_rows

__all__ = ['row_with_weights', 'rows_of']


def rows_of(name, number=None):
    """The rows of a config, those that are asked for and all.

    Args:
        name: of a config, or of a row as the tables have it.
        number: of the row; needed where it is not the first of its config.

    Returns:
        tuple(list, list): the rows meant, in the order of the tables; all rows of the config.

    Raises:
        InputError: there is no such config, it stands in no table, or has no such row.
    """
    stem = osp.basename(name).removesuffix('.py')
    try:
        path = find_config(name)
    except MissingFileError:
        named = [row for row in read_rows(read_configs()) if row.name == stem]
        if not named:
            raise
        path = named[0].path
    rows = _rows_on(path)
    named = [row for row in rows if row.name == stem != row.stem]
    number = named[0].number if named and number is None else number
    if not rows:
        raise InputError(f'{path} is in no row of the tables, so it has no published weights; '
                         'model-zoo.md lists those that are')
    numbers = [row.number for row in rows]
    if number is not None and number not in numbers:
        raise InputError(f'--row {number}: rows on {path} are {numbers}')
    return [row for row in rows if number in (None, row.number)], rows


def _rows_on(path):
    """The rows of one config; other configs are read only if one of its rows has their weights."""
    configs = read_configs([path])
    if any('weights_of' in entry for entry in configs[path].get('zoo') or []):
        configs = read_configs()
    return [row for row in read_rows(configs) if osp.samefile(row.path, path)]


def row_with_weights(asked, rows):
    """The first of the rows asked for that has published weights, and all others that have some.

    Args:
        asked, rows: from :func:`rows_of`.

    Raises:
        InputError: none of those asked for has weights of its own.
    """
    having = [row for row in asked if row.checkpoints]
    if not having:
        terms = rows[0].cfg.get('average') or (rows[0].cfg.get('fusion') or {}).get('configs', [])
        raise InputError(f'row {asked[0].number} on {asked[0].path} has no published weights of '
                         'its own' + (f'; it is made of {" and ".join(terms)}' if terms else ''))
    return having[0], [row for row in rows if row.checkpoints and row is not having[0]]
