import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.transforms import LoadHVULabel

CATEGORIES = dict(categories=['action', 'scene', 'event'], category_nums=[3, 2, 4])


@pytest.mark.parametrize('tags, label, mask, categories', [
    (dict(action=[0, 2], scene=[1], event=[3]), [1, 0, 1, 0, 1, 0, 0, 0, 1], [1] * 9, [1, 1, 1]),
    (dict(scene=[0]), [0, 0, 0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0, 0, 0, 0], [0, 1, 0]),
    (dict(event=[]), [0] * 9, [0] * 5 + [1] * 4, [0, 0, 1]),
    ({}, [0] * 9, [0] * 9, [0, 0, 0])])
def test_tags_of_labeled_categories(tags, label, mask, categories):
    sample = LoadHVULabel()(dict(label=tags, **CATEGORIES))
    assert sample['label'].tolist() == label and sample['mask'].tolist() == mask
    assert sample['category_mask'].tolist() == categories
    assert all(sample[key].dtype == torch.float32 for key in ('label', 'mask', 'category_mask'))


@pytest.mark.parametrize('tags, message', [
    (dict(scene=[2]), r'tag 2 of scene, expected 0..1'), (dict(scene=[-1]), 'tag -1 of scene'),
    (dict(scenes=[1]), r"categories \['scenes'\] of the label are none of \['action'")])
def test_tags_out_of_range(tags, message):
    with pytest.raises(InputError, match=message):
        LoadHVULabel()(dict(label=tags, **CATEGORIES))
