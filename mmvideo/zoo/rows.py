"""Rows of the published tables, as the configs give them.

A config's list ``zoo`` holds one dict a row, with what nothing else in the config can say: figures,
stored resolution, machines, address of the weights. Everything else is read from the config's own
values.
"""
import os.path as osp
from typing import NamedTuple

from mmvideo.engine.config_file import config_name, zoo_configs
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError

__all__ = ['Row', 'View', 'read_configs', 'group_rows', 'read_rows']

CROPS = dict(ThreeCrop=3, TenCrop=10, CenterCrop=1)
# What a row tests with that names another number of crops than its recipe has: the crops of the
# published recipes for testing (tsn_r50_test_256p_1x1x25_3crop and its kin).
OTHER_CROPS = {3: dict(type='ThreeCrop', crop_size=256), 10: dict(type='TenCrop', crop_size=224)}
DETECTION_SIDE = 256        # the short side of AVA's recipes
BINS = 80       # of the audio features that the tables' networks read


class View(NamedTuple):
    """What a test gives the network of each video.

    Args:
        clips: runs of frames; 2 where each clip is read twice, shifted.
        crops: of each clip.
        frames: of a clip, for a 2D network its segments.
        shape: of one view with the batch, as the recognizer takes it; None if unknown.
    """
    clips: int
    crops: int
    frames: int
    shape: tuple

    @property
    def count(self):
        return self.clips * self.crops


class Row:
    """One row of the tables.

    Args:
        path: of the config that it stands on.
        cfg: that config, loaded.
        entry: its dict in the config's list ``zoo``.
    """

    def __init__(self, path, cfg, entry):
        self.path, self.cfg, self.entry = path, cfg, dict(entry)
        for key in ('row', 'section'):
            if key not in self.entry:
                raise InputError(f'config {path}: an entry of zoo has no {key!r}')
        self.number, self.section = self.entry['row'], self.entry['section']

    def get(self, key, default=None):
        """A field that only the config's list ``zoo`` knows."""
        return self.entry.get(key, default)

    @property
    def stem(self):
        return config_name(self.path)

    @property
    def title(self):
        """'row 98 (tsm_r50_1x1x8_50e_kinetics400_rgb)'; the config's name alone for our own."""
        name = self.name if self.name.isidentifier() else self.stem
        return self.stem if self.number is None else f'row {self.number} ({name})'

    @property
    def name(self):
        """As the tables call it; mostly the config's own name."""
        return self.get('config', self.stem)

    @property
    def family(self):
        """Folder of the config below ``configs/recognition``; ``'audio'`` for sound."""
        if 'family' in self.entry:
            return self.entry['family']
        words = osp.normpath(self.path).split(osp.sep)
        if 'recognition_audio' in words or 'audio_recognition' in words:
            return 'audio'
        return words[words.index('recognition') + 1] if 'recognition' in words else words[-2]

    @property
    def checkpoints(self):
        """Addresses of the published weights; none for most fused scores."""
        found = self.get('ckpt', [])
        return [found] if isinstance(found, str) else list(found)

    @property
    def backbone(self):
        if 'backbone' in self.entry or not self.cfg.get('model'):
            return self.get('backbone', '')
        return backbone_name(self.cfg.model.backbone, self.stem)

    @property
    def pretrain(self):
        """What the training started from, in the tables' word."""
        if 'pretrain' in self.entry or not self.cfg.get('model'):
            return self.get('pretrain', '')
        source = self.cfg.model.backbone.get('pretrained')
        library = str(source).partition('://')[0] in ('torchvision', 'mmcls')
        return 'ImageNet' if source is True or library else 'None'

    @property
    def clip(self):
        """The settings of the sampler that trains, or tests where nothing is trained; or None."""
        return sampler(self.cfg)

    @property
    def epochs(self):
        train = self.cfg.get('train_cfg') if self.cfg.get('train_dataloader') else None
        return train.max_epochs if train else None

    @property
    def modality(self):
        """RGB, Flow or Audio."""
        if 'modality' in self.entry:
            return self.entry['modality']
        loader = self.cfg.get('test_dataloader')
        return modality(loader.dataset) if loader else ''

    @property
    def view(self):
        """What a test reads, or None where there is no test pipeline (fused scores)."""
        return test_view(self.cfg, self.test_pipeline)

    @property
    def test_pipeline(self):
        """The steps of its test; those of the config, with the crops that the row names."""
        loader = self.cfg.get('test_dataloader')
        steps = list(loader.dataset.pipeline) if loader else []
        asked = self.get('protocol')        # '25x3 frames', '10 clips x 3 crops'
        crop = next((step for step in reversed(steps) if step['type'] in CROPS), None)
        if asked and crop:
            count = int(asked.replace(' clips', '').split('x')[1].split()[0])
            if count != CROPS[crop['type']]:
                other = {**crop, **OTHER_CROPS[count]}
                steps = [other if step is crop else step for step in steps]
        return steps

    @property
    def protocol(self):
        """How it is tested, in the tables' words."""
        view = self.view
        if view is None:
            return self.get('protocol', '')
        if self.cfg.model.type == 'Recognizer2D':
            frames = f'{view.frames}x{view.crops} frames'
            return frames if view.clips == 1 else f'{view.clips} clips of {frames}'
        clips = '1 clip' if view.clips == 1 else f'{view.clips} clips'
        return f'{clips} x 1 crop' if view.crops == 1 else f'{clips} x {view.crops} crops'


