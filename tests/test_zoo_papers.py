"""Tables of papers: every row has a config, and its size is the published one.

What is counted stands on the page, which ``test_zoo.py`` holds against the configs.
"""
import copy
import json
import re
from pathlib import Path

import pytest
import torch

from mmvideo.complexity import count
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError
from mmvideo.registry import MODELS
from mmvideo.zoo.papers import NOTES, PER_VALUE, TABLES, counted, paper_rows

ROOT = Path(__file__).parents[1]
PUBLISHED = json.loads((ROOT / 'tests/data/papers.json').read_text())
# The sizes of layers.
ELSEWHERE = 'slowfast_paper_instantiation'
# Of detection, from the tables of MMAction2 0.x (configs/detection).
SLOW, FAST = 'Slow-only R', 'SlowFast R'
PUBLISHED.update({
    'mmaction2_ava_v2.1': dict(columns=['row', 'mAP'], rows=[
        [f'{SLOW}50 4x16', 20.1], [f'{SLOW}50 4x16, OmniSource', 21.8],
        [f'{SLOW}50 + NL 4x16', 21.75], [f'{SLOW}50 + NL 8x8', 23.79],
        [f'{SLOW}101 8x8', 24.6], [f'{SLOW}101 8x8, OmniSource', 25.9],
        [f'{FAST}50 4x16', 24.4], [f'{FAST}50 4x16, context', 25.4], [f'{FAST}50 8x8', 25.5],
        [f'{FAST}50 8x8, ACRN', 27.1]]),
    'mmaction2_ava_v2.2': dict(columns=['row', 'mAP'], rows=[
        [f'{FAST}50 8x8', 26.1], [f'{FAST}50 8x8, temporal max', 26.4],
        [f'{FAST}50 8x8, temporal max, focal', 26.8], [f'{FAST}50 8x8, ACRN', 27.8]])})
FIGURES = dict(top1='top1', top5='top5', gflops='gflops', params_m='parameters', mAP='mean_ap',
               val_mAP='mean_ap')
# More than a percent apart by no rule; the notes say how.
APART = {'Fast-only R-50 32x2 1': 0.078, 'Fast-only -': 0.078, '3D R-50 8x8 2^1': 0.011,
         '3D R-50 (our recipe) - 8x8 2^1': 0.011}


def expected():
    """``{(table, row): figures}`` of the published tables."""
    found = {}
    for table, content in PUBLISHED.items():
        if table == ELSEWHERE:
            continue
        for values in content['rows']:
            cells = dict(zip(content['columns'], values, strict=True))
            row = ' '.join(str(cells[c]) for c in cells if c not in FIGURES and c != 'views')
            found[table, row] = {FIGURES[c]: v for c, v in cells.items() if c in FIGURES}
    return found


@pytest.fixture(scope='module')
def rows():
    paths = [str(path) for path in sorted((ROOT / 'configs').rglob('*.py'))
             if '\npublished = [' in path.read_text()]
    return paper_rows({path: load_config(path) for path in paths})


def test_every_row_stands_on_a_config_with_its_figures(rows):
    found = {(table, row.entry['row']): {k: row.entry[k] for k in FIGURES.values()
                                         if k in row.entry}
             for table, members in rows.items() for row in members}
    assert found == expected() and len(found) == 38 + 6 + 14
    assert set(TABLES) == set(PUBLISHED) - {ELSEWHERE}


def test_what_is_counted_is_published():
    page = (ROOT / 'model-zoo.md').read_text(encoding='utf-8')
    page = page[page.index('## Tables of papers'):page.index('## Embedded benchmark')]
    sections = re.split(r'^### ', page, flags=re.MULTILINE)[1:]
    assert len(sections) == len(TABLES)
    compared = 0
    for table, section in zip(TABLES, sections, strict=True):
        lines = [[cell.strip() for cell in line.strip('|').split('|')]
                 for line in section.splitlines() if line.startswith('|')]
        for cells in (dict(zip(lines[0], line, strict=True)) for line in lines[2:]):
            said = expected()[table, cells['row']]
            compared += 1
            if 'mean_ap' in said:
                assert float(cells['mAP']) == said['mean_ap']
            if 'gflops' not in said:        # of detectors, no sizes are published
                continue
            ours = cells.get('counted as published', '–')
            ours = float(cells['GFLOPs here'] if ours == '–' else ours)
            apart = ours / said['gflops'] - 1
            if cells['row'] in APART:
                assert apart == pytest.approx(APART[cells['row']], abs=1e-3)
                assert cells['row'] in NOTES and NOTES[cells['row']] in section
            else:
                # The page rounds to hundredths.
                assert abs(apart) < 0.01 + 0.005 / said['gflops'], cells['row']
            if 'parameters' in said:
                here = float(cells['parameters here'])
                assert here == pytest.approx(said['parameters'], rel=0.01)
    assert compared == len(expected())


