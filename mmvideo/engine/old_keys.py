"""What each key of a config of MMAction2 0.x says in the engine's form.

A function a key: it is given the value and the translation made so far, adds to that, and gives a
few words on what became of the value. ``STEPS`` has all of them.
"""
import copy

from mmvideo.errors import InputError
from mmvideo.registry import nearest

from .old_schedule import translate_schedule

__all__ = ['PHASES', 'STEPS', 'become']

PHASES = ('train', 'val', 'test')
LOGGERS = dict(TextLoggerHook=None, TensorboardLoggerHook='TensorboardVisBackend',
               WandbLoggerHook='WandbVisBackend')
DICTS = ('data', 'optimizer', 'optimizer_config', 'fp16', 'lr_config', 'runner', 'evaluation',
         'checkpoint_config', 'log_config', 'dist_params')
LISTS = dict(module_hooks=(dict, ), workflow=(tuple, list))
LOADER = dict(videos_per_gpu='batch_size', workers_per_gpu='num_workers')
LOADER_KEPT = ('persistent_workers', 'drop_last', 'pin_memory', 'prefetch_factor')


def become(key, value, new):
    """Translate one key.

    Args:
        key: one of ``STEPS``.
        value: what the 0.x config says there.
        new: the translation of the keys before it; receives that of this one.

    Returns:
        str: a few words on what became of the value.

    Raises:
        InputError: names the key, or the one inside it, and says why it cannot be translated.
    """
    if key in DICTS and not isinstance(value, (dict, type(None))):
        raise _refusal(key, f'expected a dict, got {value!r}')
    if key in LISTS and not (value is None or isinstance(value, (list, tuple))
                             and all(isinstance(item, LISTS[key]) for item in value)):
        raise _refusal(key, f'expected a list of {LISTS[key][0].__name__}s, got {value!r}')
    return STEPS[key](value, new)


def _refusal(key, why):
    return InputError(f'config key {key!r} of the 0.x line cannot be translated: {why}')


def _check_known(key, value, known):
    if not isinstance(value, dict):
        raise _refusal(key, f'expected a dict, got {value!r}')
    for name in value:
        if name not in known:
            raise _refusal(f'{key}.{name}', nearest(name, known))


def _model(value, new):
    new['model'] = value
    return 'kept'


def _settings(key):
    """``train_cfg`` or ``test_cfg`` beside the model, where early configs have it."""
    def step(value, new):
        if value is None:
            return 'nothing to translate'
        if new['model'].get(key) is not None:
            raise _refusal(key, f'model.{key} is set, too')
        new['model'][key] = value
        return f'model.{key}'
    return step


def _data(value, new):
    _check_known('data', value, [*LOADER, 'persistent_workers', *PHASES, 'train_ratio',
                                 'omni_videos_per_gpu',
                                 *(f'{phase}_dataloader' for phase in PHASES)])
    made = []
    for phase in PHASES:
        dataset, own = value.get(phase), value.get(f'{phase}_dataloader') or {}
        if dataset is None:
            continue
        if phase == 'train' and isinstance(dataset, list) and dataset:
            dataset, *others = dataset
            new['omnisource'] = _sources(value, others)
            made.append(f'omnisource ({len(others)} further sources)')
        if not isinstance(dataset, dict):
            raise _refusal(f'data.{phase}', f'one data set is expected, got {dataset!r}')
        place = f'data.{phase}_dataloader'
        _check_known(place, own, [*LOADER, *LOADER_KEPT, 'shuffle', 'dist', 'num_gpus', 'seed'])
        given = dict(videos_per_gpu=1, workers_per_gpu=1, persistent_workers=False)
        given.update({k: value[k] for k in given if k in value})
        given.update(own)
        if phase == 'train' and isinstance(value.get('omni_videos_per_gpu'), (list, tuple)):
            given['videos_per_gpu'] = value['omni_videos_per_gpu'][0]
        loader = {LOADER.get(k, k): given[k] for k in (*LOADER, *LOADER_KEPT) if k in given}
        if not loader['persistent_workers']:
            del loader['persistent_workers']
        if 'shuffle' in own:
            loader['sampler'] = dict(type='DefaultSampler', shuffle=own['shuffle'])
        new[f'{phase}_dataloader'] = dict(loader, dataset=dataset)
        made.append(f'{phase}_dataloader (batch_size {loader["batch_size"]})')
    return ', '.join(made)


def _sources(data, datasets):
    """Loaders of what is trained on jointly with the first data set (OmniSource)."""
    sizes, ratio = data.get('omni_videos_per_gpu'), data.get('train_ratio')
    for key, given in (('omni_videos_per_gpu', sizes), ('train_ratio', ratio)):
        if given and not isinstance(given, int) and len(given) != len(datasets) + 1:
            raise _refusal(f'data.{key}', f'expected {len(datasets) + 1} numbers, one for each '
                           f'data set of data.train, got {given!r}')
    if isinstance(ratio, int) and ratio != 1:
        raise _refusal('data.train_ratio', f'expected a list of {len(datasets) + 1} numbers, got '
                       f'{ratio!r}')
    loaders = [dict(dataset=dataset) for dataset in datasets]
    for i, loader in enumerate(loaders, 1):
        if sizes:
            loader['batch_size'] = sizes if isinstance(sizes, int) else sizes[i]
        if isinstance(ratio, (list, tuple)):
            loader.update(every=ratio[0], batches=ratio[i])
    return loaders


