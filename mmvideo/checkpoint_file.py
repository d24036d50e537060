"""Fetches and reads checkpoint files without running code that they may carry."""
import hashlib
import json
import os
import os.path as osp
import pickle
import re
import types
from http.client import HTTPException, IncompleteRead
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import mmengine
import torch

from mmvideo.checksum import damage
from mmvideo.errors import InputError, MissingFileError

try:
    import fcntl
except ImportError:     # Windows
    fcntl = None

__all__ = ['TRUST', 'check_hash', 'fetch', 'hash_in', 'hash_of', 'kept_at', 'local_file',
           'read_checkpoint']

TRUST = 'MMVIDEO_TRUST_CHECKPOINTS'
# Of a download: bytes at a time, seconds without any, connections.
BLOCK, SECONDS, TRIES = 1 << 20, 30, 3
# Lists of published weights by short name that mmengine carries.
LISTS = dict(torchvision='torchvision_0.12.json', mmcls='mmcls.json')
UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError,
              AttributeError, ImportError, IndexError, OSError)


def read_checkpoint(source, map_location='cpu', joins=True):
    """The content of a checkpoint.

    Files of mmvideo and most published weights hold tensors and plain values only and are read as
    such. Older training runs kept log objects beside the tensors: of these files the tensors and
    plain values are restored and everything else is left inert, so no code of the file runs, and
    ``message_hub``, which only resuming needs, is left out. To get all of such a file, set the
    environment variable ``MMVIDEO_TRUST_CHECKPOINTS=1``; then code in it can run.

    Args:
        source: see :func:`local_file`.
        map_location: as of ``torch.load``.
        joins: of a sharded checkpoint (:mod:`mmvideo.shards`) give the weights as of any other; the
            state of the optimizer is left out. Otherwise give the file as it is.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is no checkpoint, or it is not whole.
    """
    path = local_file(source)
    if reason := damage(path):
        raise InputError(f'{source} is no checkpoint that torch can read: {reason}')
    try:
        found = torch.load(path, map_location=map_location, weights_only=True)
    except UNREADABLE:
        pass        # torch's advice in this error is to trust the file
    else:
        is_sharded = joins and isinstance(found, dict) and 'shards' in found
        return _joined(path, found) if is_sharded else found
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


def _joined(path, checkpoint):
    from mmvideo.shards import read_weights  # takes a while to import
    weights = {**checkpoint['state_dict'], **read_weights(path, checkpoint['shards'])}
    return dict(meta=checkpoint['meta'], state_dict=weights)


def local_file(source):
    """Where a checkpoint lies on disk, fetched before if need be.

    Args:
        source: local path, http(s) address (kept in torch's hub folder; a hash in its name,
            ``name-<hash>.pth``, is verified), or a short name such as ``torchvision://resnet50``.
    """
    source = str(source)
    scheme, _, name = source.partition('://')
    if scheme in LISTS and name:
        return fetch(_address(scheme, name))
    if scheme in ('http', 'https') and name:
        return fetch(source)
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


def kept_at(url):
    """Where a fetched file is kept: torch's hub folder, ``$TORCH_HOME/hub/checkpoints``."""
    return osp.join(torch.hub.get_dir(), 'checkpoints', osp.basename(urlparse(url).path))


def fetch(url, tell=None):
    """Bring a file into torch's hub folder, if it is not there, and give its path.

    A download that was cut short is taken up where it ended. A hash in the name,
    ``name-<hash>.pth``, must be that of the content (SHA-256, its first digits).

    Args:
        tell: called as ``tell(bytes here, bytes in all)`` while bytes come in; the second is None
            if the server does not say.

    Raises:
        InputError: the server cannot be reached or does not have the file, or the content does
            not hash to what the name says.
    """
    path = kept_at(url)
    if osp.isfile(path):
        return path
    os.makedirs(osp.dirname(path), exist_ok=True)
    with open(f'{path}.part', 'ab') as part:
        if fcntl:       # of processes that start together one downloads, the others wait
            fcntl.flock(part, fcntl.LOCK_EX)
        if osp.isfile(path):
            return path
        try:
            for left in reversed(range(TRIES)):
                if _receive(url, part, tell):
                    break
                if not left:
                    raise OSError(f'the connection broke {TRIES} times; say it again to go on')
        except (OSError, HTTPException, ValueError) as error:
            raise InputError(f'{url}: download failed ({error}); fetch it by hand and place it at '
                             f'{path}') from error
        if fcntl:
            return _keep(path, url)
    return _keep(path, url)     # Windows renames no open files


def _keep(path, url):
    """Give a file that is complete its name, if its hash is the one in the name."""
    try:
        check_hash(f'{path}.part', osp.basename(path))
    except InputError as error:
        os.remove(f'{path}.part')
        raise InputError(f'{url}: download failed ({error}); fetch it by hand and place it at '
                         f'{path}') from error
    os.replace(f'{path}.part', path)
    return path


def check_hash(path, name=None):
    """Hold a file against the hash in its name; a name without one says nothing.

    Raises:
        InputError: it has another hash.
    """
    wanted = hash_in(name or osp.basename(path))
    if wanted is None:
        return
    found = hash_of(path)[:len(wanted)]
    if found != wanted:
        raise InputError(f'{name or path}: its hash begins {found}, its name says '
                         f'{wanted}: it is damaged or another file')


def hash_in(name):
    """The hash that a name or an address ends with, ``name-<hash>.pth``; None without one."""
    found = re.search(r'-([0-9a-f]{8,})\.\w+$', name)
    return found and found.group(1)


def hash_of(path):
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _receive(url, part, tell):
    """Add what is missing to a file that is open for it; False if the connection broke."""
    here = part.seek(0, os.SEEK_END)
    request = Request(url, headers={'User-Agent': 'mmvideo', 'Accept-Encoding': 'identity',
                                    **({'Range': f'bytes={here}-'} if here else {})})
    try:
        answer = urlopen(request, timeout=SECONDS)
    except HTTPError as error:
        if error.code != 416 or not here:       # 416: there is nothing behind what is here
            raise
        total = error.headers.get('Content-Range', '').rpartition('/')[2]
        if total == str(here):
            return True
        part.truncate(0)
        return False
    with answer:
        if answer.status != 206:        # it sends all, whatever was asked for
            part.truncate(0)
            here = 0
        length = answer.headers.get('Content-Length')
        total = here + int(length) if length else None
        try:
            while block := answer.read(BLOCK):
                part.write(block)
                here += len(block)
                if tell:
                    tell(here, total)
        except (IncompleteRead, ConnectionError, TimeoutError):
            return False
        finally:
            part.flush()
    return total is None or here == total


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
