"""Bad videos of a config, a list or a folder are found, and what is left is a list again."""
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from mmvideo.errors import InputError, MissingFileError

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / 'tools' / 'data')]

import check_videos  # noqa: E402
from runs import AUDIO, TSM, options, write_audio_only  # noqa: E402


@pytest.fixture
def home(embedded, tmp_path, monkeypatch):
    """Four good videos and four that are not, and lists of them; also the working directory."""
    folder = tmp_path / 'videos'
    (folder / 'a b').mkdir(parents=True)
    clips = sorted((embedded / 'videos/train').glob('*.mp4'))
    for k, name in enumerate(('0.mp4', '1.mp4', 'a b/2.mp4', '3.mp4')):
        shutil.copy(clips[k], folder / name)
    content = clips[0].read_bytes()
    (folder / 'cut.mp4').write_bytes(content[:len(content) // 2])
    (folder / 'empty.mp4').write_bytes(b'')
    write_audio_only(folder / 'sound.mp4')
    (tmp_path / 'list.txt').write_text(
        '0.mp4 1\n\ncut.mp4 2\n1.mp4 3 4\ngone.mp4 1\n"a b/2.mp4" 5\nempty.mp4 6\n3.mp4\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, status=1):
    assert check_videos.main([*map(str, arguments), '--num-processes', '1']) == status


def report():
    lines = (json.loads(line) for line in open('invalid-video.jsonl'))
    return {os.path.basename(line['file']): line for line in lines}


def test_a_list(home, capsys):
    run('list.txt', '--data-prefix', home / 'videos')
    said = capsys.readouterr().out
    assert said.startswith('4 videos are good, 3 failed:\n') and 'report: invalid-vid' in said
    assert Path('invalid-video.txt').read_text().split() == [
        f'{home}/videos/{name}.mp4' for name in ('cut', 'gone', 'empty')]
    assert Path('valid-video.txt').read_text() == (
        '0.mp4 1\n\n1.mp4 3 4\n"a b/2.mp4" 5\n3.mp4\n')
    found = report()
    assert found['0.mp4']['good'] and found['0.mp4']['decoder'] == 'pyav'
    assert 'no such video file' in found['gone.mp4']['reason']
    assert 'the file is empty' in found['empty.mp4']['reason']
    import av
    with av.open(str(home / 'videos/0.mp4')) as container:
        stream = container.streams.video[0]
        count = sum(1 for _ in container.decode(stream))
        assert (found['0.mp4']['frames'], found['0.mp4']['width']) == (count, stream.width)


def test_what_was_checked_is_not_checked_again(home, monkeypatch):
    datasets, _ = check_videos.samples_of(str(home / 'videos'))
    looked = []
    check_video = check_videos.check_video
    monkeypatch.setattr(check_videos, 'check_video', lambda path, *options: (
        looked.append(os.path.basename(path)), check_video(path, *options))[1])

    def check(**options):
        looked.clear()
        tally, certain = check_videos.check(datasets, 'bad/list.txt', **options)
        assert sorted(os.path.basename(path) for path in tally.failed) == [
            os.path.basename(path) for path in certain]
        return len(tally.results), len(tally.failed), sorted(looked)

    every = ['0.mp4', '1.mp4', '2.mp4', '3.mp4', 'cut.mp4', 'empty.mp4', 'sound.mp4']
    assert check() == (4, 3, every)
    assert sorted(os.listdir('bad')) == ['list.jsonl', 'list.txt', 'list_good.txt']
    assert '"a b/2.mp4"' in Path('bad/list_good.txt').read_text().splitlines()
    assert check() == (4, 3, [])
    assert check(full=True) == (4, 3, every[:4])        # a bad one stays bad
    assert check() == (4, 3, [])
    assert check(overwrite=True) == (4, 3, every)
    shutil.copy(home / 'videos/0.mp4', home / 'videos/cut.mp4')
    assert check() == (5, 2, ['cut.mp4'])
    assert check(decoder='opencv')[2] == every


def test_files_that_took_too_long_are_tried_again(home, monkeypatch):
    check_videos.write_down('bad.jsonl', str(home / 'videos/0.mp4'), 'pyav', False,
                            dict(good=None, reason='took longer than 1 s'))
    assert check_videos.read_report('bad.jsonl', 'pyav', False) == {}


@pytest.mark.parametrize('name, text, left', [
    ('list.csv', 'label,filename\n1,0.mp4\n2,cut.mp4\n3,1.mp4\n',
     'label,filename\n1,0.mp4\n3,1.mp4\n'),
    ('list.jsonl', '{"filename": "cut.mp4", "label": 1}\n{"filename": "0.mp4", "label": 2}\n',
     '{"filename": "0.mp4", "label": 2}\n'),
    ('list.json', '[{"filename": "cut.mp4", "label": 1}, {"filename": "0.mp4", "label": 2}]',
     '[\n {\n  "filename": "0.mp4",\n  "label": 2\n }\n]\n')])
def test_what_is_left_is_a_list_of_the_same_kind(home, name, text, left):
    Path(name).write_text(text)
    datasets, _ = check_videos.samples_of(name, str(home / 'videos'))
    check_videos.check(datasets, 'invalid-video.txt')
    assert Path(f'valid-video{Path(name).suffix}').read_text() == left


def test_a_config(home, embedded, capsys):
    Path('list.txt').write_text('0.mp4 1\nsound.mp4 2\n')
    run(TSM, '--split', 'val', '--remove-corrupted-videos',
        *options(embedded, val_dataloader__dataset__ann_file='list.txt',
                 val_dataloader__dataset__data_prefix=home / 'videos'))
    assert capsys.readouterr().out.endswith('1 bad videos removed\n')
    assert not (home / 'videos/sound.mp4').exists() and (home / 'videos/cut.mp4').exists()
    named = check_videos.samples_of(TSM, split='train', options={
        'train_dataloader.dataset.ann_file': 'list.txt',
        'train_dataloader.dataset.pipeline.0.type': 'DecordInit'})[1]
    assert named == 'decord'


def test_wrong_input(home):
    with pytest.raises(InputError, match='train_dataloader: AudioFeatureDataset reads no videos'):
        check_videos.samples_of(AUDIO)
    with pytest.raises(MissingFileError, match='nowhere: no such config, list or folder'):
        run('nowhere')
    with pytest.raises(MissingFileError, match='data_prefix: folder nowhere does not exist'):
        run('list.txt', '--data-prefix', 'nowhere')
    (home / 'empty').mkdir()
    with pytest.raises(InputError, match='empty: holds no video'):
        run('empty')
    with pytest.raises(InputError, match='--cfg-options are for a config'):
        run('list.txt', '--cfg-options', 'a=1')