def _optimizer(value, new):
    if value is None:
        return 'nothing to translate'
    kept = {k: value.pop(k) for k in ('constructor', 'paramwise_cfg') if k in value}
    if value.get('type') == 'CopyOfSGD':
        value['type'] = 'SGD'
    new['optim_wrapper'] = dict(kept, optimizer=value)
    return ', '.join(f'optim_wrapper.{key}' for key in ('optimizer', *kept))


def _optimizer_config(value, new):
    if not value or 'optim_wrapper' not in new:
        return 'nothing to translate'
    kind = value.get('type', 'OptimizerHook')
    known = dict(OptimizerHook=['grad_clip'],
                 GradientCumulativeOptimizerHook=['grad_clip', 'cumulative_iters'],
                 Fp16OptimizerHook=['grad_clip', 'loss_scale'])
    if kind not in known:
        raise _refusal('optimizer_config.type', f'{kind!r} has no counterpart; '
                       + nearest(kind, known))
    _check_known('optimizer_config', value, ['type', *known[kind]])
    made = []
    if value.get('grad_clip'):
        new['optim_wrapper']['clip_grad'] = value['grad_clip']
        made.append('optim_wrapper.clip_grad')
    if 'cumulative_iters' in value:
        new['optim_wrapper']['accumulative_counts'] = value['cumulative_iters']
        made.append('optim_wrapper.accumulative_counts')
    if kind == 'Fp16OptimizerHook':
        made.append(_fp16({k: v for k, v in value.items() if k == 'loss_scale'}, new))
    return ', '.join(made) or 'nothing to translate'


def _fp16(value, new):
    if value is None or 'optim_wrapper' not in new:
        return 'nothing to translate'
    _check_known('fp16', value, ['loss_scale'])
    new['optim_wrapper'] = dict(type='AmpOptimWrapper', loss_scale=value.get('loss_scale', 512.),
                                **new['optim_wrapper'])
    return 'optim_wrapper.type AmpOptimWrapper (tests run in full precision)'


def _total_epochs(value, new):
    if not isinstance(value, int) or value < 1:
        raise _refusal('total_epochs', f'expected a whole number >= 1, got {value!r}')
    new['train_cfg'] = dict(by_epoch=True, max_epochs=value, val_begin=1, val_interval=1)
    return 'train_cfg.max_epochs'


def _runner(value, new):
    if value is None:
        return 'nothing to translate'
    if value.get('type') != 'EpochBasedRunner' or 'max_epochs' not in value:
        raise _refusal('runner', "expected dict(type='EpochBasedRunner', max_epochs=...)")
    return _total_epochs(value['max_epochs'], new)


def _lr_config(value, new):
    if value is None:
        return 'nothing to translate'
    if 'train_cfg' not in new:
        raise _refusal('lr_config', 'total_epochs is missing')
    found = translate_schedule(value, new['train_cfg']['max_epochs'])
    if found:
        new['param_scheduler'] = found
    names = ', '.join(step['type'] for step in found)
    return f'param_scheduler ({names})' if found else 'no param_scheduler: the rate stays'


def _hook(new, name, **values):
    """A hook among the ``default_hooks``, with what was said of it so far."""
    kinds = dict(checkpoint=dict(type='CheckpointHook', interval=1),
                 logger=dict(type='LoggerHook', interval=20, ignore_last=False))
    hook = new.setdefault('default_hooks', {}).setdefault(name, kinds[name])
    hook.update(values)


def _evaluation(value, new):
    value = dict(value or {})
    _check_known('evaluation', value, ['interval', 'start', 'by_epoch', 'save_best', 'rule',
                                       'gpu_collect', 'tmpdir', 'metrics', 'metric_options',
                                       'topk'])
    if not value.get('by_epoch', True):
        raise _refusal('evaluation.by_epoch', 'validation comes after epochs')
    made = []
    if 'train_cfg' in new:
        new['train_cfg'].update(val_begin=value.get('start') or 1,
                                val_interval=value.get('interval', 1))
        best = dict(save_best=value.get('save_best', 'auto'))
        if value.get('rule'):
            best['rule'] = value['rule']
        _hook(new, 'checkpoint', **best)
        made = ['train_cfg.val_interval', 'default_hooks.checkpoint.save_best']
    metric = _metric(value)
    if value.get('gpu_collect'):
        metric['collect_device'] = 'gpu'
    for phase in ('val', 'test'):
        if f'{phase}_dataloader' in new:
            new[f'{phase}_evaluator'] = copy.deepcopy(metric)
            made.append(f'{phase}_evaluator')
    return ', '.join(made)


def _metric(value):
    metrics = value.get('metrics') or ['top_k_accuracy']
    metric = dict(type='AccMetric',
                  metric_list=[metrics] if isinstance(metrics, str) else list(metrics))
    options = dict(value.get('metric_options') or {})
    if 'topk' in value:
        options['top_k_accuracy'] = dict(topk=value['topk'])
    if options:
        metric['metric_options'] = options
    return metric


