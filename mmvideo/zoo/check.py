"""Holds configs against their names, and rows against the published list; reads no data."""
import gzip
import json
import os.path as osp
import re

from mmvideo.engine.config_file import config_name
from mmvideo.errors import InputError, MissingFileError

from .rows import modality, sampler

__all__ = ['compare', 'name_complaints', 'read_published']

# Names of the tables that say something else than their recipe.
NAMED_OTHERWISE = {
    ('slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb', 'epochs'):
        '358 epochs of the long cycle take as many steps as 239 plain ones',
    ('slowonly_imagenet_pretrained_r50_8x8x1_64e_jester_rgb', 'clip'):
        'the recipe reads every fourth frame',
}
# The word of a data set in a name, and where its lists lie.
FOLDERS = dict(
    kinetics400='data/kinetics400/', kinetics='data/kinetics400/', kinetics600='data/kinetics600/',
    kinetics700='data/kinetics700/', sthv1='data/sthv1/', sthv2='data/sthv2/',
    hmdb51='data/hmdb51/', ucf101='data/ucf101/', jester='data/jester/',
    diving48='data/diving48/', gym99='data/gym/', mit='data/mit/', mmit='data/mmit/',
    hvu='data/hvu/', charades='data/charades/', activitynet='data/ActivityNet/',
    minikinetics='data/OmniSource/annotations/kinetics_200/', embedded='data/embedded/',
    own='data/own/', ava='data/ava/annotations/ava_train_v2.1',
    ava22='data/ava/annotations/ava_train_v2.2')
# Columns of the tables, by the field of ours that says the same.
COLUMNS = dict(
    name=('config', 'config[1]', 'Model'), resolution=('resolution', 'Resolution'),
    gpus=('gpus',), backbone=('backbone', 'Backbone'), pretrain=('pretrain', 'Pretrained'),
    modality=('Modality',), input=('Input',), protocol=('testing protocol',),
    augmentation=('training augmentation',), tags=('tag category',),
    omnisource=('w. OmniSource',), n_fft=('n_fft',), memory_mb=('gpu_mem(M)',),
    videos_per_s=('inference_time(video/s)',), ckpt=('ckpt_urls',),
    top1=('top1 acc', 'top1 acc (efficient/accurate)', 'top1 acc/delta', 'top1 30-view',
          'Top-1 (Baseline / OmniSource (Delta))'),
    top5=('top5 acc', 'top5 acc (efficient/accurate)', 'top5 acc/delta',
          'Top-5 (Baseline / OmniSource (Delta)))'),
    top1_10_views=('top1 10-view',), mean_class=('mean class acc',), mean_ap=('mAP',),
    delta_top1=('delta top1 acc (efficient/accurate)',),
    delta_top5=('delta top5 acc (efficient/accurate)',),
    reference=('reference top1 acc', 'reference top1 acc (efficient/accurate)',
               'reference top1 30-view', 'reference top5 acc',
               'reference top5 acc (efficient/accurate)'),
    reference_10_views=('reference top1 10-view',), hatnet=('HATNet[2]', 'HATNet-multi[2]'))
# Neither figures nor settings: `path` is compared on its own.
OTHERS = {'row', 'family', 'section', 'upstream_config_paths', 'note', 'Download'}
TEXTS = {'name', 'resolution', 'gpus', 'backbone', 'pretrain', 'modality', 'input', 'augmentation',
         'tags', 'videos_per_s'}
ABSENT = ('x', '-', '', 'xx', None)
SAME_WORD = {'scratch': 'none', 'swintransformerbasetimm': 'swinbasepatch4window7224timm',
             'shortside256p': 'shortside256'}
# Rows whose published words do not hold, and why.
PUBLISHED_OTHERWISE = {
    **{(row, 'input'): 'the page says 3seg; names and recipes have 8 segments'
       for row in range(24, 30)},
    (35, 'path'): 'the page links a neighbor of the config that it names',
    (50, 'path'): "the published file spells prebn 'perbn'",
    (65, 'path'): 'the published file is called 256e, the page and the schedule say 196',
    (89, 'path'): "the published file spells spaceOnly 'sapceOnly'",
    (125, 'path'): 'the page links the config of 8 segments beside the name of 16',
    (123, 'backbone'): 'the page says ResNet50; name and recipe have 101 layers',
}


def name_complaints(path, cfg):
    """What the name of a config says and its values do not: a list of sentences."""
    stem, clip = config_name(path), sampler(cfg)
    if clip is None:
        return []
    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader')
    said, found = {}, {}
    said['clip'], found['clip'] = _clips(stem, cfg, clip)
    epochs = re.search(r'_(\d+)e_', stem)
    if epochs and cfg.get('train_dataloader'):
        said['epochs'], found['epochs'] = int(epochs.group(1)), cfg.train_cfg.max_epochs
    kinds = re.search(r'_(rgb|flow|audio)(?:_|$)', stem)
    if kinds:
        said['modality'] = kinds.group(1)
        found['modality'] = modality(loader.dataset).lower()
    complaints = [f'{path}: the name says {said[key]} ({key}), the config {found[key]}'
                  for key in said if said[key] != found[key]
                  and (stem, key) not in NAMED_OTHERWISE]
    # What weights come from, or what attention is called, is not what the config reads.
    words = re.sub('embedded_gaussian|[a-z0-9]+_pretrained', '', stem).split('_')
    word = next((w for w in words if w in FOLDERS), None)
    lists = str(loader.dataset.get('ann_file', ''))
    if word and not lists.startswith(FOLDERS[word]):
        complaints.append(f'{path}: the name says {word}, the list is {lists}')
    return complaints


