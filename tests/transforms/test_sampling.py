import zlib

import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import (
    DenseSampleFrames,
    SampleFrames,
    UniformSample,
    UniformSampleFrames,
)


def indices(transform, case, rng=None):
    sample = dict(total_frames=case['total_frames'], start_index=case['start_index'])
    if rng is not None:
        sample['rng'] = rng
    if 'avg_fps' in case:
        sample['avg_fps'] = case['avg_fps']
    return transform(**case['args'])(sample)['frame_inds']


def crc32(inds):
    return zlib.crc32(inds.astype('<i4').tobytes())


@pytest.mark.parametrize('transform, name, num_cases', [
    (SampleFrames, 'sample_frames_test_0x', 230),
    (DenseSampleFrames, 'dense_sample_frames', 77),
    (SampleFrames, 'sample_frames_target_fps_1x', 44),
    (UniformSample, 'uniform_sample_1x', 49),
    (UniformSampleFrames, 'uniform_sample_frames_pose_1x', 37)])
def test_fixed_indices_are_the_recorded_ones(transform, name, num_cases, recorded):
    cases = [c for c in recorded(name) if c['args']['test_mode']]
    assert len(cases) == num_cases
    for case in cases:
        inds = indices(transform, case)
        assert (len(inds), crc32(inds)) == (case['n'], case['crc32']), case


@pytest.mark.parametrize('transform, name, num_cases', [
    (SampleFrames, 'sample_frames_train_0x', 62),
    (SampleFrames, 'sample_frames_train_1x', 62),
    (DenseSampleFrames, 'dense_sample_frames', 66),
    (UniformSampleFrames, 'uniform_sample_frames_pose_1x', 28)])
def test_drawn_indices_follow_the_recorded_generator(transform, name, num_cases, recorded,
                                                     legacy_draws):
    cases = [c for c in recorded(name) if not c['args'].get('test_mode')]
    assert len(cases) == num_cases
    for case in cases:
        inds = indices(transform, case, legacy_draws(case['numpy_seed']))
        assert crc32(inds) == case['crc32'], case


@pytest.mark.parametrize('args, total, starts', [
    # segment of (300 - 64 + 1) // 10 = 23 frames
    (dict(clip_len=8, frame_interval=8, num_clips=10), 300, [(23 * i, 23 * i + 22)
                                                            for i in range(10)]),
    (dict(clip_len=1, num_clips=3), 8, [(0, 1), (2, 3), (4, 5)]),
    (dict(clip_len=1, num_clips=3, keep_tail_frames=True), 8, [(0, 2), (2, 5), (5, 7)]),
    (dict(clip_len=32, frame_interval=2), 64, [(0, 0)]),
    (dict(clip_len=32, frame_interval=2), 10, [(0, 0)])])
def test_drawn_starts_stay_in_their_segment_and_reach_its_ends(args, total, starts):
    sampler = SampleFrames(**args)
    rng = np.random.default_rng(0)
    drawn = np.array([sampler.clip_starts(total, rng) for _ in range(400)])
    assert [tuple(x) for x in np.stack([drawn.min(0), drawn.max(0)], 1)] == starts


def test_a_video_shorter_than_its_segments_gives_sorted_starts():
    # 10 frames, 8 clips: less than a frame of room each, so starts are drawn anywhere.
    sampler = SampleFrames(clip_len=4, num_clips=8)
    rng = np.random.default_rng(0)
    drawn = np.array([sampler.clip_starts(10, rng) for _ in range(300)])
    assert (np.diff(drawn, axis=1) >= 0).all()
    assert (drawn.min(), drawn.max()) == (0, 6)


@pytest.mark.parametrize('option, expected', [
    ('loop', [3, 5, 7, 9, 1, 3]), ('repeat_last', [3, 5, 7, 9, 9, 9])])
def test_frames_past_the_end(option, expected, legacy_draws):
    sampler = SampleFrames(6, 2, out_of_bound_opt=option)
    sampler.clip_starts = lambda total, rng: np.array([3])
    assert sampler(dict(total_frames=10, start_index=0))['frame_inds'].tolist() == expected


