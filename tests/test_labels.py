"""Label maps that come with the package: how many names, whose they are, how they are found."""
from pathlib import Path

import pytest

from mmvideo import labels
from mmvideo.engine.labels import read_classes
from mmvideo.errors import MissingFileError
from mmvideo.labels import LABEL_MAPS, label_names, labels_file


def test_each_file_is_a_map_and_each_map_a_file():
    assert {p.stem for p in Path(labels.__file__).parent.glob('*.txt')} == set(LABEL_MAPS)


@pytest.mark.parametrize('name', LABEL_MAPS)
def test_names_are_as_many_as_the_classes(name):
    names = label_names(name)
    assert len(names) == LABEL_MAPS[name]
    assert all(n and n == n.strip() for n in names)
    # Two elements of Gym99 differ in their codes only.
    assert len(set(names)) == len(names) - (name == 'gym99')


@pytest.mark.parametrize('name, label, expected', [
    ('kinetics400', 0, 'abseiling'), ('kinetics400', 6, 'arm wrestling'),
    ('kinetics400', 399, 'zumba'), ('ucf101', 100, 'YoYo'), ('hmdb51', 0, 'brush_hair'),
    ('sthv1', 0, 'Holding something'), ('sthv2', 0, 'Approaching something with your camera'),
    ('jester', 26, 'Doing other things'), ('activitynet', 0, 'Applying sunscreen'),
    ('mit', 0, 'clapping'), ('mmit', 0, 'crafting'), ('hvu_event', 0, '800_metres'),
    ('diving48', 0, 'Back+15som+05Twis+FREE'),
])
def test_labels_are_those_of_published_weights(name, label, expected):
    assert label_names(name)[label] == expected


@pytest.mark.parametrize('name, flips', [
    ('sthv1', {2: 4, 30: 41, 52: 66}), ('sthv2', {86: 87, 93: 94, 166: 167}),
    ('jester', {0: 1, 6: 7}),
])
def test_flips_swap_left_and_right(name, flips):
    names = label_names(name)

    def mirrored(text):
        sides = {'left': 'right', 'right': 'left', 'Left': 'Right', 'Right': 'Left'}
        return ' '.join(sides.get(word, word) for word in text.split())

    for left, right in flips.items():
        assert mirrored(names[left]) == names[right]
    assert [i for i, n in enumerate(names) if mirrored(n) in names and mirrored(n) != n] \
        == sorted([*flips, *flips.values()])


def test_published_class_counts_are_the_maps():
    from mmvideo.datasets.official import OFFICIAL
    for name, official in OFFICIAL.items():
        if official.labels:
            assert sum(LABEL_MAPS[n] for n in official.labels) == official.classes, name


def test_a_name_is_read_like_a_file(tmp_path, monkeypatch):
    assert read_classes('kinetics400') == label_names('kinetics400')
    assert read_classes(labels_file('ucf101')) == label_names('ucf101')
    # A file of one's own goes first.
    monkeypatch.chdir(tmp_path)
    Path('jester').write_text('left\nright\n')
    assert read_classes('jester') == ['left', 'right']


@pytest.mark.parametrize('name, message', [
    ('kinetics40', r"file of class names kinetics40 does not exist, nor is it a label map; "
                   r"did you mean 'kinetics400'"),
    ('gone.txt', r'file of class names gone.txt does not exist$'),
])
def test_an_unknown_name_offers_the_nearest(name, message):
    with pytest.raises(MissingFileError, match=message):
        read_classes(name)
    with pytest.raises(MissingFileError, match='there is no label map'):
        label_names(name)
