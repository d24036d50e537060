"""Pictures, clip folders, sound, tags by category: what a record becomes, and what is refused."""
import json
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from mmvideo import datasets
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS

ROWS = [dict(filename='a.mp4', label=dict(action=[3, 17], scene=[5])),
        dict(filename='b c.mp4', label=dict(scene=[0]))]
TAGS = dict(tag_categories=['action', 'scene', 'event'], tag_category_nums=[20, 6, 2])


class Keep:
    """Gives the record as it enters the pipeline."""

    def __call__(self, results):
        results.pop('rng')
        return results


class Clip:
    """Gives the file and a draw, as a tensor can hold them."""

    def __call__(self, results):
        number = int(results['filename'].rsplit('_', 1)[1].split('.')[0])
        return dict(clip=number, draw=int(results['rng'].integers(2**31)))


def make(tmp_path, content, kind, name='list.txt', pipeline=None, **kwargs):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return DATASETS.build(dict(type=kind, ann_file=str(path), pipeline=pipeline or [Keep()],
                               **kwargs))


@pytest.mark.parametrize('kind, line, kwargs, expected', [
    ('ImageDataset', 'a/b.jpg 3', {}, dict(filename='root/a/b.jpg', label=3, start_index=None)),
    ('AudioDataset', 'a 30 3', {},
     dict(audio_path='root/a.wav', total_frames=30, label=3, modality='Audio', start_index=1)),
    ('AudioDataset', '"a b.wav" 30 3', {},
     dict(audio_path='root/a b.wav', total_frames=30, label=3, modality='Audio', start_index=1)),
    ('AudioDataset', 'a 30 3', dict(suffix='.npy'),
     dict(audio_path='root/a.npy', total_frames=30, label=3, modality='Audio', start_index=1)),
    ('AudioVisualDataset', 'a/b 30 3', dict(audio_prefix='sound'),
     dict(frame_dir='root/a/b', total_frames=30, label=3, audio_path='sound/a/b.npy',
          filename_tmpl='img_{:05}.jpg', start_index=1)),
    ('AudioVisualDataset', 'a 5 30 3',
     dict(audio_prefix='sound', video_prefix='film', with_offset=True, start_index=0,
          filename_tmpl='{:05}.jpg'),
     dict(frame_dir='root/a', offset=5, total_frames=30, label=3, audio_path='sound/a.npy',
          filename='film/a.mp4', filename_tmpl='{:05}.jpg', start_index=0)),
    ('RawVideoDataset', 'a 3 8 5', dict(clipname_tmpl='_{}.mp4'),
     dict(video_dir='root/a', label=3, num_clips=8, positive_clip_inds=[5],
          filename='root/a_5.mp4', start_index=0)),
    ('RawVideoDataset', 'a 3 1', dict(sampling_strategy='random'),
     dict(video_dir='root/a', label=3, num_clips=1, positive_clip_inds=[],
          filename='root/a/part_0.mp4', start_index=0))])
def test_records(kind, line, kwargs, expected, tmp_path):
    dataset = make(tmp_path, line, kind, data_prefix='root', **kwargs)
    assert dataset[0] == {'modality': 'RGB', **expected, 'sample_index': 0}
    assert dataset.origin(0) == f'{dataset.ann_file}, line 1'


@pytest.mark.parametrize('strategy, share', [
    ('positive', {1: 1 / 3, 4: 1 / 3, 5: 1 / 3}), ('random', dict.fromkeys(range(6), 1 / 6))])
def test_clips_are_drawn_anew_in_each_epoch(strategy, share, tmp_path):
    row = [dict(video_dir='a', label=[2], num_clips=6, positive_clip_inds=[1, 4, 5])]
    dataset = make(tmp_path, row * 300, 'RawVideoDataset', 'list.json', [Clip()],
                   sampling_strategy=strategy)
    assert [r['label'] for r in dataset.records[:2]] == [2, 2]
    first = [dataset[i]['clip'] for i in range(300)]
    assert sorted(set(first)) == sorted(share)
    for clip, part in share.items():
        assert abs(first.count(clip) / 300 - part) < 0.08
    dataset.set_epoch(1)
    second = [dataset[i]['clip'] for i in range(300)]
    assert sum(a != b for a, b in zip(first, second, strict=True)) > 150
    loader = DataLoader(dataset, batch_size=100, num_workers=2)
    assert torch.cat([batch['clip'] for batch in loader]).tolist() == second


def test_a_missing_clip_is_named_with_its_line(tmp_path):
    dataset = make(tmp_path, 'a 0 1\nvideos/b 0 9 7\n', 'RawVideoDataset',
                   pipeline=[dict(type='PyAVInit')], sampling_strategy='random')
    with pytest.raises(MissingFileError,
                       match=r'videos/b \(.*list.txt, line 2\): videos/b/part_\d.mp4: no such'):
        dataset[1]


