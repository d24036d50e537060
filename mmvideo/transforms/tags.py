"""Labels of several categories at once, and labels that hold for a time."""
import numpy as np
import torch

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks


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


@TRANSFORMS.register_module()
class TimedLabel:
    """Makes the label of a clip, or of moments, of actions that begin and end within the video.

    Training on Charades (arXiv:1604.01753) shows a network what is done in the clip that it sees;
    its localization task asks what is done at each of 25 moments.

    Args:
        of: 'clip': what is done anywhere between the first and the last frame of a clip, of all
            clips together; 'moments': what is done at each moment of ``SampleMoments``.

    Keys:
        needed: label [C] of the whole video, actions [K, 3] (class, begin, end in seconds); for
            clips frame_inds, num_clips, start_index, avg_fps; for moments: moments.
        changed: label, [C] or [P, C], float32.
    """

    def __init__(self, of='clip'):
        self.of = checks.one_of('TimedLabel', 'of', of, ('clip', 'moments'))

    def __call__(self, results):
        if 'actions' not in results:
            raise InputError('TimedLabel: the data set does not say when its actions begin and '
                             'end; CharadesDataset does')
        classes, begins, ends = results['actions'].T
        if self.of == 'moments':
            firsts = lasts = np.asarray(results['moments'])
        else:
            fps = results['avg_fps']
            if not fps:
                raise InputError('TimedLabel: needs the frame rate of the video; its avg_fps is '
                                 f'{fps!r}')
            seconds = (results['frame_inds'] - results['start_index']) / fps
            seconds = seconds.reshape(results['num_clips'], -1)
            firsts, lasts = seconds.min(1), seconds.max(1)
        rows = torch.zeros(len(firsts), len(results['label']))
        clip, action = np.nonzero((begins <= lasts[:, None]) & (ends >= firsts[:, None]))
        rows[clip, classes[action].astype(np.int64)] = 1
        results['label'] = rows.amax(0) if self.of == 'clip' else rows
        return results
