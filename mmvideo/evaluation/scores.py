"""Score files: what a network said about every sample of a list, with the sample's name and label.

Streams (RGB and flow, video and sound) are fused from such files later, so a file says what it
holds. As JSON or YAML it is a dict with one entry a sample; as pickle a dict with one float32 array
for all samples. A pickle needs numpy and nothing of mmvideo to be loaded.
"""
import json
import pickle
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from mmengine.evaluator import BaseMetric

from mmvideo import plain_pickle
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import METRICS
from mmvideo.storage import replacing

from .accuracy import collected, plain_samples

__all__ = ['FORMAT', 'ScoreDump', 'ScoreFile', 'read_scores', 'write_file', 'write_scores']

FORMAT = 'mmvideo-scores'
VERSION = 1
KINDS = {'.json': 'json', '.pkl': 'pickle', '.pickle': 'pickle', '.yaml': 'yaml', '.yml': 'yaml'}
HEAD = ('config', 'checkpoint', 'average_clips', 'num_classes')


@dataclass
class ScoreFile:
    """The content of a score file.

    Attributes:
        scores: array [N, C], or where views were not averaged a list of arrays [V, C].
        names: the samples' paths as written in the list, or None in a file that has none.
        labels: class number, or list of class numbers, of each sample; None where unknown.
        config: the config's path.
        checkpoint: the checkpoint's path.
        average_clips: how views were averaged: None, 'score', 'prob' or 'max'.
        num_classes: C.
        path: where it was read from.
    """

    scores: object
    names: list = None
    labels: list = None
    config: str = ''
    checkpoint: str = ''
    average_clips: str = None
    num_classes: int = 0
    path: str = ''

    def __len__(self):
        return len(self.scores)

    @property
    def is_labeled(self):
        """Whether the file says the label of each of its samples."""
        return self.labels is not None and all(label is not None for label in self.labels)

    def averaged(self):
        """Array [N, C]: the scores, un-averaged views averaged."""
        if isinstance(self.scores, np.ndarray) and self.scores.ndim == 2:
            return self.scores
        return np.stack([s.mean(axis=0) if s.ndim == 2 else s for s in self.scores])


def _kind(path):
    suffix = Path(path).suffix.lower()
    if suffix not in KINDS:
        raise InputError(f'{path}: scores are kept in files that end with '
                         f'{", ".join(sorted(KINDS))}, not {suffix or "nothing"!r}')
    return KINDS[suffix]


def write_file(path, content):
    """Write bytes so that nobody ever sees half of the file: beside it first, then renamed."""
    with replacing(path) as draft:
        draft.write_bytes(content)


def write_scores(path, scores, names=None, labels=None, config='', checkpoint='',
                 average_clips=None):
    """Write a score file, in the format that its suffix names.

    Args:
        path: ends with .json, .yaml, .yml, .pkl or .pickle.
        scores: one vector [C] a sample, or [V, C] of views that were not averaged.
        names: the samples' paths as written in the list; without them files can only be joined by
            their order.
        labels: for each sample a class number, a many-hot array [C] (of moments [P, C]) or
            None.
        config: path of the config, to be found in the file.
        checkpoint: path of the checkpoint, to be found in the file.
        average_clips: how views were averaged, to be found in the file: 'prob' and 'max' say that
            these are probabilities.
    """
    kind = _kind(path)
    scores = _checked_vectors(scores, path)
    for what, values in (('names', names), ('labels', labels)):
        if values is not None and len(values) != len(scores):
            raise InputError(f'{path}: {len(values)} {what} for {len(scores)} samples')
    names = None if names is None else [str(name) for name in names]
    labels = None if labels is None else [_plain_label(label) for label in labels]
    content = dict(format=FORMAT, version=VERSION, config=str(config or ''),
                   checkpoint=str(checkpoint or ''), average_clips=average_clips,
                   num_classes=int(scores[0].shape[-1]))
    if kind == 'pickle':
        content.update(names=names, labels=labels, scores=scores)
        write_file(path, pickle.dumps(content, protocol=4))
        return
    content['samples'] = [
        dict(name=names[i] if names else None, label=labels[i] if labels else None,
             scores=vector.tolist()) for i, vector in enumerate(scores)]
    if kind == 'json':
        text = json.dumps(content, ensure_ascii=False)
    else:
        dumper = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)
        text = yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True)
    write_file(path, text.encode('utf-8'))


def _plain_label(label):
    """A class number, or the list of the classes that a many-hot array names."""
    if label is None:
        return None
    label = np.asarray(label)
    if label.ndim == 0:
        return int(label)
    if label.ndim == 2:     # of moments
        return [_plain_label(moment) for moment in label]
    return [int(i) for i in np.flatnonzero(label)]


def _checked_vectors(scores, path, names=None):
    """Scores as float32: one array [N, C], or a list where views were kept; all finite."""
    try:
        vectors = [np.asarray(vector, dtype=np.float32) for vector in scores]
    except (TypeError, ValueError) as error:
        raise InputError(f'{path}: one vector of numbers a sample is expected ({error})') from None
    if not vectors:
        raise InputError(f'{path}: no samples')
    classes = Counter(v.shape[-1] if v.ndim in (1, 2) else 0 for v in vectors).most_common(1)[0][0]
    for i, vector in enumerate(vectors):
        who = f'sample {i}' + (f' ({names[i]})' if names else '')
        if vector.ndim not in (1, 2) or not vector.size:
            raise InputError(f'{path}: the scores of {who} have the shape {list(vector.shape)}; '
                             '[classes] or [views, classes] is expected')
        if vector.shape[-1] != classes:
            raise InputError(f'{path}: {who} has {vector.shape[-1]} classes, others have {classes}')
        if not np.isfinite(vector).all():
            raise InputError(f'{path}: the scores of {who} are not all finite')
    if all(v.ndim == 1 for v in vectors):
        return np.stack(vectors)
    return vectors


