"""Draw the learning rate that configs train with, epoch by epoch.

    python tools/analysis/vis_scheduler.py CONFIG [CONFIG ...] --out schedule.png

Nothing is trained: the schedules step as in a run, on one weight that stands for the network.
"""
import argparse
import copy
import sys

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError
from mmvideo.visualization import save_figure

# Steps of an epoch where the size of the data set is not known: enough for a smooth rise.
STEPS = 100
UNITS = dict(lr='learning rate', momentum='momentum', weight_decay='weight decay')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('configs', nargs='+', metavar='CONFIG',
                        help='Python config file, or the name of one under configs/')
    parser.add_argument('--out', metavar='FILE', help='picture to write; without it, the values at '
                                                      'the turns are printed only')
    parser.add_argument('--parameter', choices=UNITS, default='lr', help='by default lr')
    parser.add_argument('--dataset-size', type=int, metavar='N',
                        help=f'training samples, for schedules that count iterations; by default '
                             f'an epoch has {STEPS} steps')
    parser.add_argument('--ngpus', type=int, default=1, help='processes that share the samples')
    parser.add_argument('--log-scale', action='store_true', help='a logarithmic axis')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def trace(cfg, steps, parameter='lr'):
    """Values of a parameter of the optimizer, one a step, in the order of the training loop.

    Args:
        cfg: with optim_wrapper, param_scheduler and train_cfg.max_epochs.
        steps: of an epoch.
        parameter: 'lr', 'momentum' or 'weight_decay'.

    Raises:
        InputError: the config cannot train, or its optimizer has no such parameter.
    """
    import torch
    from mmengine.optim import OPTIMIZERS  # registers those of torch
    from mmengine.registry import PARAM_SCHEDULERS

    from mmvideo.engine.multigrid import plan_of
    if not cfg.get('optim_wrapper') or not cfg.get('train_cfg'):
        raise InputError(f'config {cfg.filename} cannot train: optim_wrapper or train_cfg is '
                         'missing')
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    # A ConfigDict would be taken for a parameter group.
    optimizer = OPTIMIZERS.build({**cfg.optim_wrapper.optimizer.to_dict(), 'params': [weight]})
    if parameter not in optimizer.param_groups[0]:
        raise InputError(f'--parameter {parameter}: {type(optimizer).__name__} has '
                         f'{", ".join(k for k in UNITS if k in optimizer.param_groups[0])}')
    if cfg.get('multigrid') and parameter == 'lr':
        # Epochs differ in their number of steps; the rate depends on the part that is done alone.
        plan, lr = plan_of(cfg), optimizer.param_groups[0]['lr']
        return [lr * plan.rate(epoch + i / steps)
                for epoch in range(plan.epochs) for i in range(steps)]
    schedulers = []
    found = cfg.get('param_scheduler') or []
    for settings in copy.deepcopy([found] if isinstance(found, dict) else list(found)):
        settings = {**settings, 'optimizer': optimizer}
        if settings.pop('convert_to_iter_based', False):
            kind = PARAM_SCHEDULERS.get(settings.pop('type'))
            schedulers.append(kind.build_iter_from_epoch(epoch_length=steps, **settings))
        else:
            schedulers.append(PARAM_SCHEDULERS.build(settings))
    values = []
    for _ in range(cfg.train_cfg.max_epochs):
        for _ in range(steps):
            values.append(optimizer.param_groups[0][parameter])
            optimizer.step()
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
        for scheduler in schedulers:
            if scheduler.by_epoch:
                scheduler.step()
    return values


def steps_of(cfg, dataset_size, processes):
    """Steps of an epoch: batches, of which each process takes its share."""
    if dataset_size is None:
        return STEPS
    batch = (cfg.get('train_dataloader') or {}).get('batch_size', 1) * processes
    return max(1, -(-dataset_size // batch))


def turns(values, steps):
    """Where the course changes: (epoch, value) of the first and last step, of the greatest and
    smallest value, and of each jump."""
    greatest = max(values)
    places = {0, len(values) - 1, values.index(greatest), values.index(min(values))}
    for i in range(1, len(values)):
        low, high = sorted((values[i - 1], values[i]))
        if high > 1.5 * low and high - low > 0.005 * greatest:
            places.add(i)
    return [(i / steps, values[i]) for i in sorted(places)]


def run(args):
    from mmvideo.engine import load_config
    from mmvideo.engine.config_file import config_name
    if min(args.dataset_size or 1, args.ngpus) < 1:
        raise InputError('--dataset-size and --ngpus: expected numbers of at least 1')
    curves = {}
    for config in args.configs:
        cfg = load_config(config, args.cfg_options)
        steps = steps_of(cfg, args.dataset_size, args.ngpus)
        values = trace(cfg, steps, args.parameter)
        name = config_name(config)
        curves[name] = (steps, values)
        print(f'{name}: {len(values) // steps} epochs of {steps} steps')
        for epoch, value in turns(values, steps):
            print(f'  epoch {epoch:8.2f}  {args.parameter} {value:.6g}')
    if args.out:
        draw(curves, UNITS[args.parameter], args.out, args.log_scale)


def draw(curves, label, path, log_scale=False):
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    figure, axis = plt.subplots(figsize=(8, 4.5), dpi=120, layout='constrained')
    for name, (steps, values) in curves.items():
        axis.plot([i / steps for i in range(len(values))], values, label=name, linewidth=1.5)
    axis.set_xlabel('epoch')
    axis.set_ylabel(label)
    axis.set_yscale('log' if log_scale else 'linear')
    axis.grid(alpha=0.3)
    axis.legend(frameon=False, fontsize='small')
    save_figure(figure, path, '--out')
    print(f'drawn: {path}')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
