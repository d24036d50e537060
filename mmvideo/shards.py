"""The large tensors of a sharded checkpoint: a folder of torch.distributed.checkpoint.

A sharded checkpoint is a file ``epoch_3.pth`` with all that is small, and beside it a folder with
the parameters, of which each process wrote its own part. The file names the folder and the files in
it with their hashes; it is written last, so what it names is there.
"""
import hashlib
import os.path as osp
import pickle
import warnings

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import FileSystemReader

from mmvideo.errors import InputError

__all__ = ['ShardReader', 'damaged_shard', 'hash_of_shard', 'read_weights']

BLOCK = 1 << 20
# What the table of contents of a folder is made of. It is a pickle.
ALLOWED = {
    'torch.distributed.checkpoint.metadata': (
        'BytesStorageMetadata', 'ChunkStorageMetadata', 'Metadata', 'MetadataIndex', 'StorageMeta',
        'TensorProperties', 'TensorStorageMetadata', '_MEM_FORMAT_ENCODING'),
    'torch.distributed.checkpoint.filesystem': ('_StorageInfo', '_StoragePrefix'),
    'torch.serialization': ('_get_layout',),
    'pathlib': ('PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'),
    'collections': ('OrderedDict', 'defaultdict'),
    'builtins': ('set', 'dict', 'list', 'tuple'),
}


class _Contents(pickle.Unpickler):
    """Makes tables of contents and nothing else."""

    def find_class(self, module, name):
        found = super().find_class(module, name) if module == 'torch' \
            or name in ALLOWED.get(module, ()) else None
        if found is None or module == 'torch' and not (
                name == 'Size' or isinstance(found, (torch.dtype, torch.memory_format))):
            raise InputError(f'a table of contents asks for {module}.{name}')
        return found


class ShardReader(FileSystemReader):
    """Reads a folder without running code that it may carry."""

    def read_metadata(self, *args, **kwargs):
        with open(osp.join(self.path, '.metadata'), 'rb') as file:
            contents = _Contents(file).load()
        contents.storage_meta.load_id = self.load_id
        return contents


def hash_of_shard(path):
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def damaged_shard(path, shards):
    """What is wrong with the folder of a checkpoint, or None.

    Args:
        path: of the file.
        shards: what it says under that name.
    """
    folder = osp.join(osp.dirname(path), shards['folder'])
    for name, digest in shards['files'].items():
        if not osp.isfile(osp.join(folder, name)):
            return f'{osp.join(folder, name)} is missing'
        if hash_of_shard(osp.join(folder, name)) != digest:
            return f'{osp.join(folder, name)} has changed since it was written'
    return None


def read_weights(path, shards):
    """The parameters of a sharded checkpoint, whole, by name.

    Args: as of :func:`damaged_shard`.

    Raises:
        InputError: a part is missing or damaged.
    """
    if reason := damaged_shard(path, shards):
        raise InputError(f'{path} is no whole checkpoint: {reason}')
    weights = {name: torch.empty(size, dtype=getattr(torch, kind))
               for name, (size, kind) in shards['weights'].items()}
    reader = ShardReader(osp.join(osp.dirname(path), shards['folder']))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)        # that there is one process
        dcp.load({'weights': weights}, no_dist=True, storage_reader=reader)
    return weights
