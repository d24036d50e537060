"""Saving and resuming: the same bits wherever a run was cut, and files that are whole."""
import json
import os
import resource
import shutil
import signal
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from torch import nn

from mmvideo.checksum import damage
from mmvideo.engine import compat
from mmvideo.engine.run import build_runner, drop
from mmvideo.engine.saving import WholeFiles, newest_whole
from mmvideo.errors import InputError, StoppedError
from mmvideo.registry import DATASETS, HOOKS, METRICS, MODELS

EPOCHS, BATCHES = 3, 4
TIMES = ('time', 'data_time', 'data_share', 'eta', 'memory')


class Made(torch.utils.data.Dataset):
    """Frames made of their index."""

    metainfo = dict(name='made')

    def __init__(self, count, test_mode=False):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        draws = torch.Generator().manual_seed(index)
        return dict(imgs=torch.randint(0, 256, (1, 3, 2, 8, 8), generator=draws).byte(),
                    label=torch.tensor([index % 2]))


class Small(nn.Module):
    """A backbone with batch norm and dropout."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv3d(3, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(),
                                 nn.Dropout3d(0.3))

    def init_weights(self):
        pass

    def forward(self, x):
        return self.net(x)


class Rising(BaseMetric):
    """Each validation is better than the one before."""

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        self.count = getattr(self, 'count', 0) + 1
        return dict(top1_acc=self.count / 100)


class Cut(Exception):
    """Ends a run as a power cut would: nothing more is saved."""


class CutAt(Hook):
    """Ends the run, or sends it a signal, at one place."""

    priority = 'NORMAL'
    place = None        # (name of the hook's method, iterations done before); or none
    how = None

    def _meet(self, runner, name):
        if (name, runner.iter) == self.place:
            CutAt.place = None
            if self.how is None:
                raise Cut
            os.kill(os.getpid(), self.how)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self._meet(runner, 'train')

    def after_train_epoch(self, runner):
        self._meet(runner, 'epoch')

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._meet(runner, 'val')


@pytest.fixture(scope='module', autouse=True)
def registered():
    ours = [(MODELS, Small), (DATASETS, Made), (HOOKS, CutAt), (METRICS, Rising)]
    for registry, kind in ours:
        registry.register_module(module=kind)
    compat.install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.runner.runner.collect_env', dict)     # starts compilers
        yield
    for registry, kind in ours:
        del registry.module_dict[kind.__name__]


@pytest.fixture(autouse=True)
def uncut():
    CutAt.place = CutAt.how = None


def config(out, load_from=None, seed=5, **more):
    checkpoint = dict(type='CheckpointHook', interval=1, max_keep_ckpts=2, save_best='top1_acc',
                      every_n_iters=3)
    cfg = Config(dict(
        model=dict(type='Recognizer3D', backbone=dict(type='Small'),
                   cls_head=dict(type='I3DHead', num_classes=2, in_channels=4, dropout_ratio=0.5),
                   data_preprocessor=dict(
                       type='ActionDataPreprocessor', mean=[128.] * 3, std=[64.] * 3,
                       blending=dict(type='MixupBlending', num_classes=2))),
        train_dataloader=dict(batch_size=4, num_workers=0,
                              dataset=dict(type='Made', count=4 * BATCHES)),
        val_dataloader=dict(batch_size=4, num_workers=0, dataset=dict(type='Made', count=8)),
        train_cfg=dict(by_epoch=True, max_epochs=EPOCHS),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
                           clip_grad=dict(max_norm=1.)),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=6),
            dict(type='MultiStepLR', by_epoch=True, milestones=[2], gamma=0.1)],
        default_hooks=dict(checkpoint=checkpoint, logger=dict(type='LoggerHook', interval=1)),
        log_processor=dict(window_size=3),
        custom_hooks=[dict(type='EMAHook', momentum=0.1), dict(type='CutAt')],
        work_dir=str(out), log_level='ERROR', randomness=dict(seed=seed)))
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in more.items()})
    drop(cfg, 'test')
    if load_from:
        cfg['resume'], cfg['load_from'] = True, str(load_from)
    return cfg


def trained(out, **more):
    build_runner(config(out, **more)).train()


def resumed(out, **more):
    path, said = newest_whole(str(out))
    trained(out, load_from=path, **more)
    return path, said


def lines(out):
    """What the log says of each iteration and of each validation; of two lines, the later."""
    found = {}
    for path in sorted(Path(out).glob('*/vis_data/scalars.json')):
        for line in map(json.loads, path.read_text().splitlines()):
            place = ('val', line['step']) if 'top1_acc' in line and 'iter' not in line \
                else ('train', line['iter'])
            found[place] = {k: v for k, v in line.items() if k not in TIMES}
    return found


KEPT = 'kept_checkpoints'
# Times, places on the disk, and what mmengine notes of the iteration that began last.
OTHER = {*TIMES, *(f'{phase}/{name}' for phase in ('train', 'val') for name in TIMES), KEPT, 'cfg',
         'best_ckpt', 'epoch', 'experiment_name', 'iter', 'last_ckpt'}


def assert_equal(one, other, place=''):
    if isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key in one.keys() - OTHER:
            assert_equal(one[key], other[key], f'{place}.{key}')
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), place
        for k, pair in enumerate(zip(one, other, strict=True)):
            assert_equal(*pair, f'{place}[{k}]')
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), place
    else:
        assert one == other, place


PARTS = {'state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers', 'message_hub'}


def assert_same_end(whole, out):
    one, other = (torch.load(folder / f'epoch_{EPOCHS}.pth') for folder in (whole, out))
    assert one.keys() == other.keys() and PARTS <= one.keys()
    for key in ('epoch', 'iter', 'seed', 'batches_done', 'is_validated'):
        assert one['meta'][key] == other['meta'][key]
    for key in one.keys() - {'meta'}:
        assert_equal(one[key], other[key], key)
    assert_equal(lines(whole), lines(out), 'log')
    assert sorted(p.name for p in whole.glob('best*.pth')) == [
        p.name for p in out.glob('best*.pth')]


@pytest.fixture(scope='module')
def whole(tmp_path_factory, registered):
    out = tmp_path_factory.mktemp('whole')
    trained(out)
    return out


def test_what_is_kept(whole):
    assert sorted(p.name for p in whole.glob('[ei]*.pth')) == [
        'epoch_2.pth', 'epoch_3.pth', 'iter_12.pth', 'iter_9.pth']
    assert all(damage(path) is None for path in whole.glob('*.pth'))
    assert len(list(whole.glob('best*.pth'))) == 1 and not list(whole.glob('.*'))
    assert (whole / 'last_checkpoint').read_text() == str(whole / 'epoch_3.pth')
    found = torch.load(whole / 'epoch_3.pth')
    assert found['meta']['is_validated'] and found['meta']['batches_done'] == 0
    values, counts = found['message_hub']['log_scalars']['train/loss']
    assert len(values) == 3 and counts.tolist() == [1, 1, 1]
    assert lines(whole).keys() == {*(('train', k) for k in range(1, 13)),
                                   *(('val', k) for k in (1, 2, 3))}


@pytest.mark.parametrize('places, begins', [
    ([('train', 7)], ['iter_6']),
    ([('val', 4), ('train', 4), ('train', 10), ('train', 11)],
     ['epoch_1', 'epoch_1', 'iter_9', 'iter_9']),
    ([('epoch', 8), ('val', 12)], ['iter_6', 'epoch_3'])], ids=str)
def test_a_run_that_is_cut_ends_with_the_same_bits(places, begins, whole, tmp_path):
    run = trained
    for place in places:
        CutAt.place = place
        with pytest.raises(Cut):
            run(tmp_path)
        begin = newest_whole(str(tmp_path))[0]
        assert Path(begin).stem == begins.pop(0) and damage(begin) is None
        run = resumed
    run(tmp_path)
    assert_same_end(whole, tmp_path)


def test_a_run_without_a_seed_goes_on_with_the_one_it_drew(tmp_path):
    trained(tmp_path / 'whole', seed=None)
    seed = torch.load(tmp_path / 'whole/epoch_3.pth')['meta']['seed']
    CutAt.place = 'train', 5
    with pytest.raises(Cut):
        trained(tmp_path / 'cut', seed=seed)
    path, _ = newest_whole(str(tmp_path / 'cut'))
    trained(tmp_path / 'cut', load_from=path, seed=None)
    assert_same_end(tmp_path / 'whole', tmp_path / 'cut')


@pytest.mark.parametrize('place, name, stop', [
    (('train', 4), 'iter_5', signal.SIGTERM), (('train', 7), 'iter_8', signal.SIGUSR1),
    (('val', 8), 'epoch_2', signal.SIGTERM)], ids=str)
def test_a_run_that_is_asked_to_stop_saves_and_goes_on(place, name, stop, whole, tmp_path):
    before = signal.getsignal(stop)
    CutAt.place, CutAt.how = place, stop
    done = place[1] + (place[0] == 'train')
    with pytest.raises(StoppedError, match=rf'^stopped by {stop.name} after {done} iterations; .*'
                                           rf'{name}\.pth is saved, --resume goes on'):
        trained(tmp_path)
    assert signal.getsignal(stop) is before
    path, said = resumed(tmp_path)
    assert Path(path).stem == name and said == []
    assert_same_end(whole, tmp_path)


def test_gradients_that_no_step_has_used_are_kept(tmp_path):
    more = dict(optim_wrapper__accumulative_counts=3)
    trained(tmp_path / 'whole', **more)
    for place in (('train', 5), ('train', 8)):      # groups are of three batches and of one
        CutAt.place, CutAt.how = place, signal.SIGTERM
        with pytest.raises(StoppedError):
            (resumed if (tmp_path / 'cut').exists() else trained)(tmp_path / 'cut', **more)
        assert torch.load(newest_whole(str(tmp_path / 'cut'))[0])['gradients'].keys() == {
            'backbone.net.0.weight', 'backbone.net.0.bias', 'backbone.net.1.weight',
            'backbone.net.1.bias', 'cls_head.fc_cls.weight', 'cls_head.fc_cls.bias'}
    resumed(tmp_path / 'cut', **more)
    assert_same_end(tmp_path / 'whole', tmp_path / 'cut')
    assert 'gradients' not in torch.load(tmp_path / 'cut/epoch_3.pth')


def test_a_damaged_checkpoint_is_passed_over_aloud(whole, tmp_path):
    out = tmp_path / 'moved'        # the paths in last_checkpoint lead to the folder before
    shutil.copytree(whole, out)
    for path in out.glob('*.pth'):
        os.utime(path, (0, int(path.stem.rpartition('_')[2]) * (3 if 'iter' in path.stem else 12)))
    last, before = out / 'epoch_3.pth', out / 'iter_12.pth'
    (out / 'last_checkpoint').write_text(f'elsewhere/{last.name}')
    assert newest_whole(str(out)) == (str(last), [])
    last.write_bytes(last.read_bytes()[:-5000])
    reason = f'{last} is damaged and passed over: its end is missing: it was cut short'
    assert newest_whole(str(out)) == (str(before), [f'{reason}; {before} takes its place'])
    with pytest.raises(InputError, match='epoch_3.pth is no checkpoint that torch can read: its '
                                         'end is missing'):
        trained(out, load_from=last)
    content = bytearray(before.read_bytes())
    content[len(content) // 2] ^= 4
    before.write_bytes(content)
    path, said = newest_whole(str(out))
    assert path == str(out / 'iter_9.pth') and len(said) == 2
    assert said[0] == f'{reason}; {path} takes its place'
    assert 'iter_12.pth is damaged and passed over: it has changed since' in said[1]
    for path in out.glob('[ei]*.pth'):
        path.write_bytes(b'')
    with pytest.raises(InputError, match='no checkpoint in .*moved is whole; delete them to start '
                                         'anew:\n.*epoch_3.pth is damaged .*: it is empty'):
        newest_whole(str(out))
    assert newest_whole(str(tmp_path)) == (None, [])


def test_a_full_disk_leaves_what_was_there(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'the one before')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(InputError, match=r'epoch_1.pth cannot be saved: File too large \(it '
                                             r'takes 0.2 MB, \d+\.\d MB are free\). The '
                                             'checkpoints before it are whole'):
            WholeFiles().put(bytes(200_000), str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b'the one before' and os.listdir(tmp_path) == [path.name]


def test_nothing_is_removed_before_what_takes_its_place_is_there(tmp_path, monkeypatch):
    (tmp_path / '.epoch_7.pth.123.part').write_text('of a run that was killed')
    seen, put = [], WholeFiles.put
    monkeypatch.setattr(WholeFiles, 'put', lambda self, obj, path: seen.append(
        {p.stem for p in tmp_path.glob('*.pth')}) or put(self, obj, path))
    trained(tmp_path, default_hooks__checkpoint__max_keep_ckpts=1,
            val_evaluator=dict(type='Rising'))
    assert not list(tmp_path.glob('.*'))
    best = 'best_top1_acc_epoch_'
    assert seen == [set(stems.split()) for stems in (
        # before iter_3, epoch_1, the best, epoch_1 again with the name of the best
        '', 'iter_3', 'iter_3 epoch_1', f'iter_3 epoch_1 {best}1',
        # before iter_6, epoch_2 and so on
        f'iter_3 epoch_1 {best}1', f'iter_6 epoch_1 {best}1', f'iter_6 epoch_2 {best}1',
        f'iter_6 epoch_2 {best}2',
        # before iter_9, iter_12, epoch_3 and so on
        f'iter_6 epoch_2 {best}2', f'iter_9 epoch_2 {best}2', f'iter_12 epoch_2 {best}2',
        f'iter_12 epoch_3 {best}2', f'iter_12 epoch_3 {best}3')]


@pytest.mark.parametrize('value', [0, -3, 'often', 2.5])
def test_settings(value, tmp_path):
    with pytest.raises(InputError, match='default_hooks.checkpoint.every_n_iters: expected a whole '
                                         'number >= 1, or None, got'):
        trained(tmp_path, default_hooks__checkpoint__every_n_iters=value)
