"""Frames from three decoders: the same pictures, and an error for every kind of broken file."""
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import ArrayDecode, DecordInit, RawFrameDecode

BACKENDS = ['Decord', 'PyAV', 'OpenCV']


def decode(backend, path, inds=None, **kwargs):
    sample = TRANSFORMS.build(dict(type=f'{backend}Init'))(dict(filename=str(path)))
    sample['frame_inds'] = np.arange(sample['total_frames']) if inds is None else np.array(inds)
    return TRANSFORMS.build(dict(type=f'{backend}Decode', **kwargs))(sample)


def greys(sample):
    """Mean of the left half, 4 * frame number."""
    return [float(img[:, :40].mean()) for img in sample['imgs']]


@pytest.fixture(scope='module')
def faststart(write_video, tmp_path_factory):
    """Bytes of a video whose index comes before its frames, and where each packet lies."""
    import av
    path = write_video(tmp_path_factory.mktemp('fast') / 'fast.mp4',
                       options=dict(movflags='faststart'))
    with av.open(path) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    with open(path, 'rb') as file:
        return file.read(), packets


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('name, codec', [('a.mp4', 'libx264'), ('a.mkv', 'libx264'),
                                         ('a.avi', 'mpeg4')])
def test_every_frame_is_the_one_asked_for(backend, name, codec, write_video, tmp_path):
    path = write_video(tmp_path / name, codec=codec)
    sample = decode(backend, path)
    assert sample['total_frames'] == 40 and sample['avg_fps'] == pytest.approx(25)
    np.testing.assert_allclose(greys(sample), 4 * np.arange(40), atol=3)
    assert sample['imgs'][0].dtype == np.uint8
    assert sample['img_shape'] == sample['original_shape'] == (64, 96)
    assert 'video_reader' not in sample
    # RGB: the right half is (ramp, 128, 30)
    np.testing.assert_allclose(sample['imgs'][0][:, 60:].mean((0, 1)), [127, 128, 30], atol=8)


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('inds', [[0], [39], [38, 39], [0, 39], [17, 3, 3, 30], [25, 26, 11]])
def test_any_order_and_repeats(backend, inds, video):
    whole = decode(backend, video)['imgs']
    sample = decode(backend, video, inds)
    assert len(sample['imgs']) == len(inds)
    for i, img in zip(inds, sample['imgs'], strict=True):
        assert np.array_equal(img, whole[i]), i


def test_backends_agree(video):
    decord, pyav, opencv = ([img.astype(int) for img in decode(b, video)['imgs']]
                            for b in BACKENDS)
    assert max(np.abs(a - b).max() for a, b in zip(decord, pyav, strict=True)) <= 3
    assert max(np.abs(a - b).max() for a, b in zip(decord, opencv, strict=True)) <= 3


@pytest.mark.parametrize('backend', ['Decord', 'PyAV'])
def test_efficient_mode_gives_the_key_frame_before(backend, video):
    # a key frame every 12
    sample = decode(backend, video, [0, 11, 12, 23, 39], mode='efficient')
    np.testing.assert_allclose(greys(sample), [0, 0, 48, 48, 144], atol=3)


def test_threads_do_not_change_frames(video):
    one, more = decode('PyAV', video), decode('PyAV', video, multi_thread=True)
    assert all(map(np.array_equal, one['imgs'], more['imgs']))


@pytest.mark.parametrize('backend', BACKENDS)
def test_frames_hidden_by_an_edit_list_do_not_count(backend, video, tmp_path):
    """What a lossless cut leaves: packets before the cut, marked as not to be shown."""
    import av
    path = str(tmp_path / 'cut.mp4')
    options = dict(avoid_negative_ts='disabled', use_editlist='1')
    with av.open(video) as source, av.open(path, 'w', options=options) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        step = stream.duration // 40
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.pts -= 15 * step
                packet.dts -= 15 * step
                packet.stream = copy
                target.mux(packet)
    sample = decode(backend, path)
    assert sample['total_frames'] == 25
    np.testing.assert_allclose(greys(sample), 4 * np.arange(15, 40), atol=3)


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_still_scene_is_no_error(backend, tmp_path):
    import av
    path = str(tmp_path / 'still.mp4')
    with av.open(path, 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, 'yuv420p'
        for _ in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), 'rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert len(decode(backend, path)['imgs']) == 20