def read_scores(path):
    """Read a score file of ours, or a bare list of score vectors as older tools wrote it.

    A pickle is read without running what it may ask for: only numbers, text, containers, numpy
    arrays and torch tensors are made from it.

    Returns:
        ScoreFile: with names and labels if the file has them.

    Raises:
        InputError: not a score file, or one that contradicts itself.
        MissingFileError: no such file.
    """
    kind = _kind(path)
    content = _load(path, kind)
    if isinstance(content, dict):
        return _from_dict(path, content)
    if isinstance(content, np.ndarray) and content.ndim in (2, 3):
        content = list(content)
    if not isinstance(content, list | tuple):
        raise InputError(f'{path}: a score file of mmvideo or a list of score vectors is expected, '
                         f'not a {type(content).__name__}')
    labels = None
    if content and all(isinstance(entry, dict) for entry in content):
        content, labels = _from_samples(path, content)
    scores = _checked_vectors(content, path)
    return ScoreFile(scores, labels=labels, num_classes=scores[0].shape[-1], path=str(path))


def _load(path, kind):
    try:
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f'{path}: no such score file') from None
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from None
    try:
        if kind == 'json':
            return json.loads(raw)
        if kind == 'yaml':
            return yaml.load(raw, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
        return plain_pickle.load(raw)
    except InputError as error:
        raise InputError(f'{path}: {error}') from None
    except Exception as error:  # a broken pickle may raise anything
        raise InputError(f'{path}: not a readable {kind} file ({type(error).__name__}: {error})'
                         ) from None


def _from_dict(path, content):
    """A file of ours; also checks what it says about itself."""
    if content.get('format') != FORMAT:
        raise InputError(f'{path}: no score file: the key "format" is '
                         f'{content.get("format")!r}, {FORMAT!r} is expected')
    if content.get('version') != VERSION:
        raise InputError(f'{path}: version {content.get("version")!r} of the format; this mmvideo '
                         f'reads version {VERSION}')
    if 'samples' in content:
        samples = content['samples']
        names, labels, scores = ([s.get(key) for s in samples]
                                 for key in ('name', 'label', 'scores'))
    else:
        names, labels, scores = (content.get(key) for key in ('names', 'labels', 'scores'))
    if scores is None:
        raise InputError(f'{path}: neither "samples" nor "scores" is in the file')
    names, labels = _known_or_none(names), _known_or_none(labels)
    for what, values in (('names', names), ('labels', labels)):
        if values is not None and len(values) != len(scores):
            raise InputError(f'{path}: {len(values)} {what} for {len(scores)} samples')
    scores = _checked_vectors(scores, path, names)
    head = {key: content.get(key) for key in HEAD}
    if head['num_classes'] != scores[0].shape[-1]:
        raise InputError(f'{path}: num_classes is {head["num_classes"]}, but the scores are of '
                         f'{scores[0].shape[-1]} classes')
    return ScoreFile(scores, names, labels, path=str(path), **head)


def _known_or_none(values):
    """A column of the file, None if it is empty throughout."""
    return None if values is None or all(v is None for v in values) else list(values)


def _from_samples(path, entries):
    """Vectors and labels of a dump of MMAction2 1.x: a list of dicts, in the order of the list."""
    vectors, labels = [], []
    for i, entry in enumerate(entries):
        score = entry.get('pred_score')
        if score is None or isinstance(score, dict):
            raise InputError(f'{path}: sample {i} has no "pred_score" with one score a class')
        vectors.append(score)
        label = entry.get('gt_label')
        label = None if label is None else np.asarray(label).reshape(-1)
        is_number = label is not None and label.size == 1
        labels.append(int(label[0]) if is_number else _plain_label(label))
    return vectors, _known_or_none(labels)


@METRICS.register_module()
class ScoreDump(BaseMetric):
    """Writes the scores of a whole data set to a score file, beside the metrics that are measured.

    Args:
        out: path, see :func:`write_scores` for the suffixes.
        names: the samples' paths as written in the list, in the order of the data set. Default:
            ``names`` of the data set's ``metainfo``, which the engine's loop passes on.
        config: path of the config, to be found in the file.
        checkpoint: path of the checkpoint, to be found in the file.
        average_clips: how the recognizer averages views: None or one of its ways. Default: as for
            ``names``.
        collect_device: 'cpu' or 'gpu', what results of several processes travel over.
    """

    def __init__(self, out, names=None, config='', checkpoint='', average_clips=None,
                 collect_device='cpu'):
        super().__init__(collect_device, prefix='scores')
        _kind(out)  # a suffix that cannot be written is told before the test has run for hours
        self.out = str(out)
        self.names = names
        self.head = dict(config=config, checkpoint=checkpoint, average_clips=average_clips)

    def process(self, data_batch, data_samples):
        self.results.extend(plain_samples(data_batch, data_samples))

    def compute_metrics(self, results):
        """Runs in the first process only. Names no metric: the file is the result."""
        samples = collected(results)
        meta = self.dataset_meta or {}
        names = self.names or meta.get('names')
        if names is not None:
            places = [i if s['sample_index'] is None else s['sample_index']
                      for i, s in enumerate(samples)]
            if len(places) != len(names):
                raise InputError(f'{self.out}: {len(places)} samples were scored, the data set has '
                                 f'{len(names)}')
            names = [names[i] for i in places]
        labels = [s['label'] for s in samples]
        head = {**self.head, 'average_clips': self.head['average_clips']
                or meta.get('average_clips')}
        write_scores(self.out, [s['score'] for s in samples], names, labels, **head)
        return {}
