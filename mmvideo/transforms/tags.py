"""Labels of several categories at once."""
import torch

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadHVULabel:
    """Turns the tags of a video into one vector for all categories, with what is labeled at all.

    Holistic Video Understanding (arXiv:1904.11451): six categories; a video may lack some of them,
    which says nothing about their tags. What comes out is what ``HVULoss`` takes.

    Args:
        **kwargs: accepted and not used, as in the 0.x releases.

    Keys:
        needed: label (dict category -> tags, counted from 0 within the category), categories,
            category_nums (tags of each).
        added or changed, C = sum of category_nums: label [C], 1 for a tag that is there; mask [C],
            1 for tags of labeled categories; category_mask [len(categories)]. All float32 tensors.

    Raises:
        InputError: an unknown category, or a tag out of range.
    """

    def __init__(self, **kwargs):
        self.options = kwargs

    def __call__(self, results):
        categories, nums = list(results['categories']), list(results['category_nums'])
        tags = results['label']
        unknown = set(tags) - set(categories)
        if unknown:
            raise InputError(f'LoadHVULabel: categories {sorted(unknown)} of the label are none of '
                             f'{categories}')
        label, mask = torch.zeros(sum(nums)), torch.zeros(sum(nums))
        category_mask = torch.zeros(len(categories))
        start = 0
        for place, (category, num) in enumerate(zip(categories, nums, strict=True)):
            if category in tags:
                for tag in tags[category]:
                    if not 0 <= tag < num:
                        raise InputError(f'LoadHVULabel: tag {tag} of {category}, expected '
                                         f'0..{num - 1}')
                    label[start + tag] = 1
                mask[start:start + num] = 1
                category_mask[place] = 1
            start += num
        results['label'], results['mask'] = label, mask
        results['category_mask'] = category_mask
        return results
