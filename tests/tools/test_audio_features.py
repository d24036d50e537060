"""Sound to log-mel features: known tones land where they must, files of all kinds are read."""
import os
import subprocess
import sys
import wave as wavefile
from pathlib import Path

import av
import numpy as np
import pytest

from mmvideo.audio import log_mel, mel_centers, mel_filters, read_audio
from mmvideo.errors import InputError, MissingFileError

TOOLS = Path(__file__).parents[2] / 'tools' / 'data'
sys.path.insert(0, str(TOOLS))

import build_audio_features  # noqa: E402


def tone(hz, seconds=1.0, amplitude=0.5, rate=16000):
    time = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def write_wav(path, samples, rate=16000, channels=1):
    with wavefile.open(str(path), 'wb') as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.asarray(samples) * 32767).astype('<i2').tobytes())


def write_movie(path, samples=None, codec='aac', rate=16000):
    """A file of eight gray frames, with sound if there are samples."""
    with av.open(str(path), 'w') as container:
        video = container.add_stream('libx264', rate=8)
        video.width = video.height = 32
        video.pix_fmt = 'yuv420p'
        audio = container.add_stream(codec, rate=rate, layout='mono') if samples is not None else 0
        for _ in range(8):
            gray = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 128, np.uint8), 'rgb24')
            container.mux(video.encode(gray))
        container.mux(video.encode())
        if audio:
            frame = av.AudioFrame.from_ndarray(samples[None], format='fltp', layout='mono')
            frame.sample_rate, frame.pts = rate, 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode())


def test_centers_of_the_bands():
    centers = mel_centers()
    # 125 Hz is 1.875 mel and 7600 Hz is 15 + 27 * ln(7.6) / ln(6.4) mel on Slaney's scale.
    step = (15 + 27 * np.log(7.6) / np.log(6.4) - 1.875) / 81
    assert centers[0] == pytest.approx((1.875 + step) * 200 / 3)
    assert centers[-1] == pytest.approx(7600 / 6.4 ** (step / 27))
    low = centers[centers < 1000]
    np.testing.assert_allclose(np.diff(low), step * 200 / 3)
    high = centers[centers > 1000]
    np.testing.assert_allclose(high[1:] / high[:-1], 6.4 ** (step / 27))


def test_every_filter_has_the_same_area():
    filters = mel_filters(n_fft=16384)
    np.testing.assert_allclose(filters.sum(1) * 16000 / 16384, 1, atol=2e-3)
    # With the 512 samples of the recipe the narrow low filters are sampled by two or three bins.
    coarse = mel_filters().sum(1) * 16000 / 512
    np.testing.assert_allclose(coarse[40:], 1, atol=0.03)
    assert mel_filters().shape == (80, 257)


@pytest.mark.parametrize('hz', [200, 300, 440, 700, 1000, 1500, 2200, 3000, 4500, 6000, 7000])
def test_tone_peaks_in_the_nearest_band(hz):
    rows = log_mel(tone(hz))[2:-2]
    assert set(rows.argmax(1)) == {np.abs(mel_centers() - hz).argmin()}


def test_twice_the_amplitude_is_six_decibels():
    loud = [log_mel(tone(1000, amplitude=a))[30].max() for a in (0.05, 0.1, 0.2, 0.4)]
    np.testing.assert_allclose(np.diff(loud), 20 * np.log10(2) / 100, atol=1e-5)


def test_level_of_a_tone_is_what_the_recipe_says():
    # A sine between -a and a gives a * 512 / 4 in its own bin under a Hann window, half of that in
    # the bins beside it.
    hz, amplitude = 64 * 16000 / 512, 0.3
    spectrum = np.zeros(257)
    spectrum[63:66] = amplitude * 512 / 4 * np.array([0.5, 1, 0.5])
    expected = (20 * np.log10((mel_filters() @ spectrum).max()) - 20 + 100) / 100
    assert log_mel(tone(hz, amplitude=amplitude))[30].max() == pytest.approx(expected, abs=1e-4)


def test_chirp_climbs():
    time = np.arange(32000) / 16000
    chirp = 0.5 * np.sin(2 * np.pi * (300 * time + 700 * time**2))
    peaks = log_mel(chirp)[3:-3].argmax(1)
    assert np.all(np.diff(peaks) >= 0)
    assert mel_centers()[peaks[0]] == pytest.approx(300 + 1400 * 3 * 0.016, rel=0.1)
    assert peaks[-1] - peaks[0] > 35


