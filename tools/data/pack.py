"""Pack a folder of videos, frames or sounds into zip, tar or LMDB, read by data sets as they are.

    python tools/data/pack.py data/kinetics400/videos_train data/k400_train.zip
    python tools/data/pack.py data/sthv2/rawframes data/sthv2.tar --shard-size 20G \\
        --lists data/sthv2/sthv2_train_list_rawframes.txt

With --shard-size there are several, ``data/sthv2_000.tar`` and on. The frames of one video stay
together. Lists are written anew beside the archives, their paths led through them, so that the
folder of the archives is the data_prefix. Nothing is compressed: media are already. Whatever cuts a
run short, the same command goes on where it stopped.
"""
import argparse
import contextlib
import csv
import io
import json
import os
import os.path as osp
import re
import sys
import tarfile
import zipfile
from pathlib import Path

from many_files import Progress

from mmvideo import storage
from mmvideo.command import exit_status
from mmvideo.datasets.lists import json_objects, list_place, split_fields
from mmvideo.errors import InputError, MissingFileError
from mmvideo.storage.archives import write_tar_index

PICTURES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
PATH_KEYS = ('filename', 'frame_dir', 'audio_path', 'video_dir')
KINDS = ('.zip', '.tar', '.lmdb')
UNITS = {'': 1, 'K': 10**3, 'M': 10**6, 'G': 10**9, 'T': 10**12}
COMMIT_BYTES = 2**28


class ZipWriter:
    """Adds stored members to a zip file, also to one that has some."""

    def __init__(self, path):
        try:
            self._archive = zipfile.ZipFile(path, 'a')
        except zipfile.BadZipFile:      # killed before the list of its members was written
            os.remove(path)
            self._archive = zipfile.ZipFile(path, 'a')
        self.sizes = {info.filename: info.file_size for info in self._archive.infolist()}

    def add(self, name, path):
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        with open(path, 'rb') as source, self._archive.open(info, 'w') as target:
            while block := source.read(2**20):
                target.write(block)

    def close(self):
        self._archive.close()


