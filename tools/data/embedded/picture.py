"""The picture of a clip: a thing that moves before a soft background."""
import cv2
import numpy as np

__all__ = ['Ground', 'render']

# Corners at radius 1 around the middle, pointing along +x; none looks the same after a part turn.
OUTLINES = {
    'arrow': ((1.0, 0.0), (0.15, 0.8), (0.15, 0.32), (-0.95, 0.32), (-0.95, -0.32), (0.15, -0.32),
              (0.15, -0.8)),
    'wedge': ((1.1, 0.0), (-0.75, 0.62), (-0.75, -0.62)),
    'dart': ((1.05, 0.0), (-0.9, 0.8), (-0.4, 0.0), (-0.9, -0.8)),
}
SUBPIXEL_BITS = 6


def render(clip):
    """The frames of a clip.

    Each frame depends on its own time alone, and the times lie symmetric about zero, so the frames
    of a reversed clip are the reversed frames, bit for bit.

    Args:
        clip: a ``clips.Clip``.

    Returns:
        np.ndarray: uint8 RGB [num_frames, height, width, 3].
    """
    frames = np.empty((clip.num_frames, clip.height, clip.width, 3), np.uint8)
    ground = Ground(clip)
    color = tuple(round(c) for c in clip.shape_color)
    last = clip.num_frames - 1
    for k, frame in enumerate(frames):
        time = (2 * k - last) / (2 * last)
        frame[:] = ground.at(time)
        corners = np.round(_corners(clip, time) * 2**SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(frame, [corners], color, cv2.LINE_AA, SUBPIXEL_BITS)
    return frames


def _corners(clip, time):
    """Corners of the shape in pixels at a time of -0.5..0.5: [corners, 2]."""
    motion = clip.action.motion
    # Odd in time: what comes after mid-clip mirrors what came before.
    progress = time + clip.ease * np.sin(2 * np.pi * time) / (2 * np.pi)
    change = clip.action.direction * clip.extents[motion] * progress
    x, y = clip.center[0] * clip.width, clip.center[1] * clip.height
    radius, angle = clip.radius * min(clip.width, clip.height), clip.angle
    if motion == 'slide':
        x = x + change * clip.width
    elif motion == 'turn':
        angle = angle + change
    else:
        radius = radius * np.exp(change)
    across, along = np.sin(angle), np.cos(angle)
    outline = np.array(OUTLINES[clip.shape]) * radius
    return outline @ np.array([[along, across], [-across, along]]) + (x, y)


class Ground:
    """The background: a color and slow waves over it.

    cos(place + drift) is taken apart into cos and sin of the place, worked out once, and of the
    drift, two numbers a frame.
    """

    def __init__(self, clip):
        self.base = np.array(clip.ground_color, np.float32)
        y, x = np.mgrid[:clip.height, :clip.width].astype(np.float32)
        x, y = x / clip.width - 0.5, y / clip.height - 0.5
        self.parts = []
        for wave in clip.waves:
            place = 2 * np.pi * (wave.cycles[0] * x + wave.cycles[1] * y) + wave.phase
            color = np.array(wave.color, np.float32)
            self.parts.append((wave.drift, np.cos(place)[..., None] * color,
                               np.sin(place)[..., None] * color))

    def at(self, time):
        image = np.broadcast_to(self.base, self.parts[0][1].shape).astype(np.float32)
        for drift, even, odd in self.parts:
            image += even * np.float32(np.cos(drift * time))
            image -= odd * np.float32(np.sin(drift * time))
        return np.clip(np.rint(image), 0, 255).astype(np.uint8)
