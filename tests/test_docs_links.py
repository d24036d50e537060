"""Links between the pages of the documentation lead somewhere."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob('*.md')), *sorted((ROOT / 'docs').rglob('*.md'))]
LINK = re.compile(r'(?<!\\)!?\[[^\]]*\]\(([^)\s]+)\)')


def anchor(heading):
    """What a heading is called in a link, as GitHub makes it."""
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading.strip('# \n'))
    return re.sub(r'[^\w\- ]', '', text.lower()).replace(' ', '-')


def broken_links(page, text):
    """Links of a page to files and headings that are not there."""
    # Code shows links that are none.
    text = re.sub(r'^```.*?^```|`[^`\n]*`', '', text, flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        if re.match(r'[a-z]+:', link):
            continue
        path, _, name = link.partition('#')
        target = (page.parent / path) if path else page
        if not target.exists():
            yield f'{link}: there is no {target}'
        elif name and target.suffix == '.md':
            headings = re.findall(r'^#+ .*$', target.read_text(encoding='utf-8'), re.MULTILINE)
            if name not in map(anchor, headings):
                yield f'{link}: {target.name} has no such heading'


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert list(broken_links(page, page.read_text(encoding='utf-8'))) == []


@pytest.mark.parametrize('text, count', [
    ('[a](gone.md)', 1), ('[a](https://example.org/x)', 0), ('`[a](gone.md)`', 0),
    ('```\n[a](gone.md)\n```\n', 0), ('[a](README.md)', 0), ('[a](README.md#two-commands)', 0),
    ('[a](README.md#three-commands)', 1), ('![a](docs/gone.svg)', 1), ('[a](docs)', 0),
])
def test_broken_links_are_found(text, count):
    assert len(list(broken_links(ROOT / 'page.md', text))) == count


def test_each_page_is_linked_from_another():
    linked = set()
    for page in PAGES:
        for link in LINK.findall(page.read_text(encoding='utf-8')):
            linked.add((page.parent / link.partition('#')[0]).resolve())
    alone = [p.relative_to(ROOT).as_posix() for p in PAGES
             if p.resolve() not in linked and p.name not in ('README.md', 'CONTRIBUTING.md')]
    assert alone == []
