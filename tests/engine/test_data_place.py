"""Data that are not there: the list, the folder, and the page that tells how to make them."""
import zipfile

import pytest
from mmengine.config import Config

from mmvideo.datasets.lists import read_rows
from mmvideo.datasets.official import OFFICIAL, how_to_prepare
from mmvideo.engine.data_place import check_data
from mmvideo.errors import MissingFileError


def config(**dataset):
    return Config(dict(test_dataloader=dict(dataset=dict(type='VideoDataset', **dataset)),
                       train_dataloader=None))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize('ann_file, prefix, said', [
    ('data/sthv1/sthv1_val_list_rawframes.txt', 'data/sthv1/rawframes',
     '^ann_file: data/sthv1/sthv1_val_list_rawframes.txt does not exist, nor does data_prefix '
     r'data/sthv1/rawframes \(test_dataloader\); docs/data/sthv1.md tells how to prepare '
     'Something-Something V1$'),
    ('data/OmniSource/annotations/kinetics_200/k200_val.txt', None,
     r'k200_val.txt does not exist \(test_dataloader\); docs/data/omnisource.md'),
    ('data/embedded/val_videos.txt', None, 'make demo'),
    ('mine/val.txt', 'mine', 'nor does data_prefix mine .* docs/data/lists.md tells how lists')])
def test_list_and_folder_are_named(here, ann_file, prefix, said):
    with pytest.raises(MissingFileError, match=said):
        check_data(config(ann_file=ann_file, data_prefix=prefix))


@pytest.mark.parametrize('name', OFFICIAL)
def test_each_public_data_set_has_a_page(name):
    assert how_to_prepare(f'{OFFICIAL[name].root}/list.txt').startswith('docs/data/')


def test_commands_that_read_lists_alone_name_the_page(here):
    with pytest.raises(MissingFileError, match='^ann_file: data/mit/a.txt does not exist; '
                                               'docs/data/mit.md tells how to prepare Moments'):
        list(read_rows('data/mit/a.txt', (), 'filename'))


def test_folders(here):
    (here / 'list.txt').write_text('a.mp4 1\n')
    (here / 'full.txt').write_text('a.mp4 1\n/there/b.mp4 1\n')
    (here / 'full.json').write_text('[{"filename": "/there/b.mp4", "label": 1}]')
    with zipfile.ZipFile(here / 'shard.zip', 'w') as archive:
        archive.writestr('videos/a.mp4', '')
        archive.writestr('list.txt', 'a.mp4 1')
    gone = dict(ann_file='list.txt', data_prefix=dict(video='gone/videos'))
    with pytest.raises(MissingFileError, match='^data_prefix gone/videos does not exist'):
        check_data(config(**gone))
    inside = dict(type='RepeatDataset', dataset=dict(type='ConcatDataset', datasets=[gone]))
    with pytest.raises(MissingFileError, match='^data_prefix gone/videos does not exist'):
        check_data(Config(dict(train_dataloader=dict(dataset=inside))))
    check_data(config(ann_file='list.txt', data_prefix=str(here)))
    check_data(config(ann_file='shard.zip/list.txt', data_prefix='shard.zip/videos'))
    with pytest.raises(MissingFileError, match='^data_prefix shard.zip/frames does not exist'):
        check_data(config(ann_file='list.txt', data_prefix='shard.zip/frames'))
    check_data(config(ann_file='list.txt', data_prefix='s3://store/videos'))
    check_data(config(ann_file='full.txt', data_prefix='gone'))
    check_data(config(ann_file='full.json', data_prefix='gone'))
    check_data(config(**gone, pipeline=[dict(type='DecordInit', io_backend='petrel')]))
