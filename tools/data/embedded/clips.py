"""What chance decides about one clip, apart from its class.

Nothing here looks at the class: the same generator gives the same clip for every label, except for
what the label says. And every quantity that has a direction in time (the drift of the background)
is as likely to go one way as the other. So a clip played backwards is a clip of the opposite class,
drawn as likely as any.
"""
import colorsys
import math
from dataclasses import dataclass, replace

from .classes import CLASSES, reverse_of

__all__ = ['Clip', 'Wave', 'draw_clip', 'reverse']

SIZES = ((112, 80), (128, 96), (144, 112), (160, 120), (176, 144),
         (80, 112), (96, 128), (112, 144), (128, 160), (112, 112))
FPS = (12, 15, 20, 24, 25, 30)
SECONDS = (1.5, 4.0)
SHAPES = ('arrow', 'wedge', 'dart')
TONE_HZ = {'tone_a': 500.0, 'tone_b': 1600.0}
CHIRP_HZ = math.sqrt(260 * 2080)


@dataclass(frozen=True)
class Wave:
    """One soft wave of brightness and color over the background.

    Args:
        cycles: waves over the width and over the height.
        phase: at the middle of the clip, in rad.
        drift: how far the phase moves during the clip, in rad.
        color: amplitude for each channel, in gray levels.
    """
    cycles: tuple
    phase: float
    drift: float
    color: tuple


@dataclass(frozen=True)
class Clip:
    """All that is needed to render one clip; times are relative, -0.5 at the start, 0.5 at the end.

    Args:
        label: index into ``CLASSES``; the direction of motion and pitch follow from it.
        width: of a frame, in pixels, even.
        height: of a frame, in pixels, even.
        fps: frames per second.
        num_frames: frames in the clip.
        shape: outline of the thing that moves, one of ``SHAPES``.
        center: where it is at mid-clip, as fractions of width and height.
        radius: how large it is at mid-clip, as a fraction of the shorter side.
        angle: where it points at mid-clip, in rad.
        extents: how far each motion goes during the clip: ``slide`` in widths, ``turn`` in rad,
            ``scale`` as the logarithm of the factor.
        ease: -1..1, how much faster (or slower) it moves at mid-clip than at the ends.
        shape_color: gray levels of the channels.
        ground_color: gray levels of the channels.
        waves: of the background.
        detune: factor on the pitch.
        span: logarithm of the factor by which the pitch of a chirp changes.
        sound_phase: of the sound at mid-clip, in rad.
        amplitude: of the sound, 1 is full scale.
        noise: standard deviation of the noise under the sound.
        noise_seed: for the noise.
    """
    label: int
    width: int
    height: int
    fps: int
    num_frames: int
    shape: str
    center: tuple
    radius: float
    angle: float
    extents: dict
    ease: float
    shape_color: tuple
    ground_color: tuple
    waves: tuple
    detune: float
    span: float
    sound_phase: float
    amplitude: float
    noise: float
    noise_seed: int

    @property
    def action(self):
        return CLASSES[self.label]

    @property
    def seconds(self):
        return self.num_frames / self.fps

    @property
    def pitch_hz(self):
        """Pitch at mid-clip."""
        return TONE_HZ.get(self.action.sound, CHIRP_HZ) * self.detune


def draw_clip(rng, label):
    """A clip of class ``label``, drawn from the numpy generator ``rng``."""
    width, height = SIZES[rng.integers(len(SIZES))]
    fps = FPS[rng.integers(len(FPS))]
    is_ground_light = bool(rng.integers(2))
    return Clip(
        label=label, width=width, height=height, fps=fps,
        num_frames=round(rng.uniform(*SECONDS) * fps),
        shape=SHAPES[rng.integers(len(SHAPES))],
        center=(rng.uniform(0.45, 0.55), rng.uniform(0.42, 0.58)),
        radius=rng.uniform(0.22, 0.28),
        angle=rng.uniform(-math.pi, math.pi),
        extents={'slide': rng.uniform(0.45, 0.55), 'turn': rng.uniform(2.4, 2.8),
                 'scale': rng.uniform(1.0, 1.2)},
        ease=rng.uniform(-0.4, 0.4),
        shape_color=_color(rng, not is_ground_light, saturation=(0.1, 0.55)),
        ground_color=_color(rng, is_ground_light, saturation=(0.05, 0.3)),
        waves=tuple(_wave(rng) for _ in range(2)),
        detune=math.exp(rng.uniform(-0.08, 0.08)),
        span=math.log(8) + rng.uniform(-0.1, 0.1),
        sound_phase=rng.uniform(-math.pi, math.pi),
        amplitude=rng.uniform(0.15, 0.5),
        noise=rng.uniform(0.001, 0.006),
        noise_seed=int(rng.integers(2**31)))


def _color(rng, is_light, saturation):
    """Gray levels of a color that is clearly light or clearly dark."""
    value = rng.uniform(0.85, 0.95) if is_light else rng.uniform(0.15, 0.28)
    rgb = colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(*saturation), value)
    return tuple(255 * c for c in rgb)


def _wave(rng):
    return Wave(cycles=(rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.9)),
                phase=rng.uniform(-math.pi, math.pi), drift=rng.uniform(-1.5, 1.5),
                color=tuple(rng.uniform(-11, 11, 3).tolist()))


def reverse(clip):
    """The clip that looks and sounds like ``clip`` played backwards; only the noise differs."""
    waves = tuple(replace(wave, drift=-wave.drift) for wave in clip.waves)
    return replace(clip, label=reverse_of(clip.label), waves=waves,
                   sound_phase=math.pi - clip.sound_phase)
