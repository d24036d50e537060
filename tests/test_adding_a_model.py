"""docs/adding_a_model.md, followed to the letter: its files are written, its commands are run.

And docs/models.md, which names every network.
"""
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmvideo.evaluation.scores import read_scores

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / 'docs' / 'adding_a_model.md').read_text(encoding='utf-8')
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
BLOCKS = [match.groups() for match in BLOCK.finditer(PAGE)]
FILES = {text.split('\n', 1)[0].removeprefix('# '): text
         for language, text in BLOCKS if language == 'python'}
SHELL = [text for language, text in BLOCKS if language == 'sh']


@pytest.fixture(scope='module')
def checkout(embedded, tmp_path_factory):
    """A folder that looks like the root of a checkout, with the files of the page in it."""
    root = tmp_path_factory.mktemp('checkout')
    for name in ('configs', 'tools'):
        (root / name).symlink_to(ROOT / name)
    (root / 'data').mkdir()
    (root / 'data' / 'embedded').symlink_to(embedded)
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding='utf-8')
    # The page says `python`; a virtual environment may know it under another name.
    (root / 'bin').mkdir()
    (root / 'bin' / 'python').write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (root / 'bin' / 'python').chmod(0o755)
    return root


def follow(checkout, text):
    """Run a block of commands; ``PYTHONPATH=.`` stays, mmvideo is found as if installed."""
    text = text.replace('PYTHONPATH=.', f'PYTHONPATH=.{os.pathsep}"{ROOT}"')
    env = {**os.environ, 'OMP_NUM_THREADS': '1',
           'PATH': f'{checkout / "bin"}{os.pathsep}{os.environ["PATH"]}'}
    done = subprocess.run(['sh', '-ec', text], cwd=checkout, env=env, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def commands(word):
    """The one block of the page in which a word stands."""
    found = [text for text in SHELL if word in text]
    assert len(found) == 1, word
    return found[0]


def test_every_block_is_a_file_or_a_command():
    assert set(FILES) == {
        'mynets/plain.py', 'mynets/plain_1x1x8_1e_embedded_rgb.py', 'mynets/mix.py',
        'mynets/mix_r18_1x1x8_1e_embedded_rgb.py', 'mynets/test_mynets.py'}
    assert {language for language, _ in BLOCKS} == {'python', 'sh'} and len(SHELL) == 4
    for text in FILES.values():
        ast.parse(text)


def test_data_are_made_as_the_page_says(embedded):
    # conftest.py makes the same set once for all tests.
    assert commands('build_embedded').split() == [
        'python', 'tools/data/build_embedded.py', '--out', 'data/embedded', '--clips-per-class',
        '2']
    assert len((embedded / 'train_videos.txt').read_text().splitlines()) == 16


def test_checks_of_the_page_pass(checkout):
    assert '10 passed' in follow(checkout, commands('pytest'))


@pytest.mark.parametrize('name', ['plain', 'mix'])
def test_network_is_trained_and_tested(checkout, name):
    out = follow(checkout, commands(f'--work-dir work_dirs/{name}\n'))
    assert re.search(r'^top1_acc: \d\.\d{4}$', out, re.MULTILINE)
    work = checkout / 'work_dirs' / name
    assert (work / 'epoch_1.pth').is_file()
    scores = read_scores(work / 'scores.pkl')
    assert scores.scores.shape == (8, 8)
    log = next(work.glob('*/vis_data/scalars.json')).read_text()
    assert '"loss"' in log and '"top1_acc"' in log
    if name == 'plain':
        # Stem and three convolutions, norms, classifier, by hand.
        convolutions = 3 * 8 * 25 + 27 * (8 * 16 + 16 * 32 + 32 * 64)
        norms = 2 * (8 + 16 + 32 + 64)
        assert f'{convolutions + norms + 64 * 8 + 8:,}' in out
        assert '[1, 1, 3, 8, 64, 64]' in out


def test_page_of_models_names_every_file_and_no_other():
    page = (ROOT / 'docs' / 'models.md').read_text(encoding='utf-8')
    named = set()
    for folder, names in re.findall(r'`(backbones|necks|heads|recognizers|blocks)/([\w{},]+)\.py`',
                                    page):
        named |= {f'{folder}/{name}.py' for name in names.strip('{}').split(',')}
    models = ROOT / 'mmvideo' / 'models'
    assert [name for name in named if not (models / name).is_file()] == []
    networks = {f'{folder}/{path.name}' for folder in ('backbones', 'necks', 'heads')
                for path in (models / folder).glob('*.py')
                if path.name not in ('__init__.py', 'base.py')}
    assert networks - named == set()


@pytest.mark.parametrize('name', ['adding_a_model.md', 'models.md'])
def test_links_lead_somewhere(name):
    page = ROOT / 'docs' / name
    links = re.findall(r'\]\(([^)#]+)\)', page.read_text(encoding='utf-8'))
    assert links
    for link in links:
        assert re.fullmatch(r'https://arxiv\.org/abs/\d{4}\.\d{4,5}', link) or (
            page.parent / link).is_file(), link
