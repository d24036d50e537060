"""A pipeline: transforms applied one after the other."""
from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Compose:
    """Applies transforms in order; a sample that one of them drops (None) is dropped.

    Args:
        transforms: config dicts with ``type``, or callables that map a dict to a dict.

    Raises:
        InputError: a transform needs a key that no earlier one wrote. The message says where in
            the pipeline that happened and what the sample does hold.
    """

    def __init__(self, transforms):
        if isinstance(transforms, (dict, str)) or not hasattr(transforms, '__iter__'):
            raise InputError(f'a pipeline is a list of transforms, not {transforms!r}')
        self.transforms = [self._build(i, t) for i, t in enumerate(transforms)]

    @staticmethod
    def _build(position, transform):
        if callable(transform):
            return transform
        try:
            return TRANSFORMS.build(transform)
        except InputError as error:
            raise InputError(f'pipeline[{position}]: {error}') from error

    def __call__(self, results):
        for position, transform in enumerate(self.transforms):
            try:
                results = transform(results)
            except KeyError as error:
                key = error.args[0] if error.args else None
                if key in results:      # not about the sample: a slip inside the transform
                    raise
                known = ', '.join(sorted(map(str, results)))
                raise InputError(
                    f'pipeline[{position}] ({type(transform).__name__}) needs the key {key!r}, '
                    f'which no earlier step wrote; the sample holds {known}') from error
            if results is None:
                return None
        return results

    def __repr__(self):
        return f'Compose([{", ".join(type(t).__name__ for t in self.transforms)}])'
