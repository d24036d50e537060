"""The collections whose weights can be read, and written."""
import importlib

from mmvideo.errors import InputError

__all__ = ['SOURCES', 'entries_of', 'source_of']

# What a collection is called, and the module that knows its names.
SOURCES = dict(pytorchvideo='pytorchvideo', pyslowfast='pyslowfast', mmaction='mmaction',
               torchvision='images', timm='images')


def entries_of(source, model, names=()):
    """How each weight of a model is called in a collection.

    Args:
        source: one of ``SOURCES``.
        model: a recognizer.
        names: keys of the file that is read; empty when one is written.

    Returns:
        list of :class:`~mmvideo.converters.entries.Entry`.

    Raises:
        InputError: there is no such collection, or it has no such network.
    """
    if source not in SOURCES:
        raise InputError(f'{source!r} is none of {", ".join(SOURCES)}')
    if source != 'mmaction' and getattr(model, 'cls_head', None) is None:
        raise InputError(f'{source}: {type(model).__name__} is no recognizer with a classifier; '
                         'only the names of such are known, of others those of mmaction')
    module = importlib.import_module(f'.{SOURCES[source]}', __package__)
    return module.entries(model, frozenset(names))


def source_of(model, names):
    """The collection by whose names most weights of a model are found; None if hardly any are.

    Args:
        model, names: see :func:`entries_of`.
    """
    found = {}
    for source in SOURCES:
        try:
            wanted = [key for one in entries_of(source, model, names) for key in one.theirs]
        except InputError:
            continue
        found[source] = sum(key in names for key in wanted) / max(len(wanted), 1)
    best = max(found, key=found.get, default=None)
    return best if best and found[best] > 0.5 else None
