"""From a config file and the options of the command line to a run of mmengine's Runner.

The options are those of the 0.x line; here they become config values before anything is built:
validation is off without ``--validate``, ``--eval`` names metrics, ``--out`` keeps the scores.
"""
import itertools
import os
import os.path as osp
import sys
import traceback

from mmengine.config import Config, ConfigDict
from mmengine.dist import is_main_process
from mmengine.runner import find_latest_checkpoint

from mmvideo.checkpoint_file import local_file
from mmvideo.errors import InputError

from . import compat, distributed
from .check import check_config, check_keys
from .compiled import compile_hooks
from .config_file import config_name, find_config, misfit
from .data_place import check_data
from .hooks import PrepareModel
from .loader import LIMIT_SECONDS
from .measures import detection_of, dump, measures
from .old_config import is_old, split_options, translate
from .omnisource import complete_sources, takes_sources
from .precision import WRAPPERS, use_amp
from .record import add_tensorboard, check_tensorboard
from .runner import BriefRunner
from .saving import newest_whole

__all__ = ['build_runner', 'load_config', 'read_config', 'test', 'train']

PHASES = ('train', 'val', 'test')
RUNS = itertools.count(1)     # of this process


def read_config(path):
    """A config file as it stands, its parts merged in; raises InputError if it cannot be read."""
    compat.install()
    try:
        return Config.fromfile(path)
    except Exception as error:      # a config is a program and may raise anything
        said = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(f'config {path} cannot be read: {type(error).__name__}'
                         f'{_line_of(error)}: {said}') from error


def load_config(path, options=None):
    """Read a config file and apply ``--cfg-options``.

    Args:
        path: a Python config file, or the bare name of one under ``configs/``. One written for
            MMAction2 0.x is translated; what became of its keys is told on the error output.
        options: values by dotted key, for example ``{'model.cls_head.num_classes': 9}``; elements
            of a list are reached by their index. Those of a 0.x config may be of either line.

    Raises:
        MissingFileError: no such config; the nearest are offered.
        InputError: the file cannot be read, mixes today's keys with such of the 0.x line, cannot
            be translated, or an option does not fit it.
    """
    path = find_config(path)
    cfg, options = read_config(path), dict(options or {})
    if is_old(cfg):
        first, options = split_options(cfg, options)
        cfg, said = translate(_merged(cfg, first, path))
        if int(os.environ.get('RANK', 0)) == 0:
            print(f'{path} is of the 0.x line; what became of its keys:', *said, sep='\n  ',
                  file=sys.stderr)
    _merged(cfg, options, path)
    check_keys(cfg)
    return cfg


def _merged(cfg, options, path):
    """``cfg`` with the options put in."""
    for key, value in options.items():
        try:
            cfg.merge_from_dict({key: value})
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise InputError(f'--cfg-options {key} does not fit {path}: '
                             f'{misfit(cfg, key)}') from error
    return cfg


def _line_of(error):
    """' in FILE, line 3': the statement of a config, or of a part of it, that went wrong."""
    found = ''
    for frame, line in traceback.walk_tb(error.__traceback__):
        if isinstance(error, SyntaxError):      # nothing ran yet; mmengine's frames know the file
            name = frame.f_locals.get('filename')
            found = f' in {name}, line {error.lineno}' if osp.isfile(str(name)) else found
        elif frame.f_code.co_name == '<module>':
            found = f' in {frame.f_code.co_filename}, line {line}'
    return found


def complete(cfg):
    """Fill in what every run needs and no config should have to repeat."""
    cfg['default_scope'] = 'mmvideo'
    lines = dict(cfg.get('log_processor') or {})
    if lines.setdefault('type', 'LogProcessor') == 'LogProcessor':
        cfg['log_processor'] = {**lines, 'type': 'ShareLogProcessor'}
    if cfg.get('precise_bn'):
        if not isinstance(cfg['precise_bn'], dict):
            raise InputError(f'config key precise_bn: expected a dict such as dict(num_iters=200, '
                             f'interval=1), not {cfg["precise_bn"]!r}')
        _add_hooks(cfg, [dict(type='PreciseBN', **cfg['precise_bn'])])
    if takes_sources(cfg):
        _add_hooks(cfg, [dict(type='TrainOnSources', loaders=[
            _complete_loader(loader, shuffle=True) for loader in complete_sources(cfg)])])
    for phase in PHASES:
        loader = cfg.get(f'{phase}_dataloader')
        if loader is None:
            continue
        _complete_loader(loader, shuffle=phase == 'train')
        if phase != 'train':
            if cfg.get(f'{phase}_cfg') is None:
                cfg[f'{phase}_cfg'] = dict()
            if cfg.get(f'{phase}_evaluator') is None:
                cfg[f'{phase}_evaluator'] = dict(type='AccMetric')
            cfg[f'{phase}_dataloader'].dataset.setdefault('test_mode', True)
    return cfg


