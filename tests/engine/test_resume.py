"""Order and content of samples: alike for any number of workers, and in a resumed epoch."""
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from mmvideo.engine.run import build_runner, drop
from mmvideo.registry import DATASETS, HOOKS, MODELS

NUM_FRAMES, NUM_SAMPLES = 6, 22


@pytest.fixture(scope='module')
def frames(tmp_path_factory):
    """A list of short clips, seven of class 0 to one of class 1, that all have the same frames."""
    import cv2
    root = tmp_path_factory.mktemp('frames')
    draws = np.random.default_rng(0)
    for i in range(1, NUM_FRAMES + 1):
        cv2.imwrite(str(root / f'img_{i:05}.jpg'), draws.integers(0, 255, (24, 32, 3), np.uint8))
    lines = [f'. {NUM_FRAMES} {int(i % 7 == 6)}' for i in range(NUM_SAMPLES)]
    (root / 'list.txt').write_text('\n'.join(lines))
    return root


class Nothing(torch.nn.Module):
    """Stands where a backbone would."""

    def init_weights(self):
        pass

    def forward(self, x):
        return x.mean((3, 4), keepdim=True)


@pytest.fixture(scope='module', autouse=True)
def registered():
    MODELS.register_module(name='Nothing', module=Nothing)
    HOOKS.register_module(name='NoteBatches', module=NoteBatches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.runner.runner.collect_env', dict)     # starts compilers
        yield
    del MODELS.module_dict['Nothing'], HOOKS.module_dict['NoteBatches']


class NoteBatches(Hook):
    """Keeps what each iteration was shown."""

    seen = None

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen[runner.epoch, batch_idx, runner.iter] = {
            key: value.clone() for key, value in data_batch.items()}


STEPS = [dict(type='SampleFrames', clip_len=2, temporal_jitter=True), dict(type='RawFrameDecode'),
         dict(type='RandomResizedCrop'), dict(type='Resize', scale=(8, 8), keep_ratio=False),
         dict(type='Flip'), dict(type='FormatShape', input_format='NCTHW'),
         dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
         dict(type='ToTensor', keys=['imgs'])]
KINDS = {
    'shuffled': dict(),
    'balanced': dict(sampler=dict(type='ClassSpecificDistributedSampler', dynamic_length=True)),
    'drawn': dict(sampler=dict(type='ClassSpecificDistributedSampler', dynamic_length=False)),
    'repeated': dict(type='RepeatAugDataset', collate_fn=dict(type='repeat_collate'))}


def config(frames, out, kind='shuffled', num_workers=0, **more):
    kind = dict(KINDS[kind])
    dataset = dict(type='RawframeDataset', ann_file=str(frames / 'list.txt'),
                   data_prefix=str(frames), pipeline=STEPS)
    if kind.pop('type', None):
        dataset = dict(type='RepeatAugDataset', num_repeats=2, ann_file=str(out / 'videos.txt'),
                       pipeline=[dict(type='PyAVInit'), STEPS[0], dict(type='PyAVDecode'),
                                 *STEPS[2:]])
    loader = dict(batch_size=4, num_workers=num_workers, persistent_workers=num_workers > 0,
                  dataset=dataset, **kind)
    cfg = Config(dict(
        model=dict(type='Recognizer3D', backbone=dict(type='Nothing'),
                   cls_head=dict(type='I3DHead', num_classes=2, in_channels=3, dropout_ratio=0),
                   data_preprocessor=dict(type='ActionDataPreprocessor', mean=[128.] * 3,
                                          std=[64.] * 3)),
        train_dataloader=loader, train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)), randomness=dict(seed=3),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2)),
        custom_hooks=[dict(type='NoteBatches')], work_dir=str(out), log_level='ERROR', **more))
    drop(cfg, 'val', 'test')
    return cfg


def trained(cfg, resumed=False):
    """What was shown, by (epoch, batch, iteration), and the weights in the end."""
    NoteBatches.seen = {}
    runner = build_runner(cfg, goes_on=resumed)
    runner.train()
    return NoteBatches.seen, runner.model.state_dict()


