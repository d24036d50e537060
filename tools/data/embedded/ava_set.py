"""The embedded set of detection: films of scenes, and lists of them in AVA's forms.

    videos/{train,val}_00000.mp4         films of eight shots, two seconds each
    {train,val}.csv                      video,second,x0,y0,x1,y1,action,person
    {train,val}_excluded.csv             moments that count nowhere
    {train,val}_proposals.pkl            'VIDEO,0902' -> [k, 5], boxes somebody may be in, and score
    actions.pbtxt                        the actions that count
    scenes.json                          arguments, ceilings and checksum of every file
"""
import json
import pickle
import zlib
from pathlib import Path

import numpy as np

from mmvideo.ava_files import Boxes, frame_key, read_boxes, read_excluded, read_proposals
from mmvideo.errors import InputError
from mmvideo.evaluation.ava import average_precisions, overlaps
from mmvideo.storage import replacing

from . import movie, scenes

__all__ = ['build', 'ceilings']

# Part of the record: raise it when the same arguments shall give other files.
VERSION = 1
RECORD = 'scenes.json'
SHOTS = 8
FIRST_SECOND = 900
# Of people whom no proposal shows, of moments that count nowhere, of a box that shows nobody.
MISSED, EXCLUDED, FALSE = 0.03, 0.03, 0.7
DRAWS = 20