def _complete_loader(loader, shuffle):
    # Crops are cut later from frames as many and as large as each video's.
    kind = 'pseudo_collate' if _cuts_later(loader.get('dataset')) else 'default_collate'
    loader.setdefault('collate_fn', dict(type=kind))
    loader.setdefault('sampler', dict(type='DefaultSampler', shuffle=shuffle))
    if loader.get('num_workers'):
        loader.setdefault('timeout', LIMIT_SECONDS)
    compat.drop_idle_persistence(loader)
    return loader


def _add_hooks(cfg, hooks):
    """Put hooks in, each once: a config that a run wrote into its work dir names them already."""
    types = [hook['type'] for hook in hooks]
    cfg['custom_hooks'] = [hook for hook in cfg.get('custom_hooks') or []
                           if hook.get('type') not in types] + hooks


def _cuts_later(dataset):
    steps = (dataset or {}).get('pipeline') or []
    return any(isinstance(step, dict) and step.get('on_device') for step in steps)


def drop(cfg, *phases):
    """Take phases out of a config: the Runner wants their three parts all there or all gone."""
    for phase in phases:
        for part in ('dataloader', 'cfg', 'evaluator'):
            cfg[f'{phase}_{part}'] = None
    cfg.pop('train_evaluator', None)
    if 'train' in phases:
        cfg['optim_wrapper'] = cfg['param_scheduler'] = cfg['auto_scale_lr'] = None


def _join(cfg, launcher):
    """Meet the other processes, before anything is looked for that they must find alike."""
    cfg['launcher'] = launcher
    distributed.join(launcher, **((cfg.get('env_cfg') or {}).get('dist_cfg') or {}))


def build_runner(cfg, *, strict=False, source=None, goes_on=False):
    """Check a config and build its Runner with mmvideo's hooks.

    Args:
        cfg: a config whose phases have been chosen.
        strict: a loaded checkpoint must match key for key.
        source: the checkpoint's name in messages.
        goes_on: keep the lists of bad files of an earlier run in the work dir.

    Raises:
        InputError: a wrong key, type or argument, with its place in the config.
    """
    complete(cfg)
    check_config(cfg)
    check_data(cfg)
    check_tensorboard(cfg)
    _join(cfg, cfg.get('launcher', 'none'))
    trains = cfg.get('train_dataloader') is not None
    if not trains or cfg.get('fsdp') is None:
        compat.wrap_on_cpus(cfg, cfg['launcher'])
    source = source or str(cfg.get('load_from'))
    # A checkpoint is looked at before anything in it is used.
    _add_hooks(cfg, [
        dict(type='MatchCheckpoint', strict=strict, source=source),
        dict(type='RecordRun', classes=cfg.get('classes')), *compile_hooks(cfg),
        dict(type='SampleSeed'), dict(type='KeepPlace'), dict(type='PlainCheckpoint'),
        dict(type='NameSamples'), dict(type='CheckLabels', classes=cfg.get('classes')),
        dict(type='ShareBuffers'), dict(type='ShowProgress'), dict(type='ReportBadFiles'),
        dict(type='GroupBatches'), dict(type='StopAtBadLoss'),
        dict(type='HintAtWaiting'), dict(type='Multigrid'), dict(type='KeepParts')])
    kind = BriefRunner
    if trains and cfg.get('fsdp') is not None:
        from .fsdp import ShardedRunner, check_fsdp  # takes a while to import
        check_fsdp(cfg)
        kind = ShardedRunner
    number = next(RUNS)
    if number > 1:      # mmengine tells runs of one process apart by name and second
        name = cfg.get('experiment_name') or config_name(cfg.filename or 'run')
        cfg['experiment_name'] = f'{name}_{number}'
    runner = kind.from_cfg(cfg)
    runner.goes_on = goes_on
    return runner


