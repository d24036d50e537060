"""The registries, and the packages whose import fills them.

A config names a class by ``type``; the registry that is asked imports its packages once, on first
use. All registries are children of mmengine's, so the Runner finds ours and ours find mmengine's
(hooks, loops, optimizers, samplers).
"""
import difflib
import inspect

from mmengine import registry as engine
from mmengine.registry import Registry, build_from_cfg

from mmvideo.errors import InputError

__all__ = ['MODELS', 'DATASETS', 'DATA_SAMPLERS', 'TRANSFORMS', 'METRICS', 'HOOKS',
           'OPTIM_WRAPPERS', 'OPTIM_WRAPPER_CONSTRUCTORS', 'check_arguments', 'nearest',
           'parameters_of', 'resolve']

SCOPE = 'mmvideo'


def nearest(name, known, count=3):
    """What to add to an error about an unknown ``name``: its nearest relatives among ``known``."""
    known = sorted(set(known))
    lower = {k.lower(): k for k in known}
    close = difflib.get_close_matches(str(name).lower(), list(lower), n=count, cutoff=0.5)
    if close:
        return 'did you mean ' + ' or '.join(repr(lower[c]) for c in close) + '?'
    if len(known) <= 20:
        return 'known: ' + ', '.join(known)
    return f'{len(known)} names are known, none is near'


def parameters_of(cls):
    """Names that a class (or function) accepts, following ``**kwargs`` up its parents.

    Returns:
        tuple(dict, bool): parameters by name, and whether any further keyword is taken.
    """
    if not inspect.isclass(cls):
        found = inspect.signature(cls).parameters
        is_open = any(p.kind is p.VAR_KEYWORD for p in found.values())
        return {k: p for k, p in found.items() if p.kind is not p.VAR_KEYWORD}, is_open
    names, is_open = {}, False
    for ancestor in cls.__mro__:
        init = ancestor.__dict__.get('__init__')
        if init is None or ancestor is object:
            continue
        found = list(inspect.signature(init).parameters.values())[1:]
        for p in found:
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
                names.setdefault(p.name, p)
        is_open = any(p.kind is p.VAR_KEYWORD for p in found)
        if not is_open:
            break
    return names, is_open


def split_prefix(registry, name):
    """Take ``'timm.resnet18'`` apart where ``'timm'`` is registered as the way to that library.

    Returns:
        tuple(str, dict): the registered name, and the argument ``name`` for it; any other name
        comes back as it is.
    """
    registry.import_from_location()
    prefix, _, rest = name.partition('.')
    if rest and prefix in registry.module_dict:
        return prefix, dict(name=rest)
    return name, {}


def resolve(registry, name, place=''):
    """The class that ``type=name`` stands for; unknown names raise with the nearest known ones."""
    if not isinstance(name, str):
        return name
    name, _ = split_prefix(registry, name)
    found = registry.get(name)
    if found is None:
        known = list(registry.module_dict)
        if registry.parent is not None:
            known += list(registry.parent.module_dict)
        where = f'{place}.type: ' if place else ''
        raise InputError(f'{where}{name!r} is no registered {registry.name}; '
                         f'{nearest(name.split(".")[-1], known)}')
    return found


def check_arguments(cls, arguments, place=''):
    """Raise for an argument that ``cls`` does not take, or one that it needs and does not get."""
    names, is_open = parameters_of(cls)
    where = f'{place}: ' if place else ''
    for key in arguments:
        if key not in names:
            # A class that takes any keyword would swallow a slip of the pen.
            slip = difflib.get_close_matches(key, names, n=1, cutoff=0.88)
            if slip or not is_open:
                raise InputError(f'{where}{cls.__name__} takes no argument {key!r}; '
                                 f'{nearest(key, names)}')
    missing = [k for k, p in names.items()
               if p.default is p.empty and k not in arguments and _is_own(cls, k)]
    if missing:
        raise InputError(f'{where}{cls.__name__} needs the argument '
                         + ', '.join(repr(m) for m in missing))


def _is_own(cls, name):
    """Whether the class itself (not a parent that it may fill in for) asks for the argument."""
    target = cls.__init__ if inspect.isclass(cls) else cls
    return name in inspect.signature(target).parameters


def _build(cfg, registry, default_args=None):
    """Build from a dict with ``type``; errors name the class, the argument and near names."""
    if not isinstance(cfg, dict) or 'type' not in {**cfg, **(default_args or {})}:
        raise InputError(f'a {registry.name} is built from a dict with the key "type", not {cfg!r}')
    arguments = {**(default_args or {}), **cfg}
    name = arguments.pop('type')
    if isinstance(name, str):
        short, further = split_prefix(registry, name)
        arguments.update(further)
        cfg = {**cfg, 'type': short, **further}
    arguments.pop('_scope_', None)
    cls = resolve(registry, name)
    if getattr(cls, '__module__', '').startswith('mmvideo.'):
        check_arguments(cls, arguments)
    try:
        return build_from_cfg(cfg, registry, default_args)
    except InputError:
        raise
    except (TypeError, ValueError, ZeroDivisionError, RuntimeError) as error:
        raise InputError(f'{name} cannot be built from {arguments}: {error}') from error


def _child(parent, locations):
    return Registry(parent.name, parent=parent, scope=SCOPE, locations=locations,
                    build_func=_build)


MODELS = _child(engine.MODELS, ['mmvideo.models', 'mmvideo.models.backbones.external'])
DATASETS = _child(engine.DATASETS, ['mmvideo.datasets'])
TRANSFORMS = _child(engine.TRANSFORMS, ['mmvideo.transforms'])
DATA_SAMPLERS = _child(engine.DATA_SAMPLERS, ['mmvideo.datasets'])
METRICS = _child(engine.METRICS, ['mmvideo.evaluation'])
HOOKS = _child(engine.HOOKS, ['mmvideo.engine'])
OPTIM_WRAPPERS = _child(engine.OPTIM_WRAPPERS, ['mmvideo.engine'])
OPTIM_WRAPPER_CONSTRUCTORS = _child(engine.OPTIM_WRAPPER_CONSTRUCTORS, ['mmvideo.engine'])
# Nothing of ours stands in these; without them mmengine warns that the scope is unknown there.
OTHERS = [_child(parent, []) for parent in (
    engine.LOG_PROCESSORS, engine.LOOPS, engine.MODEL_WRAPPERS,
    engine.OPTIMIZERS, engine.PARAM_SCHEDULERS, engine.VISBACKENDS, engine.VISUALIZERS)]
