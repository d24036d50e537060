"""How many items the public data sets have by their publishers: one table for tools and pages.

``tools/data/build_file_list.py`` and the audit of ``tools/zoo.py reproduce`` hold what lies on
disk against it, and the pages under ``docs/data`` show it (a test compares them).
"""
import os.path as osp
import re
from dataclasses import dataclass, field

__all__ = ['OFFICIAL', 'Official', 'Size', 'how_to_prepare', 'official_size']


@dataclass(frozen=True)
class Size:
    """Item count of one list.

    Args:
        count: how many items.
        is_exact: the official split files have exactly so many; else it is the count that the
            paper or the home page states, from which the files differ by a few percent at most.
    """
    count: int
    is_exact: bool = True


def about(count):
    return Size(count, is_exact=False)


@dataclass(frozen=True)
class Official:
    """A public data set.

    Args:
        title: as people write it.
        paper: arXiv number, or where it was published.
        home: address of the publisher.
        root: the folder that the configs expect, relative to where a command is started.
        page: page of the documentation, relative to the checkout.
        classes: class count.
        sizes: item counts by split, named as in the list files.
        labels: names of its label maps (``mmvideo/labels/NAME.txt``).
    """
    title: str
    paper: str
    home: str
    root: str
    page: str
    classes: int
    sizes: dict = field(default_factory=dict)
    labels: tuple = ()


def _splits(train, val):
    """Three splits, each with its own train and val list."""
    return {f'{part}_split_{k}': Size(count) for part, counts in (('train', train), ('val', val))
            for k, count in enumerate(counts, 1)}


OFFICIAL = {
    'kinetics400': Official(
        'Kinetics-400', 'arXiv:1705.06950', 'https://deepmind.com/research/open-source/kinetics',
        'data/kinetics400', 'docs/data/kinetics400.md', 400,
        dict(train=about(246245), val=about(20000), test=about(40000)), ('kinetics400',)),
    'kinetics600': Official(
        'Kinetics-600', 'arXiv:1808.01340', 'https://deepmind.com/research/open-source/kinetics',
        'data/kinetics600', 'docs/data/kinetics600.md', 600,
        dict(train=about(392622), val=about(30001), test=about(72924)), ('kinetics600',)),
    'kinetics700': Official(
        'Kinetics-700', 'arXiv:1907.06987', 'https://deepmind.com/research/open-source/kinetics',
        'data/kinetics700', 'docs/data/kinetics700.md', 700,
        dict(train=about(545317), val=about(35000), test=about(70000)), ('kinetics700',)),
    'sthv1': Official(
        'Something-Something V1', 'arXiv:1706.04261',
        'https://developer.qualcomm.com/software/ai-datasets/something-something', 'data/sthv1',
        'docs/data/sthv1.md', 174,
        dict(train=Size(86017), val=Size(11522), test=Size(10960)), ('sthv1',)),
    'sthv2': Official(
        'Something-Something V2', 'arXiv:1706.04261',
        'https://developer.qualcomm.com/software/ai-datasets/something-something', 'data/sthv2',
        'docs/data/sthv2.md', 174,
        dict(train=Size(168913), val=Size(24777), test=Size(27157)), ('sthv2',)),
    'jester': Official(
        'Jester', 'ICCV 2019 workshops',
        'https://developer.qualcomm.com/software/ai-datasets/jester', 'data/jester',
        'docs/data/jester.md', 27,
        dict(train=Size(118562), val=Size(14787), test=Size(14743)), ('jester',)),
    'ucf101': Official(
        'UCF101', 'arXiv:1212.0402', 'https://www.crcv.ucf.edu/data/UCF101.php', 'data/ucf101',
        'docs/data/ucf101.md', 101, _splits((9537, 9586, 9624), (3783, 3734, 3696)),
        ('ucf101',)),
    'hmdb51': Official(
        'HMDB51', 'ICCV 2011',
        'https://serre-lab.clps.brown.edu/resource/'
        'hmdb-a-large-human-motion-database/', 'data/hmdb51', 'docs/data/hmdb51.md', 51,
        _splits((3570, 3570, 3570), (1530, 1530, 1530)), ('hmdb51',)),
    'mit': Official(
        'Moments in Time', 'arXiv:1801.03150', 'http://moments.csail.mit.edu', 'data/mit',
        'docs/data/mit.md', 339,
        dict(train=about(802264), val=about(33900), test=about(67800)), ('mit',)),
    'mmit': Official(
        'Multi-Moments in Time', 'arXiv:1911.00232', 'http://moments.csail.mit.edu', 'data/mmit',
        'docs/data/mmit.md', 313, dict(train=about(1000000), val=about(10000)), ('mmit',)),
    'hvu': Official(
        'HVU', 'arXiv:1904.11451', 'https://github.com/holistic-video-understanding/HVU-Dataset',
        'data/hvu', 'docs/data/hvu.md', 3142,
        dict(train=about(481000), val=about(31000), test=about(65000)),
        ('hvu_action', 'hvu_attribute', 'hvu_concept', 'hvu_event', 'hvu_object', 'hvu_scene')),
    'charades': Official(
        'Charades', 'arXiv:1604.01753', 'https://prior.allenai.org/projects/charades',
        'data/charades', 'docs/data/charades.md', 157, dict(train=about(7985), val=about(1863)),
        ()),
    'diving48': Official(
        'Diving48 V2', 'ECCV 2018', 'http://www.svcl.ucsd.edu/projects/resound/dataset.html',
        'data/diving48', 'docs/data/diving48.md', 48,
        dict(train=Size(15027), val=Size(1970)), ('diving48',)),
    'gym99': Official(
        'FineGym, 99 classes', 'arXiv:2004.06704', 'https://sdolivia.github.io/FineGym/',
        'data/gym', 'docs/data/gym.md', 99, dict(train=about(20484), val=about(8521)),
        ('gym99',)),
    'activitynet': Official(
        'ActivityNet 1.3', 'CVPR 2015', 'http://activity-net.org', 'data/ActivityNet',
        'docs/data/activitynet.md', 200,
        dict(train_video=Size(10024), val_video=Size(4926), test_video=Size(5044),
             train_clip=Size(15410), val_clip=Size(7654)), ('activitynet',)),
    'mini_kinetics': Official(
        'Mini-Kinetics', 'arXiv:1712.04851', 'https://deepmind.com/research/open-source/kinetics',
        'data/OmniSource', 'docs/data/omnisource.md', 200,
        dict(train=about(76030), val=about(4844)), ()),
}

