"""Balanced classes: in one process, in several, in a run."""
import collections
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader

from mmvideo.datasets import ClassSpecificDistributedSampler, samplers
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SIZES = {0: 40, 3: 10, 7: 4}


class Draw:
    def __call__(self, results):
        return dict(label=results['label'], draw=int(results['rng'].integers(2**31)))


def config(tmp_path, sizes=SIZES, **kwargs):
    path = tmp_path / 'list.txt'
    path.write_text(''.join(f'{label}_{i}.mp4 {label}\n'
                            for label, size in sizes.items() for i in range(size)))
    return dict(type='VideoDataset', ann_file=str(path), pipeline=[Draw()], **kwargs)


def make(tmp_path, sizes=SIZES, **kwargs):
    return DATASETS.build(config(tmp_path, sizes, **kwargs))


def shown(sampler):
    """Times that each record is shown."""
    return collections.Counter(i[0] if isinstance(i, tuple) else i for i in sampler)


def by_class(dataset, counts):
    found = collections.Counter()
    for index, count in counts.items():
        found[dataset.records[index]['label']] += count
    return dict(found)


@pytest.mark.parametrize('power, expected', [
    (0, {0: 40, 3: 40, 7: 40}),
    (0.5, {0: 40, 3: 20, 7: 13}),       # 40 * (10/40) ** 0.5, 40 * (4/40) ** 0.5 = 12.6
    (1, SIZES),
    (2, {0: 40, 3: 2, 7: 1})])          # 2.5 is rounded to the even number, 0.4 up
def test_small_classes_are_repeated_evenly(power, expected, tmp_path):
    dataset = make(tmp_path, power=power, dynamic_length=True)
    sampler = ClassSpecificDistributedSampler(dataset, seed=0)
    counts = shown(sampler)
    assert by_class(dataset, counts) == expected
    assert len(sampler) == sum(expected.values())
    for label, size in SIZES.items():
        times = [counts[i] for i, r in enumerate(dataset.records) if r['label'] == label]
        assert max(times) - min(times) <= 1 and len(times) == size


@pytest.mark.parametrize('power, shares', [(0, [1 / 3] * 3), (1, [40 / 54, 10 / 54, 4 / 54])])
def test_a_fixed_length_is_drawn(power, shares, tmp_path):
    dataset = make(tmp_path)
    sampler = ClassSpecificDistributedSampler(dataset, dynamic_length=False, power=power, seed=1)
    assert len(sampler) == len(list(sampler)) == 54
    total = collections.Counter()
    for epoch in range(60):
        sampler.set_epoch(epoch)
        total += shown(sampler)
    counts = by_class(dataset, total)
    for label, share in zip(SIZES, shares, strict=True):
        assert abs(counts[label] / (60 * 54) - share) < 0.03
    # Within a class all records alike: the rarest class has the widest spread.
    rare = [total[i] for i in range(50, 54)]
    assert np.std(rare) < 4 * np.sqrt(np.mean(rare))


def test_an_epoch_depends_on_seed_and_epoch_alone(tmp_path):
    dataset = make(tmp_path, dynamic_length=True)

    def epoch(seed, number):
        sampler = ClassSpecificDistributedSampler(dataset, seed=seed)
        sampler.set_epoch(number)
        return list(sampler)
    assert epoch(3, 1) == epoch(3, 1)
    assert len({tuple(map(str, epoch(*pair))) for pair in ((3, 1), (3, 2), (4, 1))}) == 3
    in_order = list(ClassSpecificDistributedSampler(dataset, shuffle=False, seed=0))
    assert in_order[38:46] == [38, 39, 40, (40, 1), (40, 2), (40, 3), 41, (41, 1)]


