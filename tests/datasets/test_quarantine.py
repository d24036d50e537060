"""Bad samples: replaced alike whoever finds them, written down once, and not too many of them."""
import collections
import json
import os

import pytest
from torch.utils.data import DataLoader

from mmvideo.datasets import ClassSpecificDistributedSampler, VideoDataset
from mmvideo.datasets.quarantine import TRIES
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS

CLASSES = 4


def read(results):
    """Reads a file that says how it is to be read."""
    with open(results['filename']) as file:
        word = file.read()
    if word == 'text':
        raise InputError(f'{results["filename"]}: cannot be opened as a video (line 7)')
    if word == 'strange':
        raise ZeroDivisionError('division by zero')
    results['draw'] = int(results['rng'].integers(2**40))
    if word == 'late' and results['draw'] % 2:
        raise InputError(f'{results["filename"]}: broken after frame {results["draw"]}')
    return results


def collect(results):
    name = int(os.path.basename(results['filename'])[1:-4])
    return dict(name=name, draw=results['draw'], label=results['label'])


@pytest.fixture
def make(tmp_path):
    """Makes a data set of files v0.mp4 ..; the words say what is in some of them."""
    folder = tmp_path / 'videos'
    folder.mkdir()

    def made(count=60, words=None, kind=VideoDataset, **options):
        words = dict(words or {})
        for k in range(count):
            if words.get(k) != 'gone':
                (folder / f'v{k}.mp4').write_text(words.get(k, 'good'))
        path = tmp_path / 'list.txt'
        path.write_text(''.join(f'v{k}.mp4 {k % CLASSES}\n' for k in range(count)))
        options.setdefault('data_prefix', str(folder))
        return kind(str(path), [read, collect], num_classes=CLASSES, **options)
    return made


BAD = {3: 'text', 11: 'gone', 20: 'late', 31: 'strange', 44: 'late', 59: 'text'}


def rows(dataset, epochs, num_workers=0):
    """Samples of epochs in order, as (place, record shown, first draw, label)."""
    loader = DataLoader(dataset, batch_size=4, num_workers=num_workers,
                        persistent_workers=num_workers > 0)
    found = []
    for epoch in epochs:
        dataset.set_epoch(epoch)
        for batch in loader:
            found += zip(*(batch[key].tolist() for key in ('sample_index', 'name', 'draw',
                                                           'label')), strict=True)
    return found