def set_work_dir(cfg, path, work_dir):
    """Command line before config before ``work_dirs/<name of the config file>``."""
    stem = osp.splitext(osp.basename(path))[0]
    cfg['work_dir'] = work_dir or cfg.get('work_dir') or osp.join('work_dirs', stem)


def _speed_up(cfg, compile, channels_last):
    if compile:     # settings of the config stay
        cfg['compile'] = cfg.get('compile') or True
    if channels_last:
        cfg['channels_last'] = True


def train(path, *, work_dir=None, validate=False, test_last=False, test_best=False, resume=None,
          seed=None, diff_seed=False, deterministic=False, amp=False, amp_dtype=None,
          compile=False, channels_last=False, tensorboard=False, auto_scale_lr=False,
          max_bad_share=None, launcher='none', options=None):
    """Train what a config says; see ``tools/train.py`` for the options.

    Args:
        resume: checkpoint to go on from; ``'auto'`` takes the newest of the work dir.
        amp_dtype: 'fp16' or 'bf16', in which mixed precision computes; includes ``amp``.

    Returns:
        dict: metrics of the checkpoints that were tested afterwards, by ``'last'`` and ``'best'``.
    """
    distributed.take_place(launcher)
    path = find_config(path)
    cfg = load_config(path, options)
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper'):
        if not isinstance(cfg.get(key), dict):
            raise InputError(f'config {path} cannot train: {key!r} is missing')
    set_work_dir(cfg, path, work_dir)
    _join(cfg, launcher)
    if max_bad_share is not None:
        cfg['max_bad_share'] = max_bad_share
    goes_on, passed_over = bool(resume or cfg.get('resume')), []
    if resume == 'auto' or resume is None and goes_on and not cfg.get('load_from'):
        cfg['resume'] = False
        resume, passed_over = _newest(cfg.work_dir)
    if resume:
        cfg['resume'], cfg['load_from'] = True, resume
    if seed is not None or diff_seed or deterministic:
        cfg['randomness'] = {**cfg.get('randomness', {}), 'diff_rank_seed': diff_seed,
                             'deterministic': deterministic}
        if seed is not None:
            cfg['randomness']['seed'] = seed
    if amp or amp_dtype or cfg.optim_wrapper.get('type') in WRAPPERS:
        use_amp(cfg, amp_dtype)
    _speed_up(cfg, compile, channels_last)
    if tensorboard:
        add_tensorboard(cfg)
    if auto_scale_lr:
        size = (cfg.get('auto_scale_lr') or {}).get('base_batch_size')
        if not isinstance(size, int) or size < 1:
            raise InputError('--auto-scale-lr needs auto_scale_lr.base_batch_size in the config: '
                             'the total batch size that the learning rate was chosen for; found '
                             f'{size!r}')
        cfg['auto_scale_lr']['enable'] = True
    unused = [p for p, used in (('val', validate or test_best), ('test', test_last or test_best))
              if not used]
    for phase in {'val', 'test'} - set(unused):
        if cfg.get(f'{phase}_dataloader') is None:
            flags = '--validate and --test-best' if phase == 'val' else '--test-last, --test-best'
            raise InputError(f'config {path} has no {phase}_dataloader, which {flags} need')
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    if test_best and not hook.get('save_best'):
        raise InputError("--test-best needs default_hooks.checkpoint.save_best in the config: the "
                         "metric that tells which checkpoint is best, or 'auto'")
    drop(cfg, *unused)
    runner = build_runner(cfg, strict=bool(cfg.get('resume')), goes_on=goes_on)
    for line in passed_over:
        runner.logger.warning(line)
    runner.train()
    found = {}
    for which, wanted in (('last', test_last), ('best', test_best)):
        if wanted:
            found[which] = _test_after_training(cfg, runner, which)
    return found


def _newest(work_dir):
    """The newest whole checkpoint, or None; and what is to be told of others."""
    found, passed_over = distributed.told_by_main(
        newest_whole(work_dir) if is_main_process() else None)
    if found is None and is_main_process():
        print(f'nothing to resume in {work_dir}: training starts at epoch 1')
    return found, passed_over


