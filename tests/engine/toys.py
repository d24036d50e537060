"""A model of one weight and a list of numbers, so that training can be followed by hand.

The loss is ``0.5 * (w - x) ** 2``, averaged over a batch: a step of SGD with rate 0.5 halves the
way from ``w`` to the mean of the batch.
"""
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel

from mmvideo.engine.run import build_runner, drop
from mmvideo.registry import DATASETS, METRICS, MODELS


class Numbers(torch.utils.data.Dataset):
    """Numbers, 100 more in each epoch."""

    def __init__(self, values, test_mode=False):
        self.values = list(values)
        self.names = [f'number {value}' for value in self.values]
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch):
        self._epoch[0] = epoch

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return dict(x=torch.tensor(float(self.values[index] + 100 * int(self._epoch))),
                    sample_index=index)


class OneWeight(BaseModel):
    """Moves its weight toward the numbers it sees, and keeps a list of them."""

    def __init__(self, norm=False):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(()))
        self.norm = torch.nn.BatchNorm1d(1, affine=False) if norm else None
        self.seen = []

    def forward(self, x, sample_index=None, mode='tensor'):
        if mode == 'predict':
            return [self.w.item()] * len(x)
        if self.norm is not None:
            self.norm(x[:, None] + self.w)
        if mode == 'tensor':
            return self.w - x
        self.seen += x.tolist()
        return dict(loss_way=0.5 * (self.w - x) ** 2, height=x.mean())


class Weight(BaseMetric):
    """The weight that was validated."""

    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(weight=sum(results) / len(results))


@pytest.fixture
def toys():
    """Lets configs name them."""
    MODELS.register_module(name='OneWeight', module=OneWeight)
    DATASETS.register_module(name='Numbers', module=Numbers)
    METRICS.register_module(name='Weight', module=Weight)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.runner.runner.collect_env', dict)     # starts compilers
        # Laying the text of a config out takes longer than these runs do.
        patch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, True))
        yield
    del MODELS.module_dict['OneWeight'], DATASETS.module_dict['Numbers']
    del METRICS.module_dict['Weight']


def loader(values, **more):
    return dict(batch_size=1, num_workers=0, dataset=dict(type='Numbers', values=list(values)),
                sampler=dict(type='DefaultSampler', shuffle=False), **more)


def config(out, values=(1, 2, 3, 4), epochs=2, **more):
    """Training with rate 0.5 that saves each iteration."""
    cfg = dict(
        model=dict(type='OneWeight'), train_dataloader=loader(values),
        train_cfg=dict(by_epoch=True, max_epochs=epochs), randomness=dict(seed=3),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.5)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1),
                           logger=dict(type='LoggerHook', interval=1)),
        log_processor=dict(window_size=1), work_dir=str(out), log_level='ERROR')
    cfg = Config({**cfg, **more})
    drop(cfg, *(phase for phase in ('val', 'test') if f'{phase}_dataloader' not in cfg))
    return cfg


def trained(cfg, resume_from=None):
    """The runner after training."""
    if resume_from:
        cfg.update(resume=True, load_from=str(resume_from))
    runner = build_runner(cfg, strict=bool(resume_from), goes_on=bool(resume_from))
    runner.train()
    return runner


def followed(values, rate=0.5):
    """The weight after each step toward each of some values."""
    w, way = 0., []
    for value in values:
        w += rate * (value - w)
        way.append(w)
    return way


def logged(out, key):
    """What was logged under a name, by iteration."""
    file = max(Path(out).glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return {row['step']: row[key] for row in rows if key in row}
