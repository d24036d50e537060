"""Several samples of a video at once."""
import numpy as np
import pytest
import torch
from mmengine.registry import FUNCTIONS
from torch.utils.data import DataLoader

from mmvideo.datasets import repeat_collate
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS, TRANSFORMS


class Counted:
    """A transform that counts its calls."""

    def __init__(self, **cfg):
        self.inner, self.calls = TRANSFORMS.build(cfg), 0

    def __call__(self, results):
        self.calls += 1
        return self.inner(results)


class CountedInit(Counted):
    pass


class CountedDecode(Counted):
    pass


class Spoil:
    """Changes the frames of a sample in place, after noting what they showed."""

    def __call__(self, results):
        results['red'] = np.array([img[..., 0].mean() for img in results['imgs']])
        for img in results['imgs']:
            img[:] = 0
        results['draw'] = int(results['rng'].integers(2**31))
        return results


PACK = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label', 'frame_inds', 'red', 'draw'], meta_keys=[])]


def make(videos, tmp_path, tail=PACK, init=None, decode=None, **kwargs):
    path = tmp_path / 'list.txt'
    path.write_text(''.join(f'clip_{k}.mp4 {k}\n' for k in range(4)))
    steps = [init or dict(type='PyAVInit'),
             dict(type='SampleFrames', clip_len=3, frame_interval=2, num_clips=2),
             decode or dict(type='PyAVDecode'), Spoil(), *tail]
    return DATASETS.build(dict(type='RepeatAugDataset', ann_file=str(path), pipeline=steps,
                               data_prefix=str(videos), **kwargs))


def test_each_sample_shows_its_own_frames_decoded_once(videos, tmp_path):
    init, decode = CountedInit(type='PyAVInit'), CountedDecode(type='PyAVDecode')
    dataset = make(videos, tmp_path, init=init, decode=decode, num_repeats=3)
    samples = dataset[2]
    assert (init.calls, decode.calls) == (1, 1) and len(samples) == 3
    assert [s['sample_index'] for s in samples] == [2, 2, 2]
    assert [s['label'] for s in samples] == [2, 2, 2]
    assert len({tuple(s['frame_inds']) for s in samples}) == 3
    assert len({s['draw'] for s in samples}) == 3
    for sample in samples:
        assert sample['imgs'].shape == (2, 3, 3, 60, 80)
        # Red is 8 times the number of the frame.
        np.testing.assert_allclose(sample['red'], 8 * sample['frame_inds'], atol=4)


def test_all_samples_may_show_the_same_frames(videos, tmp_path):
    samples = make(videos, tmp_path, num_repeats=4, sample_once=True)[1]
    assert len({tuple(s['frame_inds']) for s in samples}) == 1
    assert len({s['draw'] for s in samples}) == 4
    for sample in samples:
        np.testing.assert_allclose(sample['red'], 8 * sample['frame_inds'], atol=4)


def test_batches_and_workers(videos, tmp_path):
    dataset = make(videos, tmp_path, num_repeats=2)
    assert FUNCTIONS.get('repeat_pseudo_collate') is FUNCTIONS.get('repeat_collate')

    def epoch(num_workers):
        loader = DataLoader(dataset, batch_size=2, num_workers=num_workers,
                            collate_fn=FUNCTIONS.get('repeat_collate'))
        return list(loader)
    batches = epoch(0)
    assert [b['label'].tolist() for b in batches] == [[0, 0, 1, 1], [2, 2, 3, 3]]
    assert batches[0]['imgs'].shape == (4, 2, 3, 3, 60, 80)
    for one, other in zip(batches, epoch(2), strict=True):
        assert all(torch.equal(one[key], other[key]) for key in one)
    dataset.set_epoch(1)
    assert not torch.equal(epoch(0)[0]['draw'], batches[0]['draw'])


def test_single_samples_are_batched_too():
    batch = repeat_collate([dict(x=1), [dict(x=2), dict(x=3)]])
    assert batch['x'].tolist() == [1, 2, 3]


def test_a_step_is_named_by_its_place_in_the_pipeline(videos, tmp_path):
    dataset = make(videos, tmp_path, tail=[dict(type='Collect', keys=['flow'])])
    with pytest.raises(InputError, match=r"clip_0.mp4 \(.*line 1\): pipeline\[4\] \(Collect\) "
                                         "needs the key 'flow'"):
        dataset[0]


@pytest.mark.parametrize('kwargs, message', [
    (dict(num_repeats=0), 'num_repeats must be a whole number >= 1, not 0'),
    (dict(test_mode=True), 'is for training'),
    (dict(decode=Spoil()), r'decode them \(...Decode\), found PyAVInit, SampleFrames, Spoil')])
def test_wrong_arguments(kwargs, message, videos, tmp_path):
    with pytest.raises(InputError, match=message):
        make(videos, tmp_path, **kwargs)
