"""Pictures that stay YUV until they are resized are nearly those that were RGB from the start."""
import copy
import pickle
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import kinds  # noqa: E402

from mmvideo.decoders import PlanarPictures, open_video  # noqa: E402
from mmvideo.registry import TRANSFORMS  # noqa: E402

# Short side -> mean difference in grey levels at most, for frames with short sides of 64.
LEVELS = {64: 0, 56: 1.5, 48: 2}
AT_ONCE = {'rotated by 90 degrees', 'odd size, 4:2:0', 'odd size, 4:4:4', '10 bits'}


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """A file of the kind."""
    folder, found = tmp_path_factory.mktemp('kinds'), {}

    def get(kind='constant rate, B-frames'):
        if kind not in found:
            found[kind] = str(kinds.make(kind, folder))
        return found[kind]
    return get


def sample(path, steps, planes, seed=0, num_clips=2, layout='NCTHW'):
    clip_len = 3 if layout == 'NCTHW' else 1
    pipeline = [dict(type='PyAVInit'),
                dict(type='SampleFrames', clip_len=clip_len, num_clips=num_clips, test_mode=True),
                dict(type='PyAVDecode', planes=planes), *steps,
                dict(type='FormatShape', input_format=layout)]
    return TRANSFORMS.build(dict(type='Compose', transforms=pipeline))(dict(
        filename=path, start_index=0, modality='RGB', label=0, rng=np.random.default_rng(seed)))


def difference(one, other):
    assert one.shape == other.shape and one.dtype == other.dtype == np.uint8
    return np.abs(one.astype(int) - other).mean()


def protocol(side):
    return [dict(type='Resize', scale=(-1, side)), dict(type='ThreeCrop', crop_size=side)]


@pytest.mark.parametrize('kind', [kind for kind in kinds.KINDS if 'long' not in kind])
def test_colors_differ_little(kind, video):
    path = video(kind)
    for side, limit in LEVELS.items():
        one, other = (sample(path, protocol(side), planes)['imgs'] for planes in (False, True))
        assert difference(one, other) <= limit
        assert (one == other).all() == (kind in AT_ONCE or side == 64)


@pytest.mark.parametrize('kind, is_planar', [
    ('constant rate, B-frames', True), ('full range', True), ('MPEG-TS, MPEG-2', True),
    *((kind, False) for kind in sorted(AT_ONCE))])
def test_what_stays_planar(kind, is_planar, video):
    reader = open_video(video(kind))
    inds = [7, 3, 7]
    pictures, expected = reader.read_planar(inds), reader.read(inds)
    assert isinstance(pictures, PlanarPictures) == is_planar
    assert all(map(np.array_equal, pictures, expected)) and pictures[0] is pictures[2]


def test_colors_are_those_of_the_file(tmp_path):
    """A frame that says another matrix, or the full range, is no other after a resizing."""
    path = str(tmp_path / 'x.mp4')
    kinds.write(path, frames=2, options=dict(kinds.H264, colorspace='bt709', color_range='pc'))
    plain = open_video(path)
    pictures = plain.read_planar([1])
    assert pictures.frames[0].colorspace == 1 and pictures.frames[0].color_range == 2
    same_size = pictures.resized((96, 64), cv2.INTER_LINEAR)
    assert np.array_equal(same_size[0], plain.read([1])[0])


@pytest.mark.parametrize('size', [(56, 40), (55, 40), (55, 39)])
@pytest.mark.parametrize('box, is_exact', [((10, 6, 74, 50), False), ((11, 6, 75, 50), True),
                                           ((10, 6, 74, 51), True)])
def test_a_box_is_cut_before_it_is_resized(box, is_exact, size, video):
    """Values of color lie under two by two pixels; an odd box would cut them in two."""
    x0, y0, x1, y1 = box
    reader = open_video(video())
    sizes = {}
    for planes in (False, True):
        imgs = reader.read_planar([5, 9]) if planes else reader.read([5, 9])
        assert isinstance(imgs, PlanarPictures) == planes
        cut = imgs.cut((2, 4, 90, 60)).cut((x0 - 2, y0 - 4, x1 - 2, y1 - 4)) if planes else [
            img[y0:y1, x0:x1] for img in imgs]
        results = TRANSFORMS.build(dict(type='Resize', scale=size, keep_ratio=False))(
            dict(imgs=cut))
        sizes[planes] = np.stack(results['imgs'])
    assert sizes[True].shape == (2, *size[::-1], 3)
    assert np.array_equal(sizes[False], sizes[True]) == is_exact
    assert difference(sizes[False], sizes[True]) < 2


@pytest.mark.parametrize('step', [
    dict(type='RandomCrop', size=32), dict(type='RandomResizedCrop'),
    dict(type='MultiScaleCrop', input_size=32), dict(type='CenterCrop', crop_size=(31, 33)),
    dict(type='TenCrop', crop_size=32), dict(type='Flip', flip_ratio=1), dict(type='ColorJitter'),
    dict(type='Normalize', mean=[1, 2, 3], std=[1, 2, 3]), dict(type='RandomErasing')])
def test_other_steps_get_what_they_would_without(step, video):
    steps = [step] if step['type'] != 'Flip' else [dict(type='CenterCrop', crop_size=32), step]
    one, other = (sample(video(), steps, planes, seed=3)['imgs'] for planes in (False, True))
    assert one.dtype == other.dtype and np.array_equal(one, other)


@pytest.mark.parametrize('side', [64, 56])
@pytest.mark.parametrize('layout', ['NCHW', 'NCTHW'])
def test_views_cut_on_the_device_are_the_same(side, layout, video):
    resize, crop = protocol(side)
    whole, compact = (sample(video(), [resize, dict(crop, on_device=on_device)], True, 0, 4, layout)
                      for on_device in (False, True))
    frames, inds, boxes = (compact['imgs'][key] for key in ('frames', 'inds', 'boxes'))
    assert len(frames) == len(np.unique(compact['frame_inds']))
    views = [frames[inds.ravel(), y0:y1, x0:x1] for x0, y0, x1, y1, _ in boxes.tolist()]
    if layout == 'NCTHW':
        views = np.concatenate(views).reshape(-1, 3, side, side, 3).transpose(0, 4, 1, 2, 3)
    else:
        views = np.concatenate(views).transpose(0, 3, 1, 2)
    assert np.array_equal(views, whole['imgs'])


def test_a_sample_that_travels_holds_rgb(video):
    reader = open_video(video())
    pictures = reader.read_planar([4, 2, 4])
    for travelled in (pickle.loads(pickle.dumps(pictures)), copy.deepcopy(pictures), pictures[:]):
        assert type(travelled) is list and len(travelled) == 3
        assert all(map(np.array_equal, travelled, reader.read([4, 2, 4])))


def test_default_is_untouched(video):
    results = TRANSFORMS.build(dict(type='Compose', transforms=[
        dict(type='PyAVInit'), dict(type='SampleFrames', clip_len=2, test_mode=True),
        dict(type='PyAVDecode')]))(dict(filename=video(), start_index=0))
    assert type(results['imgs']) is list and type(results['imgs'][0]) is np.ndarray
