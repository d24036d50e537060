"""Make the embedded data set: short H.264 + AAC videos of eight actions, with audio features.

    python tools/data/build_embedded.py --out data/embedded

Needs no download. What is shown, and which accuracy each kind of evidence allows, stands in
``embedded/classes.py``. The same arguments give the same bytes, with any number of workers, as long
as the encoders of the installed PyAV stay the same.

    videos/{train,val}/clip_00000.mp4          train_videos.txt          PATH LABEL
    audio_features/{train,val}/clip_00000.npy  train_audio_features.txt  PATH FRAMES LABEL
    classes.txt                                one name a line
    embedded.json                              arguments, size and checksum of every file

With ``--scenes`` it makes the set of detection instead, scenes of several actors with boxes and
actions in AVA's forms (``embedded/ava_set.py``):

    python tools/data/build_embedded.py --scenes --out data/embedded/scenes

Flipping left and right turns class 0 into 2, 1 into 3 and 4 into 5: train with
``Flip(flip_ratio=0)`` or with a ``flip_label_map``.
"""
import argparse
import json
import multiprocessing
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from build_audio_features import write_features
from embedded import ava_set, movie, picture, sound
from embedded.classes import CLASSES, EVIDENCE, ceiling
from embedded.clips import draw_clip

from mmvideo.errors import InputError
from mmvideo.processes import usable_cores
from mmvideo.storage import replacing

# Part of the record: raise it when the same arguments shall give other files.
VERSION = 1
SPLITS = ('train', 'val')
RECORD = 'embedded.json'


