"""The table of docs/data/decoders.md is what the decoders do."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import matrix  # noqa: E402

from mmvideo.decoders import DECODERS  # noqa: E402


@pytest.fixture(scope='module')
def page():
    return matrix.written()


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    names = [name for name in DECODERS if matrix.package_version(name)]
    return matrix.columns(names, tmp_path_factory.mktemp('kinds'))


def test_page_lists_all_kinds_and_decoders(page):
    columns, made = page
    assert list(columns) == list(DECODERS)
    assert matrix.table(columns, made) in matrix.PAGE.read_text(encoding='utf-8')


def test_our_reader_reads_everything(found):
    assert set(found['pyav'].values()) == {matrix.SAME}


def test_page_is_true(page, found):
    """With other versions of the packages the table may be another; no picture may be wrong."""
    columns, made = page
    for name, column in found.items():
        if made.get(name) == matrix.package_version(name):
            assert columns[name] == column, 'make it again: python tests/decoders/matrix.py'
