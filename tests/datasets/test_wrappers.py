import pytest

from mmvideo.datasets import ConcatDataset, RepeatDataset
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS


class Draw:
    def __call__(self, results):
        return dict(name=results['filename'], draw=int(results['rng'].integers(2**31)))


def listed(tmp_path, name, count):
    path = tmp_path / f'{name}.txt'
    path.write_text(''.join(f'{name}_{i}.mp4 {i}\n' for i in range(count)))
    return dict(type='VideoDataset', ann_file=str(path), pipeline=[Draw()], num_classes=9)


def test_a_repeated_sample_has_draws_of_its_own(tmp_path):
    dataset = DATASETS.build(dict(type='RepeatDataset', dataset=listed(tmp_path, 'a', 2), times=3))
    assert isinstance(dataset, RepeatDataset) and len(dataset) == 6
    samples = [dataset[i] for i in range(6)]
    assert [s['name'] for s in samples] == ['a_0.mp4', 'a_1.mp4'] * 3 == dataset.names
    assert [s['sample_index'] for s in samples] == list(range(6))
    assert len({s['draw'] for s in samples}) == 6
    assert dataset.origin(3).endswith('a.txt, line 2')
    assert [r['label'] for r in dataset.records] == [0, 1] * 3
    dataset.set_epoch(1)
    assert not {s['draw'] for s in samples} & {dataset[i]['draw'] for i in range(6)}


def test_joined_sets_number_their_samples_anew(tmp_path):
    dataset = DATASETS.build(dict(type='ConcatDataset', datasets=[
        listed(tmp_path, 'a', 2), listed(tmp_path, 'b', 3),
        dict(type='RepeatDataset', dataset=listed(tmp_path, 'c', 1), times=2)]))
    assert isinstance(dataset, ConcatDataset) and len(dataset) == 7
    names = ['a_0.mp4', 'a_1.mp4', 'b_0.mp4', 'b_1.mp4', 'b_2.mp4', 'c_0.mp4', 'c_0.mp4']
    assert [dataset[i]['name'] for i in range(7)] == names == dataset.names
    assert dataset[-1]['sample_index'] == 6
    assert len({dataset[i]['draw'] for i in range(7)}) == 7
    assert [dataset.origin(i)[-13:] for i in (1, 4, 6)] == ['a.txt, line 2', 'b.txt, line 3',
                                                           'c.txt, line 1']
    before = [dataset[i]['draw'] for i in range(7)]
    dataset.set_seed(1)
    assert not set(before) & {dataset[i]['draw'] for i in range(7)}
    assert dataset.num_classes == 9
    with pytest.raises(IndexError):
        dataset[7]


def test_test_mode_reaches_the_members(tmp_path):
    dataset = DATASETS.build(dict(type='ConcatDataset', datasets=[listed(tmp_path, 'a', 2)],
                                  test_mode=True))
    assert dataset.members[0].test_mode and dataset.test_mode


@pytest.mark.parametrize('cfg, message', [
    (dict(type='RepeatDataset', times=0), 'times must be a whole number >= 1, not 0'),
    (dict(type='ConcatDataset', datasets=[]), 'at least one data set')])
def test_wrong_arguments(cfg, message, tmp_path):
    if 'times' in cfg:
        cfg = dict(cfg, dataset=listed(tmp_path, 'a', 1))
    with pytest.raises(InputError, match=message):
        DATASETS.build(cfg)
