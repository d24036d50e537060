"""Small real videos."""
import numpy as np
import pytest


@pytest.fixture(scope='session')
def videos(tmp_path_factory):
    """A folder with clip_0.mp4 .. clip_5.mp4, 20 to 30 frames of 80x60."""
    import av
    folder = tmp_path_factory.mktemp('videos')
    for k in range(6):
        with av.open(str(folder / f'clip_{k}.mp4'), 'w') as container:
            stream = container.add_stream('libx264', rate=25)
            stream.width, stream.height, stream.pix_fmt = 80, 60, 'yuv420p'
            for i in range(20 + 2 * k):
                img = np.full((60, 80, 3), (8 * i, 40 * k, 128), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(img, 'rgb24')))
            container.mux(stream.encode())
    return folder
