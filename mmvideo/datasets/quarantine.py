"""Samples that cannot be loaded: written down, replaced, and counted.

A list of bad samples is a file of JSON lines, one a sample: ``file`` and ``listed`` (its name, and
where it was listed), ``reason``, ``always`` (false where it depends on the draws whether the sample
fails) and ``place`` (its number in the data set). Every process appends whole lines to it.
"""
import collections
import glob
import json
import os
import os.path as osp
import re

import numpy as np
import torch

from mmvideo import storage
from mmvideo.errors import InputError

__all__ = ['Quarantine', 'explain']

# So many samples in a row that fail are no chance, but a pipeline or a decoder that cannot work.
TRIES = 20
GOOD, SOMETIMES, ALWAYS = range(3)
# What torch says, from the handler of a signal, while this process does whatever it does.
DEATH = 'DataLoader worker (pid'


def explain(error):
    """The reason that is written down; an error that nobody foresaw is told with its kind."""
    text = ' '.join(str(error).split())
    if isinstance(error, (InputError, OSError)):
        return text or type(error).__name__
    return f'{type(error).__name__}: {text}'


def missing_folder(error, *folders):
    """The first of these folders that does not exist, if that is what a missing file comes from.

    A storage service has addresses in place of folders; of those this cannot tell.
    """
    if not isinstance(error, FileNotFoundError):
        return None
    for folder in folders:
        if folder and '://' not in folder and not storage.isdir(folder):
            return folder
    return None


