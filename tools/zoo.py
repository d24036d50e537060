"""The published tables: ``python tools/zoo.py check | write``.

check   names against values, rows against the published list; seconds, no data
write   the page of all rows, model-zoo.md; with --check only tells whether it is stale
"""
import argparse
import os.path as osp
import sys

from mmvideo.command import exit_status

ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
PUBLISHED = osp.join(ROOT, 'tests', 'data', 'zoo.json.gz')
PAGE = osp.join(ROOT, 'model-zoo.md')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    check = commands.add_parser('check', help='hold configs against their names, and rows '
                                              'against the published list')
    check.add_argument('--published', default=PUBLISHED, metavar='FILE',
                       help='the published list, .json or .json.gz; by default that of the tests')
    check.set_defaults(run=run_check)
    write = commands.add_parser('write', help='make the page of all rows, model-zoo.md')
    write.add_argument('--out', default=PAGE, metavar='FILE', help='by default model-zoo.md')
    write.add_argument('--check', action='store_true',
                       help='write nothing; exit status 1 if the page is stale')
    write.set_defaults(run=run_write)
    return parser.parse_args(argv)


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


def main(argv=None):
    args = parse_args(argv)
    return exit_status(args.run, args)


if __name__ == '__main__':
    sys.exit(main())
