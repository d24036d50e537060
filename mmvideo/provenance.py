"""Which line of which file set a value of a config.

The files are read, not run: assignments, ``dict(...)``, lists, ``*_base_.x`` and merging are
followed in the order in which mmengine applies them. Whatever else a config computes is known by
the line of its statement, or by its file alone; :func:`inner` compares with the loaded value, so
that no line is named that says something else.
"""
import ast
import re
from dataclasses import dataclass, field, replace

from mmengine.config import Config

__all__ = ['Origin', 'inner', 'trace']

UNKNOWN = object()
# `{{$HOME:.}}` is no Python before mmengine puts the variable in.
ENVIRONMENT = re.compile(r'\{\{\s*\$[^}]*\}\}')
REFERENCES = (ast.Name, ast.Attribute, ast.Subscript, ast.Set)


@dataclass
class Origin:
    """Where a value was written.

    Args:
        file: config file.
        line: in this file; 0 if it is not known.
        items: origins of what the value holds, a dict by key or a list; None if it holds nothing,
            or if nothing is known about it.
        value: as it stands in the file, if it is a literal.
        source: where the value came from that ``line`` refers to by a name.
        replaced: what a base had said.
    """
    file: str
    line: int = 0
    items: dict | list | None = None
    value: object = field(default=UNKNOWN, repr=False)
    source: 'Origin | None' = None
    replaced: 'Origin | None' = None


def trace(path):
    """The origin of a config file, with an item for each of its keys, bases included."""
    try:
        tree = _parsed(path)
    except SyntaxError:
        return Origin(path, items={key: Origin(path) for key in Config.fromfile(path)})
    root = Origin(path, items={})
    for base in _bases(tree):
        # Also finds `package::path.py`.
        root.items.update(trace(Config._get_cfg_path(base, path)[0]).items)
    reader = _Reader(path, root)
    for statement in tree.body:
        reader.run(statement)
    return _merged(Origin(path, items=reader.names), root)


def _parsed(path):
    if not path.endswith('.py'):
        raise SyntaxError(f'{path} is no Python')
    with open(path, encoding='utf-8') as file:
        return ast.parse(ENVIRONMENT.sub('_environment_', file.read()))


