"""Files that were cut short or changed are never read, with our checksum and without."""
import io
import random
import zipfile

import pytest
import torch

from mmvideo.checkpoint_file import read_checkpoint
from mmvideo.checksum import COMMENT, damage, sealed
from mmvideo.errors import InputError

CONTENT = dict(state_dict=dict(w=torch.arange(700.), v=torch.tensor([3, 1])), meta=dict(epoch=2))


def written(is_sealed):
    with io.BytesIO() as file:
        torch.save(CONTENT, file)
        plain = file.getvalue()
    return b''.join(sealed(plain)) if is_sealed else plain


def equal(found):
    return found['meta'] == CONTENT['meta'] and found['state_dict'].keys() == {'w', 'v'} and all(
        torch.equal(value, CONTENT['state_dict'][key])
        for key, value in found['state_dict'].items())


@pytest.mark.parametrize('is_sealed', [True, False])
def test_a_whole_file_is_read_by_all(tmp_path, is_sealed):
    path = tmp_path / 'whole.pth'
    path.write_bytes(written(is_sealed))
    assert damage(path) is None
    assert equal(torch.load(path)) and equal(torch.load(path, mmap=True))
    assert equal(read_checkpoint(path))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and bool(archive.comment) == is_sealed
    copied = tmp_path / 'copied.pth'
    torch.save(torch.load(path), copied)        # as publish_model.py does
    assert damage(copied) is None and equal(read_checkpoint(copied))


@pytest.mark.parametrize('is_sealed', [True, False])
def test_a_file_cut_anywhere_is_not_read(tmp_path, is_sealed):
    path, content = tmp_path / 'cut.pth', written(is_sealed)
    for size in {*range(0, len(content), 23), *range(len(content) - 120, len(content))}:
        path.write_bytes(content[:size])
        with pytest.raises(InputError, match='cut.pth is no checkpoint that torch can read: '):
            read_checkpoint(path)


@pytest.mark.parametrize('is_sealed', [True, False])
def test_a_file_with_a_changed_bit_is_not_read_or_has_the_same_content(tmp_path, is_sealed):
    path, content = tmp_path / 'changed.pth', bytearray(written(is_sealed))
    draws, refused = random.Random(0), 0
    # A change in the name of our checksum leaves the content as good as without one.
    places = [draws.randrange(len(content) - COMMENT) for _ in range(400)]
    for place in places:
        bit = 1 << draws.randrange(8)
        content[place] ^= bit
        path.write_bytes(content)
        try:
            assert equal(read_checkpoint(path))
        except InputError:
            refused += 1
        content[place] ^= bit
    # The zip format leaves some bytes between its entries without a checksum.
    assert refused == len(places) if is_sealed else refused > len(places) // 2


def test_other_bytes_of_the_same_length_are_told(tmp_path):
    path = tmp_path / 'x.pth'
    one, other = written(True), written(True).replace(b'epoch', b'epoxy')
    assert len(one) == len(other) and one != other
    path.write_bytes(other)
    assert damage(path) == 'it has changed since it was written: its checksum is another'
