"""Same conditions for every test: seeds, few threads, quiet logs, no network."""
import logging
import os
import random
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

# Before torch starts its pools: more threads than cores make small tensors slow. Where tests run
# side by side (`make test`), each process has one.
THREADS = 1 if 'PYTEST_XDIST_WORKER' in os.environ else 2
os.environ.setdefault('OMP_NUM_THREADS', str(THREADS))

LOCAL = ('127.', '::1', 'localhost', '0.0.0.0')


def pytest_configure(config):
    import torch
    torch.set_num_threads(min(THREADS, torch.get_num_threads()))
    logging.getLogger('mmengine').setLevel(logging.ERROR)


def pytest_collection_modifyitems(items):
    import torch
    if not torch.cuda.is_available():
        for item in items:
            if 'gpu' in item.keywords:
                item.add_marker(pytest.mark.skip(reason='no CUDA device'))
    missing = [name for name in ('torchvision', 'timm') if find_spec(name) is None]
    if missing:
        for item in items:
            if 'thirdparty' in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f'no {" and no ".join(missing)}'))


@pytest.fixture(autouse=True)
def seeded():
    """Tests that draw without a generator of their own draw the same every time."""
    import torch
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope='session')
def offline():
    """A test that would download fails at once, and says where it wanted to go."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family != getattr(socket, 'AF_UNIX', None):
            host = str(address[0])
            if not host.startswith(LOCAL):
                raise RuntimeError(f'a test tried to reach {host}: tests never download')
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, 'connect', guarded)
        yield


@pytest.fixture(scope='session')
def embedded(tmp_path_factory):
    """A small embedded data set on disk: 16 training and 8 validation clips, real mp4 files."""
    out = tmp_path_factory.mktemp('data') / 'embedded'
    tool = Path(__file__).parents[1] / 'tools' / 'data' / 'build_embedded.py'
    subprocess.run([sys.executable, str(tool), '--out', str(out), '--clips-per-class', '2'],
                   check=True, capture_output=True)
    return out
