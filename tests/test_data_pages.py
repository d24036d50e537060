"""The pages of docs/data: each data set has one, and what they say is so."""
import argparse
import importlib.util
import itertools
import re
import shlex
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvideo.datasets.official import OFFICIAL
from mmvideo.labels import LABEL_MAPS
from mmvideo.zoo.audit import MEASURED_ON

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / 'docs' / 'data'
PARTS = sorted((ROOT / 'configs/_base_/datasets').glob('*.py'))
PAGES = {p.name: p.read_text(encoding='utf-8') for p in sorted(DOCS.glob('*.md'))}
INDEX = PAGES['README.md']
# Folders of data sets that are no public ones.
OTHER_ROOTS = {'data/ava': 'ava.md', 'data/embedded': 'embedded.md', 'data/own': 'own.md'}


def page_of(root):
    pages = {official.root: Path(official.page).name for official in OFFICIAL.values()}
    return {**pages, **OTHER_ROOTS}[root]


def expanded(text):
    """The text with ``a_{b,c}.txt`` written out."""
    def write_out(match):
        parts = re.split(r'\{([^{}]*,[^{}]*)\}', match[0])
        choices = [part.split(',') if i % 2 else [part] for i, part in enumerate(parts)]
        return ' '.join(''.join(words) for words in itertools.product(*choices))
    return re.sub(r'\S*\{[^{}\s]*,[^{}\s]*\}\S*', write_out, text)


def places(cfg):
    """Lists and folders that a data set part names."""
    for value in cfg.values():
        if isinstance(value, dict) and 'ann_file' in value:
            yield value.ann_file
            if value.get('data_prefix'):        # metrics of detection read lists, too
                yield value.data_prefix
        elif isinstance(value, dict):
            yield from places(value)


def tables(text):
    """(first cell, second cell) of all rows of a page."""
    return dict(re.findall(r'^\| ([^|]+?) \| ([^|]+?) \|', text, flags=re.MULTILINE))


@pytest.mark.parametrize('part', PARTS, ids=lambda path: path.stem)
def test_a_page_shows_the_lists_and_folders_of_a_part(part):
    found = list(places(Config.fromfile(part)))
    assert found
    root = '/'.join(found[0].split('/')[:2])
    page = page_of(root)
    text = expanded(PAGES[page])
    assert f'{root}/\n' in text
    for place in found:
        inside = place.removeprefix(root).strip('/')
        assert re.search(rf'(^|[\s/]){re.escape(inside)}(?![\w.-])', text, re.M), (page, place)


def test_the_index_names_each_part():
    named = re.findall(r'`([\w*]+\.py)`', INDEX.split('A page says')[0])
    assert {part.name for part in PARTS} == {part.name for pattern in named
                                             for part in PARTS[0].parent.glob(pattern)}


@pytest.mark.parametrize('name', OFFICIAL)
def test_counts_are_those_of_the_table_in_code(name):
    official = OFFICIAL[name]
    page = PAGES[Path(official.page).name]
    rows = tables(page)
    for split, size in official.sizes.items():
        assert rows[split] == f'{"" if size.is_exact else "about "}{size.count}'
    assert len([key for key in rows if re.match('train|val|test', key)]) == len(official.sizes)
    row = next(line for line in INDEX.splitlines() if f'| {official.title} |' in line)
    assert f'({Path(official.page).name})' in row and f'| {official.classes} |' in row
    assert official.paper in page
    if name != 'mini_kinetics':
        assert f'<{official.home}>' in page
    if name in MEASURED_ON:
        assert str(MEASURED_ON[name]) in page
    for label_map in official.labels:
        assert f'`{label_map}`' in row and f'`{label_map}`' in page
        if len(official.labels) > 1:
            assert rows[label_map.partition('_')[2]] == str(LABEL_MAPS[label_map])


def test_counts_of_the_embedded_data_set(tools):
    from build_embedded import SPLITS, clips_per_class, parse_args
    from embedded.classes import CLASSES, EVIDENCE, ceiling
    rows = tables(PAGES['embedded.md'])
    for split in SPLITS:
        count = len(CLASSES) * clips_per_class(split, parse_args([]).clips_per_class)
        assert rows[split] == str(count)
    for kind in EVIDENCE:
        assert float(rows[kind]) == pytest.approx(100 * ceiling(kind))


def commands(text):
    """Commands in blocks of code, lines that go on joined."""
    for block in re.findall(r'^```\w*\n(.*?)^```', text, flags=re.MULTILINE | re.DOTALL):
        for line in block.replace('\\\n', ' ').splitlines():
            line = line.removeprefix('$ ')
            if line.startswith('python tools/'):
                yield line


COMMANDS = [(page, line) for page, text in PAGES.items() for line in commands(text)]


class Parsed(Exception):
    """Carries what a tool understood of its command line."""


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(ROOT / 'tools' / 'data'), *sys.path])


@pytest.fixture
def parse(monkeypatch, tools):
    """A function that lets a tool read a command line, and stops it there."""
    real = argparse.ArgumentParser.parse_args

    def parse_args(self, *args, **kwargs):
        raise Parsed(real(self, *args, **kwargs))

    def parse(words):
        spec = importlib.util.spec_from_file_location(Path(words[1]).stem, ROOT / words[1])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with pytest.raises(Parsed) as caught, monkeypatch.context() as patch:
            patch.setattr(argparse.ArgumentParser, 'parse_args', parse_args)
            module.main(words[2:])
        return caught.value.args[0]
    return parse


def test_pages_have_commands():
    assert len(COMMANDS) > 30
    needed = {Path(official.page).name for official in OFFICIAL.values()}
    assert needed | set(OTHER_ROOTS.values()) <= {page for page, _ in COMMANDS}


@pytest.mark.parametrize('page, line', COMMANDS, ids=[f'{p}-{i}' for i, (p, _) in
                                                      enumerate(COMMANDS)])
def test_commands_are_understood(page, line, parse):
    words = shlex.split(line)
    args = parse(words)
    if words[1].endswith('build_file_list.py') and args.dataset != 'folders':
        official = OFFICIAL[args.dataset]
        assert Path(official.page).name == page or page == 'README.md'
        assert args.src_folder.startswith(official.root)
