"""Divide files into training and validation so that what belongs together stays together."""
import collections
import re

import numpy as np

from mmvideo.errors import InputError

__all__ = ['group_names', 'join_groups', 'split_groups']

# The best of so many draws is taken, of fewer where that would be more than so many files.
MOST_DRAWS, FILES_DRAWN, MOST_PASSES = 50, 200000, 10

# `v_Biking_g05_c02`, `match 3-012`, `a_part2`, `0wR5jVB-WPk_000010_000020`: what stands before
# the last numbers is the source. A number without a mark before it (`walk12`) says nothing.
NUMBERED = re.compile(r'(.+)[ _.-](?:c|s|clip|seg|part)?\d+')
# A source that holds more than this of a class (`video_001` to `video_200`) is no source.
MOST_OF_CLASS = 0.8


def group_names(stems, labels, pattern=None):
    """The source of each file, by its name.

    Args:
        stems: names without suffix, and below the folder of the class.
        labels: class of each.
        pattern: regular expression; the first group of its match, anywhere in the name, names the
            source, and a file without a match stands alone. By default what comes before all
            numbered suffixes; where most of a class shares that, what comes before the last of
            them but one, and so on.

    Returns:
        tuple(list, list): for each file its source, and names that were taken for no source.

    Raises:
        InputError: the pattern is no regular expression with a group.
    """
    dropped = []
    if pattern is None:
        chains = [_sources(stem) for stem in stems]
        while worst := _too_common(chains, labels):
            dropped += sorted(worst)
            chains = [c[1:] if c and c[0] in worst else c for c in chains]
        found = [chain[0] if chain else None for chain in chains]
    else:
        found = [m[1] if m else None for m in map(_compiled(pattern).search, stems)]
    return [('source', name) if name else ('file', label, stem)
            for name, label, stem in zip(found, labels, stems, strict=True)], dropped


def _sources(stem):
    """What may be the source of a file, shortest first: 'a_1_2' may come from 'a' or 'a_1'."""
    found = []
    while match := NUMBERED.fullmatch(stem):
        stem = match[1]
        found.insert(0, stem)
    return found


def _too_common(chains, labels):
    """Names of sources that hold most of a class of more than two files."""
    sizes = collections.Counter(labels)
    pairs = collections.Counter((c[0], label) for c, label in zip(chains, labels, strict=True)
                                if c)
    return {name for (name, label), count in pairs.items()
            if count > 2 and count > MOST_OF_CLASS * sizes[label]}


def _compiled(pattern):
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise InputError(f'--group-by: {pattern!r} is no regular expression: {error}') from error
    if not found.groups:
        raise InputError(f'--group-by: {pattern!r} has no group; expected parentheses around what '
                         'names the source')
    return found


def join_groups(groups, *others):
    """Groups of files that share a group, or a mark in any of ``others`` (None marks nothing).

    Returns:
        list[int]: the number of each file's group.
    """
    parent = list(range(len(groups)))

    def root(k):
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for marks in (groups, *others):
        first = {}
        for k, mark in enumerate(marks):
            if mark is not None:
                parent[root(k)] = root(first.setdefault(mark, k))
    return [root(k) for k in range(len(groups))]


def split_groups(groups, labels, val_share, seed=0):
    """Which files are for validation: whole groups, and of each class about the share asked for.

    Groups in a drawn order go to validation as long as that brings the classes nearer to their
    shares, then single ones change sides; of several such draws the best is taken. A class never
    loses all of its files to validation, and has some there if its groups allow it.

    Args:
        groups: of each file.
        labels: of each file.
        val_share: 0..1.
        seed: another one gives another split.

    Returns:
        np.ndarray: bool, one a file.
    """
    counts = collections.defaultdict(collections.Counter)
    for group, label in zip(groups, labels, strict=True):
        counts[group][label] += 1
    total = collections.Counter(labels)
    names, rng, best = list(counts), np.random.default_rng(seed), (np.inf, None)
    for _ in range(max(1, min(MOST_DRAWS, FILES_DRAWN // len(labels)))):
        order = [names[k] for k in rng.permutation(len(names))]
        found = _draw(order, counts, total, val_share)
        best = min(best, found, key=lambda pair: pair[0])
    return np.array([group in best[1] for group in groups])


def _draw(order, counts, total, val_share):
    """(how far from the shares, groups that are for validation)."""
    held, chosen = collections.Counter(), set()

    def cost(label, number):
        far = abs(number - val_share * total[label]) / total[label]
        # No class without training; none without validation, unless it is that or nothing.
        return far + (10 if number == total[label] else 0 if number or total[label] == 1 else 1)

    for _ in range(MOST_PASSES):
        has_changed = False
        for group in order:
            sign = -1 if group in chosen else 1
            gain = sum(cost(label, held[label]) - cost(label, held[label] + sign * number)
                       for label, number in counts[group].items())
            if gain > 1e-9:
                chosen ^= {group}
                has_changed = True
                for label, number in counts[group].items():
                    held[label] += sign * number
        if not has_changed:
            break
    return sum(cost(label, held[label]) for label in total), chosen
