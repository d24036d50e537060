"""Reading frames of a video by index: our reader, decord and OpenCV, each opening the file."""
import functools

import numpy as np

from benchmarks.clips import CLIPS, FPS, SECONDS, write_clips
from benchmarks.timing import Row

WORDS = {'sparse': 'reading 8 sparse frames', 'clip': 'reading one 32x2 clip',
         'clips': 'reading 10 clips of 32x2'}
REACH = {'sparse': 1.3, 'clip': 1.2, 'clips': 1.5}
ROWS = tuple(
    Row(f'read-{kind}-{name}', f'{WORDS[kind]}, {clip.words}', 'decord, one thread',
        f'pyav {kind} {name}', f'decord {kind} {name}', reach=REACH[kind])
    for kind in WORDS for name, clip in CLIPS.items()) + (
    Row('read-sparse-opencv', f'{WORDS["sparse"]}, {CLIPS["gop12"].words}, by OpenCV',
        'decord, one thread', 'opencv sparse gop12', 'decord sparse gop12'), )


def contenders(wanted, small, folder):
    seconds = 1 if small else SECONDS
    names = {key.split()[2] for key in wanted}
    paths = write_clips(folder, [name for name in CLIPS if name in names], seconds)
    found = {}
    for key in wanted:
        decoder, kind, name = key.split()
        read = dict(pyav=read_ours, decord=read_decord, opencv=read_opencv)[decoder]
        found[key] = functools.partial(read, paths[name], indices(kind, seconds * FPS))
    check_equal(found)
    return found


def indices(kind, total):
    """What samplers ask for: sorted in a clip; clips in their order, with frames in common."""
    rng = np.random.default_rng(0)
    if kind == 'sparse':
        part = total // 8
        return [i * part + int(rng.integers(part)) for i in range(8)]
    span = min(64, total)
    starts = (np.linspace(0, total - span, 10) if kind == 'clips' else [(total - span) * 2 / 5])
    return [int(start) + 2 * i for start in starts for i in range(span // 2)]


def read_ours(path, inds, decoder='pyav'):
    from mmvideo.decoders import open_video
    video = open_video(path, decoder)
    found = video.read(inds)
    video.close()
    return found


def read_opencv(path, inds):
    return read_ours(path, inds, 'opencv')


def read_decord(path, inds):
    import decord
    return decord.VideoReader(path, num_threads=1).get_batch(inds).asnumpy()


def check_equal(found):
    """All who read the same frames must give the same, bit by bit."""
    expected = {}
    for key, read in found.items():
        pictures = np.stack(read())
        first = expected.setdefault(key.partition(' ')[2], pictures)
        assert np.array_equal(first, pictures), f'{key} gives other pictures'
