"""Whether a checkpoint file is whole: a checksum that travels inside the file.

What torch saves is a zip archive, and an archive may end with a comment. Ours ends with the SHA-256
of all that comes before it. torch and zip tools read on as if it were not there, and a file that is
copied or renamed keeps it. What others save anew has none; of such a file each entry is held
against the short checksum (CRC-32) that the format has anyway, and that torch does not look at.
"""
import hashlib
import os
import struct
import zipfile
import zlib

__all__ = ['damage', 'sealed']

MARK = b'sha256:'
COMMENT = len(MARK) + 64
# The end of an archive: a signature, numbers, then the length of the comment.
END, END_BYTES, MOST = b'PK\5\6', 22, 22 + 0xffff
BLOCK = 1 << 20


def sealed(content):
    """An archive in memory with its checksum at the end.

    Args:
        content: bytes that ``torch.save`` wrote, an archive without a comment.

    Returns:
        tuple: bytes to be written one after the other; the first are not copied.
    """
    body = memoryview(content)[:-2]
    mark = struct.pack('<H', COMMENT) + MARK
    digest = hashlib.sha256(body)
    digest.update(mark)
    return body, mark + digest.hexdigest().encode()


def damage(path):
    """What is wrong with a checkpoint file, or None if nothing is.

    Files of torch before 1.6 are no archives; of these nothing can be said.
    """
    with open(path, 'rb') as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST))
        tail = file.read()
        file.seek(0)
        if tail[-COMMENT:-64] == MARK:
            return None if _digest(file, size - 64) == tail[-64:] else \
                'it has changed since it was written: its checksum is another'
        head = file.read(4)
    if not size:
        return 'it is empty'
    if head[:1] == b'\x80':
        return None
    if head != b'PK\3\4':
        return 'it does not begin as files of torch do'
    place = tail.rfind(END)
    if place < 0 or place + END_BYTES + _comment_bytes(tail, place) != len(tail):
        return 'its end is missing: it was cut short'
    return _bad_entry(path)


def _comment_bytes(tail, place):
    return int.from_bytes(tail[place + END_BYTES - 2:place + END_BYTES], 'little')


def _digest(file, count):
    digest = hashlib.sha256()
    while count and (block := file.read(min(count, BLOCK))):
        digest.update(block)
        count -= len(block)
    return digest.hexdigest().encode()


def _bad_entry(path):
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError,
            NotImplementedError, struct.error, UnicodeError, KeyError) as error:
        return f'it has changed since it was written: {error or type(error).__name__}'
    return bad and f'it has changed since it was written: the checksum of {bad} is another'
