"""A wrong key, type or argument of a config is named with its place."""
import copy
import os.path as osp

import pytest
from mmengine.config import Config

from mmvideo.engine.check import check_config
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError, MissingFileError

CONFIGS = osp.join(osp.dirname(__file__), '..', '..', 'configs')
LEAF = osp.join(CONFIGS, 'recognition', 'tsm', 'tsm_r18_1x1x8_10e_embedded_rgb.py')


@pytest.fixture(scope='module')
def config():
    return Config.fromfile(LEAF)


def changed(config, place, value):
    """A copy with one value set (or, with ``...``, taken out) at a dotted place."""
    cfg = copy.deepcopy(config)
    *path, last = [int(w) if w.isdigit() else w for w in place.split('.')]
    inner = cfg
    for word in path:
        inner = inner[word]
    if value is ...:
        inner.pop(last)
    else:
        inner[last] = value
    return cfg


def test_the_leaf_itself_passes(config):
    check_config(config)


@pytest.mark.parametrize('place, value, message', [
    ('model.backbone.type', 'ResNetTSN',
     r"model.backbone.type: 'ResNetTSN' is no registered model; did you mean 'ResNetTSM'"),
    ('model.backbone.shift_dv', 8,
     r"model.backbone: ResNetTSM takes no argument 'shift_dv'; did you mean 'shift_div'"),
    ('model.backbone.depth', ..., r"model.backbone: ResNetTSM needs the argument 'depth'"),
    ('model.cls_head.type', 'TSMHaed', r"model.cls_head.type: 'TSMHaed'.*'TSMHead'"),
    ('model.cls_head.num_class', 8, r"model.cls_head: TSMHead takes no argument 'num_class'"),
    ('model.cls_hed', dict(num_classes=9), r"model: Recognizer2D takes no argument 'cls_hed'"),
    ('model.backbone', ..., r"model: Recognizer2D needs the argument 'backbone'"),
    ('model', ..., r"the config has no 'model'"),
    ('train_dataloder', dict(), r"unknown config key 'train_dataloder'; did you mean 'train_data"),
    ('total_epochs', 50, r"config key 'total_epochs' is of the 0.x line; .* train_cfg.max_epochs"),
    ('data', dict(), r"config key 'data' is of the 0.x line; today it is train_dataloader"),
    ('train_dataloader.batchsize', 8, r"train_dataloader: .*'batchsize'.*'batch_size'"),
    ('train_dataloader.dataset', ..., r"train_dataloader: the key 'dataset' is missing"),
    ('train_dataloader.dataset.type', 'VidoDataset', r"dataset.type: .*'VideoDataset'"),
    ('train_dataloader.dataset.annfile', 'x', r"train_dataloader.dataset: .*'ann_file'"),
    ('train_dataloader.dataset.pipeline.1.clip_length', 1,
     r"train_dataloader.dataset.pipeline\[1\]: SampleFrames takes no argument 'clip_length'; did "
     r"you mean 'clip_len'"),
    ('val_dataloader.dataset.pipeline.2.type', 'PyAVDecod',
     r"val_dataloader.dataset.pipeline\[2\].type: .*'PyAVDecode'"),
    ('val_evaluator.type', 'AccMetrics', r"val_evaluator\[0\].type: .*'AccMetric'"),
    ('default_hooks.checkpoint.intervall', 1, r"default_hooks.checkpoint: CheckpointHook takes no "
     r"argument 'intervall'; did you mean 'interval'"),
    ('custom_hooks', [dict(type='EMAHok')], r"custom_hooks\[0\].type: 'EMAHok'.*'EMAHook'"),
    ('optim_wrapper.optimizer.type', 'SDG', r"optim_wrapper.optimizer.type: 'SDG'.*'SGD'"),
    ('optim_wrapper.optimizer.momentun', .9, r"optim_wrapper.optimizer: .*'momentum'"),
    ('optim_wrapper.optimizer', ..., r"optim_wrapper: the key 'optimizer' is missing"),
    ('param_scheduler.0.type', 'LinerLR', r"param_scheduler\[0\].type: 'LinerLR'.*'LinearLR'"),
])
def test_mistakes_are_named_with_their_place(config, place, value, message):
    with pytest.raises(InputError, match=message):
        check_config(changed(config, place, value))


def test_reading_a_config(tmp_path):
    with pytest.raises(MissingFileError, match=r"does not exist; did you mean '\S*/tsm_r18_1x1x8"):
        load_config(LEAF.replace('tsm_r18', 'tsm_r8'))
    with pytest.raises(MissingFileError, match='there is no folder'):
        load_config('nowhere/at_all.py')
    broken = tmp_path / 'broken.py'
    broken.write_text('model = dict(\n')
    with pytest.raises(InputError, match='broken.py cannot be read: SyntaxError'):
        load_config(str(broken))


def test_options_reach_into_dicts_and_lists():
    cfg = load_config(LEAF, {'model.cls_head.num_classes': 9,
                             'train_dataloader.dataset.pipeline.1.num_clips': 4})
    assert cfg.model.cls_head.num_classes == 9
    assert cfg.train_dataloader.dataset.pipeline[1].num_clips == 4
    with pytest.raises(InputError, match='--cfg-options .*pipeline.77.num_clips does not fit'):
        load_config(LEAF, {'train_dataloader.dataset.pipeline.77.num_clips': 4})
