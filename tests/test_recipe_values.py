"""Every published recipe has a leaf, and the leaf says what the recipe says, field by field.

``data/recipes.json.gz`` holds the values of the 185 recognition recipes of the 0.x zoo in their
own words, by the place of their config. ``DIFFERENCES`` is the one list of what a leaf means to
say otherwise, with the reason; each entry turns a recipe's words into the leaf's. What is left
must be equal; an argument that is left out counts as given with its default.
"""
import copy
import gzip
import json
import math
from pathlib import Path

import mmengine.optim
import pytest
import torch
from mmengine.config import Config

from mmvideo import registry
from mmvideo.registry import parameters_of

ROOT = Path(__file__).parents[1]
RECIPES = json.loads(gzip.decompress((ROOT / 'tests/data/recipes.json.gz').read_bytes()))
PHASES = ('train', 'val', 'test')
IMAGENET = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
# Names that say a value wrong; the leaf has the name that is right.
RENAMED = {'slowonly_r50_8x8x1_256e_kinetics400_flow': 'slowonly_r50_8x8x1_196e_kinetics400_flow'}
DIFFERENCES = []
MEMBERS = (registry.MODELS, registry.TRANSFORMS, registry.DATASETS)
MISSING = []


def difference(reason):
    """Register a function that edits a recipe in place and says whether it had to."""
    def register(edit):
        DIFFERENCES.append(pytest.param(reason, edit, id=edit.__name__))
        return edit
    return register


def pipelines(recipe):
    return [recipe[f'{p}_pipeline'] for p in PHASES if recipe[f'{p}_pipeline']]


def datasets(recipe):
    found = [recipe.get(f'{p}_dataset') for p in PHASES]
    return [d for given in found if given for d in (given if isinstance(given, list) else [given])]


def is_audio(recipe):
    return recipe['model']['type'] == 'AudioRecognizer'


@difference('frames cross to the device as uint8 and are normalized there; the recipe without '
            'Normalize did that by a hook, with the values of ImageNet. Normalize also made one '
            'frame of the x and y of flow')
def normalize_on_device(recipe):
    if is_audio(recipe):
        return False
    steps = [s for p in pipelines(recipe) for s in p]
    found = [s for s in steps if s['type'] == 'Normalize'] or [IMAGENET]
    layout = next(s.get('input_format') for s in steps if s['type'] == 'FormatShape')
    flow = [dict(type='JoinFlow')] if len(found[0]['mean']) == 2 else []
    for pipeline in pipelines(recipe):
        pipeline[:] = [new for s in pipeline
                       for new in (flow if s['type'] == 'Normalize' else [s])]
    assert all(s['mean'] == found[0]['mean'] and not s.get('to_bgr') for s in found)
    recipe['model']['data_preprocessor'] = dict(
        type='ActionDataPreprocessor', mean=found[0]['mean'], std=found[0]['std'],
        format_shape='NCTHW' if layout == 'NCTHW' else 'NCHW')
    return True


@difference('samples are mixed after they are normalized, so on the device too')
def blend_on_device(recipe):
    blending = (recipe['model']['train_cfg'] or {}).get('blending')
    if blending:
        recipe['model']['data_preprocessor']['blending'] = blending
        recipe['model']['train_cfg'] = None
    return bool(blending)


@difference('all pipelines end alike: frames (or sound) and label, both tensors, nothing else')
def end_alike(recipe):
    changed = False
    for pipeline in pipelines(recipe):
        keys = ['audios' if is_audio(recipe) else 'imgs', 'label']
        end = [dict(type='Collect', keys=keys, meta_keys=[]), dict(type='ToTensor', keys=keys)]
        changed |= pipeline[-2:] != end
        pipeline[-2:] = end
    return changed


@difference('a slip: a step of the test that opens where it should decode, or the other way round')
def mend_steps(recipe):
    kinds = [s['type'] for s in recipe['test_pipeline']]
    for slip, position, meant in (('DecordDecode', 0, 'DecordInit'),
                                  ('AudioDecodeInit', 2, 'AudioDecode')):
        if kinds[position] == slip:
            recipe['test_pipeline'][position]['type'] = meant
            return True
    return False


