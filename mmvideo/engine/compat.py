"""Every workaround for mmengine 0.10.7 on today's stack, each with the message it cures.

``tests/engine/test_compat.py`` provokes each message without the workaround, so a test fails once
one of them is no longer needed. Nothing else in mmvideo patches a library.

=======================  =========================================================================
function                 cures
=======================  =========================================================================
`find_packages_without`  ``ModuleNotFoundError: No module named 'pkg_resources'`` (setuptools >= 82)
`load_safely`            ``UnpicklingError: Weights only load failed`` on checkpoints (torch >= 2.6)
`make_plain`             the same, at its root: what a checkpoint of ours may hold
`CPUAmpOptimWrapper`     ``AssertionError: AmpOptimizerWrapper is only available ... on gpu``
`distributed.join`       ``AttributeError: module 'torch._C' has no attribute '_cuda_setDevice'``
`wrap_on_cpus`           ``ValueError: DistributedDataParallel device_ids ... only work with``
`sync_norm.sync_on_cpus` ``ValueError: SyncBatchNorm layers only work with GPU modules``
`drop_idle_persistence`  ``ValueError: persistent_workers option needs num_workers > 0``, and an
                         assertion about ``timeout``
`keep_text`              ``SyntaxError: Failed to format the config file``: Ctrl-C while a file
                         is saved; and the time that it takes, at each checkpoint
=======================  =========================================================================
"""
import importlib.metadata
import importlib.util
import os.path as osp
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.runner.checkpoint import CheckpointLoader

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.registry import OPTIM_WRAPPERS

__all__ = ['CPUAmpOptimWrapper', 'drop_idle_persistence', 'find_packages_without',
           'install', 'keep_text', 'load_safely', 'make_plain', 'wrap_on_cpus']


def find_packages_without():
    """Let mmengine look packages up by importlib: setuptools 82 dropped ``pkg_resources``.

    It does so for ``_base_ = 'package::path.py'`` and for ``get_config``; relative ``_base_`` paths
    never needed it.
    """
    import mmengine.config.config
    import mmengine.hub.hub
    import mmengine.utils.package_utils

    def is_installed(package):
        if importlib.util.find_spec(package) is not None:
            return True
        try:
            importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            return False
        return True

    def get_installed_path(package):
        spec = importlib.util.find_spec(package.replace('-', '_'))
        if spec is None:
            raise importlib.metadata.PackageNotFoundError(package)
        if spec.submodule_search_locations:
            return osp.abspath(list(spec.submodule_search_locations)[0])
        return osp.dirname(osp.abspath(spec.origin))

    for module in (mmengine.utils, mmengine.utils.package_utils, mmengine.config.config,
                   mmengine.hub.hub):
        for function in (is_installed, get_installed_path):
            if hasattr(module, function.__name__):
                setattr(module, function.__name__, function)


def load_safely():
    """Let mmengine read checkpoints, files and addresses, by :mod:`mmvideo.checkpoint_file`."""
    def load(filename, map_location=None, **kwargs):
        return read_checkpoint(filename, map_location)

    CheckpointLoader.register_scheme(prefixes='', loader=load, force=True)
    CheckpointLoader.register_scheme(prefixes=('http://', 'https://'), loader=load, force=True)


def make_plain(value):
    """The same value of builtins and tensors only, so that plain ``torch.load(f)`` reads it."""
    if isinstance(value, dict):
        return {k: make_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(make_plain(v) for v in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if value is None or isinstance(value, (bool, int, float, str, torch.Tensor)):
        return value
    return str(value)


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Mixed precision where there is no GPU: bfloat16 autocast, which needs no loss scaling.

    mmengine's AmpOptimWrapper refuses the CPU. Expect no gain on CPUs without bfloat16 units.
    """

    @contextmanager
    def optim_context(self, model):
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield


def wrap_on_cpus(cfg, launcher):
    """Take the device ids out of the wrapper of a model that several processes train on CPUs.

    Does nothing where there is a GPU or no launcher. Before, processes have to be joined by
    :func:`mmvideo.engine.distributed.join`: mmengine calls for CUDA on the way.
    """
    if launcher == 'none' or torch.cuda.is_available():
        return
    wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False)
    wrapper.update(cfg.get('model_wrapper_cfg') or {})
    wrapper['device_ids'] = None
    cfg['model_wrapper_cfg'] = wrapper


def drop_idle_persistence(loader):
    """Take what is about workers out of a loader that has none."""
    if not loader.get('num_workers'):
        for key in ('persistent_workers', 'prefetch_factor', 'timeout'):
            loader.pop(key, None)


def install():
    """Put the workarounds that patch mmengine in place; calling it again changes nothing."""
    find_packages_without()
    load_safely()


class _LaidOut(Config):
    """A config whose text has been laid out."""

    @property
    def pretty_text(self):
        return self.__dict__.get('_laid_out') or Config.pretty_text.fget(self)


def keep_text(cfg):
    """Lay the text of a config out once: a run writes it into each of its checkpoints.

    The formatter takes about as long as a short epoch, and whatever interrupts it comes out as an
    error of syntax. The config must not change afterwards.
    """
    text = cfg.pretty_text
    object.__setattr__(cfg, '__class__', _LaidOut)      # Config's own would make a key of it
    cfg.__dict__['_laid_out'] = text
