"""The embedded data set: what it shows, what can be known from it, and that it stays the same."""
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from mmvideo.audio import log_mel, mel_centers, read_audio
from mmvideo.errors import InputError

TOOLS = Path(__file__).parents[2] / 'tools' / 'data'
sys.path.insert(0, str(TOOLS))

import build_embedded  # noqa: E402
from embedded import movie, picture, sound  # noqa: E402
from embedded.classes import CLASSES, EVIDENCE, ceiling, groups, reverse_of  # noqa: E402
from embedded.clips import draw_clip, reverse  # noqa: E402


def clip_of(label, seed=0, **changes):
    return replace(draw_clip(np.random.default_rng(seed), label), **changes)


def decode(path):
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format='rgb24') for f in container.decode(video=0)])


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes()
            for p in sorted(folder.rglob('*')) if p.is_file()}


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp('embedded')
    assert build_embedded.build(out, train_clips=1, seed=3, workers=1) == 16
    return out


@pytest.mark.parametrize('evidence, expected, same', [
    ('unordered frames', 3 / 8, [[0, 1, 2, 3], [4, 5], [6, 7]]),
    ('ordered frames', 6 / 8, [[0, 1], [2, 3], [4], [5], [6], [7]]),
    ('sound', 4 / 8, [[0, 2], [1, 3], [4, 5], [6, 7]]),
    ('ordered frames and sound', 1, [[k] for k in range(8)]),
])
def test_ceiling_follows_from_what_can_be_told_apart(evidence, expected, same):
    assert groups(evidence) == same
    assert ceiling(evidence) == pytest.approx(expected)


def test_best_guesser_reaches_the_ceiling_and_no_more():
    labels = np.random.default_rng(0).integers(len(CLASSES), size=20000)
    for evidence in EVIDENCE:
        guess = {label: group[0] for group in groups(evidence) for label in group}
        found = np.mean([guess[label] == label for label in labels])
        assert found == pytest.approx(ceiling(evidence), abs=0.012)


def test_reversed_class_is_a_pairing():
    assert [reverse_of(k) for k in range(8)] == [3, 2, 1, 0, 5, 4, 7, 6]


@pytest.mark.parametrize('label', range(8))
def test_chance_does_not_look_at_the_class(label):
    assert replace(clip_of(label, seed=5), label=0) == clip_of(0, seed=5)


@pytest.mark.parametrize('label', range(8))
def test_reversed_clip_is_the_clip_backwards(label):
    clip = clip_of(label, seed=label, noise=0)
    assert reverse(clip).label == reverse_of(label)
    np.testing.assert_array_equal(picture.render(reverse(clip)), picture.render(clip)[::-1])
    np.testing.assert_allclose(sound.render(reverse(clip)), sound.render(clip)[::-1], atol=1e-5)


def test_drift_of_the_background_has_no_preferred_direction():
    drifts = [w.drift for k in range(500) for w in clip_of(0, seed=k).waves]
    assert abs(np.mean(drifts)) < 0.1
    assert np.mean(np.array(drifts) > 0) == pytest.approx(0.5, abs=0.05)


def shape_mask(clip):
    """Where the shape is: whatever is nearer to its color than to the background's."""
    frames = picture.render(clip).astype(float)
    to_shape = np.abs(frames - clip.shape_color).sum(-1)
    return to_shape < np.abs(frames - clip.ground_color).sum(-1)


@pytest.mark.parametrize('label, sign', [(0, -1), (1, -1), (2, 1), (3, 1)])
def test_slide_crosses_half_the_width(label, sign):
    clip = clip_of(label, seed=1, center=(0.5, 0.5), radius=0.2)
    middles = [np.nonzero(mask)[1].mean() / clip.width for mask in shape_mask(clip)]
    assert np.all(np.diff(middles) * sign > 0)
    assert middles[-1] - middles[0] == pytest.approx(sign * clip.extents['slide'], abs=0.02)


