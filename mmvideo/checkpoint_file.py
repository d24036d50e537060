"""Fetches and reads checkpoint files without running code that they may carry."""
import json
import os
import os.path as osp
import pickle
import re
import types
from urllib.parse import urlparse

import mmengine
import torch

from mmvideo.errors import InputError, MissingFileError

__all__ = ['TRUST', 'local_file', 'read_checkpoint']

TRUST = 'MMVIDEO_TRUST_CHECKPOINTS'
# Lists of published weights by short name that mmengine carries.
LISTS = dict(torchvision='torchvision_0.12.json', mmcls='mmcls.json')
UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError,
              AttributeError, ImportError, IndexError, OSError)


def read_checkpoint(source, map_location='cpu'):
    """The content of a checkpoint.

    Files of mmvideo and most published weights hold tensors and plain values only and are read as
    such. Older training runs kept log objects beside the tensors: of these files the tensors and
    plain values are restored and everything else is left inert, so no code of the file runs, and
    ``message_hub``, which only resuming needs, is left out. To get all of such a file, set the
    environment variable ``MMVIDEO_TRUST_CHECKPOINTS=1``; then code in it can run.

    Args:
        source: see :func:`local_file`.
        map_location: as of ``torch.load``.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is no checkpoint.
    """
    path = local_file(source)
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except UNREADABLE:
        pass        # torch's advice in this error is to trust the file
    try:
        if os.environ.get(TRUST) == '1':
            return torch.load(path, map_location=map_location, weights_only=False)
        found = torch.load(path, map_location=map_location, weights_only=False,
                           pickle_module=_tensors_only)
    except UNREADABLE:
        raise InputError(f'{source} is no checkpoint that torch can read (damaged, or another kind '
                         'of file)') from None
    if isinstance(found, dict):
        found.pop('message_hub', None)
    return found


def local_file(source):
    """Where a checkpoint lies on disk, fetched before if need be.

    Args:
        source: local path, http(s) address (kept in torch's hub folder; a hash in its name,
            ``name-<hash>.pth``, is verified), or a short name such as ``torchvision://resnet50``.
    """
    source = str(source)
    scheme, _, name = source.partition('://')
    if scheme in LISTS and name:
        return _download(_address(scheme, name))
    if scheme in ('http', 'https') and name:
        return _download(source)
    path = osp.expanduser(source)
    if not osp.isfile(path):
        raise MissingFileError(f'checkpoint {source} does not exist (a file, an http(s) address or '
                               'a name such as torchvision://resnet50 is expected)')
    return path


def _address(scheme, name):
    with open(osp.join(osp.dirname(mmengine.__file__), 'hub', LISTS[scheme])) as file:
        addresses = json.load(file)
    if name not in addresses:
        raise InputError(f'{scheme}://{name}: known names are '
                         + ', '.join(f'{scheme}://{n}' for n in sorted(addresses)))
    return addresses[name]


def _download(url):
    """Fetch once into torch's hub folder; ``name-<hash>.pth`` must hash to what it says."""
    name = osp.basename(urlparse(url).path)
    path = osp.join(torch.hub.get_dir(), 'checkpoints', name)
    if not osp.isfile(path):
        os.makedirs(osp.dirname(path), exist_ok=True)
        digest = re.search(r'-([0-9a-f]{8,})\.\w+$', name)
        try:
            torch.hub.download_url_to_file(url, path, digest and digest.group(1))
        except (OSError, RuntimeError) as error:
            raise InputError(f'{url}: download failed ({error}); fetch it by hand and give the '
                             'path instead') from error
    return path


class _Inert:
    """Stands for any object of a checkpoint that is not a tensor or a plain container."""

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return self

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def __hash__(self):
        return id(self)

    def append(self, value):
        pass

    extend = append


class _TensorsOnly(pickle.Unpickler):
    """Finds what tensors are made of; every other name becomes :class:`_Inert`."""

    def find_class(self, module, name):
        if (module, name) == ('collections', 'OrderedDict'):
            return super().find_class(module, name)
        if module == 'torch._utils' and name.startswith('_rebuild_'):
            return super().find_class(module, name)
        if module in ('torch', 'torch.storage', 'torch.nn.parameter'):
            found = super().find_class(module, name)
            if isinstance(found, torch.dtype) or name in ('Size', 'device', 'Parameter') \
                    or name.endswith('Storage'):
                return found
        return _Inert


_tensors_only = types.SimpleNamespace(
    __name__='tensors_only', Unpickler=_TensorsOnly,
    load=lambda file, **kwargs: _TensorsOnly(file, **kwargs).load())
