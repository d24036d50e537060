"""Rows of the published tables: all there, as published, under names that say what they are."""
import copy
import json
import re
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvideo.engine.config_file import find_config
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError, MissingFileError
from mmvideo.zoo import Row, View, group_rows, read_configs, read_rows
from mmvideo.zoo.check import NAMED_OTHERWISE, compare, name_complaints, read_published
from mmvideo.zoo.choice import parts_of, rows_of
from mmvideo.zoo.networks import is_foreign, size
from mmvideo.zoo.page import render, stale_line
from mmvideo.zoo.protocol import passes
from mmvideo.zoo.protocol import published as figures_of
from mmvideo.zoo.results import read_results
from mmvideo.zoo.rows import test_view as view_of

sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import ROOT, main_of  # noqa: E402

PUBLISHED = ROOT / 'tests/data/zoo.json.gz'
# Rows that no config gives.
LOST = []


@pytest.fixture(scope='module')
def configs():
    return read_configs()


@pytest.fixture(scope='module')
def rows(configs):
    return read_rows(configs)


@pytest.fixture(scope='module')
def published():
    return read_published(str(PUBLISHED))


def test_rows_are_as_published(rows, published):
    assert len(published) == 196
    differences, lost = compare(rows, published)
    assert differences == []
    assert lost == LOST and len(rows) + len(lost) == 196


def test_names_say_what_the_configs_do(configs):
    assert [c for path, cfg in configs.items() for c in name_complaints(path, cfg)] == []


def row_of(rows, number):
    row = next(r for r in rows if r.number == number)
    return Row(row.path, copy.deepcopy(row.cfg), row.entry)


@pytest.mark.parametrize('key, value, said', [
    ('top1', 70.25, 'top1 is 70.25, published'), ('top5', None, 'top5 is None'),
    ('reference', (70.36, 89.5), 'reference'), ('memory_mb', 7078, 'memory_mb'),
    ('gpus', '8x2', 'gpus'), ('resolution', 'short-side 256', 'resolution'),
    ('ckpt', 'https://example.org/a-12345678.pth', 'ckpt'), ('pretrain', 'None', 'pretrain'),
    ('config', 'tsm_r50', 'name'), ('videos_per_s', '74.0 (8x3 frames)', 'videos_per_s'),
    ('backbone', 'ResNet101', 'backbone'), ('mean_class', 12.0, 'mean_class'),
    ('section', 'Kinetics-600', 'section'), ('row', 99, 'resolution'), ('row', 500, 'not in')])
def test_a_wrong_field_is_told(rows, published, key, value, said):
    row = row_of(rows, 98)
    assert compare([row], published)[0] == []
    row.entry[key] = value
    row.number, row.section = row.entry['row'], row.entry['section']
    assert any(said in complaint for complaint in compare([row], published)[0])


def test_what_the_config_says_counts(rows, published):
    row = row_of(rows, 98)
    row.cfg.model.backbone.depth = 101
    assert "backbone is 'ResNet101'" in compare([row], published)[0][0]
    row = row_of(rows, 157)
    row.cfg.train_dataloader.dataset.pipeline = [
        dict(s, type=s['type'].replace('MultiScaleCrop', 'CenterCrop'))
        for s in row.cfg.train_dataloader.dataset.pipeline]
    assert 'augmentation is None' in compare([row], published)[0][0]
    row = row_of(rows, 68)
    row.cfg.test_dataloader.dataset.pipeline[-4].type = 'TenCrop'
    assert 'protocol' in compare([row], published)[0][0]


def test_a_column_that_nothing_reads_is_told(rows, published):
    changed = {98: {**published[98], 'top1 acc, ten crops': '71.0'}}
    assert 'nothing reads' in compare([row_of(rows, 98)], changed)[0][0]


@pytest.mark.parametrize('stem, change, said', [
    ('tsm_r50_1x1x8_50e_kinetics400_rgb', 'num_clips', '1x1x8 (clip), the config 1x1x4'),
    ('slowfast_r50_4x16x1_256e_kinetics400_rgb', 'frame_interval', '4x16x1 (clip)'),
    ('tsn_r50_320p_1x1x3_110e_kinetics400_flow', 'clip_len', '1x1x3 (clip)')])
def test_a_clip_that_is_not_the_name_is_told(configs, stem, change, said):
    path = next(p for p in configs if p.endswith(f'/{stem}.py'))
    cfg = copy.deepcopy(configs[path])
    assert name_complaints(path, cfg) == []
    step = next(s for s in cfg.train_dataloader.dataset.pipeline if 'clip_len' in s)
    step[change] = 4
    complaint, = name_complaints(path, cfg)
    assert said in complaint


