"""A config's name: which file it stands for, and what is offered where there is none."""
import os

import pytest

from mmvideo.engine import config_file, load_config
from mmvideo.engine.config_file import find_config, zoo_configs
from mmvideo.errors import InputError, MissingFileError

TSM = 'tsm_r18_1x1x8_10e_embedded_rgb'
NAMES = ['tsm/tsm_r50_1x1x8_50e_kinetics400_rgb.py', 'tsm/tsm_r50_dense_1x1x8_100e_sthv1_rgb.py',
         'slowonly/slowonly_r50_4x16x1_256e_kinetics400_rgb.py', 'tsn/twice.py', 'tsm/twice.py',
         '_base_/models/part.py', 'i3d/i3d_r50_32x2x1_100e_kinetics400_rgb.py', 'tsm/notes.txt',
         'slowonly/slowonly_imagenet_pretrained_r50_4x16x1_150e_kinetics400_rgb.py']


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small zoo in the folder one works in; the one of the checkout is out of sight."""
    for name in NAMES:
        path = tmp_path / 'configs' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('model = None\n')
    (tmp_path / 'mine.py').write_text('model = None\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config_file, 'FOLDERS', ('configs',))
    return tmp_path


@pytest.mark.parametrize('name, found', [
    ('mine.py', 'mine.py'), ('mine', 'mine.py'),
    ('configs/tsm/twice.py', 'configs/tsm/twice.py'), ('configs/tsm/twice', 'configs/tsm/twice.py'),
    ('configs/_base_/models/part.py', 'configs/_base_/models/part.py'),
    ('i3d_r50_32x2x1_100e_kinetics400_rgb', f'configs/{NAMES[6]}'),
    ('i3d_r50_32x2x1_100e_kinetics400_rgb.py', f'configs/{NAMES[6]}'),
])
def test_names_that_stand_for_a_file(folder, name, found):
    assert find_config(name) == found
    assert load_config(name).filename == found


@pytest.mark.parametrize('name, offered', [
    ('tsm_r50_1x1x8', [0, 1]), ('slwonly', [2]), (NAMES[0], [0]), ('x/twice.py', [4, 3]),
    ('tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb.py', [0]),
    ('I3D_R50_32x2x1_100e_kinetic400_rgb', [6]),
])
def test_the_nearest_are_offered(folder, name, offered):
    with pytest.raises(MissingFileError, match='does not exist; did you mean ') as error:
        find_config(name)
    said = str(error.value).split('did you mean ')[1].removesuffix('?').split(' or ')
    assert said[:len(offered)] == [repr(f'configs/{NAMES[i]}') for i in offered]
    assert len(said) <= 3


@pytest.mark.parametrize('name, error, message', [
    ('twice', InputError, "^config twice may be 'configs/tsm/twice.py' or 'configs/tsn/twice.py'; "
     'give the path$'),
    ('configs/tsm', InputError, '^configs/tsm is a folder, expected one config$'),
    ('part', MissingFileError, '^config part does not exist, and none of the 7 configs has a name '
     'near it$'),
    ('nowhere/mango.py', MissingFileError, 'mango.py does not exist: there is no folder nowhere$'),
    ('min.py', MissingFileError, "^config min.py does not exist; did you mean 'mine.py'"),
])
def test_names_that_stand_for_none(folder, name, error, message):
    with pytest.raises(error, match=message):
        find_config(name)


def test_what_lies_nearer_hides_what_lies_farther(folder, monkeypatch):
    name = f'configs/{NAMES[0]}'
    far = folder / 'far' / NAMES[0]
    far.parent.mkdir(parents=True)
    far.write_text('model = 1\n')
    (far.parent / 'only_there.py').write_text('model = 1\n')
    monkeypatch.setattr(config_file, 'FOLDERS', ('configs', str(folder / 'far')))
    assert find_config(os.path.basename(name)) == name
    assert find_config('only_there') == 'far/tsm/only_there.py'


def test_the_zoo_is_found_from_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config(TSM).model.backbone.type == 'ResNetTSM'
    assert len(zoo_configs()) > 10 and not [p for p in zoo_configs() if '_base_' in p]