def read_configs(paths=None):
    """``{path: loaded config}``, by default of all that come with mmvideo; takes some 10 s."""
    return {path: load_config(path) for path in (zoo_configs() if paths is None else paths)}


def read_rows(configs):
    """All rows in the order of the tables.

    Args:
        configs: from :func:`read_configs`.

    Raises:
        InputError: two configs give the same row, or a row takes weights from one that is not.
    """
    found = {}
    for path, cfg in configs.items():
        for entry in cfg.get('zoo') or []:
            row = Row(path, cfg, entry)
            if row.number in found:
                raise InputError(f'row {row.number} of the zoo stands in {found[row.number].path} '
                                 f'and in {path}')
            found[row.number] = row
    for row in found.values():
        if row.get('weights_of') is not None:
            _take_over(row, found)
    return [found[number] for number in sorted(found)]


def _take_over(row, rows):
    """Give a row that has another one's weights their address, and what is as true of it."""
    other = rows.get(row.get('weights_of'))
    if other is None:
        raise InputError(f'config {row.path}: row {row.number} has the weights of row '
                         f"{row.get('weights_of')}, which no config gives")
    row.entry.setdefault('ckpt', other.checkpoints)
    table = [r for r in rows.values() if (r.family, r.section) == (row.family, row.section)]
    costs = ('memory_mb', 'videos_per_s')
    if any(key in r.entry for r in table for key in costs):     # its table has such columns
        for key in costs:
            row.entry.setdefault(key, other.get(key))


def group_rows(rows):
    """``{(family, section): rows}``, in the order of the tables."""
    groups = {}
    for row in rows:
        groups.setdefault((row.family, row.section), []).append(row)
    return groups


def sampler(cfg):
    """The sampling step of the training pipeline, of the test's if nothing is trained; or None."""
    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader')
    return _step(loader.dataset.pipeline, 'clip_len') if loader else None


def modality(dataset):
    """RGB, Flow or Audio: what a data set holds."""
    return 'Audio' if dataset.type.startswith('Audio') else dataset.get('modality', 'RGB')


def test_view(cfg, pipeline=None):
    """What the test pipeline of a config gives its network; None if it has none or no model.

    Args:
        pipeline: another one for the same network and data.
    """
    if not cfg.get('model') or not cfg.get('test_dataloader'):
        return None
    dataset = cfg.test_dataloader.dataset
    pipeline = dataset.pipeline if pipeline is None else pipeline
    clip = _step(pipeline, 'clip_len')
    crop = next((s for s in reversed(pipeline) if s['type'] in CROPS), None)
    crops = CROPS[crop['type']] if crop else 1
    if cfg.model.type == 'AudioRecognizer':
        return View(clip.num_clips, 1, clip.clip_len, (1, 1, 1, clip.clip_len, BINS))
    if cfg.model.type == 'FastRCNN':        # whole frames, whose long side may be any
        return View(1, 1, clip.clip_len, (1, 1, 3, clip.clip_len, DETECTION_SIDE, DETECTION_SIDE))
    size = crop['crop_size'] if crop else _step(pipeline, 'scale')['scale'][-1]
    height, width = (size, size) if isinstance(size, int) else size
    channels = cfg.model.backbone.get('in_channels', 2) if modality(dataset) == 'Flow' else 3
    if cfg.model.type != 'Recognizer2D':
        clips = clip.get('num_moments') or clip.num_clips
        return View(clips, crops, clip.clip_len, (1, 1, channels, clip.clip_len, height, width))
    dense = clip['type'] == 'DenseSampleFrames'     # a clip at each of its places
    sampled = clip.num_clips * (clip.get('num_sample_positions', 10) if dense else
                                2 if clip.get('twice_sample') else 1)
    frames = _segments(cfg.model) or (clip.num_clips if dense else sampled)
    return View(sampled // frames, crops, frames, (1, frames, channels, height, width))


def backbone_name(backbone, stem=''):
    """A backbone in the tables' words, such as ``'ResNet50'``.

    Args:
        backbone: its config.
        stem: of the config's file; X3D's sizes share their settings and differ by name.
    """
    kind = backbone.type
    library, _, name = kind.rpartition('.')
    if library:
        depth = backbone.get('depth', '')
        groups = f'-{backbone.groups}x{backbone.width_per_group}d' if 'groups' in backbone else ''
        return f'{name}{depth}{groups} [{library}]'
    if kind == 'X3D':
        return 'X3D_' + stem.split('_')[1].upper() if stem.startswith('x3d_') else kind
    if kind == 'ResNet3dSlowFast':
        depths = [backbone.get(f'{p}_pathway', {}).get('depth', 50) for p in ('slow', 'fast')]
        return ' + '.join(f'ResNet{depth}' for depth in dict.fromkeys(depths))
    if kind.startswith('MobileNetV2'):
        return 'MobileNetV2'
    if kind.startswith('ResNet'):
        return f"ResNet{backbone.get('depth', 50)}"
    return kind


def _step(pipeline, key):
    """The last step of a pipeline that has an argument; None if there is none."""
    return next((step for step in reversed(pipeline) if key in step), None)


def _segments(model):
    """How many frames the network takes at once; None if it looks at each frame alone."""
    head = model.get('cls_head') or {}
    if model.backbone.type == 'ResNet' or '.' in model.backbone.type:
        return head.get('num_segments')
    return model.backbone.get('num_segments') or head.get('num_segments', 8)
