"""Print a config with its parts merged in, as a config that stands alone.

    python tools/analysis/print_config.py CONFIG
    python tools/analysis/print_config.py CONFIG --cfg-options model.cls_head.num_classes=9
"""
import argparse
import sys

from mmvideo.command import KeyValues, exit_status
from mmvideo.config_text import to_text


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('--cfg-options', '--options', nargs='+', action=KeyValues,
                        metavar='KEY=VALUE', help='config values by dotted key')
    return parser.parse_args(argv)


def run(args):
    from mmvideo.engine.run import load_config
    print(to_text(load_config(args.config, args.cfg_options)), end='')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