@difference('videos are read by our own reader: faster than decord, and exact where decord is not '
            '(docs/data/decoders.md)')
def own_reader(recipe):
    steps = [s for p in pipelines(recipe) for s in p if s['type'] in ('DecordInit', 'DecordDecode')]
    for step in steps:
        step['type'] = step['type'].replace('Decord', 'PyAV')
    return bool(steps)


@difference('crops of a test are cut on the device: a sample holds each frame once')
def crop_on_device(recipe):
    steps = [s for s in recipe['test_pipeline'] if s['type'] in ('ThreeCrop', 'TenCrop')]
    for step in steps:
        step['on_device'] = True
    return bool(steps)


@difference('demonstrations without data stand on the validation videos of Kinetics-400')
def stand_on_data(recipe):
    bare = [d for d in datasets(recipe) if d['ann_file'] is None]
    for dataset in bare:
        kind = 'videos' if dataset['type'] == 'VideoDataset' else 'rawframes'
        dataset['ann_file'] = f'data/kinetics400/kinetics400_val_list_{kind}.txt'
        dataset['data_prefix'] = f'data/kinetics400/{kind}_val'
    return bool(bare)


@difference('folders are relative to the place of work, and written without a slash at the end')
def plain_folders(recipe):
    before = [d['data_prefix'] for d in datasets(recipe)]
    for dataset in datasets(recipe):
        dataset['data_prefix'] = dataset['data_prefix'].strip('/')
    return before != [d['data_prefix'] for d in datasets(recipe)]


@difference('the frames of Something-Something V1 have one name; one recipe leaves it out')
def name_frames(recipe):
    bare = [d for d in datasets(recipe) if 'sthv1' in d['ann_file'] and 'filename_tmpl' not in d]
    for dataset in bare:
        dataset['filename_tmpl'] = '{:05}.jpg'
    return bool(bare)


@difference('the tools put data sets into test mode')
def mode_by_tools(recipe):
    return bool([d.pop('test_mode') for d in datasets(recipe) if 'test_mode' in d])


@difference('a test reads one video at a time unless the recipe sets a number; sound is small and '
            'keeps the batch of training')
def batch_of_test(recipe):
    if recipe['test_videos_per_gpu'] is not None:
        return False
    recipe['test_videos_per_gpu'] = recipe['videos_per_gpu'] if is_audio(recipe) else 1
    return True


@difference('one recipe trains with no batch size: it has that of the two it is compared with')
def batch_of_training(recipe):
    if recipe['videos_per_gpu'] is None and recipe['train_pipeline']:
        recipe['videos_per_gpu'] = 32
        return True
    return False


@difference('further sources of training have loaders of their own beside the first; a recipe that '
            'trains on one alone needs no word about sources')
def sources(recipe):
    given = recipe.get('train_dataset')
    if not isinstance(given, list):
        return recipe.pop('omnisource', None) is not None
    recipe['train_dataset'], *others = given
    recipe['omnisource'] = [dict(dataset=d) for d in others]
    return True


@difference('the optimizer, its groups and clipping are one wrapper; its constructor has a name '
            'that says so; fp16 with the scale that was its default')
def wrap_optimizer(recipe):
    if 'optimizer' not in recipe:
        return False
    optimizer = recipe.pop('optimizer')
    wrapper = dict(clip_grad=recipe.pop('optimizer_config')['grad_clip'])
    if optimizer.pop('constructor', None):
        wrapper['constructor'] = 'TSMOptimWrapperConstructor'
    if 'paramwise_cfg' in optimizer:
        wrapper['paramwise_cfg'] = optimizer.pop('paramwise_cfg')
    if recipe.pop('fp16', None) is not None:
        wrapper.update(type='AmpOptimWrapper', loss_scale=512.)
    recipe['optim_wrapper'] = dict(wrapper, optimizer=optimizer)
    return True


@difference('the policy is a list of schedulers; those of another policy (step beside a cosine, '
            'min_lr beside steps) are left-overs without effect; the rise starts at a tenth')
