import zlib

import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.transforms import SampleAVAFrames, UntrimmedSampleFrames


def crc32(inds):
    return zlib.crc32(inds.astype('<i4').tobytes())


def test_recorded_windows(recorded):
    cases = recorded('untrimmed_sample_frames')
    assert len(cases) == 22
    for case in cases:
        # Where the 1.x release names a distance of windows of its own, that is 16 by default.
        args = case['args'] if case['release'] == '0x' else dict(clip_interval=16, **case['args'])
        sampler = UntrimmedSampleFrames(**args)
        if 'error' in case:
            with pytest.raises(InputError, match='5 frames hold no window'):
                sampler(dict(total_frames=case['total_frames'], start_index=0))
            continue
        sample = sampler(dict(total_frames=case['total_frames'], start_index=case['start_index']))
        inds = sample['frame_inds']
        assert (len(inds), crc32(inds), sample['num_clips']) == (
            case['n'], case['crc32'], case['num_clips']), case


@pytest.mark.parametrize('args, expected', [
    (dict(clip_len=1, frame_interval=4), [3, 7, 11]),
    (dict(clip_len=1, frame_interval=4, start_index=0), [2, 6, 10]),
    (dict(clip_len=3, frame_interval=6), [3, 4, 5, 9, 10, 11]),
    (dict(clip_len=3, frame_interval=2, clip_interval=6), [2, 4, 6, 8, 10, 12])])
def test_windows(args, expected):
    sample = UntrimmedSampleFrames(**args)(dict(total_frames=12, start_index=1))
    assert sample['frame_inds'].tolist() == expected and sample['frame_inds'].dtype == np.int64
    assert sample['num_clips'] * sample['clip_len'] == len(expected)


def test_recorded_clips_about_a_moment(recorded):
    cases = [c for c in recorded('sample_ava_frames') if c['release'] == '0x']
    assert len(cases) == 12
    for case in cases:
        sample = SampleAVAFrames(**case['args'])(dict(case['inputs']))
        assert (len(sample['frame_inds']), crc32(sample['frame_inds'])) == (
            case['n'], case['crc32']), case
        assert sample['num_clips'] == 1 and sample['crop_quadruple'].tolist() == [0, 0, 1, 1]


def test_training_moves_frames_by_less_than_half_a_step():
    sampler, moved = SampleAVAFrames(4, 5), set()
    for seed in range(100):
        sample = dict(fps=30, timestamp=902, timestamp_start=900, shot_info=(0, 27000),
                      rng=np.random.default_rng(seed))
        moved |= set((sampler(sample)['frame_inds'] - [51, 56, 61, 66]).tolist())
    assert moved == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize('shot, start_index, expected', [
    ((0, 63), 0, [51, 56, 61, 62]), ((58, 90), 0, [58, 58, 61, 66]),
    ((0, 90), 1, [52, 57, 62, 67])])
def test_a_clip_stays_in_its_shot(shot, start_index, expected):
    sample = dict(fps=30, timestamp=902, timestamp_start=900, shot_info=shot,
                  start_index=start_index)
    assert SampleAVAFrames(4, 5, test_mode=True)(sample)['frame_inds'].tolist() == expected


@pytest.mark.parametrize('make, message', [
    (lambda: UntrimmedSampleFrames(0), 'clip_len'),
    (lambda: UntrimmedSampleFrames(clip_interval=0), 'clip_interval must be a whole number >= 1'),
    (lambda: SampleAVAFrames(8, 0), 'frame_interval')])
def test_wrong_arguments(make, message):
    with pytest.raises(InputError, match=message):
        make()
