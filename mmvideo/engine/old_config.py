"""A config written for MMAction2 0.x, as it stands, in the engine's form.

Such a config is known by its ``data``. Every key of it is translated, and a line says to what;
what the engine cannot do is refused by the name of its key, or told in that line.
"""
import copy
import difflib

from mmengine.config import Config

from mmvideo.errors import InputError

from .check import RUNNER
from .old_keys import PHASES, STEPS, become

__all__ = ['is_old', 'split_options', 'translate']

PIPELINES = tuple(f'{phase}_pipeline' for phase in PHASES)
# Keys that both lines have; with other ones of RUNNER a config is of the engine's form.
SHARED = ('model', 'work_dir', 'load_from', 'log_level', 'custom_hooks', 'train_cfg', 'test_cfg',
          'launcher', 'omnisource', 'multigrid')
# Variables that a 0.x file makes its other values of. Nothing reads them afterwards.
VARIABLES = ('dataset_type', 'data_root', 'data_root_val', 'ann_file_train', 'ann_file_val',
             'ann_file_test', 'img_norm_cfg', 'mc_cfg', 'split', 'clip_len', 'frame_interval',
             'num_clips', 'gpu_ids', 'gpus')


def is_old(cfg):
    """Whether a loaded config is one of the 0.x line, and nothing in it is of today's form."""
    data = cfg.get('data')
    is_data = isinstance(data, dict) and any(phase in data for phase in PHASES)
    return is_data and not any(key in cfg for key in RUNNER if key not in SHARED)


def split_options(cfg, options):
    """Part ``--cfg-options`` into those of the 0.x keys and those of today's.

    Returns:
        tuple(dict, dict): what is set before a config is translated, and what afterwards.
    """
    first, second = {}, {}
    for key, value in (options or {}).items():
        top = key.split('.')[0]
        is_new = top in RUNNER and (top not in SHARED or top in ('train_cfg', 'test_cfg')
                                    and cfg.get(top) is None)
        is_new = is_new or key.startswith('model.data_preprocessor')
        (second if is_new else first)[key] = value
    return first, second


def translate(cfg):
    """A config of the 0.x line in the engine's form.

    Args:
        cfg: as it was loaded; it is left as it is.

    Returns:
        tuple(Config, list[str]): the translation, and a line for each key: what became of it.

    Raises:
        InputError: names the key that cannot be translated and says why.
    """
    old, new, said = copy.deepcopy(cfg.to_dict()), {}, []
    if not isinstance(old.get('model'), dict):
        raise InputError("the config has no 'model': a dict with 'type', 'backbone', 'cls_head'")
    for key in PIPELINES:
        if key in old:
            new[key] = old.pop(key)
    if 'total_epochs' in old or 'runner' in old:
        old.setdefault('evaluation', {})
    for key in STEPS:
        if key in old:
            said.append(f'{key}: {become(key, old[key], new)}')
    used_up = [key for key in VARIABLES if key in old]
    if used_up:
        said.append(f'{", ".join(used_up)}: gone; variables that the values above were made of')
    for key in [key for key in old if key not in STEPS and key not in VARIABLES]:
        close = difflib.get_close_matches(key, STEPS, n=1, cutoff=0.88)
        if close:
            raise InputError(f'unknown config key {key!r}; did you mean {close[0]!r}?')
        new[key] = old[key]
        said.append(f'{key}: kept; no key of 0.x, so a variable of the file')
    return Config(new, filename=cfg.filename), said
