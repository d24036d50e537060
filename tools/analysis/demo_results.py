"""The table at the end of ``make demo``: what each network reached beside what it can reach.

    python tools/analysis/demo_results.py work_dirs/demo --data data/embedded

reads ``tsn.pkl``, ``rgb.pkl`` and ``audio.pkl`` (tools/test.py --out) and ``fused.json``
(report_accuracy.py --out) in the folder, prints the table and writes ``results.json``.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np

from mmvideo.command import exit_status
from mmvideo.errors import MissingFileError
from mmvideo.evaluation.functional import top_k_accuracy
from mmvideo.evaluation.scores import read_scores, write_file

# Name in results.json; what it sees; evidence, as the data set calls it; where its scores are;
# least and most top-1 in percent that a sound run reaches.
ROWS = (
    ('tsn', 'TSN', 'frames, order unseen', 'unordered frames', 'tsn.pkl', 0, 45),
    ('tsm', 'TSM', 'frames in order', 'ordered frames', 'rgb.pkl', 68, 100),
    ('audio', 'audio', 'sound', 'sound', 'audio.pkl', 48, 100),
    ('fused', 'TSM + audio', 'frames in order, sound', 'ordered frames and sound', 'fused.json',
     92, 100),
)


def read_json(path):
    if not path.is_file():
        raise MissingFileError(f'{path} does not exist; run the steps of `make demo` before')
    return json.loads(path.read_text())


def top1_of(path):
    """Top-1 in percent, of a score file or of a report."""
    if path.suffix == '.json':
        return 100 * read_json(path)['top1_acc']
    found = read_scores(path)
    return 100 * float(top_k_accuracy(found.averaged(), np.array(found.labels), (1,))[0])


def tell(folder, measure, rows):
    """Print a table of runs and write ``results.json``; 1 if a bound does not hold, else 0.

    Args:
        folder: where the file is written.
        measure: what the figures are, for the head of the table.
        rows: of each run its key in the file, its name, what it sees, its figure and the best that
            can be had, the least and the most that are sound; figures in percent.
    """
    names, sees = (max(map(len, words)) + 1 for words in list(zip(*rows, strict=True))[1:3])
    print(f'{"network":<{names}} {"sees":<{sees}} {measure:>7} {"ceiling":>8}')
    status = 0
    for _, name, what, found, ceiling, least, most in rows:
        note = ''
        if not least <= found <= most:
            status, note = 1, f'  expected {least}..{most}'
        print(f'{name:<{names}} {what:<{sees}} {found:>7.2f} {ceiling:>8.1f}{note}')
    write_file(folder / 'results.json', json.dumps({row[0]: row[3] for row in rows}).encode())
    print(f'written: {folder / "results.json"}')
    return status


def results(folder, data):
    """The table of the three networks and of their sum; the status of :func:`tell`."""
    ceilings = read_json(data / 'embedded.json')['ceilings']
    return tell(folder, 'top-1', [
        (key, name, sees, round(top1_of(folder / file), 2), 100 * ceilings[evidence], least, most)
        for key, name, sees, evidence, file, least, most in ROWS])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='where the score files are')
    parser.add_argument('--data', type=Path, default=Path('data/embedded'),
                        help='the embedded data set')
    args = parser.parse_args(argv)
    return exit_status(results, args.folder, args.data)


if __name__ == '__main__':
    sys.exit(main())
