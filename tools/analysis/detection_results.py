"""The table at the end of ``make demo-detection``: what each detector reached beside what it can.

    python tools/analysis/detection_results.py work_dirs/demo/scenes --data data/embedded/scenes

measures ``slowfast.csv`` and ``oneframe.csv`` (tools/test.py --out) in the folder by the rules of
AVA's challenge, prints the table and writes ``results.json``.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np

from mmvideo.ava_files import read_boxes, read_excluded, read_label_map
from mmvideo.command import exit_status
from mmvideo.errors import MissingFileError
from mmvideo.evaluation.ava import average_precisions

sys.path.insert(0, str(Path(__file__).parent))

from demo_results import tell  # noqa: E402

# Name of the file; what the detector is; what it sees, as the data set calls it; least and most
# mAP in percent that a sound run reaches.
ROWS = (('slowfast', 'SlowFast', 'clips', 80, 100),
        ('oneframe', 'Slow-only, one frame', 'single frames', 0, 60))


def mean_precision(path, data):
    """Mean average precision in percent of a file of detections."""
    if not path.is_file():
        raise MissingFileError(f'{path} does not exist; run the steps of `make demo-detection` '
                               'before')
    found = average_precisions(
        read_boxes(data / 'val.csv'), read_boxes(path, 'found'),
        read_label_map(data / 'actions.pbtxt'), read_excluded(data / 'val_excluded.csv'))
    return 100 * float(np.mean(list(found.values())))


def results(folder, data):
    """The table of both detectors; the status of :func:`demo_results.tell`."""
    record = data / 'scenes.json'
    if not record.is_file():
        raise MissingFileError(f'{record} does not exist; '
                               'python tools/data/build_embedded.py --scenes makes it')
    ceilings = json.loads(record.read_text())['ceilings']
    return tell(folder, 'mAP', [
        (key, name, sees, round(mean_precision(folder / f'{key}.csv', data), 2),
         100 * ceilings[sees], least, most) for key, name, sees, least, most in ROWS])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='where the files of detections are')
    parser.add_argument('--data', type=Path, default=Path('data/embedded/scenes'),
                        help='the embedded set of scenes')
    args = parser.parse_args(argv)
    return exit_status(results, args.folder, args.data)


if __name__ == '__main__':
    sys.exit(main())
