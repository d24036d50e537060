"""Reads a config before anything is built, so that a wrong key is named with its place."""
import difflib
import inspect
import logging
import re

from mmengine import registry as engine
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from mmvideo import registry
from mmvideo.errors import InputError
from mmvideo.registry import check_arguments, nearest, resolve

from .multigrid import plan_of

__all__ = ['check_config', 'check_keys']

# Keys that the Runner reads. A config file may define others (parts and variables of its own), so
# an unknown key is an error only when it looks like a slip of the pen for one of these.
RUNNER = ('model', 'work_dir', 'train_dataloader', 'val_dataloader', 'test_dataloader',
          'train_cfg', 'val_cfg', 'test_cfg', 'auto_scale_lr', 'optim_wrapper', 'param_scheduler',
          'val_evaluator', 'test_evaluator', 'default_hooks', 'custom_hooks', 'data_preprocessor',
          'load_from', 'resume', 'launcher', 'env_cfg', 'log_processor', 'log_level', 'visualizer',
          'default_scope', 'randomness', 'experiment_name', 'model_wrapper_cfg',
          # Ours: how networks are computed.
          'compile', 'channels_last',
          # Ours: what is done about bad files.
          'max_bad_share', 'bad_files',
          # Ours: further sources to train on.
          'omnisource',
          # Ours: clips that change their size.
          'multigrid',
          # Ours: a network that is spread over the processes.
          'fsdp')
# Keys of the 0.x line and what says the same today.
OLD = dict(data='train_dataloader, val_dataloader, test_dataloader', optimizer='optim_wrapper',
           optimizer_config='optim_wrapper.clip_grad', lr_config='param_scheduler',
           total_epochs='train_cfg.max_epochs', evaluation='val_evaluator, train_cfg.val_interval',
           checkpoint_config='default_hooks.checkpoint', log_config='default_hooks.logger',
           fp16='--amp', resume_from='--resume', workflow='train_cfg')
# Parts of a model that are members of the model registry; other dicts inside a model are settings.
MODEL_PARTS = ('backbone', 'neck', 'cls_head', 'data_preprocessor', 'loss_cls', 'blending',
               'aux_head', 'roi_head', 'bbox_roi_extractor', 'shared_head', 'bbox_head')
# Names of what AccMetric measures.
ACCURACY = re.compile(r'top\d+_acc|mean_class_accuracy|(mmit_)?mean_average_precision|\w+_mAP')
# How often it is the turn of a further source, and how many batches that is.
RATIO = ('every', 'batches')
# Not ours to check.
FOREIGN = ('torchvision.', 'timm.', 'mmpretrain.', 'mmcls.', 'pytorchvideo.')


def check_keys(cfg):
    """Raise for keys of the 0.x line, and for slips of the pen, at the top of a config."""
    for key in cfg:
        if key in OLD and key not in RUNNER:
            raise InputError(f'config key {key!r} is of the 0.x line; today it is {OLD[key]}')
        close = difflib.get_close_matches(key, RUNNER, n=1, cutoff=0.88)
        if close and key not in RUNNER:
            raise InputError(f'unknown config key {key!r}; did you mean {close[0]!r}?')


def check_config(cfg):
    """Raise for unknown types, keys and arguments of a config, with their place.

    Args:
        cfg: a loaded config, with the Runner's keys at the top.

    Raises:
        InputError: for example ``model.backbone: ResNetTSM takes no argument 'shift_dv'; did you
            mean 'shift_div'?``
    """
    check_keys(cfg)
    if not isinstance(cfg.get('model'), dict):
        raise InputError("the config has no 'model': a dict with 'type', 'backbone', 'cls_head'")
    _check_part(cfg['model'], 'model')
    for phase in ('train', 'val', 'test'):
        if cfg.get(f'{phase}_dataloader') is not None:
            _check_loader(cfg[f'{phase}_dataloader'], f'{phase}_dataloader')
        for i, metric in enumerate(_listed(cfg.get(f'{phase}_evaluator'))):
            _check_member(metric, f'{phase}_evaluator[{i}]', registry.METRICS)
    for i, source in enumerate(cfg.get('omnisource') or []):
        for key in RATIO:
            _check_whole(source.get(key, 1), f'omnisource[{i}].{key}', 1)
        _check_loader({k: v for k, v in source.items() if k not in RATIO}, f'omnisource[{i}]')
    for name, hook in (cfg.get('default_hooks') or {}).items():
        if hook is not None:
            _check_member(hook, f'default_hooks.{name}', registry.HOOKS)
    for i, hook in enumerate(cfg.get('custom_hooks') or []):
        _check_member(hook, f'custom_hooks[{i}]', registry.HOOKS)
    for place in ('train_cfg', 'val_cfg', 'test_cfg'):
        if cfg.get(place) is not None:
            _check_loop(cfg[place], place)
    for key, members in (('log_processor', engine.LOG_PROCESSORS),
                         ('visualizer', engine.VISUALIZERS)):
        if isinstance(cfg.get(key), dict):
            resolve(members, cfg[key].get('type'), key)
    _check_optimizer(cfg)
    _check_settings(cfg)
    if cfg.get('multigrid') and cfg.get('train_dataloader') and cfg.get('optim_wrapper'):
        plan_of(cfg)


