"""The embedded benchmark: its rows, what is kept of them, and one row measured again."""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmvideo.engine.run import load_config
from mmvideo.errors import InputError, MissingFileError
from mmvideo.evaluation import write_scores
from mmvideo.zoo.embedded import (
    BOUNDS,
    Figures,
    complaint,
    embedded_configs,
    embedded_rows,
    measure_row,
    read_ceilings,
    read_results,
    record,
    run_rows,
)

sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import AUDIO, ROOT, main_of  # noqa: E402

SUM = 'tsn_r18_audio_feature_tsm_r18_rgb_embedded'
# Roundings of another processor lead the training another way: some clips of 240.
TOLERANCE = 4


@pytest.fixture(scope='module')
def configs():
    paths = sorted(str(path) for path in ROOT.glob('configs/recognition*/**/*embedded*.py'))
    return embedded_configs({path: load_config(path) for path in paths})


def test_recorded_rows_are_within_bounds(configs):
    found = read_results()
    for path, cfg in configs.items():
        figures = found['rows'].get(Path(path).stem)
        if figures:
            assert complaint(cfg.benchmark.evidence, figures.top1) is None, path
            assert abs(figures.mean_class - figures.top1) < 0.01     # classes of one size
            assert (figures.seconds is None) == (figures.clips_per_second is None) \
                == ('fusion' in cfg)
    assert set(found['rows']) <= {Path(path).stem for path in configs}


def test_ceilings_are_those_of_the_data_set(embedded):
    assert read_results()['ceilings'] == read_ceilings(embedded)
    for evidence, (least, most) in BOUNDS.items():
        assert least <= 100 * read_ceilings(embedded)[evidence] <= most


@pytest.mark.parametrize('evidence, top1, fine', [
    ('ordered frames', 67.9, False), ('ordered frames', 68.0, True),
    ('unordered frames', 45.1, False), ('unordered frames', 12.5, False),
    ('unordered frames', 37.5, True), ('sound', 44.0, False)])
def test_bounds(evidence, top1, fine):
    assert (complaint(evidence, top1) is None) == fine


def test_rows_by_path():
    rows = embedded_rows()
    own = next(path for path in rows if path.endswith(Path(AUDIO).name))
    assert rows[own] == read_results()['rows'][Path(AUDIO).stem] and 45 < rows[own].top1 < 57


def test_results_are_kept(tmp_path):
    file = tmp_path / 'embedded.json'
    assert read_results(file) == dict(ceilings={}, rows={})
    first, second = Figures(70.0, 69.5, 12.0, 90, 'a'), Figures(99.0, 99.0, None, None, 'a')
    record('b', first, {'sound': 0.5}, file)
    record('a', second, {'sound': 0.5}, file)
    record('b', first._replace(top1=71.0), {'sound': 0.5}, file)
    assert read_results(file) == dict(
        ceilings={'sound': 0.5}, rows=dict(a=second, b=first._replace(top1=71.0)))
    assert list(json.loads(file.read_text())['rows']) == ['a', 'b']
    file.write_text('{"rows": {"a": {"top2": 3}}}')
    with pytest.raises(InputError, match='embedded.json holds no results'):
        read_results(file)


def test_a_row_is_measured_once(embedded, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mmvideo.zoo.embedded.SECONDS', 0)
    path = tmp_path / Path(AUDIO).name
    path.write_text(Path(AUDIO).read_text().replace('../..', str(ROOT / 'configs'))
                    + 'train_cfg = dict(max_epochs=1)\n' + ''.join(
                        f'{phase}_dataloader.update(num_workers=0, persistent_workers=False)\n'
                        for phase in ('train', 'val')))
    path, cfg = str(path), load_config(str(path))
    status = run_rows({path: cfg}, embedded, tmp_path)      # sixteen clips teach it nothing
    told = capsys.readouterr().out.splitlines()[-1]
    kept = json.loads((tmp_path / Path(AUDIO).stem / 'figures.json').read_text())
    assert told.startswith(f'1/1 {Path(AUDIO).stem}: top-1 {kept["top1"]:.2f} % of 50 %')
    assert 'recorded' in told and status == ('expected 45..57 % from sound' in told)
    assert kept['clips_per_second'] > 0 and 'torch' in kept['machine']

    def never(*args):
        raise AssertionError('measured again')
    monkeypatch.setattr('mmvideo.zoo.embedded._train', never)
    assert measure_row(path, cfg, tmp_path, embedded).top1 == kept['top1']
    with pytest.raises(AssertionError, match='measured again'):
        measure_row(path, cfg, tmp_path, embedded, again=True)
    cfg.optim_wrapper.optimizer.lr = 0.1        # another recipe
    with pytest.raises(AssertionError, match='measured again'):
        measure_row(path, cfg, tmp_path, embedded)


def test_sums_are_of_the_same_clips(configs, tmp_path):
    path = next(path for path in configs if Path(path).stem == SUM)
    assert list(configs)[-1] == path        # behind what it is made of
    cfg = configs[path]
    with pytest.raises(MissingFileError, match=f'measure {cfg.fusion.configs[0]} first'):
        measure_row(path, cfg, tmp_path)
    scores = np.eye(8)[[0, 1, 2, 2]]
    for stem, suffix, factor in zip(cfg.fusion.configs, ('npy', 'mp4'), (3, -2), strict=True):
        (tmp_path / stem).mkdir()
        write_scores(str(tmp_path / stem / 'scores.pkl'), list(factor * scores),
                     names=[f'val/{i}.{suffix}' for i in range(4)], labels=[0, 1, 2, 7])
    found = measure_row(path, cfg, tmp_path)
    assert (found.top1, found.mean_class, found.seconds) == (75.0, 75.0, None)
    write_scores(str(tmp_path / stem / 'scores.pkl'), list(scores), labels=[0, 1, 2, 7],
                 names=['val/0.mp4', 'val/1.mp4', 'val/3.mp4', 'val/2.mp4'])
    with pytest.raises(InputError, match='not of the same clips'):
        measure_row(path, cfg, tmp_path, again=True)


def test_wrong_calls_of_the_command(tmp_path, capsys):
    zoo = main_of('tools/zoo.py')
    assert zoo(['embedded', 'tsm_r50_1x1x8_50e_sthv1_rgb']) == 2
    assert 'no config of the embedded benchmark has such a name' in capsys.readouterr().err
    assert zoo(['embedded', Path(AUDIO).stem, '--data', str(tmp_path)]) == 2
    assert 'make the data set with: python tools/data/build_embedded.py' in \
        capsys.readouterr().err


@pytest.mark.slow
def test_a_row_is_what_was_recorded(tmp_path):
    """The cheapest row, trained from nothing; equal where it was recorded, near it elsewhere."""
    data = ROOT / 'data' / 'embedded'
    if not (data / 'embedded.json').is_file():
        data = tmp_path / 'embedded'
        subprocess.run([sys.executable, str(ROOT / 'tools/data/build_embedded.py'), '--out',
                        str(data)], check=True)
    recorded = read_results()['rows'][Path(AUDIO).stem]
    found = measure_row(AUDIO, load_config(AUDIO), tmp_path, str(data))
    assert abs(found.top1 - recorded.top1) <= TOLERANCE
    assert abs(found.mean_class - recorded.mean_class) <= TOLERANCE
