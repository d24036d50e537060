"""Scenes of several actors, each of which does several things at once, in the form of AVA.

A film is a row of shots of two seconds; the moment that is asked about is the middle of a shot.
All that an actor does is odd about that moment (a move, a growth) or has a phase by chance (a
blink), and nothing else of the actor hangs on it. So the frame in the middle, alone, says of an
actor no more than its outline, and a network that sees one frame can but guess the rest.
"""
import math
from dataclasses import dataclass

import cv2
import numpy as np

from .clips import Wave
from .picture import Ground

__all__ = ['ACTIONS', 'FPS', 'MIDDLE', 'OUTLINES', 'SHOT_SECONDS', 'UNLISTED', 'Actor', 'Shot',
           'draw_shot', 'render']

# Numbers as in AVA: from 1. The first six need motion, the others are seen in any frame.
ACTIONS = {1: 'move left', 2: 'move right', 3: 'stay', 4: 'grow', 5: 'shrink', 6: 'blink',
           7: 'be round', 8: 'be square'}
OUTLINES = (7, 8)
# Stands in the lists, but not among the actions that count, as twenty of AVA's do.
UNLISTED = 9
WIDTH, HEIGHT, FPS, SHOT_SECONDS = 112, 80, 10, 2
FRAMES = FPS * SHOT_SECONDS
# The frame in the middle of a shot: SampleAVAFrames counts from 1.
MIDDLE = FRAMES // 2 + 1
SPEED, GROWTH = 14.0, 0.38      # pixels, and logarithm of the factor, in a second
BLINK_FRAMES = 4                # of one shade
SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Actor:
    """One of a shot.

    Args:
        actions: numbers of what it does.
        center: in the middle of the shot, in pixels.
        radius: likewise.
        shades: gray levels (of the channels) of its two shades; it has the first one, or changes.
        phase: of its blinking, in frames.
    """
    actions: tuple
    center: tuple
    radius: float
    shades: tuple
    phase: int

    def at(self, frame):
        """(x, y, radius, shade) in a frame of the shot."""
        seconds = (frame - MIDDLE) / FPS
        x, y = self.center
        x += SPEED * seconds * ((2 in self.actions) - (1 in self.actions))
        radius = self.radius * math.exp(GROWTH * seconds * ((4 in self.actions)
                                                            - (5 in self.actions)))
        turns = (frame + self.phase) // BLINK_FRAMES if 6 in self.actions else 0
        return x, y, radius, self.shades[turns % 2]

    @property
    def box(self):
        """(x0, y0, x1, y1) in the middle of the shot, as shares of the frame."""
        x, y, radius, _ = self.at(MIDDLE)
        return ((x - radius) / WIDTH, (y - radius) / HEIGHT, (x + radius) / WIDTH,
                (y + radius) / HEIGHT)


@dataclass(frozen=True)
class Shot:
    """Two seconds of a film; what :class:`mmvideo`'s embedded ``Ground`` reads of a clip, too."""
    actors: tuple
    ground_color: tuple
    waves: tuple
    width: int = WIDTH
    height: int = HEIGHT


def draw_shot(rng):
    """A shot, drawn from the numpy generator ``rng``."""
    count = int(rng.integers(2, 4))
    lanes = rng.permutation(count)
    actors = []
    for lane in lanes.tolist():
        radius = rng.uniform(7.5, min(11.0, HEIGHT / count / 2 - 2))
        room = HEIGHT / count / 2 - radius
        center = (rng.uniform(30, WIDTH - 30),
                  HEIGHT / count * (lane + 0.5) + rng.uniform(-room, room) * 0.8)
        actions = [int(rng.integers(1, 4)), int(rng.integers(7, 9))]
        change = int(rng.integers(3))
        actions += [(4, 5)[change]] if change < 2 else []
        actions += [6] if rng.uniform() < 0.4 else []
        shades = [_shade(rng, 200, 245), _shade(rng, 10, 55)]
        rng.shuffle(shades)
        actors.append(Actor(tuple(sorted(actions)), center, radius, tuple(map(tuple, shades)),
                            int(rng.integers(2 * BLINK_FRAMES))))
    waves = tuple(Wave(cycles=tuple(rng.uniform(-0.9, 0.9, 2).tolist()),
                       phase=rng.uniform(-math.pi, math.pi), drift=rng.uniform(-1.5, 1.5),
                       color=tuple(rng.uniform(-14, 14, 3).tolist())) for _ in range(2))
    return Shot(tuple(actors), tuple(rng.uniform(105, 145, 3).tolist()), waves)


def _shade(rng, low, high):
    return rng.uniform(low, high, 3).tolist()


def render(shot):
    """The frames of a shot, uint8 RGB [FRAMES, HEIGHT, WIDTH, 3]; numbers count from 1."""
    ground = Ground(shot)
    frames = np.empty((FRAMES, shot.height, shot.width, 3), np.uint8)
    for number, image in enumerate(frames, 1):
        image[:] = ground.at((number - MIDDLE) / FRAMES)
        for actor in shot.actors:
            x, y, radius, shade = actor.at(number)
            x, y, radius = (round(v * 2**SUBPIXEL_BITS) for v in (x - 0.5, y - 0.5, radius))
            color = tuple(round(v) for v in shade)
            if 7 in actor.actions:
                cv2.circle(image, (x, y), radius, color, -1, cv2.LINE_AA, SUBPIXEL_BITS)
            else:
                corners = [[x + i * radius, y + j * radius]
                           for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
                cv2.fillPoly(image, [np.array(corners, np.int32)], color, cv2.LINE_AA,
                             SUBPIXEL_BITS)
    return frames
