"""What a worker of a loader does with memory that it needs no longer."""
import ctypes
import platform

__all__ = ['keep_freed_memory']

# As much as a worker may hold without using it; the frames of a test sample fit.
KEPT_BYTES = 256 * 2 ** 20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory(size=KEPT_BYTES):
    """Let this process keep freed memory for what it allocates next.

    The frames of a sample are freed as it is done, and the next one wants as much. glibc gives
    large pieces back to the system each time, which clears every page that it hands out again: a
    tenth of the time of a sample of 32 frames. With other C libraries nothing happens.

    Args:
        size: bytes; free memory beyond that goes back, pieces larger than that always.
    """
    if platform.libc_ver()[0] == 'glibc':
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, size)
        library.mallopt(M_TRIM_THRESHOLD, size)
