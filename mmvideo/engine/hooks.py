"""What mmvideo adds to a run of mmengine's Runner; ``run.build_runner`` registers all of them."""
import random
import sys

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.utils import ProgressBar

from mmvideo.checkpoint_file import TRUST
from mmvideo.errors import InputError
from mmvideo.evaluation.accuracy import AccMetric
from mmvideo.registry import HOOKS

from .checkpoint import match_state_dict
from .compat import make_plain
from .labels import check_labels, read_classes

__all__ = ['CheckLabels', 'MatchCheckpoint', 'NameSamples', 'PlainCheckpoint', 'PrepareModel',
           'SampleSeed', 'ShowProgress']


def _bare(model):
    return model.module if is_model_wrapper(model) else model


@HOOKS.register_module()
class SampleSeed(Hook):
    """Makes an iteration depend on (seed, iteration, rank) alone, not on what ran before it.

    Sets the data set's seed and epoch, from which each sample's own generator is derived, and
    before each iteration the global generators, from which dropout, drop path and blending draw. A
    resumed run therefore continues as an uninterrupted one does, however often and wherever it was
    cut, and no checkpoint needs the states of generators, of which each process and device has one.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner):
        self._tell(runner.train_dataloader, set_seed=runner.seed, set_epoch=runner.epoch)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        place = np.random.SeedSequence((runner.seed, runner.iter, runner.rank))
        seed = int(place.generate_state(1)[0])
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)

    def before_val_epoch(self, runner):
        self._tell(runner.val_dataloader, set_seed=runner.seed)

    def before_test_epoch(self, runner):
        self._tell(runner.test_dataloader, set_seed=runner.seed)

    @staticmethod
    def _tell(loader, **values):
        """Set what the data set lets itself be told; other people's data sets may lack it."""
        for name, value in values.items():
            if hasattr(loader.dataset, name):
                getattr(loader.dataset, name)(value)


@HOOKS.register_module()
class CheckLabels(Hook):
    """Holds the labels of every list against the head's class count before the first iteration.

    Args:
        classes: file of class names; if given, their number must be the class count.
    """

    def __init__(self, classes=None):
        self.source = classes
        self.classes = read_classes(classes) if classes else None

    def before_train(self, runner):
        self._check(runner, runner.train_dataloader)
        if runner.val_loop is not None:
            self._check(runner, runner.val_dataloader, runner.val_evaluator)

    def before_test(self, runner):
        self._check(runner, runner.test_dataloader, runner.test_evaluator)

    def _check(self, runner, loader, evaluator=None):
        head = getattr(_bare(runner.model), 'cls_head', None)
        is_measured = any(isinstance(metric, AccMetric)
                          for metric in getattr(evaluator, 'metrics', ()))
        if hasattr(loader.dataset, 'records') and hasattr(head, 'num_classes'):
            check_labels(loader.dataset, head.num_classes, self.classes, self.source, is_measured)


@HOOKS.register_module()
class MatchCheckpoint(Hook):
    """Keeps of a loaded checkpoint what fits the model, says how much that is, refuses the rest.

    Args:
        strict: every key must match: for testing and for resuming.
        source: the checkpoint's name in messages.
    """

    def __init__(self, strict=False, source='checkpoint'):
        self.strict, self.source = strict, source

    def after_load_checkpoint(self, runner, checkpoint):
        if not isinstance(checkpoint, dict):
            raise InputError(f'{self.source} holds a {type(checkpoint).__name__}; expected a dict '
                             'of tensors, or one with such a dict under the key state_dict')
        if runner._resume and 'message_hub' not in checkpoint:
            raise InputError(
                f'{self.source} cannot be resumed: it is no checkpoint of a training run, or of '
                'one with --fsdp, which needs that again; or it holds objects that are not read '
                f'without trust. If you trust where it comes from, set {TRUST}=1; to start from '
                'its weights alone, use load_from')
        weights = checkpoint.get('state_dict', checkpoint)
        kept, report = match_state_dict(_bare(runner.model), weights, self.source, self.strict)
        runner.logger.info(report)
        # With the model's own weights for the rest, mmengine has no second report to make.
        own = _bare(runner.model).state_dict()
        checkpoint['state_dict'] = {key: kept.get(key, value) for key, value in own.items()}


