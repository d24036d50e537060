"""The videos that speed is measured on: 10 s, 300 frames, 3 B-frames, AAC, as people have them."""
from dataclasses import dataclass

import numpy as np

__all__ = ['CLIPS', 'FPS', 'Clip', 'write_clip', 'write_clips']

FPS, SECONDS, RATE = 30, 10, 44100


@dataclass(frozen=True)
class Clip:
    """Size in pixels, and how many frames lie between key frames at most."""
    width: int
    height: int
    gop: int

    @property
    def words(self):
        return f'{self.width}x{self.height}, GOP {self.gop}'


CLIPS = {'gop12': Clip(340, 256, 12), 'gop250': Clip(340, 256, 250),
         'wide': Clip(568, 320, 250)}


def write_clips(folder, names=tuple(CLIPS), seconds=SECONDS):
    """name -> path of an mp4 file, for some of ``CLIPS``."""
    paths = {name: str(folder / f'{name}.mp4') for name in names}
    for name, path in paths.items():
        write_clip(path, CLIPS[name], seconds)
    return paths


def write_clip(path, clip, seconds=SECONDS):
    """H.264 of a scene that moves, by libx264 with its own settings, and a tone beside it."""
    import av
    with av.open(str(path), 'w') as container:
        video = container.add_stream('libx264', rate=FPS)
        video.width, video.height, video.pix_fmt = clip.width, clip.height, 'yuv420p'
        video.options = {'bf': '3', 'g': str(clip.gop), 'keyint_min': str(min(clip.gop, 25)),
                         'crf': '23', 'threads': '1'}
        sound = container.add_stream('aac', rate=RATE, layout='mono')
        for i, picture in enumerate(scene(clip, seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(picture, 'rgb24')
            container.mux(video.encode(frame))
            container.mux(sound.encode(tone(i)))
        container.mux(video.encode())
        container.mux(sound.encode())


def scene(clip, num_frames):
    """A texture that the camera pans over, two things that cross it, and the noise of a sensor."""
    import cv2
    rng = np.random.default_rng(0)
    height, width = clip.height, clip.width
    spread = (2 * width, 2 * height)
    ground = sum(cv2.resize(rng.integers(0, 256, (n, n, 3), np.uint8), spread).astype(np.float32)
                 / share for n, share in ((8, 2), (32, 4), (128, 8)))
    thing = cv2.resize(rng.integers(0, 256, (6, 6, 3), np.uint8), (width // 4, height // 2))
    for i in range(num_frames):
        x, y = int(width / 2 * (1 + np.sin(i / 40))), int(height / 2 * (1 + np.cos(i / 55)))
        picture = ground[y:y + height, x:x + width].copy()
        for speed in (3, -2):
            left = (speed * i) % (width - width // 4)
            top = int(height / 4 * (1 + np.sin(i / 20 * speed)))
            picture[top:top + height // 2, left:left + width // 4] = thing
        picture += rng.normal(0, 2, (height, width, 1)).astype(np.float32)
        yield np.clip(picture, 0, 255).astype(np.uint8)


def tone(i):
    """The sound of the i-th frame: 440 Hz."""
    import av
    count = RATE // FPS
    times = (np.arange(count) + i * count) / RATE
    frame = av.AudioFrame.from_ndarray(
        (np.sin(2 * np.pi * 440 * times) / 4).astype(np.float32)[None], 'fltp', 'mono')
    frame.rate, frame.pts = RATE, i * count
    return frame
