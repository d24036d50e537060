"""Checkpoints that are whole or not there, and the newest that is whole."""
import errno
import glob
import os
import os.path as osp
import shutil
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook as _CheckpointHook
from mmengine.hooks import EMAHook

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.checksum import damage, sealed
from mmvideo.errors import InputError, StoppedError
from mmvideo.registry import HOOKS
from mmvideo.storage import replacing

from .resume import EpochLoop, give_gradients, open_gradients

__all__ = ['CheckpointHook', 'WholeFiles', 'newest_whole']

# In the message hub, so that a resumed run knows which files to keep: their names, oldest first.
KEPT = 'kept_checkpoints'


class WholeFiles(LocalBackend):
    """Writes checkpoints for mmengine: under their name stands a whole file or none.

    The content goes to a file beside, with a checksum, is read back and on the disk before it takes
    the name. What is to be removed stays until :meth:`purge`, when what takes its place is there.
    """

    def __init__(self):
        self._doomed = []

    def put(self, obj, filepath):
        try:
            with replacing(filepath) as draft:
                with open(draft, 'wb') as file:
                    file.writelines(sealed(obj))
                if reason := damage(draft):
                    raise OSError(errno.EIO, f'what was written cannot be read back ({reason})')
        except OSError as error:
            raise InputError(_unsaved(filepath, len(obj), error)) from error

    def remove(self, filepath):
        self._doomed.append(filepath)

    def purge(self, wanted=()):
        """Remove what is to be removed, but for what is wanted again."""
        for path in set(self._doomed).difference(wanted):
            Path(path).unlink(missing_ok=True)
        self._doomed = []


register_backend('whole', WholeFiles, force=True)


def _unsaved(path, size, error):
    folder = osp.dirname(path) or '.'
    try:
        free = f', {shutil.disk_usage(folder).free / 1e6:.1f} MB are free'
    except OSError:
        free = ''
    return (f'{path} cannot be saved: {error.strerror or error} (it takes {size / 1e6:.1f} MB'
            f'{free}). The checkpoints before it are whole: once there is room, --resume goes on '
            'from the newest')


def newest_whole(work_dir):
    """The checkpoint that a run goes on from: the newest one in its work dir that is whole.

    Returns:
        tuple: its path, or None if there are no checkpoints; and sentences about those that are
        damaged and passed over.

    Raises:
        InputError: there are checkpoints, and all are damaged.
    """
    paths, said = _newest_first(work_dir), []
    for path in paths:
        reason = damage(path) or _damaged_shard(path)
        if reason is None:
            said = [f'{line}; {path} takes its place' for line in said[:1]] + said[1:]
            return path, said
        said.append(f'{path} is damaged and passed over: {reason}')
    if paths:
        raise InputError('\n'.join([
            f'no checkpoint in {work_dir} is whole; delete them to start anew:', *said]))
    return None, said


def _damaged_shard(path):
    if not glob.glob(glob.escape(osp.splitext(path)[0]) + '.shards-*'):
        return None
    from mmvideo.shards import damaged_shard  # takes a while to import
    shards = read_checkpoint(path, joins=False).get('shards')
    return shards and damaged_shard(path, shards)


def _newest_first(work_dir):
    """Checkpoints that can be resumed; what ``last_checkpoint`` names comes first."""
    mark, last = osp.join(work_dir, 'last_checkpoint'), ''
    if osp.isfile(mark):
        with open(mark) as file:
            last = file.read().strip()
        if not osp.isfile(last):        # the work dir has moved
            last = osp.join(work_dir, osp.basename(last))
    folder = glob.escape(osp.dirname(last) or work_dir)
    found = [path for kind in ('epoch', 'iter')
             for path in glob.glob(osp.join(folder, f'{kind}_*.pth')) if osp.isfile(path)]
    found.sort(key=os.path.getmtime, reverse=True)
    if osp.isfile(last):
        found = [last] + [path for path in found if not osp.samefile(path, last)]
    return found


