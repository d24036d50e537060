"""Videos in files."""
import copy
import itertools

import numpy as np
from mmengine.registry import FUNCTIONS
from torch.utils.data import default_collate

from mmvideo.datasets.base import BaseDataset
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS, TRANSFORMS

SUFFIXES = ('.mp4', '.avi', '.webm', '.mkv', '.mov', '.m4v', '.mpg', '.mpeg', '.ts', '.wmv', '.flv',
            '.3gp', '.ogv')


@DATASETS.register_module()
class VideoDataset(BaseDataset):
    """Videos that are decoded as they are needed.

    A line of the list is ``path label``; a JSON entry has ``filename`` and ``label``.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        start_index: number of the first frame; decoders count from 0.
        delimiter: what parts the fields of a text list, if not blanks.
    """

    suffixes = SUFFIXES

    def __init__(self, ann_file, pipeline, start_index=0, delimiter=' ', **kwargs):
        self.delimiter = delimiter
        super().__init__(ann_file, pipeline, start_index=start_index, **kwargs)


@DATASETS.register_module()
class RepeatAugDataset(BaseDataset):
    """Videos that each give several samples at once: one opening and decoding, several augmentings.

    Repeated augmentation (arXiv:1901.09335, section 3.1) makes batches of few videos and many
    views of each; decoding, the dear part, is paid once a video. The list is that of
    :class:`VideoDataset`. An item is a list of samples; ``collate_fn=dict(type='repeat_collate')``
    makes them members of the batch, which becomes ``num_repeats`` times as large as the loader's
    ``batch_size``.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`. The first transform named
            ``...Decode`` is run once on the frames of all samples; what stands before it up to
            ``...Init`` is run once, what stands between them once a sample.
        num_repeats: samples of a video.
        sample_once: all samples of a video show the same frames, each augmented its own way.
        start_index: number of the first frame; decoders count from 0.
    """

    suffixes = SUFFIXES

    def __init__(self, ann_file, pipeline, num_repeats=4, sample_once=False, start_index=0,
                 **kwargs):
        if not isinstance(num_repeats, int) or num_repeats < 1:
            raise InputError('RepeatAugDataset: num_repeats must be a whole number >= 1, not '
                             f'{num_repeats!r}')
        self.num_repeats = num_repeats
        self.sample_once = sample_once
        super().__init__(ann_file, pipeline, start_index=start_index, **kwargs)
        if self.test_mode:
            raise InputError('RepeatAugDataset is for training; test on a VideoDataset')

    def pipeline_of(self, steps):
        """Transforms with their four ``parts``: what is done once a video, and what once a sample.
        """
        pipeline = super().pipeline_of(steps)
        steps = pipeline.transforms
        names = [type(step).__name__ for step in steps]
        ends = {end: next((i for i, name in enumerate(names) if name.endswith(end)), None)
                for end in ('Init', 'Decode')}
        if None in ends.values() or ends['Init'] > ends['Decode']:
            raise InputError('RepeatAugDataset: pipeline must open a video (...Init), sample '
                             f'frames and decode them (...Decode), found {", ".join(names)}')
        # Each part numbers its steps as the pipeline does, for messages.
        cuts = [0, ends['Init'] + 1, ends['Decode'], ends['Decode'] + 1, None]
        pipeline.parts = [
            TRANSFORMS.build(dict(type='Compose', transforms=[_as_is] * begin + steps[begin:end]))
            for begin, end in itertools.pairwise(cuts)]
        return pipeline

    def process(self, results, pipeline):
        rng = results['rng']
        first, choose, decode, change = pipeline.parts
        opened = first(results)
        samples = []
        for _ in range(self.num_repeats):
            own = np.random.default_rng(rng.integers(2**63, size=2))
            if self.sample_once and samples:
                samples.append(dict(samples[0], rng=own))
            else:
                samples.append(choose(dict(opened, rng=own)))
        shown = [np.ravel(sample['frame_inds']) for sample in samples]
        decoded = decode(dict(samples[0], frame_inds=np.concatenate(shown)))
        imgs = iter(decoded['imgs'])
        return [change(_with_frames(sample, samples[0], decoded,
                                    list(itertools.islice(imgs, len(inds)))))
                for sample, inds in zip(samples, shown, strict=True)]


def _as_is(results):
    return results


def _with_frames(sample, before, after, imgs):
    """A sample with its part of the frames, and what else decoding told or dropped.

    Args:
        sample: as it was before decoding.
        before, after: what decoding was given and what it gave.
        imgs: the frames of this sample.
    """
    news = {key: value for key, value in after.items()
            if key not in ('imgs', 'frame_inds', 'rng') and value is not before.get(key)}
    kept = {key: value for key, value in sample.items() if key in after and key != 'rng'}
    # Samples must not share what a transform may change in place.
    return dict(copy.deepcopy({**kept, **news}), rng=sample['rng'],
                imgs=[img.copy() for img in imgs])


def repeat_collate(batch):
    """Batch the samples of items that are lists of samples, as of :class:`RepeatAugDataset`."""
    return default_collate([sample for item in batch
                            for sample in (item if isinstance(item, list) else [item])])


FUNCTIONS.register_module(name=['repeat_collate', 'repeat_pseudo_collate'], module=repeat_collate)
