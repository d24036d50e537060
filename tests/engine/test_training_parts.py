"""Clipping, scaled rates and the best checkpoint, by hand."""
import sys
from pathlib import Path

import pytest

from mmvideo.checkpoint_file import read_checkpoint

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, followed, loader, logged, toys, trained  # noqa: E402, F401

pytestmark = pytest.mark.usefixtures('toys')


@pytest.mark.parametrize('clip, moved', [
    (dict(max_norm=0.5), 0.25), (dict(max_norm=40), 1.5),
    (dict(type='value', clip_value=0.2), 0.1)])
def test_gradients_are_clipped(clip, moved, tmp_path):
    cfg = config(tmp_path, (3, ), epochs=1)
    cfg.optim_wrapper.clip_grad = clip
    # The gradient is -3, the rate 0.5.
    assert trained(cfg).model.w.item() == pytest.approx(moved, abs=1e-6)
    assert logged(tmp_path, 'grad_norm') == ({} if 'clip_value' in clip else {1: 3})


def test_the_rate_is_scaled_by_the_size_of_the_batch(tmp_path):
    cfg = config(tmp_path, (2, 4, 6), epochs=1,
                 auto_scale_lr=dict(base_batch_size=4, enable=True))
    cfg.train_dataloader.batch_size = 3
    found = trained(cfg)
    assert logged(tmp_path, 'lr') == {1: 0.375}
    assert found.model.w.item() == 0.375 * 4


@pytest.mark.parametrize('rule, best', [('greater', 2), ('less', 1)])
def test_the_best_checkpoint_is_that_of_the_best_validation(rule, best, tmp_path):
    cfg = config(tmp_path, (1, 2), val_dataloader=loader((0, )), val_cfg=dict(),
                 val_evaluator=dict(type='Weight'))
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=1, save_best='weight',
                                        rule=rule)
    found = trained(cfg)
    ends = dict(enumerate(followed((1, 2, 101, 102))[1::2], 1))
    assert [p.name for p in tmp_path.glob('best*')] == [f'best_weight_epoch_{best}.pth']
    assert found.message_hub.get_info('best_score') == ends[best]
    checkpoint = read_checkpoint(tmp_path / f'best_weight_epoch_{best}.pth')
    assert checkpoint['state_dict']['w'].item() == ends[best]
