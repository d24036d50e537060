"""Checks of constructor arguments that several transforms share, made when the config is built."""
import numbers

from mmvideo.errors import InputError


def one_of(owner, name, value, allowed):
    """Return ``value`` if it is among ``allowed``, else raise with all that is."""
    if value not in allowed:
        choices = ', '.join(repr(a) for a in allowed)
        raise InputError(f'{owner}: {name} must be one of {choices}, not {value!r}')
    return value


def count(owner, name, value, least=1):
    """Return ``value`` if it is a whole number not below ``least``."""
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise InputError(f'{owner}: {name} must be a whole number >= {least}, not {value!r}')
    return int(value)


def ratio(owner, name, value):
    """Return ``value`` if it is a number in 0..1."""
    if not isinstance(value, numbers.Real) or not 0 <= value <= 1:
        raise InputError(f'{owner}: {name} must be a number in 0..1, not {value!r}')
    return value


def value_range(owner, name, value):
    """Return ``value`` as a tuple (low, high) of positive numbers with low <= high."""
    is_pair = isinstance(value, (tuple, list)) and len(value) == 2
    if not is_pair or not all(isinstance(v, numbers.Real) for v in value) \
            or not 0 < value[0] <= value[1]:
        raise InputError(f'{owner}: {name} must be (low, high) with 0 < low <= high, '
                         f'not {value!r}')
    return tuple(value)


def width_height(owner, name, value):
    """Return ``value``, one number or a pair, as (width, height) in pixels."""
    pair = (value, value) if isinstance(value, numbers.Integral) else value
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise InputError(f'{owner}: {name} must be a number or (width, height), not {value!r}')
    return tuple(count(owner, name, side) for side in pair)


def names(owner, name, value):
    """Return ``value``, a list of keys, as a list; one bare string is a frequent slip."""
    if isinstance(value, str) or not all(isinstance(v, str) for v in value):
        raise InputError(f'{owner}: {name} must be a list of names, not {value!r}')
    return list(value)
