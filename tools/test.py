"""Test a checkpoint: ``python tools/test.py CONFIG CKPT --eval top_k_accuracy``."""
import argparse
import os
import sys

from mmvideo.command import KeyValues, exit_status, metric_options


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('--out', help='write the scores: .json, .pkl or .yaml by suffix; '
                        'what a detector found: .csv or .pkl')
    parser.add_argument('--eval', nargs='+', default=[], metavar='NAME',
                        help='metrics, for example top_k_accuracy mean_class_accuracy; '
                        'mAP for a detector')
    parser.add_argument('--eval-options', '--options', nargs='+', action=KeyValues,
                        default={}, metavar='KEY=VALUE',
                        help='arguments of metrics, for example top_k_accuracy.topk="(1,3)"')
    parser.add_argument('--average-clips', choices=['score', 'prob'],
                        help='average the views of a video as scores or as probabilities')
    parser.add_argument('--fuse-conv-bn', action='store_true',
                        help='fold norm layers into convolutions; a little faster')
    parser.add_argument('--bad-files', choices=['error', 'wrong'],
                        help='a file that cannot be loaded ends the test, or counts as wrong and '
                        'is reported (default: the config, then error)')
    parser.add_argument('--work-dir', help='folder for logs')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none',
                        help='what started several processes')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help='set by the launcher')
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def run(args):
    from mmvideo.engine import test
    from mmvideo.models.blocks.fuse import for_inference
    found = test(
        args.config, args.checkpoint, out=args.out, metrics=args.eval,
        metric_options=metric_options(args.eval_options), average_clips=args.average_clips,
        prepare_model=for_inference if args.fuse_conv_bn else None, bad_files=args.bad_files,
        work_dir=args.work_dir,
        launcher=args.launcher, options=args.cfg_options)
    if int(os.environ.get('RANK', 0)) == 0:
        for name, value in found.items():
            print(f'{name}: {value:.4f}')
        if args.out:
            print(f'scores: {args.out}')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
