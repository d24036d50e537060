"""Multigrid training: the plan by hand, and a run that follows it, also when it is cut short."""
import gzip
import itertools
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from torch import nn

from mmvideo.engine import load_config
from mmvideo.engine.grid import Phase, read_plan
from mmvideo.engine.multigrid import GridBatches, plan_of, reshaped, shape_of
from mmvideo.engine.run import build_runner, drop
from mmvideo.errors import InputError
from mmvideo.models.blocks.sub_batch_norm import SubBatchNorm3D
from mmvideo.registry import DATASETS, HOOKS, MODELS

RECIPES = Path(__file__).parents[1] / 'data' / 'recipe_pipelines.json.gz'


def settings(epochs=46, milestones=(23,), scheduler=None, **multigrid):
    scheduler = scheduler or [dict(type='MultiStepLR', milestones=list(milestones), gamma=0.1,
                                   by_epoch=True)]
    return Config(dict(
        multigrid=dict(dict(
            long_cycle=True, short_cycle=True, epoch_factor=97 / 46, default_s=(224, 224),
            long_cycle_factors=((0.25, 0.7071), (0.5, 0.7071), (0.5, 1), (1, 1)),
            short_cycle_factors=(0.5, 0.7071)), **multigrid),
        train_cfg=dict(by_epoch=True, max_epochs=epochs), param_scheduler=scheduler,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))))


def test_the_long_and_the_short_cycle_by_hand():
    """16 frames of 224 pixels, 46 epochs with a step of the rate at 23.

    With crops of 112, 158.4 and the full one in turn, batches are 16, 8, 8 times as large for 4
    frames of 158; 8, 4, 4 for 8 of 158; 8, 4, 2 for 8 of 224; 4, 2, 1 for 16 of 224: in the mean
    32/3, 16/3, 14/3, 7/3. As these are to each other, the 23 epochs before the step are divided;
    the 23 after it get 23 * 7/3 / (mean of the four, 23/4) = 28/3. Together 97/3 epochs, which
    are stretched to 97, by 3.
    """
    plan = read_plan(settings(), 16, 224)
    assert plan.phases == (
        Phase(0, 32, 8, 4, ((16, 112), (8, 158), (8, 158))),
        Phase(32, 48, 4, 8, ((8, 112), (4, 158), (4, 158))),
        Phase(48, 62, 2, 8, ((8, 112), (4, 158), (2, 224))),
        Phase(62, 69, 1, 16, ((4, 112), (2, 158), (1, 224))),
        Phase(69, 97, 1, 16, ((4, 112), (2, 158), (1, 224))))
    assert plan.epochs == 97
    assert [p.batch for p in map(plan.phase, (0, 31, 32, 61.9, 96, 99))] == [8, 8, 4, 2, 1, 1]
    # The rate goes with the batch; it rises from 0.01 for 34 epochs, to what it is then; its step
    # comes in the middle of the last phase, 83.
    assert [plan.rate(e) for e in (0, 17, 34, 47.9, 48, 62, 69, 82.9, 83, 96)] == pytest.approx(
        [0.1, 0.1 + (4 - 0.1) / 2, 4, 4, 2, 1, 1, 1, 0.1, 0.1])
    assert plan.shapes() == [(4, 112), (4, 158), (8, 112), (8, 158), (8, 224), (16, 112),
                             (16, 158), (16, 224)]
    assert [line.split() for line in plan.table(8, 0.1)[-2:]] == [
        ['63-69', '32', '16', '8', '16', '112', '158', '224', '0.1'],
        ['70-97', '32', '16', '8', '16', '112', '158', '224', '0.1', 'to', '0.01']]


