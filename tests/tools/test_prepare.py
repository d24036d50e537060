"""From a folder of videos to lists and a config: what is written, left out and said."""
import shutil
import sys
from pathlib import Path

import pytest

from mmvideo.datasets.lists import read_rows
from mmvideo.engine import load_config
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import own_config  # noqa: E402
import prepare  # noqa: E402


@pytest.fixture(scope='module')
def folder(embedded, tmp_path_factory):
    """Two classes, one with a blank; four recordings cut in two each, a copy, two damaged files."""
    home = tmp_path_factory.mktemp('own') / 'my videos'
    clips = sorted((embedded / 'videos/train').glob('*.mp4'))
    names = [f'{name}/{source}_{part:03d}.mp4' for name, sources in (
        ('jump high', ('tom', 'eve')), ('run', ('ann', 'bob'))) for source in sources
        for part in (1, 2)]
    for name, clip in zip(names, clips, strict=False):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, home / name)
    shutil.copy(home / 'run/ann_001.mp4', home / 'run/copy.mp4')
    (home / 'run/short.mp4').write_bytes(clips[0].read_bytes()[:4000])
    (home / 'run/text.mp4').write_text('no video')
    (home / 'run/notes.txt').write_text('no video either')
    (home / 'empty').mkdir()
    return home


def paths(list_file):
    return {fields[0]: int(fields[1]) for _, fields in read_rows(list_file, (), 'filename')}


@pytest.mark.parametrize('model', own_config.MODELS)
def test_lists_names_and_a_config(folder, tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    lines = prepare.prepare(folder, 'data/mine', val_share=0.4, model=model)
    out = tmp_path / 'data/mine'
    assert (out / 'classes.txt').read_text().split('\n') == ['jump high', 'run', '']
    train, val = paths(out / 'train.txt'), paths(out / 'val.txt')
    assert len(train) + len(val) == 9 and not set(train) & set(val)
    for side in (train, val):
        assert {label: name.split('/')[0] for name, label in side.items()} == {
            0: 'jump high', 1: 'run'}
        # Parts of a recording are together, and so is a copy.
        assert len([n for n in side if 'tom_' in n]) in (0, 2)
        assert len([n for n in side if 'ann_' in n or 'copy' in n]) in (0, 3)
    text = '\n'.join(lines)
    assert (out / 'report.txt').read_text() == text + '\n'
    assert '4 sources in 9 files; none is on both sides.' in text
    assert '1 files are copies of others, for example run/ann_001.mp4 = run/copy.mp4' in text
    assert '2 files left out:' in text and 'short.mp4: cannot be opened as a video' in text
    row = next(line for line in lines if line.startswith('run '))
    assert row.split()[1:4] == [str(sum(v == 1 for v in train.values())),
                                str(sum(v == 1 for v in val.values())), '2']

    cfg = load_config('data/mine/config.py')
    assert cfg.model.cls_head.num_classes == 2
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    sample = dataset[0]
    size = {'small': 64, 'r50': 224}[model]
    assert tuple(sample['imgs'].shape) == (8, 3, size, size)
    assert len(DATASETS.build(cfg.val_dataloader.dataset)) == len(val)


def test_parts_are_found_from_near_and_far(tmp_path):
    base = tmp_path / 'here/configs/_base_'
    assert own_config._from(tmp_path / 'here/data/x', base, 'models/a.py') == \
        '../../configs/_base_/models/a.py'
    assert own_config._from(tmp_path / 'there', base, 'a.py') == str(base / 'a.py')


def test_the_seed_and_the_source_can_be_told(folder, tmp_path):
    found = []
    for k, options in enumerate([{}, {}, dict(group_by='([a-z])')]):
        prepare.prepare(folder, tmp_path / str(k), val_share=0.4, **options)
        found.append((tmp_path / str(k) / 'val.txt').read_text())
    assert found[0] == found[1]
    # First letters t, e, a, b, and the copy of one of them.
    assert '4 sources' in (tmp_path / '2/report.txt').read_text()


@pytest.mark.parametrize('names, word', [
    (['a/x.mp4'], 'at least two; found a'), (['x.mp4'], 'found none'),
    (['train/a/x.mp4', 'val/a/y.mp4'], 'is divided into train, val already'),
    (['a/x.mp4', 'b/y.mp4'], 'videos of 0 classes can be read')])
def test_folders_that_do_not_do(tmp_path, names, word):
    for name in names:
        (tmp_path / 'in' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'in' / name).write_text('no video')
    with pytest.raises(InputError, match=word):
        prepare.prepare(tmp_path / 'in', tmp_path / 'out')


def test_other_errors(folder, tmp_path):
    with pytest.raises(MissingFileError, match='nowhere'):
        prepare.prepare(tmp_path / 'nowhere', tmp_path)
    with pytest.raises(InputError, match='--val-share'):
        prepare.prepare(folder, tmp_path, val_share=1)
    with pytest.raises(InputError, match='nothing is left for validation'):
        prepare.prepare(folder, tmp_path, group_by='(0)')


@pytest.mark.slow
def test_the_config_trains(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert prepare.main([str(folder), '--out', 'own data', '--num-workers', '2']) is None
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "ready: python tools/train.py 'own data/config.py' --validate"
    # A config that does not train is told.
    config = tmp_path / 'own data/config.py'
    config.write_text(config.read_text().replace('num_classes = 2', 'num_classes = 1'))
    with pytest.raises(InputError, match='does not train: .*num_classes'):
        prepare.try_out('own data')