@pytest.mark.parametrize('content, kwargs, message', [
    ('a 0 8\n', {}, "line 1: names no clip, but sampling_strategy 'positive' draws"),
    ('a 0 8 2\nb 0 8 8\n', {}, r'line 2: clips count from 0; clip 8, expected 0\.\.7; expected '
                               '`video_dir label num_clips positive_clip_inds`'),
    ('a 0\n', {}, 'line 1: expected `video_dir label num_clips positive_clip_inds`'),
    ('a 0 0\n', dict(sampling_strategy='random'), 'line 1: num_clips 0 is too small'),
    ('a 0 8 x\n', {}, "line 1: positive_clip_inds 'x' is no whole number"),
    ('a 5 8 1\n', dict(num_classes=5), r'line 1: label 5, expected 0\.\.4'),
    ('\n', {}, 'holds no sample'),
    ('a 0 8 1\n', dict(sampling_strategy='all'), "'positive' or 'random', not 'all'"),
    ('a 0 8 1\n', dict(clipname_tmpl='part.mp4'), 'clipname_tmpl must have one place'),
    ('a 0 8 1\n', dict(clipname_tmpl='{}_{}.mp4'), 'clipname_tmpl must have one place'),
    ('a 0 8 1\n', dict(multi_class=True, num_classes=9), 'a sample has one label')])
def test_wrong_clip_lists_are_named(content, kwargs, message, tmp_path):
    with pytest.raises(InputError, match=message):
        make(tmp_path, content, 'RawVideoDataset', **kwargs)


@pytest.mark.parametrize('name', ['list.json', 'list.jsonl'])
def test_tags_of_videos(name, tmp_path):
    content = ROWS if name == 'list.json' else '\n'.join(map(json.dumps, ROWS))
    dataset = make(tmp_path, content, 'HVUDataset', name, data_prefix='root', **TAGS)
    assert dataset[1] == dict(
        filename='root/b c.mp4', label=dict(scene=[0]), categories=['action', 'scene', 'event'],
        category_nums=[20, 6, 2], modality='RGB', start_index=0, sample_index=1)
    assert dataset.num_classes == 28 and dataset.names == ['a.mp4', 'b c.mp4']
    assert dataset.origin(1).endswith(f'{name}, {"entry" if name == "list.json" else "line"} 2')
    dataset[0]['label']['action'].append(9)
    assert dataset[0]['label']['action'] == [3, 17]


def test_tags_of_frames(tmp_path):
    rows = [dict(frame_dir='a', total_frames=30, label=dict(event=[1]))]
    dataset = make(tmp_path, rows, 'HVUDataset', 'list.json', data_prefix='root',
                   filename_tmpl='img_{:05}.jpg', **TAGS)
    assert dataset[0] == dict(
        frame_dir='root/a', total_frames=30, label=dict(event=[1]), filename_tmpl='img_{:05}.jpg',
        categories=['action', 'scene', 'event'], category_nums=[20, 6, 2], modality='RGB',
        start_index=1, sample_index=0)
    with pytest.raises(InputError, match='filename_tmpl is needed .* entry 1 has a frame_dir'):
        make(tmp_path, rows, 'HVUDataset', 'list.json', **TAGS)


def test_tags_may_lack_in_a_test(tmp_path):
    rows = [dict(filename='a.mp4')]
    dataset = make(tmp_path, rows, 'HVUDataset', 'list.json', test_mode=True, **TAGS)
    assert dataset[0]['label'] == {}
    with pytest.raises(InputError, match="entry 1: expected the key 'label' with an object"):
        make(tmp_path, rows, 'HVUDataset', 'list.json', **TAGS)


@pytest.mark.parametrize('row, message', [
    (dict(filename='a', label=dict(action=[20])), r'entry 3: action 20, expected 0\.\.19'),
    (dict(filename='a', label=dict(action=['x'])), "entry 3: action 'x', expected"),
    (dict(filename='a', label=dict(action=3)), 'entry 3: action: expected a list of tags, found 3'),
    (dict(filename='a', label=dict(scenes=[3])), "'scenes' is not among tag_categories; did you "
                                                 "mean 'scene'"),
    (dict(filename='a', label=[3]), "entry 3: expected the key 'label' with an object"),
    (dict(frame_dir='a', label={}), "entry 3: expected the key 'filename' with a string")])
def test_wrong_tags_are_named(row, message, tmp_path):
    with pytest.raises(InputError, match=message):
        make(tmp_path, [*ROWS, row], 'HVUDataset', 'list.json', **TAGS)


@pytest.mark.parametrize('kind, name, kwargs, message', [
    ('HVUDataset', 'list.json', dict(TAGS, tag_category_nums=[20, 6]),
     '3 tag_categories, but 2 tag_category_nums'),
    ('HVUDataset', 'list.json', dict(TAGS, multi_class=True), 'do not apply'),
    ('HVUDataset', 'list.txt', TAGS, 'reads .json or .jsonl'),
    ('HVUDataset', 'list.json', {}, "needs the argument 'tag_categories', 'tag_category_nums'"),
    ('AudioVisualDataset', 'list.json', {}, "needs the argument 'audio_prefix'")])
def test_wrong_arguments(kind, name, kwargs, message, tmp_path):
    with pytest.raises(InputError, match=message):
        make(tmp_path, ROWS, kind, name, **kwargs)


def test_the_page_on_lists_names_every_data_set():
    page = (Path(__file__).resolve().parents[2] / 'docs' / 'data' / 'lists.md').read_text()
    missing = [name for name in datasets.__all__ if f'`{name}`' not in page
               and f"'{name}'" not in page and name != 'BaseDataset']
    assert not missing
