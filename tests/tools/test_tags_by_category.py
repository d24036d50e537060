"""HVU from list to metrics: tags of two categories, one of which some videos lack."""
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import main_of  # noqa: E402

from mmvideo.engine.hooks import NameSamples  # noqa: E402

CONFIG = '''
steps = [dict(type='PyAVInit'),
         dict(type='SampleFrames', clip_len=1, num_clips=2, test_mode=True),
         dict(type='PyAVDecode'), dict(type='Resize', scale=(32, 32), keep_ratio=False),
         dict(type='FormatShape', input_format='NCHW'), dict(type='LoadHVULabel'),
         dict(type='Collect', keys=['imgs', 'label', 'mask', 'category_mask'], meta_keys=[]),
         dict(type='ToTensor', keys=['imgs'])]
dataset = dict(type='HVUDataset', ann_file='{ann_file}', data_prefix='{videos}', pipeline=steps,
               tag_categories=['action', 'scene'], tag_category_nums=[3, 2])
train_dataloader = dict(batch_size=4, num_workers=0, dataset=dataset,
                        sampler=dict(type='DefaultSampler', shuffle=True))
val_dataloader = test_dataloader = dict(
    batch_size=3, num_workers=0, dataset=dict(dataset, test_mode=True),
    sampler=dict(type='DefaultSampler', shuffle=False))
val_evaluator = test_evaluator = dict(type='AccMetric', metric_list=['mean_average_precision'])
train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
val_cfg, test_cfg = dict(), dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
default_hooks = dict(checkpoint=dict(type='CheckpointHook', save_best='scene_mAP'))
model = dict(
    type='Recognizer2D',
    backbone=dict(type='ResNet', depth=18, base_channels=4, pretrained=None),
    cls_head=dict(type='TSNHead', num_classes=5, in_channels=32, multi_class=True,
                  loss_cls=dict(type='HVULoss', categories=('action', 'scene'),
                                category_nums=(3, 2), category_loss_weights=(1, 1),
                                loss_type='individual', with_mask=True)),
    train_cfg=dict(aux_info=['mask', 'category_mask']), test_cfg=dict(average_clips=None),
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[128.] * 3, std=[64.] * 3))
'''


@pytest.mark.slow
def test_training_and_testing_report_each_category(embedded, tmp_path, capsys):
    videos = embedded / 'videos' / 'val'
    rows = [dict(filename=path.name, label=dict(action=[k % 3], **(
        {'scene': [k % 2]} if k < 6 else {}))) for k, path in enumerate(sorted(videos.iterdir()))]
    ann_file = tmp_path / 'hvu.json'
    ann_file.write_text(json.dumps(rows))
    config = tmp_path / 'hvu.py'
    config.write_text(CONFIG.replace('{ann_file}', str(ann_file))
                      .replace('{videos}', str(videos)))
    out = tmp_path / 'out'
    assert main_of('tools/train.py')([str(config), '--work-dir', str(out), '--validate']) == 0
    assert list(out.glob('best_*scene_mAP*.pth'))
    capsys.readouterr()
    main_of('tools/test.py')([str(config), str(out / 'epoch_1.pth'), '--eval',
                              'mean_average_precision'])
    said = capsys.readouterr().out
    found = {line.split(':')[0].strip(): float(line.split(':')[1])
             for line in said.splitlines() if 'mAP' in line or 'mean_average' in line
             if line.count(':') == 1}
    assert found.keys() == {'action_mAP', 'scene_mAP', 'mean_average_precision'}
    assert found['mean_average_precision'] == pytest.approx(
        (found['action_mAP'] + found['scene_mAP']) / 2, abs=1e-3)


def test_a_test_tells_its_metrics_of_categories_and_names():
    dataset = SimpleNamespace(metainfo=dict(tag_categories=['action']), names=['a.mp4'])
    runner = SimpleNamespace(model=SimpleNamespace(test_cfg=dict(average_clips='prob')),
                             test_dataloader=SimpleNamespace(dataset=dataset),
                             test_evaluator=SimpleNamespace())
    NameSamples().before_test(runner)
    assert runner.test_evaluator.dataset_meta == dict(
        tag_categories=['action'], names=['a.mp4'], average_clips='prob')
