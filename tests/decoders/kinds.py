"""Files of every kind that decoders stumble over, made by PyAV; each a function of a path."""
import contextlib
import fractions
import os
import struct

import av
import numpy as np

FRAMES = 40
H264 = dict(bf='3', g='12', sc_threshold='0', crf='20')


def picture(i, size=(96, 64)):
    """Stripes that move, on a grey that tells frames apart (4 levels a frame)."""
    width, height = size
    img = np.empty((height, width, 3), np.uint8)
    img[:] = 4 * i % 240
    x = np.arange(width - width // 2)
    img[:, width // 2:, 0] = (128 + 100 * np.sin((x + 3 * i) / 7)).astype(np.uint8)
    img[:, width // 2:, 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    img[::5, i % (width // 2), 2] = 255
    return img


@contextlib.contextmanager
def priority_kept():
    """Where it may, SVT-AV1 makes this a real-time process, which leaves no core to others."""
    if not hasattr(os, 'sched_getscheduler'):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, priority)


def write_av1(path):
    with priority_kept():
        write(path, 'libsvtav1', options=dict(g='12', preset='12'))


def write(path, codec='libx264', frames=FRAMES, size=(96, 64), pix_fmt='yuv420p', times=None,
          options=None, container=None):
    """Encode ``frames`` pictures at 25 fps, or at ``times`` (in ms)."""
    with av.open(str(path), 'w', options=container or {}) as target:
        stream = target.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.bit_rate = 2_000_000
        stream.options = dict(threads='1', **(H264 if options is None else options))
        if times is not None:
            stream.codec_context.time_base = fractions.Fraction(1, 1000)
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(i, size), 'rgb24')
            if times is not None:
                frame.pts, frame.time_base = times[i], fractions.Fraction(1, 1000)
            target.mux(stream.encode(frame))
        target.mux(stream.encode())


def copy(source, path, keep=lambda i, packet: True, shift=0, **options):
    """Copy packets without decoding them; ``shift`` moves all to an earlier time, in frames."""
    with av.open(str(source)) as original, av.open(str(path), 'w', options=options) as target:
        stream = original.streams.video[0]
        copied = target.add_stream_from_template(stream)
        packets = [p for p in original.demux(stream) if p.dts is not None]
        step = shift and round((packets[-1].dts - packets[0].dts) / (len(packets) - 1))
        for i, packet in enumerate(packets):
            if keep(i, packet):
                packet.pts -= shift * step
                packet.dts -= shift * step
                packet.stream = copied
                target.mux(packet)


def beside(path, name):
    return path.with_name(f'{path.stem}_{name}')


def variable_rate(path):
    rng = np.random.default_rng(0)
    write(path, times=np.cumsum(rng.integers(10, 90, FRAMES)).tolist())


def open_group(path):
    write(path, options=dict(H264, **{'x264-params': 'open-gop=1'}))


def edit_list(path):
    """What a lossless cut leaves: packets before the cut, marked as not to be shown."""
    whole = beside(path, 'whole.mp4')
    write(whole)
    copy(whole, path, shift=15, avoid_negative_ts='disabled', use_editlist='1')


def started_late(path):
    """A stream that was tapped in the middle of a group of pictures."""
    whole = beside(path, 'whole.ts')
    write(whole)
    copy(whole, path, keep=lambda i, packet: i > 4)


def started_open(path):
    """A stream that begins with an open group, whose first pictures nobody can decode."""
    whole = beside(path, 'whole.ts')
    open_group(whole)
    seen = []

    def from_second_key(i, packet):
        seen.extend([i] if packet.is_keyframe and i else [])
        return bool(seen)
    copy(whole, path, keep=from_second_key)


def rotated(path):
    """Turned by the matrix of the track header, as telephones do it."""
    write(path)
    content = path.read_bytes()
    place = content.index(b'tkhd') + 4 + 40
    one = 1 << 16
    matrix = struct.pack('>9i', 0, one, 0, -one, 0, 0, 64 * one, 0, 1 << 30)
    path.write_bytes(content[:place] + matrix + content[place + 36:])


KINDS = {
    'constant rate, B-frames': ('mp4', write),
    'no B-frames': ('mp4', lambda path: write(path, options=dict(H264, bf='0'))),
    'variable rate': ('mp4', variable_rate),
    'open groups of pictures': ('mp4', open_group),
    'edit list (lossless cut)': ('mp4', edit_list),
    'refreshed row by row': ('mp4', lambda path: write(
        path, options=dict(H264, **{'x264-params': 'intra-refresh=1'}))),
    'rotated by 90 degrees': ('mp4', rotated),
    'odd size, 4:2:0': ('mp4', lambda path: write(path, 'mpeg4', size=(95, 63),
                                                  options=dict(bf='2', g='12'))),
    'odd size, 4:4:4': ('mp4', lambda path: write(path, size=(95, 63), pix_fmt='yuv444p')),
    '10 bits': ('mp4', lambda path: write(path, pix_fmt='yuv420p10le')),
    'full range': ('mp4', lambda path: write(path, pix_fmt='yuvj420p')),
    'one frame': ('mp4', lambda path: write(path, frames=1)),
    'two frames': ('mp4', lambda path: write(path, frames=2)),
    'long (3,000 frames)': ('mp4', lambda path: write(path, frames=3000, size=(32, 32))),
    'HEVC': ('mp4', lambda path: write(path, 'libx265', options={
        'x265-params': 'keyint=12:bframes=3:pools=none:frame-threads=1:log-level=none'})),
    'AV1': ('mp4', write_av1),
    'Matroska': ('mkv', write),
    'WebM, VP9': ('webm', lambda path: write(path, 'libvpx-vp9', options={
        'g': '12', 'deadline': 'realtime', 'cpu-used': '8', 'auto-alt-ref': '1',
        'lag-in-frames': '16'})),
    'WebM, VP8': ('webm', lambda path: write(path, 'libvpx', options={
        'g': '12', 'cpu-used': '8', 'auto-alt-ref': '1', 'lag-in-frames': '16',
        'arnr-maxframes': '7'})),
    'AVI, MPEG-4': ('avi', lambda path: write(path, 'mpeg4', options=dict(bf='2', g='12'))),
    'AVI, MJPEG': ('avi', lambda path: write(path, 'mjpeg', pix_fmt='yuvj420p', options={})),
    'MPEG-TS': ('ts', write),
    'MPEG-TS, MPEG-2': ('ts', lambda path: write(path, 'mpeg2video',
                                                 options=dict(bf='2', g='12'))),
    'MPEG-TS that starts late': ('ts', started_late),
    'MPEG-TS that starts with an open group': ('ts', started_open),
    'no time stamps (bare H.264)': ('h264', write),
}


def make(name, folder):
    """The path of a new file of this kind."""
    ending, maker = KINDS[name]
    path = folder / f'{list(KINDS).index(name):02}.{ending}'
    maker(path)
    return path


def decode_all(path):
    """All pictures of a file by the plainest way there is."""
    with av.open(str(path)) as container:
        found = []
        for frame in container.decode(video=0):
            img = frame.to_ndarray(format='rgb24')
            found.append(np.rot90(img, round(frame.rotation / 90) % 4))
        return found
