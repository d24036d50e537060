"""Wrong input ends a command with status 2 and one line: what, where, what was expected."""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import (  # noqa: E402
    AUDIO,
    ROOT,
    TSM,
    environment,
    main_of,
    options,
    write_audio_only,
)

from mmvideo.engine.run import load_config  # noqa: E402
from mmvideo.registry import MODELS  # noqa: E402

TOP_K = ('--eval', 'top_k_accuracy')
SMALL = {'model.backbone.base_channels': 8, 'model.cls_head.in_channels': 64}
TRAIN_LIST = 'train_dataloader__dataset__ann_file'
VAL_LIST = 'val_dataloader__dataset__ann_file'
TEST_LIST = 'test_dataloader__dataset__ann_file'
# A list that breaks off leaves classes without a sample, which is worth a warning in real life.
pytestmark = pytest.mark.filterwarnings('ignore:.*classes have no sample')


def save_weights(path, config=TSM, **values):
    """A checkpoint of a network that was never trained."""
    found = {**SMALL, **{key.replace('__', '.'): value for key, value in values.items()}}
    model = MODELS.build(load_config(config, found).model)
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return path


@pytest.fixture(scope='module')
def bad(embedded, tmp_path_factory):
    """A folder of broken videos and of checkpoints that do not fit."""
    out = tmp_path_factory.mktemp('bad')
    content = (embedded / 'videos/train/clip_00000.mp4').read_bytes()
    (out / 'cut.mp4').write_bytes(content[:len(content) * 2 // 3])
    (out / 'zero.mp4').write_bytes(b'')
    (out / 'text.mp4').write_text('no video\n' * 50)
    write_audio_only(out / 'sound.mp4')
    save_weights(out / 'good.pth', model__cls_head__num_classes=8)
    save_weights(out / 'five.pth', model__cls_head__num_classes=5)
    save_weights(out / 'eighty.pth', model__cls_head__num_classes=80)
    save_weights(out / 'audio.pth', AUDIO)
    (out / 'damaged.pth').write_bytes((out / 'good.pth').read_bytes()[:5000])
    (out / 'text.pth').write_text('no checkpoint')
    torch.save([1, 2], out / 'list.pth')
    return out


def arguments(embedded, work_dir, *flags, **more):
    return [*map(str, flags), '--work-dir', str(work_dir), *options(embedded, **more)]


@pytest.fixture
def refused(embedded, tmp_path, capsys):
    """Calls a command that has to fail; gives the one line that it says."""
    def run(tool, *flags, **more):
        flags = (TSM, *flags) if flags[:1] != ('--config',) else flags[1:]
        try:
            status = main_of(f'tools/{tool}.py')(
                arguments(embedded, tmp_path / 'work', *flags, **more))
        except SystemExit as stop:      # argparse, which shows the usage first
            status, said = stop.code, capsys.readouterr().err.splitlines()[-1:]
        else:
            said = capsys.readouterr().err.splitlines()
        assert status == 2
        assert len(said) == 1, '\n'.join(said)
        assert re.search(r'^error: |: error: ', said[0]), said[0]
        return said[0].partition('error: ')[2]
    return run


def holds(text, message):
    assert re.search(message, text), text


@pytest.mark.parametrize('content, message', [
    (None, r'^ann_file: \S*list.txt does not exist'),
    ('', r'^ann_file: \S*list.txt holds no sample'),
    ('\n\n', r'holds no sample'),
    ('{0}\nonly_a_path.mp4\n', r"list.txt, line 2: has no label.*expected `filename label`, found "
     r"'only_a_path.mp4'"),
    ('{0}\n\nmy video.mp4 3\n', r"list.txt, line 3: label 'video.mp4' is no whole number; expected "
     r"`filename label`, found 'my video.mp4 3'"),
    ('{0}\na.mp4 1.5\n', r"line 2: label '1.5' is no whole number"),
    ('{0}\na.mp4 -2\n', r"labels start at 0; .*line 2: label -2, expected .*found 'a.mp4 -2'"),
    ('a.npy 189 1\n', r"line 1: 2 labels \[189, 1\], expected one.*found 'a.npy 189 1'"),
    ('a.mp4 1\n\xff', r'list.txt is no UTF-8 text'),
])
def test_lists(refused, embedded, tmp_path, content, message):
    first = (embedded / 'train_videos.txt').read_text().splitlines()[0]
    path = tmp_path / 'list.txt'
    if content is not None:
        path.write_bytes(content.replace('{0}', first).encode('latin-1'))
    holds(refused('train', **{TRAIN_LIST: path}), message)


@pytest.mark.parametrize('tool, flags, key', [
    ('train', [], TRAIN_LIST), ('train', ['--validate'], VAL_LIST), ('test', TOP_K, TEST_LIST)])
def test_a_label_outside_is_found_before_the_first_iteration(refused, bad, tmp_path, tool, flags,
                                                             key):
    path = tmp_path / 'long.txt'
    # None of these videos exists, so the first iteration would fail in another way.
    path.write_text(''.join(f'gone_{k}.mp4 {k if k < 11 else 80}\n' for k in range(15)))
    if tool == 'test':
        flags = [bad / 'eighty.pth', *flags]
    said = refused(tool, *flags, model__cls_head__num_classes=80, classes=None, **{key: path})
    holds(said, r'^labels start at 0; \S*long.txt, line 12: label 80, expected 0\.\.79 ')


def test_class_names_of_another_count(refused, tmp_path):
    path = tmp_path / 'names.txt'
    path.write_text('walk\nsit\n')
    holds(refused('train', classes=path), r'the head has 8 classes \(model.cls_head.num_classes\), '
          r'but there are 2 class names in \S*names.txt')
    holds(refused('train', classes=tmp_path / 'gone.txt'), r'gone.txt does not exist')


@pytest.mark.parametrize('flags, key', [(['--validate'], VAL_LIST), (TOP_K, TEST_LIST)])
def test_accuracy_needs_labels(refused, bad, tmp_path, flags, key):
    path = tmp_path / 'unlabeled.txt'
    path.write_text('val/clip_00000.mp4 1\nval/clip_00001.mp4\n')
    flags = [bad / 'good.pth', *flags] if key == TEST_LIST else flags
    said = refused('test' if key == TEST_LIST else 'train', *flags, **{key: path})
    holds(said, r'unlabeled.txt, line 2: has no label, but accuracy needs one')


VIDEOS = [
    ('gone', 'no such video file'),
    ('cut', 'cannot be opened as a video; it is truncated, or another kind of file'),
    ('sound', 'has no video stream'),
    ('zero', r'the file is empty \(0 bytes\)'),
    ('text', r'cannot be opened as a video; .*\(Invalid data found when processing input\)')]


@pytest.mark.parametrize('name, message', VIDEOS)
def test_videos(refused, bad, embedded, tmp_path, name, message):
    listed = (embedded / 'train_videos.txt').read_text().splitlines()
    path = tmp_path / 'list.txt'
    path.write_text('\n'.join([*listed[:2], f'{bad}/{name}.mp4 3', listed[2]]))
    holds(refused('train', **{TRAIN_LIST: path}), rf'list.txt, line 3\).*{name}.mp4: {message}')
    holds(refused('test', bad / 'good.pth', *TOP_K, **{TEST_LIST: path}),
          rf'list.txt, line 3\).*{name}.mp4: {message}')


@pytest.mark.parametrize('tool, name, message', [('train', *VIDEOS[1]), ('test', *VIDEOS[0])])
def test_a_worker_fails_in_one_line(bad, embedded, tmp_path, tool, name, message):
    listed = (embedded / 'train_videos.txt').read_text().splitlines()
    path = tmp_path / 'list.txt'
    path.write_text('\n'.join([*listed, f'{bad}/{name}.mp4 3']))
    flags = [] if tool == 'train' else [bad / 'good.pth', *TOP_K]
    more = {f'{tool}_dataloader__num_workers': 2, f'{tool}_dataloader__persistent_workers': True,
            f'{tool}_dataloader__dataset__ann_file': path,
            'test_dataloader__dataset__data_prefix': embedded / 'videos'}
    done = subprocess.run(
        [sys.executable, f'tools/{tool}.py', *arguments(embedded, tmp_path, TSM, *flags, **more)],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(said) == 1, done.stderr
    holds(said[0], rf'^error: \S*{name}.mp4 \(\S*list.txt, line 17\): \S*{name}.mp4: {message}')


@pytest.mark.parametrize('key, value, message', [
    ('model__backbone__type', 'ResNetTSN', r"^model.backbone.type: 'ResNetTSN' .*'ResNetTSM'"),
    ('train_dataloader__dataset__pipeline__1__type', 'SampleFrame',
     r"^train_dataloader.dataset.pipeline\[1\].type: 'SampleFrame' .* 'SampleFrames'"),
    ('train_dataloader__dataset__type', 'VidoDataset',
     r"^train_dataloader.dataset.type: 'VidoDataset' .* 'VideoDataset'"),
    ('val_evaluator__type', 'AccMetrics', r"^val_evaluator\[0\].type: 'AccMetrics' .*'AccMetric'"),
    ('model__cls_hed__num_classes', 9, r"^model: .* no argument 'cls_hed'; .*'cls_head'"),
    ('train_dataloader__dataset__pipeline__1__clip_length', 3,
     r"^train_dataloader.dataset.pipeline\[1\]: SampleFrames takes no argument 'clip_length'; did "
     r"you mean 'clip_len'"),
    ('train_dataloader__dataset__pipeline__77__clip_len', 3,
     r'^--cfg-options train_dataloader.dataset.pipeline.77.clip_len does not fit \S*rgb.py: '
     r"train_dataloader.dataset.pipeline is a list, expected an index 0..7, not '77'$"),
    ('train_dataloader__batch_size__x', 3, r'train_dataloader.batch_size is 4, which holds no'),
    ('train_dataloader__batch_size', 0, r'^train_dataloader.batch_size: .* number >= 1, got 0'),
    ('train_dataloader__num_workers', 'two', r"num_workers: .* number >= 0, got 'two'"),
    ('train_dataloader__dataset__pipeline', 'flip', r"pipeline: expected a list .* got 'flip'"),
    ('train_cfg__max_epoch', 3, r"^train_cfg: .* no argument 'max_epoch'; .*'max_epochs'"),
    ('train_cfg__val_interval', 0, r'^train_cfg.val_interval: expected a whole number >= 1, got 0'),
    ('train_cfg__type', 'EpochBasedTrainLoop', r"^train_cfg: expected 'by_epoch' .* or 'type'"),
    ('val_cfg__type', 'ValLop', r"^val_cfg.type: 'ValLop' .*'ValLoop'"),
    ('optim_wrapper__optimizer__lr', 'fast', r"^optim_wrapper.optimizer.lr: .* got 'fast'"),
    ('optim_wrapper__clip_grad__max_nrm', 9, r"^optim_wrapper.clip_grad: .*'max_nrm'.*'max_norm'"),
    ('param_scheduler__0__start_facto', 9, r"^param_scheduler\[0\]: LinearLR .*'start_factor'"),
    ('default_hooks__checkpoint__save_best', 'top1',
     r"^default_hooks.checkpoint.save_best: no metric 'top1'; expected 'auto', top1_acc"),
    ('visualizer__type', 'Visualiser', r"^visualizer.type: 'Visualiser' .*'Visualizer'"),
    ('log_level', 'LOUD', r"^log_level: expected DEBUG, .* got 'LOUD'"),
    ('randomness__seed', 'x', r"^randomness.seed: expected a whole number >= 0, got 'x'"),
    ('model__backbone__depth', 19, r'ResNetTSM: depth must be one of 18, .* not 19'),
    ('model__cls_head__in_channels', 63, r'in_channels is 63, the features have 64'),
    ('model__data_preprocessor__mean', '[1,2]', r'mean has 2 values, frames have 3 channels'),
    ('model__backbone__pretrained', 'gone.pth', r'checkpoint gone.pth does not exist'),
])
def test_config_values(refused, key, value, message):
    holds(refused('train', '--validate', **{key: value}), message)


@pytest.mark.parametrize('name, message', [
    ('gone.pth', r'^checkpoint \S*gone.pth does not exist'),
    ('audio.pth', r'audio.pth: 93 of 102 keys match; 1 of another shape: backbone.conv1.conv.'
     r'weight \(\(8, 1, 7, 7\) -> \(8, 3, 7, 7\)\); 8 not in the checkpoint: backbone.layer1.0.'
     r'conv1.conv.net.weight, .*; 8 not in the model: backbone.layer1.0.conv1.conv.weight, .* and '
     r'4 more'),
    ('five.pth', r'five.pth: 100 of 102 keys match; 2 of another shape: cls_head.fc_cls.bias '
     r'\(\(5,\) -> \(8,\)\), .*The class count differs: set model.cls_head.num_classes'),
    ('damaged.pth', r'^\S*damaged.pth is no checkpoint that torch can read'),
    ('text.pth', r'^\S*text.pth is no checkpoint that torch can read'),
    ('list.pth', r'^\S*list.pth holds a list; expected a dict of tensors'),
])
def test_checkpoints(refused, bad, name, message):
    holds(refused('test', bad / name, *TOP_K), message)


def test_a_checkpoint_of_another_network_shows_keys_of_both(refused, bad, tmp_path):
    torch.save(dict(state_dict={f'trunk.{k}': torch.zeros(2) for k in range(6)}),
               tmp_path / 'trunk.pth')
    for tool, flags in (('test', [tmp_path / 'trunk.pth', *TOP_K]), ('train', [])):
        said = refused(tool, *flags, load_from=tmp_path / 'trunk.pth')
        holds(said, r'trunk.pth: 0 of 102 keys match; 102 not in the checkpoint: '
              r'backbone.conv1.bn.bias, .* and 98 more; 6 not in the model: trunk.0, trunk.1, .*'
              r"only 0 of the 100 keys of the model's backbone match$")


def test_load_from_keeps_what_fits(embedded, bad, tmp_path):
    argv = arguments(embedded, tmp_path, TSM, load_from=bad / 'five.pth', train_cfg__max_epochs=1,
                     optim_wrapper__optimizer__lr=0)
    assert main_of('tools/train.py')(argv) == 0
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert 'five.pth: 100 of 102 keys match; 2 of another shape' in log
    assert 'Re-initialized: cls_head.fc_cls.bias, cls_head.fc_cls.weight' in log
    loaded, trained = (torch.load(path)['state_dict']
                       for path in (bad / 'five.pth', tmp_path / 'epoch_1.pth'))
    assert trained['cls_head.fc_cls.weight'].shape == (8, 64)
    kernels = [key for key, value in trained.items() if value.dim() == 4]
    assert len(kernels) == 20
    assert all(torch.equal(trained[key], loaded[key]) for key in kernels)


@pytest.mark.parametrize('flags, message', [
    (['--eval', 'top_acc'], r"no metric 'top_acc'; did you mean 'top_k_accuracy'\?.* "
     'mean_class_accuracy, mean_average_precision'),
    ([], 'nothing to do: give --out FILE, --eval NAME or both'),
    (['--out', 'x.txt'], r"x.txt: scores are kept in files that end with .json, .* not '.txt'"),
    (['--out', 'tests'], '--out tests: expected the name of a file'),
    (['--out', 'setup.py/scores.json'], 'File exists|Not a directory'),
    ([*TOP_K, '--eval-options', 'topk=(1,3)'], r'--eval-options topk=\(1, 3\): expected METRIC'),
    ([*TOP_K, '--eval-options', 'topk'], "argument --eval-options: expected KEY=VALUE, got 'topk'"),
    ([*TOP_K, '--eval-options', 'top_k_accuracy.topk=(1,3'], 'the brackets do not match'),
    ([*TOP_K, '--eval-options', 'top_k_accuracy.topk=0'], r'topk=\(0,\): whole numbers above 0'),
    ([*TOP_K, '--eval-options', 'top_k_accuracy.k=3'], "top_k_accuracy takes no option 'k'"),
    ([*TOP_K, '--eval-options', 'top_k.topk=3'], "no metric 'top_k'; .*'top_k_accuracy'"),
    ([*TOP_K, '--eval-options', 'top_k_accuracy.topk=3', 'top_k_accuracy.topk.x=3'],
     'top_k_accuracy.topk.x=3: topk is set already'),
    ([*TOP_K, '--average-clips', 'best'], r"--average-clips: invalid choice: 'best'"),
])
def test_flags_of_testing(refused, bad, flags, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    holds(refused('test', bad / 'good.pth', *flags), message)


@pytest.mark.parametrize('flags, more, message', [
    (['--resume', 'gone.pth'], {}, r'^checkpoint gone.pth does not exist'),
    (['--auto-scale-lr'], dict(auto_scale_lr__base_batch_size=None),
     r'^--auto-scale-lr needs auto_scale_lr.base_batch_size in the config'),
    (['--auto-scale-lr'], dict(auto_scale_lr='None'), r'^--auto-scale-lr needs auto_scale_lr.base'),
    (['--test-best'], dict(val_dataloader=None), r'has no val_dataloader, which .*--test-best'),
    (['--validate'], dict(val_dataloader=None), r'has no val_dataloader, which --validate'),
    (['--test-last'], dict(test_dataloader=None), r'has no test_dataloader, which --test-last'),
    (['--test-best'], dict(default_hooks__checkpoint__save_best=None),
     r'^--test-best needs default_hooks.checkpoint.save_best'),
    (['--amp'], dict(optim_wrapper__type='Other'), r"^--amp cannot replace .*'Other'"),
    (['--seed', 'one'], {}, r"--seed: invalid int value: 'one'"),
    (['--cfg-options', 'model'], {}, r"--cfg-options: expected KEY=VALUE, got 'model'"),
])
def test_flags_of_training(refused, flags, more, message):
    holds(refused('train', *flags, **more), message)


def test_resuming_wants_a_training_checkpoint(refused, bad):
    holds(refused('train', '--resume', bad / 'good.pth'), r'good.pth cannot be resumed: .* to '
          'start from its weights alone, use load_from')


def test_a_work_dir_that_cannot_be_made(refused, embedded, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    argv = arguments(embedded, tmp_path / 'file', TSM)
    assert main_of('tools/train.py')(argv) == 2
    holds(capsys.readouterr().err, r'^error: .*File exists: \S*file')


@pytest.mark.parametrize('content, message', [
    (None, r"config \S*mine.py does not exist; did you mean '\S*/mine_too.py'\?"),
    ('a = 1\nmodel = dict(\n', r'mine.py cannot be read: SyntaxError in \S*mine.py, line 2: '),
    ('a = 1\nb = c\n', r"mine.py cannot be read: NameError in \S*mine.py, line 2: name 'c' is not"),
    ('a = 1 / 0\n', r'mine.py cannot be read: ZeroDivisionError in \S*mine.py, line 1'),
    ("_base_ = ['part.py']\n", r'mine.py cannot be read: SyntaxError in \S*part.py, line 1: '),
    ("_base_ = ['gone.py']\n", r"mine.py cannot be read: .*No such file .*: '\S*gone.py'"),
    ("model = dict(type='Recognizer2D')\ntotal_epochs = 50\ndata = dict(videos_per_gpu=8)\n",
     r"config key 'total_epochs' is of the 0.x line; today it is train_cfg.max_epochs"),
    ("optimizer = dict(type='SGD')\n", r"'optimizer' is of the 0.x line; today it is optim_w"),
    ('train_datalodaer = dict()\n', r"key 'train_datalodaer'; did you mean 'train_dataloader'"),
    ('train_cfg = dict(by_epoch=True)\n', r"mine.py cannot train: 'train_dataloader' is missing"),
])
def test_config_files(tmp_path, capsys, content, message):
    path = tmp_path / 'mine.py'
    (tmp_path / 'mine_too.py').write_text('')
    (tmp_path / 'part.py').write_text('x = )\n')
    if content is not None:
        path.write_text(content)
    assert main_of('tools/train.py')([str(path)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    holds(said, f'^error: .*{message}')


def test_three_classes_are_measured_up_to_top_3(embedded, tmp_path, capsys):
    names, lists = tmp_path / 'classes.txt', {}
    names.write_text('a\nb\nc\n')
    for phase, part in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        listed = (embedded / f'{part}_videos.txt').read_text().splitlines()
        path = tmp_path / f'{part}.txt'
        path.write_text(''.join(f'{line.split()[0]} {k % 3}\n' for k, line in enumerate(listed)))
        lists[f'{phase}_dataloader__dataset__ann_file'] = path
    more = dict(lists, classes=names, model__cls_head__num_classes=3, train_cfg__max_epochs=1)
    argv = arguments(embedded, tmp_path, TSM, '--validate', **more)
    assert main_of('tools/train.py')(argv) == 0
    capsys.readouterr()
    argv = arguments(embedded, tmp_path, TSM, tmp_path / 'epoch_1.pth', *TOP_K, **more)
    assert main_of('tools/test.py')(argv) == 0
    said = capsys.readouterr().out
    assert 'top3_acc: 1.0000' in said and 'top1_acc: ' in said and 'top5_acc' not in said


def test_ctrl_c_ends_training_and_its_workers(embedded, tmp_path):
    more = dict(train_dataloader__num_workers=2, train_dataloader__persistent_workers=True,
                train_cfg__max_epochs=500)
    log = tmp_path / 'console.txt'
    with open(log, 'w') as file:
        process = subprocess.Popen(
            [sys.executable, 'tools/train.py', *arguments(embedded, tmp_path, TSM, **more)],
            cwd=ROOT, env=environment(), stdout=file, stderr=file, start_new_session=True,
            # Tests that a shell runs in the background would hand on that Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    deadline = time.monotonic() + 120
    while not (tmp_path / 'last_checkpoint').is_file() and time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)       # as a terminal does it: workers get it too
    assert process.wait(30) == 130
    assert log.read_text().endswith('interrupted\n') and 'Traceback' not in log.read_text()
    with pytest.raises(ProcessLookupError):     # nobody of the group is left
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.05)
