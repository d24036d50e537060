"""What `tools/explain.py` says: class, meaning and origin of values, and near names."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, main_of  # noqa: E402

from mmvideo.docstrings import argument_texts, first_paragraph, owner, where  # noqa: E402
from mmvideo.models.backbones import ResNet, ResNetTSM  # noqa: E402

TSM = 'tsm_r50_video_1x1x8_50e_kinetics400_rgb'
PART = '''\
# A small part.
decode = [dict(type='OpenCVInit'),
          dict(type='OpenCVDecode')]
model = dict(
    type='Recognizer2D',
    backbone=dict(type='ResNetTSM', depth=50,
                  shift_div=4),
    cls_head=dict(type='TSMHead', num_classes=400, in_channels=512))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
'''
LEAF = '''\
# A small leaf.
_base_ = '_base_/part.py'
classes = 9
pipeline = [*_base_.decode, dict(type='Flip', flip_ratio=0.25,
                                 direction='horizontal')]
train_dataloader = dict(batch_size=3, dataset=dict(type='VideoDataset', pipeline=pipeline))
model = dict(backbone=dict(depth=18), cls_head=dict(num_classes=classes))
optim_wrapper = dict(optimizer=dict(lr=0.02))
'''


@pytest.fixture
def explained(tmp_path, monkeypatch, capsys):
    """The lines that the command prints about the small leaf, or about another config."""
    (tmp_path / '_base_').mkdir()
    (tmp_path / '_base_/part.py').write_text(PART)
    (tmp_path / 'leaf.py').write_text(LEAF)
    monkeypatch.chdir(tmp_path)
    main = main_of('tools/explain.py')

    def explain(*argv, status=0):
        assert main([*argv]) == status
        said = capsys.readouterr()
        assert max(map(len, said.out.splitlines()), default=0) <= 100
        return (said.err if status else said.out).splitlines()
    return explain


def cells(lines):
    """Lines of tables without the width of their columns."""
    return [' '.join(line.split()) for line in lines]


def line_of(file, text):
    """The number of the first line of a file of the checkout that begins with a text."""
    lines = (ROOT / file).read_text().splitlines()
    return next(i for i, line in enumerate(lines, start=1) if line.startswith(text))


def test_a_class_its_arguments_and_their_lines(explained):
    said = cells(explained('leaf.py', 'model.backbone'))
    file = 'mmvideo/models/backbones/tsm.py'
    # The line of the decorator is where Python says that a class begins.
    number = line_of(file, 'class ResNetTSM') - 1
    assert said[:4] == ['leaf.py (leaf)', '', f'model.backbone: ResNetTSM ({file}:{number})',
                        first_paragraph(ResNetTSM)]
    assert said[5:12] == [
        'type ResNetTSM _base_/part.py:6', 'depth 18 leaf:7', 'was 50 in _base_/part.py:6',
        '18, 34, 50, 101 or 152.', 'shift_div 4 _base_/part.py:7',
        'one 1/shift_div of the channels moves each way.', '']
    assert said[12] == 'Not in the config'
    assert {'num_segments 8 default of ResNetTSM', "shift_place 'blockres' default of ResNetTSM",
            'frozen_stages -1 default of ResNet', 'act_cfg ReLU(inplace=True) default of ResNet',
            } <= set(said[13:])
    assert not [line for line in said[13:] if line.startswith(('depth', 'shift_div', 'kwargs'))]


def test_values_inside_values(explained):
    said = cells(explained('leaf.py', 'model'))
    rows = ['type Recognizer2D _base_/part.py:5', 'backbone ResNetTSM _base_/part.py:6',
            'depth 18 leaf:7', 'shift_div 4 _base_/part.py:7', 'cls_head TSMHead _base_/part.py:8',
            'num_classes 9 leaf:7', 'from leaf:3', 'was 400 in _base_/part.py:8',
            'in_channels 512 _base_/part.py:8', 'neck None default of BaseRecognizer']
    places = [said.index(row) for row in rows]
    assert places == sorted(places)


@pytest.mark.parametrize('before, said', [
    ('torchvision://resnet50', "was 'torchvision://resnet50'"),
    ('weights/of/another/net_with_a_long_name.pth',
     "was 'weights/of/another/net_with_a_long_n..."),
])
def test_a_long_value_that_was_replaced_takes_two_lines(explained, before, said):
    with open('_base_/part.py', 'a') as part:
        part.write(f"model['backbone']['pretrained'] = '{before}'\n")
    with open('leaf.py', 'a') as leaf:
        leaf.write("model['backbone']['pretrained'] = 'here.pth'\n")
    lines = cells(explained('leaf.py', 'model.backbone'))
    at = lines.index("pretrained 'here.pth' leaf:9")
    assert lines[at + 1:at + 3] == [said, 'in _base_/part.py:10']


def test_steps_are_one_line_each(explained):
    assert cells(explained('leaf.py', 'train_dataloader.dataset.pipeline'))[2:] == [
        'train_dataloader.dataset.pipeline: a list of 3', '',
        '0 OpenCVInit _base_/part.py:2', '1 OpenCVDecode _base_/part.py:3',
        "2 Flip(flip_ratio=0.25, direction='horizontal') leaf:4,5"]


def test_one_step(explained):
    for key in ('train_dataloader.dataset.pipeline.2', 'train_dataloader.dataset.pipeline[2]'):
        said = cells(explained('leaf.py', key))
        assert said[2].startswith('train_dataloader.dataset.pipeline.2: Flip '
                                  '(mmvideo/transforms/geometry.py:')
        assert {'flip_ratio 0.25 leaf:4', "direction 'horizontal' leaf:5"} <= set(said)


def test_what_mmvideo_adds_and_what_mmengine_takes(explained):
    said = cells(explained('leaf.py', 'train_dataloader'))
    assert said[2].startswith('train_dataloader: DataLoader (torch/utils/data/dataloader.py:')
    assert {'batch_size 3 leaf:6', 'sampler DefaultSampler(shuffle=True) mmvideo (every run)',
            'pin_memory False default of DataLoader'} <= set(said)
    assert 'clip_grad None default of OptimWrapper' in cells(explained('leaf.py', 'optim_wrapper'))
    assert 'params handed over when SGD is built' in cells(
        explained('leaf.py', 'optim_wrapper.optimizer'))


@pytest.mark.parametrize('key, lines', [
    ('optim_wrapper.optimizer.lr', [
        'optim_wrapper.optimizer.lr = 0.02', 'set by leaf.py:8',
        'optim_wrapper = dict(optimizer=dict(lr=0.02))', 'instead of 0.01 in _base_/part.py:9',
        "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))"]),
    ('model.cls_head.num_classes', [
        'model.cls_head.num_classes = 9', 'set by leaf.py:7',
        'model = dict(backbone=dict(depth=18), cls_head=dict(num_classes=classes))',
        'from leaf.py:3', 'classes = 9', 'instead of 400 in _base_/part.py:8']),
    ('classes', ['classes = 9', 'set by leaf.py:3', 'classes = 9']),
    ('default_scope', ["default_scope = 'mmvideo'", 'set by mmvideo (every run)']),
])
def test_one_value(explained, key, lines):
    assert cells(explained('leaf.py', key))[2:2 + len(lines)] == lines


def test_an_argument_that_is_left_at_its_default(explained):
    said = cells(explained('leaf.py', 'model.backbone.shift_place'))
    assert said[2] == 'model.backbone.shift_place: not in the config'
    assert said[3].startswith('argument of ResNetTSM (mmvideo/models/backbones/tsm.py:')
    assert "'blockres' shifts inside the residual branch" in said[4]
    assert said[-1] == "default 'blockres'"
    assert 'argument of ResNet ' in '\n'.join(cells(explained('leaf.py', 'model.backbone.style')))


def test_a_type(explained):
    said = cells(explained('leaf.py', 'model.backbone.type'))
    assert said[2:4] == ["model.backbone.type = 'ResNetTSM'", 'set by _base_/part.py:6']
    assert said[-1] == first_paragraph(ResNetTSM)


def test_overview(explained):
    said = cells(explained('leaf.py'))
    assert said[:5] == ['leaf.py (leaf)', '', 'Files', '_base_/part.py A small part.',
                        'leaf A small leaf.']
    run, rest = said.index('What is run'), said.index('What it is put together from')
    assert said[run + 1:run + 3] == ['model Recognizer2D, ResNetTSM, TSMHead _base_/part.py',
                                     'leaf']
    assert said[rest + 1:rest + 3] == ['decode OpenCVInit, OpenCVDecode _base_/part.py',
                                       'classes 9 leaf']


@pytest.mark.parametrize('key, message', [
    ('model.backbon', "model has no 'backbon'; did you mean 'model.backbone'?"),
    ('model.backbone.shift_dv', "model.backbone has no 'shift_dv'; did you mean "
     "'model.backbone.shift_div' or 'model.backbone.shift_place'?"),
    ('model.backbone.non_locl', "model.backbone has no 'non_locl'; did you mean "
     "'model.backbone.non_local' or 'model.backbone.non_local_cfg'?"),
    ('lr', "the config has no 'lr'; did you mean 'optim_wrapper.optimizer.lr'?"),
    ('batchsize', "the config has no 'batchsize'; did you mean 'train_dataloader.batch_size'?"),
    ('pipeline.3', "pipeline is a list of 3, expected an index 0..2, not '3'"),
    ('pipeline.first', "pipeline is a list of 3, expected an index 0..2, not 'first'"),
    ('classes.0', "classes is 9, which holds no '0'"),
    ('zebra', "the config has no 'zebra'; known: classes, decode, default_scope, "
     'log_processor, model, optim_wrapper, pipeline, train_dataloader'),
])
def test_unknown_keys(explained, key, message):
    assert explained('leaf.py', key, status=2) == [f'error: {message}']


def test_configs_that_do_not_exist(explained):
    assert explained('laef.py', status=2) == [
        "error: config laef.py does not exist; did you mean 'leaf.py'?"]
    said = explained(TSM.replace('_50e_', '_51e_'), status=2)
    assert len(said) == 1 and f'{TSM}.py' in said[0]


@pytest.mark.parametrize('key', ['', 'model', 'train_dataloader', 'val_dataloader.dataset.pipeline',
                                 'optim_wrapper', 'param_scheduler.0', 'default_hooks.checkpoint',
                                 'val_evaluator', 'train_cfg', 'visualizer', 'env_cfg'])
def test_a_shipped_config(explained, key):
    said = '\n'.join(explained(TSM, key))
    assert f'{TSM}.py  (leaf)' in said and '_base_/' in said


def test_docstrings():
    texts = argument_texts(ResNetTSM)
    assert texts['shift_div'] == 'one 1/shift_div of the channels moves each way.'
    assert texts['depth'] == argument_texts(ResNet)['depth'] != ''
    assert texts['non_local_cfg'] == 'see build_non_local.'
    assert 'Shape' not in texts
    assert (owner(ResNetTSM, 'depth'), owner(ResNetTSM, 'style')) == (ResNetTSM, ResNet)
    assert where(dict) == 'builtins'

    class Foreign:
        """Reads :class:`~a.b.Thing` well.

        More.

        Parameters:
            first (int, optional): on
                two lines.

                Another paragraph: skipped.
            second: plain ``text``.

        Note:
            third: none of these.
        """
    assert first_paragraph(Foreign) == 'Reads Thing well.'
    assert argument_texts(Foreign) == dict(first='on two lines.', second='plain text.')
