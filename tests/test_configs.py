"""Every config: composed as agreed, checked, and its pipelines give what its model takes."""
import copy
import functools
import re
import wave
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import default_collate

from mmvideo.engine.check import check_config
from mmvideo.engine.config_file import OTHER_NAMES, find_config
from mmvideo.engine.run import load_config as read_config
from mmvideo.errors import InputError
from mmvideo.registry import MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[1] / 'configs'
PARTS = sorted((CONFIGS / '_base_').rglob('*.py'))
FILES = sorted(p for p in CONFIGS.rglob('*.py') if p not in PARTS)
# Rows of the tables that are made of others' scores; nothing of theirs is built.
SUMS = [p for p in FILES if '_base_' not in p.read_text()]
LEAVES = [p for p in FILES if p not in SUMS]
# Those without a recipe are built by default. Every model and pipeline of the recipes is in
# tests/test_recipes.py and tests/transforms, tests/test_recipe_values.py compares the leaves, and
# tests/test_zoo_smoke.py runs one a family.
OWN = [p for p in LEAVES if 'e_embedded_' in p.stem or 'e_own_' in p.stem]
leaf = pytest.mark.parametrize('path', LEAVES, ids=[p.stem for p in LEAVES])
run_leaf = pytest.mark.parametrize('path', [
    pytest.param(p, id=p.stem, marks=[] if p in OWN else [pytest.mark.slow])
    for p in LEAVES])
# Published names that say something else than their recipe, and what is true.
SPAN = {'slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb': 239}   # 358 with the long cycle
CLIP = {'slowonly_imagenet_pretrained_r50_8x8x1_64e_jester_rgb': (8, 4, 1)}
FRAMES = ('img_{:05}.jpg', '{:05}.jpg', 'image_{:05d}.jpg', '{}_{:05d}.jpg', 'flow_{}_{:05d}.jpg')


@functools.cache
def read_once(path):
    return read_config(str(path))


def load_config(path):
    return copy.deepcopy(read_once(path))


def test_parts_never_inherit():
    assert PARTS and not [p for p in PARTS if re.search(r'\b_base_\b', p.read_text())]


@leaf
def test_leaves_inherit_from_parts_only(path):
    text = path.read_text()
    bases = re.findall(r"'(\.\./[^']+\.py)'", text)
    assert bases and all((path.parent / base).resolve() in PARTS for base in bases)


@pytest.mark.parametrize('path', SUMS, ids=[p.stem for p in SUMS])
def test_sums_name_their_terms(path):
    cfg = load_config(path)
    terms = cfg.get('average') or cfg.get('fusion', {}).get('configs', [])
    assert set(terms) <= {p.stem for p in LEAVES} and (cfg.get('zoo') or cfg.benchmark)
    assert 'fusion' not in cfg or len(cfg.fusion.coefficients) == len(terms) > 1


def test_leaves_are_about_twenty_lines():
    lengths = [len(p.read_text().splitlines()) for p in FILES]
    assert np.median(lengths) <= 25 and max(lengths) <= 40
    assert len({p.stem for p in FILES}) == len(FILES)