def _listed(value):
    """What may be given once or as a list, as a list; nothing is an empty one."""
    return value if isinstance(value, list) else [value] if value else []


def _check_member(cfg, place, members, given=()):
    """One dict with ``type``: the type is known and takes the arguments."""
    if not isinstance(cfg, dict):
        raise InputError(f"{place}: expected a dict with 'type', got {cfg!r}")
    if 'type' not in cfg:
        raise InputError(f"{place}: the key 'type' is missing (found: {', '.join(cfg)})")
    cls = resolve(members, cfg['type'], place)
    arguments = {k: v for k, v in cfg.items() if k not in ('type', '_scope_', 'priority')}
    check_arguments(cls, {**arguments, **dict.fromkeys(given)}, place)
    return cls


def _check_part(cfg, place):
    """A part of a model and the parts inside it."""
    if isinstance(cfg.get('type'), str) and cfg['type'].startswith(FOREIGN):
        return
    _check_member(cfg, place, registry.MODELS)
    for key in MODEL_PARTS:
        if isinstance(cfg.get(key), dict) and 'type' in cfg[key]:
            _check_part(cfg[key], f'{place}.{key}')


def _check_loader(cfg, place):
    known = {*inspect.signature(DataLoader).parameters, 'num_batch_per_epoch'}
    for key in cfg:
        if key not in known:
            raise InputError(f'{place}: a loader takes no argument {key!r}; '
                             f'{nearest(key, known)}')
    for key, least in (('batch_size', 1), ('num_workers', 0)):
        if key in cfg:
            _check_whole(cfg[key], f'{place}.{key}', least)
    _check_number(cfg.get('timeout', 0), f'{place}.timeout', 'seconds')
    if 'dataset' not in cfg:
        raise InputError(f"{place}: the key 'dataset' is missing")
    _check_dataset(cfg['dataset'], f'{place}.dataset')
    if isinstance(cfg.get('sampler'), dict):
        _check_member(cfg['sampler'], f'{place}.sampler', registry.DATA_SAMPLERS, ['dataset'])


def _check_dataset(cfg, place):
    _check_member(cfg, place, registry.DATASETS)
    pipeline = cfg.get('pipeline') or []
    if not isinstance(pipeline, (list, tuple)):
        raise InputError(f'{place}.pipeline: expected a list of transforms, got {pipeline!r}')
    for i, step in enumerate(pipeline):
        is_foreign = isinstance(step, dict) and str(step.get('type', '')).startswith(FOREIGN)
        if not callable(step) and not is_foreign:
            _check_member(step, f'{place}.pipeline[{i}]', registry.TRANSFORMS)
    if isinstance(cfg.get('dataset'), dict):
        _check_dataset(cfg['dataset'], f'{place}.dataset')
    for i, inner in enumerate(cfg.get('datasets') or []):
        _check_dataset(inner, f'{place}.datasets[{i}]')


def _check_whole(value, place, least):
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f'{place}: expected a whole number >= {least}, got {value!r}')


def _check_number(value, place, what, most=float('inf')):
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= most:
        raise InputError(f'{place}: expected {what} >= 0'
                         + (f' and <= {most:g}' if most < float('inf') else '')
                         + f', got {value!r}')