def clips_per_class(split, train_clips):
    """120 clips to train on bring 30 for validation."""
    return train_clips if split == 'train' else max(1, train_clips // 4)


def plan(train_clips, seed):
    """All clips as (split, index, label); labels lie in no order, so no name tells its label."""
    clips = []
    for number, split in enumerate(SPLITS):
        labels = np.repeat(np.arange(len(CLASSES)), clips_per_class(split, train_clips))
        np.random.default_rng((seed, number)).shuffle(labels)
        clips += [(split, index, int(label)) for index, label in enumerate(labels)]
    return clips


def paths_of(split, index):
    """Video and audio feature of one clip, relative to the data set."""
    name = f'{split}/clip_{index:05d}'
    return f'videos/{name}.mp4', f'audio_features/{name}.npy'


def make_clip(job):
    """Render, encode and analyze one clip; what it holds depends on nothing but the job.

    Returns:
        tuple: the two paths, and for each its [bytes, checksum].
    """
    out, seed, split, index, label = job
    # The third number keeps these generators apart from the one that shuffles the labels.
    rng = np.random.default_rng((seed, SPLITS.index(split), 1 + index))
    clip = draw_clip(rng, label)
    video, feature = paths_of(split, index)
    with replacing(out / video) as draft:
        movie.encode(draft, picture.render(clip), clip.fps, sound.render(clip), sound.SAMPLE_RATE)
    write_features(out / video, out / feature)
    return {path: checksum(out / path) for path in (video, feature)}


def checksum(path):
    """[bytes, CRC-32] of a file, or None where there is none."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    return [len(content), zlib.crc32(content)]


def read_record(out):
    """What an earlier run has written here; nothing if there is no record or half of one."""
    try:
        record = json.loads((out / RECORD).read_text())
        return record if isinstance(record.get('files'), dict) else {}
    except (OSError, ValueError, AttributeError):
        return {}


def write_text(path, lines):
    with replacing(path) as draft:
        draft.write_text(''.join(f'{line}\n' for line in lines))
    return checksum(path)


def write_lists(out, clips):
    """Class names and the lists of both splits, with the checksum of each."""
    files = {'classes.txt': write_text(out / 'classes.txt', [c.name for c in CLASSES])}
    for split in SPLITS:
        videos, features = [], []
        for _, index, label in (clip for clip in clips if clip[0] == split):
            video, feature = paths_of(split, index)
            rows = np.load(out / feature, mmap_mode='r').shape[0]
            videos.append(f'{video.partition("/")[2]} {label}')
            features.append(f'{feature.partition("/")[2]} {rows} {label}')
        for name, lines in ((f'{split}_videos.txt', videos),
                            (f'{split}_audio_features.txt', features)):
            files[name] = write_text(out / name, lines)
    return files


def make_clips(jobs, workers):
    """Make all clips of ``jobs`` and collect their checksums, with a bar on a terminal."""
    bar, files = None, {}
    if sys.stdout.isatty():
        from mmengine.utils import ProgressBar
        bar = ProgressBar(len(jobs))
    if workers == 1:
        results, pool = map(make_clip, jobs), None
    else:
        # spawn works on every system, and no thread of the parent is cut in half by it.
        pool = multiprocessing.get_context('spawn').Pool(min(workers, len(jobs)))
        results = pool.imap_unordered(make_clip, jobs, chunksize=4)
    try:
        for made in results:
            files.update(made)
            if bar:
                bar.update()
    finally:
        if pool is not None:
            pool.terminate()
            pool.join()
    if bar:
        print()
    return files


def remove_stale(out, known, wanted):
    """Take away clips of an earlier, larger set; only files that its record names."""
    own = {str(path.relative_to(out)) for kind in ('videos', 'audio_features')
           for path in (out / kind).glob('*/clip_*')}
    for path in (own & set(known)) - set(wanted):
        (out / path).unlink()


def build(out='data/embedded', train_clips=120, seed=0, workers=2):
    """Make the data set, or what is missing of it.

    Args:
        out: folder for it.
        train_clips: clips of each class to train on; a quarter as many (at least one) for
            validation.
        seed: not below 0; another one gives other clips.
        workers: processes at work.

    Returns:
        int: clips that had to be made.

    Raises:
        InputError: an argument is out of range, or the folder is a file.
    """
    for name, value, least in (('--clips-per-class', train_clips, 1), ('--seed', seed, 0),
                               ('--workers', workers, 1)):
        if value < least:
            raise InputError(f'{name}: expected at least {least}, got {value}')
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise InputError(f'--out: {out} is a file, expected a folder')
    arguments = {'version': VERSION, 'train_clips': train_clips, 'seed': seed}
    record, clips = read_record(out), plan(train_clips, seed)
    is_same = {key: record.get(key) for key in arguments} == arguments
    known = record.get('files', {})
    intact = {path for path in known if is_same and checksum(out / path) == known[path]}
    if is_same and intact == set(known):
        return 0
    files = {path: known[path] for clip in clips for path in paths_of(*clip[:2])
             if path in intact}
    jobs = [(out, seed, *clip) for clip in clips
            if not all(path in files for path in paths_of(*clip[:2]))]
    if jobs:
        # Whoever is cut short leaves a folder that says that it is not whole.
        (out / RECORD).unlink(missing_ok=True)
        files.update(make_clips(jobs, workers))
    remove_stale(out, known, files)
    files.update(write_lists(out, clips))
    write_text(out / RECORD, [json.dumps({
        **arguments, 'ceilings': {kind: ceiling(kind) for kind in EVIDENCE},
        'num_files': len(files), 'files': dict(sorted(files.items()))})])
    return len(jobs)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Make the embedded data set')
    parser.add_argument('--out', help='folder for it (default: data/embedded, with --scenes '
                        'data/embedded/scenes)')
    parser.add_argument('--scenes', action='store_true',
                        help='the set of detection: films of several actors, boxes and actions')
    parser.add_argument('--films', type=int, default=60, metavar='N',
                        help='of --scenes, to train on; N/3 for validation')
    parser.add_argument('--clips-per-class', type=int, default=120, metavar='N',
                        help='clips of each class to train on; N/4 of each for validation')
    parser.add_argument('--seed', type=int, default=0, help='another seed gives other clips')
    parser.add_argument('--workers', type=int, default=min(2, usable_cores()),
                        help='processes at work')
    return parser.parse_args(argv)


def make_scenes(out, films, seed, start):
    made, best = ava_set.build(out, films, seed)
    print('best mAP: ' + ', '.join(f'{sees} {value:.1%}' for sees, value in best.items()))
    sizes = ava_set.counts(films)
    done = f'{made} films made' if made else 'no film to make, all files are there'
    print(f'{out}: {sizes["train"]} train and {sizes["val"]} val films of {ava_set.SHOTS} shots; '
          f'{done} ({time.perf_counter() - start:.1f} s)')


def main(argv=None):
    args = parse_args(argv)
    start = time.perf_counter()
    if args.scenes:
        return make_scenes(args.out or 'data/embedded/scenes', args.films, args.seed, start)
    args.out = args.out or 'data/embedded'
    made = build(args.out, args.clips_per_class, args.seed, args.workers)
    counts = [len(CLASSES) * clips_per_class(split, args.clips_per_class) for split in SPLITS]
    print('best top-1: ' + ', '.join(f'{kind} {ceiling(kind):.1%}' for kind in EVIDENCE))
    done = f'{made} clips made' if made else 'no clip to make, all files are there'
    print(f'{args.out}: {counts[0]} train and {counts[1]} val clips of {len(CLASSES)} classes; '
          f'{done} ({time.perf_counter() - start:.1f} s)')


if __name__ == '__main__':
    from mmvideo.command import exit_status
    sys.exit(exit_status(main))
