"""Which decoder reads which kind of file: makes the table of docs/data/decoders.md.

    python tests/decoders/matrix.py               columns of all decoders that are installed
    python tests/decoders/matrix.py torchcodec    one column; the others stay as they are
"""
import random
import re
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == '__main__':
    sys.path[:0] = [str(ROOT), str(ROOT / 'tests/decoders')]

import kinds  # noqa: E402
import numpy as np  # noqa: E402

from mmvideo.decoders import DECODERS, open_video  # noqa: E402

PAGE = ROOT / 'docs' / 'data' / 'decoders.md'
PACKAGES = {'pyav': ['av'], 'decord': ['decord'],
            'opencv': ['opencv-python', 'opencv-python-headless'], 'torchcodec': ['torchcodec']}
SAME, HANDED, ROUNDED, ERROR, NOT_RUN = 'same', 'same, by `pyav`', 'same*', 'error', 'not run'
# Mean difference in grey levels: less is another rounding of colors, the next frame is 4 apart.
ROUNDING = 2
BEGIN, END = '<!-- matrix: made by a command -->', '<!-- end of matrix -->'


def package_version(decoder):
    """``name version`` of what a decoder rests on, or None."""
    for name in PACKAGES[decoder]:
        try:
            return f'{name.removesuffix("-headless")} {version(name)}'
        except PackageNotFoundError:
            pass
    return None


def cell(decoder, path, whole):
    """What a decoder makes of a file, in a word; wrong pictures give no word but an assertion.

    Args:
        decoder: its name.
        path: the file.
        whole: all its pictures, decoded one after the other.
    """
    draws = random.Random(0)
    asked = [range(len(whole))] + [
        [draws.randrange(len(whole)) for _ in range(draws.randint(1, 5))]
        for _ in range(2 if len(whole) > 100 else 6)]
    try:
        worst = max(difference(f'{decoder}, {path.name}', whole, inds, pictures)
                    for inds in asked for pictures in read(decoder, path, inds))
        is_handed_over = getattr(open_video(str(path), decoder), 'is_handed_over', False)
    except ValueError as error:
        assert str(error).startswith(f'{path}: '), error
        return ERROR
    return ROUNDED if worst else HANDED if is_handed_over else SAME


def read(decoder, path, inds):
    """The pictures, twice by one reader: what it did before must not matter."""
    video = open_video(str(path), decoder)
    pictures = [video.read(inds) for _ in range(2 if len(inds) < 100 else 1)]
    video.close()
    return pictures


def difference(name, whole, inds, pictures):
    """The largest mean difference of a picture from what it should be, in grey levels."""
    assert len(pictures) == len(inds)
    worst = 0.
    for i, picture in zip(inds, pictures, strict=True):
        assert picture.shape == whole[i].shape and picture.dtype == np.uint8
        if not np.array_equal(picture, whole[i]):
            worst = max(worst, np.abs(picture.astype(int) - whole[i]).mean())
            assert worst < ROUNDING, f'{name}: frame {i} differs by {worst:.1f} grey levels'
    return worst


def columns(decoders, folder):
    """``{decoder: {kind: cell}}``"""
    found = {decoder: {} for decoder in decoders}
    for kind in kinds.KINDS:
        path = kinds.make(kind, folder)
        whole = kinds.decode_all(path)
        for decoder in decoders:
            found[decoder][kind] = cell(decoder, path, whole)
    return found


def written():
    """The columns that the page has, and what each was made with."""
    text = PAGE.read_text(encoding='utf-8') if PAGE.exists() else ''
    part = text.partition(BEGIN)[2].partition(END)[0]
    lines = [[c.strip() for c in line.strip('|').split('|')]
             for line in part.splitlines() if line.startswith('|')]
    if not lines:
        return {}, {}
    names = [name.strip('`') for name in lines[0][1:]]
    found = {name: {line[0]: line[1 + k] for line in lines[2:]} for k, name in enumerate(names)}
    made = dict(re.findall(r'^- `(\w+)`: (.+)$', part, re.MULTILINE))
    return found, made


def table(found, made):
    """The part of the page between its marks."""
    names = list(DECODERS)
    rows = [['file', *(f'`{name}`' for name in names)], ['---'] * (len(names) + 1)]
    rows += [[kind, *(found.get(name, {}).get(kind, NOT_RUN) for name in names)]
             for kind in kinds.KINDS]
    lines = [f'| {" | ".join(row)} |' for row in rows]
    with_what = '\n'.join(f'- `{name}`: {made[name]}' for name in names if name in made)
    return '\n'.join([BEGIN, '', *lines, '', 'Made with', '', with_what, '', END])


def main(decoders):
    decoders = decoders or [name for name in DECODERS if package_version(name)]
    found, made = written()
    with tempfile.TemporaryDirectory() as folder:
        found.update(columns(decoders, Path(folder)))
    made.update({name: package_version(name) for name in decoders})
    text = PAGE.read_text(encoding='utf-8')
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + table(found, made) + rest.partition(END)[2], encoding='utf-8')


if __name__ == '__main__':
    main(sys.argv[1:])
