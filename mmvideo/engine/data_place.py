"""Whether the data of a config are there; if not, which page tells how to prepare them."""
import re

from mmvideo import storage
from mmvideo.errors import MissingFileError

__all__ = ['check_data']

PREFIXES = ('data_prefix', 'audio_prefix', 'video_prefix')
HEAD = 1 << 16      # of a list, bytes
ABSOLUTE = re.compile(r'(^|")(/|[A-Za-z]:\\)', re.MULTILINE)


def check_data(cfg):
    """Raise if a list or a folder that the loaders of a config read is not there.

    Args:
        cfg: a config whose phases have been chosen.

    Raises:
        MissingFileError: names the list, the folder, and the page that tells how to make them.
    """
    for phase in ('train', 'val', 'test'):
        if cfg.get(f'{phase}_dataloader'):
            for dataset in _inner(cfg[f'{phase}_dataloader']['dataset']):
                _check(dataset, f'{phase}_dataloader')
    for number, source in enumerate(cfg.get('omnisource') or []):
        for dataset in _inner(source['dataset']) if cfg.get('train_dataloader') else ():
            _check(dataset, f'omnisource[{number}]')


def _inner(dataset):
    """The data sets inside wrappers that repeat or join others."""
    if isinstance(dataset.get('dataset'), dict):
        yield from _inner(dataset['dataset'])
    for one in dataset.get('datasets') or []:
        yield from _inner(one)
    if dataset.get('ann_file'):
        yield dataset


def _check(dataset, place):
    from mmvideo.datasets.official import how_to_prepare
    ann_file = str(dataset['ann_file'])
    gone = [f'{key} {path}' for key in PREFIXES for path in _folders(dataset.get(key))
            if not _is_there(path)]
    if any(step.get('io_backend', 'disk') != 'disk' for step in dataset.get('pipeline') or []
           if isinstance(step, dict)):
        gone = []       # the files lie elsewhere
    if not storage.isfile(ann_file) and not storage.isdir(ann_file):
        said = f'ann_file: {ann_file} does not exist'
    elif gone and not _has_full_paths(ann_file):
        said = f'{gone.pop(0)} does not exist'
    else:
        return
    beside = f', nor does {gone[0]}' if gone else ''
    raise MissingFileError(f'{said}{beside} ({place}); {how_to_prepare(ann_file)}')


def _folders(prefix):
    """The folders of a prefix, which may be one, or one a medium."""
    found = prefix.values() if isinstance(prefix, dict) else [prefix]
    return [str(path) for path in found if path]


def _is_there(path):
    """Whether there is a folder, on disk or in an archive; of other storage nothing is known."""
    return '://' in path or storage.isdir(path)


def _has_full_paths(ann_file):
    """Whether paths of a list say where they lie, so that its folder does not matter."""
    if storage.isdir(ann_file):
        return True
    head = storage.read_bytes(ann_file)[:HEAD]
    return bool(ABSOLUTE.search(head.decode(errors='replace')))