def write_videos(out):
    import av
    lines = []
    for k in range(10):
        with av.open(str(out / f'{k}.mp4'), 'w') as container:
            stream = container.add_stream('mpeg4', rate=25)
            stream.width, stream.height, stream.pix_fmt = 32, 32, 'yuv420p'
            for i in range(NUM_FRAMES):
                img = np.full((32, 32, 3), (20 * i, 9 * k, 99), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(img, 'rgb24')))
            container.mux(stream.encode())
        lines.append(f'{out / f"{k}.mp4"} {k % 2}')
    (out / 'videos.txt').write_text('\n'.join(lines))


def same(one, other):
    return one.keys() == other.keys() and all(
        torch.equal(value, other[place][key])
        for place, batch in one.items() for key, value in batch.items())


@pytest.mark.filterwarnings('ignore:This DataLoader will create 4 worker processes')
@pytest.mark.parametrize('kind', [
    'balanced', 'repeated', *(pytest.param(kind, marks=pytest.mark.slow)
                              for kind in ('shuffled', 'drawn'))])
def test_any_number_of_workers_shows_the_same(kind, frames, tmp_path):
    write_videos(tmp_path)
    alone = trained(config(frames, tmp_path, kind))
    shown = [batch['imgs'] for batch in alone[0].values()]
    assert len({img.numpy().tobytes() for imgs in shown for img in imgs}) > len(shown)
    for num_workers in (1, 4) if kind == 'repeated' else (4, ):
        found = trained(config(frames, tmp_path, kind, num_workers))
        assert same(alone[0], found[0])
        assert all(torch.equal(value, found[1][key]) for key, value in alone[1].items())


@pytest.mark.parametrize('kind, num_workers', [
    ('shuffled', 0), *(pytest.param(*case, marks=pytest.mark.slow)
                       for case in (('balanced', 2), ('repeated', 0), ('drawn', 1)))])
def test_a_resumed_epoch_goes_on_where_it_was_cut_short(kind, num_workers, frames, tmp_path):
    write_videos(tmp_path)
    whole, weights = trained(config(frames, tmp_path, kind, num_workers))
    places = list(whole)
    batches = sum(epoch == 0 for epoch, _, _ in places)
    for done in (2, batches // 2 * 2 + 2):      # in the first epoch, and in the second
        cfg = config(frames, tmp_path, kind, num_workers, resume=True,
                     load_from=str(tmp_path / f'iter_{done}.pth'))
        rest, found = trained(cfg, resumed=True)
        assert list(rest) == places[done:]
        assert same(rest, {place: whole[place] for place in places[done:]})
        assert all(torch.equal(value, found[key]) for key, value in weights.items())


def test_an_epoch_of_other_batches_begins_anew(frames, tmp_path):
    whole = trained(config(frames, tmp_path))[0]
    cfg = config(frames, tmp_path, resume=True, load_from=str(tmp_path / 'iter_8.pth'))
    cfg.train_dataloader.batch_size = 11
    rest = trained(cfg, resumed=True)[0]
    assert list(rest) == [(1, 0, 6), (1, 1, 7)]
    second = [batch['label'] for (epoch, _, _), batch in whole.items() if epoch]
    assert torch.equal(torch.cat([b['label'] for b in rest.values()]), torch.cat(second)[:22])


def test_samples_before_the_place_are_not_loaded(frames, tmp_path, monkeypatch):
    trained(config(frames, tmp_path))
    loaded, kind = [], DATASETS.get('RawframeDataset')
    load = kind.load
    monkeypatch.setattr(kind, 'load', lambda self, index, place: loaded.append(place) or load(
        self, index, place))
    cfg = config(frames, tmp_path, resume=True, load_from=str(tmp_path / 'iter_4.pth'))
    cfg.train_cfg.max_epochs = 1
    assert len(trained(cfg, resumed=True)[0]) == 2
    assert len(loaded) == NUM_SAMPLES - 4 * 4