class TarWriter:
    """Adds members to a tar file, behind the last whole one that it has."""

    def __init__(self, path):
        self.sizes, end = {}, 0
        self._file = open(path, 'r+b' if osp.exists(path) else 'w+b')
        size = os.fstat(self._file.fileno()).st_size
        with contextlib.suppress(tarfile.TarError), tarfile.open(fileobj=self._file) as archive:
            for info in archive:
                behind = info.offset_data + -(-info.size // 512) * 512
                if behind <= size:
                    self.sizes[info.name], end = info.size, behind
        self._file.seek(end)
        self._file.truncate()
        self._archive = tarfile.open(fileobj=self._file, mode='w')

    def add(self, name, path):
        status = os.stat(path)
        info = tarfile.TarInfo(name)
        info.size, info.mtime = status.st_size, int(status.st_mtime)
        with open(path, 'rb') as source:
            self._archive.addfile(info, source)
        self._archive.members.clear()

    def close(self):
        self._archive.close()
        self._file.close()


class LmdbWriter:
    """Adds values to a database, a folder with ``data.mdb``; keys are names."""

    def __init__(self, path, room):
        try:
            import lmdb
        except ImportError as error:
            raise InputError('LMDB needs the package lmdb (pip install lmdb)') from error
        self._environment = lmdb.open(str(path), map_size=room, lock=False)
        self._begin()
        self.sizes = {bytes(key).decode(): len(value) for key, value in self._transaction.cursor()}

    def _begin(self):
        self._transaction, self._bytes = self._environment.begin(write=True, buffers=True), 0

    def add(self, name, path):
        content = Path(path).read_bytes()
        self._transaction.put(name.encode(), content)
        self._bytes += len(content)
        if self._bytes > COMMIT_BYTES:
            self._transaction.commit()
            self._begin()

    def close(self):
        self._transaction.commit()
        self._environment.close()


def find_units(folder, whole_folders=False):
    """Files that must lie in one archive: all pictures of a folder, else each file by itself.

    Args:
        folder: what to pack; names that begin with a point are passed over.
        whole_folders: the files of each folder stay together, whatever they are.

    Returns:
        list[list[tuple(str, int)]]: names relative to ``folder``, sorted, and sizes in bytes.
    """
    if not osp.isdir(folder):
        raise MissingFileError(f'{folder}: no such folder')
    units = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        together, below = [], osp.relpath(place, folder)
        for name in sorted(name for name in names if not name.startswith('.')):
            member = name if below == '.' else f'{below}/{name}'.replace(os.sep, '/')
            file = member, osp.getsize(osp.join(place, name))
            if whole_folders or name.lower().endswith(PICTURES):
                together.append(file)
            else:
                units.append([file])
        if together:
            units.append(together)
    if not units:
        raise InputError(f'{folder}: holds no file')
    return sorted(units)


def plan(units, out, shard_bytes=None):
    """Which files go into which archive.

    Args:
        units: as of :func:`find_units`.
        out: path of the archive.
        shard_bytes: about so large may an archive be; by default one holds all.

    Returns:
        dict: ``{path of an archive: {name: size}}``.
    """
    if not shard_bytes:
        return {str(out): dict(file for unit in units for file in unit)}
    shards, filled = [{}], 0
    for unit in units:
        size = sum(size for _, size in unit)
        if filled and filled + size > shard_bytes:
            shards.append({})
            filled = 0
        shards[-1].update(unit)
        filled += size
    stem, suffix = osp.splitext(out)
    digits = max(3, len(str(len(shards) - 1)))
    return {f'{stem}_{i:0{digits}}{suffix}': shard for i, shard in enumerate(shards)}


def open_writer(path, kind, files):
    if kind == '.lmdb':
        # A value fills whole pages, 16 KiB at most, and its key adds to the tree. What is not used
        # takes no place on the disk.
        room = sum((size // 2**14 + 2) * 2**14 for size in files.values())
        return LmdbWriter(path, room * 5 // 4 + 2**24)
    return (ZipWriter if kind == '.zip' else TarWriter)(path)


def fill(folder, path, files, progress):
    """Write one archive, or what is not yet in the draft of it that lies beside."""
    kind = osp.splitext(path)[1].lower()
    draft = osp.join(osp.dirname(path), f'.{osp.basename(path)}.part')
    with contextlib.closing(open_writer(draft, kind, files)) as writer:
        other = [name for name, size in writer.sizes.items() if files.get(name) != size]
        if other:
            raise InputError(f'{draft}: was begun with other files, such as {other[0]}; remove it')
        for name in files:
            if name not in writer.sizes:
                writer.add(name, osp.join(folder, name))
            progress.step()
    if kind == '.lmdb':
        Path(draft, 'lock.mdb').unlink(missing_ok=True)
    os.replace(draft, path)
    if kind == '.tar':
        write_tar_index(path)


def is_filled(path, files):
    """Whether an archive is there; it must hold these files."""
    if not osp.exists(path):
        return False
    found = {osp.relpath(osp.join(place, name), path).replace(os.sep, '/')
             for place, _, names in storage.walk(path) for name in names}
    differ = sorted(found ^ files.keys())
    if differ:
        raise InputError(f'{path}: is there already, but {differ[0]} is not in both it and the '
                         'folder; remove the archive, or give another name')
    return True


def pack(folder, out, shard_bytes=None, whole_folders=False):
    """Pack a folder; archives that are there already are left as they are.

    Args:
        folder: what to pack.
        out: path of the archive; its suffix tells the kind.
        shard_bytes, whole_folders: as of :func:`plan` and :func:`find_units`.

    Returns:
        dict: ``{path of an archive: {name: size}}``.

    Raises:
        InputError: wrong arguments, no files, names that are too long, or another archive there.
    """
    kind = osp.splitext(out)[1].lower()
    if kind not in KINDS:
        raise InputError(f'{out}: expected a name that ends in {", ".join(KINDS)}')
    archives = plan(find_units(folder, whole_folders), out, shard_bytes)
    if kind == '.lmdb':
        for name in (name for files in archives.values() for name in files):
            if len(name.encode()) > 511:
                raise InputError(f'{name}: keys of LMDB have at most 511 bytes; use zip or tar')
    os.makedirs(osp.dirname(out) or '.', exist_ok=True)
    progress = Progress(sum(map(len, archives.values())))
    try:
        for path, files in archives.items():
            if is_filled(path, files):
                for _ in files:
                    progress.step()
            else:
                fill(folder, path, files, progress)
    finally:
        progress.close()
    return archives


class Places:
    """Where listed paths went.

    Args:
        archives: as :func:`pack` returns them.
    """

    def __init__(self, archives):
        self._places = {}
        for path, files in archives.items():
            archive = osp.basename(path)
            for name in files:
                self._enter(name, archive)
                self._enter(osp.splitext(name)[0], archive)     # lists of sound omit suffixes
                while name := osp.dirname(name):
                    self._enter(name, archive)

    def _enter(self, name, archive):
        self._places.setdefault(name, set()).add(archive)

    def __call__(self, path, where):
        """The path led through its archive; ``where`` it is listed stands in errors."""
        found = self._places.get(osp.normpath(path).replace(os.sep, '/'), ())
        if not found:
            raise MissingFileError(f'{where}: {path} is not in the folder that was packed; lists '
                                   'must be relative to it')
        if len(found) > 1:
            raise InputError(f'{where}: the files of {path} lie in {len(found)} archives; '
                             '--whole-folders keeps them together')
        return f'{next(iter(found))}/{path}'


def rewrite_list(source, target, places):
    """Write a list anew, its paths led through the archives; the rest stays what it is."""
    suffix = osp.splitext(source)[1].lower()
    place = list_place(source)
    if suffix in ('.json', '.jsonl'):
        rows = []
        for number, row in json_objects(source):
            for key in row.keys() & set(PATH_KEYS):
                row[key] = places(row[key], f'{place} {number}')
            rows.append(json.dumps(row, ensure_ascii=False))
        text = ('[\n' + ',\n'.join(rows) + '\n]\n' if suffix == '.json'
                else ''.join(f'{row}\n' for row in rows))
    else:
        content = storage.read_bytes(source).decode('utf-8-sig')
        change = _csv_text if suffix == '.csv' and re.search('[,;\t]', content) else _list_text
        text = change(content, places, place)
    with open(target, 'w', encoding='utf-8', newline='') as file:
        file.write(text)


def _list_text(content, places, place):
    lines = []
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            path, *rest = split_fields(line.strip(), 2)
            path = places(path, f'{place} {number}')
            quoted = f'"{path}"' if any(c.isspace() for c in path) else path
            lines.append(' '.join([quoted, *rest]) + '\n')
    return ''.join(lines)


def _csv_text(content, places, place):
    first = next(line for line in content.splitlines() if line.strip())
    mark = next(mark for mark in ',;\t' if mark in first)
    text, column = io.StringIO(), 0
    writer = csv.writer(text, delimiter=mark, lineterminator='\n')
    rows = csv.reader(io.StringIO(content, newline=''), delimiter=mark, skipinitialspace=True)
    for row in rows:
        heads = [i for i, cell in enumerate(row) if cell.strip() in PATH_KEYS]
        if rows.line_num == 1 and heads:
            column = heads[0]
        elif any(row):
            row[column] = places(row[column].strip(), f'{place} {rows.line_num}')
        writer.writerow(row)
    return text.getvalue()


def parse_size(text):
    """``20G``, ``500M`` or a number of bytes."""
    match = re.fullmatch(r'(\d+(?:\.\d+)?)\s*([KMGT]?)B?', text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * UNITS[match[2].upper()]) if match else 0
    if size < 1:
        raise InputError(f'--shard-size: expected a size such as 20G or 500M, got {text!r}')
    return size


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', help='what to pack, with all that lies below')
    parser.add_argument('out', nargs='?', help='the archive: .zip, .tar or .lmdb')
    parser.add_argument('--shard-size', metavar='SIZE', help='several archives of about this size, '
                        'such as 20G')
    parser.add_argument('--whole-folders', action='store_true', help='keep the files of a folder '
                        'in one archive; pictures are kept so anyway')
    parser.add_argument('--lists', nargs='+', default=[], metavar='LIST', help='lists whose paths '
                        'are relative to the folder; they are written anew')
    parser.add_argument('--list-folder', metavar='FOLDER', help='where to write them (by default '
                        'beside the archives)')
    parser.add_argument('--index', action='store_true', help='in place of all that: FOLDER is a '
                        'tar, write an index beside it, which spares readers a walk through it')
    return parser.parse_args(argv)


def run(args):
    if args.index:
        print(f'{write_tar_index(args.folder)} written')
        return
    if not args.out:
        raise InputError('out: expected the name of an archive, such as data/videos.zip')
    shard_bytes = parse_size(args.shard_size) if args.shard_size else None
    folder = args.list_folder or osp.dirname(args.out) or '.'
    targets = [(source, osp.join(folder, osp.basename(source))) for source in args.lists]
    for source, target in targets:
        if not osp.isfile(source):
            raise MissingFileError(f'--lists: {source} does not exist')
        if osp.abspath(source) == osp.abspath(target):
            raise InputError(f'--lists: {source} would be overwritten; give a --list-folder')
    archives = pack(args.folder, args.out, shard_bytes, args.whole_folders)
    count, size = (sum(f(files) for files in archives.values())
                   for f in (len, lambda files: sum(files.values())))
    first, *rest = archives
    print(f'{count} files, {size / 1e6:.1f} MB: {first}'
          + (f' to {rest[-1]} ({len(archives)} archives)' if rest else ''))
    if targets:
        os.makedirs(folder, exist_ok=True)
        places = Places(archives)
    for source, target in targets:
        rewrite_list(source, target, places)
        print(f'{target} written; its data_prefix is {osp.dirname(args.out) or "."}')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
