"""Which frames of a video make up a sample."""
import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.draws import generator


@TRANSFORMS.register_module()
class SampleFrames:
    """Picks ``num_clips`` runs of ``clip_len`` frames, spread evenly over the video.

    The video is cut into ``num_clips`` equal segments (TSN, arXiv:1608.00859); training draws a
    start in each, testing takes its middle. The arithmetic is that of the 0.x releases, with which
    the published accuracies were measured.

    Args:
        clip_len: frames of one clip.
        frame_interval: step between neighboring frames of a clip, in frames.
        num_clips: clips of one sample.
        temporal_jitter: shift every frame by a draw from 0..frame_interval-1.
        twice_sample: in test mode, add the clips at the starts of the segments after those in
            their middles: 2 * num_clips clips (TSM's "twice sample"). A video shorter than one
            clip yields num_clips all the same.
        out_of_bound_opt: where a clip runs past the end, go on at the first frame ('loop') or stay
            at the last one that was in reach ('repeat_last').
        test_mode: take fixed starts.
        start_index: number of the first frame; the dataset's value if None.
        keep_tail_frames: in training, segments of fractional length, so that no frame at the end
            of the video is left out.
        target_fps: frame rate at which ``frame_interval`` counts: videos of other rates are walked
            through faster or slower. None walks frame by frame. Clips then cover the video from
            its first frame to its last in test mode, as in PySlowFast.

    Keys:
        needed: total_frames; start_index unless given here; avg_fps with target_fps.
        added: frame_inds [num_clips * clip_len], clip_len, frame_interval, num_clips.
    """

    def __init__(self, clip_len, frame_interval=1, num_clips=1, temporal_jitter=False,
                 twice_sample=False, out_of_bound_opt='loop', test_mode=False, start_index=None,
                 keep_tail_frames=False, target_fps=None):
        owner = type(self).__name__
        self.clip_len = checks.count(owner, 'clip_len', clip_len)
        self.frame_interval = checks.count(owner, 'frame_interval', frame_interval)
        self.num_clips = checks.count(owner, 'num_clips', num_clips)
        self.out_of_bound_opt = checks.one_of(owner, 'out_of_bound_opt', out_of_bound_opt,
                                              ('loop', 'repeat_last'))
        self.temporal_jitter = temporal_jitter
        self.twice_sample = twice_sample
        self.test_mode = test_mode
        self.start_index = start_index
        self.keep_tail_frames = keep_tail_frames
        if target_fps is not None and not 0 < target_fps < np.inf:
            raise InputError(f'{owner}: target_fps must be a number > 0, not {target_fps!r}')
        self.target_fps = target_fps

    def __call__(self, results):
        total = _total_frames(self, results)
        rng = generator(results)
        if self.target_fps is None:
            starts = self.clip_starts(total, rng)
            inds = starts[:, None] + np.arange(self.clip_len) * self.frame_interval
        else:
            span = self._span_at(results['avg_fps'])
            starts = self._timed_starts(total, span, rng)
            inds = starts[:, None] + np.linspace(0, span - 1, self.clip_len).astype(np.int64)
        if self.temporal_jitter:
            inds = inds + rng.integers(self.frame_interval, size=inds.shape)
        if self.out_of_bound_opt == 'loop':
            inds = inds % total
        else:
            is_inside = inds < total
            last = np.where(is_inside, inds, 0).max(axis=1, keepdims=True)
            inds = np.where(is_inside, inds, last)
        _write(self, results, inds)
        results['frame_interval'] = self.frame_interval
        results['num_clips'] = len(starts)
        return results

    def clip_starts(self, total, rng):
        """First frame of each clip, counted from 0, as an int array."""
        if self.test_mode:
            return self.test_starts(total)
        if self.keep_tail_frames:
            return self._tail_starts(total, rng)
        return self.train_starts(total, rng)

    def _span_at(self, fps):
        """How many frames of a video of this rate a clip takes, not rounded."""
        if not fps:
            raise InputError(f'{type(self).__name__}: target_fps needs the frame rate of the '
                             f'video; its avg_fps is {fps!r}')
        return max(1.0, self.clip_len * self.frame_interval * (fps / self.target_fps))

    def _timed_starts(self, total, span, rng):
        room = max(total - span, 0)
        if not self.test_mode:
            segment = (room + 1) / self.num_clips
            draws = rng.uniform(0, segment, size=self.num_clips)
            return (np.arange(self.num_clips) * segment + draws).astype(np.int64)
        num = self.num_clips * (2 if self.twice_sample else 1)
        if self.clip_len == 1:
            segment = total / self.num_clips
            edges = np.arange(self.num_clips) * segment
            middles = edges + segment / 2
            return np.concatenate([middles, edges])[:num].astype(np.int64)
        if num == 1:
            return np.array([room // 2]).astype(np.int64)
        return (np.arange(num) * (room // (num - 1))).astype(np.int64)

    def train_starts(self, total, rng):
        span = self.clip_len * self.frame_interval
        steps = np.arange(self.num_clips)
        segment = (total - span + 1) // self.num_clips
        if segment > 0:
            return steps * segment + rng.integers(segment, size=self.num_clips)
        if total > max(self.num_clips, span):
            return np.sort(rng.integers(total - span + 1, size=self.num_clips))
        if segment == 0:
            # Fewer starts than clips: np.around, so halves go to the even neighbor.
            share = (total - span + 1) / self.num_clips
            return np.around(steps * share).astype(np.int64)
        return np.zeros(self.num_clips, np.int64)

    def _tail_starts(self, total, rng):
        span = self.clip_len * self.frame_interval
        if total < span:
            return np.zeros(self.num_clips, np.int64)
        segment = (total - span + 1) / self.num_clips
        draws = rng.uniform(0, segment, size=self.num_clips)
        return (np.arange(self.num_clips) * segment + draws).astype(np.int64)

    def test_starts(self, total):
        span = self.clip_len * self.frame_interval
        if total < span:
            return np.zeros(self.num_clips, np.int64)
        segment = (total - span + 1) / self.num_clips
        edges = np.arange(self.num_clips) * segment
        middles = (edges + segment / 2).astype(np.int64)
        if self.twice_sample:
            return np.concatenate([middles, edges.astype(np.int64)])
        return middles


@TRANSFORMS.register_module()
class DenseSampleFrames(SampleFrames):
    """Spreads the clips over a window of the video instead of all of it ("dense sampling").

    Used by TSM and TIN recipes after the non-local networks (arXiv:1711.07971). Training draws
    one window; testing takes ``num_sample_positions`` windows and yields that many times
    ``num_clips`` clips.

    Args:
        clip_len, frame_interval, num_clips, **kwargs: as of :class:`SampleFrames`.
        sample_range: length of the window, in frames.
        num_sample_positions: windows in test mode, evenly spaced.

    Keys: as of :class:`SampleFrames`.
    """

    def __init__(self, clip_len, frame_interval=1, num_clips=1, sample_range=64,
                 num_sample_positions=10, **kwargs):
        super().__init__(clip_len, frame_interval, num_clips, **kwargs)
        owner = type(self).__name__
        if self.keep_tail_frames or self.twice_sample or self.target_fps:
            raise InputError(f'{owner}: keep_tail_frames, twice_sample and target_fps belong to '
                             'SampleFrames; a window has no tail and its own positions')
        self.sample_range = checks.count(owner, 'sample_range', sample_range)
        self.num_sample_positions = checks.count(owner, 'num_sample_positions',
                                                 num_sample_positions)

    def train_starts(self, total, rng):
        positions = max(1, 1 + total - self.sample_range)
        # The last position is never drawn, as in the recipes that were published.
        first = 0 if positions == 1 else int(rng.integers(positions - 1))
        return self._spread(first, total)

    def test_starts(self, total):
        positions = max(1, 1 + total - self.sample_range)
        firsts = np.linspace(0, positions - 1, num=self.num_sample_positions).astype(np.int64)
        return np.concatenate([self._spread(first, total) for first in firsts])

    def _spread(self, first, total):
        return (first + np.arange(self.num_clips) * (self.sample_range // self.num_clips)) % total


@TRANSFORMS.register_module()
class UniformSample:
    """Picks ``clip_len`` frames that together span the whole video, one from each equal part.

    The sampling of the Something-Something recipes of Video Swin and MViT. Training draws a frame
    in each part; testing cuts each part evenly, ``num_clips`` frames between its ends.

    Args:
        clip_len: frames of one clip.
        num_clips: clips of one sample in test mode. Training always makes one clip.
        test_mode: take fixed frames.

    Keys:
        needed: total_frames, start_index.
        added: frame_inds [num_clips * clip_len], clip_len, frame_interval (None), num_clips.
    """

    def __init__(self, clip_len, num_clips=1, test_mode=False):
        self.clip_len = checks.count('UniformSample', 'clip_len', clip_len)
        self.num_clips = checks.count('UniformSample', 'num_clips', num_clips)
        self.test_mode = test_mode
        self.start_index = None

    def __call__(self, results):
        total = _total_frames(self, results)
        edges = np.around(np.arange(self.clip_len + 1) * (total - 1) / self.clip_len)
        starts, widths = edges[:-1].astype(np.int64), np.diff(edges).astype(np.int64)
        if self.test_mode:
            share = np.arange(1, self.num_clips + 1)[:, None] / (self.num_clips + 1)
            inds = starts + ((total - 1) / self.clip_len * share).astype(np.int64)
        else:
            inds = starts[None] + generator(results).integers(widths + 1)
        _write(self, results, inds)
        results['frame_interval'] = None
        results['num_clips'] = len(inds)
        return results


@TRANSFORMS.register_module()
class UniformSampleFrames:
    """Picks ``clip_len`` frames that together span the whole video, one from each equal part.

    The sampling of PoseC3D (arXiv:2104.13586), section 3.3. Testing draws, too, but always the same
    for a video of this length. A video shorter than a clip is walked through in a circle.

    Args:
        clip_len: frames of one clip.
        num_clips: clips of one sample.
        test_mode: draw from ``seed``, and start the clips of a short video evenly.
        seed: of the draws in test mode; 255 gave the published accuracies.

    Keys:
        needed: total_frames, start_index.
        added: frame_inds [num_clips * clip_len], clip_len, frame_interval (None), num_clips.
    """

    def __init__(self, clip_len, num_clips=1, test_mode=False, seed=255):
        self.clip_len = checks.count('UniformSampleFrames', 'clip_len', clip_len)
        self.num_clips = checks.count('UniformSampleFrames', 'num_clips', num_clips)
        self.test_mode = test_mode
        self.seed = checks.count('UniformSampleFrames', 'seed', seed, least=0)
        self.start_index = None

    def _clip(self, total, number, rng):
        """Frames of one clip, some of them perhaps beyond the end."""
        if total < self.clip_len:
            if not self.test_mode:
                start = int(self._whole(rng, total))
            else:
                start = number if total < self.num_clips else number * total // self.num_clips
            return start + np.arange(self.clip_len)
        if total < 2 * self.clip_len:
            # Each of the frames too many is left out before one of the clip's, or at the end.
            skips = np.zeros(self.clip_len + 1, np.int64)
            skips[rng.choice(self.clip_len + 1, total - self.clip_len, replace=False)] = 1
            return np.arange(self.clip_len) + np.cumsum(skips)[:-1]
        edges = np.arange(self.clip_len + 1) * total // self.clip_len
        return edges[:-1] + self._whole(rng, np.diff(edges))

    def _whole(self, rng, below):
        return rng.randint(below) if self.test_mode else rng.integers(below)

    def __call__(self, results):
        total = _total_frames(self, results)
        # The older generator, whose draws the published accuracies rest on.
        rng = np.random.RandomState(self.seed) if self.test_mode else generator(results)
        inds = np.stack([self._clip(total, i, rng) for i in range(self.num_clips)]) % total
        _write(self, results, inds)
        results['frame_interval'] = None
        results['num_clips'] = self.num_clips
        return results


def _total_frames(sampler, results):
    total = results['total_frames']
    if total < 1:
        place = results.get('filename') or results.get('frame_dir') or 'the sample'
        raise InputError(f'{type(sampler).__name__}: {place} has {total} frames')
    return int(total)


def _write(sampler, results, inds):
    start = results['start_index'] if sampler.start_index is None else sampler.start_index
    results['frame_inds'] = inds.reshape(-1).astype(np.int64) + start
    results['clip_len'] = sampler.clip_len