@pytest.mark.parametrize('dynamic_length', [True, False])
@pytest.mark.parametrize('world_size', [2, 7])
def test_processes_share_one_epoch(dynamic_length, world_size, tmp_path, monkeypatch):
    dataset = make(tmp_path, dynamic_length=dynamic_length)
    alone = list(ClassSpecificDistributedSampler(dataset, seed=5))
    for round_up in (True, False):
        parts = []
        for rank in range(world_size):
            monkeypatch.setattr(samplers, 'get_dist_info', lambda r=rank: (r, world_size))
            sampler = ClassSpecificDistributedSampler(dataset, seed=5, round_up=round_up)
            parts.append(list(sampler))
            assert len(sampler) == len(parts[-1])
        together = [parts[i % world_size][i // world_size] for i in range(len(alone))]
        assert together == alone
        if round_up:
            assert len({len(part) for part in parts}) == 1
        else:
            assert sum(map(len, parts)) == len(alone)
        monkeypatch.undo()


def test_a_repeated_record_has_other_draws(tmp_path):
    dataset = make(tmp_path, {0: 6, 1: 2}, dynamic_length=True)
    sampler = ClassSpecificDistributedSampler(dataset, seed=0)
    assert sorted(i for i in sampler if isinstance(i, tuple)) == [(6, 1), (6, 2), (7, 1), (7, 2)]
    loaders = [DataLoader(dataset, batch_size=4, sampler=sampler, num_workers=n) for n in (0, 2)]
    batches = [list(loader) for loader in loaders]
    assert [b['draw'].tolist() for b in batches[0]] == [b['draw'].tolist() for b in batches[1]]
    draws = torch.cat([b['draw'] for b in batches[0]])
    assert len(set(draws.tolist())) == len(draws) == 12
    assert torch.cat([b['label'] for b in batches[0]]).tolist().count(1) == 6
    assert dataset[6, 0]['draw'] == dataset[6]['draw'] != dataset[6, 1]['draw']


def test_wrapped_sets_are_balanced_as_a_whole(tmp_path):
    inner = config(tmp_path, {0: 3, 1: 1}, sample_by_class=True, power=0.5)
    dataset = DATASETS.build(dict(type='RepeatDataset', dataset=inner, times=4))
    assert dataset.members[0].sample_by_class
    sampler = ClassSpecificDistributedSampler(dataset, dynamic_length=True, seed=0)
    # 12 and 4 records: 12 * (4 / 12) ** 0.5 = 6.9
    assert by_class(dataset, shown(sampler)) == {0: 12, 1: 7}
    assert not dataset.members[0].sample_by_class
    assert [dataset[i]['label'] for i in sampler].count(1) == 7
    both = DATASETS.build(dict(type='ConcatDataset', datasets=[inner, inner]))
    sampler = ClassSpecificDistributedSampler(both, dynamic_length=True, power=0, seed=0)
    assert by_class(both, shown(sampler)) == {0: 6, 1: 6}
    assert not any(member.sample_by_class for member in both.members)


def test_sets_of_others_get_plain_indices():
    class Other:
        records = [dict(label=0)] * 3 + [dict(label=1)]

        def __len__(self):
            return 4
    sampler = ClassSpecificDistributedSampler(Other(), power=0, seed=0)
    assert sorted(sampler) == [0, 1, 2, 3, 3, 3]


def test_records_of_several_classes_are_refused(tmp_path):
    path = tmp_path / 'many.txt'
    path.write_text('a.mp4 0\nb.mp4 1 2\n')
    dataset = DATASETS.build(dict(type='VideoDataset', ann_file=str(path), pipeline=[Draw()],
                                  multi_class=True, num_classes=3))
    with pytest.raises(InputError, match=r'many.txt, line 1: label \[0\], expected one class'):
        ClassSpecificDistributedSampler(dataset)


def test_a_run_finds_it_by_name(tmp_path):
    from mmengine.runner import Runner
    dataset = config(tmp_path, {0: 6, 1: 2}, sample_by_class=True, dynamic_length=True)
    with DefaultScope.overwrite_default_scope('mmvideo'):
        loader = Runner.build_dataloader(
            dict(dataset=dataset, batch_size=5, num_workers=0,
                 sampler=dict(type='ClassSpecificDistributedSampler'),
                 collate_fn=dict(type='default_collate')), seed=3)
    assert isinstance(loader.sampler, ClassSpecificDistributedSampler)
    assert loader.sampler.seed == 3 and len(loader) == 3
    assert torch.cat([batch['label'] for batch in loader]).tolist().count(1) == 6


@pytest.mark.parametrize('sampler, message', [
    (dict(type='ClassSpecificDistributedSampler', power=0.5), None),
    (dict(type='ClassSpecificSampler'), "sampler.type: 'ClassSpecificSampler'.* did you mean 'Cla"),
    (dict(type='DefaultSampler', shufle=True), "DefaultSampler takes no argument 'shufle'"),
    (dict(type='ClassSpecificDistributedSampler', power_=1), "no argument 'power_'; .*'power'")])
def test_a_config_is_checked(sampler, message):
    from mmvideo.engine.check import check_config
    leaf = CONFIGS / 'recognition' / 'tsm' / 'tsm_r18_1x1x8_10e_embedded_rgb.py'
    cfg = Config.fromfile(leaf)
    cfg.train_dataloader['sampler'] = sampler
    if message is None:
        check_config(cfg)
        return
    with pytest.raises(InputError, match=message):
        check_config(cfg)


def _in_process(rank, folder):
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    sampler = ClassSpecificDistributedSampler(make(folder / str(rank), dynamic_length=True))
    (folder / f'{rank}.json').write_text(json.dumps([sampler.seed, list(sampler)]))
    dist.barrier()
    dist.destroy_process_group()


def test_real_processes_agree_on_a_seed(tmp_path):
    for rank in (0, 1):
        (tmp_path / str(rank)).mkdir()
    # Forked: processes that start anew would import torch for longer than all else takes.
    torch.multiprocessing.start_processes(_in_process, (tmp_path, ), nprocs=2, start_method='fork')
    (seed, first), (other, second) = (json.loads((tmp_path / f'{rank}.json').read_text())
                                      for rank in (0, 1))
    assert seed == other and len(first) == len(second) == 60
    alone = ClassSpecificDistributedSampler(make(tmp_path, dynamic_length=True), seed=seed)
    interleaved = [i for pair in zip(first, second, strict=True) for i in pair]
    assert json.loads(json.dumps(list(alone))) == interleaved
