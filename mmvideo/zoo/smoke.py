"""Every recipe runs end to end: two iterations of training, validation and test on a few clips.

The run is that of ``tools/train.py`` and ``tools/test.py``. Options make the pictures small and
the clips few; networks, transforms, losses and schedules stay those of the recipe.
"""
import contextlib
import functools
import gc
import io
import json
import math
import os.path as osp
import shutil
import time
import traceback
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from mmvideo import engine, plain_pickle
from mmvideo.engine.config_file import config_name, find_config
from mmvideo.engine.multigrid import GridBatches, plan_of
from mmvideo.errors import InputError
from mmvideo.evaluation.functional import get_weighted_score, top_k_accuracy
from mmvideo.evaluation.scores import read_scores
from mmvideo.processes import Lost, spread
from mmvideo.registry import MODELS

from .media import COUNTS
from .networks import is_foreign

__all__ = ['Outcome', 'fuse', 'pipeline_options', 'smoke', 'smoke_all', 'smoke_options']

PHASES = ('train', 'val', 'test')
# Keys of a step that are lengths in pixels.
SIDES = ('scale', 'size', 'crop_size', 'input_size', 'scale_range')
SMALL = 128     # pipelines that go no further are left as they are
SHRINK = 4
ITERATIONS = 2
# Multigrid trains an epoch of each of its phases, in batches of up to 16.
GRID_EPOCHS, GRID_STEP, GRID_TIMES = 6, 4, 4


class Outcome(NamedTuple):
    """What became of one config.

    Args:
        name: of the config.
        seconds: how long it took.
        loss: of the last iteration; None where nothing was trained.
        metrics: of the test, by name.
        left_out: why it was not run at all; '' if it was.
        fault: what went wrong; '' if nothing did.
        terms: names of the configs whose scores or results it is made of.
    """
    name: str
    seconds: float = 0.
    loss: float = None
    metrics: dict = {}
    left_out: str = ''
    fault: str = ''
    terms: tuple = ()

    def __str__(self):
        if self.left_out:
            return f'{self.name}: left out: {self.left_out}'
        parts = [f'{self.seconds:.1f} s']
        if self.loss is not None:
            parts.append(f'loss {self.loss:.2f}')
        parts += [f'{key} {value:.2f}' for key, value in list(self.metrics.items())[:1]]
        parts.append(f'fault: {self.fault}' if self.fault else 'ok')
        return f'{self.name}: {", ".join(parts)}'


def smoke(path, data, folder, options=None):
    """Run one config; whatever it raises becomes its fault.

    Args:
        path: of the config.
        data: :class:`mmvideo.zoo.media.SmallData`.
        folder: a work dir is made there and removed; the scores of the test stay, under
            ``NAME.pkl``.
        options: more ``--cfg-options``, by dotted key.

    Returns:
        Outcome
    """
    name, start = config_name(path), time.perf_counter()
    work = osp.join(folder, name)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            found = _run(path, data, work, options or {})
    except KeyboardInterrupt:
        raise
    except BaseException as error:      # a network may raise anything, even SystemExit
        found = dict(fault=_fault(error))
    if not found.get('fault') and glob(f'{work}/*.pkl'):
        shutil.move(glob(f'{work}/*.pkl')[0], osp.join(folder, f'{name}.pkl'))
    shutil.rmtree(work, ignore_errors=True)
    gc.collect()        # a runner and its model hold each other
    return Outcome(name, time.perf_counter() - start, **found)


def _fault(error):
    """An error in one line: kind, message and the place in the source that raised it."""
    text = ' '.join(str(error).split())
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f'{type(error).__name__}: {text[:300]} ({osp.basename(at.filename)}:{at.lineno})'


def _run(path, data, work, more):
    """Fields of the outcome of one config."""
    cfg = engine.load_config(path)
    if not cfg.get('model'):
        return dict(left_out='figures without a network', terms=_terms(cfg))
    library = cfg.model.backbone.type.partition('.')[0]
    if is_foreign(cfg.model) and find_spec(library) is None:
        return dict(left_out=f'needs {library}')
    options = {**smoke_options(cfg, data), **more}
    if cfg.get('train_dataloader') is None:
        return _test(path, cfg, options, work)
    found = engine.train(path, work_dir=work, validate=True, test_last=True, seed=0,
                         options=options)
    epochs, iterations = _length(path, cfg, options)
    loss, complaints = _training_record(work, len(cfg.get('omnisource') or ()), epochs, iterations)
    complaints = complaints or _odd(found['last'], Path(work) / 'last_pred.pkl')
    return dict(loss=loss, metrics=found['last'], fault='; '.join(complaints))


def _length(path, cfg, options):
    """Epochs and iterations of a run."""
    if not cfg.get('multigrid'):
        return 1, ITERATIONS
    plan = plan_of(engine.load_config(path, options))
    return plan.epochs, GridBatches(range(GRID_TIMES * COUNTS['train']), plan, 1).total()