def test_iterations_by_hand():
    """1000 samples in batches of 8."""
    plan = read_plan(settings(), 16, 224)
    batches = GridBatches(range(1000), plan, 8)
    # Three rounds of 256, then 128, 64 and the last 40.
    assert list(batches._sizes(0)) == [128, 64, 64] * 3 + [128, 64, 40]
    # 7 rounds of 128 and 64 32 8; 8 of 112 and 64 32 8; 17 of 56 and 32 16.
    lengths = []
    for batches.epoch in (0, 32, 48, 62, 69):
        lengths.append(len(batches))
        assert len(list(batches)) == lengths[-1]
    assert lengths == [12, 24, 27, 53, 53]
    assert batches.total() == 32 * 12 + 16 * 24 + 14 * 27 + 7 * 53 + 28 * 53
    assert [len(GridBatches(range(1000), plan, 8, drop_last=True)), *(
        len(list(p.sizes(1000, 8, True))) for p in plan.phases)] == [11, 11, 23, 26, 53, 53]
    batches.epoch = 62
    found = list(batches)
    assert [len(b) for b in found[:4]] == [32, 16, 8, 32]
    assert found[0][0] == (0, 0, (16, 112)) and found[2][0] == (48, 0, (16, 224))
    assert [index for batch in found for index, _, _ in batch] == list(range(1000))
    turned = GridBatches([(7, 1), 8], plan, 8)
    assert list(turned) == [[(7, 1, (4, 112)), (8, 0, (4, 112))]]
    with pytest.raises(InputError, match='100 samples make no batch of 128 in epoch 1'):
        GridBatches(range(100), plan, 8, drop_last=True).check()


def test_the_published_recipe():
    plan = plan_of(load_config('slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb'))
    assert plan.epochs == 358       # as its name says
    assert [p.end for p in plan.phases] == [73, 110, 142, 158, 205, 228, 248, 259, 291, 308, 322,
                                            329, 358]
    assert [p.frames for p in plan.phases[:4]] == [8, 16, 16, 32]
    assert [plan.rate(e) for e in (34, 158, 259, 342, 343)] == pytest.approx(
        [8, 0.8, 0.08, 0.01, 0.001])


def test_the_short_cycle_alone():
    plan = read_plan(settings(20, (10, 15), long_cycle=False, epoch_factor=1.5), 16, 224)
    assert plan.phases == (Phase(0, 30, 1, 16, ((4, 112), (2, 158), (1, 224))),)
    assert [plan.rate(e) for e in (0, 14.9, 15, 22, 29)] == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    cosine = [dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5,
                   convert_to_iter_based=True),
              dict(type='CosineAnnealingLR', T_max=20, eta_min=0, by_epoch=True)]
    plan = read_plan(settings(20, scheduler=cosine, long_cycle=False, epoch_factor=1.5), 16, 224)
    rise = (1 + np.cos(np.pi / 6)) / 2
    assert [plan.rate(e) for e in (0, 2.5, 5, 15, 30)] == pytest.approx(
        [0.2, 0.2 + (rise - 0.2) / 2, rise, 0.5, 0])
    long = read_plan(settings(short_cycle=False, warmup_epochs=0), 16, 224)
    # Batches of 8, 4, 2, 1 divide 23 epochs by 15; after the step 23 / (15 / 4).
    assert [p.end for p in long.phases] == [
        round(97 / (23 + 92 / 15) * e) for e in (23 * 8 / 15, 23 * 12 / 15, 23 * 14 / 15, 23,
                                                 23 + 92 / 15)]
    assert [p.cycle for p in long.phases[1:3]] == [((4, 158),), ((2, 224),)]
    assert long.rate(0) == 8


@pytest.mark.parametrize('change, said', [
    (dict(multigrid=True), 'multigrid: expected a dict'),
    (dict(longcycle=True), "multigrid: no setting 'longcycle'; did you mean 'long_cycle'?"),
    (dict(long_cycle=1), 'multigrid.long_cycle: expected True or False, got 1'),
    (dict(long_cycle=False, short_cycle=False), 'neither long_cycle nor short_cycle'),
    (dict(epoch_factor=0), 'multigrid.epoch_factor: expected a number > 0, got 0'),
    (dict(warmup_epochs='3'), "multigrid.warmup_epochs: expected a number >= 0, got '3'"),
    (dict(long_cycle_factors=[0.5, 1]), 'multigrid.long_cycle_factors: expected pairs'),
    (dict(long_cycle_factors=[(0.01, 1)]), 'nothing is left of 16 frames'),
    (dict(short_cycle_factors=(0.5, 2)), 'multigrid.short_cycle_factors: .* got .0.5, 2.'),
    (dict(default_s=(112, 112)), 'multigrid.default_s: .* 224, got .112, 112.'),
    (dict(epochs=20), r'milestones of param_scheduler below 20, got \[23\]'),
    (dict(milestones=()), r'got \[\]'),
    (dict(epochs=None), 'multigrid: training must count epochs'),
    (dict(epochs=6, milestones=(4,)), 'the rise of 34 epochs does not fit a run of 13'),
    (dict(scheduler=[dict(type='CosineAnnealingLR')]), 'MultiStepLR, StepLR, .*CosineAnnealingLR')])
