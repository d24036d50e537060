"""What a class says about itself and its arguments, taken out of its docstring."""
import inspect
import itertools
import re
import sys
import textwrap
from pathlib import Path

__all__ = ['argument_texts', 'first_paragraph', 'owner', 'where']

ROLE = re.compile(r':\w+(?::\w+)*:`~?([^`]*)`')
# `name: text`, or with a type, `name (int, optional): text`.
ENTRY = re.compile(r'^(\*{0,2}\w+)(?: *\([^:]*\))?: *(.*)$')
SECTIONS = ('Args:', 'Arguments:', 'Parameters:')
ELSEWHERE = re.compile(r'see :\w+:')


def first_paragraph(cls):
    """The first paragraph of a docstring, on one line; empty if there is none."""
    return _plain((cls.__doc__ and inspect.getdoc(cls) or '').split('\n\n')[0])


def argument_texts(cls):
    """What the docstrings of a class, and then of its parents, say about arguments, by name.

    Where a class sends the reader to another (``depth: see :class:`ResNet```), a parent's text
    takes its place.
    """
    texts = {}
    for ancestor in inspect.getmro(cls) if inspect.isclass(cls) else [cls]:
        for name, text in _entries(inspect.cleandoc(ancestor.__doc__ or '')):
            if name not in texts or ELSEWHERE.match(texts[name]) and not ELSEWHERE.match(text):
                texts[name] = text
    return {name: _plain(text) for name, text in texts.items()}


def _entries(doc):
    """Names and texts of the section about arguments; what is said is indented below a name."""
    lines = doc.splitlines()
    start = next((i for i, line in enumerate(lines) if line in SECTIONS), len(lines))
    section = itertools.takewhile(lambda line: not line.strip() or line.startswith(' '),
                                  lines[start + 1:])
    name, said = None, []
    for line in [*textwrap.dedent('\n'.join(section)).splitlines(), 'end:']:
        entry = ENTRY.match(line)
        if entry:
            if name:
                yield name, _joined(said)
            name, said = entry.group(1).lstrip('*'), [entry.group(2)]
        else:
            said.append(line)


def _joined(lines):
    """The first paragraph of what is said about one argument."""
    return ' '.join('\n'.join(line.strip() for line in lines).strip().split('\n\n')[0].split())


def _plain(text):
    """Docstring text as read on a terminal: no markup for names and literals."""
    text = ROLE.sub(lambda role: role.group(1).rpartition('.')[2], ' '.join(text.split()))
    return text.replace('``', '')


def owner(cls, argument):
    """The class that takes an argument: ``cls`` itself, or the parent that it is handed to."""
    for ancestor in inspect.getmro(cls) if inspect.isclass(cls) else ():
        init = ancestor.__dict__.get('__init__')
        if init is not None and argument in inspect.signature(init).parameters:
            return ancestor
    return cls


def where(cls):
    """``mmvideo/models/backbones/tsm.py:14``: file and line of a class, seen from its package."""
    try:
        file, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
        top = Path(sys.modules[cls.__module__.partition('.')[0]].__file__)
        return f'{Path(file).relative_to(top.parents[1]).as_posix()}:{line}'
    except (TypeError, OSError, ValueError, KeyError, AttributeError):
        return cls.__module__