def listed(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.filterwarnings('ignore:This DataLoader will create')
def test_workers_and_resuming_change_nothing(make, tmp_path):
    dataset = make(words=BAD)
    dataset.quarantine(str(tmp_path / 'a.jsonl'))
    whole = rows(dataset, range(3))
    assert [row[0] for row in whole] == list(range(60)) * 3
    assert all(label == name % CLASSES for _, name, _, label in whole)
    for num_workers in (1, 4):
        dataset.quarantine(str(tmp_path / f'{num_workers}.jsonl'))
        assert rows(dataset, range(3), num_workers) == whole
    # Resumed: what is known from before is passed over, and the same others take its place.
    keeper = dataset.quarantine(str(tmp_path / 'a.jsonl'))
    assert len(keeper.news()) == keeper.count() == 6 and keeper.news() == []
    before = (tmp_path / 'a.jsonl').read_text()
    assert rows(dataset, range(1, 3)) == whole[60:]
    assert (tmp_path / 'a.jsonl').read_text() == before
    shown = collections.Counter(name for _, name, _, _ in whole)
    assert not {3, 11, 31, 59} & shown.keys()
    assert shown[20] + shown[44] in range(1, 7)     # whether these fail depends on the draws


def test_what_is_written_down(make, tmp_path):
    dataset = make(words=BAD)
    dataset.quarantine(str(tmp_path / 'bad.jsonl'))
    rows(dataset, range(6), num_workers=1)
    found = sorted(listed(tmp_path / 'bad.jsonl'), key=lambda entry: entry['place'])
    assert [(entry['place'], entry['always']) for entry in found] == [
        (3, True), (11, True), (20, False), (31, True), (44, False), (59, True)]
    ann_file, folder = dataset.ann_file, dataset.data_prefix
    assert found[0] == dict(file='v3.mp4', listed=f'{ann_file}, line 4', place=3, always=True,
                            reason=f'{folder}/v3.mp4: cannot be opened as a video (line 7)')
    assert 'No such file' in found[1]['reason']
    assert found[3]['reason'] == 'ZeroDivisionError: division by zero'


def test_known_bad_files_are_not_opened(make, tmp_path):
    dataset = make(words=BAD)
    dataset.quarantine(str(tmp_path / 'bad.jsonl'))
    [row] = [row for row in rows(dataset, [0]) if row[0] == 3]
    make()      # all files are whole now
    dataset.quarantine(str(tmp_path / 'bad.jsonl')).news()
    item = dataset[3]
    assert (item['name'], item['draw']) == row[1:3]
    (tmp_path / 'bad.jsonl').unlink()
    dataset.quarantine(str(tmp_path / 'bad.jsonl')).news()
    assert dataset[3]['name'] == 3


def test_lines_that_do_not_fit_are_left_out(make, tmp_path):
    dataset = make(words=BAD)
    path = tmp_path / 'bad.jsonl'
    dataset.quarantine(str(path))
    rows(dataset, [0])
    text = path.read_text().replace('v3.mp4', 'v4.mp4').replace('"place": 11', '"place": 99')
    path.write_text('[]\nno JSON\n' + text + '{"file": "v5.mp4", "pla')
    assert {e['place'] for e in dataset.quarantine(str(path)).news()} <= {20, 31, 44, 59}


def test_too_many_end_with_a_summary(make, tmp_path):
    words = {k: 'text' for k in range(5)} | {5: 'gone', 6: 'gone'}
    dataset = make(words=words)
    dataset.quarantine(str(tmp_path / 'bad.jsonl'), max_share=0.1)
    with pytest.raises(InputError) as raised:
        rows(dataset, [0])
    lines = str(raised.value).splitlines()
    assert lines[0] == ('7 of 60 samples cannot be loaded, more than max_bad_share=0.1 allows; all '
                        f'of them, with reasons: {tmp_path}/bad.jsonl')
    first = dataset.ann_file
    assert lines[1] == ('  5x cannot be opened as a video (line 7): ' + ', '.join(
        f'v{k}.mp4 ({first}, line {k + 1})' for k in range(3)) + ' and 2 more')
    assert lines[2].startswith('  2x [Errno N] No such file') and len(lines) == 3
    dataset.quarantine(max_share=0.12)
    assert len(rows(dataset, [0])) == 60


def test_a_single_one_is_told_in_a_line(make):
    dataset = make(words={8: 'strange'})
    dataset.quarantine(max_share=0.01)
    with pytest.raises(InputError, match=r'^v8.mp4 \(\S*list.txt, line 9\): ZeroDivisionError: '
                       r'division by zero; 1 of 60 samples cannot be loaded, more than '
                       r'max_bad_share=0.01 allows$'):
        rows(dataset, [0], num_workers=0)


def test_a_pipeline_that_cannot_work_ends_soon(make):
    dataset = make(words={k: 'text' for k in range(60)})
    keeper = dataset.quarantine(max_share=1.)
    with pytest.raises(InputError, match=f'^{TRIES} samples in a row cannot be loaded. .* of 60'):
        dataset[0]
    assert 10 < keeper.count() <= TRIES


def test_the_death_of_a_worker_is_no_bad_file(make, monkeypatch):
    dataset = make()
    keeper = dataset.quarantine(max_share=1.)

    def die(*_):
        raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed.')
    monkeypatch.setattr(dataset, 'process', die)
    with pytest.raises(RuntimeError, match='pid 7'):
        dataset[3]
    assert keeper.count() == 0


def test_a_missing_folder_ends_at_once(make, tmp_path):
    dataset = make(data_prefix=str(tmp_path / 'nowhere' / 'videos'))
    said = (r'^v5.mp4 \(\S*list.txt, line 6\): the folder \S*nowhere/videos does not exist '
            r'\(data_prefix\)')
    with pytest.raises(MissingFileError, match=said):
        dataset[5]
    keeper = dataset.quarantine(max_share=1.)
    with pytest.raises(MissingFileError, match=said):
        dataset[5]
    assert keeper.count() == 0


def test_without_a_run_every_bad_file_is_an_error(make):
    dataset = make(words=BAD)
    with pytest.raises(InputError, match=r'v3.mp4 \(\S*list.txt, line 4\): \S*v3.mp4: cannot be'):
        dataset[3]
    with pytest.raises(ZeroDivisionError):
        dataset[31]


def test_wrappers_share_one_count(make, tmp_path):
    one, two = make(words=BAD), make(words=BAD)
    dataset = DATASETS.build(dict(type='ConcatDataset', datasets=[
        DATASETS.build(dict(type='RepeatDataset', dataset=one, times=3)), two]))
    keeper = dataset.quarantine(str(tmp_path / 'bad.jsonl'))
    found = rows(dataset, [0])
    assert [row[0] for row in found] == list(range(240)) and keeper.total == 120
    places = [entry['place'] for entry in listed(tmp_path / 'bad.jsonl')]
    assert len(places) == len(set(places)) and {3, 11, 31, 59, 63, 71, 91, 119} <= set(places)
    # Another sample each time, and of the same data set.
    assert len({found[k][1] for k in (3, 63, 123)}) > 1
    dataset.quarantine(str(tmp_path / 'bad.jsonl')).news()
    assert rows(dataset, [0], num_workers=2) == found


def test_balanced_draws_stay_balanced(make, tmp_path):
    dataset = make(words={k: 'text' for k in range(0, 40, 4)}, sample_by_class=True)
    dataset.quarantine(str(tmp_path / 'bad.jsonl'))
    found = rows(dataset, range(6))
    assert [row[0] for row in found] == list(range(60)) * 6
    counts = collections.Counter(label for *_, label in found)
    assert sum(counts.values()) == 360 and counts[0] > 30       # 5 of 15 records are left
    dataset.quarantine(str(tmp_path / 'bad.jsonl')).news()
    assert rows(dataset, range(6), num_workers=2) == found


def test_a_balancing_sampler_shows_a_place_twice(make):
    dataset = make(words={0: 'text'})
    dataset.quarantine()
    sampler = ClassSpecificDistributedSampler(dataset, dynamic_length=False, seed=0)
    items = [dataset[i] for i in [0, (0, 1), (0, 2)]]
    assert [item['sample_index'] for item in items] == [0, 60, 120]
    assert len({item['draw'] for item in items}) == 3
    assert len(list(sampler)) == 60


def test_a_test_counts_them_as_wrong(make):
    dataset = make(words=BAD, test_mode=True)
    dataset.quarantine(replaces=False)
    found = {k: dataset[k] for k in range(60)}
    bad = [k for k, item in found.items() if item['is_bad']]
    assert {3, 11, 31, 59} <= set(bad) <= {3, 11, 20, 31, 44, 59}
    assert all(item['label'] == k % CLASSES for k, item in found.items())
    assert all((item['name'] == k) != item['is_bad'] for k, item in found.items())


def test_processes_write_to_files_of_their_own(make, tmp_path):
    path = str(tmp_path / 'bad.jsonl')
    first, second = make(words=BAD), make(words=BAD)
    keepers = first.quarantine(path), second.quarantine(path, rank=1)
    first[3]
    second[11], second[3]
    assert len(listed(tmp_path / 'bad.rank1.jsonl')) == 2
    assert [len(keeper.news()) for keeper in keepers] == [2, 2]
    assert [keeper.count() for keeper in keepers] == [2, 2]
    first[11]       # known from the other process
    assert len(listed(tmp_path / 'bad.jsonl')) == 1


def test_videos_that_give_several_samples(videos, tmp_path):
    (tmp_path / 'list.txt').write_text('clip_0.mp4 0\nbroken.mp4 1\nclip_1.mp4 2\n')
    for k in (0, 1):
        os.symlink(videos / f'clip_{k}.mp4', tmp_path / f'clip_{k}.mp4')
    (tmp_path / 'broken.mp4').write_text('no video')
    dataset = DATASETS.build(dict(
        type='RepeatAugDataset', ann_file=str(tmp_path / 'list.txt'), data_prefix=str(tmp_path),
        num_repeats=2, pipeline=[dict(type='PyAVInit'),
                                 dict(type='SampleFrames', clip_len=2), dict(type='PyAVDecode')]))
    dataset.quarantine(str(tmp_path / 'bad.jsonl'))
    assert [sample['sample_index'] for k in range(3) for sample in dataset[k]] == [
        0, 0, 1, 1, 2, 2]
    assert {sample['label'] for sample in dataset[1]} < {0, 2}
    assert [entry['always'] for entry in listed(tmp_path / 'bad.jsonl')] == [True]
