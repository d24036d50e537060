"""Features of videos in files: exact, whatever the file, and after an interruption."""
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

sys.path.insert(0, str(Path(__file__).parent))

from runs import TSM, main_of, options  # noqa: E402

from mmvideo.engine import load_config  # noqa: E402
from mmvideo.engine.run import complete  # noqa: E402
from mmvideo.evaluation.features import FeatureDump, finished  # noqa: E402
from mmvideo.registry import DATASETS, MODELS  # noqa: E402

main = main_of('tools/misc/clip_feature_extraction.py')


@pytest.fixture(scope='module')
def known(embedded, tmp_path_factory):
    """A checkpoint, a list without labels, and the features [N, T, C, H, W] of its videos."""
    folder = tmp_path_factory.mktemp('features')
    values = dict(pair.split('=', 1) for pair in options(embedded)[1:])
    listed = [line.split()[0] for line in (embedded / 'val_videos.txt').read_text().splitlines()]
    (folder / 'list.txt').write_text('\n'.join(listed[:5]) + '\n')
    cfg = complete(load_config(TSM, {
        **values, 'model.backbone.base_channels': 8, 'model.cls_head.in_channels': 64,
        'test_dataloader.dataset.ann_file': str(folder / 'list.txt')}))
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    torch.save(dict(state_dict=model.state_dict()), folder / 'net.pth')
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    batch = default_collate([dataset[i] for i in range(5)])
    with torch.no_grad():
        data = model.data_preprocessor(batch)
        maps = model.extract_feat(data['imgs'], stage='backbone')
        scores = model(data['imgs'], mode='tensor')
    return folder, listed[:5], maps.reshape(5, 8, *maps.shape[1:]).numpy(), scores.numpy()


def extract(known, embedded, *flags):
    folder = known[0]
    return main([TSM, str(folder / 'net.pth'), '--video-list', str(folder / 'list.txt'),
                 '--video-root', str(embedded / 'videos'), '--work-dir', str(folder / 'work'),
                 *map(str, flags), *options(embedded)])


def load(path):
    return pickle.loads(Path(path).read_bytes())


def test_features_and_scores_are_those_of_the_model(known, embedded, tmp_path):
    _, names, maps, scores = known
    assert extract(known, embedded, '--out', tmp_path / 'mean.pkl') == 0
    found = load(tmp_path / 'mean.pkl')
    assert isinstance(found, list) and len(found) == 5      # in the order of the list, as in 0.x
    np.testing.assert_allclose(np.stack(found), maps.mean((1, 3, 4)), atol=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['mean.pkl']
    assert extract(known, embedded, '--out', tmp_path / 'max.npz', '--spatial-type', 'max',
                   '--temporal-type', 'keep') == 0
    with np.load(tmp_path / 'max.npz') as arrays:
        assert sorted(arrays) == sorted(names)
        kept = np.stack([arrays[name] for name in names])
    np.testing.assert_allclose(kept, maps.max((3, 4)).transpose(0, 2, 1), atol=1e-5)
    assert extract(known, embedded, '--out', tmp_path / 'scores.json', '--dump-score') == 0
    found = np.array(json.loads((tmp_path / 'scores.json').read_text()))
    np.testing.assert_allclose(found, scores, atol=1e-5)


def test_an_interrupted_run_goes_on(known, embedded, tmp_path, capsys):
    _, names, maps, _ = known
    out = tmp_path / 'mean.pkl'
    marked = np.full(64, 7., np.float32)
    half = pickle.dumps((names[2], marked))
    (tmp_path / 'mean.pkl.0-1.part').write_bytes(pickle.dumps((names[1], marked)) + half[:40])
    assert finished(str(out), names).keys() == {names[1]}
    assert extract(known, embedded, '--out', out) == 0
    assert '1 of 5 videos are there already' in capsys.readouterr().out
    found = np.stack(load(out))
    np.testing.assert_array_equal(found[1], marked)     # was not made again
    rest = [0, 2, 3, 4]
    np.testing.assert_allclose(found[rest], maps[rest].mean((1, 3, 4)), atol=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['mean.pkl']


def test_a_folder_has_a_file_for_each_video(known, embedded, tmp_path, capsys):
    _, names, maps, _ = known
    folder = tmp_path / 'deep/features'
    for _ in range(2):
        assert extract(known, embedded, folder, '--view-type', 'keep') == 0
    assert '5 of 5 videos are there already' in capsys.readouterr().out
    for name, one in zip(names, maps, strict=True):
        found = load(folder / Path(name).with_suffix('.pkl'))
        np.testing.assert_allclose(found, one.mean((0, 2, 3))[None], atol=1e-5)


def test_windows_all_along_a_video(known, embedded, tmp_path):
    assert extract(known, embedded, '--out', tmp_path / 'long.npz', '--long-video-mode',
                   '--clip-interval', 4, '--cfg-options', 'model.backbone.num_segments=1',
                   'model.cls_head.num_segments=1', *options(embedded)[1:]) == 0
    with np.load(tmp_path / 'long.npz') as arrays:
        shapes = {array.shape for array in arrays.values()}
    assert all(len(s) == 2 and s[0] > 3 and s[1] == 64 for s in shapes), shapes


@pytest.mark.parametrize('flags, said', [
    (['--out', 'x.csv'], '--out x.csv: expected a name that ends in .pkl, .json, .npz'),
    (['--out', 'x.pkl', '--video-list', 'none.txt'], 'none.txt does not exist')])
def test_wrong_requests(known, embedded, tmp_path, monkeypatch, capsys, flags, said):
    monkeypatch.chdir(tmp_path)
    assert extract(known, embedded, *flags) == 2
    assert said in capsys.readouterr().err


def test_parts_of_several_processes_are_joined(tmp_path):
    for rank, names in enumerate((['a', 'c'], ['b', 'a'])):
        dump = FeatureDump(str(tmp_path / 'f.npz'))
        dump.part = f'{tmp_path}/f.npz.{rank}-5.part'
        dump.dataset_meta = dict(names=names)
        dump.process({}, [dict(feature=torch.full((2,), float(ord(n))), sample_index=i)
                          for i, n in enumerate(names)])
    found = finished(str(tmp_path / 'f.npz'), ['a', 'b', 'c', 'd'])
    assert {k: v.tolist() for k, v in found.items()} == dict(a=[97, 97], b=[98, 98], c=[99, 99])
