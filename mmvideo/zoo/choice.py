"""The row that a command is about: by the name of its config, or as the tables call it."""
import os.path as osp

from mmvideo.engine.config_file import config_name, find_config
from mmvideo.errors import InputError

from .rows import Row, read_configs, read_rows

__all__ = ['parts_of', 'row_with_weights', 'rows_of']


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
    path, stem = find_config(name), config_name(name)
    rows = _rows_on(path)
    named = [row for row in rows if row.name == stem != row.stem]
    number = named[0].number if named and number is None else number
    if not rows:
        raise InputError(f'{path} is in no row of the tables, so it has no published weights or '
                         'figures; model-zoo.md lists those that are')
    numbers = [row.number for row in rows]
    if number is not None and number not in numbers:
        raise InputError(f'--row {number}: rows on {path} are {numbers}')
    return [row for row in rows if number in (None, row.number)], rows


def _rows_on(path):
    """The rows of one config; other configs are read only if one of its rows has their weights."""
    configs = read_configs([path])
    if any('weights_of' in entry for entry in configs[path].get('zoo') or []):
        configs = read_configs()
    rows = [row for row in read_rows(configs) if osp.samefile(row.path, path)]
    return rows or _benchmark_row(path, configs[path])


def _benchmark_row(path, cfg):
    """The row of the embedded benchmark on a config, which has no number; none for most."""
    if not cfg.get('benchmark'):
        return []
    from .embedded import read_results
    figures = read_results()['rows'].get(config_name(path))
    if figures is None:
        return []
    return [Row(path, cfg, dict(row=None, section='Embedded benchmark', top1=figures.top1,
                                mean_class=figures.mean_class))]


def parts_of(row):
    """The rows that one is made of: pairs of a row and all rows of its config; none for most.

    Of several rows on a config it is the one that goes by the config's own name.
    """
    fusion = row.cfg.get('fusion') or {}
    found = []
    for stem in row.cfg.get('average') or fusion.get('configs', []):
        _, rows = rows_of(stem)
        found.append((next((one for one in rows if one.name == one.stem), rows[0]), rows))
    return found


def row_with_weights(asked, rows):
    """The first of the rows asked for that has published weights, and all others that have some.

    Args:
        asked, rows: from :func:`rows_of`.

    Raises:
        InputError: none of those asked for has weights of its own.
    """
    having = [row for row in asked if row.checkpoints]
    if not having:
        row = asked[0]
        if row.number is None:
            raise InputError(f'{row.stem} has no published weights; '
                             f'python tools/zoo.py embedded {row.stem} trains it')
        terms = row.cfg.get('average') or (row.cfg.get('fusion') or {}).get('configs', [])
        raise InputError(f'row {row.number} on {row.path} has no published weights of '
                         'its own' + (f'; it is made of {" and ".join(terms)}' if terms else ''))
    return having[0], [row for row in rows if row.checkpoints and row is not having[0]]
