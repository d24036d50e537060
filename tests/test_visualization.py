"""Text on videos: the copy can be decoded, keeps its rate, and its text stays within its box."""
import av
import numpy as np
import pytest

from mmvideo.errors import InputError, MissingFileError
from mmvideo.visualization import FOUND, TRUE, annotate_video, draw_boxes, draw_lines

LINES = ['sliding left 0.9312', 'turning 0.0431', 'growing 0.0123', 'yoga 0.0012', 'zumba 0.0001']


def write_video(path, width=96, height=64, fps=12, count=9):
    """Flat frames whose gray level tells their number."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=fps, options={'crf': '10'})
        stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
        for k in range(count):
            image = np.full((height, width, 3), 100 + 10 * k, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'rgb24')))
        container.mux(stream.encode())
    return path


def decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = np.stack([f.to_ndarray(format='rgb24') for f in container.decode(video=0)])
        return frames, stream.average_rate, stream.codec_context


@pytest.mark.parametrize('size, target, expected', [
    ((96, 64), None, (360, 240)), ((64, 96), None, (240, 360)), ((96, 64), 64, (96, 64)),
    ((320, 256), None, (320, 256)), ((320, 256), 101, (126, 100))])
def test_size(tmp_path, size, target, expected):
    source = write_video(tmp_path / 'a.mp4', *size)
    assert annotate_video(source, LINES, tmp_path / 'b.mp4', target_short_side=target) == 9
    frames, rate, codec = decode(tmp_path / 'b.mp4')
    assert frames.shape == (9, *expected[::-1], 3)
    assert (rate, codec.name, codec.pix_fmt) == (12, 'h264', 'yuv420p')


@pytest.mark.parametrize('suffix', ['.mp4', '.gif', '.GIF'])
def test_frames_keep_their_order_below_the_text(tmp_path, suffix):
    source = write_video(tmp_path / 'a.mp4')
    annotate_video(source, LINES, tmp_path / f'b{suffix}')
    frames = decode(tmp_path / f'b{suffix}')[0]
    assert len(frames) == 9
    np.testing.assert_allclose(frames[:, -40:].mean((1, 2, 3)), 100 + 10 * np.arange(9), atol=3)
    # A box a quarter as bright as the picture, with white letters on it.
    corner = frames[:, :20, :60].astype(int)
    assert np.all(corner.min((1, 2, 3)) < 60)
    assert np.all(corner.max((1, 2, 3)) > 215)


@pytest.mark.parametrize('fps, expected', [(None, 12), (25, 25), (7.5, 7.5)])
def test_rate(tmp_path, fps, expected):
    source = write_video(tmp_path / 'a.mp4')
    annotate_video(source, LINES, tmp_path / 'b.mp4', fps=fps)
    assert decode(tmp_path / 'b.mp4')[1] == expected


def test_rate_of_a_gif(tmp_path):
    source = write_video(tmp_path / 'a.mp4', fps=10)
    annotate_video(source, LINES, tmp_path / 'b.gif')
    assert decode(tmp_path / 'b.gif')[1] == 10


@pytest.mark.parametrize('width, height', [(340, 256), (1280, 720), (100, 400), (400, 60)])
@pytest.mark.parametrize('lines', [LINES, ['a very long name of a class ' * 4 + '0.5'], ['x'] * 30])
def test_text_fits_the_frame(width, height, lines):
    image = np.full((height, width, 3), 200, np.uint8)
    draw_lines(image, lines)
    changed = (image != 200).any(-1)
    rows, columns = np.nonzero(changed.any(1))[0], np.nonzero(changed.any(0))[0]
    assert rows[0] == columns[0] == 0
    # The box is filled: dark without letters along its lower and right edges.
    edge_y, edge_x = rows[-1], columns[-1]
    assert np.all(image[edge_y, :edge_x] < 130) and np.all(image[:edge_y, edge_x] < 130)
    assert (image[changed] > 100).any()


def test_text_grows_with_the_frame():
    boxes = []
    for height in (240, 480, 960):
        image = np.full((height, height * 2, 3), 200, np.uint8)
        boxes.append((draw_lines(image, LINES[:1]) != 200).any((1, 2)).sum() / height)
    np.testing.assert_allclose(boxes, boxes[0], rtol=0.1)


def test_no_lines_leave_the_frame_alone():
    image = np.full((50, 50, 3), 90, np.uint8)
    assert (draw_lines(image, []) == 90).all()


def colored(image, color):
    """First and last row, first and last column that have a color, about."""
    near = np.abs(image.astype(int) - color).max(-1) < 60
    rows, columns = np.nonzero(near)
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_words_of_boxes_stand_above_what_was_found_and_below_what_is_so():
    box, pitch = (0.25, 0.25, 0.75, 0.75), 480 / 48 / 21 * 34
    image = draw_boxes(np.zeros((480, 640, 3), np.uint8), ([(box, ['stand', 'sit'])], TRUE, False),
                       ([(box, ['walk 0.90'])], FOUND, True))
    assert colored(image, FOUND) == pytest.approx((120 - pitch, 360, 160, 480), abs=pitch / 3)
    assert colored(image[362:], TRUE)[1] == pytest.approx(2 * pitch, abs=pitch / 2)
    # At a rim of the picture they stay within it.
    image = draw_boxes(np.zeros((480, 640, 3), np.uint8), (
        [((0.5, 0, 1, 0.2), ['walk 0.90']), ((0.95, 0.5, 1, 1), ['stand and walk'])], FOUND, True))
    top, bottom, left, right = colored(image[240 - round(pitch):240], FOUND)
    assert colored(image, FOUND)[0] == 0 and left < 0.95 * 640 < right


def test_words_of_boxes_do_not_cover_each_other():
    upper = ([((0.25, 0.1, 0.75, 0.5), ['stand'])], TRUE, False)
    lower = ([((0.25, 0.52, 0.75, 0.9), ['walk 0.90'])], FOUND, True)
    size, place = (480, 640, 3), np.s_[242:258, 162:478]
    alone = colored(draw_boxes(np.zeros(size, np.uint8), upper)[place], TRUE)
    both = draw_boxes(np.zeros(size, np.uint8), upper, lower)
    # No rim or word of the lower box touches those of the upper one, which stand where they stood;
    # its own are in the same line, beside them.
    assert colored(both[place], TRUE) == alone
    assert colored(both[242:248, 162:478], FOUND)[2] >= alone[3]


@pytest.mark.parametrize('out, options, message', [
    ('b.avi', {}, r'b\.avi: expected .* \.mp4 or \.gif'), ('b', {}, 'expected a name'),
    ('b.mp4', dict(fps=0), 'fps: expected more than 0'),
    ('b.mp4', dict(target_short_side=-1), 'target_short_side')])
def test_wrong_arguments(tmp_path, out, options, message):
    source = write_video(tmp_path / 'a.mp4')
    with pytest.raises(InputError, match=message):
        annotate_video(source, LINES, tmp_path / out, **options)


def test_bad_sources_leave_nothing_behind(tmp_path):
    (tmp_path / 'text.mp4').write_text('not a video' * 50)
    with pytest.raises(InputError, match=r'text\.mp4: cannot be read as a video'):
        annotate_video(tmp_path / 'text.mp4', LINES, tmp_path / 'b.mp4')
    with pytest.raises(MissingFileError, match=r'gone\.mp4'):
        annotate_video(tmp_path / 'gone.mp4', LINES, tmp_path / 'b.mp4')
    with av.open(str(tmp_path / 'sound.mp4'), 'w') as container:
        stream = container.add_stream('aac', rate=16000, layout='mono')
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), 'fltp', 'mono')
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(InputError, match=r'sound\.mp4: has no video stream'):
        annotate_video(tmp_path / 'sound.mp4', LINES, tmp_path / 'b.gif')
    assert sorted(p.name for p in tmp_path.iterdir()) == ['sound.mp4', 'text.mp4']
