"""What runs a config on mmengine's Runner: options, checks, hooks, optimizer groups."""
from . import (  # registers what configs name
    accumulation,
    bad_loss,
    compat,
    distributed,
    early_stopping,
    health,
    hooks,
    lars,
    multigrid,
    optim,
    precise_bn,
    resume,
    saving,
)
from .run import build_runner, load_config, test, train

__all__ = ['accumulation', 'bad_loss', 'build_runner', 'compat', 'distributed', 'early_stopping',
           'health', 'hooks', 'lars', 'load_config', 'multigrid', 'optim', 'precise_bn',
           'resume', 'saving', 'test', 'train']