def test_other_words_of_a_name_are_told(configs):
    path = next(p for p in configs if p.endswith('/tsm_r50_1x1x8_50e_kinetics400_rgb.py'))
    cfg = configs[path]
    for wrong, said in (('tsm_r50_1x1x8_60e_kinetics400_rgb', 'says 60 (epochs), the config 50'),
                        ('tsm_r50_1x1x8_50e_kinetics400_flow', 'says flow (modality)'),
                        ('tsm_r50_1x1x8_50e_sthv1_rgb', 'says sthv1, the list is data/kinetics')):
        assert any(said in c for c in name_complaints(f'configs/{wrong}.py', cfg))
    # What the weights come from is no list.
    stem = 'slowonly_kinetics_pretrained_r50_4x16x1_20e_ava_rgb'
    cfg = configs[next(p for p in configs if p.endswith(f'/{stem}.py'))]
    assert name_complaints(f'configs/{stem}.py', cfg) == []
    for word in ('kinetics', 'ava22'):
        complaint, = name_complaints(f'configs/{stem.replace("ava", word)}.py', cfg)
        assert f'the name says {word}, the list is data/ava/annotations/ava_train_v2.1' in complaint


def test_exceptions_are_still_needed(configs, monkeypatch):
    monkeypatch.setattr('mmvideo.zoo.check.NAMED_OTHERWISE', {})
    found = [c for path, cfg in configs.items() for c in name_complaints(path, cfg)]
    assert len(found) == len(NAMED_OTHERWISE)
    for (stem, key), _ in NAMED_OTHERWISE.items():
        assert any(stem in c and f'({key})' in c for c in found)


@pytest.mark.parametrize('number, backbone, epochs, protocol, view', [
    (0, 'C3D', 45, '10 clips x 1 crop', View(10, 1, 16, (1, 1, 3, 16, 112, 112))),
    (47, 'ResNet50', 256, '10 clips x 3 crops', View(10, 3, 32, (1, 1, 3, 32, 256, 256))),
    (98, 'ResNet50', 50, '8x1 frames', View(1, 1, 8, (1, 8, 3, 224, 224))),
    (116, 'ResNet50', 50, '2 clips of 8x3 frames', View(2, 3, 8, (1, 8, 3, 256, 256))),
    (144, 'ResNet50', 110, '25x10 frames', View(1, 10, 25, (1, 25, 10, 224, 224))),
    (158, 'ResNet50', 100, '25x3 frames', View(1, 3, 25, (1, 25, 3, 256, 256))),
    (163, 'ResNet50', 100, '25x10 frames', View(1, 10, 25, (1, 25, 3, 224, 224))),
    (192, 'X3D_S', None, '10 clips x 3 crops', View(10, 3, 13, (1, 1, 3, 13, 192, 192))),
    (194, 'ResNet18', 100, '1 clip x 1 crop', View(1, 1, 64, (1, 1, 1, 64, 80)))])
def test_columns_read_from_the_config(rows, number, backbone, epochs, protocol, view):
    row = row_of(rows, number)
    assert (row.backbone, row.epochs, row.protocol, row.view) == (backbone, epochs, protocol, view)


def test_rows_are_grouped_as_published(rows, published):
    order = list(dict.fromkeys((r['family'], r['section']) for r in published.values()
                               if r['row'] not in LOST))
    assert list(group_rows(rows)) == order


def test_weights_are_said_once(rows):
    for number, other in ((69, 58), (169, 140)):
        assert row_of(rows, number).checkpoints == row_of(rows, other).checkpoints != []
    assert 'memory_mb' not in row_of(rows, 69).entry and row_of(rows, 169).get('memory_mb') == 8344


def test_bad_rows_are_refused(rows):
    one = Config(dict(zoo=[dict(row=1, section='A')]))
    with pytest.raises(InputError, match='row 1 of the zoo stands in a.py and in b.py'):
        read_rows({'a.py': one, 'b.py': one})
    with pytest.raises(InputError, match="a.py: an entry of zoo has no 'section'"):
        read_rows({'a.py': Config(dict(zoo=[dict(row=1)]))})
    lost = Config(dict(zoo=[dict(row=1, section='A', weights_of=7)]))
    with pytest.raises(InputError, match='row 1 has the weights of row 7, which no config gives'):
        read_rows({'a.py': lost})
    with pytest.raises(MissingFileError, match='none.json does not exist'):
        read_published('none.json')


