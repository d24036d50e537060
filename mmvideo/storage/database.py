"""LMDB: keys are paths, values are files."""
import collections
import contextlib
import os
import os.path as osp
import threading

from mmvideo.errors import InputError
from mmvideo.storage.members import no_member, tree_of

__all__ = ['Database']

OPEN_DATABASES = 16
_open = collections.OrderedDict()
_lock = threading.Lock()


class Database:
    """A database of LMDB, keys are paths; a folder with ``data.mdb``, or one file."""

    def __init__(self, path):
        self.path = path

    @contextlib.contextmanager
    def _opened(self):
        """A transaction that sees the database as it is."""
        with _lock:
            environment = _environment(self.path)
        import lmdb
        try:
            with environment.begin(buffers=True) as transaction:
                yield transaction
        except lmdb.Error as error:
            raise InputError(f'{self.path}: cannot be read as an LMDB ({error})') from error

    def read(self, member, missing):
        with self._opened() as transaction:
            content = transaction.get(_key(member))
            if content is not None:
                return bytes(content)
        raise no_member(self, member, missing)

    def has(self, member):
        with self._opened() as transaction:
            return bool(member) and transaction.get(_key(member)) is not None

    def has_folder(self, member):
        with self._opened() as transaction:
            cursor = transaction.cursor()
            inside = _key(f'{member}/') if member else b''
            return cursor.set_range(inside) and bytes(cursor.key()).startswith(inside)

    def names(self):
        with self._opened() as transaction:
            for key in transaction.cursor().iternext(values=False):
                yield bytes(key).decode(errors='surrogateescape')

    def tree(self):
        return tree_of((name, False) for name in self.names())


def _key(name):
    return name.encode(errors='surrogateescape')


def _environment(path):
    """An open database; those that were used longest ago are closed."""
    try:
        import lmdb
    except ImportError as error:
        raise InputError(f'{path}: LMDB needs the package lmdb (pip install lmdb)') from error
    is_folder = osp.isdir(path)
    try:
        status = os.stat(osp.join(path, 'data.mdb') if is_folder else path)
        key = status.st_dev, status.st_ino
        environment = _open.pop(key, None) or lmdb.open(
            path, subdir=is_folder, readonly=True, lock=False, readahead=False, create=False)
        pages = environment.info()['last_pgno'] + 1
        size = pages * environment.stat()['psize']
        if status.st_size < size:       # to touch what lacks would kill the process
            environment.close()
            raise InputError(f'{path}: is truncated; it should have {size} bytes, it has '
                             f'{status.st_size}')
    except (OSError, lmdb.Error) as error:
        raise InputError(f'{path}: cannot be read as an LMDB ({error})') from error
    _open[key] = environment
    while len(_open) > OPEN_DATABASES:
        _open.popitem(last=False)[1].close()
    return environment


def _forget():
    """A process that was forked opens databases for itself."""
    global _lock
    _lock = threading.Lock()
    while _open:
        _open.popitem()[1].close()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget)