def broken(kind, faststart, tmp_path):
    content, packets = faststart
    path = tmp_path / f'{kind}.mp4'
    if kind == 'empty':
        content = b''
    elif kind == 'text':
        content = b'this is a text\n' * 40
    elif kind == 'cut_in_packet':
        content = content[:packets[25][0] + packets[25][1] // 2]
    elif kind == 'cut_between':
        content = content[:packets[25][0]]
    elif kind == 'without_index':
        content = content.replace(b'moov', b'junk')
    elif kind == 'noise':
        start = packets[20][0]
        noise = np.random.default_rng(0).integers(0, 256, len(content) - start, dtype=np.uint8)
        content = content[:start] + noise.tobytes()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('kind, message', [
    ('empty', r'the file is empty \(0 bytes\)'),
    ('text', 'cannot be opened as a video'),
    ('without_index', 'cannot be opened as a video'),
    ('cut_in_packet', 'truncated; it should have 40 frames, the file ends after 25'),
    ('cut_between', 'truncated; it should have 40 frames, the file ends after 25'),
    ('noise', r'frame \d+ was asked for; the file should have 40, only \d+ can be decoded')])
def test_broken_files_are_named(backend, kind, message, faststart, tmp_path):
    with pytest.raises(InputError, match=f'{kind}.mp4: {message}'):
        decode(backend, broken(kind, faststart, tmp_path))


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_missing_file_is_named(backend):
    with pytest.raises(MissingFileError, match='nowhere.mp4: no such video file'):
        decode(backend, 'nowhere.mp4')


@pytest.mark.parametrize('backend', BACKENDS)
def test_sound_alone_is_no_video(backend, tmp_path):
    import av
    path = str(tmp_path / 'sound.mp4')
    with av.open(path, 'w') as container:
        stream = container.add_stream('aac', rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), 'fltp', 'mono')
        frame.rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(InputError, match='sound.mp4: has no video stream'):
        decode(backend, path)


def not_coded(path, source, first_lost):
    """Copy an MPEG-4 video with packets that carry no picture from ``first_lost`` on."""
    import av
    with av.open(source) as original, av.open(str(path), 'w') as target:
        stream = original.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for i, packet in enumerate(original.demux(stream)):
            if packet.dts is None:
                continue
            if i >= first_lost:
                # start code of a picture; type P, 5 bits of time, vop_coded = 0
                bits = f'0101{i % 25:05b}10'.ljust(16, '1')
                empty = av.Packet(b'\0\0\1\xb6' + int(bits, 2).to_bytes(2, 'big'))
                empty.pts, empty.dts = packet.pts, packet.dts
                empty.time_base, empty.duration = packet.time_base, packet.duration
                packet = empty
            packet.stream = copy
            target.mux(packet)


@pytest.mark.parametrize('backend', BACKENDS)
def test_frames_that_are_claimed_but_not_there_are_an_error(backend, write_video, tmp_path):
    """Decord repeats the last picture for those, and says nothing that a program could hear."""
    source = write_video(tmp_path / 'whole.avi', codec='mpeg4', key_interval=100)
    path = tmp_path / 'claims.avi'
    not_coded(path, source, first_lost=25)
    # In a process of its own: a decoder that waits for ever must not stop the tests.
    code = ('import sys; from mmvideo.registry import TRANSFORMS as T\n'
            f'init, decode = (T.build(dict(type="{backend}" + k)) for k in ("Init", "Decode"))\n'
            f'sample = init(dict(filename={str(path)!r}))\n'
            'sample["frame_inds"] = [2, 20, 39]\n'
            'try:\n    decode(sample)\nexcept ValueError as error:\n    print(error)')
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert 'frame 39 was asked for; the file should have 40, only' in out.stdout, out
    assert 'claims.avi' in out.stdout


