"""Rows of papers' tables: what a config's list ``published`` says beside what is counted here.

An entry has ``table`` and ``row``, the published figures (``top1``, ``top5``, ``mean_ap``,
``gflops`` of one view of ``crop`` pixels, ``parameters`` in millions), and ``counts`` if these
GFLOPs count something else than convolutions and matrix products, see :data:`RULES`.
"""
import functools
import json
import math
from typing import NamedTuple

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mmvideo.complexity import count
from mmvideo.errors import InputError
from mmvideo.models.blocks.non_local import NonLocal
from mmvideo.models.blocks.pooling_attention import ALIGNED, PoolingAttention, pooled_size
from mmvideo.registry import MODELS

from .networks import size
from .rows import test_view

__all__ = ['NOTES', 'RULES', 'TABLES', 'PaperRow', 'counted', 'paper_rows', 'render_papers']

# Where a table stands, and its title.
TABLES = dict(
    pytorchvideo_kinetics400=('PyTorchVideo', 'Kinetics-400, weights of the hub'),
    slowfast_paper_baselines=('1812.03982', '3D ResNets from scratch'),
    slowfast_paper_individual_pathways=('1812.03982', 'Pathways alone'),
    slowfast_paper_lateral=('1812.03982', 'Lateral connections'),
    slowfast_paper_beta=('1812.03982', 'Channels of the fast pathway'),
    slowfast_paper_weak_fast_input=('1812.03982', 'Weak inputs of the fast pathway'),
    slowfast_paper_kinetics400=('1812.03982', 'SlowFast on Kinetics-400'),
    slowfast_paper_kinetics600=('1812.03982', 'SlowFast on Kinetics-600'),
    slowfast_paper_charades=('1812.03982', 'Charades'),
    **{'slowfast_paper_ava_v2.1': ('1812.03982', 'Detection on AVA v2.1'),
       'mmaction2_ava_v2.1': ('MMAction2', 'Detection on AVA v2.1'),
       'mmaction2_ava_v2.2': ('MMAction2', 'Detection on AVA v2.2')})
# What has to be said of a table.
ON_BOXES = (
    'mAP of 60 actions at an overlap of one half, in percent. *GFLOPs here* are those of a clip\n'
    'of 256 x 256 pixels without its boxes; *parameters here* are of all.')
REMARKS = {table: ON_BOXES for table in TABLES if '_ava_' in table}
PER_VALUE = 5       # operations that the counter of the hub sees in a norm, for each value
RULES = dict(
    norms=f'norms are counted, too: {PER_VALUE} a value',
    pairs='attention of non-local blocks as products over all pairs of places',
    tables='attention without the channels that carry relative positions here')
# What has to be said of a row besides.
NOTES = {
    'Fast-only R-50 32x2 1': (
        'Stem 2.36, stages 0.45 + 0.77 + 1.09 + 0.61, together 5.28. The paper has 26.2 for both '
        'pathways unconnected and 20.9 for the slow one: 5.3 for the fast one there, too. 4.9 '
        'comes out if it has temporal kernels in stages 3 and 4 alone, as the slow one does: '
        '4.91.'),
    '3D R-50 8x8 2^1': (
        'Stem 4.72 and stage 1 7.19 on 8 frames; the stages behind cost 33.0 on 8 frames, with '
        'which the row without reduction is the published 44.9, and 16.5 on 4: 28.4, 1.1 % more. '
        'The row 32x2 differs by a stem on 16 frames: 33.1 less 4.7 is 28.4, too.'),
}
_WEAK = (
    'beta is 1/8 here. With 1/4 the network would have 38 GFLOPs; the published figure is that of '
    'one channel in the stem of the default network: 27.64 less two thirds of 2.36.')
NOTES.update({f'{kind}, beta=1/4': _WEAK for kind in ('gray-scale', 'time difference')})
NOTES['Fast-only -'] = NOTES['Fast-only R-50 32x2 1']
NOTES['3D R-50 (our recipe) - 8x8 2^1'] = NOTES['3D R-50 8x8 2^1']
HEADS = ('row', 'config', 'top-1', 'top-5', 'mAP', 'GFLOPs', 'crop', 'GFLOPs here',
         'counted as published', 'parameters (M)', 'parameters here')
NONE = '–'
INTRO = '''\
## Tables of papers

What the SlowFast paper ([arXiv:1812.03982](https://arxiv.org/abs/1812.03982)) and PyTorchVideo
publish, and MMAction2 of detection, beside what is counted here. *GFLOPs*, as published, of one
view with pictures of *crop* pixels; *GFLOPs here* are convolutions and matrix products. Where the
published figure counts otherwise, *counted as published* is ours in its way, and a line below the
table says which.
`tools/convert.py` reads the hub's weights ([docs/convert.md](docs/convert.md)).
'''


