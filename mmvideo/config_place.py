"""One place of a config: its value, the class that it is built into, and what set it."""
import copy
import difflib
import re

from mmengine import registry as engine
from torch.utils.data import DataLoader

from mmvideo import registry
from mmvideo.config_text import one_line
from mmvideo.engine.run import complete, load_config
from mmvideo.errors import InputError
from mmvideo.provenance import Origin, inner, trace

__all__ = ['ADDED', 'Place', 'find', 'open_config', 'type_name']

# Stands for the file of a value that no file has: what every run gets.
ADDED = 'mmvideo (every run)'
# Which registry a `type` stands in, by the word of the key that is nearest to it.
MEMBERS = dict(
    model=registry.MODELS, pipeline=registry.TRANSFORMS, transforms=registry.TRANSFORMS,
    dataset=registry.DATASETS, datasets=registry.DATASETS, sampler=engine.DATA_SAMPLERS,
    collate_fn=engine.FUNCTIONS, val_evaluator=registry.METRICS, test_evaluator=registry.METRICS,
    default_hooks=registry.HOOKS, custom_hooks=registry.HOOKS, optimizer=engine.OPTIMIZERS,
    constructor=registry.OPTIM_WRAPPER_CONSTRUCTORS, optim_wrapper=registry.OPTIM_WRAPPERS,
    param_scheduler=engine.PARAM_SCHEDULERS, train_cfg=engine.LOOPS, val_cfg=engine.LOOPS,
    test_cfg=engine.LOOPS, log_processor=engine.LOG_PROCESSORS, visualizer=engine.VISUALIZERS,
    vis_backends=engine.VISBACKENDS)
# What is built from a dict without `type`.
IMPLIED = dict(optim_wrapper='OptimWrapper', val_cfg='ValLoop', test_cfg='TestLoop',
               train_dataloader=DataLoader, val_dataloader=DataLoader, test_dataloader=DataLoader)


class Place:
    """A value with the way to it and its origin.

    Args:
        words: keys and indices from the top of the config.
        value: what the loaded config has there.
        origin: from :mod:`mmvideo.provenance`.
        parent: the place that holds this one; None at the top.
    """

    def __init__(self, words, value, origin, parent=None):
        self.words, self.value, self.origin, self.parent = words, value, origin, parent

    @property
    def name(self):
        """The dotted key."""
        return '.'.join(self.words)

    def inner(self):
        """Places of what the value holds, by key or index as text; none for a plain value."""
        pairs = (self.value.items() if isinstance(self.value, dict)
                 else enumerate(self.value) if isinstance(self.value, (list, tuple)) else ())
        return {str(key): Place([*self.words, str(key)], value, inner(self.origin, key, value),
                                self)
                for key, value in pairs}

    def everywhere(self):
        """This place, and those inside it, outer ones first."""
        yield self
        for place in self.inner().values():
            yield from place.everywhere()

    def plain(self):
        """Places of the values inside (or of this one) that hold nothing themselves."""
        return [place for place in self.everywhere() if not place.inner()]

    def cls(self):
        """The class (or function) that a dict is turned into; None for other values."""
        if not isinstance(self.value, dict):
            return None
        name = self.value.get('type') or IMPLIED.get(self.name)
        if name is None and self.name == 'train_cfg':
            name = 'EpochBasedTrainLoop' if self.value.get('by_epoch') else 'IterBasedTrainLoop'
        if not isinstance(name, str):
            return name
        near = [MEMBERS[word] for word in reversed(self.words) if word in MEMBERS]
        for members in [*near, *MEMBERS.values()]:
            try:
                return registry.resolve(members, name)
            except (InputError, ImportError):       # another may have it
                continue
        return None

    def arguments(self):
        """Parameters of the class by name; none where Python cannot tell them."""
        cls = self.cls()
        try:
            return registry.parameters_of(cls)[0] if cls is not None else {}
        except (TypeError, ValueError):
            return {}


def type_name(kind):
    """A ``type`` as text; configs may name it, or hold the class itself."""
    return kind if isinstance(kind, str) else getattr(kind, '__name__', repr(kind))


def open_config(path):
    """The place of a whole config, with what mmvideo adds to it when it is run."""
    cfg = load_config(path)
    origin = trace(path)
    value = complete(copy.deepcopy(cfg))
    value = {key: value[key] for key in [*cfg, *(key for key in value if key not in cfg)]}
    _mark_added(origin, cfg, value)
    return Place([], value, origin)


def _mark_added(origin, before, after):
    if not isinstance(origin.items, dict) or not isinstance(after, dict):
        return
    for key, value in after.items():
        if key not in before:
            origin.items[key] = Origin(ADDED)
        elif isinstance(before[key], dict) and key in origin.items:
            _mark_added(origin.items[key], before[key], value)


def find(top, key):
    """The place of a dotted key, or of the class whose argument is meant.

    Args:
        top: the place of the config.
        key: ``model.backbone``, ``train_dataloader.dataset.pipeline.3`` or ``...pipeline[3]``.

    Returns:
        tuple(Place, str): the place; the name of an argument of its class that the config leaves
        at its default, else an empty text.

    Raises:
        InputError: there is no such key; the nearest are offered.
    """
    words = [word for word in re.sub(r'\[(\d+)\]', r'.\1', key).split('.') if word]
    place = top
    while words:
        known = place.inner()
        # Some keys hold dots themselves, such as names of parameters.
        count = next((n for n in range(len(words), 0, -1) if '.'.join(words[:n]) in known), 0)
        if not count:
            if len(words) == 1 and words[0] in place.arguments():
                return place, words[0]
            raise InputError(_unknown(top, place, words))
        place, words = known['.'.join(words[:count])], words[count:]
    return place, ''


def _unknown(top, place, words):
    """Why there is nothing under a key, and what is near it."""
    if isinstance(place.value, (list, tuple)):
        return (f'{place.name} is a list of {len(place.value)}, expected an index '
                f'0..{len(place.value) - 1}, not {words[0]!r}')
    if not isinstance(place.value, dict):
        return f'{place.name} is {one_line(place.value)}, which holds no {words[0]!r}'
    beside = [*place.inner(), *place.arguments()]
    near = difflib.get_close_matches(words[0], beside, n=3, cutoff=0.6)
    near = ['.'.join([*place.words, word]) for word in dict.fromkeys(near)]
    # The last word may stand deeper down: `lr` for `optim_wrapper.optimizer.lr`.
    inside = [found for item in place.inner().values() for found in item.everywhere()]
    last = difflib.get_close_matches(words[-1], {found.words[-1] for found in inside}, n=1,
                                     cutoff=0.8)
    near += [found.name for found in inside
             if found.words[-1:] == last and found.name not in near]
    said = f'did you mean {" or ".join(map(repr, near[:3]))}?' if near \
        else registry.nearest(words[0], beside)
    return f'{place.name or "the config"} has no {words[0]!r}; {said}'
