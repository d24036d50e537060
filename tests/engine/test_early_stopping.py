"""Training that ends early ends after the same epoch if it was interrupted."""
import sys
from pathlib import Path

import pytest

from mmvideo.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, loader, toys, trained  # noqa: E402, F401

pytestmark = pytest.mark.usefixtures('toys')


def stopping(out, patience=2, **more):
    """The weight of the toy grows in each epoch; less is taken for better, so the first is best."""
    return config(
        out, epochs=7, val_dataloader=loader((1, )), val_cfg=dict(),
        val_evaluator=dict(type='Weight'),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, every_n_iters=2)),
        custom_hooks=[dict(type='EarlyStoppingHook', monitor='weight', rule='less', min_delta=0,
                           patience=patience, **more)])


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return tmp_path_factory.mktemp('whole')


def test_it_ends_after_the_epochs_without_progress(whole):
    assert trained(stopping(whole)).epoch == 3      # best after 1, worse after 2 and 3
    assert not (whole / 'epoch_4.pth').exists()


@pytest.mark.parametrize('saved', ['epoch_1', 'iter_6', 'epoch_2', 'iter_10', 'epoch_3'])
def test_a_resumed_run_ends_after_the_same_epoch(saved, whole, tmp_path):
    assert trained(stopping(tmp_path), whole / f'{saved}.pth').epoch == 3


def test_a_metric_of_unknown_direction_needs_a_rule(tmp_path):
    cfg = stopping(tmp_path)
    del cfg.custom_hooks[0]['rule']
    with pytest.raises(InputError, match='EarlyStoppingHook: Cannot infer the rule for weight'):
        trained(cfg)
