"""The page of all rows, ``model-zoo.md``."""
from mmvideo.errors import InputError

from .embedded import SEED, embedded_configs, read_results
from .networks import is_foreign, size
from .papers import render_papers
from .rows import group_rows, test_view

__all__ = ['render', 'stale_line']

# What a family is called, and the paper of its networks.
FAMILIES = dict(
    c3d=('C3D', '1412.0767'), csn=('CSN', '1904.02811'), i3d=('I3D', '1705.07750'),
    omnisource=('OmniSource', '2003.13042'), r2plus1d=('R(2+1)D', '1711.11248'),
    slowfast=('SlowFast', '1812.03982'), slowonly=('SlowOnly', '1812.03982'),
    tanet=('TANet', '2005.06803'), timesformer=('TimeSformer', '2102.05095'),
    tin=('TIN', '2001.06499'), tpn=('TPN', '2004.03548'), trn=('TRN', '1711.08496'),
    tsm=('TSM', '1811.08383'), tsn=('TSN', '1608.00859'), x3d=('X3D', '2004.04730'),
    audio=('Audio', '2001.08740'))
INTRO = '''\
# Model zoo

{count} rows: the published tables of MMAction2 0.x for recognition, and beside them what this
project counts itself. `python tools/zoo.py write` makes this page from the configs; do not edit it.

- A name links its config: `python tools/train.py NAME` trains it, `python tools/test.py NAME
  WEIGHTS --eval top_k_accuracy` tests it, `python tools/zoo.py fetch NAME` brings its weights.
  Rows that share a recipe link the same config.
- **Published**, as the tables have them: top-1 and top-5 in percent, the resolution of the stored
  videos, GPUs (8x4 are four machines with eight each), initial weights, videos/s on one V100
  without reading, memory in MB at the config's batch size. *a / b* is the efficient test (one
  center crop) and the accurate one (three crops, twice as many frames). *Reference* is what the
  authors of the network give.
- **Counted here**: *test*, how a video is read; *views*, how often the network runs for it; *one
  view*, frames x height x width of one run; parameters in millions; GFLOPs of one view, counting
  a multiply and an add as one. A 2D network without exchange between frames takes all frames of a
  crop as one view. Networks of torchvision and timm are not counted.
- **Verified**, in tables with such rows: measured again with the published weights by
  `python tools/zoo.py reproduce NAME`, and in brackets the difference from the published figure.
  [docs/zoo.md](docs/zoo.md) tells how.
'''
EMBEDDED = '''\
## Embedded benchmark

A small network of every family, trained from nothing on the data set that
`python tools/data/build_embedded.py` makes; `make zoo-embedded` does it all in about an hour of one
core, `python tools/zoo.py embedded NAME` one row in a few minutes. Some of the eight classes are
told apart by their sound alone, others by the order of their frames, so there is a best accuracy
for each kind of evidence, the *ceiling*, which lucky guesses alone pass (240 clips; two points
are common). *Clips/s*: forward, on one core. *Training*: seconds of one core, with reading.
On another processor roundings differ, and accuracies by some points. Measured on:

{machines}
'''
NONE = '–'
# Fields of rows that the page has under the headings of another table, in its order.
FOREIGN = ('name', 'modality', 'pretrain', 'backbone', 'input', 'resolution', 'top1')
NOTES = {
    ('omnisource', 'Kinetics-400 Model Release'):
        'Accuracy *without OmniSource / with it / difference*; weights without it, with it.',
    ('tsm', 'MixUp & CutMix on Something-Something V1'):
        'Changes are against TSM R50 1x1x8 without either.',
    ('audio', 'Kinetics-400'): 'The fused row gives *accuracy / gain over colors alone*.',
}


def render(configs, rows, verified=None):
    """The text of the page.

    Args:
        configs: from :func:`mmvideo.zoo.read_configs`.
        rows: from :func:`mmvideo.zoo.read_rows`.
        verified: from :func:`mmvideo.zoo.results.read_results`.
    """
    verified = verified or {}
    groups = group_rows(rows)
    links = {_stem(path): f'[{_stem(path)}]({place(path)})' for path in configs}
    links.update({row.stem: f'[row {row.number}]({place(row.path)})' for row in reversed(rows)})
    families = list(dict.fromkeys(family for family, _ in groups))
    parts = [INTRO.format(count=len(rows)), _contents(groups, families)]
    for family in families:
        title, paper = FAMILIES.get(family, (family, None))
        parts.append(f'## {title}\n')
        if paper:
            parts.append(f'[arXiv:{paper}](https://arxiv.org/abs/{paper})\n')
        for (owner, section), members in groups.items():
            if owner == family:
                parts += [f'### {section}\n', *_tables(members, links, verified)]
    parts += [*render_papers(configs), *_embedded(configs), _others(configs)]
    return '\n'.join(parts)


