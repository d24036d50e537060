"""Measured rows as files: what ``tools/zoo.py reproduce`` writes and the page shows."""
import datetime
import json
import os.path as osp
from glob import glob

import torch

import mmvideo
from mmvideo.errors import InputError
from mmvideo.evaluation.scores import write_file

__all__ = ['file_of', 'read_results', 'report', 'result', 'write_result']

FORMAT = 'mmvideo-reproduction'


def result(row, measured, weights, tolerance, limit=None):
    """What was measured, as plain values.

    Args:
        row: :class:`~mmvideo.zoo.Row`.
        measured: from :func:`mmvideo.zoo.reproduce.measure`.
        weights: what it was measured with, see :func:`mmvideo.zoo.weights.weights_of`.
        tolerance: in points.
        limit: how many items it was limited to; None for all.
    """
    return dict(
        format=FORMAT, row=row.number, config=row.stem, name=row.name, section=row.section,
        weights=[one.as_dict() for one in weights], data=measured.data, tests=measured.tests,
        figures=[dict(figure) for figure in measured.figures], lost=measured.lost,
        tolerance=tolerance, limit=limit, is_full=limit is None and measured.is_complete,
        is_within=all(abs(figure['difference']) <= tolerance for figure in measured.figures),
        mmvideo=mmvideo.__version__, torch=torch.__version__,
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU',
        date=datetime.date.today().isoformat())


def report(found, titles):
    """A result as lines of text, the verdict last.

    Args:
        found: from :func:`result`.
        titles: what to call its figures, in their order.
    """
    width = max(map(len, titles))
    lines = [f'{"":{width}}  published  measured  difference']
    for title, figure in zip(titles, found['figures'], strict=True):
        lines.append(f'{title:{width}}  {figure["published"]:9.2f}  {figure["measured"]:8.2f}  '
                     f'{figure["difference"]:+10.2f}')
        if 'least' in figure:
            lines.append(f'{"":{width}}  {found["lost"]} items are lost: with them '
                         f'{figure["least"]:.2f} to {figure["most"]:.2f}, which can explain '
                         f'{figure["explained"]:.0%} of the difference')
    return [*lines, _verdict(found)]


def _verdict(found):
    worst = max((abs(figure['difference']) for figure in found['figures']), default=0.)
    tolerance = found['tolerance']
    if found['limit'] is not None:
        return (f'a trial run of {found["tests"][0]["items"]} items, evenly spread: it runs, and '
                'says nothing about the figures')
    if not found['is_within']:
        return f'not reproduced: it differs by up to {worst:.2f} points, {tolerance:g} are allowed'
    if not found['is_full']:
        return (f'within {tolerance:g} points of the published figures (at most {worst:.2f} '
                'away), but not on all items of the list')
    return f'reproduced: it differs by at most {worst:.2f} points, {tolerance:g} are allowed'


def file_of(row, folder):
    """Where the result of a row is kept."""
    return osp.join(folder, f'row_{row.number:03d}.json')


def write_result(found, path):
    """Write a result as JSON."""
    write_file(path, (json.dumps(found, indent=1, ensure_ascii=False) + '\n').encode())


def read_results(folder):
    """``{row number: result}`` of full runs with the published weights.

    Args:
        folder: with files of :func:`write_result`; there may be none.

    Raises:
        InputError: a file that is no result.
    """
    found = {}
    for path in sorted(glob(osp.join(folder, 'row_*.json'))):
        try:
            with open(path, encoding='utf-8') as file:
                one = json.load(file)
            is_ours = one['format'] == FORMAT
            counts = one['is_full'] and all(w['is_published'] for w in one['weights'])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f'{path} is no result of tools/zoo.py reproduce: {error}') from error
        if not is_ours:
            raise InputError(f'{path} is no result of tools/zoo.py reproduce')
        if counts and one['row'] is not None:
            found[one['row']] = one
    return found