def counts(train_films):
    return dict(train=train_films, val=max(1, train_films // 3))


def second_of(shot):
    """The moment that is asked about, the middle of a shot."""
    return FIRST_SECOND + shot * scenes.SHOT_SECONDS + scenes.SHOT_SECONDS // 2


def make_film(out, name, rng):
    """One film on disk.

    Returns:
        list[scenes.Shot]: its shots.
    """
    shots = [scenes.draw_shot(rng) for _ in range(SHOTS)]
    with replacing(out / 'videos' / f'{name}.mp4') as draft:
        movie.encode(draft, np.concatenate([scenes.render(shot) for shot in shots]), scenes.FPS)
    return shots


def rows_of(name, shots, rng):
    """Rows of the list, the excluded moments, and proposals, of one film."""
    rows, excluded, proposals = [], [], {}
    for number, shot in enumerate(shots):
        second = second_of(number)
        for person, actor in enumerate(shot.actors):
            box = ','.join(f'{value:.3f}' for value in actor.box)
            # Not one of the actions that count.
            actions = actor.actions + ((scenes.UNLISTED,) if rng.uniform() < 0.2 else ())
            rows += [f'{name},{second:04d},{box},{action},{person}' for action in actions]
        if rng.uniform() < EXCLUDED:
            excluded.append(f'{name},{second:04d}')
        proposals[frame_key(name, second)] = _proposed(shot, rng)
    return rows, excluded, proposals


def _proposed(shot, rng):
    """[k, 5]: most people, not quite in place, and boxes with nobody in them, less sure."""
    people = np.array([actor.box for actor in shot.actors])
    sizes = np.tile(people[:, 2:] - people[:, :2], 2)
    seen = people + sizes * rng.normal(0, 0.04, people.shape)
    seen = seen[rng.uniform(size=len(seen)) >= MISSED]
    found = [(*box, rng.uniform(0.9, 1)) for box in seen]
    if rng.uniform() < FALSE:
        corner, size = rng.uniform(0.02, 0.7, 2), rng.uniform(0.15, 0.28, 2)
        box = np.array([*corner, *(corner + size)])
        if overlaps(box[None], people).max() < 0.2:
            found.append((*box, rng.uniform(0.6, 0.92)))
    return np.array(found, np.float32).reshape(-1, 5)


def ceilings(out, split='val', score_thr=0.9):
    """The best mean average precision that proposals allow, by what a network sees.

    Whoever sees 'clips' may know all; whoever sees 'single frames' knows outlines, and guesses what
    needs motion (the mean over draws). A box with nobody in it is known as such by both.
    """
    truths = read_boxes(out / f'{split}.csv')
    excluded = read_excluded(out / f'{split}_excluded.csv')
    known = {}
    for key, box, label in zip(truths.keys, truths.boxes, truths.labels.tolist(), strict=True):
        known.setdefault(key, {}).setdefault(tuple(box), set()).add(label)
    rng = np.random.default_rng(0)
    found = {}
    for sees, guessed in (('clips', ()), ('single frames', set(scenes.ACTIONS) - set(
            scenes.OUTLINES))):
        means = []
        for _ in range(DRAWS if guessed else 1):
            best = Boxes([], [], [], [])
            for key, proposed in read_proposals(out / f'{split}_proposals.pkl').items():
                people = np.array(list(known[key]))
                for box in proposed[proposed[:, 4] >= score_thr][:, :4]:
                    common = overlaps(box[None].astype(float), people)[0]
                    labels = known[key][tuple(people[common.argmax()])] if common.max() >= 0.5 \
                        else set()
                    for action in scenes.ACTIONS:
                        score = (action in labels) if action not in guessed else rng.uniform() * (
                            len(labels) > 0)
                        best.keys.append(key)
                        best.boxes.append(box)
                        best.labels.append(action)
                        best.last.append(float(score))
            best.boxes, best.labels, best.last = (np.array(part, float) for part in (
                best.boxes, best.labels, best.last))
            means.append(np.mean(list(average_precisions(truths, best, scenes.ACTIONS,
                                                         excluded).values())))
        found[sees] = float(np.mean(means))
    return found


def checksum(path):
    return zlib.crc32(path.read_bytes()) if path.is_file() else None


def is_whole(out, arguments):
    """Whether an earlier run has made just this, and it is still there."""
    try:
        record = json.loads((out / RECORD).read_text())
        return all(record[key] == value for key, value in arguments.items()) and all(
            checksum(out / path) == value for path, value in record['files'].items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def build(out='data/embedded/scenes', train_films=60, seed=0):
    """Make the set, if it is not there.

    Args:
        out: folder for it.
        train_films: films to train on; a third as many (at least one) for validation.
        seed: not below 0; another one gives other films.

    Returns:
        tuple(int, dict): films that had to be made, and the :func:`ceilings`.

    Raises:
        InputError: an argument is out of range, or the folder is a file.
    """
    for name, value, least in (('--films', train_films, 1), ('--seed', seed, 0)):
        if value < least:
            raise InputError(f'{name}: expected at least {least}, got {value}')
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise InputError(f'--out: {out} is a file, expected a folder')
    arguments = dict(version=VERSION, train_films=train_films, seed=seed)
    if is_whole(out, arguments):
        return 0, json.loads((out / RECORD).read_text())['ceilings']
    # Whoever is cut short leaves a folder that says that it is not whole.
    (out / RECORD).unlink(missing_ok=True)
    files = {}
    for part, (split, count) in enumerate(counts(train_films).items()):
        rows, excluded, proposals = [], [], {}
        for i in range(count):
            rng = np.random.default_rng((seed, part, i))
            name = f'{split}_{i:05d}'
            more = rows_of(name, make_film(out, name, rng), rng)
            rows, excluded = rows + more[0], excluded + more[1]
            proposals.update(more[2])
            files[f'videos/{name}.mp4'] = None
        for name, content in ((f'{split}.csv', _lines(rows)),
                              (f'{split}_excluded.csv', _lines(excluded)),
                              (f'{split}_proposals.pkl', pickle.dumps(proposals, protocol=4))):
            files[name] = _write(out / name, content)
    files['actions.pbtxt'] = _write(out / 'actions.pbtxt', ''.join(
        f'item {{\n  name: "{name}"\n  id: {i}\n}}\n' for i, name in scenes.ACTIONS.items())
        .encode())
    files = {path: checksum(out / path) for path in files}
    record = dict(arguments, ceilings=ceilings(out), files=files)
    _write(out / RECORD, json.dumps(record).encode())
    return sum(counts(train_films).values()), record['ceilings']


def _lines(lines):
    return ''.join(f'{line}\n' for line in lines).encode()


def _write(path, content):
    with replacing(path) as draft:
        draft.write_bytes(content)
