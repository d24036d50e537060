"""Published recipes turned back into the words of MMAction2 0.x, and made small."""
import copy
import gzip
import json
from pathlib import Path

from mmvideo.config_text import to_text
from mmvideo.zoo.smoke import GRID_EPOCHS, GRID_STEP, GRID_TIMES, pipeline_options

RECIPES = json.loads(gzip.decompress(
    (Path(__file__).parents[1] / 'data/recipes.json.gz').read_bytes()))
PHASES = ('train', 'val', 'test')
# Slips of the published files, and the options that mend them: as they stand, these two open a
# file where they should decode it, or the other way round, and no release could run their test.
SLIPS = dict(
    tsn_r50_1x1x6_100e_mit_rgb={'data.test.pipeline.0.type': 'DecordInit'},
    tsn_r50_64x1x1_100e_kinetics400_audio={'data.test.pipeline.2.type': 'AudioDecode'})


def old_config(name):
    """The top of a 0.x config that says what a recipe says, as a dict."""
    recipe = _with_whole_keys(copy.deepcopy(RECIPES[name]))
    # Variables of the file, and what such files take from a part named default_runtime.
    cfg = dict(dataset_type=name, img_norm_cfg=dict(mean=[0], std=[1]), model=recipe['model'],
               checkpoint_config=dict(interval=1), log_level='INFO', load_from=None,
               log_config=dict(interval=20, hooks=[dict(type='TextLoggerHook')]),
               dist_params=dict(backend='nccl'), resume_from=None, workflow=[('train', 1)],
               opencv_num_threads=0, mp_start_method='fork')
    data = dict(workers_per_gpu=4)
    if recipe['videos_per_gpu'] is not None:
        data['videos_per_gpu'] = recipe['videos_per_gpu']
    if recipe['test_videos_per_gpu'] is not None:
        data['test_dataloader'] = dict(videos_per_gpu=recipe['test_videos_per_gpu'])
    for phase in PHASES:
        pipeline, dataset = recipe[f'{phase}_pipeline'], recipe.get(f'{phase}_dataset')
        if pipeline is not None:
            cfg[f'{phase}_pipeline'] = pipeline
        if isinstance(dataset, list):
            data[phase] = [dict(d, pipeline=_steps_for(d, pipeline)) for d in dataset]
        elif dataset is not None:
            data[phase] = dict(dataset, pipeline=pipeline)
    cfg['data'] = data
    for key in ('optimizer', 'optimizer_config', 'lr_config', 'total_epochs', 'evaluation', 'fp16',
                'omnisource', 'multigrid', 'precise_bn', 'load_from'):
        if key in recipe:
            cfg[key] = recipe[key]
    return cfg


def _steps_for(dataset, pipeline):
    """Recipes record the steps for videos; images are read, made clips, and go the same way."""
    if dataset['type'] != 'ImageDataset':
        return pipeline
    types = [step['type'] for step in pipeline]
    clip = pipeline[types.index('SampleFrames')]
    read = [dict(type='ImageDecode')]
    if clip['clip_len'] > 1:
        read.append(dict(type='BuildPseudoClip', clip_len=clip['clip_len']))
    return read + pipeline[types.index('Resize'):]


def _with_whole_keys(value):
    """JSON has no numbers as keys; the maps of labels that a flip exchanges have nothing else."""
    if isinstance(value, dict):
        return {int(k) if k.isdigit() else k: _with_whole_keys(v) for k, v in value.items()}
    return [_with_whole_keys(v) for v in value] if isinstance(value, list) else value


def write(name, folder):
    """The same as a file in ``folder``; gives its path."""
    path = folder / Path(name).name
    path.write_text(to_text(old_config(name)))
    return str(path)


def small_options(cfg, data):
    """``--cfg-options`` that make a 0.x config small and point it at ``data`` (SmallData)."""
    options = {'load_from': None, 'data.videos_per_gpu': 2, 'data.workers_per_gpu': 0,
               'data.test_dataloader': dict(videos_per_gpu=1), **narrow_model(cfg['model'])}
    if cfg['model']['backbone']['type'] == 'C3D':
        # Two layers of 4096 stay; they are written once, not six times.
        options.update({'evaluation.save_best': None, 'checkpoint_config.save_optimizer': False})
    epochs = GRID_EPOCHS if 'multigrid' in cfg else 1
    if 'total_epochs' in cfg:
        options['total_epochs'] = epochs
    if 'evaluation' in cfg:
        options.update({'evaluation.interval': epochs, 'evaluation.start': epochs})
    if 'multigrid' in cfg:
        options.update({'data.videos_per_gpu': 1, 'lr_config.step': [GRID_STEP],
                        'multigrid.epoch_factor': 1., 'multigrid.default_s': None,
                        'multigrid.warmup_epochs': 1})
    keeps_size = cfg['model']['backbone']['type'].startswith('timm.swin')
    for phase in PHASES:
        found = cfg['data'].get(phase)
        places = {f'data.{phase}.{i}': d for i, d in enumerate(found)} \
            if isinstance(found, list) else {f'data.{phase}': found}
        for place, dataset in places.items():
            if dataset is not None:
                options.update(pipeline_options(dataset['pipeline'], place, keeps_size))
                times = GRID_TIMES if 'multigrid' in cfg and phase == 'train' else 1
                options.update({f'{place}.{k}': v for k, v in data(dataset, phase, times).items()})
    return {**options, **SLIPS.get(Path(cfg['dataset_type']).stem, {})}


def narrow_model(model):
    """Options for few channels, and 50 layers at most, where the network has arguments for that."""
    backbone, place = model['backbone'], 'model.backbone'
    kind, deep = backbone['type'], backbone.get('depth', 0) >= 50
    options = {f'{place}.pretrained': None} if backbone.get('pretrained') else {}
    if backbone.get('depth', 0) > 50:
        options[f'{place}.depth'] = 50
    width = None
    if kind == 'ResNet3dSlowFast':
        for path, channels in (('slow_pathway', 16), ('fast_pathway', 2)):
            options[f'{place}.{path}.base_channels'] = channels
            options[f'{place}.{path}.depth'] = 50
        width = 32 * (16 + 2)
    elif kind == 'C3D':
        options[f'{place}.out_dim'] = 512
    elif kind == 'TimeSformer':
        options.update({f'{place}.img_size': 56, f'{place}.patch_size': 14,
                        f'{place}.embed_dims': 48, f'{place}.num_heads': 4,
                        f'{place}.num_transformer_layers': 2})
        width = 48
    elif 'depth' in backbone and '.' not in kind:
        channels = 16 if kind == 'ResNetTIN' else 8     # which moves sixteenths
        options[f'{place}.base_channels'] = channels
        width = channels * (32 if deep else 8)
    if 'neck' in model:
        options.update({
            'model.neck.in_channels': (128, 256), 'model.neck.out_channels': 128,
            'model.neck.spatial_modulation_cfg.in_channels': (128, 256),
            'model.neck.spatial_modulation_cfg.out_channels': 256,
            'model.neck.level_fusion_cfg.in_channels': (128, 128),
            'model.neck.level_fusion_cfg.mid_channels': (128, 128),
            'model.neck.level_fusion_cfg.out_channels': 256})
    if width and model.get('cls_head'):
        options['model.cls_head.in_channels'] = width
    return options
