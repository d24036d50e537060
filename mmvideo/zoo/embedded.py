"""The embedded benchmark: a small network of every family, trained on the embedded data set.

A config takes part by ``benchmark = dict(evidence=...)``, what its network makes use of in the
words of ``tools/data/embedded/classes.py``. A config with ``fusion`` besides is a sum of scores.
What the runs measured is kept in ``configs/embedded.json``, which only they write.
"""
import hashlib
import json
import os
import os.path as osp
import platform
import time
from pathlib import Path
from typing import NamedTuple

import torch

from mmvideo.engine.config_file import FOLDERS, config_name, zoo_configs
from mmvideo.errors import InputError, MissingFileError
from mmvideo.evaluation import get_weighted_score, read_scores
from mmvideo.evaluation.labeled import labels_of, measure
from mmvideo.registry import MODELS

from .rows import test_view

__all__ = ['BOUNDS', 'Figures', 'complaint', 'embedded_configs', 'embedded_rows', 'measure_row',
           'read_ceilings', 'read_results', 'record', 'results_file', 'run_rows']

DATA, SEED = 'data/embedded', 0
METRICS = ('top_k_accuracy', 'mean_class_accuracy')
# Least and most top-1 in percent that a sound network reaches with what it sees. One that learns
# nothing stays at 12.5, one that cannot see the order of frames passes 37.5 by luck alone.
BOUNDS = {'unordered frames': (30, 45), 'ordered frames': (68, 82), 'sound': (45, 57),
          'ordered frames and sound': (92, 100)}
# Of the forward passes that clips/s are taken from.
BATCH, RUNS, SECONDS = 8, 3, 0.5


class Figures(NamedTuple):
    """What a run of one row measured.

    Args:
        top1, mean_class: in percent.
        clips_per_second: through the network alone, forward, on one core; None for sums.
        seconds: of one core that training took; None for sums.
        machine: processor and version of torch.
    """
    top1: float
    mean_class: float
    clips_per_second: float
    seconds: float
    machine: str


def results_file():
    """Where the results lie: beside the configs that count here."""
    found = [osp.join(root, 'embedded.json') for root in FOLDERS if osp.isdir(root)]
    return next((path for path in found if osp.isfile(path)), found[0])


def read_results(path=None):
    """What was measured: ``{'ceilings': {evidence: 0..1}, 'rows': {config name: figures}}``."""
    path = path or results_file()
    try:
        with open(path, encoding='utf-8') as file:
            found = json.load(file)
        return dict(found, rows={stem: Figures(**row) for stem, row in found['rows'].items()})
    except FileNotFoundError:
        return dict(ceilings={}, rows={})
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'{path} holds no results of the embedded benchmark: {error}') from error


def record(stem, figures, ceilings, path=None):
    """Add the figures of a row to the results, or put them in the place of earlier ones."""
    path = path or results_file()
    rows = read_results(path)['rows']
    rows[stem] = figures
    text = json.dumps(dict(ceilings=ceilings, rows={
        name: rows[name]._asdict() for name in sorted(rows)}), indent=1)
    Path(path).write_text(text + '\n', encoding='utf-8')


def embedded_configs(configs):
    """``{path: config}`` of those that take part, sums behind what they are made of."""
    own = {path: cfg for path, cfg in configs.items() if cfg.get('benchmark')}
    return dict(sorted(own.items(), key=lambda item: 'fusion' in item[1]))


def embedded_rows():
    """``{config path: Figures}`` of all configs whose figures are recorded."""
    rows = read_results()['rows']
    return {path: rows[config_name(path)] for path in zoo_configs() if config_name(path) in rows}


def complaint(evidence, top1):
    """Why an accuracy is out of bounds for what a network sees; None if it is not."""
    least, most = BOUNDS[evidence]
    if least <= top1 <= most:
        return None
    return f'expected {least}..{most} % from {evidence}'


def read_ceilings(data=DATA):
    """Best top-1 by evidence, 0..1, as the data set itself says.

    Raises:
        MissingFileError: the data set is not there, or not all of it.
    """
    path = Path(data, 'embedded.json')
    if not path.is_file():
        raise MissingFileError(f'{path} does not exist; make the data set with: '
                               f'python tools/data/build_embedded.py --out {data}')
    return json.loads(path.read_text())['ceilings']


def run_rows(configs, data=DATA, work_dir='work_dirs/embedded', again=False, keep=False):
    """Measure rows one after the other and tell the progress.

    Args:
        configs: from :func:`embedded_configs`.
        data: the embedded data set.
        work_dir: for logs, weights and scores.
        again: measure rows that have been measured there, too.
        keep: write the figures to the results; else they are compared with those.

    Returns:
        int: 1 if an accuracy is out of bounds, else 0.
    """
    ceilings, status, begin = read_ceilings(data), 0, time.time()
    for number, (path, cfg) in enumerate(configs.items(), start=1):
        stem, evidence = config_name(path), cfg.benchmark.evidence
        known = read_results()['rows'].get(stem)
        figures = measure_row(path, cfg, work_dir, data, again)
        said = [f'top-1 {figures.top1:.2f} % of {100 * ceilings[evidence]:g} % to be had from '
                f'{evidence}, mean class {figures.mean_class:.2f} %']
        if keep:
            record(stem, figures, ceilings)
        elif known:
            said.append(f'recorded {known.top1:.2f} %, difference {figures.top1 - known.top1:+.2f}')
        wrong = complaint(evidence, figures.top1)
        status |= bool(wrong)
        said += [wrong] if wrong else []
        left = (time.time() - begin) / number * (len(configs) - number)
        print(f'{number}/{len(configs)} {stem}: {"; ".join(said)}'
              + (f'; about {left / 60:.0f} min to go' if number < len(configs) else ''), flush=True)
    return status


