import numpy as np
import pytest

from mmvideo.errors import InputError, MissingFileError
from mmvideo.transforms import AudioFeatureSelector, FormatAudioShape, LoadAudioFeature


def recorded_frames(args, total, release):
    """Frames that the recording's release sampled: its notion of a clip's span differs."""
    num, length, step = args['num_clips'], args['clip_len'], args['frame_interval']
    if release == '0x':
        share = (total - length * step + 1) / num
        starts = (np.arange(num) * share + share / 2).astype(int)
    else:
        room = total - (length - 1) * step - 1
        starts = (np.array([room // 2]) if num == 1
                  else np.around(np.arange(num) * room / (num - 1)).astype(int))
    return (starts[:, None] + np.arange(length) * step).ravel()


def test_recorded_cuts(recorded, fill):
    cases = [c for c in recorded('audio') if c['transform'] == 'AudioFeatureSelector']
    assert len(cases) == 6
    for case in cases:
        sampling = case['sample_frames']
        sample = dict(audios=fill.make_input(*case['audios_input']['make_input']),
                      frame_inds=recorded_frames(sampling, case['total_frames'], case['release']),
                      num_clips=sampling['num_clips'], total_frames=case['total_frames'],
                      length=case['length'])
        sample = AudioFeatureSelector(case['fixed_length'])(sample)
        assert fill.compare(case['audios'], sample['audios']) < 1e-6, case


def test_short_cuts_are_filled_with_zeros():
    sample = dict(audios=np.ones((20, 3), np.float32), frame_inds=np.arange(5), num_clips=1,
                  total_frames=10, length=20)
    cut = AudioFeatureSelector(12)(sample)['audios']
    # from frame 0 (column 2) to frame 4 (column 10): 8 columns
    assert cut.shape == (1, 12, 3)
    assert cut[0, :, 0].tolist() == [1.] * 8 + [0.] * 4


def test_recorded_format(recorded):
    for case in recorded('audio'):
        if case['transform'].startswith('FormatAudioShape'):
            sample = FormatAudioShape()(dict(audios=np.zeros(case['in_shape'])))
            assert list(sample['audios'].shape) == case['out_shape'] == list(sample['input_shape'])


def test_load(tmp_path):
    path = tmp_path / 'a.npy'
    np.save(path, np.arange(12, dtype=np.float32).reshape(4, 3))
    sample = LoadAudioFeature()(dict(audio_path=str(path)))
    assert sample['length'] == 4 and sample['audios'][2].tolist() == [6, 7, 8]


def test_a_missing_file_is_an_error_unless_allowed():
    with pytest.raises(MissingFileError, match='nowhere.npy: no such audio feature'):
        LoadAudioFeature()(dict(audio_path='nowhere.npy'))
    sample = LoadAudioFeature(allow_missing=True)(dict(audio_path='nowhere.npy'))
    assert sample['audios'].shape == (640, 80) and not sample['audios'].any()
    noise = [LoadAudioFeature('random', True)(dict(audio_path='nowhere.npy',
                                                   rng=np.random.default_rng(seed)))['audios']
             for seed in (1, 1, 2)]
    assert (noise[0] == noise[1]).all() and (noise[0] != noise[2]).any()


@pytest.mark.parametrize('content, message', [
    (b'', 'is no array'), (b'hello', 'is no array')])
def test_broken_files_are_named(content, message, tmp_path):
    path = tmp_path / 'broken.npy'
    path.write_bytes(content)
    with pytest.raises(InputError, match=f'broken.npy: {message}'):
        LoadAudioFeature()(dict(audio_path=str(path)))


def test_shape_of_features_is_checked(tmp_path):
    np.save(tmp_path / 'a.npy', np.zeros(5))
    with pytest.raises(InputError, match=r'expected an array \[frames, mels\], found shape \(5,\)'):
        LoadAudioFeature()(dict(audio_path=str(tmp_path / 'a.npy')))