@HOOKS.register_module()
class PlainCheckpoint(Hook):
    """Leaves log objects and numpy values out of checkpoints, so that ``torch.load(f)`` reads them.

    What resuming needs of the message hub stays, as plain values and tensors: best score and file,
    which checkpoints are kept, and of what is logged the last values, over which the next line of
    the log takes the mean.
    """

    priority = 'VERY_LOW'

    def before_save_checkpoint(self, runner, checkpoint):
        hub, count = checkpoint['message_hub'], self._window(runner)
        info = {k: v for k, v in hub.get('runtime_info', {}).items()
                if isinstance(v, (bool, int, float, str, list)) or hasattr(v, 'item')}
        scalars = {key: [torch.from_numpy(part[-count:].copy()) for part in history.data]
                   for key, history in hub.get('log_scalars', {}).items()}
        checkpoint['message_hub'] = dict(
            log_scalars=scalars, runtime_info=make_plain(info),
            resumed_keys={k: v for k, v in hub.get('resumed_keys', {}).items()
                          if k in info or k in scalars})
        checkpoint['meta'] = make_plain(checkpoint['meta'])

    def after_load_checkpoint(self, runner, checkpoint):
        if runner._resume:
            scalars = checkpoint['message_hub']['log_scalars']
            for key, value in scalars.items():
                if isinstance(value, list):
                    scalars[key] = HistoryBuffer(*(part.cpu().numpy() for part in value))

    @staticmethod
    def _window(runner):
        """How many of the last values the log may need."""
        lines = runner.log_processor
        sizes = [lines.window_size, *(c.get('window_size', 1) for c in lines.custom_cfg)]
        # 'epoch', 'global' and None look back as far as there are values; so does [-0:].
        return max(sizes) if all(isinstance(size, int) for size in sizes) else 0


@HOOKS.register_module()
class NameSamples(Hook):
    """Tells the evaluator what a score file must say: the samples' names, how views are averaged.

    This goes past ``dataset.metainfo``, which the Runner would write into every checkpoint.
    """

    def before_test(self, runner):
        model = _bare(runner.model)
        test_cfg = getattr(model, 'test_cfg', None) or {}
        average = test_cfg.get('average_clips',
                               getattr(getattr(model, 'cls_head', None), 'average_clips', None))
        dataset = runner.test_dataloader.dataset
        runner.test_evaluator.dataset_meta = {
            **(getattr(dataset, 'metainfo', None) or {}),
            'names': getattr(dataset, 'names', None), 'average_clips': average}


class PrepareModel(Hook):
    """Changes the model once its weights are loaded, before it is tested.

    Args:
        prepare: called with the model; changes it in place (for example, folds norms into convs).
    """

    def __init__(self, prepare):
        self.prepare = prepare

    def before_test(self, runner):
        self.prepare(_bare(runner.model))


@HOOKS.register_module()
class ShowProgress(Hook):
    """A bar an epoch, on a terminal; log files get the logger's lines alone."""

    def __init__(self):
        self.shows = is_main_process() and sys.stderr.isatty()
        self.bar = None

    def before_train_epoch(self, runner):
        self._start(len(runner.train_dataloader))

    def before_val_epoch(self, runner):
        self._start(len(runner.val_dataloader))

    def before_test_epoch(self, runner):
        self._start(len(runner.test_dataloader))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._step()

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._step()

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._step()

    def _start(self, steps):
        self.bar = ProgressBar(steps, bar_width=30, file=sys.stderr) if self.shows else None

    def _step(self):
        if self.bar is not None:
            self.bar.update()
            if self.bar.completed == self.bar.task_num:
                sys.stderr.write('\n')