@HOOKS.register_module()
class CheckpointHook(_CheckpointHook):
    """mmengine's hook with checkpoints that survive whatever ends a run.

    Files are whole or not there; an older one is deleted when the newer one is on the disk. The
    state is saved within epochs, too, and when the run is asked to stop; and again after a
    validation, which the resumed run then does not repeat.

    Args:
        interval: epochs between two checkpoints; iterations if ``by_epoch`` is False.
        by_epoch: see ``interval``.
        every_n_iters: save ``iter_<n>.pth`` each so many iterations as well.
        max_keep_ckpts: how many checkpoints to keep of epochs, and as many of iterations; -1: all.
        kwargs: as of mmengine's hook.
    """

    def __init__(self, interval=-1, by_epoch=True, every_n_iters=None, max_keep_ckpts=-1, **kwargs):
        if every_n_iters is not None and (not isinstance(every_n_iters, int) or every_n_iters < 1):
            raise InputError('default_hooks.checkpoint.every_n_iters: expected a whole number >= '
                             f'1, or None, got {every_n_iters!r}')
        if not kwargs.get('file_client_args') and '://' not in str(kwargs.get('out_dir')):
            kwargs.setdefault('backend_args', dict(backend='whole'))
        super().__init__(interval, by_epoch, max_keep_ckpts=max_keep_ckpts, **kwargs)
        self.every_n_iters = every_n_iters
        self._saved = None      # the state that was saved last: (iterations, is validated)
        self._gradients = {}

    def before_train(self, runner):
        super().before_train(runner)
        if is_main_process() and osp.isdir(self.out_dir):   # of a run that was killed while saving
            for draft in Path(self.out_dir).glob('.*.part'):
                draft.unlink(missing_ok=True)

    def before_save_checkpoint(self, runner, checkpoint):
        if self._gradients:
            checkpoint['gradients'] = self._gradients

    def after_load_checkpoint(self, runner, checkpoint):
        if runner._resume:
            give_gradients(runner, checkpoint.get('gradients', {}))
            meta, info = checkpoint['meta'], checkpoint['message_hub']['runtime_info']
            self._saved = meta['iter'], meta.get('is_validated')
            self.last_ckpt = info.get('last_ckpt')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        done, stop = runner.iter + 1, runner.stop.agreed()
        if stop or self.every_n_iters and done % self.every_n_iters == 0:
            self.save_within(runner, done)
        if stop:
            self._leave(stop, done)

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if not isinstance(runner._train_loop, EpochLoop):
            return
        stop = runner.stop.agreed_in(runner.val_dataloader, batch_idx)
        if stop:
            for hook in runner.hooks:
                if isinstance(hook, EMAHook):       # take the weights out that are validated
                    hook.after_val_epoch(runner)
            self.save_within(runner, runner.iter)
            self._leave(stop, runner.iter)

    def after_val_epoch(self, runner, metrics):
        super().after_val_epoch(runner, metrics)
        loop, state = runner._train_loop, self._saved
        if isinstance(loop, EpochLoop) and self.by_epoch and state == (runner.iter, False):
            self._save(runner, self.filename_tmpl.format(runner.epoch),
                       dict(epoch=runner.epoch, iter=runner.iter))
        self._purge()

    def _leave(self, stop, done):
        raise StoppedError(f'stopped by {stop} after {done} iterations; {self.last_ckpt} is saved, '
                           '--resume goes on from there')

    def _save_checkpoint_with_step(self, runner, step, meta):
        self._save(runner, self.filename_tmpl.format(step), meta)

    def save_within(self, runner, done):
        """Save the state after so many iterations, unless it is saved."""
        if self._saved is None or self._saved[0] != done:
            runner.logger.info(f'Saving checkpoint at {done} iterations')
            self._save(runner, f'iter_{done}.pth', dict(epoch=runner.epoch, iter=done))

    def _save(self, runner, name, meta):
        """Save a checkpoint, then delete those that are too many."""
        self._purge()
        hub = runner.message_hub
        kept = [other for other in hub.get_info(KEPT, []) if other != name] + [name]
        kind = [other for other in kept if other.startswith('iter_') == name.startswith('iter_')]
        old = kind[:-self.max_keep_ckpts] if self.max_keep_ckpts > 0 else []
        hub.update_info(KEPT, [other for other in kept if other not in old])
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        hub.update_info('last_ckpt', self.last_ckpt)
        self._gradients = open_gradients(runner)
        runner.save_checkpoint(
            self.out_dir, name, self.file_client_args, save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler, meta=meta, by_epoch=False,
            backend_args=self.backend_args, **self.args)
        self._gradients = {}
        self._saved = meta['iter'], getattr(runner.train_loop, 'is_validated', None)
        if is_main_process():
            with replacing(osp.join(runner.work_dir, 'last_checkpoint')) as draft:
                draft.write_text(self.last_ckpt)
            for other in old:
                path = self.file_backend.join_path(self.out_dir, other)
                if self.file_backend.isfile(path):
                    self.file_backend.remove(path)
            self._purge()

    def _purge(self):
        if isinstance(self.file_backend, WholeFiles):
            best = getattr(self, 'best_ckpt_path_dict', {}).values()
            self.file_backend.purge([getattr(self, 'best_ckpt_path', None), *best])
