"""Names of MMAction2: ours are the same."""
from .entries import entry

__all__ = ['entries']


def entries(model, names):
    """Each weight of a model under its own name."""
    return [entry(key, key) for key in model.state_dict()]