def _clips(stem, cfg, clip):
    """Clip length, interval and number of clips: as the name says them, as the config does."""
    spread = re.search(r'_u(\d+)_', stem)      # frames spread evenly over the video
    if spread:
        return spread.group(), f'_u{clip.clip_len}_' if clip.type == 'UniformSample' else clip.type
    said = re.search(r'_(\d+)x(\d+)x(\d+)_', stem) or re.search(r'_(\d+)x(\d+)_', stem)
    found = [clip.clip_len, clip.get('frame_interval', 1), clip.get('num_clips', 1)]
    if said is None:
        return None, None
    said = [int(number) for number in said.groups()]
    if cfg.model.backbone.type == 'ResNet3dSlowFast':   # frames of the slow pathway are named
        rate = cfg.model.backbone.resample_rate
        found = [found[0] // rate, found[1] * rate, found[2]]
    if stem.endswith('_flow') and said[0] == 1:         # five pictures of flow are one of colors
        found[0] /= 5
    if not cfg.get('train_dataloader'):                 # a test may read more clips than are named
        said, found = said[:2], found[:2]
    return 'x'.join(map(str, said)), 'x'.join(f'{n:g}' for n in found[:len(said)])


def read_published(path):
    """The published list, ``{number: columns}``.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is no such list.
    """
    if not osp.isfile(path):
        raise MissingFileError(f'{path} does not exist: the published list comes with a checkout '
                               'of mmvideo')
    opened = gzip.open if path.endswith('.gz') else open
    try:
        with opened(path, 'rt', encoding='utf-8') as file:
            return {row['row']: row for row in json.load(file)}
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InputError(f'{path} is no list of published rows: {error}') from error


def compare(rows, published):
    """Where rows and the published list differ.

    Args:
        rows: list of :class:`~mmvideo.zoo.Row`.
        published: from :func:`read_published`.

    Returns:
        tuple: sentences, one a field that differs, and the numbers of published rows that no
        config gives.
    """
    complaints = []
    for row in rows:
        if row.number not in published:
            complaints.append(f'{row.path}: row {row.number} is not in the published list')
        else:
            complaints += _row_complaints(row, published[row.number])
    given = {row.number for row in rows}
    return complaints, [number for number in published if number not in given]


def _row_complaints(row, raw):
    place = f'{row.path}: row {row.number}'
    unread = set(raw) - OTHERS - {c for columns in COLUMNS.values() for c in columns}
    complaints = [f'{place}: nothing reads the published column {c!r}' for c in sorted(unread)]
    for key in ('family', 'section'):
        if getattr(row, key) != raw[key]:
            complaints.append(f'{place}: {key} is {getattr(row, key)!r}, published {raw[key]!r}')
    paths = [path.lstrip('/') for path in raw.get('upstream_config_paths', ())]
    place_of = row.path[row.path.find('configs/'):]
    if len(paths) == 1 and place_of != paths[0] and (row.number, 'path') not in PUBLISHED_OTHERWISE:
        complaints.append(f'{place} stands elsewhere than published: {paths[0]}')
    for field, columns in COLUMNS.items():
        cells = [raw[column] for column in columns if column in raw]
        said = _plain(field, cells)
        ours = _plain(field, [_ours(row, field)])
        derived = field not in row.entry and not said   # the tables leave out what we can derive
        if ours != said and not derived and (row.number, field) not in PUBLISHED_OTHERWISE:
            complaints.append(f'{place}: {field} is {_ours(row, field)!r}, published {cells}')
    return complaints


def _ours(row, field):
    """A field of a row, from the config's ``zoo`` or its values."""
    if field == 'ckpt':
        return row.checkpoints
    if field in ('name', 'backbone', 'pretrain', 'modality', 'protocol'):
        return getattr(row, field)
    if field == 'input' and row.clip:
        one = row.clip.clip_len == 1
        return (f'{row.clip.num_clips}seg' if one
                else f'{row.clip.clip_len}x{row.clip.frame_interval}')
    if field == 'augmentation' and row.cfg.get('train_dataloader'):
        steps = [step['type'] for step in row.cfg.train_dataloader.dataset.pipeline]
        return next((s for s in ('MultiScaleCrop', 'RandomResizedCrop') if s in steps), None)
    if field == 'tags' and '_hvu_' in row.stem:
        return row.get('tags', row.stem.split('_hvu_')[1].split('_')[0])
    return row.get(field)


def _plain(field, cells):
    """Cells in a form that can be compared: nothing for what is not published."""
    if field == 'ckpt':
        return [address for cell in cells for address in cell]
    if field == 'omnisource':
        return [cell in (True, ':heavy_check_mark:') for cell in cells if cell is not None]
    if field == 'protocol':
        return [[int(number) for number in re.findall(r'\d+', cell)] for cell in cells if cell]
    if field in TEXTS:
        words = [_word(cell) for cell in cells if cell not in ABSENT]
        return words
    return _figures(cells)


def _word(cell):
    text = re.sub(r'\[1(: 1)?\]\*?', '', str(cell)).strip().removesuffix('.py')
    text = re.sub(r'[^a-z0-9().+/]', '', text.lower())
    text = re.sub(r'[.()]', '', text) if not re.search(r'\d\.\d', text) else text
    return SAME_WORD.get(text, text)


def _figures(cells):
    """All numbers of cells, which may be numbers, tuples of them, or text such as '45.5 / 47.3'."""
    found = []
    for cell in cells:
        if isinstance(cell, (tuple, list)):
            found += _figures(cell)
        elif isinstance(cell, (int, float)):
            found.append(float(cell))
        elif cell is not None:
            text = re.sub(r'\[[^\]]*\]', '', str(cell))
            found += [float(number) for number in re.findall(r'[-+]?\d+(?:\.\d+)?', text)]
    return found
