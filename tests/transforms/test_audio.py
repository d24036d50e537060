import wave

import numpy as np
import pytest

from mmvideo.audio import log_mel, mel_centers
from mmvideo.errors import InputError, MissingFileError
from mmvideo.transforms import (
    AudioAmplify,
    AudioDecode,
    AudioDecodeInit,
    AudioFeatureSelector,
    FormatAudioShape,
    LoadAudioFeature,
    MelLogSpectrogram,
    MelSpectrogram,
)


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


def tone(hz, seconds=1.0, rate=16000, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)
            ).astype(np.float32)


def write_wav(path, waves, rate=16000):
    """Channels of 16 bits, by the standard library."""
    samples = np.round(32767 * np.stack(waves, -1)).astype('<i2')
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(len(waves)), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(samples.tobytes())


def test_sound_is_read_as_one_channel(tmp_path):
    path = tmp_path / 'a.wav'
    write_wav(path, [tone(440), 0 * tone(440)])
    sample = AudioDecodeInit()(dict(audio_path=str(path)))
    assert sample['length'] == 16000 == len(sample['audios']) and sample['sample_rate'] == 16000
    np.testing.assert_allclose(sample['audios'], tone(440) / 2, atol=1e-4)
    half = AudioDecodeInit(sample_rate=8000, io_backend='local')(dict(audio_path=str(path)))
    assert abs(half['length'] - 8000) <= 64 and half['sample_rate'] == 8000


def test_a_missing_sound_is_an_error_unless_allowed(tmp_path):
    with pytest.raises(MissingFileError, match='nowhere.wav: no such file; AudioDecodeInit'):
        AudioDecodeInit()(dict(audio_path='nowhere.wav'))
    silent = AudioDecodeInit(allow_missing=True, sample_rate=100)(dict(audio_path='nowhere.wav'))
    assert silent['length'] == 1000 and not silent['audios'].any()
    noise = AudioDecodeInit(allow_missing=True, pad_method='random')(
        dict(audio_path='nowhere.wav', rng=np.random.default_rng(0)))['audios']
    assert noise.shape == (160000, ) and 0 <= noise.min() < noise.max() <= 1
    path = tmp_path / 'text.wav'
    path.write_text('hello')
    with pytest.raises(InputError, match='text.wav: cannot be read as audio'):
        AudioDecodeInit()(dict(audio_path=str(path)))


@pytest.mark.parametrize('fixed_length, frames, expected', [
    (4, [0, 1, 2, 3], [[10, 11, 12, 13]]),          # samples 10..40, cut off after 4
    (30, [0, 1, 2, 3], [[*range(10, 40)]]),
    (25, [6, 7, 8, 9], [[*range(70, 100)][:25]]),
    (12, [8, 9, 0, 1], [[90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 0, 0],
                        [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 0]])])
def test_cuts_of_sound(fixed_length, frames, expected):
    sample = dict(audios=np.arange(100, dtype=np.float32), length=100, total_frames=10,
                  frame_inds=np.array(frames), num_clips=len(expected))
    sample = AudioDecode(fixed_length)(sample)
    assert sample['audios'].tolist() == expected
    assert sample['audios_shape'] == (len(expected), fixed_length)


def test_amplify():
    assert AudioAmplify(1.5)(dict(audios=np.array([2, -4], np.float32)))['audios'].tolist() == [
        3, -6]
    with pytest.raises(InputError, match='ratio must be a number > 0, not 0'):
        AudioAmplify(0)


@pytest.mark.parametrize('hz', [300, 1000, 4000])
def test_a_tone_stands_in_its_band(hz):
    sample = dict(audios=tone(hz, 2.0)[None], sample_rate=16000)
    found = MelSpectrogram()(sample)['audios']
    assert found.shape == (1, 128, 80) and found.dtype == np.float32
    band = np.abs(mel_centers(80, 0, 8000) - hz).argmin()
    assert abs(int(found[0, 60].argmax()) - band) <= 1
    # columns stand for time: 2 s are 126 of 16 ms, and the rest is filled up
    assert found[0, 125].any() and not found[0, 126:].any()
    twice = MelSpectrogram()(dict(audios=2 * tone(hz, 2.0)[None], sample_rate=16000))['audios']
    np.testing.assert_allclose(twice, 4 * found, rtol=1e-4, atol=1e-4)


def test_log_mel_is_that_of_the_features():
    waves = np.stack([tone(500, 2.5), tone(2000, 2.5)])
    found = MelLogSpectrogram()(dict(audios=waves, sample_rate=16000))['audios']
    assert found.shape == (2, 128, 80)
    for clip, wave_ in zip(found, waves, strict=True):
        np.testing.assert_array_equal(clip, log_mel(wave_)[:128])
    short = MelLogSpectrogram(fixed_length=40, n_mels=20)(
        dict(audios=tone(500, 0.5, 8000)[None], sample_rate=8000))['audios']
    assert short.shape == (1, 40, 20) and short[0, 31].any() and not short[0, 32:].any()


def test_sound_that_was_not_cut_is_cut_to_two_seconds():
    wave_ = np.concatenate([tone(500, 5.0), tone(2000, 5.0)])
    sample = dict(audios=wave_, sample_rate=16000, length=len(wave_), total_frames=250, num_clips=1,
                  frame_inds=np.arange(100, 164))
    cut = AudioDecode()(dict(sample))
    left_out, cut = (MelLogSpectrogram()(s)['audios'] for s in (sample, cut))
    np.testing.assert_array_equal(left_out, cut)
    assert left_out.shape == (1, 128, 80)


@pytest.mark.parametrize('args', [dict(window_size=0), dict(step_size='16'), dict(n_mels=0),
                                  dict(fixed_length=-1)])
def test_wrong_spectrogram_arguments(args):
    with pytest.raises(InputError, match=f'MelLogSpectrogram: {next(iter(args))}'):
        MelLogSpectrogram(**args)
