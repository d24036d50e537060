"""Pickles read without running what they may ask for: numbers, text, containers and arrays."""
import io
import pickle

from mmvideo.errors import InputError

__all__ = ['load']


def load(raw):
    """The content of a pickle.

    Args:
        raw: its bytes.

    Raises:
        InputError: it asks for a class or function that is not plain data.
        Exception: whatever a damaged pickle makes pickle raise.
    """
    return _PlainUnpickler(io.BytesIO(raw)).load()


def _load_storage(raw):
    """Storage of a tensor inside a pickle, by torch's own restricted reader."""
    import torch
    return torch.load(io.BytesIO(raw), weights_only=True)


class _PlainUnpickler(pickle.Unpickler):
    """Makes data and nothing else; a pickle that asks for any other class or function is refused.
    """

    ARRAYS = ('numpy', 'numpy.core.multiarray', 'numpy._core.multiarray', 'numpy.core.numeric',
              'numpy._core.numeric')
    ALLOWED = {
        'builtins': ('set', 'frozenset', 'complex', 'bytearray'),
        'collections': ('OrderedDict',),
        '_codecs': ('encode',),
        **dict.fromkeys(ARRAYS, ('ndarray', 'dtype', '_reconstruct', 'scalar', '_frombuffer')),
        'torch._utils': ('_rebuild_tensor_v2',),
    }

    def find_class(self, module, name):
        if (module, name) == ('torch.storage', '_load_from_bytes'):
            return _load_storage
        if name not in self.ALLOWED.get(module, ()):
            raise InputError(f'the pickle asks for {module}.{name}, which is not plain data')
        return super().find_class(module, name)
