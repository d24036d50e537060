"""Configs of MMAction2 0.x: translated key by key, refused by name, and run as they stand."""
import importlib.util
import json
import math
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

from mmvideo import engine
from mmvideo.config_text import to_text
from mmvideo.engine.check import check_config
from mmvideo.engine.old_config import is_old, split_options, translate
from mmvideo.engine.old_keys import STEPS
from mmvideo.engine.old_schedule import translate_schedule
from mmvideo.errors import InputError
from mmvideo.evaluation.scores import read_scores
from mmvideo.registry import MODELS
from mmvideo.zoo.media import SmallData

sys.path.insert(0, str(Path(__file__).parent))

from old_dialect import (  # noqa: E402
    PHASES,
    RECIPES,
    old_config,
    small_options,
    write,
)

NAMES = sorted(RECIPES)
pytestmark = pytest.mark.filterwarnings('ignore:.*classes have no sample')
STEMS = [Path(name).stem for name in NAMES]
every_recipe = pytest.mark.parametrize('name', NAMES, ids=STEMS)


def is_missing(recipe):
    """Whether a recipe's backbone comes from a library that is not installed."""
    library = recipe['model']['backbone']['type'].partition('.')[0]
    return library in ('timm', 'torchvision') and importlib.util.find_spec(library) is None


def minimal(**more):
    """A small config of the 0.x line; a value of ``...`` takes its key out."""
    data = dict(videos_per_gpu=8, workers_per_gpu=2, train=dict(type='VideoDataset'),
                val=dict(type='VideoDataset'), test=dict(type='VideoDataset'))
    cfg = dict(model=dict(type='Recognizer2D'), data=data, total_epochs=50,
               optimizer=dict(type='SGD', lr=0.1))
    cfg.update(more)
    return Config({key: value for key, value in cfg.items() if value is not ...})


@every_recipe
def test_recipes_are_translated_whole(name):
    recipe, old = RECIPES[name], Config(old_config(name))
    assert is_old(old)
    new, said = translate(old)
    assert not is_old(new)
    check_config(new)
    keys = {line.split(':')[0] for line in said}
    assert keys | {'dataset_type', 'img_norm_cfg', 'evaluation'} >= \
        set(old) - {f'{phase}_pipeline' for phase in PHASES}
    new, old = new.to_dict(), old.to_dict()
    assert new['model'] == old['model']
    for phase in PHASES:
        dataset, loader = old['data'].get(phase), new.get(f'{phase}_dataloader')
        others = [dict(dataset=d) for d in dataset[1:]] if isinstance(dataset, list) else None
        assert (new.get('omnisource') if phase == 'train' else None) == others
        dataset = dataset[0] if others else dataset
        assert (loader and loader['dataset']) == dataset
        size = recipe['videos_per_gpu'] or 1
        size = recipe['test_videos_per_gpu'] or size if phase == 'test' else size
        assert loader is None or loader['batch_size'] == size
    for key in ('multigrid', 'precise_bn'):
        assert new.get(key) == recipe.get(key)
    assert new.get('load_from') == recipe.get('load_from')
    if 'optimizer' in recipe:
        wrapper = new['optim_wrapper']
        grouped = {k: wrapper[k] for k in ('constructor', 'paramwise_cfg') if k in wrapper}
        assert {**wrapper['optimizer'], **grouped} == recipe['optimizer']
        assert wrapper['clip_grad'] == recipe['optimizer_config']['grad_clip']
        assert wrapper.get('loss_scale') == (512 if 'fp16' in recipe else None)
        given = recipe.get('evaluation', dict(interval=1, metrics=['top_k_accuracy']))
        assert new['train_cfg'] == dict(
            by_epoch=True, max_epochs=recipe['total_epochs'], val_begin=given.get('start', 1),
            val_interval=given['interval'])
        assert new['val_evaluator']['metric_list'] == given['metrics']


@pytest.mark.slow       # the same dicts are built, each once, by tests/test_recipes.py
@every_recipe
def test_translated_models_build(name):
    if is_missing(RECIPES[name]):
        pytest.skip('a network of torchvision or timm, which is not installed')
    with torch.device('meta'):
        model = MODELS.build(translate(Config(old_config(name)))[0].model)
    assert sum(p.numel() for p in model.parameters()) > 1e6


