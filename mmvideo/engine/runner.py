"""mmengine's Runner, with a console that can be read along, and loaders that survive bad files."""
import glob
import logging
import os
import os.path as osp
import sys
from contextlib import contextmanager

from mmengine.dist import barrier, get_rank, is_main_process
from mmengine.runner import Runner

from mmvideo.errors import InputError
from mmvideo.models.blocks.fuse import lay_channels_last

from . import compat
from .accumulation import batches_per_step
from .distributed import synchronized
from .loader import WatchedLoader, named_errors
from .resume import EpochLoop
from .stopping import StopRequest

__all__ = ['MAX_BAD_SHARE', 'BriefRunner']

MAX_BAD_SHARE = 0.01


class _Brief(logging.Filter):
    """Keeps long lists (environment, config, hooks) off the console; the log file has them."""

    lines = 8

    def filter(self, record):
        shown = record.levelno > logging.INFO or record.getMessage().count('\n') < self.lines
        if shown and sys.stderr.isatty():
            sys.stderr.write('\r\033[K')     # the line that a progress bar stands on
        return shown


class BriefRunner(Runner):
    """Runs a config, and says what goes wrong with files.

    Training puts another sample in the place of one that cannot be loaded, up to a share of all
    samples (``max_bad_share``); so does validation beside training, which counts them as wrong. A
    test does so if ``bad_files`` is 'wrong'. The lists are ``bad_files_<phase>.jsonl`` in the work
    dir.

    Attributes:
        goes_on: the run resumes another one, whose lists it keeps.
        loaders: the loaders that were built, by phase.
        keepers: what keeps the list of bad samples of each; None where each is an error.
        stop: whether the system has asked the run to stop.
    """

    goes_on = False
    _phase = None

    def __init__(self, *args, **kwargs):
        self.loaders, self.keepers, self.stop = {}, {}, StopRequest()
        super().__init__(*args, **kwargs)

    def build_logger(self, log_level='INFO', log_file=None, **kwargs):
        logger = super().build_logger(log_level, log_file, **kwargs)
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.addFilter(_Brief())
        logger.info(f'Environment, config and all that follows: {self.log_dir}')
        return logger

    def dump_config(self):
        """Write the whole config into the work dir, unless it is its own file that lies there."""
        path = self.cfg.filename
        if path is None or osp.realpath(path) != osp.realpath(
                osp.join(self.work_dir, osp.basename(path))):
            super().dump_config()

    def train(self):
        compat.keep_text(self.cfg)
        with self._watched(), self.stop.listening():
            return super().train()

    def val(self):
        with self._watched():
            return super().val()

    def test(self):
        with self._watched():
            return super().test()

    def wrap_model(self, model_wrapper_cfg, model):
        if self.distributed:
            model = synchronized(model, self.cfg.get('sync_bn'))
        return super().wrap_model(model_wrapper_cfg, model)

    def scale_lr(self, optim_wrapper, auto_scale_lr=None):
        """Scale the rate by the samples of a step, which may be of several batches."""
        count = batches_per_step(optim_wrapper)
        if auto_scale_lr and count > 1:
            base = auto_scale_lr['base_batch_size'] / count
            auto_scale_lr = {**auto_scale_lr, 'base_batch_size': base}
        super().scale_lr(optim_wrapper, auto_scale_lr)

    def build_model(self, model):
        model = super().build_model(model)
        if self.cfg.get('channels_last'):       # before it is wrapped for several processes
            lay_channels_last(model)
        return model

    def _maybe_compile(self, target):
        """mmengine would compile all of a step; the hook CompileModel compiles the networks."""

    def build_train_loop(self, loop):
        self._phase = 'train'
        return EpochLoop.of(super().build_train_loop(loop))

    def build_val_loop(self, loop):
        self._phase = 'val'
        return super().build_val_loop(loop)

    def build_test_loop(self, loop):
        self._phase = 'test'
        return super().build_test_loop(loop)

    def build_dataloader(self, dataloader, seed=None, diff_rank_seed=False):
        """A loader that names files; see mmengine's Runner for the arguments."""
        loader = WatchedLoader.of(super().build_dataloader(dataloader, seed, diff_rank_seed))
        dataset = loader.dataset
        if hasattr(dataset, 'set_seed'):    # workers may start before any hook is called
            dataset.set_seed(self.seed)
        keeper = None
        if hasattr(dataset, 'quarantine'):
            keeper = self._quarantine(dataset)
        self.loaders[self._phase], self.keepers[self._phase] = loader, keeper
        return loader

    def build_source(self, dataloader, phase):
        """A further loader to train on; its list of bad files is that of its own phase."""
        self._phase = phase
        try:
            return self.build_dataloader(dataloader, seed=self.seed)
        finally:
            self._phase = 'train'

    def _quarantine(self, dataset):
        """What is done about the bad samples of a data set; None: each is an error."""
        phase = self._phase
        how = self.cfg.get('bad_files') or ('error' if phase == 'test' else 'wrong')
        trains = phase.startswith('train')
        if not trains and how == 'error':
            return None
        path = osp.join(self.work_dir, f'bad_files_{phase}.jsonl')
        if not self.goes_on or phase == 'test':
            if is_main_process():
                for old in glob.glob(glob.escape(osp.splitext(path)[0]) + '*.jsonl'):
                    os.remove(old)
            barrier()
        share = self.cfg.get('max_bad_share', MAX_BAD_SHARE) if trains else None
        keeper = dataset.quarantine(path, rank=get_rank(), max_share=share,
                                    replaces=trains)
        known = keeper.news()
        if known:
            self.logger.warning(f'{len(known)} bad samples are known from before and passed over; '
                                f'to try them again, delete {path}')
        return keeper

    @contextmanager
    def _watched(self):
        """Name files in errors, write these to the log file, and leave no worker behind."""
        is_done = False
        try:
            with named_errors(self.loaders.values()):
                yield
            is_done = True
        except (InputError, OSError) as error:
            self._write_down(error)
            raise
        finally:
            for loader in self.loaders.values():
                loader.stop(at_once=not is_done)

    def _write_down(self, error):
        """Errors of input go to the log file as well; the console gets them from the command."""
        record = logging.LogRecord(self.logger.name, logging.ERROR, __file__, 0, str(error), (),
                                   None)
        for handler in self.logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.handle(record)
