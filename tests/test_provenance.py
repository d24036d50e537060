"""Which line set a value: bases, references and merging, in configs written here."""
import linecache
from pathlib import Path

import pytest

from mmvideo.config_place import find, open_config
from mmvideo.engine import load_config
from mmvideo.engine.config_file import zoo_configs
from mmvideo.provenance import trace

PART = '''\
# A part.
width = 64
decode = [dict(type='DecordInit'),
          dict(type='DecordDecode', mode='accurate')]
flip = [dict(type='Flip', flip_ratio=0.5)]
model = dict(
    type='Recognizer2D',
    backbone=dict(type='ResNetTSM', depth=50,
                  frozen_stages=-1),
    cls_head=dict(type='TSMHead',
                  num_classes=400, loss_cls=dict(type='BCELossWithLogits', loss_weight=2.0)))
'''
OTHER = '''\
train_cfg = dict(by_epoch=True, max_epochs=50)
sizes = [224, 256]
'''
LEAF = '''\
# A leaf.
_base_ = ['part.py',
          'other.py']
classes = 9
clip = dict(type='SampleFrames', clip_len=1, num_clips=8)
still = dict(clip,
             test_mode=True)
both = [*_base_.decode, clip, *_base_.flip]
last = _base_.decode[1:] + [{**still, 'num_clips': 1}]
second = _base_.sizes[1]
copied = still.copy()
copied['clip_len'] = 3
model = dict(
    backbone=dict(depth=18, base_channels=_base_.width),
    cls_head=dict(num_classes=classes,
                  loss_cls=dict(_delete_=True, type='CrossEntropyLoss')))
'''
CASES = [
    ('width', 'part.py', 2), ('model.type', 'part.py', 7), ('model.backbone.depth', 'leaf.py', 14),
    ('model.backbone.frozen_stages', 'part.py', 9),
    ('model.backbone.base_channels', 'leaf.py', 14), ('model.cls_head.type', 'part.py', 10),
    ('model.cls_head.num_classes', 'leaf.py', 15), ('model.cls_head.loss_cls.type', 'leaf.py', 16),
    ('train_cfg.max_epochs', 'other.py', 1), ('both.0.type', 'part.py', 3),
    ('both.1.mode', 'part.py', 4), ('both.2.num_clips', 'leaf.py', 5),
    ('both.3.flip_ratio', 'part.py', 5), ('last.0.mode', 'part.py', 4),
    ('last.1.test_mode', 'leaf.py', 7), ('last.1.num_clips', 'leaf.py', 9),
    ('last.1.clip_len', 'leaf.py', 5), ('still.clip_len', 'leaf.py', 5),
    ('second', 'leaf.py', 10), ('copied.clip_len', 'leaf.py', 12),
    ('copied.test_mode', 'leaf.py', 7),
]


@pytest.fixture
def written(tmp_path):
    """Writes files of a config and gives the place of the whole."""
    def write(text, **bases):
        for name, base in bases.items():
            (tmp_path / f'{name}.py').write_text(base)
        (tmp_path / 'leaf.py').write_text(text)
        return open_config(str(tmp_path / 'leaf.py'))
    return write


def origin(top, key):
    found = find(top, key)[0].origin
    return Path(found.file).name, found.line


@pytest.mark.parametrize('key, file, line', CASES, ids=[case[0] for case in CASES])
def test_lines(written, key, file, line):
    assert origin(written(LEAF, part=PART, other=OTHER), key) == (file, line)


def test_references_and_replaced_values(written):
    top = written(LEAF, part=PART, other=OTHER)
    named = find(top, 'model.cls_head.num_classes')[0].origin
    assert (named.source.line, named.source.value) == (4, 9)
    assert (named.replaced.line, named.replaced.value) == (11, 400)
    assert find(top, 'model.backbone.base_channels')[0].origin.source.line == 2
    assert find(top, 'second')[0].origin.source.value == 256
    assert find(top, 'model.backbone.frozen_stages')[0].origin.replaced is None


