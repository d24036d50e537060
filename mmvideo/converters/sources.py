"""The collections whose weights can be read, and written."""
import importlib

from mmvideo.errors import InputError

__all__ = ['SOURCES', 'entries_of']

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
    module = importlib.import_module(f'.{SOURCES[source]}', __package__)
    return module.entries(model, frozenset(names))