def stale_line(text, path):
    """The first line that differs from the page on disk, as a sentence; None if it is as it was."""
    try:
        with open(path, encoding='utf-8') as file:
            old = file.read()
    except FileNotFoundError:
        return f'{path} does not exist'
    except UnicodeDecodeError as error:
        raise InputError(f'{path} is no text: {error}') from error
    if old == text:
        return None
    before, now = old.splitlines(), text.splitlines()
    pairs = enumerate(zip(before, now, strict=False), start=1)
    line = next((i for i, (a, b) in pairs if a != b), min(len(before), len(now)) + 1)
    is_more = line > len(now)
    return f'{path}, line {line} is {"left over" if is_more else "stale, now it is:"}' + \
        ('' if is_more else f' {now[line - 1]}')


def _embedded(configs):
    """The table of our own benchmark, the figures of which runs have recorded."""
    found = read_results()
    heads = ('config', 'sees', 'top-1', 'ceiling', 'mean class', 'one view', 'parameters (M)',
             'GFLOPs', 'clips/s', 'training', 'seed', 'command')
    lines = [f'| {" | ".join(heads)} |', '|' + '---|' * len(heads)]
    own = {path: cfg for path, cfg in embedded_configs(configs).items()
           if _stem(path) in found['rows']}
    for path, cfg in own.items():
        figures, stem, view = found['rows'][_stem(path)], _stem(path), test_view(cfg)
        counted = [NONE] * 3
        if view:
            *_, height, width = view.shape
            parameters, multiply_adds = size(cfg.model, view.shape)
            is_sound = cfg.model.type == 'AudioRecognizer'
            counted = [f'{height}x{width}' if is_sound else f'{view.frames}x{height}x{width}',
                       f'{parameters / 1e6:.2f}',
                       f'{multiply_adds / 1e9:.3f}']
        cells = [f'[{stem}]({place(path)})', cfg.benchmark.evidence, f'{figures.top1:.2f}',
                 f'{100 * found["ceilings"][cfg.benchmark.evidence]:.1f}',
                 f'{figures.mean_class:.2f}', *counted, _number(figures.clips_per_second),
                 _number(figures.seconds), str(SEED), f'`python tools/zoo.py embedded {stem}`']
        lines.append(f'| {" | ".join(cells)} |')
    machines = sorted({row.machine for row in found['rows'].values()})
    text = EMBEDDED.format(machines='\n'.join(f'- {name}' for name in machines))
    return [text, '\n'.join([*lines, ''])]


def _number(value):
    return NONE if value is None else f'{value:.0f}'


def _contents(groups, families):
    lines = ['| Family | Tables | Rows |', '|---|---|---|']
    for family in families:
        own = {section: rows for (owner, section), rows in groups.items() if owner == family}
        title = FAMILIES.get(family, (family,))[0]
        lines.append(f'| [{title}](#{_anchor(title)}) | {", ".join(own)} | '
                     f'{sum(map(len, own.values()))} |')
    return '\n'.join([*lines, ''])


def _anchor(title):
    """What a page's reader makes of a heading."""
    return ''.join(c for c in title.lower().replace(' ', '-') if c.isalnum() or c == '-')


def _others(configs):
    """Configs that no table has: for one's own videos, for features, for tests."""
    places = sorted(place(path) for path, cfg in configs.items()
                    if not any(cfg.get(key) for key in ('zoo', 'benchmark', 'published')))
    lines = [f'- [{_stem(p)}]({p})' for p in places]
    return '\n'.join(['## Configs without a row\n', *lines, ''])


def place(path):
    """A config's path from the root of the checkout."""
    return path[max(path.rfind('configs/'), 0):]


def _tables(rows, links, verified):
    """The table of a section; one that the page has under the headings of another comes behind."""
    start = next((i for i, row in enumerate(rows) if row.get('top1') == 'OmniSource'), len(rows))
    note = NOTES.get((rows[0].family, rows[0].section))
    tables = [*([f'{note}\n'] if note else []), _table(rows[:start], links, verified)]
    if rows[start:]:
        lines = [f'| {" | ".join(map(_text, [row.number, *_foreign_cells(row)]))} |'
                 for row in rows[start:]]
        lines.insert(1, '|' + '---|' * len([0, *FOREIGN]))
        tables.append('Top-1 / top-5 with other sources on Kinetics-400:\n\n'
                      + '\n'.join([*lines, '']))
    return tables