def _test(path, cfg, options, work):
    """Test a recipe that trains nothing, from weights as they are drawn."""
    Path(work).mkdir(parents=True)
    weights, scores = osp.join(work, 'some.pth'), osp.join(work, 'scores.pkl')
    torch.manual_seed(0)
    with_options = engine.load_config(path, options)
    torch.save(MODELS.build(with_options.model).state_dict(), weights)
    measured = cfg.get('test_evaluator') or {} if cfg.model.get('cls_head') else {}
    metrics = engine.test(path, weights, out=scores, metrics=measured.get('metric_list', ()),
                          metric_options=measured.get('metric_options'), work_dir=work,
                          options=options)
    return dict(metrics=metrics, fault='; '.join(_odd(metrics, scores, bool(measured))))


def _training_record(work, sources, epochs, iterations):
    """The last loss, and what is wrong with the logs and the checkpoint of a run.

    Args:
        work: work dir.
        sources: number of further sources that it trains on.
        epochs, iterations: how many it has.
    """
    rows = [json.loads(line) for file in glob(f'{work}/*/vis_data/scalars.json')
            for line in Path(file).read_text().splitlines()]
    keys = ['loss', *(f'loss/aux{i}' for i in range(sources))]
    losses = [row[key] for row in rows if 'loss' in row for key in reversed(keys) if key in row]
    complaints = [] if losses and all(map(math.isfinite, losses)) else [f'losses are {losses}']
    complaints += [f'no {key} was logged' for key in keys if not any(key in row for row in rows)]
    checkpoint = torch.load(osp.join(work, f'epoch_{epochs}.pth'))
    if checkpoint['meta']['iter'] != iterations:
        complaints.append(f'{checkpoint["meta"]["iter"]} iterations, not {iterations}')
    wild = [key for key, value in checkpoint['state_dict'].items() if not value.isfinite().all()]
    if wild:
        complaints.append(f'not finite after training: {wild[0]} and {len(wild) - 1} more')
    if not any(word in key for word in ('acc', 'average_precision', 'mAP') for row in rows
               for key in row if 'loss' not in row):
        complaints.append('validation measured nothing')
    return losses[-1] if losses else None, complaints


def _odd(metrics, file, is_measured=True):
    """What is wrong with the result of a test."""
    complaints = [f'{key} is {value}' for key, value in metrics.items() if not 0 <= value <= 1]
    if is_measured and not metrics:
        complaints.append('the test measured nothing')
    # read_scores refuses what is not finite.
    count = _detected(file) if 'mAP@0.5IOU' in metrics else len(read_scores(file))
    if count != 2:
        complaints.append(f'scores of {count} samples, not of 2')
    return complaints


def _detected(file):
    """Moments in a file of detections whose scores are finite."""
    frames = plain_pickle.load(Path(file).read_bytes())['frames']
    return sum(bool(np.isfinite(frame['scores']).all()) for frame in frames)


def smoke_options(cfg, data):
    """``--cfg-options`` that make a config's run short and point it at small data.

    Args:
        cfg: the loaded config.
        data: :class:`mmvideo.zoo.media.SmallData`.
    """
    options = {'load_from': None, **_model_options(cfg.model)}
    if cfg.get('train_dataloader') is not None:
        options.update({
            'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1, 'train_cfg.val_begin': 1,
            'train_dataloader.batch_size': 2, 'default_hooks.logger.interval': 1,
            # Written once and without momentum: the network may be large.
            'default_hooks.checkpoint.interval': 1, 'default_hooks.checkpoint.save_best': None,
            'default_hooks.checkpoint.save_optimizer': False})
    if cfg.get('multigrid'):
        options.update({
            'train_cfg.max_epochs': GRID_EPOCHS, 'train_cfg.val_interval': GRID_EPOCHS,
            'default_hooks.checkpoint.interval': GRID_EPOCHS, 'train_dataloader.batch_size': 1,
            'multigrid.epoch_factor': 1., 'multigrid.default_s': None,
            'multigrid.warmup_epochs': 1,
            'param_scheduler': [dict(type='MultiStepLR', milestones=[GRID_STEP], by_epoch=True)]})
    if cfg.get('classes'):      # a data set without a published number of classes
        names = Path(data.classes).read_text().splitlines()
        options.update({'classes': data.classes, 'model.cls_head.num_classes': len(names)})
    keeps_size = cfg.model.backbone.type.startswith('timm.swin')
    loaders = [(phase, f'{phase}_dataloader', cfg.get(f'{phase}_dataloader')) for phase in PHASES]
    loaders += [('train', f'omnisource.{i}', source)
                for i, source in enumerate(cfg.get('omnisource') or [])]
    for phase, place, loader in loaders:
        if loader is None:
            continue
        dataset = loader.dataset.to_dict()
        options[f'{place}.num_workers'] = 0
        place = f'{place}.dataset'
        times = GRID_TIMES if cfg.get('multigrid') and phase == 'train' else 1
        options.update({f'{place}.{key}': value
                        for key, value in data(dataset, phase, times).items()})
        options.update(pipeline_options(dataset['pipeline'], place, keeps_size))
        if (cfg.get(f'{phase}_evaluator') or {}).get('type') == 'AVAMetric':
            options.update({f'{phase}_evaluator.{key}': options[f'{place}.{key}']
                            for key in ('ann_file', 'exclude_file', 'label_file')})
    return options


