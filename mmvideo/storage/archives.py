"""Zip and tar files: where each member lies, and its bytes."""
import contextlib
import io
import os
import os.path as osp
import posixpath
import struct
import tarfile
import zipfile
import zlib

from mmvideo.errors import InputError, MissingFileError
from mmvideo.storage.members import no_member, tree_of
from mmvideo.storage.whole_files import replacing

__all__ = ['INDEX_SUFFIX', 'Tar', 'UNPACKERS', 'Zip', 'compressed', 'tar_members',
           'write_tar_index']

# Beside a tar: where its members lie. Spares a start the walk over all headers.
INDEX_SUFFIX = '.index'
UNPACKERS = {'gz': 'gunzip', 'tgz': 'gunzip', 'bz2': 'bunzip2', 'tbz2': 'bunzip2', 'xz': 'unxz',
             'txz': 'unxz', 'zst': 'unzstd'}


def compressed(path, packer):
    return InputError(f'{path}: a compressed tar gives no access to single files; make it a plain '
                      f'one ({UNPACKERS[packer]} {osp.basename(path)}), or pack the folder with '
                      'tools/data/pack.py')


class _File:
    """A zip or tar file: an index in memory, and a file that is open only while it is read.

    The index is made anew when the file has become another one.
    """

    def __init__(self, path):
        self.path = path
        self._signature = None

    def scan(self, file):
        """``{name: where it lies}`` of all members, None for folders."""
        raise NotImplementedError

    def fetch(self, file, member, place):
        """The bytes of a member."""
        raise NotImplementedError

    @contextlib.contextmanager
    def _opened(self):
        """The file, once the index is known to be of it."""
        try:
            raw = open(self.path, 'rb', buffering=0)    # a scan skips most of the file
        except FileNotFoundError as error:
            raise MissingFileError(f'{self.path}: no such archive') from error
        with io.BufferedReader(raw) as file:
            signature = _signature(os.fstat(file.fileno()))
            if signature != self._signature:
                self._members = self.scan(raw)
                self._signature = signature
            yield file

    def read(self, member, missing):
        with self._opened() as file:
            place = self._members.get(member)
            if place is None:
                raise no_member(self, member, missing)
            return self.fetch(file, member, place)

    def has(self, member):
        with self._opened():
            return self._members.get(member) is not None

    def has_folder(self, member):
        with self._opened():
            inside = f'{member}/'
            return not member or any(name.startswith(inside) or place is None and name == member
                                     for name, place in self._members.items())

    def names(self):
        return (name for name, place in self._members.items() if place)

    def tree(self):
        with self._opened():
            return tree_of((name, place is None) for name, place in self._members.items())


def _signature(status):
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _normal(name):
    """Name of a member without what packers put in front, such as './'."""
    return posixpath.normpath(name).lstrip('/')


class Zip(_File):
    """A zip file whose members are stored or deflated."""

    def scan(self, file):
        try:
            with zipfile.ZipFile(file) as archive:
                return {_normal(info.filename): None if info.is_dir() else
                        (info.header_offset, info.compress_size, info.file_size, info.CRC,
                         info.compress_type, info.flag_bits & 1)
                        for info in archive.infolist()}
        except (zipfile.BadZipFile, struct.error, ValueError) as error:
            raise InputError(f'{self.path}: is no whole zip file ({error}); is it truncated?'
                             ) from error

    def fetch(self, file, member, place):
        offset, packed, size, checksum, method, is_encrypted = place
        where = f'{self.path}: member {member!r}'
        if is_encrypted:
            raise InputError(f'{where} is encrypted')
        if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            name = zipfile.compressor_names.get(method, method)
            raise InputError(f'{where} is packed by {name!r}; stored and deflated members can be '
                             'read')
        file.seek(offset)
        header = file.read(30)
        if len(header) == 30 and header[:4] == b'PK\3\4':
            # Other lengths than in the list at the end of the file are possible.
            file.seek(sum(struct.unpack('<HH', header[26:])), os.SEEK_CUR)
            content = file.read(packed)
            with contextlib.suppress(zlib.error):
                if method == zipfile.ZIP_DEFLATED:
                    content = zlib.decompress(content, -zlib.MAX_WBITS)
                if len(content) == size and zlib.crc32(content) == checksum:
                    return content
        raise InputError(f'{where} is broken')


class Tar(_File):
    """A tar file that is not compressed."""

    def scan(self, file):
        return _read_tar_index(self.path, file) or tar_members(self.path, file)

    def fetch(self, file, member, place):
        offset, size = place
        file.seek(offset)
        content = file.read(size)
        if len(content) < size:
            raise InputError(f'{self.path}: ends within member {member!r}')
        return content


def tar_members(path, file):
    """Where the members of a tar lie, by one pass over its headers.

    Args:
        path: for messages.
        file: the tar, open for binary reading.

    Returns:
        dict: ``{name: (offset, size)}`` in bytes, None for folders. Links lead to their targets.

    Raises:
        InputError: compressed, truncated, broken, or no tar.
    """
    magic = file.read(2)
    packer = {b'\x1f\x8b': 'gz', b'BZ': 'bz2', b'\xfd7': 'xz', b'\x28\xb5': 'zst'}.get(magic)
    if packer:
        raise compressed(path, packer)
    file.seek(0)
    members, links = {}, {}
    try:
        with tarfile.open(fileobj=file, mode='r:') as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()     # it would keep them all
                name = _normal(info.name)
                if info.islnk():
                    links[name] = _normal(info.linkname)
                elif info.issym():
                    links[name] = _normal(posixpath.join(posixpath.dirname(name), info.linkname))
                elif info.isdir() or info.isreg() and info.sparse is None:
                    members[name] = (info.offset_data, info.size) if info.isreg() else None
            end = archive.offset
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise InputError(f'{path}: is no whole tar file ({error}); is it truncated?') from error
    # Zeros follow the last member; tarfile takes anything else for the end as well.
    file.seek(end)
    if file.read(512) != bytes(512):
        raise InputError(f'{path}: is truncated or broken at byte {end}, after {len(members)} '
                         'members')
    for name, target in links.items():
        if target in members:
            members[name] = members[target]
    members.pop('.', None)
    return members


def _read_tar_index(path, file):
    """Members as written beside the tar, or None if nothing is, or if it is of another tar."""
    try:
        with open(path + INDEX_SUFFIX, encoding='utf-8', errors='surrogateescape',
                  newline='') as index:
            head, *lines = index.read().split('\0')
    except OSError:
        return None
    if head != _index_head(os.fstat(file.fileno())):
        return None
    members = {}
    for line in lines:
        offset, size, name = line.split(' ', 2)
        members[name] = (int(offset), int(size)) if size != '-1' else None
    return members


def _index_head(status):
    return f'mmvideo tar index 1, size {status.st_size}, mtime {status.st_mtime_ns}'


def write_tar_index(path):
    """Write where the members of a tar lie to a file beside it, which readers then trust.

    It counts as long as size and time stamp of the tar stay what they are.

    Returns:
        str: path of the file.
    """
    with open(path, 'rb', buffering=0) as file:
        members = tar_members(path, file)
        lines = [_index_head(os.fstat(file.fileno()))]
    for name, place in members.items():
        offset, size = place or (0, -1)
        lines.append(f'{offset} {size} {name}')
    with replacing(path + INDEX_SUFFIX) as draft:
        draft.write_bytes('\0'.join(lines).encode('utf-8', 'surrogateescape'))
    return path + INDEX_SUFFIX