# Data of our own, by the folder that the configs expect.
OWN = {'data/ava': 'docs/data/ava.md tells how to prepare AVA',
       'data/embedded': 'python tools/data/build_embedded.py makes it, and so does make demo '
                        '(docs/data/embedded.md)',
       'data/own': 'docs/data/own.md tells how to prepare your own videos'}
LISTS = 'docs/data/lists.md tells how lists look'


def how_to_prepare(ann_file):
    """A sentence: what makes the data that a list is of.

    Args:
        ann_file: path of the list.
    """
    parts = osp.normpath(str(ann_file)).replace('\\', '/').split('/')
    for folder, said in OWN.items():
        if folder.split('/')[-1] in parts[:-1]:
            return said
    for official in OFFICIAL.values():
        if official.root.split('/')[-1] in parts[:-1]:
            return f'{official.page} tells how to prepare {official.title}'
    return LISTS


def official_size(ann_file):
    """What the list of a config should hold, told by its path.

    Args:
        ann_file: a list, named and placed as the configs' data set parts do, such as
            ``data/ucf101/ucf101_val_split_2_rawframes.txt``; what stands before ``data`` does
            not matter.

    Returns:
        tuple(str, Size): key of :data:`OFFICIAL` and item count; None for any other list.
    """
    parts = osp.normpath(str(ann_file)).replace('\\', '/').split('/')
    words = re.split(r'[^a-z0-9]+', osp.splitext(parts[-1])[0].lower())
    for name, official in OFFICIAL.items():
        folder = official.root.split('/')[-1]
        if folder not in parts[:-1] or (name == 'mini_kinetics' and 'k200' not in words):
            continue
        for split, size in official.sizes.items():
            wanted = split.split('_')
            if any(words[i:i + len(wanted)] == wanted for i in range(len(words))):
                return name, size
    return None
