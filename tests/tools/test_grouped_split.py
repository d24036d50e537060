"""Files of one source stay together, and every class gets its share as far as that goes."""
import collections
import sys
from pathlib import Path

import numpy as np
import pytest

from mmvideo.errors import InputError

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

from grouped_split import group_names, join_groups, split_groups  # noqa: E402


@pytest.mark.parametrize('stem, source', [
    ('v_Biking_g05_c02', 'v_Biking_g05'), ('0wR5jVB-WPk_000010_000020', '0wR5jVB-WPk'),
    ('match 3-012', 'match'), ('goal_part2', 'goal'), ('a.b_clip7', 'a.b'), ('x_s1_s2', 'x'),
    ('walk12', None), ('walk', None), ('_12', None), ('2021_walk', None)])
def test_what_comes_before_a_number_is_the_source(stem, source):
    (found, other), dropped = group_names([stem, 'b'], [0, 0])
    assert (found, other, dropped) == (('source', source) if source else ('file', 0, stem),
                                       ('file', 0, 'b'), [])


def test_a_name_that_all_share_is_no_source():
    stems = ['video_1', 'video_2', 'video_3', 'tom_1', 'tom_2', 'eve_1', 'eve_2', 'own']
    groups, dropped = group_names(stems, [0, 0, 0, 1, 1, 1, 1, 1])
    assert dropped == ['video']
    assert groups == [('file', 0, 'video_1'), ('file', 0, 'video_2'), ('file', 0, 'video_3'),
                      *[('source', 'tom')] * 2, *[('source', 'eve')] * 2, ('file', 1, 'own')]


def test_where_the_day_is_too_common_the_hour_is_the_source():
    stems = [f'20200626_{hour}_{k}_{k + 75}' for hour in (1130, 1545) for k in (0, 75, 150)]
    groups, dropped = group_names(stems, [0] * 6)
    assert dropped == ['20200626']
    assert groups == [('source', '20200626_1130')] * 3 + [('source', '20200626_1545')] * 3


def test_own_patterns():
    groups, dropped = group_names(['cam1-a', 'cam1-b', 'cam2-c', 'x'], [0, 0, 0, 1], r'cam(\d)')
    assert dropped == [] and [g[1] for g in groups[:3]] == ['1', '1', '2']
    assert groups[3] == ('file', 1, 'x')
    for pattern in ('cam', '(', ''):
        with pytest.raises(InputError, match='--group-by'):
            group_names(['a'], [0], pattern or '[')


def test_copies_join_groups():
    assert join_groups(['a', 'b', 'c', 'a'], [None] * 4) == join_groups(list('abca'))
    first, second, third, fourth, fifth = join_groups(list('abcad'), [1, 2, 1, None, 3],
                                                      [None, 7, None, None, 7])
    assert first == third == fourth != second == fifth


def draw(seed, num_groups=60, num_classes=4):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(num_groups), rng.integers(1, 8, num_groups)).tolist()
    labels = [int(rng.integers(num_classes)) for _ in groups]
    return groups, labels


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('share', [0.1, 0.2, 0.5])
def test_groups_are_whole_and_shares_near(seed, share):
    groups, labels = draw(seed)
    is_val = split_groups(groups, labels, share, seed)
    sides = collections.defaultdict(set)
    for group, side in zip(groups, is_val, strict=True):
        sides[group].add(bool(side))
    assert all(len(side) == 1 for side in sides.values())
    for label in set(labels):
        found = is_val[[k for k, x in enumerate(labels) if x == label]]
        assert found.mean() == pytest.approx(share, abs=0.05)
        assert 0 < found.sum() < len(found)


def test_the_seed_tells_the_split():
    groups, labels = draw(0)
    same, again, other = (split_groups(groups, labels, 0.2, seed) for seed in (1, 1, 2))
    assert (same == again).all() and (same != other).any()


def test_small_classes():
    # One file: to train on. Two: one each. One group of three: nothing to validate with.
    labels = [0, 1, 1, 2, 2, 2]
    is_val = split_groups(['a', 'b', 'c', 'd', 'd', 'd'], labels, 0.2)
    assert is_val.tolist()[0] is False and is_val[1:3].sum() == 1 and not is_val[3:].any()
    # Two classes filmed in the same two places.
    is_val = split_groups(['a', 'b', 'a', 'b'], [0, 0, 1, 1], 0.5)
    assert is_val.sum() == 2 and is_val[0] == is_val[2] != is_val[1] == is_val[3]