def published_rates(lr, epochs, length, base=0.1):
    """The rate of each iteration, by the arithmetic of 0.x (interface of its updaters)."""
    rates = []
    for i in range(epochs * length):
        # 0.x sets the regular rate before an epoch, or before an iteration.
        done = i // length if lr.get('by_epoch', True) else i / length
        if lr['policy'] == 'step':
            rate = base * 0.1 ** sum(done >= step for step in lr['step'])
        else:
            low = lr.get('min_lr', base * lr.get('min_lr_ratio', 0))
            rate = low + (base - low) * (1 + math.cos(math.pi * done / epochs)) / 2
        if 'warmup' in lr:
            count = lr['warmup_iters'] * (length if lr['warmup_by_epoch'] else 1)
            ratio = lr.get('warmup_ratio', 0.1)
            rate *= 1 - (1 - min(i / count, 1)) * (1 - ratio)
        rates.append(rate)
    return rates


def rates(schedulers, epochs, length, base=0.1):
    """The rate of each iteration of a run of mmengine."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    built = [PARAM_SCHEDULERS.build(dict(step), default_args=dict(
        optimizer=optimizer, epoch_length=length)) for step in schedulers]
    found = []
    for _ in range(epochs):
        for _ in range(length):
            found.append(optimizer.param_groups[0]['lr'])
            optimizer.step()
            for step in built:
                if not step.by_epoch:
                    step.step()
        for step in built:
            if step.by_epoch:
                step.step()
    return found


SCHEDULES = sorted({json.dumps([r['lr_config'], r['total_epochs']]) for r in RECIPES.values()
                    if 'lr_config' in r})


@pytest.mark.parametrize('case', SCHEDULES)
def test_rates_are_those_of_the_recipe(case):
    lr, epochs = json.loads(case)
    length = 7
    found = rates(translate_schedule(lr, epochs), epochs, length)
    wanted = published_rates(lr, epochs, length)
    assert len(found) == len(wanted)
    for i, (one, other) in enumerate(zip(found, wanted, strict=True)):
        warms = lr.get('warmup_iters', 0) * (length if lr.get('warmup_by_epoch') else 1)
        # A warm-up counted in epochs is complete one iteration earlier.
        slack = 0.1 / warms if lr.get('warmup_by_epoch') and i < warms else 1e-9
        assert one == pytest.approx(other, abs=slack), i


@pytest.mark.parametrize('lr, wanted', [
    (dict(policy='fixed'), []),
    (dict(policy='step', step=3, gamma=0.5),
     [dict(type='StepLR', by_epoch=True, begin=0, end=9, step_size=3, gamma=0.5)]),
    (dict(policy='step', step=[300], by_epoch=False),
     [dict(type='MultiStepLR', by_epoch=False, begin=0, milestones=[300], gamma=0.1)]),
    (dict(policy='exp', gamma=0.9),
     [dict(type='ExponentialLR', gamma=0.9, by_epoch=True, begin=0, end=9)]),
    (dict(policy='TIN', min_lr=0.01, by_epoch=False, warmup='linear', warmup_iters=1,
          warmup_by_epoch=True),
     [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=1,
           convert_to_iter_based=True),
      dict(type='CosineAnnealingLR', T_max=8, eta_min=0.01, by_epoch=True, begin=1, end=9,
           convert_to_iter_based=True)]),
])
def test_schedules(lr, wanted):
    assert translate_schedule(lr, 9) == wanted


def test_rates_by_hand():
    constant = dict(policy='fixed', warmup='constant', warmup_iters=3, warmup_ratio=0.5)
    assert rates(translate_schedule(constant, 2), 2, 3, base=1) == [.5, .5, .5, 1, 1, 1]
    linear = dict(policy='fixed', warmup='linear', warmup_iters=4, warmup_ratio=0.2)
    assert rates(translate_schedule(linear, 2), 2, 3, base=1) == pytest.approx(
        [.2, .4, .6, .8, 1, 1])
    poly = dict(policy='poly', power=1.)
    assert rates(translate_schedule(poly, 4), 4, 1, base=1) == pytest.approx([1, .75, .5, .25])


@pytest.mark.parametrize('more, wanted', [
    (dict(optimizer_config=dict(grad_clip=None)), {}),
    (dict(optimizer_config=dict(type='GradientCumulativeOptimizerHook', cumulative_iters=4)),
     {'optim_wrapper.accumulative_counts': 4}),
    (dict(optimizer_config=dict(type='Fp16OptimizerHook', grad_clip=dict(max_norm=40),
                                loss_scale='dynamic')),
     {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.loss_scale': 'dynamic',
      'optim_wrapper.clip_grad.max_norm': 40}),
    (dict(fp16=dict(loss_scale=64.)), {'optim_wrapper.loss_scale': 64.}),
    (dict(optimizer=dict(type='CopyOfSGD', lr=0.1)), {'optim_wrapper.optimizer.type': 'SGD'}),
    (dict(total_epochs=..., runner=dict(type='EpochBasedRunner', max_epochs=7)),
     {'train_cfg.max_epochs': 7}),
    (dict(test_cfg=dict(average_clips='prob'), train_cfg=None),
     {'model.test_cfg.average_clips': 'prob', 'train_cfg.by_epoch': True}),
    (dict(module_hooks=[dict(type='GPUNormalize', hooked_module='backbone', hook_pos='forward_pre',
                             input_format='NCHW_Flow', mean=[128], std=[127])]),
     {'model.data_preprocessor.mean': [128], 'model.data_preprocessor.std': [127],
      'model.data_preprocessor.format_shape': 'NCHW'}),
    (dict(evaluation=dict(interval=5, start=10, metrics='mean_class_accuracy', rule='greater',
                          save_best='mean_class_accuracy', gpu_collect=True)),
     {'train_cfg.val_interval': 5, 'train_cfg.val_begin': 10,
      'val_evaluator.metric_list': ['mean_class_accuracy'],
      'test_evaluator.collect_device': 'gpu', 'default_hooks.checkpoint.rule': 'greater',
      'default_hooks.checkpoint.save_best': 'mean_class_accuracy'}),
    (dict(evaluation=dict(topk=(1, 3))),
     {'val_evaluator.metric_options.top_k_accuracy.topk': (1, 3),
      'default_hooks.checkpoint.save_best': 'auto'}),
    (dict(), {'train_cfg.val_interval': 1, 'val_evaluator.metric_list': ['top_k_accuracy']}),
    (dict(checkpoint_config=dict(interval=2, max_keep_ckpts=3)),
     {'default_hooks.checkpoint.interval': 2, 'default_hooks.checkpoint.max_keep_ckpts': 3}),
    (dict(log_config=dict(interval=50, hooks=[dict(type='TextLoggerHook'),
                                              dict(type='TensorboardLoggerHook')])),
     {'default_hooks.logger.interval': 50, 'log_processor.window_size': 50,
      'visualizer.vis_backends.1.type': 'TensorboardVisBackend'}),
    (dict(resume_from='x.pth', load_from=None), {'resume': True, 'load_from': 'x.pth'}),
    (dict(dist_params=dict(backend='gloo'), cudnn_benchmark=True, opencv_num_threads=2),
     {'env_cfg.dist_cfg.backend': 'gloo', 'env_cfg.cudnn_benchmark': True,
      'env_cfg.mp_cfg.opencv_num_threads': 2}),
    (dict(find_unused_parameters=True), {'model_wrapper_cfg.find_unused_parameters': True}),
    (dict(seed=3, my_own=5), {'randomness.seed': 3, 'my_own': 5}),
])
def test_single_keys(more, wanted):
    found, said = translate(minimal(**more))
    for place, value in wanted.items():
        at = found
        for word in place.split('.'):
            at = at[int(word)] if word.isdigit() else at[word]
        assert at == value, place
    assert {line.split(':')[0] for line in said} >= {k for k, v in more.items() if v is not ...}


def test_loaders():
    data = dict(videos_per_gpu=8, persistent_workers=True, train=dict(type='A'),
                val=dict(type='B'), test=dict(type='C'),
                train_dataloader=dict(drop_last=True, shuffle=False),
                test_dataloader=dict(videos_per_gpu=1, workers_per_gpu=3))
    found = translate(minimal(data=data))[0]
    assert found.train_dataloader == dict(
        batch_size=8, num_workers=1, persistent_workers=True, drop_last=True,
        sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(type='A'))
    assert found.test_dataloader == dict(batch_size=1, num_workers=3, persistent_workers=True,
                                         dataset=dict(type='C'))


def test_sources_that_train_jointly_stand_beside_the_first():
    data = dict(videos_per_gpu=8, train=[dict(type='A'), dict(type='B'), dict(type='C')],
                omni_videos_per_gpu=[12, 64, 4], train_ratio=[2, 1, 4])
    found, said = translate(minimal(data=data, omnisource=True))
    assert found.train_dataloader.dataset == dict(type='A')
    assert found.train_dataloader.batch_size == 12
    assert found.omnisource == [dict(dataset=dict(type='B'), batch_size=64, every=2, batches=1),
                                dict(dataset=dict(type='C'), batch_size=4, every=2, batches=4)]
    assert any('omnisource (2 further sources)' in line for line in said)


@pytest.mark.parametrize('more, message', [
    (dict(lr_config=dict(policy='CosineRestart')), r"'lr_config.policy'.*'CosineRestart'.*"
     "'CosineAnnealing'"),
    (dict(lr_config=dict(policy='step', step=[1], warmup='exp', warmup_iters=1)),
     r"'lr_config.warmup' cannot .* expected 'linear' or 'constant', got 'exp'"),
    (dict(lr_config=dict(policy='step', step=[1], min_lr=0.1)), r"'lr_config.min_lr'"),
    (dict(lr_config=dict(policy='step', step=[1], warmup='linear')), r'warmup_iters.*>= 1'),
    (dict(lr_config=dict(policy='CosineAnnealing')), r"'lr_config.min_lr'.*one of the two"),
    (dict(lr_config=dict(policy='CosineAnnealing', min_lr=0.1, warmup='linear', warmup_iters=5,
                         warmup_by_epoch=True)), r"'lr_config.min_lr'.*ends above 0"),
    (dict(lr_config=dict(policy='TIN', min_lr=0)), r"'lr_config.by_epoch'.*by_epoch=False"),
    (dict(lr_config=dict(policy='step', step=[1]), total_epochs=...), r"'lr_config'.*total_epochs"),
    (dict(optimizer_config=dict(type='MyHook')), r"'optimizer_config.type'.*'MyHook' has no count"),
    (dict(optimizer_config=dict(grad_clp=None)), r"'optimizer_config.grad_clp'.*'grad_clip'"),
    (dict(evaluation=dict(by_epoch=False)), r"'evaluation.by_epoch'"),
    (dict(evaluation=dict(intervall=5)), r"'evaluation.intervall'.*did you mean 'interval'"),
    (dict(log_config=dict(hooks=[dict(type='PaviLoggerHook')])), r"'log_config.hooks'.*'PaviLogge"),
    (dict(module_hooks=[dict(type='MyHook')]), r"'module_hooks'.*only GPUNormalize.*'MyHook'"),
    (dict(workflow=[('train', 1), ('val', 1)]), r"'workflow'.*--validate"),
    (dict(momentum_config=dict(policy='cyclic')), r"'momentum_config' .* momentum stays"),
    (dict(runner=dict(type='IterBasedRunner', max_iters=9)), r"'runner'.*EpochBasedRunner"),
    (dict(data=dict(train=dict(), videos_per_gp=8)), r"'data.videos_per_gp'.*'videos_per_gpu'"),
    (dict(data=dict(val=[dict()])), r"'data.val'.*one data set is expected"),
    (dict(model=dict(test_cfg=dict(x=1)), test_cfg=dict(x=2)), r"'test_cfg'.*model.test_cfg is se"),
    (dict(evalution=dict()), r"unknown config key 'evalution'; did you mean 'evaluation'"),
    (dict(model=...), r"the config has no 'model'"),
    (dict(data=dict(train=[dict(), dict()], train_ratio=[1])), r"'data.train_ratio' .* 2 numbers"),
    (dict(optimizer=5), r"'optimizer' of .* expected a dict, got 5"),
    (dict(workflow=['train']), r"'workflow' of .* expected a list of tuples, got \['train'\]"),
    (dict(total_epochs='50'), r"'total_epochs' of .* expected a whole number >= 1, got '50'"),
])
def test_what_cannot_be_translated_is_refused_by_name(more, message):
    with pytest.raises(InputError, match=message):
        translate(minimal(**more))


def test_the_page_names_every_key():
    page = (Path(__file__).parents[2] / 'docs' / 'old_configs.md').read_text()
    assert [key for key in STEPS if f'`{key}`' not in page] == []


def test_mixed_and_new_configs_are_not_old():
    assert is_old(minimal())
    assert not is_old(minimal(train_dataloader=dict()))
    assert not is_old(minimal(optim_wrapper=dict()))
    assert not is_old(Config(dict(model=dict(), train_dataloader=dict(), train_cfg=dict())))


def test_options_are_of_either_line():
    first, second = split_options(minimal(), {
        'data.train.ann_file': 1, 'model.cls_head.num_classes': 2, 'total_epochs': 3,
        'train_dataloader.batch_size': 4, 'train_cfg.max_epochs': 5, 'load_from': 6})
    assert list(first) == ['data.train.ann_file', 'model.cls_head.num_classes', 'total_epochs',
                           'load_from']
    assert list(second) == ['train_dataloader.batch_size', 'train_cfg.max_epochs']
    assert 'test_cfg.average_clips' in split_options(
        minimal(test_cfg=dict(average_clips=None)), {'test_cfg.average_clips': 'prob'})[0]


def test_a_file_is_read_and_told_key_by_key(tmp_path, capsys):
    path = write('configs/recognition/tsn/tsn_r50_1x1x3_100e_kinetics400_rgb.py', tmp_path)
    cfg = engine.load_config(path, {'total_epochs': 7, 'train_dataloader.batch_size': 3,
                             'optimizer.lr': 0.5})
    assert cfg.train_cfg.max_epochs == 7 and cfg.train_dataloader.batch_size == 3
    assert cfg.optim_wrapper.optimizer.lr == 0.5 and cfg.filename == path
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith('is of the 0.x line; what became of its keys:')
    assert '  total_epochs: train_cfg.max_epochs' in said
    check_config(cfg)


@pytest.fixture(scope='module')
def small_data(embedded, tmp_path_factory):
    return SmallData(embedded, tmp_path_factory.mktemp('small'))


@pytest.fixture
def quick_text(monkeypatch):
    """mmengine lays out the text of a config a dozen times a run, which takes half of a small one.
    """
    monkeypatch.setattr(Config, 'pretty_text', property(to_text))


def run_recipe(name, data, folder):
    """Two iterations of training, validation and test; or the test alone, if nothing trains."""
    path, options = write(name, folder), small_options(old_config(name), data)
    work, scores = str(folder / 'work'), folder / 'scores.json'
    if 'optimizer' in RECIPES[name]:
        found = engine.train(path, work_dir=work, validate=True, test_last=True, seed=0,
                             options=options)
        epochs = options['total_epochs']    # several of multigrid's, whose batches differ in size
        checkpoint = torch.load(folder / 'work' / f'epoch_{epochs}.pth')
        assert checkpoint['meta']['iter'] == 2 or checkpoint['meta']['iter'] > epochs > 1
        assert all(v.isfinite().all() for v in checkpoint['state_dict'].values())
        assert all(0 <= value <= 1 for value in found['last'].values()) and found['last']
        return
    cfg = engine.load_config(path, options)
    torch.save(MODELS.build(cfg.model).state_dict(), folder / 'some.pth')
    engine.test(path, str(folder / 'some.pth'), out=str(scores), work_dir=work, options=options)
    assert len(read_scores(scores).scores) == 2


# Frames, videos, sound, and a test alone; tests/test_zoo_smoke.py runs one of each family.
SPREAD = ['tsm_r50_1x1x8_50e_sthv2_rgb', 'slowfast_r50_4x16x1_256e_kinetics400_rgb',
          'tsn_r18_64x1x1_100e_kinetics400_audio_feature',
          'x3d_s_13x6x1_facebook_kinetics400_rgb', 'tsn_r50_1x1x8_100e_minikinetics_rgb']


@pytest.mark.parametrize('stem', SPREAD)
def test_recipes_run(stem, small_data, tmp_path, quick_text):
    run_recipe(NAMES[STEMS.index(stem)], small_data, tmp_path)


@pytest.mark.slow
@every_recipe
def test_all_recipes_run(name, small_data, tmp_path, quick_text):
    if is_missing(RECIPES[name]):
        with pytest.raises(InputError, match='needs (torchvision|timm)'):
            run_recipe(name, small_data, tmp_path)
    else:
        run_recipe(name, small_data, tmp_path)
