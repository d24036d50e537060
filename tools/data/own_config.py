"""Writes a config for one's own videos, of the parts that come with mmvideo."""
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from mmvideo.engine.config_file import find_config
from mmvideo.storage import replacing

__all__ = ['MODELS', 'write_config']


@dataclass(frozen=True)
class Model:
    """A way to train.

    Args:
        said: about it, for the help.
        parts: of ``configs/_base_``.
        batch_size: for many videos.
        lines: of the config, after the pipelines.
    """

    said: str
    parts: tuple
    batch_size: int
    lines: tuple


MODELS = {
    'small': Model(
        'from scratch at 64 pixels, minutes on a CPU',
        ('models/tsm_r18_small', 'augments/small64_flip', 'schedules/sgd_small_30e'), 16,
        ('model = dict(cls_head=dict(num_classes=num_classes, label_smooth_eps=0.1))', )),
    'r50': Model(
        'TSM with a ResNet-50 from ImageNet weights (a download), for a GPU',
        ('models/tsm_r50', 'augments/multi_scale_224', 'schedules/sgd_tsm_25e'), 8,
        ('model = dict(cls_head=dict(num_classes=num_classes))',
         '# The rate of the recipe is for batches of 64.',
         'optim_wrapper = dict(optimizer=dict(lr=0.00125))',
         'train_cfg = dict(val_interval=1)'))}
TEXT = '''# {said}.
# Made by tools/data/prepare.py; train with: python tools/train.py {path} --validate
_base_ = [
{parts}]
root = {folder!r}
classes = {classes!r}
num_classes = {num_classes}
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
# Does left or right tell classes apart? Then take Flip out of train_augment.
train_dataloader = dict(batch_size={batch_size}, dataset=dict(
    ann_file={train!r}, data_prefix=root, pipeline=[
        *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(batch_size={batch_size}, dataset=dict(
    ann_file={val!r}, data_prefix=root, pipeline=[
        *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
{lines}
'''


def write_config(path, folder, out, num_classes, num_train, model):
    """Write the config.

    Args:
        path: of the config.
        folder: with the videos, as paths of the lists are relative to it.
        out: folder with ``train.txt``, ``val.txt`` and ``classes.txt``.
        num_classes: number of classes.
        num_train: videos to train on; of few, batches are smaller.
        model: a key of ``MODELS``.
    """
    base = Path(find_config('tsm_r18_1x1x8_30e_own_rgb')).resolve().parents[2] / '_base_'
    made = MODELS[model]
    parts = [*(f'{part}.py' for part in made.parts), 'datasets/own_videos.py', 'runtime.py']
    out = Path(out)
    text = TEXT.format(
        said=f'{num_classes} classes, {num_train} videos: {made.said}', path=shlex.quote(str(path)),
        parts=''.join(f'    {_from(out, base, part)!r},\n' for part in parts),
        folder=str(folder), classes=str(out / 'classes.txt'), num_classes=num_classes,
        batch_size=min(made.batch_size, max(2, num_train // 4)), train=str(out / 'train.txt'),
        val=str(out / 'val.txt'), lines='\n'.join(made.lines))
    with replacing(path) as draft:
        draft.write_text(text, encoding='utf-8')


def _from(folder, base, part):
    """A part below ``base`` as seen from a folder of the same checkout, or as it stands."""
    folder = folder.resolve()
    if base.parents[1] in folder.parents:
        return Path(os.path.relpath(base / part, folder)).as_posix()
    return str(base / part)
