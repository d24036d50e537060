"""Every config: composed as agreed, checked, and its pipelines give what its model takes."""
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from mmvideo.engine.check import check_config
from mmvideo.engine.run import load_config
from mmvideo.registry import MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[1] / 'configs'
PARTS = sorted((CONFIGS / '_base_').rglob('*.py'))
LEAVES = sorted(p for p in CONFIGS.rglob('*.py') if p not in PARTS)
leaf = pytest.mark.parametrize('path', LEAVES, ids=[p.stem for p in LEAVES])


def test_parts_never_inherit():
    assert PARTS and not [p for p in PARTS if '_base_' in p.read_text()]


@leaf
def test_leaves_inherit_from_parts_only_and_are_short(path):
    text = path.read_text()
    bases = re.findall(r"'(\.\./[^']+\.py)'", text)
    assert bases and all((path.parent / base).resolve() in PARTS for base in bases)
    assert len(text.splitlines()) <= 40
    assert len({p.stem for p in LEAVES}) == len(LEAVES)


@leaf
def test_names_say_what_the_config_does(path):
    cfg = load_config(str(path))
    epochs = re.search(r'_(\d+)e_', path.stem)
    clip = re.search(r'_(\d+)x(\d+)x(\d+)_', path.stem)
    assert cfg.train_cfg.max_epochs == int(epochs.group(1))
    sampler = next(s for s in cfg.train_dataloader.dataset.pipeline if 'clip_len' in s)
    said = tuple(map(int, clip.groups()))
    found = (sampler.clip_len, sampler.frame_interval, sampler.num_clips)
    if 'slowfast' in path.stem:     # the name counts the frames of the slow pathway
        found = (found[0] // cfg.model.backbone.resample_rate,
                 found[1] * cfg.model.backbone.resample_rate, found[2])
    assert found == said
    ends = [s.end for s in cfg.param_scheduler]
    assert max(ends) == cfg.train_cfg.max_epochs


@pytest.fixture(scope='module')
def record(embedded, tmp_path_factory):
    """A record for each kind of pipeline: a video, a folder of frames, a sound feature."""
    folder = tmp_path_factory.mktemp('frames')
    rng = np.random.default_rng(0)
    for i in range(1, 31):
        cv2.imwrite(str(folder / f'img_{i:05}.jpg'), rng.integers(0, 255, (60, 80, 3), np.uint8))
    video = (embedded / 'val_videos.txt').read_text().split()[0]
    feature, rows, _ = (embedded / 'val_audio_features.txt').read_text().splitlines()[0].split()
    records = dict(
        VideoDataset=dict(filename=str(embedded / 'videos' / video)),
        RawframeDataset=dict(frame_dir=str(folder), total_frames=30, start_index=1,
                             filename_tmpl='img_{:05}.jpg'),
        AudioFeatureDataset=dict(audio_path=str(embedded / 'audio_features' / feature),
                                 total_frames=int(rows), modality='Audio'))
    common = dict(label=1, start_index=0, modality='RGB')
    return {kind: {**common, **record} for kind, record in records.items()}


@leaf
def test_pipelines_give_what_the_model_takes(path, record):
    cfg = load_config(str(path))
    check_config(cfg)
    model = MODELS.build(cfg.model).eval()
    shapes = {}
    for phase in ('train', 'val', 'test'):
        dataset = cfg[f'{phase}_dataloader'].dataset
        pipeline = TRANSFORMS.build(dict(type='Compose', transforms=dataset.pipeline))
        sample = pipeline({**record[dataset.type], 'rng': np.random.default_rng(0)})
        key = 'audios' if 'audios' in sample else 'imgs'
        assert set(sample) == {key, 'label'}
        assert sample[key].dtype == (torch.float32 if key == 'audios' else torch.uint8)
        batch = model.data_preprocessor(default_collate([sample, sample]))
        model.check_input(batch[key])
        assert batch['label'].tolist() == [[1], [1]]
        shapes[phase] = batch[key].shape
    if path.stem.startswith(('tsm_r18', 'tsn_r18')):     # the others take minutes on a CPU
        scores = model(batch[key][:, :shapes['val'][1]])
        assert scores.shape[-1] == cfg.model.cls_head.num_classes and scores.isfinite().all()