class PaperRow(NamedTuple):
    """One row.

    Args:
        path: of the config that it stands on.
        cfg: that config, loaded.
        entry: its dict in the config's list ``published``.
    """
    path: str
    cfg: object
    entry: dict

    @property
    def shape(self):
        """Of one view with the batch, at the size that the published figure is of."""
        *lead, height, width = test_view(self.cfg).shape
        crop = self.entry.get('crop')
        return (*lead, crop, crop) if crop else (*lead, height, width)


def paper_rows(configs):
    """``{table: rows}`` in the order of :data:`TABLES`.

    Args:
        configs: from :func:`mmvideo.zoo.read_configs`.

    Raises:
        InputError: an entry of a table or with a rule that there is not, or two for one row.
    """
    found = {table: [] for table in TABLES}
    for path, cfg in configs.items():
        for entry in cfg.get('published') or []:
            table, rule = entry.get('table'), entry.get('counts')
            if table not in TABLES or 'row' not in entry or (rule and rule not in RULES):
                raise InputError(f'config {path}: an entry of published has a table (one of '
                                 f'{", ".join(TABLES)}) and a row, and counts is one of '
                                 f'{", ".join(RULES)}; not {dict(entry)}')
            if any(row.entry['row'] == entry['row'] for row in found[table]):
                raise InputError(f"config {path}: {table} has row {entry['row']!r} already")
            found[table].append(PaperRow(path, cfg, dict(entry)))
    return found


def counted(model, shape, rule=None):
    """Parameters and multiply-adds of a model for one view, as (int, int).

    Args:
        model: config of a recognizer.
        shape: all axes of one view with the batch.
        rule: one of :data:`RULES`: what a published figure counts otherwise.
    """
    if rule is None:
        return size(model, shape)
    return _counted(json.dumps(model), tuple(shape), rule)


@functools.cache
def _counted(text, shape, rule):
    further, (hook, kind) = [], _HOOKS[rule]
    with torch.device('meta'):
        built = MODELS.build(json.loads(text)).eval()
        for module in built.modules():
            if isinstance(module, kind):
                module.register_forward_hook(lambda *seen: further.append(hook(*seen)))
        found = count(built, shape)
    return found.parameters, found.multiply_adds + sum(further)


def _norm(module, inputs, output):
    return PER_VALUE * output.numel()


def _all_pairs(module, inputs, output):
    width, places = module.inter_channels, math.prod(output.shape[2:])
    few = math.prod(module.pool_first(inputs[0]).shape[2:])
    # Here keys meet values first: width x width for each place, on both sides.
    return len(output) * width * (2 * places * few - width * (places + few))


def _plain_attention(module, inputs, output):
    """Less the channels that queries and keys are widened by for relative positions."""
    if not module.rel_pos_embed:
        return 0
    (_, size), (_, pooled) = inputs, output
    keys = pooled_size(size, module.stride_kv)
    width = module.out_channels // module.num_heads
    wide = -(-(width + sum(keys)) // ALIGNED) * ALIGNED
    queries, keys = (math.prod(places) + module.with_cls_token for places in (pooled, keys))
    return -2 * module.num_heads * queries * keys * (wide - width)


_HOOKS = dict(norms=(_norm, _BatchNorm), pairs=(_all_pairs, NonLocal),
              tables=(_plain_attention, PoolingAttention))


def render_papers(configs):
    """The part of the page with all tables."""
    parts = [INTRO]
    for table, rows in paper_rows(configs).items():
        source, title = TABLES[table]
        parts += [f'### {title} ({source})\n', _table(rows)]
        if table in REMARKS:
            parts.append(f'{REMARKS[table]}\n')
        said = dict.fromkeys(f'- {row.entry["row"]}: {_said(row)}' for row in rows if _said(row))
        if said:
            parts.append('\n'.join([*said, '']))
    return parts


def _said(row):
    """Why ours is not the published figure."""
    return NOTES.get(row.entry['row']) or RULES.get(row.entry.get('counts'))


def _table(rows):
    cells = [_cells(row) for row in rows]
    columns = [c for c in HEADS if any(cell[c] != NONE for cell in cells)]
    lines = [f'| {" | ".join(columns)} |', '|' + '---|' * len(columns)]
    lines += [f'| {" | ".join(cell[c] for c in columns)} |' for cell in cells]
    return '\n'.join([*lines, ''])


def _cells(row):
    entry = row.entry
    parameters, plain = counted(row.cfg.model, row.shape)
    rule = entry.get('counts')
    special = counted(row.cfg.model, row.shape, rule)[1] if rule else None
    place = row.path[max(row.path.rfind('configs/'), 0):]
    stem = place.rpartition('/')[2].removesuffix('.py')
    return dict(zip(HEADS, (
        entry['row'], f'[{stem}]({place})', _text(entry.get('top1')), _text(entry.get('top5')),
        _text(entry.get('mean_ap')), _text(entry.get('gflops')), _text(entry.get('crop')),
        _billions(plain), _billions(special), _text(entry.get('parameters')),
        f'{parameters / 1e6:.2f}'), strict=True))


def _billions(value):
    return NONE if value is None else f'{value / 1e9:.2f}'


def _text(value):
    return NONE if value is None else str(value)
