"""Sound: a file or a precomputed spectrogram, the part of it that belongs to the sampled frames."""
import io
import numbers

import numpy as np

from mmvideo import storage
from mmvideo.audio import SAMPLE_RATE, log_mel, mel_spectrogram, read_audio
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.draws import generator


@TRANSFORMS.register_module()
class LoadAudioFeature:
    """Loads a log-mel spectrogram, saved as .npy, [frames, mels].

    Audiovisual SlowFast (arXiv:2001.08740) describes the features. The 0.x releases trained on
    zeros where a file was missing, without a word; here that has to be asked for.

    Args:
        pad_method: what stands in for a missing file: 'zero', or 'random' for noise in 0..1.
        allow_missing: give a stand-in of shape [640, 80] for a missing file instead of raising.

    Keys:
        needed: audio_path.
        added: audios [length, mels], length.

    Raises:
        MissingFileError: the file does not exist and ``allow_missing`` is off.
    """

    def __init__(self, pad_method='zero', allow_missing=False):
        self.pad_method = checks.one_of('LoadAudioFeature', 'pad_method', pad_method,
                                        ('zero', 'random'))
        self.allow_missing = allow_missing

    def __call__(self, results):
        path = results['audio_path']
        try:
            feature = _feature(path, storage.read_bytes(path, 'no such audio feature'))
        except FileNotFoundError as error:
            if not self.allow_missing:
                raise MissingFileError(f'{error}; LoadAudioFeature(allow_missing=True) puts zeros '
                                       'in its place') from error
            shape = (640, 80)
            feature = (np.zeros(shape, np.float32) if self.pad_method == 'zero'
                       else generator(results).random(shape, np.float32))
        results['audios'] = feature
        results['length'] = feature.shape[0]
        return results


def _feature(path, content):
    try:
        feature = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f'{path}: is no array in .npy format ({error})') from error
    if feature.ndim != 2 or not len(feature):
        raise InputError(f'{path}: expected an array [frames, mels], found shape {feature.shape}')
    return feature


@TRANSFORMS.register_module()
class AudioFeatureSelector:
    """Cuts the part of a spectrogram that sounds while each clip is shown.

    Args:
        fixed_length: columns of one cut; longer ones lose their end, shorter ones get zeros.

    Keys:
        needed: audios [length, mels], frame_inds, num_clips, total_frames, length.
        changed: audios [num_clips, fixed_length, mels].
    """

    def __init__(self, fixed_length=128):
        self.fixed_length = checks.count('AudioFeatureSelector', 'fixed_length', fixed_length)

    def __call__(self, results):
        results['audios'] = _sounding(results, self.fixed_length)
        return results


@TRANSFORMS.register_module()
class AudioDecodeInit:
    """Reads the sound track of a file: the mean of its channels at one sample rate.

    Args:
        io_backend: 'disk', or a storage backend of mmengine.
        sample_rate: in Hz.
        pad_method: what stands in for a missing file: 'zero', or 'random' for noise in 0..1.
        allow_missing: give a stand-in of 10 s for a missing file instead of raising.
        **kwargs: arguments of the storage backend.

    Keys:
        needed: audio_path.
        added: audios [length], float32 in -1..1, length, sample_rate.

    Raises:
        MissingFileError: the file does not exist and ``allow_missing`` is off.
        InputError: the file holds no sound that can be decoded.
    """

    def __init__(self, io_backend='disk', sample_rate=SAMPLE_RATE, pad_method='zero',
                 allow_missing=False, **kwargs):
        owner = 'AudioDecodeInit'
        self.io_backend = io_backend
        self.backend_args = kwargs
        self.sample_rate = checks.count(owner, 'sample_rate', sample_rate)
        self.pad_method = checks.one_of(owner, 'pad_method', pad_method, ('zero', 'random'))
        self.allow_missing = allow_missing

    def __call__(self, results):
        try:
            wave = self._read(results['audio_path'])
        except FileNotFoundError as error:
            if not self.allow_missing:
                raise MissingFileError(f'{error}; AudioDecodeInit(allow_missing=True) puts 10 s '
                                       'of silence in its place') from error
            size = 10 * self.sample_rate
            wave = (np.zeros(size, np.float32) if self.pad_method == 'zero'
                    else generator(results).random(size, np.float32))
        results['audios'] = wave
        results['length'] = len(wave)
        results['sample_rate'] = self.sample_rate
        return results

    def _read(self, path):
        if self.io_backend == 'disk' and not storage.split(path):
            return read_audio(path, self.sample_rate)
        content = storage.read_bytes(path, 'no such file', self.io_backend, self.backend_args)
        return read_audio(path, self.sample_rate, io.BytesIO(content))