def test_what_does_not_fit_is_named(change, said):
    cfg = settings(**{k: v for k, v in change.items() if k != 'multigrid'})
    cfg.update({k: v for k, v in change.items() if k == 'multigrid'})
    with pytest.raises(InputError, match=said):
        read_plan(cfg, 16, 224)


def test_pipelines_keep_duration_and_part_of_the_picture():
    steps = [dict(type='SampleFrames', clip_len=32, frame_interval=2), dict(type='RawFrameDecode'),
             dict(type='Resize', scale=(-1, 256)), dict(type='RandomResizedCrop'),
             dict(type='Resize', scale=(224, 224), keep_ratio=False), dict(type='Flip')]
    assert shape_of(steps) == (32, 224)
    small = reshaped(steps, 8, 158)
    assert small == [dict(type='SampleFrames', clip_len=8, frame_interval=8), steps[1], steps[2],
                     steps[3], dict(type='Resize', scale=(158, 158), keep_ratio=False), steps[5]]
    assert steps[0]['clip_len'] == 32 and reshaped(steps, 32, 224) == steps
    cropped = [dict(type='SampleFrames', clip_len=13), dict(type='RandomRescale',
                                                            scale_range=(256, 320)),
               dict(type='Resize', scale=(-1, 260)), dict(type='RandomCrop', size=224)]
    assert reshaped(cropped, 4, 112) == [
        dict(type='SampleFrames', clip_len=4, frame_interval=3),
        dict(type='RandomRescale', scale_range=(128, 320)), dict(type='Resize', scale=(-1, 130)),
        dict(type='RandomCrop', size=112)]
    for wrong, said in ((steps[1:], 'has a clip_len'), (steps[:4], 'must make squares'),
                        ([*steps[:4], dict(type='Resize', scale=(9, 8), keep_ratio=False)],
                         'must make squares')):
        with pytest.raises(InputError, match=said):
            shape_of(wrong)


