"""Configs as text that reads like one written by hand."""
import keyword
import math

__all__ = ['one_line', 'to_text']

WIDTH = 100


def to_text(cfg, width=WIDTH):
    """A config as a Python config file: an assignment for each key, ``type`` first in a dict.

    Args:
        cfg: a loaded config, or a dict whose keys are names.
        width: columns. What does not fit on a line is broken after its commas.
    """
    return ''.join(f'{key} = {_broken(value, "", len(key) + 3, width)}\n'
                   for key, value in cfg.items())


def one_line(value):
    """A value as Python writes it, dicts as ``dict(type='Flip', flip_ratio=0.5)``."""
    if isinstance(value, (dict, list, tuple)):
        head, parts, tail = _parts(value)
        comma = ',' if isinstance(value, tuple) and len(value) == 1 else ''
        return head + ', '.join(label + one_line(inner) for label, inner in parts) + comma + tail
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    return repr(value)


def _parts(value):
    """What a container opens with, its values with what stands before each, what closes it."""
    if not isinstance(value, dict):
        brackets = '()' if isinstance(value, tuple) else '[]'
        return brackets[0], [('', inner) for inner in value], brackets[1]
    pairs = sorted(value.items(), key=lambda pair: pair[0] != 'type')
    if all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key)
           for key in value):
        return 'dict(', [(f'{key}=', inner) for key, inner in pairs], ')'
    return '{', [(f'{key!r}: ', inner) for key, inner in pairs], '}'


def _broken(value, indent, used, width):
    """The text of a value that starts in column ``used``; lines below begin with ``indent``."""
    line = one_line(value)
    # One column is left for the comma that may follow.
    if used + len(line) < width or not isinstance(value, (dict, list, tuple)) or not value:
        return line
    head, parts, tail = _parts(value)
    inner = indent + '    '
    rows = [inner + label + _broken(part, inner, len(inner) + len(label), width)
            for label, part in parts]
    return head + '\n' + ',\n'.join(rows) + (',' if head == '(' else '') + tail