def test_jitter_moves_frames_less_than_one_interval():
    sampler = SampleFrames(8, 4, temporal_jitter=True)
    found = set()
    for seed in range(50):
        sample = dict(total_frames=32, start_index=1, rng=np.random.default_rng(seed))
        found |= set((sampler(sample)['frame_inds'] - 1 - 4 * np.arange(8)).tolist())
    assert found == {0, 1, 2, 3}


@pytest.mark.parametrize('fps, target, span', [(30, 30, 16), (60, 30, 32), (15, 30, 8),
                                               (24, 30, 12.8)])
def test_drawn_clips_of_a_frame_rate(fps, target, span):
    sampler = SampleFrames(8, 2, num_clips=2, target_fps=target)
    starts = []
    for seed in range(300):
        sample = dict(total_frames=100, start_index=0, avg_fps=fps, rng=np.random.default_rng(seed))
        clips = sampler(sample)['frame_inds'].reshape(2, 8)
        assert (clips[:, -1] - clips[:, 0] == int(span - 1)).all() and clips.max() < 100
        starts.append(clips[:, 0])
    middle = (100 - span + 1) / 2
    low, high = np.min(starts, 0), np.max(starts, 0)
    np.testing.assert_allclose([low[0], high[0], low[1], high[1]],
                               [0, middle, middle, 100 - span], atol=2)


def test_a_frame_rate_is_needed_to_keep_to_one():
    with pytest.raises(InputError, match='target_fps needs the frame rate .* avg_fps is 0'):
        SampleFrames(8, target_fps=30)(dict(total_frames=10, start_index=0, avg_fps=0))
    with pytest.raises(InputError, match='target_fps must be a number > 0, not -1'):
        SampleFrames(8, target_fps=-1)
    with pytest.raises(InputError, match='belong to SampleFrames'):
        DenseSampleFrames(8, target_fps=30)


@pytest.mark.parametrize('total', [3, 8, 9, 15, 16, 50])
def test_uniform_frames_span_the_video(total):
    sampler = UniformSampleFrames(8)
    drawn = np.array([sampler(dict(total_frames=total, start_index=1,
                                   rng=np.random.default_rng(seed)))['frame_inds']
                      for seed in range(400)])
    assert drawn.min() == 1 and drawn.max() == total
    if total >= 8:
        assert (np.diff(drawn, axis=1) > 0).all()
        edges = np.arange(9) * total // 8 + 1
        assert (drawn.min(0) <= edges[:-1]).all() and (drawn.max(0) >= edges[1:] - 1).all()
    else:
        assert (np.diff(drawn, axis=1) % total == 1).all()
    state = np.random.get_state()[1].tolist()
    fixed = UniformSampleFrames(8, 2, test_mode=True)
    one, two = (fixed(dict(total_frames=total, start_index=0))['frame_inds'] for _ in range(2))
    assert one.tolist() == two.tolist() and len(one) == 16
    assert np.random.get_state()[1].tolist() == state


def test_sample_is_described():
    sample = SampleFrames(4, 2, 3, twice_sample=True, test_mode=True)(
        dict(total_frames=20, start_index=1))
    assert sample['frame_inds'].dtype == np.int64
    assert {k: sample[k] for k in ('clip_len', 'frame_interval', 'num_clips')} == dict(
        clip_len=4, frame_interval=2, num_clips=6)
    # (20 - 8 + 1) / 3 = 4.33: middles 2, 6, 10, then edges 0, 4, 8
    assert sample['frame_inds'][::4].tolist() == [3, 7, 11, 1, 5, 9]


@pytest.mark.parametrize('args, message', [
    (dict(clip_len=0), 'clip_len must be a whole number >= 1, not 0'),
    (dict(clip_len=-8), 'clip_len'),
    (dict(clip_len=8, frame_interval=1.5), 'frame_interval'),
    (dict(clip_len=8, num_clips=0), 'num_clips'),
    (dict(clip_len=8, out_of_bound_opt='wrap'), "one of 'loop', 'repeat_last', not 'wrap'")])
def test_wrong_arguments(args, message):
    with pytest.raises(InputError, match=message):
        SampleFrames(**args)


def test_a_video_without_frames_is_named():
    with pytest.raises(InputError, match='SampleFrames: a.mp4 has 0 frames'):
        SampleFrames(8)(dict(total_frames=0, start_index=0, filename='a.mp4'))
