"""Which file a config's name stands for, and which names were near it if there is none."""
import os
import os.path as osp
import re
from difflib import SequenceMatcher

from mmvideo.errors import InputError, MissingFileError

__all__ = ['config_name', 'find_config', 'misfit', 'zoo_configs']

PACKAGE = osp.dirname(osp.dirname(osp.abspath(__file__)))
# Of the folder one works in, of the checkout, and of an installed package.
FOLDERS = ('configs', osp.join(osp.dirname(PACKAGE), 'configs'), osp.join(PACKAGE, '.mim/configs'))
# Words less alike than this have nothing to do with each other; nor have names, on a scale of 2.
LIKE_WORD, LIKE_NAME = 0.75, 0.7
# Names that a published page or file has for a recipe which is here under a truer one.
OTHER_NAMES = dict(
    slowonly_r50_8x8x1_256e_kinetics400_flow='slowonly_r50_8x8x1_196e_kinetics400_flow',
    tsn_r50_dense_1x1x5_50e_kinetics400_rgb='tsn_r50_dense_1x1x5_100e_kinetics400_rgb',
    tsn_r50_1x1x8_100e_kinetics400_rgb='tsn_r50_320p_1x1x8_100e_kinetics400_rgb',
    tsm_mobilenetv2_dense_1x1x8_kinetics400_rgb_port=
    'tsm_mobilenetv2_dense_1x1x8_100e_kinetics400_rgb',
    slowfast_perbn_r50_8x8x1_256e_kinetics400_rgb_steplr=
    'slowfast_prebn_r50_8x8x1_256e_kinetics400_rgb_steplr',
    timesformer_sapceOnly_8x32x1_15e_kinetics400_rgb=
    'timesformer_spaceOnly_8x32x1_15e_kinetics400_rgb')
OTHER_FOLDER = ('audio_recognition', 'recognition_audio')


def config_name(path):
    """What a config is called: its file's name without folder and suffix."""
    return osp.basename(path).removesuffix('.py')


def find_config(name):
    """The path of a config, given as a path or as the bare name of one under ``configs/``.

    Args:
        name: ``configs/recognition/tsm/NAME.py``, ``NAME.py`` or ``NAME``. Other published names
            of a recipe do, and so does the folder ``audio_recognition`` for sound.

    Raises:
        MissingFileError: there is no such config; the nearest are offered.
        InputError: the bare name stands for several, or ``name`` is a folder.
    """
    for path in (name, f'{name}.py'):
        if osp.isfile(path):
            return path
    if osp.isdir(name):
        raise InputError(f'{name} is a folder, expected one config')
    folder, stem = osp.dirname(name), config_name(name)
    stem = OTHER_NAMES.get(stem, stem)
    other = osp.join(folder.replace(*OTHER_FOLDER), f'{stem}.py')
    if osp.isfile(other):
        return other
    known = zoo_configs()
    same = [path for path in known if osp.basename(path) == f'{stem}.py']
    if len(same) == 1 and not folder:
        return same[0]
    if same and not folder:
        raise InputError(f'config {name} may be {_listed(same)}; give the path')
    beside = sorted(os.listdir(folder or '.')) if osp.isdir(folder or '.') else []
    beside = [osp.join(folder, file) for file in beside if file.endswith('.py')]
    own = {osp.realpath(path) for path in beside}
    near = same or _nearest(stem, [*beside, *(p for p in known if osp.realpath(p) not in own)])
    if near:
        raise MissingFileError(f'config {name} does not exist; did you mean {_listed(near)}?')
    if folder and not osp.isdir(folder):
        raise MissingFileError(f'config {name} does not exist: there is no folder {folder}')
    raise MissingFileError(f'config {name} does not exist, and none of the {len(known)} configs '
                           'has a name near it')


def zoo_configs():
    """Paths of all configs that come with mmvideo, without the parts that they are made of."""
    found, files = [], set()
    for root in FOLDERS:
        names = {osp.basename(path) for path in found}      # what is nearer hides what is farther
        for folder, inner, here in os.walk(root):
            inner[:] = sorted(d for d in inner if d not in ('_base_', '__pycache__'))
            for path in (osp.join(folder, file) for file in sorted(here)):
                is_new = osp.basename(path) not in names and osp.realpath(path) not in files
                if path.endswith('.py') and is_new:
                    files.add(osp.realpath(path))
                    found.append(_short(path))
    return found


def misfit(cfg, key):
    """Why there is no place for a dotted key in a loaded config."""
    value, words = dict(cfg.items()), key.split('.')
    for i, word in enumerate(words):
        place = '.'.join(words[:i])
        if isinstance(value, (list, tuple)):
            if not word.isdigit() or int(word) >= len(value):
                return f'{place} is a list, expected an index 0..{len(value) - 1}, not {word!r}'
            value = value[int(word)]
        elif isinstance(value, dict) and word in value:
            value = value[word]
        elif not isinstance(value, dict):
            return f'{place} is {value!r}, which holds no {word!r}'
        else:
            break
    return f'{place or key} is of another kind'


def _short(path):
    """A path as one would type it: from here, unless it lies elsewhere."""
    relative = osp.relpath(path)
    return path if relative.startswith(osp.pardir) else relative


def _listed(paths):
    return ' or '.join(repr(path) for path in paths)


def _nearest(stem, paths, count=3):
    """Paths whose file names are most like ``stem``, best first; none if all are strangers."""
    scores = {path: _likeness(stem, config_name(path)) for path in paths}
    best = sorted(scores, key=scores.get, reverse=True)[:count]
    return [path for path in best if scores[path] >= LIKE_NAME]


def _likeness(asked, stem):
    """0..2: how alike the names are as a whole, and how many words of the one the other has."""
    asked, stem = asked.lower(), stem.lower()
    sides = [re.split(r'[-_]', text) for text in (asked, stem)]
    shared = max(_share(*sides), _share(*reversed(sides)))
    return SequenceMatcher(None, asked, stem).ratio() + shared


def _share(words, others):
    """0..1: how many of the words are among the others, give or take a letter."""
    alike = [max(SequenceMatcher(None, word, other).ratio() for other in others)
             for word in words]
    return sum(ratio for ratio in alike if ratio >= LIKE_WORD) / len(words)
