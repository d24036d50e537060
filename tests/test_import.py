"""What importing the package loads, and what a registry says about a name it does not know."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS, METRICS, MODELS, TRANSFORMS, check_arguments, nearest

ROOT = Path(__file__).resolve().parents[1]
DECODERS = ('decord', 'av')


def modules_after(code):
    """Names in ``sys.modules`` after running ``code`` in a fresh interpreter."""
    out = subprocess.run(
        [sys.executable, '-c', f'{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))'],
        capture_output=True, text=True, check=True, env={**os.environ, 'PYTHONPATH': str(ROOT)})
    return set(json.loads(out.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing():
    loaded = modules_after('import mmvideo')
    assert {m for m in loaded if m.startswith('mmvideo')} == {'mmvideo'}
    assert not loaded & {*DECODERS, 'cv2', 'torch', 'torchvision', 'mmengine', 'mmcv', 'numpy'}


def test_registries_are_there_before_their_members():
    loaded = modules_after('import mmvideo.registry')
    assert {m for m in loaded if m.startswith('mmvideo')} == {
        'mmvideo', 'mmvideo.errors', 'mmvideo.registry'}
    assert not loaded & {*DECODERS, 'torchvision', 'mmcv'}


def test_members_load_no_decoder_and_no_torchvision():
    loaded = modules_after('from mmvideo.registry import *\n'
                           'assert MODELS.get("ResNet") and METRICS.get("AccMetric")\n'
                           'assert TRANSFORMS.get("SampleFrames")')
    assert {'mmvideo.models', 'mmvideo.transforms', 'mmvideo.evaluation'} <= loaded
    assert not loaded & {*DECODERS, 'torchvision', 'timm', 'librosa'}
    assert not {m for m in loaded if m.startswith('tools')}


def test_asking_one_registry_loads_one_floor():
    loaded = modules_after('from mmvideo.registry import METRICS\nMETRICS.get("AccMetric")')
    assert not loaded & {'mmvideo.models', 'mmvideo.transforms', 'mmvideo.datasets', 'mmcv'}


@pytest.mark.parametrize('registry, cfg, message', [
    (MODELS, dict(type='ResNett', depth=50), "'ResNett' is no registered model; .*'ResNet'"),
    (MODELS, dict(type='mmvideo.ResNett'), "'ResNet'"),
    (MODELS, dict(type='resnet3dslowonly', depth=50), "'ResNet3dSlowOnly'"),
    (TRANSFORMS, dict(type='SampleFrame'), "'SampleFrame' is no .*'SampleFrames'"),
    (METRICS, dict(type='AcMetric'), "'AccMetric'"),
    (MODELS, dict(type='ResNet', dept=50), "ResNet takes no argument 'dept'; .*'depth'"),
    (MODELS, dict(type='ResNet'), "ResNet needs the argument 'depth'"),
    (METRICS, dict(type='AccMetric', metrics=['top_k_accuracy']),
     "AccMetric takes no argument 'metrics'; .*'metric_list'"),
    (MODELS, dict(depth=50), 'built from a dict with the key "type"'),
    (MODELS, 'ResNet', 'built from a dict with the key "type"'),
])
def test_wrong_name_or_argument_offers_the_right_one(registry, cfg, message):
    with pytest.raises(InputError, match=message):
        registry.build(cfg)


@pytest.mark.parametrize('registry, name', [
    (MODELS, 'ResNet'), (MODELS, 'Recognizer2D'), (MODELS, 'Recognizer3D'), (MODELS, 'TSNHead'),
    (DATASETS, 'VideoDataset'), (DATASETS, 'RawframeDataset'), (TRANSFORMS, 'SampleFrames'),
    (METRICS, 'AccMetric'), (METRICS, 'ScoreDump')])
def test_public_names_are_registered(registry, name):
    assert registry.get(name).__module__.startswith('mmvideo.')


def test_nearest_names():
    assert nearest('lrr', ['lr', 'momentum', 'steps']) == "did you mean 'lr'?"
    assert nearest('zzz', ['lr', 'momentum']) == 'known: lr, momentum'
    assert nearest('zzz', [f'a{i}' for i in range(30)]) == '30 names are known, none is near'


def test_arguments_are_followed_through_keywords():
    class Base:
        def __init__(self, depth, width=1):
            pass

    class Child(Base):
        def __init__(self, stem, **kwargs):
            pass

    check_arguments(Child, dict(stem=1, depth=2, width=3))
    with pytest.raises(InputError, match="model.backbone: Child takes no argument 'widht'; "):
        check_arguments(Child, dict(stem=1, widht=2), 'model.backbone')
    with pytest.raises(InputError, match="Child needs the argument 'stem'"):
        check_arguments(Child, dict(depth=2))


def test_errors_are_the_builtin_ones_too():
    assert issubclass(InputError, ValueError)
    assert issubclass(MissingFileError, (InputError, FileNotFoundError))
    with pytest.raises(FileNotFoundError):
        raise MissingFileError('none.mp4')
