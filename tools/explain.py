"""Where the values of a config come from, and what they mean.

    python tools/explain.py CONFIG                                      all keys, and their files
    python tools/explain.py CONFIG model.backbone                       a class and its arguments
    python tools/explain.py CONFIG train_dataloader.dataset.pipeline    a list of steps
    python tools/explain.py CONFIG optim_wrapper.optimizer.lr           one value
"""
import argparse
import inspect
import linecache
import os
import sys
import textwrap

from mmvideo.command import exit_status
from mmvideo.config_place import find, open_config, type_name
from mmvideo.config_text import one_line
from mmvideo.docstrings import argument_texts, first_paragraph, owner, where
from mmvideo.engine.check import RUNNER
from mmvideo.engine.config_file import find_config

WIDTH = 100
# Longer values are shown item by item; steps of a pipeline, which are read as a whole, later.
SHORT, SHORT_STEP = 44, 120
# The column that says what set a value is rarely wider.
NARROW = 46


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('key', nargs='?', default='',
                        help='a dotted key; elements of a list by their index')
    return parser.parse_args(argv)


class Labels:
    """Short names of config files: parts from ``_base_`` on; the config itself is ``leaf``."""

    def __init__(self, path):
        self.leaf = os.path.realpath(path)

    def file(self, path):
        head, base, tail = path.replace(os.sep, '/').rpartition('_base_/')
        if base:
            return base + tail
        return 'leaf' if os.path.realpath(path) == self.leaf else os.path.basename(path)

    def __call__(self, origin, lines=()):
        lines = sorted({*lines, origin.line} - {0})
        return self.file(origin.file) + (f':{",".join(map(str, lines))}' if lines else '')


def full(origin):
    """``configs/_base_/models/tsm_r50.py:9``, as an editor opens it."""
    if not os.path.isfile(origin.file):
        return origin.file
    path = os.path.relpath(origin.file)
    path = os.path.abspath(path) if path.startswith(os.pardir) else path
    return path + (f':{origin.line}' if origin.line else ' (line not known)')


def set_by(place, label):
    """What set a value, as lines of a table."""
    origin = place.origin
    lines = [label(origin)]
    if origin.source:
        lines.append(f'  from {label(origin.source)}')
    before = said_before(origin)
    if before:
        was, there = f'  was {before}', f'in {label(origin.replaced)}'
        was = was if len(was) <= NARROW else was[:NARROW - 3] + '...'
        lines += [f'{was} {there}'] if len(was + there) < NARROW else [was, f'  {there}']
    return lines


def said_before(origin):
    """The plain value of a base that another one replaced, as text; empty if there is none."""
    before = origin.replaced
    is_plain = before and isinstance(before.value, (str, bool, int, float, type(None)))
    return repr(before.value) if is_plain and before.value != origin.value else ''


def set_together(place, label):
    """What set all values of a place, if it is one file, as lines of a table; else None."""
    plain = place.plain()
    found = [set_by(inside, label) for inside in plain]
    if all(lines == found[0] for lines in found):
        return found[0]
    in_one = len({inside.origin.file for inside in plain}) == 1
    if in_one and all(len(lines) == 1 for lines in found):
        return [label(plain[0].origin, [inside.origin.line for inside in plain])]
    return None


def rows(place, label, depth=0):
    """Lines of a table: (indented name, value, what set it as a list)."""
    name, value, inside = '  ' * depth + place.words[-1], place.value, place.inner()
    is_step = isinstance(place.parent.value, (list, tuple))
    holds_dicts = any(isinstance(found.value, dict)
                      for item in inside.values() for found in item.everywhere())
    origins, text = set_together(place, label), written(value)
    is_short = len(text) <= SHORT or not isinstance(value, dict) or \
        is_step and len(text) <= SHORT_STEP
    is_exact = origins and (is_step or not isinstance(value, dict) or ',' not in origins[0])
    if not inside or is_exact and is_short and not holds_dicts:
        yield name, text, origins
        return
    kind = inside.pop('type', None) if isinstance(value, dict) else None
    yield name, type_name(kind.value) if kind else '', set_by(kind, label) if kind else []
    for found in inside.values():
        yield from rows(found, label, depth + 1)


def written(value):
    """A value as text; a dict with ``type`` as a call, ``Flip(flip_ratio=0.5)``."""
    if inspect.isclass(value) or inspect.isroutine(value):
        return type_name(value)
    if not isinstance(value, dict) or 'type' not in value:
        return one_line(value)
    rest = one_line({key: inside for key, inside in value.items() if key != 'type'})
    return type_name(value['type']) + (rest.removeprefix('dict') if len(value) > 1 else '')


def table(found, texts=None):
    """Print rows in three columns; ``texts`` says what names mean."""
    names = max(len(name) for name, *_ in found)
    origins = max(len(line) for _, _, lines in found for line in [*lines, ''])
    room = min(max(len(text) for _, text, _ in found), max(WIDTH - names - origins - 6, 20))
    for name, text, lines in found:
        parts = broken(text, room)
        for i in range(max(len(parts), len(lines))):
            cells = [found[i] if i < len(found) else '' for found in ([name], parts, lines)]
            print(f'  {cells[0]:<{names}}  {cells[1]:<{room}}  {cells[2]}'.rstrip())
        if texts and texts.get(name):
            show(texts[name], indent=6)


