"""Workers of a loader use memory again that they freed."""
import platform

import numpy as np
import pytest
from torch.utils.data import DataLoader

from mmvideo.engine.loader import WatchedLoader

BYTES = 40_000_000      # so much in one piece is never kept by default


class Faults:
    """The least number of pages that the system had to hand out for a large piece of memory."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        import resource
        counts = []
        for _ in range(8):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            np.ones(BYTES, np.uint8)
            counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        return min(counts)


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc gives it back')
def test_workers_keep_freed_memory():
    plain = next(iter(DataLoader(Faults(), num_workers=1)))
    kept = next(iter(WatchedLoader.of(DataLoader(Faults(), num_workers=1))))
    # Pages may be large: 2 MiB at the most.
    assert int(plain) >= BYTES // 2**21 > 2 * int(kept)
