"""Files of features or scores, one entry a video, that grow while a test runs."""
import glob
import io
import json
import os
import os.path as osp
import pickle
import time

import numpy as np
from mmengine.dist import get_rank
from mmengine.evaluator import BaseMetric

from mmvideo.errors import InputError
from mmvideo.registry import METRICS
from mmvideo.storage.whole_files import replacing

from .accuracy import as_array

__all__ = ['FeatureDump', 'finish', 'finished', 'folder_file']

SUFFIXES = ('.pkl', '.json', '.npz')


@METRICS.register_module()
class FeatureDump(BaseMetric):
    """Writes down what a test predicts for each video as soon as it is there.

    Each process adds to a file of its own beside ``out``; :func:`finish` makes ``out`` of them.
    Where ``out`` is a folder, each video gets its ``.pkl`` there, an array.

    Args:
        out: file that ends with .pkl, .json or .npz, or a folder.
    """

    def __init__(self, out):
        super().__init__()
        self.out = out
        # What a run that was killed wrote last may be half an entry: nothing is added behind it.
        self.part = f'{out}.{get_rank()}-{time.time_ns()}.part'

    def process(self, data_batch, data_samples):
        names = self.dataset_meta['names']
        for sample in data_samples:
            name = names[int(sample['sample_index'])]
            value = as_array(sample['feature' if 'feature' in sample else 'score'])
            if osp.splitext(self.out)[1] in SUFFIXES:
                with open(self.part, 'ab') as file:
                    file.write(pickle.dumps((name, value), protocol=4))
            else:
                with replacing(folder_file(self.out, name)) as draft:
                    draft.write_bytes(pickle.dumps(value, protocol=4))
            self.results.append(name)

    def compute_metrics(self, results):
        return {}


def folder_file(folder, name):
    """Where the features of a video lie in a folder."""
    return osp.join(folder, osp.splitext(name.lstrip('/'))[0] + '.pkl')


def finished(out, names):
    """The features, by name, of those videos that an earlier run has come to.

    A folder's are not read: they are None.
    """
    if osp.splitext(out)[1] not in SUFFIXES:
        return {name: None for name in names if osp.isfile(folder_file(out, name))}
    found = {}
    for path in sorted(glob.glob(f'{glob.escape(out)}.*.part')):
        with open(path, 'rb') as file:
            while True:
                try:
                    name, value = pickle.load(file)
                except (EOFError, pickle.UnpicklingError, ValueError):
                    break       # the run was killed while it wrote
                found[name] = value
    return {name: found[name] for name in names if name in found}


def finish(out, names):
    """Make ``out`` of what the processes wrote: a list in the order of ``names``, or npz by name.

    Raises:
        InputError: a video is missing, or arrays are too different for the file's kind.
    """
    found = finished(out, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(f'{out}: {len(missing)} of {len(names)} videos are missing, the first is '
                         f'{missing[0]}; say it again to go on')
    suffix = osp.splitext(out)[1]
    if suffix not in SUFFIXES:
        return
    if suffix == '.npz':
        content = io.BytesIO()
        np.savez(content, **found)
        content = content.getvalue()
    elif suffix == '.json':
        content = json.dumps([found[name].tolist() for name in names]).encode()
    else:
        content = pickle.dumps([found[name] for name in names], protocol=4)
    with replacing(out) as draft:
        draft.write_bytes(content)
    for path in glob.glob(f'{glob.escape(out)}.*.part'):
        os.remove(path)
