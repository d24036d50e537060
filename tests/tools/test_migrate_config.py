"""Configs of the 0.x line, written in today's form, say and do the same."""
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / 'engine')]

from old_dialect import RECIPES, write  # noqa: E402
from runs import TSM, main_of  # noqa: E402

from mmvideo.apis import inference_recognizer, init_recognizer  # noqa: E402
from mmvideo.config_text import to_text  # noqa: E402
from mmvideo.engine.run import load_config  # noqa: E402

migrate = main_of('tools/migrate_config.py')
NAMES = sorted(RECIPES)


def small_old_config(embedded):
    """A small network on the embedded clips, as one would have written it for 0.x."""
    videos = str(embedded / 'videos')
    read = [dict(type='DecordInit'),
            dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3, test_mode=True),
            dict(type='DecordDecode'), dict(type='Resize', scale=(32, 32), keep_ratio=False)]
    norm = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_bgr=False)
    pack = [dict(type='Normalize', **norm), dict(type='FormatShape', input_format='NCHW'),
            dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
            dict(type='ToTensor', keys=['imgs', 'label'])]
    train, val = (dict(type='VideoDataset', ann_file=str(embedded / f'{part}_videos.txt'),
                       data_prefix=videos) for part in ('train', 'val'))
    flip = [dict(type='Flip', flip_ratio=0.5)]
    return dict(
        dataset_type='VideoDataset', img_norm_cfg=norm,
        model=dict(type='Recognizer2D',
                   backbone=dict(type='ResNet', depth=18, base_channels=8, norm_eval=False),
                   cls_head=dict(type='TSNHead', num_classes=8, in_channels=64)),
        test_cfg=dict(average_clips='prob'),
        train_pipeline=[*read, *flip, *pack], val_pipeline=[*read, *pack],
        test_pipeline=[*read, *pack],
        data=dict(videos_per_gpu=4, workers_per_gpu=0,
                  train=dict(train, pipeline=[*read, *flip, *pack]),
                  val=dict(val, pipeline=[*read, *pack]), test=dict(val, pipeline=[*read, *pack])),
        optimizer=dict(type='SGD', lr=0.05, momentum=0.9), fp16=dict(loss_scale=64.),
        optimizer_config=dict(grad_clip=dict(max_norm=40)), total_epochs=2,
        lr_config=dict(policy='step', step=[1], warmup='linear', warmup_iters=3),
        evaluation=dict(interval=1, metrics=['top_k_accuracy', 'mean_class_accuracy']),
        eval_config=dict(metrics=['mean_class_accuracy']), output_config=dict(out='scores.json'),
        checkpoint_config=dict(interval=1), workflow=[('train', 1)],
        log_config=dict(interval=2, hooks=[dict(type='TextLoggerHook')]), resume_from=None)


def test_both_forms_train_to_the_same_bits(embedded, tmp_path, capsys, monkeypatch):
    old, new = tmp_path / 'old.py', tmp_path / 'made' / 'new.py'
    old.write_text(to_text(small_old_config(embedded)))
    assert migrate([str(old), str(new)]) == 0
    said = capsys.readouterr()
    assert said.out == f'{new}\n'
    assert 'fp16: optim_wrapper.type AmpOptimWrapper' in said.err
    weights = []
    for path in (old, new):
        work = tmp_path / path.stem
        flags = ['--work-dir', str(work), '--validate', '--seed', '0', '--deterministic']
        assert main_of('tools/train.py')([str(path), *flags]) == 0
        weights.append(torch.load(work / 'epoch_2.pth')['state_dict'])
    torch.use_deterministic_algorithms(False)
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())
    # A test without flags takes what eval_config and output_config say.
    monkeypatch.chdir(tmp_path)
    assert main_of('tools/test.py')([str(old), str(tmp_path / 'old' / 'epoch_2.pth')]) == 0
    out = capsys.readouterr().out
    assert 'mean_class_accuracy: 0.' in out and 'top1_acc' not in out.splitlines()[-1]
    assert (tmp_path / 'scores.json').is_file()
    video = next((embedded / 'videos' / 'val').glob('*.mp4'))
    checkpoint = str(tmp_path / 'old' / 'epoch_2.pth')
    found = [inference_recognizer(init_recognizer(config, checkpoint, 'cpu'), str(video))
             for config in (str(old), Config.fromfile(old), str(new))]
    assert found[0] == found[1] == found[2] and len(found[0]) == 5


def test_text_is_laid_out_to_be_read(embedded, tmp_path):
    old, new = tmp_path / 'old.py', tmp_path / 'new.py'
    old.write_text(to_text(small_old_config(embedded)))
    assert migrate([str(old), str(new)]) == 0
    text = new.read_text()
    assert text.startswith('# From old.py, a config of MMAction2 0.x, by tools/migrate_config.py.\n'
                           '\n# The network.\nmodel = dict(\n')
    assert text.count('DecordInit') == 3 and text.count('pipeline=train_pipeline)') == 1
    assert 'test_evaluator = val_evaluator\n' in text and 'img_norm_cfg' not in text
    assert "param_scheduler = [\n    dict(type='LinearLR', start_factor=0.1, by_epoch=False, " \
        'begin=0, end=4),\n' in text
    assert all(len(line) <= 100 for line in text.splitlines() if str(embedded) not in line)


@pytest.mark.parametrize('name', NAMES[::12], ids=lambda name: Path(name).stem)
def test_what_is_written_loads_to_the_translation(name, tmp_path):
    new = tmp_path / 'made.py'
    old = write(name, tmp_path)
    assert migrate([old, str(new)]) == 0
    assert Config.fromfile(new).to_dict() == load_config(old).to_dict()


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES, ids=lambda name: Path(name).stem)
def test_all_recipes_are_written(name, tmp_path):
    test_what_is_written_loads_to_the_translation(name, tmp_path)


@pytest.mark.parametrize('content, message', [
    (None, 'config gone.py does not exist'),
    ("model = dict(type='X')\n", r'is none of the 0.x line: those have'),
    ("model = dict(type='X')\ndata = dict(train=dict())\noptim_wrapper = dict()\n",
     "and no key of today's form"),
    ("model = dict(type='X')\ndata = dict(val=dict())\nworkflow = [('val', 1)]\n",
     "config key 'workflow' of the 0.x line cannot be translated"),
    ("model = dict(type='Recogniser2D')\ndata = dict(val=dict())\n", "did you mean 'Recognizer2D'"),
])
def test_bad_input(content, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = 'gone.py' if content is None else 'old.py'
    if content:
        Path(name).write_text(content)
    assert migrate([name, 'new.py']) == 2
    assert message in capsys.readouterr().err
    assert not Path('new.py').exists()


def test_nothing_is_overwritten(tmp_path, capsys):
    new = tmp_path / 'new.py'
    new.write_text('a = 1\n')
    assert migrate([TSM, str(new)]) == 2
    assert 'exists already' in capsys.readouterr().err and new.read_text() == 'a = 1\n'
