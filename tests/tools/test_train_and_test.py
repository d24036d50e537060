"""Training and testing by the command line, on real video files."""
import json
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import AUDIO, TSM, main_of, options, run, start  # noqa: E402

from mmvideo.evaluation.scores import read_scores  # noqa: E402

SAME = ['--seed', '0', '--deterministic']


def weights(path):
    loaded = torch.load(path)       # plain: what we write needs no trust
    return loaded['state_dict'], loaded['optimizer']


def assert_same_bits(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        if torch.is_tensor(value):
            assert torch.equal(value, other[key]), key
        elif isinstance(value, dict):
            assert_same_bits(value, other[key])
        else:
            assert value == other[key], key


@pytest.fixture(scope='module')
def trained(embedded, tmp_path_factory):
    """A run of three epochs that nothing interrupted."""
    work = tmp_path_factory.mktemp('whole')
    out = run('tools/train.py', TSM, '--work-dir', work, '--validate', '--test-last',
              '--test-best', *SAME, *options(embedded))
    return work, out


def printed(out):
    """``name: value`` lines, the values as they were printed."""
    lines = [line.split(': ') for line in out.splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2 and line[0].endswith('acc')
            or line[0].endswith('accuracy')}


def test_a_run_leaves_what_it_promises(trained):
    work, out = trained
    assert {p.name for p in work.glob('epoch_*.pth')} == {f'epoch_{i}.pth' for i in (1, 2, 3)}
    assert len(list(work.glob('best_top1_acc_epoch_*.pth'))) == 1
    assert (work / 'tsm_r18_1x1x8_10e_embedded_rgb.py').is_file()
    lines = [json.loads(line) for log in work.glob('*/vis_data/scalars.json')
             for line in log.read_text().splitlines()]
    assert sum('loss' in line for line in lines) >= 3
    assert len([line for line in lines if 'mean_class_accuracy' in line]) >= 3
    assert set(printed(out)) >= {'last top1_acc', 'best top1_acc', 'last mean_class_accuracy'}
    for name in ('last', 'best'):
        scores = read_scores(work / f'{name}_pred.pkl')
        assert scores.scores.shape == (8, 8) and len(scores.names) == 8


def test_testing_gives_what_training_measured(trained, embedded, tmp_path):
    work, out = trained
    for suffix in ('json', 'yaml', 'pkl'):
        again = run('tools/test.py', TSM, work / 'epoch_3.pth', '--eval', 'top_k_accuracy',
                    'mean_class_accuracy', '--out', tmp_path / f'scores.{suffix}', '--work-dir',
                    tmp_path, *options(embedded))
        assert printed(again)['top1_acc'] == printed(out)['last top1_acc']
        assert len(printed(again)['top1_acc'].split('.')[1]) == 4
    files = [read_scores(tmp_path / f'scores.{s}') for s in ('json', 'yaml', 'pkl')]
    listed = [line.split() for line in (embedded / 'val_videos.txt').read_text().splitlines()]
    for found in files:
        assert found.names == [name for name, _ in listed]
        assert found.labels == [int(label) for _, label in listed]
        np.testing.assert_array_equal(found.scores, files[0].scores)
        assert found.config == 'tsm_r18_1x1x8_10e_embedded_rgb.py'
        assert found.checkpoint.endswith('epoch_3.pth') and found.average_clips == 'score'
    np.testing.assert_array_equal(files[0].scores, read_scores(work / 'last_pred.pkl').scores)


def test_a_killed_run_resumes_to_the_same_bits(trained, embedded, tmp_path):
    whole, _ = trained
    command = ['tools/train.py', TSM, '--work-dir', tmp_path, '--validate', *SAME,
               *options(embedded)]
    process = start(*command)
    mark = tmp_path / 'last_checkpoint'
    deadline = time.monotonic() + 120
    while not mark.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.stdout.read()[-3000:]
    assert not (tmp_path / 'epoch_3.pth').exists()
    out = run(command[0], command[1], '--resume', *command[2:])
    assert 'resumed epoch' in out
    for one, other in zip(weights(whole / 'epoch_3.pth'), weights(tmp_path / 'epoch_3.pth'),
                          strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize('workers', [1, 2])
def test_workers_do_not_change_a_run(trained, embedded, tmp_path, workers):
    run('tools/train.py', TSM, '--work-dir', tmp_path, *SAME, *options(
        embedded, train_dataloader__num_workers=workers,
        train_dataloader__persistent_workers=workers == 2))
    assert_same_bits(weights(trained[0] / 'epoch_3.pth')[0], weights(tmp_path / 'epoch_3.pth')[0])


def launched(port, *command):
    return run('-m', 'torch.distributed.run', '--nproc_per_node', '2', '--master_port', port,
               *command, '--launcher', 'pytorch')


def test_two_processes_give_the_metrics_of_one(trained, embedded, tmp_path):
    checkpoint = trained[0] / 'epoch_3.pth'
    # 7 samples do not divide among 2 processes: one is shown twice and must be counted once.
    short = tmp_path / 'seven.txt'
    short.write_text('\n'.join((embedded / 'val_videos.txt').read_text().splitlines()[:7]))
    command = ['tools/test.py', TSM, checkpoint, '--eval', 'top_k_accuracy',
               'mean_class_accuracy', '--work-dir', tmp_path]
    chosen = options(embedded, test_dataloader__dataset__ann_file=short)
    one = run(*command, '--out', tmp_path / 'one.json', *chosen)
    two = launched(29631, *command, '--out', tmp_path / 'two.json', *chosen)
    assert printed(one) and printed(one) == printed(two)
    first, second = (read_scores(tmp_path / f'{n}.json') for n in ('one', 'two'))
    assert first.names == second.names and len(first.names) == 7
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-5)


def test_two_processes_train(embedded, tmp_path):
    out = launched(29633, 'tools/train.py', TSM, '--work-dir', tmp_path, '--validate', *SAME,
                   *options(embedded, train_cfg__max_epochs=2, param_scheduler__1__end=2))
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert 'Distributed training: True' in log and 'Distributed training' not in out
    validated = [line for line in out.splitlines() if 'Epoch(val) [2]' in line][-1]
    again = run('tools/test.py', TSM, tmp_path / 'epoch_2.pth', '--eval', 'top_k_accuracy',
                '--work-dir', tmp_path, *options(embedded))
    assert f'top1_acc: {printed(again)["top1_acc"]}' in validated


def test_audio_and_fusion(trained, embedded, tmp_path):
    run('tools/train.py', AUDIO, '--work-dir', tmp_path, '--amp', *SAME, *options(
        embedded, 'audio_features'))
    run('tools/test.py', AUDIO, tmp_path / 'epoch_3.pth', '--out', tmp_path / 'audio.pkl',
        '--work-dir', tmp_path, *options(embedded, 'audio_features'))
    out = run('tools/analysis/report_accuracy.py', '--scores', trained[0] / 'last_pred.pkl',
              tmp_path / 'audio.pkl', '--datalist', embedded / 'val_videos.txt', '--coefficient',
              1, 1)
    video, sound = read_scores(trained[0] / 'last_pred.pkl'), read_scores(tmp_path / 'audio.pkl')
    best = (video.scores + sound.scores).argmax(1)
    assert f'Top 1 Accuracy: {np.mean(best == np.array(video.labels)):.4f}' in out


def test_fused_norms_and_average_clips(trained, embedded, tmp_path):
    common = [TSM, trained[0] / 'epoch_3.pth', '--work-dir', tmp_path]
    main = main_of('tools/test.py')
    for name, flags in (('plain', []), ('fused', ['--fuse-conv-bn']),
                        ('prob', ['--average-clips', 'prob'])):
        assert main([*map(str, common), '--out', str(tmp_path / f'{name}.pkl'), *flags,
                     *options(embedded)]) == 0
    plain, fused, prob = (read_scores(tmp_path / f'{n}.pkl') for n in ('plain', 'fused', 'prob'))
    np.testing.assert_allclose(fused.scores, plain.scores, atol=1e-4)
    exp = np.exp(plain.scores - plain.scores.max(1, keepdims=True))
    np.testing.assert_allclose(prob.scores, exp / exp.sum(1, keepdims=True), atol=1e-5)
    assert prob.average_clips == 'prob'


SNIPPET = '''
_base_ = [{leaf!r}]
img_norm_cfg = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_bgr=False)
test_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, twice_sample=True,
         test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='ThreeCrop', crop_size=256),
    dict(type='Normalize', **img_norm_cfg),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
    dict(type='ToTensor', keys=['imgs'])
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
model = dict(test_cfg=dict(average_clips=None))
'''


def test_the_published_test_pipeline_runs_in_a_config(trained, embedded, tmp_path):
    config = tmp_path / 'snippet.py'
    config.write_text(SNIPPET.format(leaf=TSM))
    two = tmp_path / 'two.txt'
    two.write_text('\n'.join((embedded / 'val_videos.txt').read_text().splitlines()[:2]))
    status = main_of('tools/test.py')([
        str(config), str(trained[0] / 'epoch_3.pth'), '--out', str(tmp_path / 'views.pkl'),
        '--work-dir', str(tmp_path), *options(embedded, test_dataloader__dataset__ann_file=two,
                                              test_dataloader__batch_size=1)])
    assert status == 0
    # twice_sample gives 2 clips of 8 frames, each in 3 crops: 6 views that nothing averages.
    assert [views.shape for views in read_scores(tmp_path / 'views.pkl').scores] == [(6, 8)] * 2
