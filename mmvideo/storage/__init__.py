"""Files on disk and, by the same kind of path, inside zip and tar archives and LMDB.

A path may lead through an archive as through a folder: ``shards/000.zip/abseiling/x.mp4``,
``frames.tar/v1/img_00001.jpg``, ``frames.lmdb/v1/img_00001.jpg`` (there the key is what follows
the name of the database). So an archive can be ``data_prefix``, part of a listed path, or a tree of
classes, and nothing is ever unpacked. A folder whose name ends like an archive stays a folder.

Zip and tar files are open only while one member is read, as a file of a folder would be; what stays
in memory is where each member lies. So there is nothing that a fork, a pickle or a thousand shards
could break. LMDB has to stay open: once a process, a few at a time.
"""
import io
import os
import os.path as osp
import posixpath
import re

from mmvideo.errors import InputError, MissingFileError
from mmvideo.storage.archives import UNPACKERS, Tar, Zip, compressed
from mmvideo.storage.database import Database
from mmvideo.storage.whole_files import replacing

__all__ = ['isdir', 'isfile', 'open_source', 'read_bytes', 'replacing', 'split', 'walk']

_SUFFIX = re.compile(r'\.(zip|tar|lmdb|tgz|tbz2|txz|tar\.(?:gz|bz2|xz|zst))(?=[/\\]|$)',
                     re.IGNORECASE)
_archives = {}


def open_source(filename, io_backend='disk', backend_args=None):
    """What a decoder may open: the path itself on disk, else a buffer with the fetched bytes."""
    missing = 'no such video file'
    if io_backend != 'disk' or split(filename):
        content = read_bytes(filename, missing, io_backend, backend_args)
        source, size = io.BytesIO(content), len(content)
    elif osp.isfile(filename):
        source, size = filename, osp.getsize(filename)
    else:
        raise _absent(filename, missing)
    if not size:
        raise InputError(f'{filename}: the file is empty (0 bytes)')
    return source


def read_bytes(path, missing='no such file', io_backend='disk', backend_args=None):
    """All of a file, on disk or in an archive.

    Args:
        path: where it is.
        missing: what to say of a file that is not there.
        io_backend: 'disk'; or a storage backend of mmengine, which knows nothing of archives.
        backend_args: arguments of that backend.

    Raises:
        MissingFileError: no such file, or no such member of the archive, which it names.
        InputError: a broken archive, a kind that gives no access to single files, or a folder.
    """
    if io_backend != 'disk':
        from mmengine import fileio
        return fileio.get(path, backend_args=dict(backend=io_backend, **(backend_args or {})))
    place = split(path)
    if place and not place[1]:
        raise InputError(f'{path}: is an archive, expected a file in it')
    if place:
        return _archive(place[0]).read(place[1], missing)
    try:
        with open(path, 'rb') as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _absent(path, missing) from error
    except IsADirectoryError as error:
        raise InputError(f'{path}: is a folder, expected a file') from error


def isfile(path):
    """Whether there is such a file, on disk or in an archive."""
    place = split(path)
    return _archive(place[0]).has(place[1]) if place else osp.isfile(path)


def isdir(path):
    """Whether there is such a folder, on disk or in an archive; an archive is a folder too."""
    place = split(path)
    return _archive(place[0]).has_folder(place[1]) if place else osp.isdir(path)


def walk(folder):
    """``os.walk`` that follows links, for a folder on disk or in an archive.

    Yields:
        tuple(str, list, list): path of a folder, names of the folders and of the files in it.
        What is taken out of the list of folders is not entered.
    """
    place = split(folder)
    if not place:
        yield from os.walk(folder, followlinks=True)
        return
    tree = _archive(place[0]).tree()
    todo = [(os.fspath(folder).rstrip('/'), place[1])] if place[1] in tree else []
    while todo:
        path, inner = todo.pop()
        folders, files = map(list, tree[inner])
        yield path, folders, files
        todo += [(f'{path}/{name}', posixpath.join(inner, name)) for name in reversed(folders)]


def split(path):
    """Where a path enters an archive.

    Returns:
        tuple(str, str) | None: path of the archive and name of the member in it ('' for the
        archive itself); None for a path that leads through none.

    Raises:
        InputError: the path leads through a compressed tar.
    """
    path = os.fspath(path)
    for match in _SUFFIX.finditer(path):
        archive = path[:match.end()]
        if archive not in _archives and not _is_archive(archive, match[1].lower()):
            continue
        member = path[match.end():].replace(os.sep, '/').strip('/')
        return archive, posixpath.normpath(member) if member else ''
    return None


def _is_archive(path, suffix):
    if not osp.isfile(path):
        return suffix == 'lmdb' and osp.isfile(osp.join(path, 'data.mdb'))
    packer = suffix.rpartition('.')[2]
    if packer in UNPACKERS:
        raise compressed(path, packer)
    return True


def _absent(path, missing):
    """The error for a file that is not there; what is not may be the archive on the way."""
    path = os.fspath(path)
    for match in _SUFFIX.finditer(path):
        archive = path[:match.end()]
        if archive != path and not osp.exists(archive):
            return MissingFileError(f'{path}: {missing} (there is no archive {archive})')
    return MissingFileError(f'{path}: {missing}')


def _archive(path):
    if path not in _archives:
        kind = {'.zip': Zip, '.tar': Tar, '.lmdb': Database}[osp.splitext(path)[1].lower()]
        _archives[path] = kind(path)
    return _archives[path]
