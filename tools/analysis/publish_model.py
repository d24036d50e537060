"""Make a checkpoint ready to hand on: the weights alone, with a hash in the file's name.

    python tools/analysis/publish_model.py work_dirs/tsm/epoch_50.pth tsm_r50.pth

writes ``tsm_r50-1a2b3c4d.pth``: the first 8 digits of the file's SHA-256, which every download is
held against. Optimizer, schedule and log are left out; config, class names, metrics and version
stay under ``meta``.
"""
import argparse
import hashlib
import os.path as osp
import sys

from mmvideo.command import exit_status
from mmvideo.errors import InputError

DIGITS = 8
WEIGHTS = ('state_dict', 'meta')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('in_file', help='checkpoint of a training run')
    parser.add_argument('out_file', help='where to write; the hash is put before the suffix')
    return parser.parse_args(argv)


def publish(in_file, out_file):
    """Write the weights of a checkpoint; the path they got.

    Raises:
        InputError: the file has no weights under ``state_dict``.
    """
    import io

    import torch

    from mmvideo.checkpoint_file import read_checkpoint
    from mmvideo.evaluation.scores import write_file
    checkpoint = read_checkpoint(in_file)
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get('state_dict'), dict):
        raise InputError(f'{in_file}: expected a checkpoint with weights under state_dict')
    kept = {key: checkpoint[key] for key in WEIGHTS if key in checkpoint}
    # A tensor that is a view would take the memory it looks into along.
    kept['state_dict'] = {key: value.clone() if isinstance(value, torch.Tensor) else value
                          for key, value in kept['state_dict'].items()}
    content = io.BytesIO()
    torch.save(kept, content)
    digits = hashlib.sha256(content.getbuffer()).hexdigest()[:DIGITS]
    stem, suffix = osp.splitext(out_file)
    path = f'{stem}-{digits}{suffix or ".pth"}'
    write_file(path, content.getvalue())
    left_out = [key for key in checkpoint if key not in WEIGHTS]
    print(f'{path}: {osp.getsize(path) / 1e6:.1f} MB of {osp.getsize(in_file) / 1e6:.1f} MB'
          + (f'; left out: {", ".join(left_out)}' if left_out else ''))
    return path


def run(args):
    publish(args.in_file, args.out_file)


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
