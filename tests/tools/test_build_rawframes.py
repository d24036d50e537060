"""Frames and flow as files: names, numbers, sizes, what was there before, and what fails."""
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mmvideo.datasets.rawframe import RawframeDataset
from mmvideo.errors import InputError, MissingFileError
from mmvideo.optical_flow import dequantize

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / 'tools' / 'data'), str(ROOT / 'tools' / 'misc')]

import build_rawframes  # noqa: E402
import flow_extraction  # noqa: E402

HEIGHT, WIDTH, FRAMES = 48, 64, 4


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """c/: texture that moves 2 pixels to the right and 1 up a frame, as mp4; a still one as avi."""
    home = tmp_path_factory.mktemp('videos')
    (home / 'c').mkdir()
    noise = np.random.default_rng(0).standard_normal((100, 120)).astype(np.float32)
    big = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)
    for name, step, codec in (('moves a.mp4', 1, 'libx264'), ('still.avi', 0, 'mpeg4')):
        with av.open(str(home / 'c' / name), 'w') as out:
            stream = out.add_stream(codec, rate=25, options={'crf': '5', 'qmax': '2'})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
            for k in range(FRAMES):
                gray = big[30 + k * step:][:HEIGHT, 40 - 2 * k * step:][:, :WIDTH].astype(np.uint8)
                image = np.dstack([gray, gray, 255 - gray])
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'rgb24')))
            out.mux(stream.encode())
    return home


def run(*args):
    return build_rawframes.main([str(a) for a in (*args, '--num-workers', 1)])


def names(folder):
    return sorted(p.name for p in Path(folder).iterdir())


def numbered(*prefixes, count, suffix='jpg'):
    return sorted(f'{p}{k:05d}.{suffix}' for p in prefixes for k in range(1, count + 1))


def test_frames_and_flow(videos, tmp_path, capsys):
    assert run(videos, tmp_path, '--task', 'both', '--flow-type', 'farn') == 0
    assert capsys.readouterr().out == '1 videos taken apart\n'
    folder = tmp_path / 'c/moves a'
    assert names(folder) == sorted(numbered('img_', count=4)
                                   + numbered('flow_x_', 'flow_y_', count=3))
    image = cv2.imread(str(folder / 'img_00001.jpg'))[..., ::-1].astype(int)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(image[..., 0] + image[..., 2] - 255).mean() < 12       # red and blue in place
    for axis, pixels in (('x', 2), ('y', -1)):
        levels = cv2.imread(str(folder / f'flow_{axis}_00002.jpg'), cv2.IMREAD_GRAYSCALE)
        assert dequantize(levels[10:-10, 10:-10]).mean() == pytest.approx(pixels, abs=0.25)


def test_data_sets_read_them(videos, tmp_path):
    run(videos, tmp_path, '--task', 'both', '--flow-type', 'dis', '--bound', 5)
    (tmp_path / 'list.txt').write_text('"c/moves a" 3 0\n')
    for modality, template, count in (('RGB', 'img_{:05d}.jpg', 3),
                                      ('Flow', 'flow_{}_{:05d}.jpg', 6)):
        dataset = RawframeDataset(tmp_path / 'list.txt', [
            dict(type='SampleFrames', clip_len=3, num_clips=1, test_mode=True),
            dict(type='RawFrameDecode')], data_prefix=str(tmp_path), modality=modality,
            filename_tmpl=template)
        assert len(dataset[0]['imgs']) == count
    flow = dataset[0]['imgs'][0][10:-10, 10:-10]
    assert dequantize(flow, 5).mean() == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize('options, size', [
    (['--new-short', 24], (32, 24)), (['--new-width', 20, '--new-height', 50], (20, 50)),
    ([], (WIDTH, HEIGHT))])
def test_sizes(videos, tmp_path, options, size):
    run(videos, tmp_path, '--task', 'rgb', '--mixed-ext', '--out-format', 'png', *options)
    for name in ('moves a', 'still'):
        assert names(tmp_path / 'c' / name) == numbered('img_', count=4, suffix='png')
        assert cv2.imread(str(tmp_path / f'c/{name}/img_00004.png')).shape[1::-1] == size


def test_flow_of_frames_joins_them(videos, tmp_path, capsys):
    run(videos, tmp_path / 'a', '--task', 'rgb')
    rgb = names(tmp_path / 'a/c/moves a')
    # From a video into the folder of its frames, and from frames into another one.
    folder = tmp_path / 'a/c/moves a'
    (folder / 'flow_x_00009.jpg').touch()
    run(videos, tmp_path / 'a', '--task', 'flow', '--flow-type', 'dis', '--resume')
    assert names(folder) == sorted(rgb + numbered('flow_x_', 'flow_y_', count=3))
    run(tmp_path / 'a', tmp_path / 'b', '--input-frames', '--flow-type', 'dis')
    assert names(tmp_path / 'b/c/moves a') == numbered('flow_x_', 'flow_y_', count=3)
    capsys.readouterr()
    assert run(videos, tmp_path / 'a', '--task', 'both', '--flow-type', 'dis', '--resume') == 0
    assert capsys.readouterr().out == '0 videos taken apart, 1 was there already\n'