def _test_after_training(cfg, runner, which):
    """Test the last or the best checkpoint of a run; scores go to ``<which>_pred.pkl``."""
    hub = runner.message_hub
    checkpoint = (find_latest_checkpoint(runner.work_dir) if which == 'last'
                  else hub.get_info('best_ckpt') if 'best_ckpt' in hub.runtime_info else None)
    if not checkpoint:
        raise InputError(f'--test-{which}: the run kept no {which} checkpoint '
                         '(default_hooks.checkpoint.save_best, train_cfg.val_interval)')
    name = cfg.get('filename') or cfg.work_dir
    test_cfg = Config(ConfigDict({k: v for k, v in cfg.items() if k != 'custom_hooks'}),
                      filename=cfg.filename)
    test_cfg['experiment_name'] = f'{runner.experiment_name}_{which}'
    out = osp.join(runner.work_dir, f'{which}_pred.pkl')
    return _run_test(test_cfg, name, checkpoint, out=out)


def test(path, checkpoint, *, out=None, metrics=(), metric_options=None, average_clips=None,
         prepare_model=None, compile=False, channels_last=False, bad_files=None, work_dir=None,
         launcher='none', options=None):
    """Test a checkpoint; see ``tools/test.py`` for the options.

    Args:
        out: file for the scores, ``.json``, ``.pkl`` or ``.yaml``, of a detector ``.csv`` or
            ``.pkl``; by default that of the config's ``output_config``, which those of the 0.x
            line may have.
        metrics: names of metrics; by default those of ``eval_config``. None keeps the config's
            ``test_evaluator`` out and only collects scores.
        metric_options: keyword arguments by metric.
        prepare_model: called with the model once its weights are loaded.
        bad_files: 'wrong' counts files that cannot be loaded as wrong; by default such a file is an
            error.

    Returns:
        dict: metrics by name.
    """
    distributed.take_place(launcher)
    path = find_config(path)
    cfg = load_config(path, options)
    measured = cfg.get('eval_config') or {}
    out = out or (cfg.get('output_config') or {}).get('out')
    metric_options = metric_options or measured.get('metric_options')
    metrics = metrics or measured.get('metrics') or ()
    if not out and not metrics:
        raise InputError('nothing to do: give --out FILE, --eval NAME or both')
    if out is not None:
        _check_writable(out)
    if cfg.get('test_dataloader') is None:
        raise InputError(f'config {path} has no test_dataloader')
    set_work_dir(cfg, path, work_dir)
    _join(cfg, launcher)
    if bad_files is not None:
        cfg['bad_files'] = bad_files
    _speed_up(cfg, compile, channels_last)
    if average_clips is not None:
        cfg.model['test_cfg'] = {**(cfg.model.get('test_cfg') or {}),
                                 'average_clips': average_clips}
    detection = detection_of(cfg)
    cfg['test_evaluator'] = measures(metrics, metric_options, detection)
    return _run_test(cfg, path, checkpoint, out, prepare_model, detection)


def _check_writable(out):
    """A place that cannot be written is told before the test has run for hours."""
    folder = osp.dirname(out) or '.'
    os.makedirs(folder, exist_ok=True)
    if osp.isdir(out) or not os.access(folder, os.W_OK):
        raise InputError(f'--out {out}: expected the name of a file in a folder that can be '
                         'written to')


def _run_test(cfg, name, checkpoint, out=None, prepare_model=None, detection=None):
    local_file(checkpoint)      # a missing one is told before the data set is read
    evaluators = cfg.get('test_evaluator') or []
    evaluators = list(evaluators) if isinstance(evaluators, (list, tuple)) else [evaluators]
    if out is not None:
        evaluators.append(dump(out, name, checkpoint, detection or detection_of(cfg)))
    cfg['test_evaluator'] = evaluators
    drop(cfg, 'train', 'val')
    cfg['load_from'], cfg['resume'] = str(checkpoint), False
    runner = build_runner(cfg, strict=True)
    if prepare_model is not None:
        runner.register_hook(PrepareModel(prepare_model))
    found = runner.test()
    return {key: float(value) for key, value in found.items()}