def _checkpoint_config(value, new):
    if value is None:
        return 'nothing to translate'
    kept = ('interval', 'by_epoch', 'save_optimizer', 'out_dir', 'max_keep_ckpts', 'save_last')
    _check_known('checkpoint_config', value, [*kept, 'type', 'meta', 'create_symlink'])
    _hook(new, 'checkpoint', **{k: v for k, v in value.items() if k in kept})
    return 'default_hooks.checkpoint'


def _log_config(value, new):
    value = value or {}
    _check_known('log_config', value, ['interval', 'hooks'])
    backends = [dict(type='LocalVisBackend')]
    for hook in value.get('hooks') or []:
        kind = hook.get('type') if isinstance(hook, dict) else hook
        if kind not in LOGGERS:
            raise _refusal('log_config.hooks', f'{kind!r} has no counterpart; '
                           + nearest(kind, LOGGERS))
        if LOGGERS[kind]:
            kept = {k: hook[k] for k in ('init_kwargs', ) if hook.get(k)}
            backends.append(dict(type=LOGGERS[kind], **kept))
    interval = value.get('interval', 10)
    _hook(new, 'logger', interval=interval)
    new['log_processor'] = dict(type='LogProcessor', window_size=interval, by_epoch=True)
    new['visualizer'] = dict(type='Visualizer', vis_backends=backends)
    return 'default_hooks.logger, log_processor, visualizer'


def _module_hooks(value, new):
    for hook in value or []:
        if hook.get('type') != 'GPUNormalize':
            raise _refusal('module_hooks', f'only GPUNormalize is known, not {hook.get("type")!r}')
        _check_known('module_hooks', hook, ['type', 'hooked_module', 'hook_pos', 'input_format',
                                            'mean', 'std'])
        shape = hook.get('input_format', 'NCHW').removesuffix('_Flow')
        if shape not in ('NCHW', 'NCTHW'):
            raise _refusal('module_hooks.input_format', f'expected NCHW, NCTHW, NCHW_Flow, got '
                           f'{hook["input_format"]!r}')
        new['model']['data_preprocessor'] = dict(
            type='ActionDataPreprocessor', mean=list(hook['mean']), std=list(hook['std']),
            format_shape=shape)
    return 'model.data_preprocessor' if value else 'nothing to translate'


def _environment(*path):
    def step(value, new):
        place = new.setdefault('env_cfg', {})
        for word in path[:-1]:
            place = place.setdefault(word, {})
        place[path[-1]] = value
        return '.'.join(('env_cfg', *path))
    return step


def _resume_from(value, new):
    if value is None:
        return 'nothing to translate'
    new['resume'], new['load_from'] = True, value
    return 'resume, load_from'


def _workflow(value, new):
    if value and [step[:1] for step in map(list, value)] != [['train']]:
        raise _refusal('workflow', 'losses of validation data are not computed; accuracies are, '
                       'by --validate')
    return 'nothing to translate'


def _find_unused(value, new):
    if not value:
        return 'nothing to translate'
    new['model_wrapper_cfg'] = dict(type='MMDistributedDataParallel', broadcast_buffers=False,
                                    find_unused_parameters=True)
    return 'model_wrapper_cfg.find_unused_parameters'


def _seed(value, new):
    if value is None:
        return 'nothing to translate'
    new['randomness'] = dict(seed=value)
    return 'randomness.seed'


def _same(key):
    def step(value, new):
        new[key] = value
        return 'kept'
    return step


def _momentum_config(value, new):
    if value:
        raise _refusal('momentum_config', 'the momentum stays as the optimizer has it')
    return 'nothing to translate'


def _omnisource(value, new):
    return 'omnisource, by data' if value else 'nothing to translate'


# In this order: later ones add to what earlier ones wrote.
STEPS = dict(
    model=_model, train_cfg=_settings('train_cfg'), test_cfg=_settings('test_cfg'), data=_data,
    module_hooks=_module_hooks, optimizer=_optimizer, optimizer_config=_optimizer_config,
    fp16=_fp16, total_epochs=_total_epochs, runner=_runner, lr_config=_lr_config,
    checkpoint_config=_checkpoint_config, evaluation=_evaluation, log_config=_log_config,
    eval_config=_same('eval_config'), output_config=_same('output_config'),
    load_from=_same('load_from'), resume_from=_resume_from, workflow=_workflow, seed=_seed,
    dist_params=_environment('dist_cfg'), cudnn_benchmark=_environment('cudnn_benchmark'),
    mp_start_method=_environment('mp_cfg', 'mp_start_method'),
    opencv_num_threads=_environment('mp_cfg', 'opencv_num_threads'),
    find_unused_parameters=_find_unused, omnisource=_omnisource, momentum_config=_momentum_config)
STEPS |= {key: _same(key) for key in ('work_dir', 'log_level', 'custom_hooks', 'custom_imports',
                                      'launcher', 'precise_bn', 'multigrid')}
