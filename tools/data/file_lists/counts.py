"""How many frames an item has: counted in its folder, or for sound those of its video."""
import os.path as osp

import av

from mmvideo.datasets.annotations import read_records
from mmvideo.errors import InputError, MissingFileError

from .items import Items, count_frames

__all__ = ['make_counter']


def make_counter(items, wish, frames):
    """A function that gives (count, number of the first) of a path; None for videos.

    Args:
        items: :class:`items.Items`.
        wish: :class:`building.Wish`.
        frames: :class:`items.FrameNames`.
    """
    if wish.layout == 'videos':
        return None
    if wish.layout == 'rawframes':
        return lambda path: count_frames(osp.join(items.folder, path), frames)
    if wish.frames_of is None:
        raise InputError(f'--frames-of: a list of {wish.layout} says how many frames the videos '
                         'have; expected their list or folder')
    if osp.isdir(wish.frames_of):
        return video_counter(items, Items(wish.frames_of, 'videos', items.level))
    return list_counter(items, wish.frames_of)


def video_counter(items, videos):
    """Counts the frames of the videos of the same names."""
    paths = {osp.splitext(path)[0]: path for path in videos.paths}

    def count(path):
        video = paths.get(osp.splitext(path)[0])
        if video is None:
            raise InputError(f'{videos.folder} has no video of this name')
        return count_video(osp.join(videos.folder, video)), 1
    return count


def count_video(path):
    """Frames of a video, by its packets: nothing is decoded."""
    try:
        with av.open(path) as container:
            packets = container.demux(container.streams.video[0])
            count = sum(bool(packet.size) and not packet.is_discard for packet in packets)
    except (av.error.FFmpegError, IndexError) as error:
        raise InputError(f'{path}: is no video ({error})') from error
    if not count:
        raise InputError(f'{path}: holds no video frame')
    return count


def list_counter(items, path):
    """Looks counts up in a list of frames."""
    if not osp.exists(path):
        raise MissingFileError(f'--frames-of: {path} does not exist')
    records, _ = read_records(path, ('total_frames',), 'frame_dir', multi_class=True,
                              labels_optional=True)
    # Not all ways to lay out sound keep the folders of the classes.
    counts = {items.stem(f'{record["frame_dir"]}.npy'): record['total_frames']
              for record in records}

    def count(item):
        if items.stem(item) not in counts:
            raise InputError(f'{path} has no entry of this name')
        return counts[items.stem(item)], 1
    return count