def test_check_tells_and_counts(configs, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr('mmvideo.zoo.read_configs', lambda: configs)
    assert main_of('tools/zoo.py')(['check']) == (1 if LOST else 0)
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(LOST) + 1
    assert told[-1].endswith(f'{196 - len(LOST)} of 196 published rows, 0 fields that differ')
    (tmp_path / 'broken.json').write_text('[{]')
    assert main_of('tools/zoo.py')(['check', '--published', str(tmp_path / 'broken.json')]) == 2
    assert 'broken.json is no list of published rows' in capsys.readouterr().err


def test_the_page_is_up_to_date(configs, rows):
    text = render(configs, rows, read_results(str(ROOT / 'benchmarks/reproduced')))
    assert stale_line(text, str(ROOT / 'model-zoo.md')) is None, \
        'make it with: python tools/zoo.py write'


@pytest.fixture(scope='module')
def page():
    return (ROOT / 'model-zoo.md').read_text(encoding='utf-8')


def test_the_page_has_every_row_once_and_its_links_lead_somewhere(page, published):
    numbers = [int(n) for n in re.findall(r'^\| (\d+) \|', page, re.MULTILINE)]
    assert numbers == list(range(196))
    places = set(re.findall(r'\]\((configs/[^)]+)\)', page))
    assert len(places) > 185 and all((ROOT / place).is_file() for place in places)
    addresses = {address for row in published.values() for address in row.get('ckpt_urls', [])}
    assert set(re.findall(r'\]\((https://download[^)]+)\)', page)) == addresses


def test_tables_are_whole(page):
    tables = re.findall(r'(?:^\|.*\n)+', page, re.MULTILINE)
    assert len(tables) > 50
    for table in tables:
        widths = {line.count('|') for line in table.splitlines()}
        assert len(widths) == 1 and table.splitlines()[1].replace('-', '').strip('|') != '---'


@pytest.mark.parametrize('number, cells', [
    (47, ['76.94', '92.8', '9062', '10 clips x 3 crops', '30', '32x256x256', '34.57', '65.7']),
    (98, ['70.24', '89.56', '70.36', '89.49', '7079', '8x1 frames', '1', '8x224x224', '24.33',
          '32.7']),
    (116, ['45.58 / 47.7', '2 clips of 8x3 frames', '6', '23.86', '42.7']),
    (155, ['densenet161 [torchvision]', '25x3 frames', '–'])])
def test_cells_of_the_page(page, number, cells):
    line = re.search(rf'^\| {number} \|.*', page, re.MULTILINE).group()
    found = line.split(' | ')
    assert [cell for cell in cells if cell not in found] == []


def test_sizes_agree_with_the_published_ones(rows):
    """Parameters in thousands, as published with three digits of a million."""
    figures = json.loads((ROOT / 'tests/data/complexity.json').read_text())['zoo']
    known = {name: row for row in figures for name in row['configs']}
    compared = 0
    for row in rows:
        said = known.get(row.stem)
        if said and row.view and not is_foreign(row.cfg.model):
            parameters, multiply_adds = size(row.cfg.model, row.view.shape)
            wanted = said.get('measured_parameters', said['parameters'] * 1e6)
            assert abs(parameters - wanted) < 501, row.stem
            if said.get('measured') and tuple(said['shape']) == row.view.shape:
                assert multiply_adds / 1e9 == pytest.approx(said['measured'], rel=0.005), row.stem
            compared += 1
    assert compared > 100


def test_verified_rows_are_shown(configs, rows, monkeypatch):
    monkeypatch.setattr('mmvideo.zoo.page.size', lambda model, shape: (1, 1))
    found = dict(figures=[dict(field=field, measured=measured, difference=difference)
                          for field, measured, difference in (('top1', 45.6, 0.02),
                                                              ('top5', 75., -0.02),
                                                              ('top1', 47.65, -0.05))])
    text = render(configs, rows, {116: found})
    cell = '[45.60 (+0.02) / 47.65 (-0.05)](benchmarks/reproduced/row_116.json)'
    assert text.count('| verified |') == 1 and text.count('benchmarks/reproduced/') == 1
    assert cell in re.search(r'^\| 116 \|.*', text, re.MULTILINE).group().split(' | ')


# Rows that quote the figures of others, and rows that are made of others.
QUOTED, JOINED = [20, 21, 22, 23, 36, 37, 38], [77, 145, 149, 191, 195]


def test_which_tests_give_the_figures_of_a_row(rows):
    quoted, joined, pairs = [], [], []
    for row in rows:
        parts = parts_of(row)
        if parts:
            joined.append(row.number)
            assert all(passes(one) and one.checkpoints for one, _ in parts)
            assert figures_of(row)
            continue
        try:
            found = passes(row)
        except InputError as error:
            assert 'only quotes figures' in str(error)
            quoted.append(row.number)
            continue
        names = [one.name for one in found]
        views = [view_of(row.cfg, one.pipeline) for one in found]
        if names == ['efficient', 'accurate']:
            pairs.append(row.number)
            assert [view.count for view in views] == [1, 6]
        elif len(found) == 2:
            assert names == ['30 views', '10 views'] and [v.count for v in views] == [30, 10]
            assert views[0].shape == views[1].shape
        else:
            assert names == [''] and views == [row.view]
        for one in found:
            fields = set(one.figures)
            assert fields and (fields == {'mean_ap'}) == (row.get('mean_ap') is not None)
            assert all(0 < value <= 100 for value in one.figures.values())
    assert (quoted, joined) == (QUOTED, JOINED)
    assert pairs == [r.number for r in rows if isinstance(r.get('top1'), tuple)
                     and r.number not in (5, *QUOTED, *JOINED)]


def test_figures_and_metrics_of_rows(rows):
    tests = {number: passes(row_of(rows, number)) for number in (5, 116, 180, 185, 192)}
    assert tests[5][0].figures == dict(top1=82.76, top5=95.68)
    assert passes(row_of(rows, 5), weights=1)[0].figures == dict(top1=82.6, top5=95.3)
    assert [one.figures['top1'] for one in tests[116]] == [45.58, 47.7]
    assert [one.figures for one in tests[192]] == [dict(top1=73.2), dict(top1=72.7)]
    metrics = {number: tests[number][0].metrics(row_of(rows, number).cfg) for number in tests}
    assert metrics[116] == dict(top1=('top_k_accuracy', 'top1_acc'),
                                top5=('top_k_accuracy', 'top5_acc'))
    assert metrics[180] == dict(mean_ap=('mmit_mean_average_precision', ) * 2)
    assert metrics[185] == dict(mean_ap=('mean_average_precision', ) * 2)
    assert figures_of(row_of(rows, 195)) == dict(top1=71.5, top5=90.18)
    assert figures_of(row_of(rows, 38)) == {}


def test_names_of_the_tables_are_names_of_configs(rows):
    named = {row.name: row.path for row in rows
             if row.name != row.stem and re.fullmatch(r'\w+_\w+', row.name)}
    assert len(named) == 3
    for name, path in named.items():
        assert Path(find_config(name)).samefile(path)


def test_the_row_of_a_name(rows):
    port = 'tsm_mobilenetv2_dense_1x1x8_kinetics400_rgb_port'
    for name, numbers in ((port, [113]), ('tsn_r50_dense_1x1x5_50e_kinetics400_rgb', [142]),
                          ('tsn_r50_1x1x8_100e_kinetics400_rgb', [146]),
                          ('tsn_r50_320p_1x1x8_100e_kinetics400_rgb', [146, 147])):
        assert [row.number for row in rows_of(name)[0]] == numbers
    with pytest.raises(MissingFileError, match='tsm_r50_1x1x8_50e_kinetics_rgb does not exist; '
                                               'did you mean'):
        rows_of('configs/recognition/tsm/tsm_r50_1x1x8_50e_kinetics_rgb')


def test_stale_pages_are_told(configs, monkeypatch, capsys, tmp_path):
    page = tmp_path / 'page.md'
    assert stale_line('a\n', str(page)) == f'{page} does not exist'
    page.write_text('a\nb\n')
    assert stale_line('a\nb\n', str(page)) is None
    assert stale_line('a\nc\n', str(page)) == f'{page}, line 2 is stale, now it is: c'
    assert stale_line('a\n', str(page)) == f'{page}, line 2 is left over'
    monkeypatch.setattr('mmvideo.zoo.read_configs', lambda: configs)
    monkeypatch.setattr('mmvideo.zoo.page.size', lambda model, shape: (24327632, 32703643648))
    main = main_of('tools/zoo.py')
    assert main(['write', '--check', '--out', str(page)]) == 1
    assert 'make it with: python tools/zoo.py write' in capsys.readouterr().out
    assert page.read_text() == 'a\nb\n'
    assert main(['write', '--out', str(page)]) == 0
    assert main(['write', '--check', '--out', str(page)]) == 0
    assert 'up to date: 196 rows' in capsys.readouterr().out
    page.write_text(page.read_text().replace('70.24', '70.25'))
    assert main(['write', '--check', '--out', str(page)]) == 1
    assert 'is stale, now it is: | 98 |' in capsys.readouterr().out


def test_moments_count_as_clips():
    view = view_of(load_config(find_config(
        'slowfast_paper_r101_16x8x1_57e_charades_moments_rgb')))
    assert view == View(25, 3, 64, (1, 1, 3, 64, 256, 256))
