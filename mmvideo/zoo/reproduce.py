"""Measures a row again: its data, its test, and the difference from what was published."""
import json
import os.path as osp
import re
import tempfile

import numpy as np

from mmvideo import storage
from mmvideo.engine import load_config, test
from mmvideo.engine.data_place import check_data
from mmvideo.errors import InputError
from mmvideo.evaluation import labeled
from mmvideo.evaluation.functional import get_weighted_score
from mmvideo.evaluation.scores import read_scores

from .audit import audit, open_dataset, spread
from .choice import parts_of
from .protocol import METRICS, TITLES, passes, published
from .rows import Row, test_view
from .weights import check_fit, is_scores

__all__ = ['Figure', 'Measured', 'check_start', 'compare', 'measure']

# What may be set for a run: where the data lie and how they are loaded. The rest is the protocol.
FREE = re.compile(r'test_dataloader\.(?!dataset)|test_dataloader\.dataset\.'
                  r'(ann_file|data_prefix|audio_prefix|filename_tmpl|start_index|suffix|with_offset)'
                  r'|classes$|env_cfg\b|log_level$|model\.test_cfg\.max_testing_views$')
SUFFIX = re.compile(r'\.[A-Za-z0-9]{1,5}$')


class Figure(dict):
    """A published figure beside the measured one, in percent.

    Keys: pass, field, published, measured, difference; where items were lost also ``least`` and
    ``most``: what would have been measured had all of them been wrong, or right; and
    ``explained``, the share of the difference that lost items can make up for, 0..1.
    """

    @property
    def title(self):
        name = TITLES[self['field']]
        return f'{name}, {self["pass"]}' if self['pass'] else name


def check_start(row, options=None):
    """Raise for what can be told before weights are fetched and data are read.

    Args:
        row: :class:`~mmvideo.zoo.Row`.
        options: config values by dotted key.

    Raises:
        InputError: an option would change what is measured, or there is no figure to compare.
        MissingFileError: the list or the folder of the data is not there.
    """
    for key in options or {}:
        if not FREE.match(key):
            raise InputError(f'--cfg-options {key} would change the protocol of the row; where '
                             'the data lie (test_dataloader.dataset.ann_file, ...data_prefix) and '
                             'how they are loaded (test_dataloader.batch_size, ...num_workers) '
                             'may be set')
    parts = parts_of(row)
    if parts and options:
        raise InputError(f'--cfg-options: {row.title} is made of several configs; test each '
                         'with tools/test.py --out, and give the files of scores')
    for one in [part for part, _ in parts] or [row]:
        passes(one)
        cfg = load_config(one.path, options)
        check_data(dict(test_dataloader=cfg.test_dataloader))


def compare(name, figures, found, tested, lost):
    """Published and measured figures of one test.

    Args:
        name: of the pass.
        figures: published ones in percent, by field.
        found: measured ones as shares, by field.
        tested: how many items were tested.
        lost: how many more the published figures are of; None if that is not to be said.

    Returns:
        list[Figure].
    """
    results = []
    for field, wanted in figures.items():
        measured = round(100 * found[field], 2)
        figure = Figure({'pass': name, 'field': field, 'published': wanted, 'measured': measured,
                         'difference': round(measured - wanted, 2)})
        if lost and field in ('top1', 'top5'):      # of averages over classes nothing can be said
            right = found[field] * tested
            figure['least'] = round(100 * right / (tested + lost), 2)
            figure['most'] = round(100 * (right + lost) / (tested + lost), 2)
            gap = wanted - measured
            room = (figure['most'] if gap > 0 else figure['least']) - measured
            figure['explained'] = round(min(1., max(0., room / gap)), 2) if gap else 1.
        results.append(figure)
    return results


class Measured:
    """What the tests of a row gave.

    Args:
        figures: list of :class:`Figure`.
        data: a summary of each audit; none where scores were given.
        tests: list of dicts: name, items and views of each test.
        lost: how many items the figures lack, of those that were published.
        is_complete: see :class:`~mmvideo.zoo.audit.Audit`.
    """

    def __init__(self, figures, data, tests, lost, is_complete):
        self.figures, self.data, self.tests = figures, data, tests
        self.lost, self.is_complete = lost, is_complete


def measure(row, weights, *, limit=None, options=None, work_dir=None, say=print, tell=None):
    """Audit the data of a row, and test it as it was published.

    Args:
        row: :class:`~mmvideo.zoo.Row`.
        weights: from :func:`mmvideo.zoo.weights.weights_of`.
        limit: test only so many items, evenly spread over the list.
        options: config values by dotted key, see :func:`check_start`.
        work_dir: folder for logs.
        say: called with sentences about the data.
        tell: see :func:`mmvideo.zoo.audit.audit`.

    Returns:
        Measured

    Raises:
        InputError: weights do not fit, or nothing of the data can be read.
    """
    if row.cfg.get('average') or row.cfg.get('fusion'):
        return _measure_joined(row, weights, limit, work_dir, say, tell)
    one, = weights
    run = _Run(row, one.file, limit, options, say, tell)
    figures, tests = [], []
    for part in passes(run.row, one.place or 0):
        names = part.metrics(run.cfg)
        found = run.test(part.pipeline, work_dir,
                         metrics=list(dict.fromkeys(metric for metric, _ in names.values())))
        found = {field: found[key] for field, (_, key) in names.items()}
        figures += compare(part.name, part.figures, found, run.tested,
                           None if limit else run.audit.lost)
        tests.append(dict(name=part.name, items=run.tested,
                          views=test_view(run.cfg, part.pipeline).count))
    return Measured(figures, [run.audit.summary()], tests, run.audit.lost,
                    run.audit.is_complete)