@pytest.mark.parametrize('backend', BACKENDS)
def test_frames_outside_the_video_are_an_error(backend, video):
    with pytest.raises(InputError, match=r'frame 40 was asked for; the video has frames 0\.\.39'):
        decode(backend, video, [3, 40])
    with pytest.raises(InputError, match='frame -1 was asked for'):
        decode(backend, video, [-1])


def test_wrong_arguments():
    with pytest.raises(InputError, match="mode must be one of 'accurate', 'efficient'"):
        TRANSFORMS.build(dict(type='DecordDecode', mode='fast'))
    with pytest.raises(InputError, match='num_threads'):
        DecordInit(num_threads=-1)
    with pytest.raises(InputError, match="io_backend must be one of 'disk'"):
        TRANSFORMS.build(dict(type='OpenCVInit', io_backend='lmdb'))


@pytest.mark.parametrize('backend', ['Decord', 'PyAV'])
def test_other_storage(backend, video):
    sample = TRANSFORMS.build(dict(type=f'{backend}Init', io_backend='local'))(
        dict(filename=video))
    sample['frame_inds'] = np.array([5, 39])
    sample = TRANSFORMS.build(dict(type=f'{backend}Decode'))(sample)
    np.testing.assert_allclose(greys(sample), [20, 156], atol=3)


@pytest.fixture
def frame_folder(tmp_path):
    for i in range(1, 6):
        img = np.zeros((4, 6, 3), np.uint8)
        img[..., 0] = 10 * i                    # blue, for OpenCV writes BGR
        cv2.imwrite(str(tmp_path / f'img_{i:05}.png'), img)
        cv2.imwrite(str(tmp_path / f'x_{i:05}.png'), img[..., 0] + 1)
        cv2.imwrite(str(tmp_path / f'y_{i:05}.png'), img[..., 0] + 2)
    return tmp_path


def raw(folder, **kwargs):
    sample = dict(frame_dir=str(folder), filename_tmpl='img_{:05}.png', modality='RGB',
                  frame_inds=np.array([1, 3, 3]))
    return {**sample, **kwargs}


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
def test_raw_frames(backend, frame_folder):
    sample = RawFrameDecode(decoding_backend=backend)(raw(frame_folder, offset=2))
    assert [img[0, 0].tolist() for img in sample['imgs']] == [[0, 0, 30], [0, 0, 50], [0, 0, 50]]
    assert sample['img_shape'] == (4, 6)


def test_raw_flow(frame_folder):
    boxes = np.array([[0.5, 0, 1, 0.25]])
    sample = RawFrameDecode()(raw(frame_folder, gt_bboxes=boxes))
    height, width = sample['img_shape']
    assert sample['gt_bboxes'].tolist() == [[width / 2, 0, width, height / 4]]
    sample = RawFrameDecode()(raw(frame_folder, modality='Flow', filename_tmpl='{}_{:05d}.png'))
    assert [img[0, 0] for img in sample['imgs']] == [11, 12, 31, 32, 31, 32]
    assert sample['imgs'][0].shape == (4, 6)


def test_raw_frame_errors(frame_folder):
    with pytest.raises(MissingFileError, match=r'img_00006.png: no such frame; do start_index'):
        RawFrameDecode()(raw(frame_folder, frame_inds=np.array([6])))
    (frame_folder / 'img_00002.png').write_text('not a picture')
    with pytest.raises(InputError, match='img_00002.png: is no picture that cv2 can read'):
        RawFrameDecode()(raw(frame_folder, frame_inds=np.array([2])))
    with pytest.raises(InputError, match='decoding_backend must be one of'):
        RawFrameDecode(decoding_backend='opencv')


def test_arrays():
    array = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1).repeat(2, -1)
    sample = ArrayDecode()(dict(array=array, frame_inds=np.array([4, 0])))
    assert [int(img[0, 0, 0]) for img in sample['imgs']] == [4, 0]
    sample = ArrayDecode()(dict(array=array, frame_inds=np.array([4]), modality='Flow'))
    assert [img.shape for img in sample['imgs']] == [(1, 1), (1, 1)]
    with pytest.raises(InputError, match=r'frames 4\.\.6 were asked for; the array has 0\.\.5'):
        ArrayDecode()(dict(array=array, frame_inds=np.array([4, 6])))
