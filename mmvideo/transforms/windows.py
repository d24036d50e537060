"""Frames about points of a longer video: windows all along it, or one about a moment."""
import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.draws import generator


@TRANSFORMS.register_module()
class UntrimmedSampleFrames:
    """Picks a window about every ``frame_interval``-th frame, to get features all along a video.

    Frames before the first and after the last are replaced by these.

    Args:
        clip_len: frames of one window.
        frame_interval: from the middle of one window to that of the next, in frames.
        start_index: number of the first frame; the dataset's value if None.
        clip_interval: what ``frame_interval`` is as long as this is None. If it is given, as in the
            1.x releases, ``frame_interval`` is the step between neighboring frames of a window.

    Keys:
        needed: total_frames; start_index unless given here.
        added: frame_inds [num_clips * clip_len], clip_len, frame_interval, num_clips.

    Raises:
        InputError: the video is too short for one window.
    """

    def __init__(self, clip_len=1, frame_interval=16, start_index=None, clip_interval=None):
        owner = 'UntrimmedSampleFrames'
        self.clip_len = checks.count(owner, 'clip_len', clip_len)
        self.frame_interval = checks.count(owner, 'frame_interval', frame_interval)
        self.start_index = start_index
        self.clip_interval = (None if clip_interval is None
                              else checks.count(owner, 'clip_interval', clip_interval))

    def __call__(self, results):
        total = results['total_frames']
        between, step = ((self.frame_interval, 1) if self.clip_interval is None
                         else (self.clip_interval, self.frame_interval))
        middles = np.arange(between // 2, total, between)
        if not len(middles):
            raise InputError(f'UntrimmedSampleFrames: {total} frames hold no window, whose first '
                             f'middle is frame {between // 2}')
        places = (np.arange(self.clip_len) - self.clip_len // 2) * step
        start = results['start_index'] if self.start_index is None else self.start_index
        inds = np.clip(middles[:, None] + places, 0, total - 1) + start
        results['frame_inds'] = inds.reshape(-1).astype(np.int64)
        results['clip_len'] = self.clip_len
        results['frame_interval'] = self.frame_interval
        results['num_clips'] = len(middles)
        return results


@TRANSFORMS.register_module()
class SampleMoments:
    """Picks a clip about each of some moments that part a video evenly, from its beginning on.

    The localization task of Charades (arXiv:1604.01753) asks what is done at 25 moments: at 0,
    1/25, ..., 24/25 of the length that the list gives. Frames before the first and after the last
    are replaced by these.

    Args:
        clip_len: frames of one clip.
        frame_interval: step between neighboring frames of a clip, in frames.
        num_moments: clips, P.

    Keys:
        needed: total_frames, avg_fps, start_index; length_seconds if the data set gives it.
        added: frame_inds [P * clip_len], clip_len, frame_interval, num_clips (P), moments [P],
            seconds.
    """

    def __init__(self, clip_len, frame_interval=1, num_moments=25):
        self.clip_len = checks.count('SampleMoments', 'clip_len', clip_len)
        self.frame_interval = checks.count('SampleMoments', 'frame_interval', frame_interval)
        self.num_moments = checks.count('SampleMoments', 'num_moments', num_moments)

    def __call__(self, results):
        total, fps = results['total_frames'], results['avg_fps']
        if not fps:
            raise InputError('SampleMoments: needs the frame rate of the video; its avg_fps is '
                             f'{fps!r}')
        length = results.get('length_seconds', total / fps)
        moments = np.arange(self.num_moments) * length / self.num_moments
        places = (np.arange(self.clip_len) - self.clip_len // 2) * self.frame_interval
        inds = np.clip(np.around(moments * fps)[:, None] + places, 0, total - 1)
        results['frame_inds'] = inds.reshape(-1).astype(np.int64) + results['start_index']
        results.update(clip_len=self.clip_len, frame_interval=self.frame_interval,
                       num_clips=self.num_moments, moments=moments)
        return results


@TRANSFORMS.register_module()
class SampleAVAFrames:
    """Picks one clip about a moment of a film, for spatio-temporal detection (AVA, 1705.08421).

    Args:
        clip_len: frames of the clip.
        frame_interval: step between neighboring frames, in frames.
        test_mode: training moves every frame by a draw of less than half a step; testing does not.

    Keys:
        needed: fps, timestamp and timestamp_start (in seconds), shot_info (first frame and the one
            behind the last); start_index is 0 unless the dataset has one.
        added: frame_inds [clip_len], clip_len, frame_interval, num_clips (1), crop_quadruple.
    """

    def __init__(self, clip_len, frame_interval=2, test_mode=False):
        self.clip_len = checks.count('SampleAVAFrames', 'clip_len', clip_len)
        self.frame_interval = checks.count('SampleAVAFrames', 'frame_interval', frame_interval)
        self.test_mode = test_mode

    def __call__(self, results):
        step = self.frame_interval
        middle = round(results['fps'] * (results['timestamp'] - results['timestamp_start'])) + 1
        inds = middle + (np.arange(self.clip_len) - self.clip_len // 2) * step
        if not self.test_mode:
            inds = inds + generator(results).integers(-(step // 2), (step + 1) // 2,
                                                      size=self.clip_len)
        first, end = results['shot_info']
        inds = np.clip(inds, first, end - 1) + results.get('start_index', 0)
        results['frame_inds'] = inds.astype(np.int64)
        results['clip_len'] = self.clip_len
        results['frame_interval'] = step
        results['num_clips'] = 1
        results['crop_quadruple'] = np.array([0, 0, 1, 1], np.float32)
        return results