def test_other_names_and_numbers(videos, tmp_path):
    run(videos, tmp_path, '--task', 'both', '--flow-type', 'farn', '--rgb-tmpl', '{:03d}',
        '--flow-tmpl', '{}_{:05d}', '--start-idx', 0, '--ext', 'avi')
    folder = tmp_path / 'c/still'
    assert names(folder)[:5] == ['000.jpg', '001.jpg', '002.jpg', '003.jpg', 'x_00000.jpg']
    still = cv2.imread(str(folder / 'y_00002.jpg'), cv2.IMREAD_GRAYSCALE)
    assert np.abs(still.astype(int) - 128).max() <= 2


def test_half_a_video_leaves_nothing(videos, tmp_path, capsys):
    (tmp_path / 'in').mkdir()
    content = (videos / 'c/moves a.mp4').read_bytes()
    (tmp_path / 'in/short.mp4').write_bytes(content[:len(content) * 2 // 3])
    assert run(tmp_path / 'in', tmp_path / 'out', '--task', 'rgb', '--level', 1) == 1
    assert '0 videos taken apart, 1 failed:' in capsys.readouterr().out
    assert not list((tmp_path / 'out').glob('*'))


@pytest.mark.parametrize('options, word', [
    (['--new-width', 20], '--new-width'), (['--bound', 0], '--bound'),
    (['--new-short', 20, '--new-width', 8, '--new-height', 8], '--new-short'),
    (['--input-frames', '--task', 'both'], '--task flow'),
    (['--rgb-tmpl', 'img'], '--rgb-tmpl'), (['--flow-tmpl', 'flow_{:05d}'], '--flow-tmpl'),
    (['--ext', 'webm'], 'no file')])
def test_wrong_arguments(videos, tmp_path, options, word):
    with pytest.raises(InputError, match=word):
        run(videos, tmp_path, *options)


def test_unknown_flow(videos, tmp_path, capsys):
    assert run(videos, tmp_path, '--flow-type', 'brox') == 1
    assert "flow type 'brox' needs OpenCV built for CUDA" in capsys.readouterr().out


def test_one_file_a_video(videos, tmp_path):
    try:
        import h5py
    except ImportError:
        with pytest.raises(InputError, match='pip install h5py'):
            run(videos, tmp_path, '--out-format', 'h5')
        return
    run(videos, tmp_path, '--out-format', 'h5', '--task', 'both', '--flow-type', 'dis')
    assert names(tmp_path / 'c') == ['moves a.h5']
    with h5py.File(tmp_path / 'c/moves a.h5') as file:
        assert {key: file[key].shape for key in file} == {
            'rgb': (4, HEIGHT, WIDTH, 3), 'x': (3, HEIGHT, WIDTH), 'y': (3, HEIGHT, WIDTH)}
        assert dequantize(file['x'][1, 10:-10, 10:-10]).mean() == pytest.approx(2, abs=0.25)


def test_flow_of_one_video_or_of_a_list(videos, tmp_path, capsys):
    flow_extraction.main(['--input', str(videos / 'c/moves a.mp4'), '--dest', str(tmp_path / 'a'),
                          '--method', 'dis'])
    assert names(tmp_path / 'a') == numbered('x_', 'y_', count=3)
    (tmp_path / 'list.txt').write_text('"c/moves a.mp4" 0\nc/still.avi 1\nc/gone.mp4 1\n')
    status = flow_extraction.main([
        '--input', str(tmp_path / 'list.txt'), '--prefix', str(videos), '--dest',
        str(tmp_path / 'b'), '--save-rgb', '--method', 'dis', '--flow-tmpl', 'flow_{}_{:05d}.jpg'])
    assert status == 1
    assert names(tmp_path / 'b/c') == ['moves a', 'still']
    assert len(names(tmp_path / 'b/c/still')) == 4 + 3 + 3
    assert 'gone.mp4' in capsys.readouterr().out.splitlines()[-1]


def test_flow_extraction_names_what_is_wrong(videos, tmp_path):
    (tmp_path / 'list.txt').write_text('\n')
    video = str(videos / 'c/still.avi')
    for arguments, kind, word in (
            (['--input', str(tmp_path / 'gone.mp4')], MissingFileError, 'no such file'),
            (['--input', str(tmp_path / 'list.txt')], InputError, 'names no video'),
            (['--input', video, '--rgb-tmpl', '{:05d}.png'], InputError, '--rgb-tmpl')):
        with pytest.raises(kind, match=word):
            flow_extraction.main([*arguments, '--dest', str(tmp_path)])
