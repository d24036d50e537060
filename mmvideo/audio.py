"""Sound for the audio networks: read a file's sound track, and turn it into a log-mel spectrogram.

The settings are those of the published audio features: 16 kHz, a Hann window of 512 samples every
256 samples, 80 mel bands from 125 to 7600 Hz, amplitudes in decibels with a floor of -100 dB,
20 dB taken as reference, scaled to 0..1.
"""
import functools
import os

import numpy as np

from mmvideo.errors import InputError, MissingFileError

__all__ = ['SAMPLE_RATE', 'read_audio', 'log_mel', 'mel_centers', 'mel_filters',
           'mel_spectrogram']

SAMPLE_RATE = 16000

# Slaney's mel scale: 200/3 Hz a mel up to 1 kHz, above that 27 mels for each factor of 6.4.
LINEAR_HZ = 200 / 3
KNEE_HZ = 1000.0
KNEE_MEL = KNEE_HZ / LINEAR_HZ
LOG_STEP = np.log(6.4) / 27


def read_audio(path, sample_rate=SAMPLE_RATE, source=None):
    """The first sound track of a file, the mean of its channels.

    Args:
        path: a sound or video file that FFmpeg reads (wav, m4a, mp3, mp4, mkv, ...).
        sample_rate: rate that the sound is resampled to, in Hz.
        source: binary file that is read instead; ``path`` then only stands in messages.

    Returns:
        np.ndarray: float32 [L], full scale is -1..1.

    Raises:
        MissingFileError: there is no such file.
        InputError: the file cannot be decoded, or has no sound in it.
    """
    import av
    path = os.fspath(path)
    if source is None and not os.path.isfile(path):
        raise MissingFileError(f'{path}: no such file')
    chunks = []
    try:
        with av.open(source or path) as container:
            if not container.streams.audio:
                raise InputError(f'{path}: has no audio stream')
            # FFmpeg's own mixing to one channel would let two equal channels exceed full scale.
            resampler = av.AudioResampler(format='fltp', rate=sample_rate)
            for frame in container.decode(audio=0):
                chunks += [piece.to_ndarray().mean(0) for piece in resampler.resample(frame)]
            if chunks:
                chunks += [piece.to_ndarray().mean(0) for piece in resampler.resample(None)]
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        raise InputError(f'{path}: cannot be read as audio ({error})') from error
    wave = np.concatenate(chunks) if chunks else np.empty(0, np.float32)
    if not len(wave):
        raise InputError(f'{path}: its audio stream holds no samples')
    return np.ascontiguousarray(wave, dtype=np.float32)


def hz_to_mel(hz):
    """Pitch on Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above."""
    hz = np.asarray(hz, dtype=np.float64)
    above = KNEE_MEL + np.log(np.maximum(hz, KNEE_HZ) / KNEE_HZ) / LOG_STEP
    return np.where(hz < KNEE_HZ, hz / LINEAR_HZ, above)


def mel_to_hz(mel):
    """Inverse of :func:`hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    above = KNEE_HZ * np.exp(LOG_STEP * (np.maximum(mel, KNEE_MEL) - KNEE_MEL))
    return np.where(mel < KNEE_MEL, mel * LINEAR_HZ, above)


def mel_edges(num_mels, fmin, fmax):
    """Frequencies in Hz, evenly spaced in mel, between which the triangles stand: [num_mels+2]."""
    return mel_to_hz(np.linspace(hz_to_mel(fmin), hz_to_mel(fmax), num_mels + 2))


def mel_centers(num_mels=80, fmin=125.0, fmax=7600.0):
    """Frequency in Hz at which each mel band is most sensitive: [num_mels]."""
    return mel_edges(num_mels, fmin, fmax)[1:-1]


@functools.lru_cache(maxsize=8)
def mel_filters(sample_rate=SAMPLE_RATE, n_fft=512, num_mels=80, fmin=125.0, fmax=7600.0):
    """Triangles over the bins of a Fourier transform, each with the area 1 over its Hz axis.

    Returns:
        np.ndarray: float32 [num_mels, n_fft // 2 + 1], read-only because it is cached.
    """
    edges = mel_edges(num_mels, fmin, fmax)
    low, center, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    slopes = np.minimum((bins - low) / (center - low), (high - bins) / (high - center))
    filters = (np.maximum(slopes, 0) * 2 / (high - low)).astype(np.float32)
    filters.setflags(write=False)
    return filters


def mel_spectrogram(wave, sample_rate=SAMPLE_RATE, n_fft=512, hop=256, num_mels=80, fmin=125.0,
                    fmax=7600.0, power=1):
    """Amplitude, or energy, of mel bands over time.

    Each row is centered on its sample; the sound is mirrored at both ends.

    Args:
        wave: sound [L], full scale is -1..1.
        sample_rate: of the sound, in Hz.
        n_fft: samples under one Hann window, and length of its Fourier transform.
        hop: samples between one row and the next.
        num_mels: mel bands, M.
        fmin: lower edge of the lowest band, in Hz.
        fmax: upper edge of the highest band, in Hz; at most half of ``sample_rate``.
        power: 1 for amplitudes, 2 for energies.

    Returns:
        np.ndarray: float32 [1 + L // hop, M].

    Raises:
        InputError: the sound is not one row of samples, or the bands reach beyond what it holds.
    """
    wave = np.asarray(wave, dtype=np.float32)
    if wave.ndim != 1 or not wave.size:
        raise InputError(f'wave: expected one row of samples, got the shape {wave.shape}')
    if not 0 <= fmin < fmax <= sample_rate / 2:
        raise InputError(f'fmin, fmax: expected 0 <= fmin < fmax <= {sample_rate / 2} (half the '
                         f'sample rate), got {fmin} and {fmax}')
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    padded = np.pad(wave, n_fft // 2, mode='reflect')
    pieces = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    spectrum = np.abs(np.fft.rfft(pieces * window)).astype(np.float32) ** power
    return spectrum @ mel_filters(sample_rate, n_fft, num_mels, fmin, fmax).T


def log_mel(wave, sample_rate=SAMPLE_RATE, n_fft=512, hop=256, num_mels=80, fmin=125.0,
            fmax=7600.0, floor_db=-100.0, reference_db=20.0):
    """Loudness of mel bands over time, as the published audio networks were trained on.

    Args:
        wave, sample_rate, n_fft, hop, num_mels, fmin, fmax: as of :func:`mel_spectrogram`.
        floor_db: loudness that becomes 0; whatever is softer is cut off there.
        reference_db: taken off the loudness, so that ``reference_db`` becomes 1.

    Returns:
        np.ndarray: float32 [1 + L // hop, M], values 0..1.

    Raises:
        InputError: as of :func:`mel_spectrogram`.
    """
    mel = mel_spectrogram(wave, sample_rate, n_fft, hop, num_mels, fmin, fmax)
    softest = 10 ** (floor_db / 20)
    decibel = 20 * np.log10(np.maximum(softest, mel)) - reference_db
    return np.clip((decibel - floor_db) / -floor_db, 0, 1).astype(np.float32)
