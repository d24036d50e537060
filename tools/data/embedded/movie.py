"""One mp4 file, H.264 and maybe AAC, whose bytes depend on nothing but its frames and samples."""
from fractions import Fraction

import av
import numpy as np

__all__ = ['encode']

# Every frame is coded for itself, with the same quantizer. Predicted frames would leave traces
# behind a moving thing, and a single frame would then tell which way it moves (the arrow of time
# in codecs, Wei et al., CVPR 2018); so coded, reversed frames decode to the reversed frames.
X264 = {'preset': 'veryfast', 'qp': '25', 'g': '1',
        'x264-params': 'keyint=1:bframes=0:scenecut=0:weightp=0:rc-lookahead=0:sync-lookahead=0'}
AUDIO_BITS_PER_SECOND = 32000


def encode(path, frames, fps, wave=None, sample_rate=None):
    """Write frames and sound to ``path`` as mp4.

    Args:
        path: where to; the suffix does not matter.
        frames: uint8 RGB [T, H, W, 3], H and W even.
        fps: frames per second, a whole number.
        wave: float32 [L], -1..1; None for a film without sound.
        sample_rate: of the sound, in Hz.
    """
    # bitexact leaves out the writer's version and the time of writing.
    with av.open(str(path), 'w', format='mp4', options={'fflags': '+bitexact'}) as container:
        video = container.add_stream('libx264', rate=fps, options=X264)
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = 'yuv420p'
        video.codec_context.thread_count = 1
        # A container wants to know all of its streams before the first picture.
        audio = None if wave is None else _sound_stream(container, sample_rate)
        for image in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(video.encode())
        if wave is None:
            return
        samples = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None]), format='fltp',
                                             layout='mono')
        samples.sample_rate = sample_rate
        samples.pts, samples.time_base = 0, Fraction(1, sample_rate)
        fifo = av.AudioFifo()
        fifo.write(samples)
        for piece in fifo.read_many(1024, partial=True):
            container.mux(audio.encode(piece))
        container.mux(audio.encode())


def _sound_stream(container, sample_rate):
    stream = container.add_stream('aac', rate=sample_rate, layout='mono',
                                  options={'flags': '+bitexact'})
    stream.bit_rate = AUDIO_BITS_PER_SECOND
    stream.codec_context.thread_count = 1
    return stream
