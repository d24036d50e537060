"""Measures the speed of loading and of the networks, as ratios to a plain form of the same.

    python benchmarks/run.py                       all rows; writes benchmarks/results.md
    python benchmarks/run.py --only data           those of a section; writes that section of it
    python benchmarks/run.py 'tsm*' --rounds 5     some rows; prints only
"""
import argparse
import datetime
import fnmatch
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The checkout that this file lies in is measured, whatever else is installed.
sys.path[0] = str(ROOT)

import cv2  # noqa: E402
import torch  # noqa: E402

from benchmarks import (  # noqa: E402
    attention,
    decoding,
    fusion,
    imports,
    loader,
    networks,
    non_local,
    packing,
    samples,
    shift,
    temporal,
    views,
)
from benchmarks.timing import SHARE, interleave  # noqa: E402
from mmvideo.processes import usable_cores  # noqa: E402

SECTIONS = {
    'networks': (shift, temporal, non_local, networks, attention, fusion, imports),
    'data': (decoding, samples, views, packing, loader)}
# Fresh processes vary most, and their ratio is the closest to what it should reach.
MORE_ROUNDS = {imports: 2}
HEADER = ('what', 'against', 'ratio', 'spread', 'to reach', 'measured', 'command')
HEAD = """\
# Speed

Ratios of two forms of the same work, timed by turns in one run: CPU time, float32, one thread,
the median of {rounds} rounds (imports: twice that) and the spread from the least to the greatest.
"Times as fast" is the other form's time over ours, "of the time" and "of the whole" ours over the
other's. The plain forms stand in `benchmarks/`, and each module first makes sure that both forms
give the same results. Other programs that fill the memory bus (see the load) bring the ratios of
what only moves memory, the shift above all, nearer to one.
`make bench` measures all of it again, `make bench-data` what is about data.
"""
WORDS = {
    'networks': """\
The shift itself runs at the speed of a copy of its input. In NCHW all shifts together are a few
hundredths of the time of TSM R50 (`tsm-of-tsn`), and that bounds what any other form of them can
cost there; with channels_last the plain form costs more, since it falls back to NCHW, and the
convolutions after it have to turn their input around.""",
    'data': """\
Three videos of 10 s, 300 frames of H.264 with 3 B-frames, and AAC, are made for it
(`benchmarks/clips.py`). The plain path is what the field does: decord by path, every index as
asked, OpenCV resizes each frame, crop, resize, mirror, stack; it takes the draws of our sample, and
every tensor must be the same bit by bit. "Reading" opens the file and gives RGB frames."""}


def main(args=None):
    options = parse(args)
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    torch.manual_seed(0)
    tables = {}
    for section in options.sections:
        lines = []
        for module in SECTIONS[section]:
            rows = [row for row in module.ROWS if is_wanted(row, options.patterns)]
            if rows:
                lines += measure(module, rows, options)
        if lines:
            tables[section] = '\n'.join([line_of(HEADER), line_of(['---'] * len(HEADER)), *lines])
    print('\n\n'.join(tables.values()))
    if options.out is not None:
        write_results(options.out, tables, options.rounds)
        say(f'written to {options.out}\n')


def write_results(path, tables, rounds):
    """Write the sections that were measured; others stay as they are in the file."""
    old = path.read_text(encoding='utf-8') if path.exists() else ''
    kept = {text.partition('\n')[0].lower(): f'## {text.strip()}'
            for text in old.split('\n## ')[1:]}
    new = {section: '\n\n'.join([f'## {section.capitalize()}', machine(), WORDS[section], table])
           for section, table in tables.items()}
    found = {**kept, **new}
    path.write_text('\n\n'.join([HEAD.format(rounds=rounds).strip(),
                                 *(found[s] for s in SECTIONS if s in found)]) + '\n',
                    encoding='utf-8')


def parse(args):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('patterns', nargs='*', metavar='PATTERN',
                        help="names of rows, such as 'tsm*'; all without")
    parser.add_argument('--only', choices=SECTIONS, help='the rows of one section')
    parser.add_argument('--rounds', type=int, default=7, help='measurements of each form (7)')
    parser.add_argument('--out', type=Path,
                        help='where the tables are written (benchmarks/results.md if all rows, or '
                             'all of a section, are measured, else nowhere)')
    parser.add_argument('--small', action='store_true',
                        help='small inputs: does everything run? The ratios say nothing')
    options = parser.parse_args(args)
    options.sections = [options.only] if options.only else list(SECTIONS)
    names = [row.name for s in options.sections for module in SECTIONS[s] for row in module.ROWS]
    for pattern in options.patterns:
        if not fnmatch.filter(names, pattern):
            parser.error(f'no row is named {pattern!r}; there are {", ".join(names)}')
    if options.rounds < 1:
        parser.error(f'--rounds must be at least 1, not {options.rounds}')
    if options.out is None and not options.patterns and not options.small:
        options.out = ROOT / 'benchmarks' / 'results.md'
    return options


def is_wanted(row, patterns):
    return not patterns or any(fnmatch.fnmatchcase(row.name, p) for p in patterns)


def measure(module, rows, options):
    """Lines of the table for some rows of a module; their forms are timed by turns."""
    start = time.monotonic()
    say(f'{", ".join(row.name for row in rows)} ')
    wanted = list(dict.fromkeys(key for row in rows for key in (row.ours, row.plain)))
    rounds = options.rounds * (1 if options.small else MORE_ROUNDS.get(module, 1))
    with tempfile.TemporaryDirectory() as folder:
        functions = module.contenders(wanted, options.small, Path(folder))
        seconds = interleave(functions, rounds, warm_up=not options.small,
                             after_round=lambda: say('.'))
    say(f' {time.monotonic() - start:.0f} s\n')
    return [line_of(cells(row, seconds, options.small)) for row in rows]


def cells(row, seconds, small):
    """A line of the table; small inputs have no ratio to reach."""
    ratios = row.ratios(seconds)
    reach = '-'
    if row.reach is not None and not small:
        reach = f'{"at most" if row.kind == SHARE else "at least"} {row.reach:g}'
        reach += ' **missed**' if row.is_missed(seconds) else ''
    return (row.what, row.against, f'{statistics.median(ratios):.3f} {row.kind}',
            f'{min(ratios):.3f}..{max(ratios):.3f}', reach, row.measured(seconds),
            f'`make bench ARGS={row.name}`')


def line_of(values):
    return f'| {" | ".join(values)} |'


def machine():
    """What the ratios were measured on, in a sentence."""
    load = ', '.join(f'{x:.1f}' for x in os.getloadavg())
    return (f'{cpu_name()}, {usable_cores()} cores (load {load}); Python '
            f'{platform.python_version()}, torch {torch.__version__}, OpenCV {cv2.__version__}; '
            f'{datetime.date.today()}.')


def cpu_name():
    path = Path('/proc/cpuinfo')
    if path.exists():
        for line in path.read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def say(text):
    """Progress goes beside the table, so that the table can be piped."""
    print(text, end='', file=sys.stderr, flush=True)


if __name__ == '__main__':
    main()
