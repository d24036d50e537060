"""What a run writes of itself: how it was started, and what its checkpoints come from."""
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import os.path as osp
import platform
import shlex
import subprocess
import sys
import time

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook

import mmvideo
from mmvideo.errors import InputError
from mmvideo.registry import HOOKS
from mmvideo.storage.whole_files import replacing

from .labels import read_classes

__all__ = ['RecordRun', 'add_tensorboard', 'check_tensorboard', 'git_state']

PACKAGES = ('torch', 'mmengine', 'mmcv-lite', 'mmcv', 'numpy', 'opencv-python', 'av', 'decord',
            'einops', 'torchvision', 'timm')
# Set by who started the processes, and what changes how fast or how exact they compute.
VARIABLES = ('CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS', 'SLURM_JOB_ID', 'SLURM_NODELIST',
             'TORCHELASTIC_RESTART_COUNT', 'CUBLAS_WORKSPACE_CONFIG', 'NVIDIA_TF32_OVERRIDE')
# Bytes of changes that are kept beside the record; of more, the hash tells.
LARGEST_DIFF = 4 << 20
BACKEND = 'TensorboardVisBackend'


@HOOKS.register_module()
class RecordRun(Hook):
    """Writes down how a run was started, and into checkpoints what they come from.

    ``run.json`` in the folder of each start (``WORK_DIR/TIMESTAMP``): command, seed, versions,
    machine, the state of git and the config; beside it ``uncommitted.diff``, if there are changes.
    Checkpoints get ``meta['mmvideo_version']``, ``meta['classes']``, the names of the classes if
    they are known, and ``meta['metrics']``, the newest validation with its epoch and iteration.

    Args:
        classes: file of class names, or the name of a label map.
    """

    priority = 'HIGH'       # before hooks that save when a validation has ended

    def __init__(self, classes=None):
        self.classes = read_classes(classes) if classes else None
        self.metrics = None

    def before_run(self, runner):
        if is_main_process():
            write_record(runner)

    def after_val_epoch(self, runner, metrics=None):
        loop = runner.train_loop if runner._train_loop else None
        self.metrics = {'epoch': loop.epoch, 'iter': loop.iter, **(metrics or {})} if loop else None

    def before_save_checkpoint(self, runner, checkpoint):
        found = dict(mmvideo_version=mmvideo.__version__, classes=self.classes,
                     metrics=self.metrics)
        checkpoint['meta'].update({k: v for k, v in found.items() if v is not None})

    def after_load_checkpoint(self, runner, checkpoint):
        if runner._resume:
            self.metrics = (checkpoint.get('meta') or {}).get('metrics')


def write_record(runner):
    """Write ``run.json``, and the uncommitted changes of the checkouts beside it."""
    folder, states = runner.log_dir, {}
    places = dict(mmvideo=osp.dirname(osp.abspath(mmvideo.__file__)), here=os.getcwd())
    for name, place in places.items():
        state = git_state(place)
        if state and all(other['root'] != state['root'] for other in states.values()):
            states[name] = {k: v for k, v in state.items() if k != 'diff'}
            if state['diff']:
                file = 'uncommitted.diff' if name == 'mmvideo' else f'uncommitted_{name}.diff'
                with replacing(osp.join(folder, file)) as draft:
                    draft.write_bytes(state['diff'])
    content = dict(
        command=shlex.join([sys.executable, *sys.argv]), folder=os.getcwd(),
        time=time.strftime('%Y-%m-%d %H:%M:%S %z'), seed=runner.seed,
        resumed=str(runner._load_from) if runner._resume else None,
        processes=get_world_size(), launcher=runner.launcher, git=states or None,
        **environment(), config_file=runner.cfg.filename, config=runner.cfg.to_dict())
    with replacing(osp.join(folder, 'run.json')) as draft:
        draft.write_text(json.dumps(content, indent=1, default=str) + '\n', encoding='utf-8')


def environment():
    """Versions and machine, as plain values."""
    versions = dict(mmvideo=mmvideo.__version__, python=platform.python_version())
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if gpus:
        versions.update(cuda=torch.version.cuda, cudnn=torch.backends.cudnn.version())
    return dict(versions=versions, host=platform.node(), system=platform.platform(),
                cores=os.cpu_count(), gpus=gpus,
                variables={name: os.environ[name] for name in VARIABLES if name in os.environ})


@functools.lru_cache
def git_state(folder):
    """The commit of the checkout that holds a folder, and what differs from it.

    Returns:
        dict: ``root``, ``commit``, ``changed`` (lines of ``git status --short``), ``diff_sha256``
        and ``diff`` (bytes; empty if there is none, or more than a few MB) of what is uncommitted;
        None where there is no checkout, no git, or the folder is not a part of the checkout (a
        package that was installed into it).
    """
    def git(*command):
        return subprocess.run(['git', '-C', folder, *command], check=True, capture_output=True,
                              timeout=20).stdout

    try:
        root = git('rev-parse', '--show-toplevel').decode().strip()
        if not git('ls-files', '--', '.').strip() and osp.realpath(folder) != osp.realpath(root):
            return None
        commit = git('rev-parse', 'HEAD').decode().strip()
        changed = git('status', '--short').decode(errors='replace').splitlines()
        diff = git('diff', 'HEAD', '--binary') if changed else b''
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(root=root, commit=commit, changed=changed,
                diff_sha256=hashlib.sha256(diff).hexdigest() if diff else None,
                diff=diff if len(diff) <= LARGEST_DIFF else b'')


def add_tensorboard(cfg):
    """Let a run write curves for TensorBoard, beside what it writes already."""
    visualizer = cfg.get('visualizer') or dict(type='Visualizer')
    backends = visualizer.get('vis_backends') or []
    if all(backend.get('type') != BACKEND for backend in backends):
        cfg['visualizer'] = {**visualizer, 'vis_backends': [*backends, dict(type=BACKEND)]}


def check_tensorboard(cfg):
    """Raise if a config writes for TensorBoard and the package is not installed."""
    backends = (cfg.get('visualizer') or {}).get('vis_backends') or []
    if any(backend.get('type') == BACKEND for backend in backends) and \
            importlib.util.find_spec('tensorboard') is None:
        raise InputError(f'visualizer.vis_backends: {BACKEND} (--tensorboard) needs the package '
                         'tensorboard: pip install tensorboard')