def broken(text, room):
    """Lines of a value: broken at blanks, or behind the name of a class, else anywhere."""
    name, bracket, rest = text.partition('(')
    if name.isidentifier() and len(text.split()[0]) > room:
        return [name + bracket, *broken(rest, room)]
    return textwrap.wrap(text, room, break_on_hyphens=False) or ['']


def show(text, indent=2):
    print(textwrap.fill(text, WIDTH, initial_indent=' ' * indent, break_on_hyphens=False,
                        subsequent_indent=' ' * indent))


def overview(top, label):
    """All keys of a config, the classes below each, and the files that say something there."""
    files = {}
    for place in top.plain():
        for origin in (place.origin, place.origin.source):
            if origin and os.path.isfile(origin.file):
                files.setdefault(label.file(origin.file), origin.file)
    print('Files')
    width = max(len(name) for name in files)
    for name in sorted(files, key=lambda name: (name == 'leaf', name)):
        first = linecache.getline(files[name], 1)
        about = first.lstrip('# ').strip() if first.startswith('#') else ''
        about = textwrap.shorten(about, WIDTH - width - 4, placeholder=' ...')
        print(f'  {name:<{width}}  {about}'.rstrip())
    for title, wanted in (('What is run', True), ('What it is put together from', False)):
        found = []
        for key, place in top.inner().items():
            if (key in RUNNER) == wanted:
                kinds = [type_name(inside.value) for inside in place.everywhere()
                         if inside.words[-1] == 'type']
                text = textwrap.shorten(', '.join(kinds) if kinds else written(place.value), 76,
                                        placeholder=' ...')
                names = [label.file(inside.origin.file) for inside in place.plain()]
                found.append((key, text, list(dict.fromkeys(names))))
        if found:
            print(f'\n{title}')
            table(found)
    print('\nMore: a key after the config, for example model.backbone or '
          'train_dataloader.dataset.pipeline.0')


def explain(place, label):
    """What a dict is built into or a list holds, item by item, and what set each."""
    cls, inside = place.cls(), place.inner()
    if cls is None:
        print(place.name + ('' if isinstance(place.value, dict) else f': a list of {len(inside)}'))
    else:
        print(f'{place.name}: {cls.__name__}  ({where(cls)})')
        if first_paragraph(cls):
            show(first_paragraph(cls))
    print()
    kind = inside.pop('type', None) if isinstance(place.value, dict) else None
    found = [('type', type_name(kind.value), set_by(kind, label))] if kind else []
    for item in inside.values():
        found += rows(item, label)
    table(found, argument_texts(cls) if cls else None)
    left = {name: p for name, p in place.arguments().items() if name not in place.value}
    if left:
        print('\nNot in the config')
        table([(name, default(p), [f'default of {owner(cls, name).__name__}' if default(p) else
                                   f'handed over when {cls.__name__} is built'])
               for name, p in left.items()])


def default(parameter):
    """The default of an argument as text; empty if it has none."""
    return '' if parameter.default is inspect.Parameter.empty else written(parameter.default)


def explain_plain(place):
    """One value: the line that set it, what it replaced, and the argument that it is."""
    origin, before = place.origin, said_before(place.origin)
    print(f'{place.name} = {written(place.value)}')
    for said, found in (('set by', origin), ('from', origin.source),
                        (f'instead of {before} in', origin.replaced if before else None)):
        if found:
            print(f'  {said} {full(found)}')
            line = linecache.getline(found.file, found.line).strip() if found.line else ''
            if line:
                print(textwrap.indent(textwrap.shorten(line, WIDTH - 6, placeholder=' ...'),
                                      '      '))
    if place.words[-1] != 'type':
        explain_argument(place.parent, place.words[-1])
        return
    cls = place.parent.cls()
    if cls is not None:
        print(f'  {cls.__name__}  ({where(cls)})')
        show(first_paragraph(cls), indent=6)


def explain_argument(place, name):
    """What the class of a place says about one of its arguments."""
    if name not in place.arguments():
        return
    cls = place.cls()
    by = owner(cls, name)
    print(f'  argument of {by.__name__}  ({where(by)})')
    text, usual = argument_texts(cls).get(name), default(place.arguments()[name])
    if text:
        show(text, indent=6)
    if usual:
        print(f'  default {usual}')


def run(args):
    path = find_config(args.config)
    top = open_config(path)
    label = Labels(path)
    place, argument = find(top, args.key)
    print(path + ('  (leaf)\n' if label.file(path) == 'leaf' else '\n'))
    if argument:
        print(f'{place.name}.{argument}: not in the config')
        explain_argument(place, argument)
    elif not place.words:
        overview(top, label)
    elif place.inner():
        explain(place, label)
    else:
        explain_plain(place)


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
