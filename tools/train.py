"""Train a network: ``python tools/train.py CONFIG --validate``.

SIGTERM and SIGUSR1 end a run in good order, with status 75: its state is saved, --resume goes on.
"""
import argparse
import os
import sys

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import StoppedError

# EX_TEMPFAIL of sysexits.h: the run was asked to stop and has saved its state; start it again.
STOPPED = 75


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints '
                        '(default: the config, then work_dirs/<config name>)')
    parser.add_argument('--validate', action='store_true',
                        help='evaluate on the validation set while training')
    parser.add_argument('--test-last', action='store_true',
                        help='test the last checkpoint afterwards; scores: last_pred.pkl')
    parser.add_argument('--test-best', action='store_true',
                        help='test the best checkpoint afterwards; scores: best_pred.pkl '
                        '(validates while training)')
    parser.add_argument('--resume', '--resume-from', nargs='?', const='auto', dest='resume',
                        metavar='CKPT', help='go on from a checkpoint; without a value, from the '
                        'newest of the work dir that is whole')
    parser.add_argument('--seed', type=int, help='seed of every random draw (default: a new one)')
    parser.add_argument('--diff-seed', '--diff-rank-seed', action='store_true',
                        help='another seed for each process')
    parser.add_argument('--deterministic', action='store_true',
                        help='only operations that give the same bits every time')
    parser.add_argument('--amp', action='store_true',
                        help='mixed precision: fp16 with a scaled loss on a GPU, bf16 on a CPU')
    parser.add_argument('--amp-dtype', choices=['fp16', 'bf16'],
                        help='mixed precision in this type')
    parser.add_argument('--compile', action='store_true',
                        help='compile the networks (torch.compile); those that cannot be run as '
                        'they are. Settings: --cfg-options compile.mode=max-autotune')
    parser.add_argument('--channels-last', action='store_true',
                        help='kernels with channels last: of 2D networks, on a GPU of 3D ones, too')
    parser.add_argument('--tensorboard', action='store_true',
                        help='write curves for TensorBoard, too')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help='scale the learning rate with the total batch size')
    parser.add_argument('--fsdp', action='store_true', help='spread the network over the '
                        'processes, where it does not fit into one (needs --launcher)')
    parser.add_argument('--max-bad-share', type=float, metavar='SHARE',
                        help='stop when more than this share of the samples cannot be loaded '
                        '(default: the config, then 0.01); until then others take their place')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key, for example '
                        'model.cls_head.num_classes=9; lists as "[a,b]" or a,b')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none',
                        help='what started several processes')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help='set by the launcher')
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def run(args):
    from mmvideo.engine import train
    found = train(
        args.config, work_dir=args.work_dir, validate=args.validate, test_last=args.test_last,
        test_best=args.test_best, resume=args.resume, seed=args.seed, diff_seed=args.diff_seed,
        deterministic=args.deterministic, amp=args.amp, amp_dtype=args.amp_dtype,
        compile=args.compile, channels_last=args.channels_last, tensorboard=args.tensorboard,
        auto_scale_lr=args.auto_scale_lr,
        max_bad_share=args.max_bad_share,
        launcher=args.launcher,
        options={**(args.cfg_options or {}), **({'fsdp': {}} if args.fsdp else {})})
    for which, metrics in found.items() if os.environ.get('RANK', '0') == '0' else ():
        for name, value in metrics.items():
            print(f'{which} {name}: {value:.4f}')


def run_or_stop(args):
    try:
        run(args)
    except StoppedError as error:
        if os.environ.get('RANK', '0') == '0':
            print(error, file=sys.stderr)
        return STOPPED


def main(argv=None):
    return exit_status(run_or_stop, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