@pytest.mark.parametrize('label, sign', [(6, 1), (7, -1)])
def test_scale_changes_the_area(label, sign):
    clip = clip_of(label, seed=2, center=(0.5, 0.5))
    areas = shape_mask(clip).sum((1, 2))
    assert np.log(areas[-1] / areas[0]) / 2 == pytest.approx(sign * clip.extents['scale'], abs=0.12)


@pytest.mark.parametrize('label, sign', [(4, 1), (5, -1)])
def test_turn_follows_the_tip(label, sign):
    clip = clip_of(label, seed=4, shape='wedge', center=(0.5, 0.5))
    tips = []
    for mask in shape_mask(clip):
        y, x = np.nonzero(mask)
        x, y = x - clip.width / 2 + 0.5, y - clip.height / 2 + 0.5
        # The tip lies farthest out, the other two corners at 0.88 of that.
        far = np.hypot(x, y) > 0.94 * np.hypot(x, y).max()
        tips.append(np.arctan2(y[far].mean(), x[far].mean()))
    turned = np.unwrap(tips)
    # The y axis points down, so clockwise is the positive sense.
    assert turned[-1] - turned[0] == pytest.approx(sign * clip.extents['turn'], abs=0.15)


def test_shape_stands_out_from_the_background():
    for seed in range(100):
        clip = clip_of(0, seed)
        weights = np.array([0.299, 0.587, 0.114])
        assert abs(weights @ clip.shape_color - weights @ clip.ground_color) > 50


@pytest.mark.parametrize('label, sign', [(0, 1), (1, -1), (2, 1), (3, -1), (4, 0), (6, 0)])
def test_pitch_of_the_sound(label, sign):
    clip = clip_of(label, seed=label)
    loudest = mel_centers()[log_mel(sound.render(clip)).argmax(1)][8:-8]
    if sign:
        change = np.log(loudest[-1] / loudest[0])
        assert change * sign > 1.5
        assert np.mean(np.diff(loudest) * sign >= 0) > 0.9
    else:
        assert set(np.round(loudest / clip.pitch_hz, 1)) == {1.0}


def test_codec_knows_no_direction_of_time(tmp_path):
    clip = clip_of(2, seed=7)
    frames, wave = picture.render(clip), sound.render(clip)
    movie.encode(tmp_path / 'a.mp4', frames, clip.fps, wave, sound.SAMPLE_RATE)
    movie.encode(tmp_path / 'b.mp4', frames[::-1], clip.fps, wave, sound.SAMPLE_RATE)
    shown = decode(tmp_path / 'a.mp4')
    np.testing.assert_array_equal(decode(tmp_path / 'b.mp4')[::-1], shown)
    assert np.abs(shown - frames.astype(float)).mean() < 3


def test_files_hold_what_was_drawn(built):
    clip = draw_clip(np.random.default_rng((3, 0, 1)), label=0)
    path = built / 'videos/train/clip_00000.mp4'
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ('h264', 'aac')
        assert (video.width, video.height) == (clip.width, clip.height)
        assert video.average_rate == clip.fps
        assert (audio.rate, audio.channels) == (16000, 1)
        assert all(packet.is_keyframe for packet in container.demux(video) if packet.size)
    wave = read_audio(path)
    # AAC works in blocks of 1024 samples; the sound starts with the picture.
    assert 0 <= len(wave) - clip.seconds * 16000 < 1024


