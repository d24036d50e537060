"""How fast a config's network is by itself, and how fast its loader.

    python tools/analysis/benchmark.py CONFIG                   # the network, on random clips
    python tools/analysis/benchmark.py CONFIG --part loader     # reading, without a network

The slower of the two bounds a run. Wall-clock times of a machine that does other things as well
mean little; compare within one call.
"""
import argparse
import itertools
import os
import sys
import time

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError
from mmvideo.processes import usable_cores


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('--part', choices=['model', 'loader'], default='model')
    parser.add_argument('--phase', choices=['train', 'val', 'test'],
                        help='whose loader, or whether the network trains or tests; by default '
                             'test for the model, train for the loader')
    parser.add_argument('--samples', type=int, default=200, metavar='N',
                        help='how many are timed (default 200)')
    parser.add_argument('--warm-up', type=int, default=5, metavar='N',
                        help='batches before the clock starts (default 5)')
    parser.add_argument('--batch-size', type=int, metavar='N',
                        help="by default 1 in a test, else that of the config's loader")
    parser.add_argument('--log-interval', type=int, default=10, metavar='N',
                        help='a line every N batches (default 10)')
    parser.add_argument('--fuse-conv-bn', action='store_true',
                        help='fold norm layers into convolutions before the test')
    parser.add_argument('--device', help='by default cuda if there is one, else cpu')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    args = parser.parse_args(argv)
    for name in ('samples', 'log_interval', 'batch_size'):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")}: a number of at least 1 is expected')
    return args


class Clock:
    """Counts samples from the end of the warm-up on, and tells the rate now and then.

    Args:
        warm_up: batches that do not count.
        interval: batches between two lines.
        settle: called before the time is read; waits for a device.
    """

    def __init__(self, warm_up, interval, settle=lambda: None):
        self.warm_up, self.interval, self.settle = warm_up, interval, settle
        self.batches = self.samples = 0
        self.start = time.perf_counter()
        self.cpu = _cpu_seconds()

    def batch(self, size):
        """A batch is done."""
        self.batches += 1
        if self.batches <= self.warm_up:
            self.settle()
            self.start, self.cpu = time.perf_counter(), _cpu_seconds()
            return
        self.samples += size
        if (self.batches - self.warm_up) % self.interval == 0:
            print(f'{self.samples} samples, {self.rate():.2f} a second', flush=True)

    def seconds(self):
        self.settle()
        return time.perf_counter() - self.start

    def rate(self):
        return self.samples / max(self.seconds(), 1e-9)

    def cores(self):
        """Cores that were busy on average, those of ended and running workers included."""
        return (_cpu_seconds() - self.cpu) / max(self.seconds(), 1e-9)


def _cpu_seconds():
    """Of this process and of its children, workers that still run included (on Linux)."""
    own = os.times()
    total = own.user + own.system + own.children_user + own.children_system
    ticks = os.sysconf('SC_CLK_TCK') if hasattr(os, 'sysconf') else 0
    try:
        with open(f'/proc/self/task/{os.getpid()}/children', encoding='ascii') as file:
            children = file.read().split()
    except OSError:
        return total
    for child in children:
        try:
            with open(f'/proc/{child}/stat', encoding='ascii') as file:
                fields = file.read().rpartition(')')[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def time_model(cfg, args):
    """Samples a second through the network, on random input of the tested shape."""
    import torch

    from mmvideo.models.blocks.fuse import for_inference
    from mmvideo.registry import MODELS
    from mmvideo.zoo.rows import test_view
    if not cfg.get('model'):
        raise InputError(f'config {args.config} has no model')
    view = test_view(cfg)
    if view is None:
        raise InputError(f'config {args.config} has no test pipeline, which tells the input')
    phase = args.phase or 'test'
    device = torch.device(args.device or ('cuda' if torch.cuda.is_available() else 'cpu'))
    size = args.batch_size or (1 if phase != 'train' else cfg.train_dataloader.batch_size)
    views = 1 if phase == 'train' else view.count
    shape = list(view.shape)
    shape[0] = size
    shape[1] *= views
    imgs = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    model = MODELS.build(cfg.model).to(device)      # random weights: they take the same time
    clock = Clock(args.warm_up, args.log_interval,
                  torch.cuda.synchronize if device.type == 'cuda' else lambda: None)
    print(f'{"training" if phase == "train" else "testing"} on {device}, input {shape}: '
          f'{size} samples of {views} views a batch')
    if phase == 'train':
        model.train()
        label = torch.zeros(size, 1, dtype=torch.long, device=device)
        optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=1e-6)
    else:
        model.eval()
        if args.fuse_conv_bn:
            for_inference(model)
    while clock.samples < args.samples:
        if phase == 'train':
            loss, _ = model.parse_losses(model(imgs, label, mode='loss'))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        else:
            with torch.inference_mode():
                model(imgs, mode='predict')
        clock.batch(size)
    peak = (f', peak memory {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB'
            if device.type == 'cuda' else '')
    print(f'network: {clock.rate():.2f} samples a second, {clock.rate() * views:.2f} views{peak}')


def time_loader(cfg, args):
    """Samples a second out of a loader, without a network."""
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner

    from mmvideo.engine.check import check_config
    from mmvideo.engine.data_place import check_data
    from mmvideo.engine.loader import WatchedLoader
    from mmvideo.engine.run import complete, drop
    phase = args.phase or 'train'
    if cfg.get(f'{phase}_dataloader') is None:
        raise InputError(f'config {args.config} has no {phase}_dataloader')
    if args.batch_size:
        cfg[f'{phase}_dataloader']['batch_size'] = args.batch_size
    drop(cfg, *{'train', 'val', 'test'} - {phase})
    complete(cfg)
    check_config(cfg)
    check_data(cfg)
    init_default_scope(cfg.default_scope)
    loader = WatchedLoader.of(Runner.build_dataloader(cfg[f'{phase}_dataloader'], seed=0))
    print(f'{phase} loader: {len(loader.dataset)} samples, batches of {loader.batch_size}, '
          f'{loader.num_workers} workers')
    clock = Clock(args.warm_up, args.log_interval)
    while clock.samples < args.samples:
        before = clock.batches
        for batch in itertools.islice(loader, -(-args.samples // loader.batch_size)
                                      + args.warm_up):
            clock.batch(len(next(iter(batch.values()))))
        if clock.batches == before:
            raise InputError(f'{phase}_dataloader gives no batch: fewer samples than batch_size?')
    print(f'loader: {clock.rate():.2f} samples a second, {clock.cores():.2f} cores busy of '
          f'{usable_cores()}')


def run(args):
    from mmvideo.engine import load_config
    cfg = load_config(args.config, args.cfg_options)
    (time_model if args.part == 'model' else time_loader)(cfg, args)


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
