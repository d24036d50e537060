"""The sound of a clip: a chirp over its whole length, or a steady tone."""
import numpy as np

__all__ = ['SAMPLE_RATE', 'render']

SAMPLE_RATE = 16000
FADE_SECONDS = 0.03


def render(clip):
    """The samples of a clip.

    A falling chirp is a rising one played backwards: pitch is exponential in time about mid-clip,
    the fades are alike, and the overtone is an odd one, so that turning time around is nothing but
    another phase.

    Args:
        clip: a ``clips.Clip``.

    Returns:
        np.ndarray: float32 [seconds * SAMPLE_RATE].
    """
    length = round(clip.seconds * SAMPLE_RATE)
    time = (np.arange(length) + 0.5) / length - 0.5
    slope = clip.action.pitch * clip.span
    # The integral of exp(slope * time): what the pitch has added to the phase since mid-clip.
    turns = np.expm1(slope * time) / slope if slope else time
    phase = 2 * np.pi * clip.pitch_hz * clip.seconds * turns + clip.sound_phase
    wave = 0.85 * np.sin(phase) + 0.15 * np.sin(3 * phase)
    to_end_seconds = (0.5 - np.abs(time)) * clip.seconds
    fade = 0.5 - 0.5 * np.cos(np.pi * np.minimum(to_end_seconds / FADE_SECONDS, 1))
    noise = np.random.default_rng(clip.noise_seed).standard_normal(length)
    return (clip.amplitude * fade * wave + clip.noise * noise).astype(np.float32)