def test_what_the_published_fast_pathway_may_be():
    cfg = load_config(str(ROOT / 'configs/recognition/slowonly/'
                          'fastonly_paper_r50_32x2x1_256e_kinetics400_rgb.py'))
    cfg.model.backbone.inflate = (0, 0, 1, 1)
    assert counted(cfg.model, (1, 1, 3, 32, 224, 224))[1] / 1e9 == pytest.approx(4.91, abs=0.005)


def test_bad_entries_are_told(rows):
    row = rows['slowfast_paper_beta'][0]
    for wrong in (dict(table='table 5'), dict(row=None), dict(counts='relu')):
        cfg = copy.deepcopy(row.cfg)
        cfg.published = [{k: v for k, v in {**row.entry, **wrong}.items() if v is not None}]
        with pytest.raises(InputError, match='config a.py: an entry of published has a table'):
            paper_rows({'a.py': cfg})
    with pytest.raises(InputError, match="slowfast_paper_beta has row '1/12' already"):
        paper_rows({'a.py': row.cfg, 'b.py': row.cfg})


def plain(model, shape):
    with torch.device('meta'):
        return count(MODELS.build(model), shape).multiply_adds


def test_norms_are_counted_by_value():
    model = dict(type='Recognizer3D', backbone=dict(
        type='ResNet3d', depth=18, base_channels=4, stage_blocks=(1, 1, 1, 1), num_stages=1,
        out_indices=(0,), with_pool2=False), cls_head=dict(type='I3DHead', num_classes=2,
                                                           in_channels=4))
    shape = (1, 1, 3, 2, 32, 32)
    # The stem gives 4 x 2 x 16 x 16 values, both convolutions of the block 4 x 2 x 8 x 8.
    values = 4 * 2 * 16 * 16 + 2 * 4 * 2 * 8 * 8
    assert counted(model, shape, 'norms')[1] == plain(model, shape) + PER_VALUE * values


def test_pairs_of_places_are_counted():
    model = dict(type='Recognizer3D', backbone=dict(
        type='ResNet3d', depth=18, base_channels=4, stage_blocks=(1, 1, 1, 1), num_stages=1,
        out_indices=(0,), with_pool2=False, non_local=(1,), non_local_cfg=dict(
            mode='dot_product', sub_sample=False, use_scale=False, pool_first=(2, 2, 2))),
        cls_head=dict(type='I3DHead', num_classes=2, in_channels=4))
    shape = (1, 1, 3, 2, 32, 32)
    # 2 x 8 x 8 places meet 1 x 4 x 4 in 2 channels, twice; here 2 x 2 for each place.
    assert counted(model, shape, 'pairs')[1] == (
        plain(model, shape) + 2 * (2 * 128 * 16) - 2 * 2 * (128 + 16))


# Published: arXiv:2112.01526, table 4 (34.5 M, 64.5; 51.2 M, 225), arXiv:2104.11227, table 4
# (36.6 M, 70.5 and 170).
@pytest.mark.parametrize('name, parameters, gflops, rule', [
    ('mvit_b_16x4x1', 36.6, 70.5, None), ('mvit_b_32x3x1', 36.6, 170, None),
    ('mvit_v2_s_16x4x1', 34.5, 64.5, 'tables'), ('mvit_v2_b_32x3x1', 51.2, 225, 'tables')])
def test_sizes_of_multiscale_transformers(name, parameters, gflops, rule):
    cfg = load_config(str(ROOT / f'configs/recognition/mvit/{name}_200e_kinetics400_rgb.py'))
    frames = cfg.test_dataloader.dataset.pipeline[1].clip_len
    found = counted(cfg.model, (1, 1, 3, frames, 224, 224), rule)
    assert found[0] / 1e6 == pytest.approx(parameters, rel=0.01)
    assert found[1] / 1e9 == pytest.approx(gflops, rel=0.01)