def test_decord_and_pyav_see_the_same_frames(built):
    decord = pytest.importorskip('decord')
    for path in sorted((built / 'videos').rglob('*.mp4'))[:6]:
        reader, frames = decord.VideoReader(str(path)), decode(path)
        assert len(reader) == len(frames)
        picked = reader.get_batch([0, len(frames) // 2, len(frames) - 1]).asnumpy()
        expected = frames[[0, len(frames) // 2, -1]].astype(int)
        assert np.abs(picked - expected).max() <= 2


def test_lists_name_every_clip_and_feature(built):
    assert len((built / 'classes.txt').read_text().splitlines()) == 8
    for split in ('train', 'val'):
        videos = [line.split() for line in (built / f'{split}_videos.txt').open()]
        features = [line.split() for line in (built / f'{split}_audio_features.txt').open()]
        labels = [int(label) for _, label in videos]
        assert sorted(labels) == list(range(8)) != labels
        assert [int(label) for _, _, label in features] == labels
        for (video, _), (feature, rows, _) in zip(videos, features, strict=True):
            assert Path(video).with_suffix('.npy') == Path(feature)
            saved = np.load(built / 'audio_features' / feature)
            assert saved.shape == (int(rows), 80) and saved.dtype == np.float32
            np.testing.assert_array_equal(saved, log_mel(read_audio(built / 'videos' / video)))


def test_workers_do_not_change_a_byte(built, tmp_path):
    command = [sys.executable, str(TOOLS / 'build_embedded.py'), '--out', str(tmp_path / 'two'),
               '--clips-per-class', '1', '--seed', '3', '--workers', '2']
    root = str(TOOLS.parents[1])
    run = subprocess.run(command, capture_output=True, text=True, check=True,
                         env={**os.environ, 'PYTHONPATH': root})
    assert '8 train and 8 val clips of 8 classes; 16 clips made' in run.stdout.splitlines()[-1]
    assert 'unordered frames 37.5%, ordered frames 75.0%, sound 50.0%' in run.stdout
    assert contents(tmp_path / 'two') == contents(built)


def test_another_seed_gives_other_clips(built, tmp_path):
    build_embedded.build(tmp_path, train_clips=1, seed=4, workers=1)
    before, after = contents(built), contents(tmp_path)
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before if name.endswith(('mp4', 'npy')))


def test_second_run_does_nothing(built, capsys):
    before = {p: p.stat().st_mtime_ns for p in built.rglob('*')}
    build_embedded.main(['--out', str(built), '--clips-per-class', '1', '--seed', '3'])
    assert 'no clip to make, all files are there' in capsys.readouterr().out
    assert {p: p.stat().st_mtime_ns for p in built.rglob('*')} == before


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize('harm', [damage, Path.unlink, lambda p: p.write_bytes(b'')])
@pytest.mark.parametrize('name, made', [('videos/val/clip_00002.mp4', 1), ('classes.txt', 0),
                                        ('audio_features/train/clip_00004.npy', 1)])
def test_damaged_file_is_made_again(built, harm, name, made):
    before = contents(built)
    harm(built / name)
    assert build_embedded.build(built, train_clips=1, seed=3, workers=1) == made
    assert contents(built) == before


def test_smaller_set_takes_the_place_of_a_larger_one(tmp_path):
    build_embedded.build(tmp_path, train_clips=2, workers=1)
    (tmp_path / 'videos/train/mine.mp4').write_bytes(b'mine')
    build_embedded.build(tmp_path, train_clips=1, workers=1)
    names = {p.name for p in (tmp_path / 'videos/train').iterdir()}
    assert names == {f'clip_{k:05d}.mp4' for k in range(8)} | {'mine.mp4'}
    record = json.loads((tmp_path / 'embedded.json').read_text())
    assert record['num_files'] == len(record['files']) == 2 * 16 + 5
    assert record['train_clips'] == 1


@pytest.mark.parametrize('arguments, word', [
    (dict(train_clips=0), '--clips-per-class'), (dict(seed=-1), '--seed'),
    (dict(workers=0), '--workers')])
def test_wrong_arguments_are_named(tmp_path, arguments, word):
    with pytest.raises(InputError, match=word):
        build_embedded.build(tmp_path, **arguments)


def test_out_must_not_be_a_file(tmp_path):
    (tmp_path / 'taken').write_text('')
    with pytest.raises(InputError, match='taken is a file'):
        build_embedded.build(tmp_path / 'taken')


@pytest.mark.parametrize('train, val', [(1, 1), (3, 1), (8, 2), (120, 30)])
def test_a_quarter_is_for_validation(train, val):
    clips = build_embedded.plan(train, seed=0)
    assert [sum(c[0] == s for c in clips) for s in ('train', 'val')] == [8 * train, 8 * val]
