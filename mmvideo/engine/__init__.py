"""What runs a config on mmengine's Runner: options, checks, hooks, optimizer groups."""
from .compat import CPUAmpOptimWrapper
from .hooks import CheckLabels, MatchCheckpoint, PlainCheckpoint, SampleSeed, ShowProgress
from .optim import TSMOptimWrapperConstructor
from .run import build_runner, load_config, test, train

__all__ = ['CPUAmpOptimWrapper', 'CheckLabels', 'MatchCheckpoint', 'PlainCheckpoint', 'SampleSeed',
           'ShowProgress', 'TSMOptimWrapperConstructor', 'build_runner', 'load_config', 'test',
           'train']