@TRANSFORMS.register_module()
class AudioDecode:
    """Cuts the part of a sound that is heard while each clip is shown.

    Args:
        fixed_length: samples of one cut; longer ones lose their end, shorter ones get zeros.

    Keys:
        needed: audios [length], frame_inds, num_clips, total_frames, length.
        added or changed: audios [num_clips, fixed_length], audios_shape.
    """

    def __init__(self, fixed_length=32000):
        self.fixed_length = checks.count('AudioDecode', 'fixed_length', fixed_length)

    def __call__(self, results):
        results['audios'] = _sounding(results, self.fixed_length)
        results['audios_shape'] = results['audios'].shape
        return results


@TRANSFORMS.register_module()
class AudioAmplify:
    """Makes a sound louder or softer.

    Args:
        ratio: factor of the amplitude, > 0.

    Keys:
        needed: audios.
        added or changed: audios, amplify_ratio.
    """

    def __init__(self, ratio):
        if not isinstance(ratio, numbers.Real) or not ratio > 0:
            raise InputError(f'AudioAmplify: ratio must be a number > 0, not {ratio!r}')
        self.ratio = ratio

    def __call__(self, results):
        results['audios'] = results['audios'] * np.float32(self.ratio)
        results['amplify_ratio'] = self.ratio
        return results


@TRANSFORMS.register_module()
class MelSpectrogram:
    """Energy of mel bands over time, from 0 Hz to half the sample rate.

    A sound that no ``AudioDecode`` has cut is cut here, to 2 s: the published recipe on sound waves
    leaves that step out of its testing pipeline. The 0.x releases filled up, or cut, the axis of
    the mel bands; here it is time, as in the features that were published.

    Args:
        window_size: in ms.
        step_size: from one column to the next, in ms.
        n_mels: mel bands.
        fixed_length: columns of one clip; longer ones lose their end, shorter ones get zeros.

    Keys:
        needed: audios [num_clips, samples], sample_rate.
        changed: audios [num_clips, fixed_length, n_mels], float32.
    """

    def __init__(self, window_size=32, step_size=16, n_mels=80, fixed_length=128):
        owner = type(self).__name__
        for name, value in (('window_size', window_size), ('step_size', step_size)):
            if not isinstance(value, numbers.Real) or not value > 0:
                raise InputError(f'{owner}: {name} must be a number of ms > 0, not {value!r}')
        self.window_size = window_size
        self.step_size = step_size
        self.n_mels = checks.count(owner, 'n_mels', n_mels)
        self.fixed_length = checks.count(owner, 'fixed_length', fixed_length)

    def spectrogram(self, wave, rate, n_fft, hop):
        """Values of one clip, [frames, n_mels]."""
        return mel_spectrogram(wave, rate, n_fft, hop, self.n_mels, 0, rate / 2, power=2)

    def __call__(self, results):
        rate = results['sample_rate']
        waves = results['audios']
        if waves.ndim == 1:
            waves = _sounding(results, 2 * rate)
        n_fft, hop = (round(rate * ms / 1000) for ms in (self.window_size, self.step_size))
        clips = np.zeros((len(waves), self.fixed_length, self.n_mels), np.float32)
        for clip, wave in zip(clips, waves, strict=True):
            found = self.spectrogram(wave, rate, n_fft, hop)[:self.fixed_length]
            clip[:len(found)] = found
        results['audios'] = clips
        return results


@TRANSFORMS.register_module()
class MelLogSpectrogram(MelSpectrogram):
    """Loudness of mel bands over time, 0..1, as in the published features of sound.

    The name is that of the published recipe on sound waves; its settings are those of
    :func:`mmvideo.audio.log_mel`.

    Args and Keys: as of :class:`MelSpectrogram`.
    """

    def spectrogram(self, wave, rate, n_fft, hop):
        return log_mel(wave, rate, n_fft, hop, self.n_mels, fmax=min(7600.0, rate / 2))


def _sounding(results, fixed_length):
    """What sounds from the first to the last frame of each clip: [num_clips, fixed_length, ...]."""
    sound = results['audios']
    frames = np.reshape(results['frame_inds'], (results['num_clips'], -1))
    per_frame = results['length'] / results['total_frames']
    cuts = np.zeros((len(frames), fixed_length, *sound.shape[1:]), sound.dtype)
    for cut, (first, last) in zip(cuts, frames[:, [0, -1]], strict=True):
        start = max(0, round((first + 1) * per_frame))
        end = min(results['length'], round((last + 1) * per_frame))
        part = sound[start:end][:fixed_length]
        cut[:len(part)] = part
    return cuts