@pytest.mark.parametrize('text, key, line', [
    ('depth = 9 + 9\n', 'depth', 1),
    ('a = 1\nsteps = [dict(depth=d) for d in (18, 34)]\n', 'steps.1.depth', 2),
    ("root = 'data'\nlist = f'{root}/train.txt'\n", 'list', 2),
    ('if True:\n    depth = 18\nelse:\n    depth = 50\n', 'depth', 4),
    ('net = dict(depth=18)\nnet.update(depth=50)\n', 'net.depth', 0),
    ('net = dict(depth=18)\nnet.update(width=50)\n', 'net.width', 0),
    ('net = dict(depth=18)\nnet.update(width=50)\n', 'net.depth', 1),
    ('steps = [dict(depth=18)]\nsteps.append(dict(depth=50))\n', 'steps.0.depth', 0),
    ('net = dict(depth=18)\nother = net\nother["depth"] = 50\n', 'net.depth', 3),
    ('steps = [1]\nsteps += [2,\n          3]\n', 'steps.2', 3),
    ('a = 1\na += 2\n', 'a', 2),
    ('a, b = 1, 2\n', 'b', 1),
    ('a: int = 3\n', 'a', 1),
    ('a = b = dict(c=-1)\n', 'b.c', 1),
    ('net = dict(size=(1,\n                 2))\n', 'net.size.1', 2),
    ('x = [dict(a=1)]\ny = x * 2\n', 'y.1.a', 2),
    ('x = dict(a=1) | dict(b=2)\n', 'x.b', 1),
    ("folder = '{{ fileDirname }}'\n", 'folder', 0),
    ("x = '{{$NO_SUCH_VARIABLE:3}}'\n\ny = 2\n", 'y', 3),
])
def test_what_is_computed_is_known_by_its_statement_or_its_file(written, text, key, line):
    assert origin(written(text), key) == ('leaf.py', line)


def test_bases_of_bases_and_references_in_braces(written):
    top = written("_base_ = './middle.py'\nown = {{_base_.width}}\nmodel = dict(cls_head=None)\n",
                  middle="_base_ = ['part.py', 'other.py']\nmodel = dict(backbone=dict(depth=101))",
                  part=PART, other=OTHER)
    assert origin(top, 'model.backbone.depth') == ('middle.py', 2)
    assert find(top, 'model.backbone.depth')[0].origin.replaced.line == 8
    assert origin(top, 'own') == ('leaf.py', 2)
    assert find(top, 'own')[0].origin.source.line == 2
    assert origin(top, 'model.cls_head') == ('leaf.py', 3)


def test_a_base_that_is_no_python(written, tmp_path):
    (tmp_path / 'part.yaml').write_text('train_cfg:\n  max_epochs: 3\n')
    top = written("_base_ = 'part.yaml'\nlog_level = 'INFO'\n")
    assert origin(top, 'train_cfg.max_epochs') == ('part.yaml', 0)


def test_what_every_run_gets_has_no_file(written):
    top = written("train_dataloader = dict(batch_size=1, dataset=dict(type='VideoDataset'))\n")
    assert find(top, 'train_dataloader.sampler.shuffle')[0].value is True
    assert origin(top, 'train_dataloader.sampler.shuffle') == ('mmvideo (every run)', 0)
    assert origin(top, 'train_dataloader.batch_size') == ('leaf.py', 1)


FAMILIES = {Path(path).parent.name: path for path in zoo_configs()
            if '_base_' in Path(path).read_text()}    # sums of others' scores hold little


@pytest.mark.parametrize('path', FAMILIES.values(), ids=list(FAMILIES))
def test_shipped_configs_are_followed(path):
    files = {load_config(path).filename, path}
    top = open_config(path)
    plain = [p for p in top.plain() if not p.origin.file.startswith('mmvideo ')]
    assert len(plain) > 100
    unknown = [p.name for p in plain if not p.origin.line]
    assert len(unknown) <= 0.02 * len(plain), unknown
    for place in plain:
        value = place.value
        assert '_base_' in place.origin.file or place.origin.file in files
        is_written = place.origin.value is value and not place.origin.source
        if is_written and (isinstance(value, bool) or place.words[-1] == 'type'):
            assert repr(value) in linecache.getline(place.origin.file, place.origin.line)


def test_a_trace_has_the_keys_of_the_config():
    path = FAMILIES['tsm']
    assert set(trace(path).items) == set(load_config(path))
