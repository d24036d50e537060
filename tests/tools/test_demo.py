"""The demo: the five best on the console, as JSON, or drawn on the video."""
import json
import re
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from runs import AUDIO, TSM, main_of, options, run  # noqa: E402

from mmvideo.engine.run import load_config  # noqa: E402
from mmvideo.registry import MODELS  # noqa: E402


@pytest.fixture(scope='module')
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp('demo')
    for name, path in (('sight', TSM), ('sound', AUDIO)):
        cfg = load_config(path, {'model.backbone.base_channels': 8,
                                 'model.cls_head.in_channels': 64})
        torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), folder / f'{name}.pth')
    return folder


@pytest.fixture
def demo(embedded, checkpoints, capsys):
    """Calls the demo on a video; gives its status, what it prints, and its errors."""
    def call(*flags, video=embedded / 'videos/val/clip_00000.mp4',
             labels=embedded / 'classes.txt', kind='videos'):
        config, name = (TSM, 'sight') if kind == 'videos' else (AUDIO, 'sound')
        status = main_of('tools/demo.py')([str(word) for word in (
            config, checkpoints / f'{name}.pth', video, labels, '--device', 'cpu', *flags,
            *options(embedded, kind))])
        return status, *capsys.readouterr()
    return call


def parsed(out, classes):
    *lines, last = out.splitlines()
    assert len(lines) == 5
    found = [re.fullmatch(r'(.+): (-?\d+\.\d{4})', line).groups() for line in lines]
    scores = [float(score) for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert len({label for label, _ in found} & set(classes)) == 5
    assert last == 'Top 5 predicted labels: ' + ', '.join(label for label, _ in found)
    return found


@pytest.fixture(scope='module')
def classes(embedded):
    return (embedded / 'classes.txt').read_text().splitlines()


def test_five_lines(demo, embedded, classes):
    status, out, err = demo()
    assert (status, err) == (0, '')
    parsed(out, classes)
    status, out, err = demo(kind='audio_features',
                            video=embedded / 'audio_features/val/clip_00000.npy')
    assert (status, err) == (0, '')
    parsed(out, classes)


def test_the_command_itself(embedded, checkpoints, classes):
    out = run('tools/demo.py', TSM, checkpoints / 'sight.pth',
              embedded / 'videos/val/clip_00001.mp4', embedded / 'classes.txt', *options(embedded))
    parsed(out, classes)


def test_json(demo, tmp_path, classes):
    path = tmp_path / 'new' / 'best.json'
    status, out, _ = demo('--out', path)
    assert status == 0 and f'written: {path}' in out
    content = json.loads(path.read_text())
    assert content['video'].endswith('val/clip_00000.mp4')
    printed = parsed(out.replace(f'written: {path}\n', ''), classes)
    assert [(best['label'], f'{best["score"]:.4f}') for best in content['top5']] == printed


@pytest.mark.parametrize('suffix', ['mp4', 'gif'])
def test_drawn_on_the_video(demo, embedded, tmp_path, suffix):
    path = tmp_path / f'drawn.{suffix}'
    status, out, err = demo('--out', path)
    assert (status, err) == (0, '')
    with av.open(str(embedded / 'videos/val/clip_00000.mp4')) as container:
        count = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    assert len(frames) == count
    height, width = frames[0].shape[:2]
    # Text is drawn in the upper left corner: white letters, which the clips do not have there.
    corner = np.stack(frames)[:, :height // 2, :width // 2]
    assert (corner.min(axis=-1) > 200).any(axis=(1, 2)).all()


@pytest.mark.parametrize('out, message', [
    ('best.txt', r'best.txt: expected a name that ends in .mp4, .gif or .json'),
    ('best', 'expected a name that ends in'),
])
def test_wrong_suffix(demo, tmp_path, out, message):
    status, said, err = demo('--out', tmp_path / out)
    assert status == 2 and said == '' and re.search(message, err)
    assert err.startswith('error: --out') and len(err.splitlines()) == 1


def test_nothing_to_draw_on(demo, embedded, tmp_path):
    status, said, err = demo('--out', tmp_path / 'a.mp4', kind='audio_features',
                             video=embedded / 'audio_features/val/clip_00000.npy')
    assert status == 2 and said == '' and 'only a video file can be drawn on' in err
    status, _, err = demo('--out', tmp_path / 'a.gif', video=tmp_path)
    assert status == 2 and 'only a video file can be drawn on' in err


def test_wrong_input(demo, tmp_path):
    names = tmp_path / 'three.txt'
    names.write_text('a\nb\nc\n')
    for more, message in (
            (dict(labels=names), r'three.txt: 3 class names, but the model scores 8 classes'),
            (dict(labels=tmp_path / 'gone.txt'), r'file of class names \S*gone.txt does not exist'),
            (dict(video='gone.mp4'), 'video gone.mp4 does not exist'),
            (dict(video=names), r'three.txt: cannot be opened as a video'),
            (dict(kind='audio_features'), 'whose test pipeline decodes frames')):
        status, said, err = demo(**more)
        assert (status, said) == (2, ''), message
        assert len(err.splitlines()) == 1 and re.search(f'^error: .*{message}', err), err
