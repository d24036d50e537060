"""Measures the speed of loading and of the networks, as ratios to a plain form of the same.

    python benchmarks/run.py                       all rows; writes benchmarks/results.md
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
    networks,
    non_local,
    packing,
    shift,
    temporal,
)
from benchmarks.timing import FASTER, interleave  # noqa: E402

MODULES = (shift, temporal, non_local, networks, attention, fusion, packing, imports, decoding)
# Fresh processes vary most, and their ratio is the closest to what it should reach.
MORE_ROUNDS = {imports: 2}
HEADER = ('what', 'against', 'ratio', 'spread', 'to reach', 'measured', 'command')
WORDS = """\
# Speed

Ratios of two forms of the same work, timed by turns in one run: CPU time, float32, one thread,
the median of {rounds} rounds (imports: twice that) and the spread from the least to the greatest.
"Times as fast" is the other form's time over ours, "of the time" ours over the other's. The plain
forms stand in `benchmarks/`, and each module first makes sure that both forms give the same
results. Other programs that fill the memory bus (see the load) bring the ratios of what only
moves memory, the shift above all, nearer to one.
`make bench` measures all of it again.

The shift itself runs at the speed of a copy of its input. In NCHW all shifts together are a few
hundredths of the time of TSM R50 (`tsm-of-tsn`), and that bounds what any other form of them can
cost there; with channels_last the plain form costs more, since it falls back to NCHW, and the
convolutions after it have to turn their input around.

{machine}

{table}
"""


def main(args=None):
    options = parse(args)
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    torch.manual_seed(0)
    lines = []
    for module in MODULES:
        rows = [row for row in module.ROWS if is_wanted(row, options.patterns)]
        if rows:
            lines += measure(module, rows, options)
    table = '\n'.join([line_of(HEADER), line_of(['---'] * len(HEADER)), *lines])
    print(table)
    if options.out is not None:
        options.out.write_text(WORDS.format(rounds=options.rounds, machine=machine(), table=table),
                               encoding='utf-8')
        say(f'written to {options.out}\n')


def parse(args):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('patterns', nargs='*', metavar='PATTERN',
                        help="names of rows, such as 'tsm*'; all without")
    parser.add_argument('--rounds', type=int, default=7, help='measurements of each form (7)')
    parser.add_argument('--out', type=Path,
                        help='where the table is written (benchmarks/results.md if all rows are '
                             'measured, else nowhere)')
    parser.add_argument('--small', action='store_true',
                        help='small inputs: does everything run? The ratios say nothing')
    options = parser.parse_args(args)
    names = [row.name for module in MODULES for row in module.ROWS]
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
        reach = f'{"at least" if row.kind == FASTER else "at most"} {row.reach:g}'
        reach += ' **missed**' if row.is_missed(seconds) else ''
    return (row.what, row.against, f'{statistics.median(ratios):.3f} {row.kind}',
            f'{min(ratios):.3f}..{max(ratios):.3f}', reach, row.measured(seconds),
            f'`make bench ARGS={row.name}`')


def line_of(values):
    return f'| {" | ".join(values)} |'


def machine():
    """What the ratios were measured on, in a sentence."""
    load = ', '.join(f'{x:.1f}' for x in os.getloadavg())
    return (f'{cpu_name()}, {os.cpu_count()} cores (load {load}); Python '
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
