"""From split files and a folder to lists, with what is missing said and written down."""
import os
import os.path as osp
import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from mmvideo.datasets.list_writing import write_records
from mmvideo.datasets.official import OFFICIAL
from mmvideo.errors import InputError, MissingFileError

from .counts import make_counter
from .csv_splits import HVU_CATEGORIES
from .items import LAYOUTS, FrameNames, Items
from .sets import DATA_SETS
from .split_files import Annotations

__all__ = ['ListMaker', 'Wish']

# Folders whose frames are counted at once: the disk is waited for, not the processor.
COUNTERS = 8


@dataclass(frozen=True)
class Wish:
    """What lists are wanted; the arguments of ``build_file_list.py``.

    Args:
        layout: key of :data:`items.LAYOUTS`.
        part: 'train', 'val' or 'test'; None for all that can be made.
        num_split: how many of several splits.
        level: 1 or 2; None as the data set is laid out usually.
        frames: how frames are named; with None for ``rgb`` as the data set names them.
        frames_of: for sound: list or folder that tells how many frames the videos have.
        suffix: '.txt' or '.json'; None for text, where text can hold the labels.
        seed: shuffle by it; None keeps the order of the split files.
        out_root: folder that holds the folders of the data sets.
        anno_dir: folder of the split files; None for ``annotations`` in that of the data set.
        out_name: name of the list, if not the usual one, with places for {part}, {split}
            and {format}.
    """
    layout: str = 'rawframes'
    part: str = None
    num_split: int = 3
    level: int = None
    frames: FrameNames = FrameNames(rgb=None)
    frames_of: str = None
    suffix: str = None
    seed: int = None
    out_root: str = 'data'
    anno_dir: str = None
    out_name: str = None

    def own_name(self, **words):
        """``out_name`` with its places filled in."""
        try:
            return self.out_name.format(format=self.layout, **words)
        except (KeyError, IndexError, ValueError) as error:
            raise InputError(f'--out-name {self.out_name}: expected no places but {{part}}, '
                             f'{{split}} and {{format}} ({error!r})') from None


