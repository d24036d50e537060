"""Pictures, clip folders, tags and waves on disk, through the transforms meant for them."""
import json
import wave

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from mmvideo.registry import DATASETS, MODELS

CLIP = [dict(type='SampleFrames', clip_len=2, frame_interval=1, num_clips=1),
        dict(type='PyAVDecode')]
PACK = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]


def listed(folder, content, kind, pipeline, name='list.txt', **kwargs):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return DATASETS.build(dict(type=kind, ann_file=str(path), data_prefix=str(folder),
                               pipeline=pipeline, **kwargs))


def test_pictures_become_clips(tmp_path):
    for k in (0, 1):
        cv2.imwrite(str(tmp_path / f'a {k}.png'), np.full((6, 8, 3), (0, 0, 50 + 100 * k), 'uint8'))
    dataset = listed(tmp_path, 'a 0.png\t3\n"a 1.png" 4\n', 'ImageDataset', [
        dict(type='ImageDecode'), dict(type='BuildPseudoClip', clip_len=4), *PACK])
    batch = next(iter(DataLoader(dataset, batch_size=2)))
    assert batch['imgs'].shape == (2, 1, 3, 4, 6, 8) and batch['label'].tolist() == [[3], [4]]
    assert batch['imgs'].float().mean((1, 3, 4, 5)).tolist() == [[50, 0, 0], [150, 0, 0]]


def test_a_clip_of_a_folder_is_shown(videos, tmp_path):
    (tmp_path / 'long video').mkdir()
    for k in range(3):
        (tmp_path / 'long video' / f'part_{k}.mp4').symlink_to(videos / f'clip_{2 * k}.mp4')
    dataset = listed(tmp_path, '"long video" 5 3 0 2\n' * 12, 'RawVideoDataset',
                     [dict(type='PyAVInit'), *CLIP, *PACK])
    # Green is 40 times the number of the clip: 0 for part_0, 160 for part_2.
    green = [round(float(dataset[i]['imgs'][0, 1].float().mean()) / 40) for i in range(12)]
    assert set(green) == {0, 4}


def test_tags_reach_their_loss(videos, tmp_path):
    rows = [dict(filename='clip_0.mp4', label=dict(action=[3, 1], scene=[2])),
            dict(filename='clip_1.mp4', label=dict(scene=[0, 2]))]
    (tmp_path / 'clip_0.mp4').symlink_to(videos / 'clip_0.mp4')
    (tmp_path / 'clip_1.mp4').symlink_to(videos / 'clip_1.mp4')
    keys = ['label', 'mask', 'category_mask']
    dataset = listed(tmp_path, rows, 'HVUDataset', [
        dict(type='LoadHVULabel'), dict(type='PyAVInit'), *CLIP, PACK[0],
        dict(type='Collect', keys=['imgs', *keys], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', *keys])], 'list.json',
        tag_categories=['action', 'scene'], tag_category_nums=[4, 3])
    batch = next(iter(DataLoader(dataset, batch_size=2)))
    assert batch['label'].tolist() == [[0, 1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 1, 0, 1]]
    assert batch['mask'].tolist() == [[1] * 7, [0] * 4 + [1] * 3]
    assert batch['category_mask'].tolist() == [[1, 1], [0, 1]]
    loss = MODELS.build(dict(type='HVULoss', categories=['action', 'scene'], category_nums=[4, 3],
                             category_loss_weights=[1, 1], loss_type='all', with_mask=True))
    found = loss(torch.zeros(2, 7), *(batch[key] for key in keys))
    # A score of 0 is a chance of one half for every tag.
    np.testing.assert_allclose(float(found['loss_cls']), np.log(2), rtol=1e-6)


def test_waves_are_cut_where_the_clip_is(tmp_path):
    with wave.open(str(tmp_path / 'a.wav'), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.repeat([0, 16384], 16000).astype('<i2').tobytes())
    dataset = listed(tmp_path, 'a 50 2\n', 'AudioDataset', [
        dict(type='AudioDecodeInit'),
        dict(type='SampleFrames', clip_len=10, num_clips=2, test_mode=True),
        dict(type='AudioDecode', fixed_length=2000),
        dict(type='Collect', keys=['audios', 'label'], meta_keys=[])])
    sample = dataset[0]
    # Clips begin at frames 10 and 30 of 50: before and behind the step in the middle.
    assert sample['audios'].shape == (2, 2000) and sample['label'] == 2
    np.testing.assert_allclose(sample['audios'].mean(1), [0, 0.5], atol=1e-3)