@pytest.mark.parametrize('length', [1, 255, 256, 257, 16000, 31999])
def test_one_row_every_hop(length):
    features = log_mel(np.random.default_rng(0).standard_normal(length) * 0.1)
    assert features.shape == (1 + length // 256, 80)
    assert features.dtype == np.float32
    assert 0 <= features.min() <= features.max() <= 1


def test_silence_is_zero_and_clipping_stays_within_one():
    assert not log_mel(np.zeros(4000)).any()
    assert log_mel(np.full(16000, 1e6) * tone(500)).max() == 1


@pytest.mark.parametrize('wave, options, word', [
    (np.zeros((2, 100)), {}, 'wave'), (np.zeros(0), {}, 'wave'),
    (np.zeros(100), dict(fmax=9000), 'fmax'), (np.zeros(100), dict(fmin=8000), 'fmin')])
def test_log_mel_names_what_is_wrong(wave, options, word):
    with pytest.raises(InputError, match=word):
        log_mel(wave, **options)


@pytest.mark.parametrize('rate', [8000, 16000, 44100])
def test_wav_of_any_rate_is_resampled(tmp_path, rate):
    write_wav(tmp_path / 'a.wav', tone(440, rate=rate), rate)
    wave = read_audio(tmp_path / 'a.wav')
    assert wave.dtype == np.float32
    assert len(wave) == pytest.approx(16000, abs=40)
    middle = slice(2000, 14000)
    found = wave[middle] @ np.exp(-2j * np.pi * 440 * np.arange(16000)[middle] / 16000)
    assert 2 * abs(found) / 12000 == pytest.approx(0.5, rel=0.01)


def test_stereo_is_mixed(tmp_path):
    both = np.stack([tone(440), np.zeros(16000)], 1)
    write_wav(tmp_path / 'a.wav', both, channels=2)
    wave = read_audio(tmp_path / 'a.wav')
    np.testing.assert_allclose(wave, 0.5 * tone(440), atol=1e-3)


@pytest.mark.parametrize('name', ['a.mp4', 'a.m4a', 'a.mkv'])
def test_compressed_sound_keeps_its_pitch(tmp_path, name):
    write_movie(tmp_path / name, tone(1000))
    rows = log_mel(read_audio(tmp_path / name))
    assert len(rows) == pytest.approx(63, abs=8)
    assert set(rows[10:50].argmax(1)) == {np.abs(mel_centers() - 1000).argmin()}


def test_errors_name_the_file(tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'no movie at all' * 100)
    write_movie(tmp_path / 'silent.mp4')
    write_wav(tmp_path / 'empty.wav', [])
    for name, words in (('broken.mp4', 'cannot be read'), ('silent.mp4', 'no audio stream'),
                        ('empty.wav', 'no samples|cannot be read')):
        with pytest.raises(InputError, match=f'{name}: .*({words})'):
            read_audio(tmp_path / name)
    with pytest.raises(MissingFileError, match=r'gone\.wav'):
        read_audio(tmp_path / 'gone.wav')


@pytest.fixture
def home(tmp_path):
    for k in range(5):
        path = tmp_path / 'home' / ('even' if k % 2 == 0 else 'odd') / f'{k}.wav'
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, tone(300 * (k + 1), seconds=0.5))
    return tmp_path / 'home'


def test_level_two_keeps_the_folders(home, tmp_path):
    tally = build_audio_features.build(home, tmp_path / 'out', 'wav', level=2)
    assert list(tally.results.values()) == [32] * 5
    found = {str(p.relative_to(tmp_path / 'out')) for p in (tmp_path / 'out').rglob('*.*')}
    assert found == {'even/0.npy', 'odd/1.npy', 'even/2.npy', 'odd/3.npy', 'even/4.npy'}
    features = np.load(tmp_path / 'out/odd/3.npy')
    assert features.shape == (1 + 8000 // 256, 80)
    np.testing.assert_array_equal(features, log_mel(read_audio(home / 'odd/3.wav')))


@pytest.mark.parametrize('count', [1, 2, 3, 7])
def test_parts_share_the_files(home, tmp_path, count):
    written = [len(build_audio_features.build(home, tmp_path / 'out', 'wav', 2,
                                              f'{k}/{count}').results)
               for k in range(1, count + 1)]
    assert sum(written) == 5 == len(list((tmp_path / 'out').rglob('*.npy')))
    assert max(written) - min(written) <= 1


def test_command_line(home, tmp_path):
    command = [sys.executable, str(TOOLS / 'build_audio_features.py'), str(home / 'even'),
               str(tmp_path / 'out'), '--ext', '.WAV', '--num-workers', '2']
    environment = {**os.environ, 'PYTHONPATH': str(TOOLS.parents[1])}
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stderr) == (0, '')
    assert run.stdout.startswith('3 features written')
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == ['0.npy', '2.npy', '4.npy']
    run = subprocess.run(command[:-1] + ['0'], capture_output=True, text=True, env=environment)
    assert run.returncode == 2
    assert run.stderr == 'error: --num-workers: expected at least 1, got 0\n'


def test_bad_file_does_not_stop_the_others(home, tmp_path, capsys):
    (home / 'even/1.wav').write_bytes(b'noise')
    command = [str(home / 'even'), str(tmp_path / 'out'), '--ext', 'wav', '--num-workers', '1']
    assert build_audio_features.main(command) == 1
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == ['0.npy', '2.npy', '4.npy']
    printed = capsys.readouterr().out
    assert printed.startswith('3 features written, 1 failed:\n')
    assert '1.wav: cannot be read as audio' in printed


def test_features_are_made_once(home, tmp_path):
    def run(**options):
        tally = build_audio_features.build(home / 'odd', tmp_path, 'wav', **options)
        return len(tally.results), tally.kept

    assert [run(), run(), run(overwrite=True)] == [(2, 0), (0, 2), (2, 0)]


@pytest.mark.parametrize('arguments, message', [
    (dict(part='0/3'), '--part'), (dict(part='4/3'), '--part'), (dict(part='one'), '--part'),
    (dict(ext='m4a'), r'no file \*\.m4a at --level 1; there are files with --ext wav'),
    (dict(level=2), r'no file \*\.wav at --level 2; there are none')])
def test_wrong_arguments_say_what_was_expected(home, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        build_audio_features.build(home / 'odd', tmp_path, **{'ext': 'wav', **arguments})


def test_missing_folder(tmp_path):
    with pytest.raises(MissingFileError, match='nowhere: no such folder'):
        build_audio_features.build(tmp_path / 'nowhere', tmp_path)