def _check_loop(cfg, place):
    """``train_cfg``, ``val_cfg`` or ``test_cfg``: arguments of one of mmengine's loops."""
    if not isinstance(cfg, dict):
        raise InputError(f'{place}: expected a dict, got {cfg!r}')
    name = cfg.get('type')
    if place != 'train_cfg':
        name = name or f'{place.split("_")[0].capitalize()}Loop'
    elif (name is None) == ('by_epoch' in cfg):
        name = name or ('EpochBasedTrainLoop' if cfg['by_epoch'] else 'IterBasedTrainLoop')
    else:
        raise InputError("train_cfg: expected 'by_epoch' (True: max_epochs are run, False: "
                         "max_iters) or 'type', one of the two")
    arguments = {k: v for k, v in cfg.items() if k != 'by_epoch'}
    given = ['runner', 'dataloader', *(['evaluator'] if place != 'train_cfg' else [])]
    _check_member({**arguments, 'type': name}, place, engine.LOOPS, given)
    for key in ('max_epochs', 'max_iters', 'val_interval'):
        if key in cfg:
            _check_whole(cfg[key], f'{place}.{key}', 1)


def _check_settings(cfg):
    """Values that would be found wrong late, or without their place."""
    level = cfg.get('log_level', 'INFO')
    if not isinstance(level, int) and not isinstance(logging.getLevelName(level), int):
        raise InputError(f'log_level: expected DEBUG, INFO, WARNING or ERROR, got {level!r}')
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is not None:
        _check_whole(seed, 'randomness.seed', 0)
    _check_number(cfg.get('max_bad_share', 0), 'max_bad_share', 'a share', most=1)
    if cfg.get('bad_files') not in (None, 'error', 'wrong'):
        raise InputError("bad_files: expected 'error' or 'wrong', what a test counts a file as "
                         f'that cannot be loaded, got {cfg["bad_files"]!r}')
    # A name that no metric has would end the run at its first validation.
    best = ((cfg.get('default_hooks') or {}).get('checkpoint') or {}).get('save_best')
    metrics = _listed(cfg.get('val_evaluator'))
    if metrics and all(m['type'] == 'AccMetric' and not m.get('prefix') for m in metrics):
        for name in _listed(best):
            if name != 'auto' and not ACCURACY.fullmatch(name):
                raise InputError(
                    f"default_hooks.checkpoint.save_best: no metric {name!r}; expected 'auto', "
                    'top1_acc, top5_acc, mean_class_accuracy, mean_average_precision or '
                    'mmit_mean_average_precision')


def _check_optimizer(cfg):
    wrapper = cfg.get('optim_wrapper')
    if wrapper is not None:
        if not isinstance(wrapper.get('optimizer'), dict):
            raise InputError("optim_wrapper: the key 'optimizer' is missing, for example "
                             "dict(type='SGD', lr=0.01)")
        resolve(registry.OPTIM_WRAPPERS, wrapper.get('type', 'OptimWrapper'), 'optim_wrapper')
        _check_whole(wrapper.get('accumulative_counts', 1), 'optim_wrapper.accumulative_counts', 1)
        _check_member(wrapper['optimizer'], 'optim_wrapper.optimizer', engine.OPTIMIZERS,
                      ['params'])
        if wrapper.get('constructor'):
            resolve(registry.OPTIM_WRAPPER_CONSTRUCTORS, wrapper['constructor'],
                    'optim_wrapper.constructor')
        lr = wrapper['optimizer'].get('lr', 0)
        if isinstance(lr, str) or lr < 0:
            raise InputError(f'optim_wrapper.optimizer.lr: expected a number >= 0, got {lr!r}')
        if wrapper.get('clip_grad'):
            clip = {k: v for k, v in wrapper['clip_grad'].items() if k != 'type'}
            kind = clip_grad_value_ if wrapper['clip_grad'].get('type') == 'value' \
                else clip_grad_norm_
            check_arguments(kind, {**clip, 'parameters': None}, 'optim_wrapper.clip_grad')
    for i, step in enumerate(_listed(cfg.get('param_scheduler'))):
        arguments = {k: v for k, v in step.items() if k != 'convert_to_iter_based'}
        _check_member(arguments, f'param_scheduler[{i}]', engine.PARAM_SCHEDULERS,
                      ['optimizer', 'param_name'])
