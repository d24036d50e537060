"""Whole networks: what the shift costs, and what the plain shift would cost."""
import copy
import functools
from pathlib import Path

import torch
from mmengine.config import Config

from benchmarks.shift import use_plain_shift
from benchmarks.timing import SHARE, Row
from mmvideo.registry import MODELS

PARTS = Path(__file__).resolve().parents[1] / 'configs' / '_base_' / 'models'
INPUT = '8 frames 224x224'
PLAIN = 'the same with the plain shift'
ROWS = (
    Row('tsm-inference', f'TSM R50, inference, {INPUT}', PLAIN, 'tsm', 'tsm, plain', reach=1.15),
    Row('tsm-inference-channels-last', f'TSM R50, inference, {INPUT}, channels_last', PLAIN,
        'tsm, channels_last', 'tsm, plain, channels_last', reach=1.15),
    Row('tsm-training', f'TSM R50, training step (SGD), {INPUT}', PLAIN,
        'step tsm', 'step tsm, plain', reach=1.1),
    Row('tsm-training-channels-last', f'TSM R50, training step (SGD), {INPUT}, channels_last',
        PLAIN, 'step tsm, channels_last', 'step tsm, plain, channels_last', reach=1.1),
    Row('tsm-of-tsn', f'TSM R50, inference, {INPUT}', 'TSN R50 on the same frames',
        'tsm', 'tsn', kind=SHARE, reach=1.05),
)


def build(part, small):
    """A recognizer from its config part, with drawn weights and norms that do something."""
    cfg = Config.fromfile(PARTS / part).model
    cfg.cls_head.dropout_ratio = 0      # its draws would make losses differ
    if small:
        cfg.backbone.base_channels = 8
        cfg.cls_head.in_channels = 8 * 32
    model = MODELS.build(cfg)
    with torch.no_grad():
        # Running statistics of zero and one would make fusing too easy to check.
        model.train()(torch.randn(1, 8, 3, 64, 64))
    return model


def contenders(wanted, small, folder):
    side = 64 if small else 224
    frames, label = torch.randn(1, 8, 3, side, side), torch.tensor([[3]])
    tsn, tsm = build('tsn_r50.py', small), build('tsm_r50.py', small)
    plain = copy.deepcopy(tsm)
    count = use_plain_shift(plain)
    assert count == 16, f'a TSM R50 has a shift in each of 16 blocks, {count} were exchanged'
    models = {'tsn': tsn, 'tsm': tsm, 'tsm, plain': plain,
              'tsm, channels_last': channels_last(tsm),
              'tsm, plain, channels_last': channels_last(plain)}
    found = {}
    for key, model in models.items():
        if f'step {key}' in wanted:
            found[f'step {key}'] = trainer(copy.deepcopy(model), frames, label)
        if key in wanted:
            found[key] = functools.partial(infer, model.eval(), frames)
    check_same(found)
    return {key: found[key] for key in wanted}


def channels_last(model):
    return copy.deepcopy(model).to(memory_format=torch.channels_last)


@torch.inference_mode()
def infer(model, frames):
    return model(frames)


def trainer(model, frames, label):
    """A function that trains for one step and gives the loss before it."""
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss = model(frames, label, mode='loss')['loss_cls']
        loss.backward()
        optimizer.step()
        return loss.detach()
    return step


def check_same(found):
    """Raise AssertionError unless all forms of a network agree up to rounding."""
    results = {key: function() for key, function in found.items()}
    for key, result in results.items():
        first = next(k for k in results if k.split(',')[0] == key.split(',')[0])
        difference = (result - results[first]).abs().max() / results[first].abs().max()
        assert difference < 1e-4, f'{key} and {first} differ by {difference:.1e} of the largest'