class _Run:
    """The data of a row, audited, and its test on what of them can be read.

    Args:
        row, limit, options, say, tell: as of :func:`measure`.
        file: the weights.
        wanted: only items whose names without suffix are among these.
    """

    def __init__(self, row, file, limit, options, say, tell, wanted=None):
        self.options, self.file = dict(options or {}), str(file)
        self.cfg = load_config(row.path, self.options)
        self.row = Row(row.path, self.cfg, row.entry)
        check_fit(self.cfg.model, self.file)
        loader = self.cfg.test_dataloader
        dataset = open_dataset(loader.dataset, self.row.test_pipeline)
        chosen = spread(len(dataset.records), limit)
        if wanted is not None:
            chosen = [i for i, name in enumerate(dataset.names) if stem(name) in wanted]
        self.audit = audit(dataset, chosen, loader.get('num_workers', 0),
                           row.get('resolution'), tell)
        for line in self.audit.lines():
            say(line)
        if not self.audit.readable:
            problem = next(f for f in self.audit.findings if f.problem)
            raise InputError(f'{dataset.ann_file}: none of the {len(chosen)} items can be read: '
                             f'{problem.reason}')
        self.tested = len(self.audit.readable)

    @property
    def names(self):
        """Names of the items that are tested, without suffix."""
        return {stem(self.audit.dataset.names[i]) for i in self.audit.readable}

    def test(self, pipeline, work_dir, **kwargs):
        """The engine's test on what can be read, with a pipeline."""
        options = {**self.options, 'test_dataloader.dataset.pipeline': pipeline}
        dataset = self.audit.dataset
        with tempfile.TemporaryDirectory() as folder:
            if self.tested < len(dataset.records):
                path = osp.join(folder, 'readable.json')
                with open(path, 'w', encoding='utf-8') as out:
                    json.dump([{**dataset.records[i], dataset.path_key: dataset.names[i]}
                               for i in self.audit.readable], out)
                options['test_dataloader.dataset.ann_file'] = path
                if storage.isdir(dataset.ann_file):
                    options['test_dataloader.dataset.data_prefix'] = dataset.ann_file
            return test(self.row.path, self.file, work_dir=work_dir, options=options, **kwargs)


def stem(name):
    """A name without suffix: a video and its audio feature differ in nothing else."""
    return SUFFIX.sub('', name)


def _measure_joined(row, weights, limit, work_dir, say, tell):
    """Measure a row that is made of others: their scores summed, or their figures averaged."""
    if row.cfg.get('average'):
        found = [measure(one.row, [one], limit=limit, work_dir=work_dir, say=say, tell=tell)
                 for one in weights]
        mean = float(np.mean([part.figures[0]['measured'] for part in found])) / 100
        return Measured(compare('', published(row), dict(mean_ap=mean), 0, None),
                        [data for part in found for data in part.data],
                        [dict(test, name=one.row.stem)
                         for part, one in zip(found, weights, strict=True) for test in part.tests],
                        max(part.lost for part in found), all(part.is_complete for part in found))
    joined = _Joined(row, weights, limit, work_dir, say, tell)
    figures = published(row)
    found = labeled.measure(joined.scores, joined.labels,
                            list(dict.fromkeys(METRICS[field][0] for field in figures)))
    found = {field: found[METRICS[field][1]] for field in figures}
    return Measured(compare('', figures, found, len(joined.labels), None if limit else joined.lost),
                    joined.data, joined.tests, joined.lost, joined.is_complete)


class _Joined:
    """The scores of the parts of a row, summed, of the items that all of them have.

    Args:
        row, weights, limit, work_dir, say, tell: as of :func:`measure`.

    Attributes:
        scores: [N, C].
        labels: one a row of scores.
    """

    def __init__(self, row, weights, limit, work_dir, say, tell):
        self.data, self.tests, self.lost, self.is_complete = [], [], 0, True
        files, names = [], None
        with tempfile.TemporaryDirectory() as folder:
            for one, file, *_ in weights:
                say(f'{one.title}:')
                if is_scores(file):
                    self.is_complete = False    # of which list they are, is not known
                else:
                    run = _Run(one, file, limit if names is None else None, None, say, tell,
                               names if limit else None)
                    names, file = run.names, osp.join(folder, f'{len(files)}.pkl')
                    self._add(one, run)
                    run.test(run.row.test_pipeline, work_dir, out=file)
                files.append(_by_name(read_scores(file)))
        shared = [name for name in files[0] if all(name in file for file in files)]
        if not shared:
            raise InputError(f'{row.title}: the scores of its parts have no item in common')
        alone = max(map(len, files)) - len(shared)
        if alone:
            say(f'{len(shared)} items have scores of all parts, {alone} have not')
            self.lost, self.is_complete = max(self.lost, alone), False
        self.labels = [files[0][name][1] for name in shared]
        for file in files[1:]:
            for name, label in zip(shared, self.labels, strict=True):
                if file[name][1] != label:
                    raise InputError(f'{row.title}: {name} has the label {label} in the list of '
                                     f'one part, {file[name][1]} in that of another')
        self.scores = get_weighted_score([np.stack([file[name][0] for name in shared])
                                          for file in files], row.cfg.fusion.coefficients)

    def _add(self, row, run):
        self.lost = max(self.lost, run.audit.lost)
        self.is_complete = self.is_complete and run.audit.is_complete
        self.data.append(run.audit.summary())
        self.tests.append(dict(name=row.stem, items=run.tested, views=run.row.view.count))


def _by_name(file):
    """``{name without suffix: (scores [C], label)}`` of a score file."""
    if file.names is None or file.labels is None:
        raise InputError(f'{file.path}: names and labels of the samples are needed; '
                         'tools/test.py --out writes them')
    return {stem(name): pair for name, *pair in
            zip(file.names, file.averaged(), file.labels, strict=True)}
