"""Files that are whole or not there."""
import contextlib
import os
import shutil
from pathlib import Path

__all__ = ['replacing']


@contextlib.contextmanager
def replacing(path):
    """A path beside ``path`` to write to; it takes the place of ``path`` once all went well.

    Whoever reads ``path`` meanwhile sees the old file or the new one, never half of one, also after
    the power fails: the content is on the disk before the name is. Folders on the way are made. An
    error leaves the old file as it was, and nothing beside it.

    The path beside may become a folder, if there is no ``path`` yet; when the files in it reach the
    disk is then left to the system.

    Args:
        path: where the file is to be.

    Yields:
        pathlib.Path: in the same folder, hidden, free.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f'.{path.name}.{os.getpid()}.part')
    try:
        yield draft
        _sync(draft)
        os.replace(draft, path)
        with contextlib.suppress(OSError):      # not every file system can do that with folders
            _sync(path.parent)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        draft.unlink(missing_ok=True)


def _sync(path):
    """Wait until a file, or the list of names in a folder, is on the disk."""
    if os.name != 'posix':      # Windows does that to files that are open for writing only
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
