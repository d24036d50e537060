"""How many processes have a core."""
import os

import pytest

from mmvideo.processes import usable_cores


@pytest.mark.parametrize('cores, processes, expected', [
    ({0, 3, 5, 7}, None, 4), (range(8), 2, 4), (range(3), 2, 1), ({1}, 4, 1)])
def test_cores_of_this_process(monkeypatch, cores, processes, expected):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: set(cores), raising=False)
    monkeypatch.delenv('LOCAL_WORLD_SIZE', raising=False)
    if processes:
        monkeypatch.setenv('LOCAL_WORLD_SIZE', str(processes))
    assert usable_cores() == expected
