"""The hint about waiting for data comes once, and not for the start of workers."""
from types import SimpleNamespace

import pytest

from mmvideo.engine.health import HintAtWaiting


class Value(float):
    current = float.__float__


def warnings_of(times):
    """What is logged in a run whose iterations take these (waiting, all) seconds."""
    hook, said = HintAtWaiting(window=5), []
    runner = SimpleNamespace(
        message_hub=SimpleNamespace(log_scalars={}), logger=SimpleNamespace(warning=said.append),
        train_dataloader=SimpleNamespace(num_workers=2))
    for batch_idx, (waited, total) in times:
        runner.message_hub.log_scalars = {'train/data_time': Value(waited),
                                          'train/time': Value(total)}
        hook.after_train_iter(runner, batch_idx)
    return said


@pytest.mark.parametrize('epochs, count', [
    ([[(9, 10)] + [(0.1, 1)] * 10] * 3, 0),     # only the first batch of an epoch is waited for
    ([[(9, 10)] + [(0.2, 1)] * 10] * 3, 0),
    ([[(0, 1)] * 6 + [(0.4, 1)] * 30] * 3, 1),  # once
    ([[(0.4, 1)] * 4], 0)])                     # too short to tell
def test_the_hint(epochs, count):
    said = warnings_of([pair for epoch in epochs for pair in enumerate(epoch)])
    assert len(said) == count
    assert all(text.startswith('40% of the time is spent waiting for data. ') for text in said)


def test_a_run_without_a_timer_is_left_alone():
    runner = SimpleNamespace(message_hub=SimpleNamespace(log_scalars={}))
    HintAtWaiting(window=1).after_train_iter(runner, 5)