@leaf
def test_names_say_what_the_config_does(path):
    cfg = load_config(path)
    epochs = re.search(r'_(\d+)e_', path.stem)
    clip = re.search(r'_(\d+)x(\d+)x(\d+)_', path.stem)
    trains = cfg.train_dataloader is not None
    if trains:
        assert cfg.train_cfg.max_epochs == SPAN.get(path.stem, int(epochs.group(1)))
        assert max(s.end for s in cfg.param_scheduler if s.by_epoch) == cfg.train_cfg.max_epochs
    pipeline = (cfg.train_dataloader or cfg.test_dataloader).dataset.pipeline
    sampler = next(s for s in pipeline if 'clip_len' in s)
    spread = re.search(r'_u(\d+)_', path.stem)
    if spread:      # as many frames, spread evenly over the video
        assert sampler.type == 'UniformSample' and sampler.clip_len == int(spread.group(1))
        return
    said = CLIP.get(path.stem) or tuple(map(int, clip.groups()))
    found = (sampler.clip_len, sampler.frame_interval, sampler.get('num_clips', 1))
    if 'slowfast' in path.stem:     # the name counts the frames of the slow pathway
        found = (found[0] // cfg.model.backbone.resample_rate,
                 found[1] * cfg.model.backbone.resample_rate, found[2])
    if path.stem.endswith('_flow') and said[0] == 1:    # five frames of flow are one of colors
        found = (found[0] // 5, *found[1:])
    assert found[:2] == said[:2]
    assert found[2] == said[2] or not trains    # a test may read more clips than its training


@pytest.mark.parametrize('name, stem', OTHER_NAMES.items())
def test_other_published_names_work(name, stem):
    path = find_config(name)
    assert Path(path).stem == stem and find_config(f'{Path(path).parent}/{name}.py') == path


def test_the_other_folder_of_sound_works():
    path = 'recognition_audio/resnet/tsn_r18_64x1x1_100e_kinetics400_audio_feature.py'
    path = CONFIGS / path
    assert Path(find_config(str(path).replace('recognition_audio', 'audio_recognition'))) == path


@leaf
def test_configs_are_checked(path):
    check_config(load_config(path))


_models = {}


def model_of(cfg):
    """The model of a config, without weights; built once for all that share it."""
    key = repr(cfg.model)
    if key not in _models:
        with torch.device('meta'):
            _models[key] = MODELS.build(cfg.model)
    return _models[key]


@run_leaf
def test_models_build(path):
    cfg = load_config(path)
    library, _, rest = cfg.model.backbone.type.partition('.')
    if rest and library in ('torchvision', 'timm') and find_spec(library) is None:
        with pytest.raises(InputError, match=library):
            model_of(cfg)
    else:
        assert sum(p.numel() for p in model_of(cfg).parameters()) > 1000


@pytest.fixture(scope='module')
def record(embedded, tmp_path_factory):
    """A record for each kind of data set: a video, a folder of frames, a sound and its features."""
    folder = tmp_path_factory.mktemp('frames')
    rng = np.random.default_rng(0)
    for i in range(31):
        picture = cv2.imencode('.jpg', rng.integers(0, 255, (60, 80, 3), np.uint8))[1].tobytes()
        for name in FRAMES:
            for values in ([(i,)] if name.count('{') == 1 else [('x', i), ('y', i)]):
                (folder / name.format(*values)).write_bytes(picture)
    # Frames of 256 pixels, since some pipelines cut their crops from frames as they are stored.
    video = cv2.VideoWriter(str(folder / 'video.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 25,
                            (340, 256))
    for _ in range(30):
        video.write(rng.integers(0, 255, (256, 340, 3), np.uint8))
    video.release()
    with wave.open(str(folder / 'sound.wav'), 'wb') as sound:
        sound.setparams((1, 2, 16000, 0, 'NONE', ''))
        sound.writeframes(rng.integers(-999, 999, 64000, np.int16).tobytes())
    feature, rows, _ = (embedded / 'val_audio_features.txt').read_text().splitlines()[0].split()
    records = dict(
        VideoDataset=dict(filename=str(folder / 'video.mp4'), start_index=0),
        CharadesDataset=dict(filename=str(folder / 'video.mp4'), start_index=0,
                             actions=np.array([[1., 0, 1]]), length_seconds=1.2),
        RawframeDataset=dict(frame_dir=str(folder), total_frames=30, offset=0),
        AudioDataset=dict(audio_path=str(folder / 'sound.wav'), total_frames=30, modality='Audio'),
        AudioFeatureDataset=dict(audio_path=str(embedded / 'audio_features' / feature),
                                 total_frames=int(rows), modality='Audio'))

    records['RepeatAugDataset'] = records['VideoDataset']
    box = np.float32([[0.1, 0.1, 0.5, 0.9]])
    moment = dict(timestamp=3, timestamp_start=0, fps=5, shot_info=(1, 29), gt_bboxes=box,
                  proposals=box, img_key='a,0003', start_index=0, offset=0)

    def make(dataset):
        if dataset.type == 'AVADataset':
            kind = 'VideoDataset' if dataset.get('suffix') else 'RawframeDataset'
            return {'modality': 'RGB', 'filename_tmpl': FRAMES[0], 'rng': np.random.default_rng(0),
                    **records[kind], **moment,
                    'gt_labels': np.eye(dataset.num_classes, dtype=np.float32)[1:2]}
        label = np.eye(dataset.num_classes, dtype=np.float32)[1] if dataset.get('multi_class') \
            else 1
        given = {k: dataset[k] for k in ('modality', 'start_index', 'filename_tmpl')
                 if k in dataset}
        return {'start_index': 1, 'modality': 'RGB', 'filename_tmpl': FRAMES[0], 'label': label,
                'rng': np.random.default_rng(0), **records[dataset.type], **given}
    return make


def check_boxes(cfg, sample, runs):
    """What a pipeline of detection gives is what its detector takes."""
    assert set(sample) == {'imgs', 'proposals', 'gt_bboxes', 'gt_labels', 'img_metas'}
    assert sample['imgs'].dtype == torch.uint8
    batch = MODELS.build(cfg.model.data_preprocessor)(pseudo_collate([sample, sample]))
    assert batch['imgs'].shape[:3] == (2, 1, 3)
    x0, y0, x1, y1 = sample['proposals'][0].tolist()
    assert 0 <= x0 <= x1 <= batch['imgs'].shape[-1] and 0 <= y0 <= y1 <= batch['imgs'].shape[-2]
    if runs:
        model = MODELS.build(cfg.model).eval()
        model.test_cfg.update(short_sides=[80])
        with torch.no_grad():
            found = model(**batch, mode='predict')
        assert [one['scores'].shape for one in found] == [sample['gt_labels'].shape] * 2


@run_leaf
def test_pipelines_give_what_the_model_takes(path, record):
    cfg = load_config(path)
    foreign = '.' in cfg.model.backbone.type
    shapes = {}
    for phase in ('train', 'val', 'test'):
        if cfg[f'{phase}_dataloader'] is None:
            continue
        dataset = cfg[f'{phase}_dataloader'].dataset
        pipeline = TRANSFORMS.build(dict(type='Compose', transforms=dataset.pipeline))
        sample = pipeline(record(dataset))
        if dataset.type == 'AVADataset':
            check_boxes(cfg, sample, runs=path in OWN and phase == 'test')
            continue
        key = 'audios' if 'audios' in sample else 'imgs'
        assert set(sample) == {key, 'label'}
        values = sample[key]['frames'] if isinstance(sample[key], dict) else sample[key]
        assert values.dtype == (torch.float32 if key == 'audios' else torch.uint8)
        preprocess = cfg.model.get('data_preprocessor') or dict(type='ActionDataPreprocessor')
        batch = MODELS.build(preprocess)(default_collate([sample, sample]))
        # Labels of moments have an axis more.
        assert batch['label'].shape[::max(batch['label'].dim() - 1, 1)] == (
            2, dataset.num_classes if dataset.get('multi_class') else 1)
        if not foreign:
            model_of(cfg).check_input(batch[key])
        shapes[phase] = batch[key].shape
    if path in OWN and shapes:      # the others take minutes on a CPU
        scores = MODELS.build(cfg.model).eval()(batch[key][:, :shapes['val'][1]])
        assert scores.shape[-1] == cfg.model.cls_head.num_classes and scores.isfinite().all()
