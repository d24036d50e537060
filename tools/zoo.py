"""The published tables: ``python tools/zoo.py check | write | build | smoke | embedded | fetch |
reproduce``.

check            names against values, rows against the published list; seconds, no data
write            the page of all rows, model-zoo.md; with --check only tells whether it is stale
build [PATTERN]  every network built, its size against the published one, one small step; minutes
smoke [PATTERN]  every config run on a few small clips: training, validation, test; some 10 minutes
embedded [PATTERN]
                 the embedded benchmark: small networks trained from nothing, tested; minutes each
fetch CONFIG     the weights of a row, into torch's hub folder
reproduce CONFIG [CKPT]
                 the row measured again, by its published protocol, on the data that are here
"""
import argparse
import fnmatch
import os
import os.path as osp
import subprocess
import sys
import tempfile
import time

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError

ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
PUBLISHED = osp.join(ROOT, 'tests', 'data', 'zoo.json.gz')
COUNTS = osp.join(ROOT, 'tests', 'data', 'complexity.json')
PAGE = osp.join(ROOT, 'model-zoo.md')
REPRODUCED = osp.join(ROOT, 'benchmarks', 'reproduced')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for add in (add_check, add_write, add_build, add_smoke, add_embedded, add_fetch,
                add_reproduce):
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
    from mmvideo.zoo.results import read_results
    configs = read_configs()
    rows = read_rows(configs)
    text = render(configs, rows, read_results(REPRODUCED))
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
    from mmvideo.engine.config_file import config_name
    from mmvideo.zoo import read_configs
    from mmvideo.zoo.networks import published_parameters, try_out
    configs = read_configs(paths_of(args.pattern))
    configs = {path: cfg for path, cfg in configs.items() if cfg.get('model')}
    if not configs:
        raise InputError(f'{args.pattern}: no config with a network has such a name')
    published, failed, start = published_parameters(COUNTS), 0, time.time()
    absent = compared = 0
    for path, cfg in configs.items():
        name = config_name(path)
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


def add_smoke(commands):
    smoke = commands.add_parser('smoke', help='run every config on a few small clips: two '
                                              'iterations of training, validation, test')
    smoke.add_argument('pattern', nargs='?', default='*',
                       help="part of a config's name, or a pattern such as 'tsm_r50_*_sthv?_*'")
    smoke.add_argument('--data', metavar='FOLDER', help='the embedded data set; by default '
                       'data/embedded, or a few clips of it made for the occasion')
    smoke.add_argument('--jobs', type=int, default=2, metavar='N',
                       help='processes, with one thread each; by default 2')
    smoke.add_argument('--limit', type=float, default=600, metavar='SECONDS',
                       help='for a config; by default 600')
    smoke.set_defaults(run=run_smoke)


def run_smoke(args):
    from mmvideo.zoo.media import SmallData
    from mmvideo.zoo.smoke import smoke_all
    paths, start = paths_of(args.pattern), time.time()
    if not paths:
        raise InputError(f'{args.pattern}: no config has such a name')
    if args.jobs < 1:
        raise InputError(f'--jobs {args.jobs}: expected at least one process')
    outcomes = []
    with tempfile.TemporaryDirectory(prefix='mmvideo_smoke_') as folder:
        data = SmallData(embedded_data(args.data, folder), osp.join(folder, 'data'))
        for outcome in smoke_all(paths, data, folder, args.jobs, args.limit):
            outcomes.append(outcome)
            print(outcome, flush=True)
    idle = sum(bool(o.left_out) for o in outcomes)
    failed = sum(bool(o.fault) for o in outcomes)
    print(f'{len(outcomes) - idle - failed} of {len(outcomes)} configs ran, '
          f'{idle} left out, {failed} with faults, {time.time() - start:.0f} s')
    return 1 if failed else 0


def embedded_data(given, folder):
    """The folder of the embedded data set; a small one is made in ``folder`` if there is none."""
    here = given or osp.join('data', 'embedded')
    if given and not osp.isdir(given):
        raise InputError(f'--data {given}: no such folder; it is made by '
                         f'python tools/data/build_embedded.py --out {given}')
    if osp.isfile(osp.join(here, 'val_audio_features.txt')):
        return here
    if given:
        raise InputError(f'--data {given}: no embedded data set, it has no val_audio_features.txt')
    made, tool = osp.join(folder, 'embedded'), osp.join(ROOT, 'tools', 'data', 'build_embedded.py')
    subprocess.run([sys.executable, tool, '--out', made, '--clips-per-class', '1'], check=True,
                   stdout=subprocess.DEVNULL)
    return made


def add_embedded(commands):
    embedded = commands.add_parser('embedded', help='the embedded benchmark: train small networks '
                                                    'on the data set that mmvideo makes, test them')
    embedded.add_argument('pattern', nargs='?', default='*',
                          help="part of a config's name, or a pattern such as 't?m_*'; by default "
                               'all that take part')
    embedded.add_argument('--data', default='data/embedded', metavar='FOLDER')
    embedded.add_argument('--work-dir', default='work_dirs/embedded', metavar='FOLDER',
                          help='for logs, weights and scores; what is measured there is not '
                               'measured again')
    embedded.add_argument('--again', action='store_true', help='measure it nevertheless')
    embedded.add_argument('--record', action='store_true',
                          help='keep the figures in configs/embedded.json, for the page')
    embedded.set_defaults(run=run_embedded)


