"""How one weight of ours is made of weights of another collection, and the way back."""
from typing import NamedTuple

import torch

from mmvideo.errors import InputError

__all__ = ['Entry', 'Report', 'convert', 'entry', 'revert']

SHOWN = 5
COUNTER = 'num_batches_tracked'


class Entry(NamedTuple):
    """One weight of ours and where it comes from.

    Args:
        ours: its key.
        theirs: keys of the other collection that it is made of; none for a value of its own.
        read: function from their tensors (a list) to ours.
        write: the inverse, from ours to a list of theirs; None where there is none.
        also: further keys under which the other collection holds the first of these tensors.
        is_exact: whether what was read and is written again is the same to the last bit.
    """
    ours: str
    theirs: tuple
    read: object
    write: object
    also: tuple = ()
    is_exact: bool = True


class Report(NamedTuple):
    """What :func:`convert` found.

    Args:
        filled: how many weights of ours were made.
        missing: keys of ours that the file has nothing for.
        unused: keys of the file that nothing was made of.
        odd: sentences, one a weight whose shape does not fit.
    """
    filled: int
    missing: tuple
    unused: tuple
    odd: tuple

    @property
    def is_complete(self):
        return not (self.missing or self.unused or self.odd)

    def lines(self):
        """The findings, as sentences."""
        said = [f'{self.filled} weights converted']
        for what, keys in (('nothing in the file for', self.missing),
                           ('left over in the file', self.unused), ('does not fit', self.odd)):
            if keys:
                more = f', and {len(keys) - SHOWN} more' if len(keys) > SHOWN else ''
                said.append(f'{what}: {", ".join(keys[:SHOWN])}{more}')
        return said


def entry(ours, theirs, read=None, write=None, also=()):
    """An :class:`Entry` of one tensor that is taken over as it is, or changed in its form.

    Args:
        ours, theirs, also: see :class:`Entry`; one key of theirs.
        read, write: functions from one tensor to one.
    """
    def as_one(change):
        return lambda tensors: change(tensors[0])

    def as_list(change):
        return lambda tensor: [change(tensor)]

    same = torch.Tensor.clone
    return Entry(ours, (theirs,), as_one(read or same), as_list(write or same), also)


def convert(entries, state, shapes):
    """Make our weights of those of another collection.

    Args:
        entries: list of :class:`Entry`, one for each of ours.
        state: their tensors by key.
        shapes: ours, ``{key: shape}``.

    Returns:
        tuple(dict, Report): our tensors by key, and what did not match.
    """
    made, missing, odd, used = {}, [], [], set()
    for one in entries:
        used.update(one.theirs, one.also)
        absent = [key for key in one.theirs if key not in state]
        if absent:
            if one.ours.endswith(COUNTER):      # older files do not count batches
                made[one.ours] = torch.zeros((), dtype=torch.long)
            else:
                missing.append(f'{one.ours} ({absent[0]})')
            continue
        found = [state[key] for key in one.theirs]
        try:
            value = one.read(found)
        except (RuntimeError, IndexError, ValueError):
            value = None
        if value is None or tuple(value.shape) != tuple(shapes[one.ours]):
            sizes = ' + '.join(str(tuple(tensor.shape)) for tensor in found)
            odd.append(f'{one.theirs[0]} {sizes} as {one.ours} {tuple(shapes[one.ours])}')
        else:
            made[one.ours] = value.contiguous()
    unused = sorted(set(state) - used)
    return made, Report(len(made), tuple(missing), tuple(unused), tuple(odd))


def revert(entries, state):
    """Make another collection's weights of ours; the inverse of :func:`convert`.

    Raises:
        InputError: something of ours has no form there.
    """
    made = {}
    for one in entries:
        if one.ours not in state:
            raise InputError(f'the checkpoint has no {one.ours}: it is of another network than '
                             'the config')
        if one.write is None:
            raise InputError(f'{one.ours} has no counterpart in the other collection: there is '
                             'no way back for this network')
        tensors = one.write(state[one.ours])
        made.update(zip(one.theirs, tensors, strict=True))
        made.update({key: tensors[0] for key in one.also})
    return made
