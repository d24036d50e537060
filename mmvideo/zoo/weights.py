"""The weights of a row: fetched, or a file that is held against the published ones."""
import os.path as osp
from typing import NamedTuple

import torch

from mmvideo.checkpoint_file import (
    check_hash,
    fetch,
    hash_in,
    hash_of,
    local_file,
    read_checkpoint,
)
from mmvideo.engine.checkpoint import match_state_dict
from mmvideo.errors import InputError
from mmvideo.registry import MODELS

from .choice import parts_of, row_with_weights

__all__ = ['Weights', 'check_fit', 'is_scores', 'place_of', 'weights_of']

DIGITS = 8
OWN = osp.join('work_dirs', 'embedded')     # where rows of the embedded benchmark are trained
SCORES = ('.pkl', '.pickle', '.json', '.yaml', '.yml')


class Weights(NamedTuple):
    """The weights, or the scores, of a row or of one of its parts.

    Args:
        row: whose weights they are.
        file: path.
        place: which of the row's published weights; None for others.
        digits: of the file's hash.
    """
    row: object
    file: str
    place: int = None
    digits: str = None

    def as_dict(self):
        return dict(file=osp.basename(self.file), sha256=self.digits,
                    is_published=self.place is not None)


def is_scores(file):
    """Whether a file holds scores rather than weights, by its suffix."""
    return str(file).lower().endswith(SCORES)


def weights_of(row, rows, given=(), tell=None):
    """The weights to measure a row with: those given, else the published ones.

    Args:
        row: :class:`~mmvideo.zoo.Row`.
        rows: all rows of its config.
        given: files or addresses, one for each part of a row that is made of several; scores of
            a part do, too.
        tell: makes what a download is told to, see :func:`mmvideo.checkpoint_file.fetch`, from
            the name of the file.

    Returns:
        list[Weights]: one for each part.

    Raises:
        InputError: a wrong count, a file that is damaged, or weights of another row.
    """
    parts = parts_of(row) or [(row, rows)]
    if given and len(given) != len(parts):
        names = ' and '.join(one.stem for one, _ in parts)
        raise InputError(f'{len(given)} files for {row.title}; expected {len(parts)}: the weights '
                         f'of {names}' + (', or their scores' if len(parts) > 1 else ''))
    if not given:
        return [_published(one, beside, tell) for one, beside in parts]
    found = []
    for (one, beside), source in zip(parts, given, strict=True):
        file = local_file(source)
        if is_scores(file):
            if not row.cfg.get('fusion'):
                raise InputError(f'{source}: weights are expected; scores are for rows that are '
                                 'a sum of scores')
            found.append(Weights(one, file))
            continue
        check_hash(file)
        found.append(Weights(one, file, *place_of(one, beside, file)))
    return found


def _published(row, rows, tell):
    """The first weights of a row, which may be told of a neighbor with other crops alone.

    Those of the embedded benchmark are where they were trained.
    """
    if row.number is None:
        own = osp.join(OWN, row.stem, f'epoch_{row.epochs}.pth')
        if osp.isfile(own):
            return Weights(row, own, None, hash_of(own)[:DIGITS])
    beside = [one for one in rows if one.checkpoints and (one.section, one.get('resolution'))
              == (row.section, row.get('resolution'))]
    having = row if row.checkpoints or not beside else beside[0]
    row_with_weights([having], rows)
    address = having.checkpoints[0]
    file = fetch(address, tell and tell(osp.basename(address)))
    check_hash(file)
    return Weights(row, file, 0, hash_of(file)[:DIGITS])


def place_of(row, rows, file):
    """Which of a row's weights a file is, told by its content.

    Args:
        row: that is meant.
        rows: all rows of its config, which share its network.
        file: path.

    Returns:
        tuple(int, str): the place among ``row.checkpoints``, None for weights of one's own; the
        file's hash, first digits.

    Raises:
        InputError: these are the published weights of another row.
    """
    digits = hash_of(file)[:DIGITS]
    for one in [row, *rows]:
        hashes = [(hash_in(address) or '')[:DIGITS] for address in one.checkpoints]
        if digits not in hashes:
            continue
        same = (one.section, one.get('resolution')) == (row.section, row.get('resolution'))
        if one is not row and row.checkpoints not in ([], one.checkpoints) or not same:
            raise InputError(f'{file} has the weights of {one.title} ({one.section}, '
                             f'{one.get("resolution", "any resolution")}), not of {row.title} '
                             f'({row.section}, {row.get("resolution", "any resolution")}); '
                             f'--row {one.number} measures those')
        return hashes.index(digits), digits
    return None, digits


def check_fit(model, file):
    """Raise unless every key of a checkpoint fits a network, before hours are spent on the data.

    Args:
        model: config of a recognizer.
        file: path of the checkpoint.

    Raises:
        InputError: keys are missing, unknown, or of another shape.
    """
    found = read_checkpoint(file)
    if not isinstance(found, dict):
        raise InputError(f'{file} holds a {type(found).__name__}; expected a dict of tensors')
    with torch.device('meta'):
        network = MODELS.build(model)
    match_state_dict(network, found.get('state_dict', found), osp.basename(file), strict=True)
