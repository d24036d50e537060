"""resize_videos, build_videos, extract_audio: times, pictures and sound stay what they were."""
import re
import struct
import sys
import wave
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mmvideo.audio import read_audio
from mmvideo.errors import InputError

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import build_videos  # noqa: E402
import extract_audio  # noqa: E402
import media  # noqa: E402
import resize_videos  # noqa: E402

TIMES = [0, 40, 70, 120, 200, 230, 290, 330, 400, 440, 500, 530]       # ms
HEIGHT, WIDTH = 96, 160


def picture(k, height=HEIGHT, width=WIDTH):
    """Colored fields, the upper left one brighter in each frame: a turned picture shows."""
    image = np.empty((height, width, 3), np.uint8)
    image[:, :width // 2] = (200, 40, 30)
    image[:, width // 2:] = (20, 60, 200)
    image[:height // 2, :width // 2] = 18 * k + 20
    return image


def write_movie(path, pictures, times=None, sound=None, codec='libx264', audio_codec='aac',
                rate=16000, **stream_options):
    """A video of RGB pictures at ``times`` in ms, or 25 a second, with a tone of ``sound`` Hz."""
    with av.open(str(path), 'w') as out:
        video = out.add_stream(codec, rate=25, options=stream_options)
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt, video.bit_rate = 'yuv420p', 2_000_000
        if times is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        if sound:
            audio = out.add_stream(audio_codec, rate=rate, layout='stereo')
        for k, image in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(image, 'rgb24')
            if times is not None:
                frame.pts, frame.time_base = times[k], Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if sound:
            tone = 0.5 * np.sin(2 * np.pi * sound * np.arange(rate // 2) / rate)
            frame = av.AudioFrame.from_ndarray(np.stack([tone] * 2).astype(np.float32), 'fltp',
                                               'stereo')
            frame.sample_rate, frame.pts = rate, 0
            resampler = av.AudioResampler(audio.format, 'stereo', rate, audio.frame_size or 1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                out.mux(audio.encode(piece))
            out.mux(audio.encode())


def turn(path):
    """A note in the header of an mp4 file that it is to be turned, as of a telephone."""
    content = path.read_bytes()
    place = content.index(b'tkhd') + 44
    matrix = struct.pack('>9i', 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)
    path.write_bytes(content[:place] + matrix + content[place + 36:])


def frames_of(path):
    return list(media.decoded(path))


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """x/: frames at odd times with sound; turned; with repeated frames; cut short; y/: WebM."""
    home = tmp_path_factory.mktemp('videos')
    for folder in 'xy':
        (home / folder).mkdir()
    write_movie(home / 'x/odd.mp4', [picture(k) for k in range(12)], TIMES, 440, bf='2')
    write_movie(home / 'x/turned.mp4', [picture(k) for k in range(4)])
    turn(home / 'x/turned.mp4')
    write_movie(home / 'x/slides.mp4', [picture(k // 3) for k in range(12)], TIMES)
    write_movie(home / 'y/a b.webm', [picture(k) for k in range(5)], sound=1000, codec='libvpx',
                audio_codec='libopus', rate=48000, deadline='realtime')
    return home


def resize(source, target, **options):
    return resize_videos.resize_video(Path(source), Path(target), **options)


def difference(frame, image):
    """Mean difference in gray levels to a picture of another size, and the mean of each color."""
    size = frame.shape[1::-1]
    change = frame.astype(float) - cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.abs(change).mean(), np.abs(change.mean((0, 1))).max()


def test_times_pictures_and_sound_are_kept(videos, tmp_path):
    assert resize(videos / 'x/odd.mp4', tmp_path / 'a.mp4', scale=48) == 12
    frames = frames_of(tmp_path / 'a.mp4')
    assert [round(1000 * f.time) for f in frames] == TIMES
    assert {(f.width, f.height) for f in frames} == {(80, 48)}
    for k, frame in enumerate(frames):
        spread, shift = difference(media.upright(frame), picture(k))
        assert spread < 4 and shift < 1.5
    before, after = (read_audio(p) for p in (videos / 'x/odd.mp4', tmp_path / 'a.mp4'))
    np.testing.assert_array_equal(before, after)


def test_turned_videos_lie_upright(videos, tmp_path):
    resize(videos / 'x/turned.mp4', tmp_path / 'a.mp4', scale=48)
    before, after = frames_of(videos / 'x/turned.mp4'), frames_of(tmp_path / 'a.mp4')
    assert (before[0].rotation, after[0].rotation) == (-90, 0)
    assert (after[0].width, after[0].height) == (48, 80)
    for a, b in zip(before, after, strict=True):
        assert difference(media.upright(b), media.upright(a))[0] < 4


def test_every_frame_can_be_a_key_frame(videos, tmp_path):
    for dense, keys in ((False, 1), (True, 12)):
        resize(videos / 'x/odd.mp4', tmp_path / f'{dense}.mp4', dense=dense)
        assert sum(f.key_frame for f in frames_of(tmp_path / f'{dense}.mp4')) == keys
    frame = frames_of(tmp_path / 'True.mp4')[0]
    assert (frame.width, frame.height) == (WIDTH, HEIGHT)      # small ones are not enlarged


def test_repeated_frames_go(videos, tmp_path):
    assert resize(videos / 'x/slides.mp4', tmp_path / 'a.mp4', remove_dup=True) == 4
    assert [round(1000 * f.time) for f in frames_of(tmp_path / 'a.mp4')] == TIMES[::3]


def test_what_repeats():
    noise = np.random.default_rng(0).integers(0, 3, (32, 40), dtype=np.uint8)
    plain = np.full((32, 40), 100, np.uint8)
    spot, shade = plain.copy(), plain.copy()
    spot[8:16, 16:24] += 20
    shade[:16] += 8
    assert media.repeats(plain, plain) and media.repeats(plain + noise, plain)
    assert not media.repeats(spot, plain) and not media.repeats(shade, plain)


@pytest.mark.parametrize('suffix, kinds', [('mp4', ['aac']), ('mkv', ['opus']), ('avi', ['aac'])])
def test_other_containers(videos, tmp_path, suffix, kinds):
    target = tmp_path / f'a.{suffix}'
    assert resize(videos / 'y/a b.webm', target, scale=48) == 5
    with av.open(str(target)) as container:
        assert [s.codec_context.name for s in container.streams.video] == ['h264']
        assert [s.codec_context.name for s in container.streams.audio] == kinds
        assert container.streams.video[0].average_rate == 25
    assert len(frames_of(target)) == 5
    wave = read_audio(target)[2000:6000]
    peak = np.abs(np.fft.rfft(wave)).argmax() * 16000 / len(wave)
    assert peak == pytest.approx(1000, abs=8)


def test_folder_of_videos(videos, tmp_path, capsys):
    broken = videos / 'x/odd.mp4'
    (tmp_path / 'in/x').mkdir(parents=True)
    (tmp_path / 'in/x/good.mp4').write_bytes(broken.read_bytes())
    (tmp_path / 'in/x/short.mp4').write_bytes(broken.read_bytes()[:-3000])
    (tmp_path / 'in/x/text.mp4').write_text('no video')
    command = [str(tmp_path / 'in'), str(tmp_path / 'out'), '--num-workers', '1', '--scale', '32']
    assert resize_videos.main(command) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == '1 videos written, 2 failed:'
    assert 'short.mp4: ' in printed[1] and 'text.mp4: cannot be opened' in printed[2]
    assert [p.name for p in (tmp_path / 'out/x').iterdir()] == ['good.mp4']
    assert resize_videos.main(command) == 1
    assert capsys.readouterr().out.startswith('0 videos written, 1 was there already, 2 failed:')


@pytest.mark.parametrize('options, word', [
    (dict(scale=-1), '--scale'), (dict(crf=60), '--crf'), (dict(gop=0), '--gop'),
    (dict(ext='avi'), 'no file'), (dict(out_dir=None), 'folder with the sources')])
def test_wrong_arguments(videos, tmp_path, options, word):
    arguments = {'src_dir': videos, 'out_dir': tmp_path, **options}
    arguments['out_dir'] = arguments['out_dir'] or videos
    with pytest.raises(InputError, match=word):
        resize_videos.build(**arguments)


def test_webm_does_not_hold_h264(videos, tmp_path):
    tally = resize_videos.build(videos, tmp_path, ext='webm')
    reason, = tally.failed.values()
    assert 'a .webm file cannot hold H.264; say --to-mp4' in reason
    tally = resize_videos.build(videos, tmp_path, ext='webm', to_mp4=True, scale=32)
    assert not tally.failed and (tmp_path / 'y/a b.mp4').is_file()


def test_sound_of_videos(videos, tmp_path, capsys):
    command = [str(videos), str(tmp_path), '--ext', 'mp4,webm', '--num-worker', '1']
    assert extract_audio.main(command) == 1
    printed = capsys.readouterr().out
    assert printed.startswith('2 sounds written, 2 failed:')
    assert printed.count('has no audio stream') == 2
    for source, target in (('x/odd.mp4', 'x/odd.wav'), ('y/a b.webm', 'y/a b.wav')):
        with wave.open(str(tmp_path / target)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        np.testing.assert_allclose(read_audio(tmp_path / target), read_audio(videos / source),
                                   atol=1e-4)


@pytest.fixture
def frames(tmp_path):
    """frames/c/v.1: five pictures from number 1, and one that is none of them."""
    folder = tmp_path / 'frames/c/v.1'
    folder.mkdir(parents=True)
    for k in range(5):
        cv2.imwrite(str(folder / f'img_{k + 1:05d}.png'), picture(k)[:, :, ::-1])
    (folder / 'x_00001.png').touch()
    return tmp_path / 'frames'


@pytest.mark.parametrize('codec, suffix', [('mpeg4', 'mp4'), ('libx264', 'mkv')])
def test_frames_become_a_video(frames, tmp_path, codec, suffix):
    tally = build_videos.build(frames, tmp_path / 'out', fps=12.5, in_format='png', vcodec=codec,
                               ext=suffix)
    assert list(tally.results.values()) == [5]
    made = frames_of(tmp_path / f'out/c/v.1.{suffix}')
    assert [round(f.time, 3) for f in made] == [0, 0.08, 0.16, 0.24, 0.32]
    for k, frame in enumerate(made):
        assert difference(media.upright(frame), picture(k))[0] < 3
    kept = build_videos.build(frames, tmp_path / 'out', in_format='png', ext=suffix, resume=True)
    assert (kept.kept, kept.results) == (1, {})


def test_odd_sizes_lose_a_line(tmp_path):
    with media.VideoWriter(tmp_path / 'a', 25) as writer:
        writer.write(picture(3)[:-1, :-1])
        with pytest.raises(InputError, match='159x95 and 160x96'):
            writer.write(picture(3))
    frame, = frames_of(tmp_path / 'a')
    assert (frame.width, frame.height) == (158, 94)


@pytest.mark.parametrize('options, word', [
    (dict(in_format='jpg'), 'no frame img_0.jpg$'), (dict(start_idx=0), 'numbers begin at 1'),
    (dict(filename_tmpl='img'), '--filename-tmpl'), (dict(vcodec='h999'), 'no encoder'),
    (dict(vcodec='aac'), 'no video codec')])
def test_reasons_of_frames(frames, tmp_path, options, word):
    tally = build_videos.build(frames, tmp_path, **{'in_format': 'png', **options})
    reason, = tally.failed.values()
    assert re.search(word, reason)


def test_gaps_are_named(frames, tmp_path):
    (frames / 'c/v.1/img_00003.png').unlink()
    for template in ('img_%05d', 'img_{:05d}', 'img_{:05}'):
        tally = build_videos.build(frames, tmp_path, in_format='png', filename_tmpl=template)
        assert 'frames 1..5, but number 3 is missing' in str(tally.failed)
    for options, word in ((dict(fps=0), '--fps'), (dict(ext='gif'), '--ext')):
        with pytest.raises(InputError, match=word):
            build_videos.build(frames, tmp_path, **options)