def measure_row(path, cfg, work_dir, data=DATA, again=False):
    """Train and test a row, or read what an earlier run of the same recipe found.

    Args:
        path: of the config.
        cfg: the same, loaded.
        work_dir: the row gets a folder in it.
        data: the embedded data set.
        again: measure whatever there is.

    Returns:
        Figures
    """
    folder = Path(work_dir, config_name(path))
    kept, recipe = folder / 'figures.json', _digest(cfg)
    if kept.is_file() and not again:
        found = json.loads(kept.read_text())
        if found.pop('recipe') == recipe:
            return Figures(**found)
    folder.mkdir(parents=True, exist_ok=True)
    figures = _sum(cfg, work_dir) if cfg.get('fusion') else _train(path, cfg, folder, data)
    kept.write_text(json.dumps(dict(recipe=recipe, **figures._asdict())))
    return figures


def _train(path, cfg, folder, data):
    """Train from nothing, test the last epoch, time the network; on one core, from one seed."""
    from mmvideo.engine import test, train
    for name in ('last_checkpoint', 'figures.json'):
        (folder / name).unlink(missing_ok=True)
    threads, start = torch.get_num_threads(), _cpu_seconds()
    torch.set_num_threads(1)    # sums of several threads come out otherwise with each count
    options = {'log_level': 'WARNING', **_data_options(cfg, data)}
    try:
        train(path, work_dir=str(folder), seed=SEED, deterministic=True, options=options)
        seconds = _cpu_seconds() - start
        weights = folder / f'epoch_{cfg.train_cfg.max_epochs}.pth'
        found = test(path, str(weights), metrics=METRICS, out=str(folder / 'scores.pkl'),
                     work_dir=str(folder), options=options)
        speed = _clips_per_second(cfg)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)
    return Figures(_percent(found['top1_acc']), _percent(found['mean_class_accuracy']),
                   float(f'{speed:.3g}'), round(seconds), _machine())


def _sum(cfg, work_dir):
    """Add the scores that the rows of a sum have left; their samples differ in suffix alone."""
    files = []
    for stem in cfg.fusion.configs:
        path = Path(work_dir, stem, 'scores.pkl')
        if not path.is_file():
            raise MissingFileError(f'{path} does not exist; measure {stem} first')
        files.append(read_scores(str(path)))
    names = [[osp.splitext(name)[0] for name in file.names] for file in files]
    if any(own != names[0] for own in names):
        raise InputError(f'the scores of {", ".join(cfg.fusion.configs)} are not of the same clips')
    scores = get_weighted_score([file.averaged() for file in files], cfg.fusion.coefficients)
    found = measure(scores, labels_of(files[0]), METRICS)
    return Figures(_percent(found['top1_acc']), _percent(found['mean_class_accuracy']), None, None,
                   _machine())


def _data_options(cfg, data):
    """Config options that take the lists and media from another folder."""
    if data == DATA:
        return {}
    found = {'classes': str(Path(data, 'classes.txt'))}
    for phase in ('train', 'val', 'test'):
        dataset = cfg[f'{phase}_dataloader'].dataset
        for key in ('ann_file', 'data_prefix'):
            found[f'{phase}_dataloader.dataset.{key}'] = \
                str(Path(data, osp.relpath(dataset[key], DATA)))
    return found


@torch.inference_mode()
def _clips_per_second(cfg):
    """Clips that the network of a config scores in a second of one core; best of some runs."""
    view = test_view(cfg)
    model = MODELS.build(cfg.model).eval()
    clips = torch.randn(BATCH, *view.shape[1:])
    model(clips)
    best = 0
    for _ in range(RUNS):
        start, count = time.process_time(), 0
        while not count or time.process_time() - start < SECONDS:
            model(clips)
            count += BATCH
        best = max(best, count / (time.process_time() - start))
    return best


def _cpu_seconds():
    """Of this process and of the workers that it had."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _machine():
    """The processor as Linux calls it, and torch."""
    name = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if info.is_file():
        models = [line.partition(':')[2].strip() for line in info.read_text().splitlines()
                  if line.startswith('model name')]
        name = models[0] if models else name
    return f'{name}, torch {torch.__version__.partition("+")[0]}'


def _digest(cfg):
    """Tells whether two configs are the same recipe."""
    return hashlib.sha256(json.dumps(cfg.to_dict(), sort_keys=True, default=str).encode()) \
        .hexdigest()[:16]


def _percent(share):
    return round(100 * float(share), 2)

