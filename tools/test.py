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
    parser.add_argument('--average-clips', choices=['score', 'prob', 'max'],
                        help='average the views of a video as scores or as probabilities, or take '
                        'the greatest probability of each class')
    parser.add_argument('--fuse-conv-bn', action='store_true',
                        help='fold norm layers into convolutions; a little faster')
    parser.add_argument('--amp', action='store_true',
                        help='mixed precision: fp16 on a GPU, bf16 on a CPU')
    parser.add_argument('--amp-dtype', choices=['fp16', 'bf16'],
                        help='mixed precision in this type')
    parser.add_argument('--compile', action='store_true',
                        help='compile the networks (torch.compile)')
    parser.add_argument('--channels-last', action='store_true',
                        help='kernels with channels last: of 2D networks, on a GPU of 3D ones, too '
                        '(part of --fuse-conv-bn)')
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


def prepared(args):
    """What is done to a model once its weights are loaded."""
    from mmvideo.engine.precision import amp_dtype, predict_in
    from mmvideo.models.blocks.fuse import for_inference
    dtype = amp_dtype(args.amp_dtype) if args.amp or args.amp_dtype else None

    def prepare(model):
        if args.fuse_conv_bn:
            for_inference(model)
        if dtype is not None:
            predict_in(model, dtype)
    return prepare


def run(args):
    from mmvideo.engine import test
    found = test(
        args.config, args.checkpoint, out=args.out, metrics=args.eval,
        metric_options=metric_options(args.eval_options), average_clips=args.average_clips,
        prepare_model=prepared(args), compile=args.compile, channels_last=args.channels_last,
        bad_files=args.bad_files,
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
