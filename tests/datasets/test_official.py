"""Item counts of public data sets, and which list is whose."""
import pytest
from mmengine.config import Config

from mmvideo.datasets.official import OFFICIAL, official_size


@pytest.mark.parametrize('path, name, count', [
    ('data/kinetics400/kinetics400_val_list_rawframes_256p.txt', 'kinetics400', 20000),
    ('data/kinetics400/kinetics400_flow_train_list_320p.txt', 'kinetics400', 246245),
    ('/disk/data/kinetics600/kinetics600_train_list_videos.txt', 'kinetics600', 392622),
    ('data/ucf101/ucf101_val_split_2_rawframes.txt', 'ucf101', 3734),
    ('data/hmdb51/hmdb51_train_split_3_videos.txt', 'hmdb51', 3570),
    ('data/ActivityNet/anet_train_video.txt', 'activitynet', 10024),
    ('data/ActivityNet/anet_val_clip.txt', 'activitynet', 7654),
    ('data/hvu/hvu_action_val.json', 'hvu', 31000),
    ('data/gym/annotations/gym99_val_list_rawframes.txt', 'gym99', 8521),
    ('data/OmniSource/annotations/kinetics_200/k200_val.txt', 'mini_kinetics', 4844),
    ('data/sthv2/sthv2_val_list_rawframes.txt', 'sthv2', 24777),
])
def test_a_list_is_known_by_its_path(path, name, count):
    found, size = official_size(path)
    assert (found, size.count) == (name, count)


@pytest.mark.parametrize('path', [
    'data/own/val.txt', 'data/embedded/val_videos.txt', 'val.txt', 'data/kinetics400/half.txt',
    'data/OmniSource/annotations/googleimage_200/tsn_8seg_googleimage_200_wodup.txt',
])
def test_other_lists_are_not(path):
    assert official_size(path) is None


@pytest.mark.parametrize('name, total', [('ucf101', 13320), ('sthv1', 108499), ('sthv2', 220847),
                                         ('jester', 148092), ('kinetics400', 306245),
                                         ('kinetics600', 495547), ('kinetics700', 650317)])
def test_splits_add_up_to_what_the_paper_states(name, total):
    sizes = OFFICIAL[name].sizes
    if name == 'ucf101':
        assert all(sizes[f'train_split_{k}'].count + sizes[f'val_split_{k}'].count == total
                   for k in (1, 2, 3))
    else:
        assert sum(size.count for size in sizes.values()) == total


def test_each_data_set_part_of_a_public_set_is_in_the_table(config_parts):
    absent = set()
    for path in config_parts:
        cfg = Config.fromfile(path)
        root = cfg.get('root')
        # AVA's lists have a line for each action of each box, and no count is published.
        if not root or root in ('data/own', 'data/embedded', 'data/embedded/scenes', 'data/ava'):
            continue
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            if official_size(loader.dataset.ann_file) is None:
                absent.add(loader.dataset.ann_file)
        name, _ = official_size(cfg.val_dataloader.dataset.ann_file)
        if name != 'hvu':
            assert cfg.num_classes == OFFICIAL[name].classes
    assert not absent


@pytest.fixture
def config_parts(pytestconfig):
    paths = sorted((pytestconfig.rootpath / 'configs/_base_/datasets').glob('*.py'))
    assert len(paths) > 30
    return paths
