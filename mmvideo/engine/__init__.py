"""What runs a config on mmengine's Runner: options, checks, hooks, optimizer groups."""
from . import compat, health, hooks, lars, optim, precise_bn, resume  # registers what configs name
from .run import build_runner, load_config, test, train

__all__ = ['build_runner', 'compat', 'health', 'hooks', 'lars', 'load_config', 'optim',
           'precise_bn', 'resume', 'test', 'train']