def test_pipelines_of_all_recipes_can_be_reshaped():
    known = json.loads(gzip.decompress(RECIPES.read_bytes()))
    trained = {which[0] for which in known['configs'].values() if which[0] is not None}
    found = [known['pipelines'][i] for i in sorted(trained)]
    count = 0
    for recipe in found:
        steps = recipe['pipeline']
        if recipe['kind'] in ('audio', 'feature') or steps[0]['type'] == 'BuildPseudoClip':
            continue
        frames, side = shape_of(steps)
        half = reshaped(steps, max(1, frames // 2), side // 2)
        assert shape_of(half) == (max(1, frames // 2), side // 2)
        assert [a['type'] for a in half] == [b['type'] for b in steps]
        count += 1
    assert count > 40


def test_samples_of_any_data_set_have_the_shape_that_is_asked_for(frames, tmp_path):
    leaf = config(frames, tmp_path).train_dataloader.dataset.to_dict()
    (tmp_path / 'list.txt').write_text('nothing_there 12 0\n. 12 1\n. 12 0')
    bad = dict(leaf, ann_file=str(tmp_path / 'list.txt'))
    dataset = DATASETS.build(dict(type='RepeatDataset', times=2, dataset=dict(
        type='ConcatDataset', datasets=[leaf, bad])))
    for part in dataset.leaves():
        part.add_pipeline((4, 8), reshaped(part.steps, 4, 8))
    dataset.quarantine()
    assert len(dataset) == 46
    for index in (0, 20, 25, 45):       # 20 cannot be loaded; another one takes its place
        assert dataset[index, 0, (4, 8)]['imgs'].shape == (1, 3, 4, 8, 8)
        assert dataset[index]['imgs'].shape == (1, 3, 8, 16, 16)
    # The draws are those of the place alone: a call does not change the next.
    again = [dataset[25, 1, (4, 8)]['imgs'] for _ in range(2)]
    assert torch.equal(*again) and not torch.equal(again[0], dataset[25, 2, (4, 8)]['imgs'])


class SmallNet(nn.Module):
    """One convolution and a sub-batch norm."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv3d(3, 4, 3, padding=1), SubBatchNorm3D(4)
        self.drop = nn.Dropout(0.2)

    def init_weights(self):
        pass

    def forward(self, x):
        return self.drop(self.bn(self.conv(x)).relu())


class Note(Hook):
    """Keeps what each iteration is given."""

    seen = None
    priority = 'VERY_LOW'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        norm = getattr(runner.model, 'module', runner.model).backbone.bn
        self.seen[runner.epoch, batch_idx, runner.iter] = (
            tuple(data_batch['imgs'].shape), runner.optim_wrapper.get_lr()['lr'][0],
            norm.num_splits, data_batch['imgs'].double().sum().item())


@pytest.fixture(scope='module')
def frames(tmp_path_factory):
    import cv2
    root = tmp_path_factory.mktemp('frames')
    draws = np.random.default_rng(0)
    for i in range(1, 13):
        cv2.imwrite(str(root / f'img_{i:05}.jpg'), draws.integers(0, 255, (24, 32, 3), np.uint8))
    (root / 'list.txt').write_text('\n'.join(f'. 12 {i % 2}' for i in range(20)))
    return root


@pytest.fixture(scope='module', autouse=True)
def registered():
    MODELS.register_module(name='SmallNet', module=SmallNet)
    HOOKS.register_module(name='Note', module=Note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.runner.runner.collect_env', dict)
        yield
    del MODELS.module_dict['SmallNet'], HOOKS.module_dict['Note']


def config(frames, out, num_workers=0, **more):
    steps = [dict(type='SampleFrames', clip_len=8), dict(type='RawFrameDecode'),
             dict(type='RandomResizedCrop'), dict(type='Resize', scale=(16, 16), keep_ratio=False),
             dict(type='FormatShape', input_format='NCTHW'),
             dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
             dict(type='ToTensor', keys=['imgs'])]
    dataset = dict(type='RawframeDataset', ann_file=str(frames / 'list.txt'),
                   data_prefix=str(frames), pipeline=steps)
    cfg = Config(dict(
        model=dict(type='Recognizer3D', backbone=dict(type='SmallNet'),
                   cls_head=dict(type='I3DHead', num_classes=2, in_channels=4),
                   data_preprocessor=dict(type='ActionDataPreprocessor', mean=[128.] * 3,
                                          std=[64.] * 3)),
        train_dataloader=dict(batch_size=2, num_workers=num_workers, dataset=dataset,
                              persistent_workers=num_workers > 0),
        train_cfg=dict(by_epoch=True, max_epochs=4),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.5, by_epoch=True, begin=0, end=1),
            dict(type='MultiStepLR', milestones=[3], by_epoch=True)],
        multigrid=dict(long_cycle=True, short_cycle=True, epoch_factor=1.,
                       long_cycle_factors=((0.5, 0.5), (1, 1)), short_cycle_factors=(0.5,)),
        precise_bn=dict(num_iters=2, interval=2), randomness=dict(seed=3),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=3)),
        custom_hooks=[dict(type='Note')], work_dir=str(out), log_level='ERROR', **more))
    drop(cfg, 'val', 'test')
    return cfg


def trained(cfg, resumed=False):
    Note.seen = {}
    runner = build_runner(cfg, goes_on=resumed)
    runner.train()
    return Note.seen, runner.model.state_dict(), runner


def test_a_run_follows_the_plan(frames, tmp_path):
    """8 frames of 16 pixels in batches of 2; 4 of 8 in batches of 16.

    Of the small shape all crops are 8 pixels: two batches of 16 and 4. Of the full shape: 8 of 8
    pixels, 2 of 16, 8, 2. Mean batches 8 and 2.5 times 2; three epochs by 8 : 2.5, then
    1 * 2.5 / 5.25: 2.286, 0.714 and 0.476 epochs, stretched to 4 by 1.151: ends 2.63, 3.45, 4.
    """
    cfg = config(frames, tmp_path)
    cfg.log_level = 'INFO'
    seen, _, runner = trained(cfg)
    log, = tmp_path.glob('*/*.log')
    said = [line.partition('INFO - ')[2] for line in log.read_text().splitlines()]
    begin = said.index('multigrid: 4 epochs, 10 iterations; 1 sub-batch norms')
    assert [line.split() for line in said[begin + 1:begin + 4]] == [
        ['epochs', 'batch', 'frames', 'crop', 'learning', 'rate'],
        ['1-3', '16', '16', '4', '8', '8', '0.005', 'to', '0.08'],
        ['4-4', '8', '2', '8', '8', '16', '0.001']]
    assert list(seen) == [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3), (2, 0, 4), (2, 1, 5),
                          *((3, i, 6 + i) for i in range(4))]
    assert runner.max_iters == 10 and runner.max_epochs == 4
    small, full = (3, 1, 3, 4, 8, 8), (3, 1, 3, 8, 16, 16)
    sizes = [shape for shape, *_ in seen.values()]
    assert sizes[:6] == [(16, *small[1:]), (4, *small[1:])] * 3
    assert sizes[6:] == [(8, 1, 3, 8, 8, 8), (2, *full[1:]), (8, 1, 3, 8, 8, 8), (2, *full[1:])]
    assert [splits for *_, splits, _ in seen.values()] == [8] * 6 + [1] * 4
    # Half of the config's rate at first, 8 times as much after an epoch; the last phase has one
    # epoch, (3 + 4) // 2 is its first, so the step of the rate comes at once.
    assert [lr for _, lr, *_ in seen.values()] == pytest.approx(
        [0.005, 0.0425, *[0.08] * 4, *[0.001] * 4])


@pytest.mark.parametrize('precise_bn', [None, dict(num_iters=2, interval=2)])
def test_a_resumed_run_ends_with_the_same_bits(precise_bn, frames, tmp_path):
    cfg = config(frames, tmp_path)
    cfg.precise_bn = precise_bn
    whole, weights, _ = trained(cfg)
    for done in (3, 9):         # within an epoch of large batches, and within the last one
        cfg = config(frames, tmp_path, resume=True, load_from=str(tmp_path / f'iter_{done}.pth'))
        cfg.precise_bn = precise_bn
        rest, found, _ = trained(cfg, resumed=True)
        assert rest == dict(itertools.islice(whole.items(), done, None))
        assert all(torch.equal(value, found[key]) for key, value in weights.items())


@pytest.mark.slow
def test_workers_go_on_from_shape_to_shape(frames, tmp_path):
    alone = trained(config(frames, tmp_path / 'alone'))[0]
    for number in (1, 2):
        assert trained(config(frames, tmp_path / str(number), number))[0] == alone


def process(rank, frames, folder, port):
    torch.set_num_threads(1)        # threads of the parent's pool are not there
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2', LOCAL_WORLD_SIZE='2',
                      MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    cfg = config(Path(frames), folder, launcher='pytorch')
    cfg.train_dataloader.batch_size = 1
    seen, _, runner = trained(cfg)
    torch.save((list(seen.items()), runner.max_iters), f'{folder}/{rank}.pt')
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_have_half_of_each_batch(frames, tmp_path):
    whole, _, runner = trained(config(frames, tmp_path / 'whole'))
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    torch.multiprocessing.start_processes(
        process, (str(frames), str(tmp_path), port), nprocs=2, start_method='fork')
    halves = [torch.load(tmp_path / f'{rank}.pt', weights_only=False) for rank in (0, 1)]
    for place, (shape, lr, splits, total) in whole.items():
        found = [dict(seen)[place] for seen, _ in halves]
        assert [(size, *rest) for (size, *_), *rest, _ in found] == [
            (shape[0] // 2, lr, splits)] * 2
        assert all(half[0][1:] == shape[1:] for half in found)
        assert sum(half[-1] for half in found) == pytest.approx(total)
    assert [count for _, count in halves] == [runner.max_iters] * 2