def _bases(tree):
    """Names of the files that a config inherits from."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id='_base_'), *_], value=value):
                bases = _literal(value)
                return [bases] if isinstance(bases, str) else [] if bases is UNKNOWN else bases
    return []


def inner(origin, key, value):
    """The origin of ``value``, which stands under ``key`` in the value of ``origin``."""
    if origin.items is None:        # computed: the statement's line stands for all of it
        return replace(origin, value=UNKNOWN, source=None, replaced=None)
    found = _item(origin.items, key)
    if found is None:
        return Origin(origin.file)
    is_other = (found.value is not UNKNOWN and found.value != value
                or isinstance(found.items, dict) and not isinstance(value, dict)
                or isinstance(found.items, list) and (not isinstance(value, (list, tuple))
                                                      or len(value) != len(found.items)))
    return Origin(found.file) if is_other else found


def _item(items, key):
    if isinstance(items, dict):
        return items.get(key)
    if isinstance(items, list) and isinstance(key, int) and -len(items) <= key < len(items):
        return items[key]
    return None


def _merged(over, base):
    """What stays of a base under a file that inherits from it, as mmengine merges dicts."""
    if not isinstance(over.items, dict) or not isinstance(base.items, dict):
        return replace(over, replaced=base)
    items = dict(over.items)
    delete = items.pop('_delete_', None)
    if delete is not None and delete.value:
        return replace(over, items=items, replaced=base)
    items = {key: _merged(item, base.items[key]) if key in base.items else item
             for key, item in items.items()}
    return replace(over, items={**base.items, **items})


class _Reader:
    """Follows the statements of one config file.

    Args:
        path: the file.
        base: origin of all that its bases say.
    """

    def __init__(self, path, base):
        self.path = path
        self.base = base
        self.names = {}

    def run(self, statement):
        match statement:
            case ast.Assign(targets=[ast.Name(id='_base_'), *_]):
                pass
            case ast.Assign(targets=targets, value=value):
                placed = self.placed(value, statement.lineno)
                for target in targets:
                    self.assign(target, placed)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.placed(value, statement.lineno))
            case ast.AugAssign(target=ast.Name() as target, op=op, value=value):
                load = ast.copy_location(ast.Name(target.id, ast.Load()), target)
                total = ast.BinOp(load, op, value, lineno=statement.lineno)
                self.assign(target, self.read(total))
            case ast.Delete(targets=targets):
                for target in targets:
                    self.names.pop(getattr(target, 'id', None), None)
            case ast.FunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
                pass
            case _:     # a loop, a condition: which names it sets is known, but not to what
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        self.names[node.id] = Origin(self.path, node.lineno)

    def assign(self, target, origin):
        match target:
            case ast.Name(id=name):
                self.names[name] = origin
            case ast.Subscript(value=holder, slice=key):
                items = self.read(holder).items
                key = _literal(key)
                if isinstance(items, dict) or _item(items, key) is not None:
                    items[key] = origin
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for part in targets:
                    self.assign(part, Origin(self.path, target.lineno))

    def placed(self, node, line):
        """The origin of an expression as a value: a plain one that has a name is set here."""
        found = self.read(node)
        if isinstance(node, REFERENCES) and found.items is None and found.line:
            return Origin(self.path, line, value=found.value, source=found)
        return found

    def read(self, node):
        """The origin of an expression."""
        here = Origin(self.path, node.lineno)
        match node:
            case ast.Name(id='_base_'):
                return self.base
            case ast.Name(id=name):
                return self.names.get(name, here)
            case ast.Set(elts=[ast.Set(elts=[reference])]):     # {{_base_.x}}
                return self.read(reference)
            case ast.Attribute(value=holder, attr=key):
                return _item(self.read(holder).items, key) or here
            case ast.Subscript(value=holder, slice=ast.Slice() as part):
                items = self.read(holder).items
                ends = [end and _literal(end) for end in (part.lower, part.upper, part.step)]
                if isinstance(items, list) and UNKNOWN not in ends:
                    here.items = items[slice(*ends)]
            case ast.Subscript(value=holder, slice=key):
                return _item(self.read(holder).items, _literal(key)) or here
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                here.items = self.elements(elements)
            case ast.Dict(keys=keys, values=values):
                here.items = self.pairs(zip([k and _literal(k) for k in keys], values, strict=True))
            case ast.Call(func=ast.Name(id='dict'), args=given, keywords=keywords):
                here.items = self.pairs([*((None, value) for value in given),
                                         *((word.arg, word.value) for word in keywords)])
            case ast.Call(func=ast.Attribute(value=copied, attr='copy'), args=[], keywords=[]):
                items = self.read(copied).items
                here.items = items.copy() if items is not None else None
            case ast.BinOp(left=left, op=ast.Add() | ast.BitOr(), right=right):
                here.items = _joined(self.read(left).items, self.read(right).items)
            case _:
                here.value = _literal(node)
        return here

    def elements(self, nodes):
        """Items of a list display; None if it spreads something that is not known."""
        items = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                spread = self.read(node.value).items
                if not isinstance(spread, list):
                    return None
                items += spread
            else:
                items.append(self.placed(node, node.lineno))
        return items

    def pairs(self, pairs):
        """Items of a dict display; a pair without key spreads its value."""
        items = {}
        for key, node in pairs:
            if key is not None:
                items[key] = self.placed(node, node.lineno)
            else:
                spread = self.read(node).items
                if not isinstance(spread, dict):
                    return None
                items.update(spread)
        return items


def _joined(left, right):
    for kind, join in ((list, list.__add__), (dict, dict.__or__)):
        if isinstance(left, kind) and isinstance(right, kind):
            return join(left, right)
    return None


def _literal(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return UNKNOWN