def pipeline_options(pipeline, place, keeps_size=False):
    """Options that shrink all lengths in pixels, and take few clips where their number is free.

    Args:
        pipeline: list of steps.
        place: dotted key of its data set.
        keeps_size: for a network that takes pictures of one size.
    """
    options = {}
    largest = max((v for step in pipeline for key in SIDES for v in _listed(step.get(key, 0))),
                  default=0)
    for i, step in enumerate(pipeline):
        at = f'{place}.pipeline.{i}'
        for key in SIDES:
            if key not in step or keeps_size or largest < SMALL:
                continue
            value = step[key]
            small = [_shrunk(v) for v in _listed(value)]
            options[f'{at}.{key}'] = small if isinstance(value, (list, tuple)) else small[0]
        if step.get('num_clips') in (10, 25):
            options[f'{at}.num_clips'] = 2
        if 'num_moments' in step:
            options[f'{at}.num_moments'] = 2
        if step['type'] == 'DenseSampleFrames':
            options[f'{at}.num_sample_positions'] = 1
    return options


def _listed(value):
    return value if isinstance(value, (list, tuple)) else [value]


def _shrunk(pixels):
    return pixels if pixels < 0 else round(pixels / SHRINK)


def _model_options(model):
    """A network without weights of others, for pictures that are a quarter as wide."""
    backbone, place = model['backbone'], 'model.backbone'
    options = {f'{place}.pretrained': None} if backbone.get('pretrained') else {}
    # Small networks of the embedded benchmark keep their pictures.
    if backbone['type'] == 'C3D' and backbone.get('out_dim', 8192) == 8192:
        options[f'{place}.out_dim'] = 512
    elif backbone['type'] == 'TimeSformer' and backbone['img_size'] == 224:
        options.update({f'{place}.img_size': 56, f'{place}.patch_size': 14})
    sides = (model.get('test_cfg') or {}).get('short_sides')
    if sides:
        options['model.test_cfg.short_sides'] = [_shrunk(side) for side in sides]
    return options


def _terms(cfg):
    return tuple(cfg.get('average') or (cfg.get('fusion') or {}).get('configs', ()))


def smoke_all(paths, data, folder, jobs=2, limit=600):
    """Run configs, and the sums of their scores that are among them.

    Args:
        paths: of the configs. Terms of a sum that are not among them are run, too.
        data: :class:`mmvideo.zoo.media.SmallData`.
        folder: for work dirs and scores.
        jobs: processes at a time.
        limit: seconds for a config.

    Yields:
        Outcome: as they come, sums last.
    """
    work, found, sums = functools.partial(smoke, data=data, folder=folder), {}, {}
    while paths:
        for path, outcome in spread(work, paths, jobs, limit):
            if isinstance(outcome, Lost):
                outcome = Outcome(config_name(path), fault=str(outcome))
            found[outcome.name] = outcome
            if outcome.terms:
                sums[outcome.name] = path
            else:
                yield outcome
        wanted = {term for name in sums for term in found[name].terms} - found.keys()
        paths = [find_config(term) for term in sorted(wanted)]
    for name, path in sums.items():
        yield fuse(name, engine.load_config(path), found, folder)


def fuse(name, cfg, outcomes, folder):
    """The sum of scores, or the mean of results, that a config without a network stands for.

    Args:
        name: of the config.
        cfg: the config, loaded.
        outcomes: ``{name: Outcome}`` of its terms.
        folder: that of their scores.
    """
    start, terms = time.perf_counter(), _terms(cfg)
    lost = [term for term in terms if outcomes[term].fault or outcomes[term].left_out]
    if lost:
        return Outcome(name, fault=f'there are no scores of {" and ".join(lost)}')
    if cfg.get('average'):
        found = [next(iter(outcomes[term].metrics.values())) for term in terms]
        metrics = {f'mean of {len(found)}': float(np.mean(found))}
        return Outcome(name, time.perf_counter() - start, metrics=metrics)
    files = [read_scores(osp.join(folder, f'{term}.pkl')) for term in terms]
    if any(file.labels != files[0].labels for file in files):
        return Outcome(name, fault='the scores of its terms are not of the same samples')
    try:
        scores = get_weighted_score([file.averaged() for file in files], cfg.fusion.coefficients)
    except InputError as error:
        return Outcome(name, fault=_fault(error))
    top1, = top_k_accuracy(scores, files[0].labels, (1, ))
    return Outcome(name, time.perf_counter() - start,
                   metrics={f'top1_acc of {len(files)} streams': float(top1)})