def _foreign_cells(row):
    return [row.name, *(row.get(key) for key in FOREIGN[1:])]


def _table(rows, links, verified):
    """A table with the columns that at least one of its rows fills."""
    cells = [_cells(row, links, verified.get(row.number)) for row in rows]
    columns = [c for c in cells[0] if any(cell[c] != NONE for cell in cells)]
    lines = [f'| {" | ".join(columns)} |', '|' + '---|' * len(columns)]
    lines += [f'| {" | ".join(cell[c] for c in columns)} |' for cell in cells]
    return '\n'.join([*lines, ''])


def _cells(row, links, verified=None):
    """``{column: text}`` of a row, published columns first."""
    reference = row.get('reference')
    pair = reference if isinstance(reference, (tuple, list)) else (reference, None)
    hatnet = row.get('hatnet') or (None, None)
    weights = row.checkpoints
    return {
        'row': str(row.number), 'config': f'[{_name(row)}]({place(row.path)})',
        'input': _text(row.get('input')), 'resolution': _text(row.get('resolution')),
        'GPUs': _text(row.get('gpus')), 'backbone': _text(row.backbone),
        'pretrain': _text(row.pretrain),
        'OmniSource': {True: 'yes', False: 'no'}.get(row.get('omnisource'), NONE),
        'n_fft': _text(row.get('n_fft')), 'top-1': _text(row.get('top1')),
        'top-1, 10 views': _text(row.get('top1_10_views')), 'top-5': _text(row.get('top5')),
        'mean class': _text(row.get('mean_class')), 'mAP': _text(row.get('mean_ap')),
        'verified': _verified(row, verified),
        'change of top-1': _text(row.get('delta_top1')),
        'change of top-5': _text(row.get('delta_top5')),
        'reference top-1': _text(pair[0]), 'reference top-5': _text(pair[1]),
        'reference top-1, 10 views': _text(row.get('reference_10_views')),
        'HATNet mAP': _text(hatnet[0]), 'HATNet-multi mAP': _text(hatnet[1]),
        'videos/s': _text(row.get('videos_per_s')), 'memory': _text(row.get('memory_mb')),
        **_counted(row, links),
        'weights': ' '.join(f'[{"ckpt" if len(weights) == 1 else f"ckpt {i}"}]({address})'
                            for i, address in enumerate(weights, start=1)) or NONE}


def _verified(row, found):
    """What was measured again of the first figure of a row, in each of its tests."""
    if not found:
        return NONE
    first = found['figures'][0]['field']
    texts = [f'{figure["measured"]:.2f} ({figure["difference"]:+.2f})'
             for figure in found['figures'] if figure['field'] == first]
    return f'[{" / ".join(texts)}](benchmarks/reproduced/row_{row.number:03d}.json)'


def _counted(row, links):
    """The columns of our own."""
    view = row.view
    if view is None:
        return {'test': _terms(row, links) or _text(row.protocol), 'views': NONE, 'one view': NONE,
                'parameters (M)': NONE, 'GFLOPs': NONE}
    *_, height, width = view.shape
    cells = {'test': row.protocol, 'views': str(view.count),
             'one view': f'{view.frames}x{height}x{width}', 'parameters (M)': NONE, 'GFLOPs': NONE}
    if row.cfg.model.type == 'AudioRecognizer':
        cells['one view'] = f'{height}x{width}'     # frames and bins
    if not is_foreign(row.cfg.model):
        parameters, multiply_adds = size(row.cfg.model, view.shape)
        billions = multiply_adds / 1e9
        cells['parameters (M)'] = f'{parameters / 1e6:.2f}'
        cells['GFLOPs'] = f'{billions:.1f}' if billions >= 10 else f'{billions:.2f}'
    return cells


def _terms(row, links):
    """What a row is made of that has no network of its own; None if it has one."""
    if row.cfg.get('average'):
        return 'mean of ' + ', '.join(links[stem] for stem in row.cfg.average)
    fusion = row.cfg.get('fusion')
    if fusion:
        pairs = zip(fusion.coefficients, fusion.configs, strict=True)
        return 'scores of ' + ' + '.join(f'{factor} x {links[stem]}' for factor, stem in pairs)
    return None


def _name(row):
    return row.stem if row.name == '-' else row.name


def _stem(path):
    return path.replace('\\', '/').rpartition('/')[2].removesuffix('.py')


def _text(value):
    """A published value: 70.24, (45.5, 47.33) as '45.5 / 47.33', nothing as a dash."""
    if value is None or value == '':
        return NONE
    if isinstance(value, (tuple, list)):
        return ' / '.join(map(_text, value))
    return str(value).replace('xx', NONE)
