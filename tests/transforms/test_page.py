"""The page on transforms names all there are, and nothing else."""
import re
from pathlib import Path

from mmvideo.registry import TRANSFORMS
from mmvideo.transforms.imgaug import AUGMENTERS
from mmvideo.transforms.libraries import PYTORCHVIDEO

PAGE = (Path(__file__).parents[2] / 'docs' / 'data' / 'transforms.md').read_text(encoding='utf-8')


def section(title):
    return PAGE.split(f'## {title}')[1].split('\n## ')[0]


def test_the_table_is_complete():
    TRANSFORMS.import_from_location()
    rows = re.findall(r'(?m)^\| `\w+\.py`.*$', PAGE)
    named = set(re.findall(r'`([A-Z]\w+)', ' '.join(row.split('|')[2] for row in rows)))
    assert named == set(TRANSFORMS.module_dict) - {'torchvision', 'pytorchvideo'}
    files = set(re.findall(r'`(\w+\.py)`', ' '.join(row.split('|')[1] for row in rows)))
    for name, member in TRANSFORMS.module_dict.items():
        assert member.__module__.split('.')[-1] + '.py' in files, name


def test_names_of_other_libraries():
    assert set(re.findall(r'`([A-Z]\w+)`', section('Imgaug'))) == set(AUGMENTERS)
    assert set(re.findall(r'`([A-Z]\w+)`', section('Other libraries'))) == set(PYTORCHVIDEO)