class ListMaker:
    """Makes the lists of one data set.

    Args:
        name: key of :data:`sets.DATA_SETS`.
        folder: where the videos or the folders of frames lie.
        wish: :class:`Wish`.
    """

    def __init__(self, name, folder, wish):
        self.name, self.wish, self.set = name, wish, DATA_SETS[name]
        self.out = osp.join(wish.out_root, osp.basename(OFFICIAL[name].root))
        self.annotations = Annotations(wish.anno_dir or osp.join(self.out, 'annotations'))
        self.parts = self._parts()
        if wish.num_split < 1:
            raise InputError(f'--num-split {wish.num_split}: expected 1 or more')
        self.suffix = wish.suffix or ('.json' if self.set.kinds == 'tags' else '.txt')
        if self.set.kinds == 'tags' and self.suffix != '.json':
            raise InputError(f'--output-format: the tags of {name} need json')
        rgb = self.set.rgb_prefix if wish.frames.rgb is None else wish.frames.rgb
        self.frames = replace(wish.frames, rgb=rgb)
        self.items = Items(folder, wish.layout, wish.level or self.set.level)
        self.counter = make_counter(self.items, wish, self.frames)
        self.counts = {}

    def _parts(self):
        part = self.wish.part
        if part is None and self.set.has_folder_a_part:
            raise InputError(f'--subset: {self.name} has a folder of its own for each; expected '
                             f'{", ".join(self.set.parts)}')
        if part is not None and part not in self.set.parts:
            raise InputError(f'--subset {part}: {self.name} has {" and ".join(self.set.parts)}')
        return self.set.parts if part is None else (part,)

    def run(self):
        """Write the lists; gives the lines that say what was written.

        Raises:
            InputError: a wrong line of a split file, or nothing that it names is there.
        """
        said, unused, entries = [], set(self.items.paths), []
        for split in range(1, min(self.wish.num_split, self.set.splits) + 1):
            for part in self.parts:
                try:
                    entries = self.set.parse(self.annotations, part, split)
                except MissingFileError:
                    # Publishers keep the labels of tests to themselves, some the names too.
                    if self.wish.part is None and part == 'test':
                        continue
                    raise
                found, missing = self.sort_out(entries)
                unused.difference_update(path for path, _ in found)
                if found:
                    said += self.write(part, split, found, missing)
                else:
                    said.append(f'{part}: none of {len(entries)} items is there; no list')
        if len(unused) == len(self.items.paths):
            raise self._nothing_found(entries)
        if unused and (self.wish.part is None or self.set.has_folder_a_part):
            said.append(f'{len(unused)} of {len(self.items.paths)} items in {self.items.folder} '
                        f'are in no list, for example {min(unused)}')
        firsts = {first for first, _ in self.counts.values() if isinstance(first, int)}
        if firsts - {1}:
            said.append(f'frames are numbered from {min(firsts - {1})}: a config needs '
                        f'start_index={min(firsts - {1})} in its data sets')
        return said

    def sort_out(self, entries):
        """(path, entry) of what is there, and (name, reason) of what is not."""
        found, missing = [], []
        for entry in entries:
            path = self.items.find(entry)
            if path is None:
                missing.append((osp.join(entry.folder, entry.stems[0]), 'is not there'))
            else:
                found.append((path, entry))
        if self.counter is None:
            return found, missing
        self._count([path for path, _ in found])
        missing += [(path, self.counts[path][1]) for path, _ in found
                    if self.counts[path][0] is None]
        return [(path, entry) for path, entry in found if self.counts[path][0] is not None], missing

    def _count(self, paths):
        """Fill ``counts``: (first number, count) of a folder; (None, reason) if it is damaged."""
        def count(path):
            try:
                number, first = self.counter(path)
            except InputError as error:
                return None, str(error)
            return first, number

        new = [path for path in dict.fromkeys(paths) if path not in self.counts]
        if len(new) > 1000:
            print(f'counting the frames of {len(new)} items ...', file=sys.stderr, flush=True)
        with ThreadPoolExecutor(COUNTERS) as pool:
            self.counts.update(zip(new, pool.map(count, new), strict=True))

    def write(self, part, split, found, missing):
        """Write the lists of a part; gives a line for each."""
        said = []
        for kind, category in self._kinds():
            path = osp.join(self.out, self._list_name(kind, category, part, split))
            records = [r for item in found for r in self._records(*item, kind, category)]
            if not records:
                continue
            if self.wish.seed is not None:
                random.Random(self.wish.seed).shuffle(records)
            columns = [key for key in ('offset', 'total_frames') if key in records[0]]
            write_records(path, records, columns, LAYOUTS[self.wish.layout][0])
            line = f'{path}: {len(records)} '
            if kind:
                line += dict(clips='actions', tags='items')[kind]
            else:
                line += f'of {len(found) + len(missing)} items'
                line += self._missing_said(path, missing)
                line += self._officially(part, split, len(found) + len(missing))
            said.append(line)
        return said

    def _kinds(self):
        """(kind, category) of the lists of a part; the first is the main one."""
        if self.wish.out_name is None:
            if self.set.kinds == 'clips' and self.wish.layout == 'rawframes':
                return [('', ''), ('clips', '')]
            if self.set.kinds == 'tags':
                return [('', ''), *(('tags', category) for category in HVU_CATEGORIES)]
        return [('', '')]

    def _list_name(self, kind, category, part, split):
        if self.wish.out_name is not None:
            return self.wish.own_name(part=part, subset=part, split=split)
        return self.set.list_name(self.name, kind, part=part, split=split, category=category,
                                  format=self.wish.layout) + self.suffix

    def _records(self, path, entry, kind, category):
        """Rows of a list: one for an item, in a list of actions one for each."""
        record = {LAYOUTS[self.wish.layout][0]: path}
        if self.counter is not None:
            first, total = self.counts[path]
            record['total_frames'] = total
        if kind == 'clips':
            for start, end, label in entry.segments:
                # `offset` is the number in the name of the first frame.
                begin = min(int(start * total), total - 1)
                length = min(max(round((end - start) * total), 1), total - begin)
                yield {**record, 'offset': first + begin, 'total_frames': length, 'label': label}
        elif kind == 'tags':
            if category in entry.label:
                yield {**record, 'label': entry.label[category]}
        else:
            yield record if entry.label is None else {**record, 'label': entry.label}

    def _missing_said(self, path, missing):
        names = f'{osp.splitext(path)[0]}_missing.txt'
        if not missing:
            if osp.exists(names):
                os.remove(names)
            return ''
        with open(names, 'w', encoding='utf-8') as file:
            file.writelines(f'{name}\t{reason}\n' for name, reason in missing)
        reasons = Counter('not there' if reason == 'is not there' else 'damaged'
                          for _, reason in missing)
        return ('; ' + ', '.join(f'{count} {reason}' for reason, count in reasons.items())
                + f', named in {names}')

    def _officially(self, part, split, named):
        sizes = OFFICIAL[self.name].sizes
        size = next((sizes[key] for key in (part, f'{part}_split_{split}', f'{part}_video')
                     if key in sizes), None)
        if size is None or size.count == named:
            return ''
        return f' (officially {"" if size.is_exact else "about "}{size.count})'

    def _nothing_found(self, entries):
        wanted = osp.join(entries[0].folder, entries[0].stems[0]) if entries else 'anything'
        bad = next((f'{path}: {reason}' for path, (first, reason) in self.counts.items()
                    if first is None), None)
        if bad:
            return InputError(f'{self.items.folder}: no folder has its frames; {bad} '
                              '(--rgb-prefix says how their names begin)')
        return InputError(f'{self.items.folder}: holds nothing that the split files name; expected '
                          f'for example {wanted}, found for example {self.items.paths[0]}')