def run_embedded(args):
    from mmvideo.zoo import read_configs
    from mmvideo.zoo.embedded import embedded_configs, run_rows
    configs = embedded_configs(read_configs(paths_of(args.pattern)))
    if not configs:
        raise InputError(f'{args.pattern}: no config of the embedded benchmark has such a name; '
                         'model-zoo.md lists them')
    return run_rows(configs, args.data, args.work_dir, args.again, args.record)


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


def add_reproduce(commands):
    again = commands.add_parser('reproduce', help='measure a row again and tell the difference; '
                                                  'exit status 1 if it is too large')
    again.add_argument('config', help='Python config file, or the name of one under configs/')
    again.add_argument('weights', nargs='*', metavar='CKPT',
                       help='checkpoint file or address; by default the published one. A row that '
                            'is made of several takes one for each, or files of scores')
    again.add_argument('--row', type=int, help='of those on this config; by default the first')
    again.add_argument('--tolerance', type=float, default=0.3, metavar='POINTS',
                       help='largest difference that counts as reproduced; by default 0.3')
    again.add_argument('--limit', type=int, metavar='N',
                       help='a trial run of N items, evenly spread over the list')
    again.add_argument('--out', metavar='FILE', help='write the result as JSON; full runs of '
                       'published weights are kept in benchmarks/reproduced, for the page')
    again.add_argument('--work-dir', default=osp.join('work_dirs', 'reproduce'), metavar='FOLDER',
                       help='for logs')
    again.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                       help='where the data lie and how they are loaded, for example '
                            'test_dataloader.batch_size=8')
    again.set_defaults(run=run_reproduce)


def run_reproduce(args):
    from mmvideo.zoo.choice import rows_of
    from mmvideo.zoo.reproduce import check_start, measure
    from mmvideo.zoo.results import file_of, report, result, write_result
    from mmvideo.zoo.weights import is_scores, weights_of
    if args.limit is not None and args.limit < 1:
        raise InputError(f'--limit {args.limit}: expected at least one item')
    if args.out:        # told before the test has run for hours
        os.makedirs(osp.dirname(args.out) or '.', exist_ok=True)
        if osp.isdir(args.out) or not os.access(osp.dirname(args.out) or '.', os.W_OK):
            raise InputError(f'--out {args.out}: expected the name of a file in a folder that can '
                             'be written to')
    asked, rows = rows_of(args.config, args.row)
    row, others = asked[0], asked[1:]
    print(f'{row.title}: ' + ', '.join(filter(None, [row.section, row.get('resolution'),
                                                     row.protocol])))
    if others:
        print('this config has rows ' + ', '.join(f'{r.number} ({r.section}, '
              f'{r.get("resolution", "any resolution")})' for r in others)
              + ', too: --row NUMBER', file=sys.stderr)
    if not any(map(is_scores, args.weights)):
        check_start(row, args.cfg_options)
    weights = weights_of(row, rows, args.weights, Progress)
    measured = measure(row, weights, limit=args.limit, options=args.cfg_options,
                       work_dir=args.work_dir, tell=Progress('data', 'items', 1))
    found = result(row, measured, weights, args.tolerance, args.limit)
    for one in weights:
        print(f'weights: {one.file}' + ('' if one.row.number is None else ', as published'
                                        if one.place is not None else ', not the published ones'))
    print(*report(found, [figure.title for figure in measured.figures]), sep='\n')
    out = args.out
    is_checkout = osp.isdir(osp.dirname(REPRODUCED))
    if not out and found['is_full'] and is_checkout and row.number is not None \
            and all(one.place is not None for one in weights):
        out = file_of(row, REPRODUCED)
    if out:
        write_result(found, out)
        print(f'{out} written')
    return 1 if args.limit is None and not found['is_within'] else 0


class Progress:
    """Tells how far a download or a count is: on a terminal in one line, else every tenth.

    Args:
        name: of what is counted.
        unit: of what is told.
        size: how many counts make a unit.
    """

    def __init__(self, name, unit='MB', size=1e6):
        self.name, self.unit, self.told = name, unit, -1
        self.size, self.digits = size, 0 if size == 1 else 1

    def __call__(self, here, total):
        share = 10 * here // total if total else here >> 24
        line = f'{self.name}: {here / self.size:.{self.digits}f} {self.unit}'
        line += f' of {total / self.size:.{self.digits}f}' if total else ''
        if sys.stderr.isatty():
            print(f'\r{line}', end='\n' if here == total else '', file=sys.stderr, flush=True)
        elif share > self.told:
            print(line, file=sys.stderr, flush=True)
        self.told = share


def paths_of(pattern):
    """Paths of the configs whose names have a part, or fit a pattern with ``*``, ``?`` or ``[]``.
    """
    from mmvideo.engine.config_file import config_name, zoo_configs
    word = pattern if set(pattern) & set('*?[') else f'*{pattern}*'
    return [path for path in zoo_configs() if fnmatch.fnmatch(config_name(path), word)]


def main(argv=None):
    args = parse_args(argv)
    return exit_status(args.run, args)


if __name__ == '__main__':
    sys.exit(main())
