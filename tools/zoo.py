"""The published tables: ``python tools/zoo.py check | write | build | fetch``.

check            names against values, rows against the published list; seconds, no data
write            the page of all rows, model-zoo.md; with --check only tells whether it is stale
build [PATTERN]  every network built, its size against the published one, one small step; minutes
fetch CONFIG     the weights of a row, into torch's hub folder
"""
import argparse
import fnmatch
import os.path as osp
import sys
import time

from mmvideo.command import exit_status
from mmvideo.errors import InputError

ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
PUBLISHED = osp.join(ROOT, 'tests', 'data', 'zoo.json.gz')
COUNTS = osp.join(ROOT, 'tests', 'data', 'complexity.json')
PAGE = osp.join(ROOT, 'model-zoo.md')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for add in (add_check, add_write, add_build, add_fetch):
        add(commands)
    return parser.parse_args(argv)


def add_check(commands):
    check = commands.add_parser('check', help='hold configs against their names, and rows '
                                              'against the published list')
    check.add_argument('--published', default=PUBLISHED, metavar='FILE',
                       help='the published list, .json or .json.gz; by default that of the tests')
    check.set_defaults(run=run_check)


def run_check(args):
    from mmvideo.zoo import read_configs, read_rows
    from mmvideo.zoo.check import compare, name_complaints, read_published
    published, configs = read_published(args.published), read_configs()
    rows = read_rows(configs)
    complaints = [c for path, cfg in configs.items() for c in name_complaints(path, cfg)]
    differences, lost = compare(rows, published)
    for line in [*complaints, *differences]:
        print(line)
    for number in lost:
        print(f'row {number} ({published[number]["family"]}, {published[number]["section"]}): '
              'no config gives it')
    print(f'{len(configs)} configs, {len(complaints)} names that say something else; {len(rows)} '
          f'of {len(published)} published rows, {len(differences)} fields that differ')
    return 1 if complaints or differences or lost else 0


def add_write(commands):
    write = commands.add_parser('write', help='make the page of all rows, model-zoo.md')
    write.add_argument('--out', default=PAGE, metavar='FILE', help='by default model-zoo.md')
    write.add_argument('--check', action='store_true',
                       help='write nothing; exit status 1 if the page is stale')
    write.set_defaults(run=run_write)


def run_write(args):
    from mmvideo.zoo import read_configs, read_rows
    from mmvideo.zoo.page import render, stale_line
    configs = read_configs()
    rows = read_rows(configs)
    text = render(configs, rows)
    stale = stale_line(text, args.out)
    if args.check:
        print(f'{stale}\nmake it with: python tools/zoo.py write' if stale
              else f'{args.out} is up to date: {len(rows)} rows')
        return 1 if stale else 0
    if stale:
        with open(args.out, 'w', encoding='utf-8') as file:
            file.write(text)
    print(f'{args.out} {"written" if stale else "is as it was"}: {len(rows)} rows')
    return 0


def add_build(commands):
    build = commands.add_parser('build', help='build every network, compare its size with the '
                                              'published one, train it for one small step')
    build.add_argument('pattern', nargs='?', default='*',
                       help="part of a config's name, or a pattern such as 'tsm_r50_*_sthv?_*'")
    build.set_defaults(run=run_build)


def run_build(args):
    from mmvideo.engine.config_file import zoo_configs
    from mmvideo.zoo import read_configs
    from mmvideo.zoo.networks import published_parameters, try_out
    word = args.pattern if set(args.pattern) & set('*?[') else f'*{args.pattern}*'
    paths = [p for p in zoo_configs() if fnmatch.fnmatch(name_of(p), word)]
    configs = {p: cfg for p, cfg in read_configs(paths).items() if cfg.get('model')}
    if not configs:
        raise InputError(f'{args.pattern}: no config with a network has such a name')
    published, failed, start = published_parameters(COUNTS), 0, time.time()
    absent = compared = 0
    for path, cfg in configs.items():
        name = name_of(path)
        found = try_out(cfg)
        if found.parameters is None:
            absent += 1
            print(f'{name}: left out, {cfg.model.backbone.type} needs a package that is not here')
            continue
        complaints, said = list(found.complaints), ''
        if name in published:
            compared += 1
            wanted, tolerance = published[name]
            said = ', as published'
            if abs(found.parameters - wanted) > tolerance:
                said = ''
                complaints.append(f'published are {wanted / 1e6:.3f} M parameters')
        failed += bool(complaints)
        loss = '' if found.loss is None else f', loss {found.loss:.2f}'
        print(f'{name}: {found.parameters / 1e6:.3f} M parameters{said}{loss}',
              *complaints, sep='; ', flush=True)
    print(f'{len(configs) - absent} of {len(configs)} networks built, {compared} compared with '
          f'published sizes, {failed} with faults, {time.time() - start:.0f} s')
    return 1 if failed else 0


def add_fetch(commands):
    fetch = commands.add_parser('fetch', help='bring the weights of a row')
    fetch.add_argument('config', help='Python config file, or the name of one under configs/')
    fetch.add_argument('--row', type=int, help='of those on this config; by default the first '
                                               'that has weights')
    fetch.set_defaults(run=run_fetch)


def run_fetch(args):
    from mmvideo.checkpoint_file import check_hash, fetch
    from mmvideo.zoo.choice import row_with_weights, rows_of
    row, others = row_with_weights(*rows_of(args.config, args.row))
    print(f'row {row.number}: {row.name}, {row.get("resolution", "any resolution")}, top-1 '
          f'{row.get("top1", "not published")}', file=sys.stderr)
    if others:
        print('this config has weights for rows ' + ', '.join(f'{r.number} ({r.section}, '
              f'{r.get("resolution", "any resolution")})' for r in others)
              + ', too: --row NUMBER', file=sys.stderr)
    for address in row.checkpoints:
        file = fetch(address, Progress(osp.basename(address)))
        check_hash(file)
        print(file)
        print(f'python tools/test.py {row.stem} {file} --eval top_k_accuracy', file=sys.stderr)
    return 0


class Progress:
    """Tells how far a download is: on a terminal in one line, else every tenth.

    Args:
        name: of the file.
    """

    def __init__(self, name):
        self.name, self.told = name, -1

    def __call__(self, here, total):
        share = 10 * here // total if total else here >> 24
        line = f'{self.name}: {here / 1e6:.1f} MB' + (f' of {total / 1e6:.1f}' if total else '')
        if sys.stderr.isatty():
            print(f'\r{line}', end='\n' if here == total else '', file=sys.stderr, flush=True)
        elif share > self.told:
            print(line, file=sys.stderr, flush=True)
        self.told = share


def name_of(path):
    return osp.basename(path).removesuffix('.py')


def main(argv=None):
    args = parse_args(argv)
    return exit_status(args.run, args)


if __name__ == '__main__':
    sys.exit(main())
