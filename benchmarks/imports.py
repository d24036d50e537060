"""How long a command takes to start: fresh processes that import, and build one network."""
import functools
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.timing import SHARE, Row

ROOT = Path(__file__).resolve().parents[1]
BASE = '`import torch, mmengine.runner`'
ROWS = (
    Row('import', '`import mmvideo` and all its networks, in a fresh process', BASE,
        'import', 'base', kind=SHARE, reach=1.05),
    Row('import-and-build', 'the same, and building TSM MobileNetV2', BASE,
        'build', 'base', kind=SHARE, reach=1.05),
    Row('import-and-build-r50', 'the same, and building TSN R50', BASE,
        'build r50', 'base', kind=SHARE),
)
CODE = {
    'base': 'import torch, mmengine.runner',
    'import': 'import mmvideo\n'
              'from mmvideo.registry import MODELS\n'
              'assert MODELS.get("Recognizer2D") and MODELS.get("ResNet")',
    'build': 'import mmvideo\n'
             'from mmvideo.registry import MODELS\n'
             'model = MODELS.build(dict(type="Recognizer2D",\n'
             '    backbone=dict(type="MobileNetV2TSM"),\n'
             '    cls_head=dict(type="TSMHead", num_classes=400, in_channels=1280)))\n'
             'assert len(model.state_dict()) == 314',
    'build r50': 'import mmvideo\n'
                 'from mmvideo.registry import MODELS\n'
                 'model = MODELS.build(dict(type="Recognizer2D",\n'
                 '    backbone=dict(type="ResNet", depth=50),\n'
                 '    cls_head=dict(type="TSNHead", num_classes=400, in_channels=2048)))\n'
                 'assert len(model.state_dict()) == 320',
}


def contenders(wanted, small, folder):
    return {key: functools.partial(run_fresh, CODE[key]) for key in wanted}


def run_fresh(code):
    """Run code in an interpreter of its own; its CPU time counts as that of a child.

    Installed libraries come compiled to bytecode; the checkout gets the same chance.
    """
    env = {key: value for key, value in os.environ.items() if key != 'PYTHONDONTWRITEBYTECODE'}
    subprocess.run([sys.executable, '-c', code], check=True, cwd=ROOT,
                   env={**env, 'OMP_NUM_THREADS': '1'})