def schedule(recipe):
    if 'lr_config' not in recipe:
        return False
    lr, epochs = recipe.pop('lr_config'), recipe['total_epochs']
    parts = []
    if 'warmup' in lr:
        by_epoch = lr['warmup_by_epoch']
        parts.append(dict(type='LinearLR', start_factor=lr.get('warmup_ratio', 0.1),
                          by_epoch=by_epoch, begin=0, end=lr['warmup_iters'],
                          **(dict(convert_to_iter_based=True) if by_epoch else {})))
    span = dict(by_epoch=True, begin=0, end=epochs)
    if lr['policy'] == 'step':
        parts.append(dict(type='MultiStepLR', milestones=lr['step'], gamma=0.1, **span))
    else:
        assert lr['policy'] == 'CosineAnnealing'
        floor = (dict(eta_min_ratio=lr['min_lr_ratio']) if 'min_lr_ratio' in lr
                 else dict(eta_min=lr['min_lr']))
        each = dict(convert_to_iter_based=True) if not lr.get('by_epoch', True) else {}
        parts.append(dict(type='CosineAnnealingLR', T_max=epochs, **floor, **span, **each))
    recipe['param_scheduler'] = parts
    return True


@difference('evaluation is told to the loop (when) and to the evaluator (what); top 1 and 5 and '
            'gathering on the CPU are its defaults')
def evaluate(recipe):
    if 'evaluation' not in recipe:
        return False
    given = recipe.pop('evaluation')
    assert given.get('topk', [1, 5]) == [1, 5]
    recipe['val_interval'], recipe['val_begin'] = given['interval'], given.get('start', 1)
    recipe['metrics'] = given['metrics']
    return True


def loader(cfg, phase):
    return cfg.get(f'{phase}_dataloader') or {}


def said(cfg):
    """What a leaf says, by the keys of a recipe that has been through ``DIFFERENCES``."""
    found = dict(model=cfg['model'], videos_per_gpu=loader(cfg, 'train').get('batch_size'),
                 test_videos_per_gpu=loader(cfg, 'test').get('batch_size'))
    for phase in PHASES:
        dataset = dict(loader(cfg, phase).get('dataset') or {})
        found[f'{phase}_pipeline'] = dataset.pop('pipeline', None)
        found[f'{phase}_dataset'] = dataset or None
    keys = ('omnisource', 'multigrid', 'precise_bn', 'load_from', 'optim_wrapper',
            'param_scheduler')
    found.update({key: cfg[key] for key in keys if cfg.get(key) is not None})
    # Recipes record the steps of the first source alone.
    if 'omnisource' in found:
        found['omnisource'] = [dict(source, dataset={k: v for k, v in source['dataset'].items()
                                                     if k != 'pipeline'})
                               for source in found['omnisource']]
    if cfg.get('train_cfg'):
        found.update(total_epochs=cfg['train_cfg']['max_epochs'],
                     val_interval=cfg['train_cfg']['val_interval'],
                     val_begin=cfg['train_cfg']['val_begin'],
                     metrics=cfg['val_evaluator']['metric_list'])
    return found