class Quarantine:
    """What is known of the bad samples of a data set; its members and all workers share it.

    A sample that fails is replaced by another one of the same data set, drawn from (seed, epoch,
    place, number of the try). What the draws of the failed one had come to does not matter, so a
    known bad sample can be passed over without opening it: the run gets the same bits whether it
    knows or finds out. Passed over are only those that failed before anything was drawn; whether
    the others fail depends on the draws, so they are tried again.

    Args:
        members: data sets with records.
        path: the list of bad samples, or None to write none.
        rank: another process than the first writes to a file of its own, with ``.rank1`` before
            the suffix of ``path``; all of them are read.
        max_share: more bad samples than this share of all are an error; None for no limit.
        replaces: True for training. False for a test: the item keeps its label and says with
            ``is_bad`` that it stands for a sample that failed.

    Attributes:
        total: samples of all members.
    """

    def __init__(self, members, path=None, rank=0, max_share=None, replaces=True):
        self.path, self.max_share, self.replaces = path, max_share, replaces
        self._own = f'.rank{rank}'.join(osp.splitext(path)) if path and rank else path
        self.members = list(members)
        self.total = 0
        for member in self.members:
            member.first_place = self.total
            member.keeper = self
            self.total += len(member)
        # Shared memory: what one worker finds out all of them know.
        self._state = torch.zeros(self.total, dtype=torch.uint8).share_memory_()
        self._found = []        # what this process wrote down, where there is no file
        self._read = {}         # how far each file was read

    def count(self):
        """Number of bad samples."""
        return int(torch.count_nonzero(self._state))

    def load(self, member, index, rng, draws, shape=None):
        """A sample, or another one in its place.

        Args:
            member: a data set.
            index: which of its records.
            rng: the sample's generator.
            draws: (seed, epoch, place), of which it was made.
            shape: which pipeline of the data set makes it, if not the first.

        Raises:
            InputError: too many samples are bad.
        """
        asked = index
        for attempt in range(TRIES):
            if attempt:
                rng = np.random.default_rng([*draws, attempt])
                index = member.draw(rng)
            place = member.first_place + index
            if self._state[place] == ALWAYS:
                continue
            before = rng.bit_generator.state
            try:
                results = member.make(index, rng, None if self.replaces else asked, shape)
            except Exception as error:      # one strange file must not end a night's work
                if DEATH in str(error):
                    raise
                member.check_folders(error, index)
                self.add(place, explain(error), rng.bit_generator.state == before)
                continue
            if not self.replaces and isinstance(results, dict):
                results['is_bad'] = attempt > 0
            return results
        raise InputError(f'{TRIES} samples in a row cannot be loaded. {self.summary()}')

    def add(self, place, reason, always=True):
        """Write a bad sample down, once; raises if there are too many by now.

        Args:
            place: its number in the data set.
            reason: why it cannot be loaded.
            always: whatever the draws are.
        """
        state = ALWAYS if always else SOMETIMES
        if self._state[place] >= state:
            return
        self._state[place] = state
        name, listed = self.name(place)
        entry = dict(file=name, listed=listed, reason=reason, always=always, place=place)
        if self.path is None:
            self._found.append(entry)
        else:
            line = json.dumps(entry, ensure_ascii=False).encode() + b'\n'
            # One write at the end of the file, so that lines of several workers do not mix.
            handle = os.open(self._own, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
        self.check()

    def name(self, place):
        """(name, where it is listed) of a sample."""
        member = next(m for m in reversed(self.members) if m.first_place <= place)
        index = place - member.first_place
        return member.names[index], member.origin(index)

    def check(self):
        """Raise InputError with a summary if more samples are bad than ``max_share`` allows."""
        if self.max_share is not None and self.count() > self.max_share * self.total:
            raise InputError(self.summary())

    def news(self):
        """Bad samples that any process wrote down since the last call, or before this run.

        Returns:
            list[dict]: entries of the file, each sample once; a line that does not fit the data
            set any more is left out.
        """
        fresh = {}
        for entry in self._lines():
            place = entry.get('place')
            if not isinstance(place, int) or not 0 <= place < self.total:
                continue
            if (entry.get('file'), entry.get('listed')) == self.name(place):
                state = ALWAYS if entry.get('always') else SOMETIMES
                self._state[place] = max(int(self._state[place]), state)
                fresh[place] = entry
        return list(fresh.values())

    def _lines(self):
        """Whole lines that were added to the files since the last call."""
        if self.path is None:
            self._found, found = [], self._found
            yield from found
            return
        for path in _files(self.path):
            with open(path, 'rb') as file:
                file.seek(self._read.get(path, 0))
                content = file.read()
            content = content[:content.rfind(b'\n') + 1]
            self._read[path] = self._read.get(path, 0) + len(content)
            for line in content.splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:      # cut short by whatever ended a run
                    continue
                if isinstance(entry, dict):
                    yield entry

    def summary(self, shown=3):
        """How many samples are bad, and why: reasons that differ in names and numbers only are one.
        """
        entries = self._all()
        count = max(self.count(), len(entries))
        said = f'{count} of {self.total} samples cannot be loaded'
        if self.max_share is not None and count > self.max_share * self.total:
            said += f', more than max_bad_share={self.max_share:g} allows'
        if len(entries) == 1:
            return f'{_named(entries[0])}: {entries[0].get("reason")}; {said}'
        if self.path:
            said += f'; all of them, with reasons: {self.path}'
        kinds = collections.defaultdict(list)
        for entry in entries:
            kinds[re.sub(r'\d+', 'N', _plain_reason(entry))].append(entry)
        for kind, alike in sorted(kinds.items(), key=lambda item: -len(item[1])):
            reasons = {_plain_reason(entry) for entry in alike}
            more = f' and {len(alike) - shown} more' if len(alike) > shown else ''
            said += (f'\n  {len(alike)}x {reasons.pop() if len(reasons) == 1 else kind}: '
                     + ', '.join(map(_named, alike[:shown])) + more)
        return said

    def _all(self):
        """Every entry of the files once, with no regard to what was read before."""
        if self.path is None:
            return list(self._found)
        read, self._read = self._read, {}
        try:
            return list({entry.get('place'): entry for entry in self._lines()}.values())
        finally:
            self._read = read


def _files(path):
    stem, suffix = osp.splitext(path)
    return sorted({*glob.glob(glob.escape(stem) + '.rank*' + suffix),
                   *([path] if osp.exists(path) else [])})


def _named(entry):
    return f'{entry.get("file")} ({entry.get("listed")})'


def _plain_reason(entry):
    """A reason without the path of the file in front."""
    name = re.escape(osp.basename(str(entry.get('file'))))
    return re.sub(rf'^\S*{name}\S*: ', '', str(entry.get('reason')))