def plain(value):
    """Lists for tuples, names for keys, and no argument that says its default."""
    if isinstance(value, dict):
        kind = value.get('type')
        found = next((m.get(kind) for m in MEMBERS if kind and m.get(kind)), None)
        names = parameters_of(found)[0] if found else {}
        kept = {str(k): plain(v) for k, v in value.items()}
        return {k: v for k, v in kept.items()
                if k == 'type' or k not in names or v != plain(names[k].default)}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def unequal(wanted, found, place=''):
    """Places where two plain values differ, with both."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [line for k in {**wanted, **found}
                for line in unequal(wanted.get(k, MISSING), found.get(k, MISSING), f'{place}.{k}')]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [line for i, pair in enumerate(zip(wanted, found, strict=True))
                for line in unequal(*pair, f'{place}[{i}]')]
    return [] if wanted == found else [f'{place[1:]}: recipe {wanted!r}, leaf {found!r}']


def leaf_of(name):
    path = Path(name)
    return ROOT / path.with_name(RENAMED.get(path.stem, path.stem) + '.py')


def test_185_recipes_have_leaves():
    assert len(RECIPES) == 185
    assert [n for n in RECIPES if not leaf_of(n).is_file()] == []


@pytest.mark.parametrize('name', RECIPES, ids=[Path(name).stem for name in RECIPES])
def test_leaf_says_what_the_recipe_says(name):
    recipe = copy.deepcopy(RECIPES[name])
    for entry in DIFFERENCES:
        entry.values[1](recipe)
    cfg = Config.fromfile(leaf_of(name), lazy_import=False).to_dict()
    wanted, found = plain(recipe), plain(said(cfg))
    optional = ['val_interval', 'val_begin', 'metrics']     # recipes of sound do not say
    if 'train_dataset' not in recipe:
        wanted.update(train_dataset=None, val_dataset=None, videos_per_gpu=None)
    assert [line for line in unequal(wanted, found)
            if not (line.split(':')[0] in optional and 'recipe []' in line)] == []


@pytest.mark.parametrize('reason, edit', DIFFERENCES)
def test_each_difference_is_one(reason, edit):
    changed = 0
    for recipe in copy.deepcopy(RECIPES).values():
        for entry in DIFFERENCES:
            touched = entry.values[1](recipe)
            changed += touched and entry.values[1] is edit
    assert changed, f'nothing differs any more: {reason}'


def rates(cfg, length):
    """The rate of each iteration of a run with ``length`` iterations an epoch."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.)
    steps = []
    for given in cfg['param_scheduler']:
        kind = getattr(mmengine.optim, given['type'])
        arguments = {k: v for k, v in given.items() if k not in ('type', 'convert_to_iter_based')}
        if given.get('convert_to_iter_based'):
            steps.append(kind.build_iter_from_epoch(optimizer, **arguments, epoch_length=length))
        else:
            steps.append(kind(optimizer, **arguments))
    found = []
    optimizer.step()
    for iteration in range(1, cfg['train_cfg']['max_epochs'] * length + 1):
        found.append(optimizer.param_groups[0]['lr'])
        for step in steps:
            if not step.by_epoch or iteration % length == 0:
                step.step()
    return found


def rise_of(lr, length):
    """Iterations over which the rate rises."""
    return lr.get('warmup_iters', 0) * (length if lr.get('warmup_by_epoch') else 1)


def published_rate(lr, epochs, iteration, length):
    """The 0.x arithmetic: a policy over the whole run, lowered linearly at its begin."""
    done = (iteration // length if lr.get('by_epoch', True) else iteration / length) / epochs
    if lr['policy'] == 'step':
        rate = 0.1 ** sum(done * epochs >= step for step in lr['step'])
    else:
        floor = lr.get('min_lr_ratio', 0)
        rate = floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2
    rise = rise_of(lr, length)
    return rate * (1 - 0.9 * (1 - iteration / rise)) if iteration < rise else rate


@pytest.mark.parametrize('name', [
    'slowfast/slowfast_r50_4x16x1_256e_kinetics400_rgb', 'tin/tin_r50_1x1x8_40e_sthv1_rgb',
    'tin/tin_r50_1x1x8_40e_sthv2_rgb', 'tsn/tsn_r50_1x1x3_75e_ucf101_rgb',
    'slowfast/slowfast_r50_16x8x1_22e_sthv1_rgb',
    'csn/ircsn_ig65m_pretrained_r152_32x2x1_58e_kinetics400_rgb'])
def test_rates_are_those_of_the_published_arithmetic(name):
    name = f'configs/recognition/{name}.py'
    recipe, length = RECIPES[name], 40
    found = rates(Config.fromfile(ROOT / name).to_dict(), length)
    wanted = [published_rate(recipe['lr_config'], recipe['total_epochs'], i, length)
              for i in range(len(found))]
    # The rise ends an iteration earlier here.
    assert found == pytest.approx(wanted, abs=0.9 / length, rel=1e-6)
    rise = rise_of(recipe['lr_config'], length)
    assert found[rise:] == pytest.approx(wanted[rise:], rel=1e-6)
