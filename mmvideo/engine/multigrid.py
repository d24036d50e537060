"""Training with clips that change their size: what a plan (:mod:`.grid`) comes to in a run."""
import copy
import itertools

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS, TRANSFORMS, parameters_of, resolve

from .grid import read_plan

__all__ = ['GridBatches', 'KeepParts', 'Multigrid', 'plan_of', 'reshaped']

# What sets the size of the picture in the end, and the key of it.
CROPS = dict(RandomCrop='size', CenterCrop='crop_size')


class GridBatches:
    """Batches of an epoch: of the sizes, and asking for the shapes, of the phase that it is in.

    An index is (index, turn, (frames, side)), as ``dataset[...]`` takes it. So a worker needs to
    know nothing of phases, and goes on from one to the next.

    Args:
        sampler: gives the indices of an epoch.
        plan: :class:`mmvideo.engine.grid.Plan`.
        batch_size: of the config.
        drop_last: leave the last batch out if it is not whole.

    Attributes:
        epoch: the one that comes next.
    """

    def __init__(self, sampler, plan, batch_size, drop_last=False):
        self.sampler, self.plan = sampler, plan
        self.batch_size, self.drop_last = batch_size, drop_last
        self.epoch = 0

    def _sizes(self, epoch):
        return self.plan.phase(epoch).sizes(len(self.sampler), self.batch_size, self.drop_last)

    def __len__(self):
        return sum(1 for _ in self._sizes(self.epoch))

    def total(self):
        """Batches of all epochs."""
        return sum((phase.end - phase.begin) * sum(1 for _ in self._sizes(phase.begin))
                   for phase in self.plan.phases)

    def check(self):
        """Raise InputError for a phase whose batches are too large for the data set."""
        for phase in self.plan.phases:
            if not any(self._sizes(phase.begin)):
                raise InputError(
                    f'multigrid: {len(self.sampler)} samples make no batch of '
                    f'{phase.cycle[0][0] * self.batch_size} in epoch {phase.begin + 1}; '
                    'train_dataloader.drop_last=False takes smaller ones, too')

    def __iter__(self):
        phase, indices = self.plan.phase(self.epoch), iter(self.sampler)
        for size, (_, side) in zip(self._sizes(self.epoch), itertools.cycle(phase.cycle)):
            yield [(*(index if isinstance(index, tuple) else (index, 0)), (phase.frames, side))
                   for index in itertools.islice(indices, size)]


def shape_of(pipeline):
    """(frames, side of the crop) of the clips that a pipeline makes.

    Raises:
        InputError: a step is missing that sets it.
    """
    clip = next((step for step in pipeline if 'clip_len' in step), None)
    if clip is None:
        raise InputError('multigrid: no step of the pipeline of train_dataloader has a clip_len')
    return clip['clip_len'], _sizing(pipeline)[1]


def _sizing(pipeline):
    """The place of the step that sets the size in the end, and the side of its square."""
    for place in reversed(range(len(pipeline))):
        step = pipeline[place]
        key = 'scale' if step['type'] == 'Resize' else CROPS.get(step['type'])
        if key is None:
            continue
        sides = step[key] if isinstance(step[key], (list, tuple)) else [step[key]]
        if len({*sides}) > 1 or step['type'] == 'Resize' and step.get('keep_ratio', True):
            break
        return place, sides[0]
    raise InputError('multigrid: the pipeline of train_dataloader must make squares by a last '
                     f'Resize without keep_ratio, or by {" or ".join(CROPS)}')


def reshaped(pipeline, frames, side):
    """A pipeline that makes clips of another shape, of the same duration and part of the picture.

    Frames are farther apart where they are fewer. Before a crop of a fixed size, resizing is
    changed as the crop is: of a range its lower end, as in PySlowFast.

    Args:
        pipeline: steps as dicts.
        frames, side: of the clips.
    """
    steps = [copy.deepcopy(dict(step)) for step in pipeline]
    whole, full = shape_of(steps)
    for step in steps:
        if 'clip_len' not in step:
            continue
        step['clip_len'] = frames
        if 'frame_interval' in parameters_of(resolve(TRANSFORMS, step['type']))[0]:
            step['frame_interval'] = max(1, round(step.get('frame_interval', 1) * whole / frames))
    place, _ = _sizing(steps)
    last = steps[place]
    if last['type'] == 'Resize':
        last['scale'] = (side, side)
        return steps
    last[CROPS[last['type']]] = side
    for step in steps[:place]:
        if step['type'] == 'Resize':
            scale = step['scale']
            step['scale'] = tuple(s if s < 0 else round(s * side / full) for s in scale) \
                if isinstance(scale, (list, tuple)) else scale * side / full
        elif step['type'] == 'RandomRescale':
            low, high = step['scale_range']
            step['scale_range'] = (round(low * side / full), high)
    return steps


def plan_of(cfg):
    """The plan of a config with ``multigrid``; raises InputError where it does not fit."""
    loader = cfg['train_dataloader']
    for key, value in (('omnisource', cfg.get('omnisource')),
                       ('train_dataloader.batch_sampler', loader.get('batch_sampler'))):
        if value:
            raise InputError(f'config key multigrid: it cannot go together with {key}')
    dataset = loader['dataset']
    while not dataset.get('pipeline'):
        dataset = dataset['dataset'] if 'dataset' in dataset else dataset['datasets'][0]
    return read_plan(cfg, *shape_of(dataset['pipeline']))


def _bare(model):
    return model.module if is_model_wrapper(model) else model


def _split_norms(model):
    """Sub-batch norms by name."""
    return {name: module for name, module in _bare(model).named_modules()
            if hasattr(module, 'set_splits')}


@HOOKS.register_module()
class Multigrid(Hook):
    """Trains by the plan of the config's ``multigrid`` (arXiv:1912.00998).

    The run becomes as long as the plan. Each batch asks for the shape of its samples, the learning
    rate is set from the place in the run alone, and sub-batch norms cut batches into as many parts
    as their batch has grown; so a run that is resumed anywhere goes on as it would have.
    """

    # The rate must be set before it is logged, the batches before they are counted.
    priority = 'HIGHEST'
    plan = None

    def before_run(self, runner):
        if not getattr(runner, '_train_loop', None) or not runner.cfg.get('multigrid'):
            return
        self.plan = plan_of(runner.cfg)
        loop, loader = runner.train_loop, runner.train_dataloader
        dataset = loader.dataset
        if not hasattr(dataset, 'leaves'):
            raise InputError(f'multigrid: {type(dataset).__name__} cannot be asked for the shape '
                             'of its samples; expected a data set of mmvideo')
        for leaf in dataset.leaves():
            for shape in self.plan.shapes():
                leaf.add_pipeline(shape, reshaped(leaf.steps, *shape))
        loader.batches = GridBatches(loader.sampler, self.plan, loader.batch_size,
                                     loader.drop_last)
        loader.batches.check()
        loop._max_epochs, loop._max_iters = self.plan.epochs, loader.batches.total()
        for group in runner.optim_wrapper.param_groups:
            group.setdefault('initial_lr', group['lr'])
        runner.param_schedulers = []
        self._tell(runner)

    def _tell(self, runner):
        lr = runner.cfg['optim_wrapper']['optimizer']['lr']
        size = runner.train_dataloader.batch_size
        norms = len(_split_norms(runner.model))
        whose = f', each in {runner.world_size} processes' if runner.world_size > 1 else ''
        runner.logger.info(
            f'multigrid: {self.plan.epochs} epochs, {runner.train_loop.max_iters} iterations{whose}'
            f'; {norms} sub-batch norms')
        for line in self.plan.table(size, lr):      # one by one: long messages are for the file
            runner.logger.info(line)

    def after_load_checkpoint(self, runner, checkpoint):
        if self.plan is not None and runner._resume:
            # Whoever asks for the number of batches means those of the epoch that goes on.
            runner.train_dataloader.batches.epoch = (checkpoint.get('meta') or {}).get('epoch', 0)

    def before_train_epoch(self, runner):
        if self.plan is None:
            return
        runner.train_dataloader.batches.epoch = runner.epoch
        phase = self.plan.phase(runner.epoch)
        for norm in _split_norms(runner.model).values():
            norm.set_splits(norm.base_splits * phase.batch)
        if runner.epoch == phase.begin:
            runner.logger.info(
                f'multigrid: {phase.frames} frames, crops of '
                f'{", ".join(str(side) for _, side in phase.cycle)}, until epoch {phase.end}')

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.plan is None:
            return
        rate = self.plan.rate(runner.epoch + batch_idx / len(runner.train_dataloader))
        for group in runner.optim_wrapper.param_groups:
            group['lr'] = group['initial_lr'] * rate


@HOOKS.register_module()
class KeepParts(Hook):
    """Writes into checkpoints what sub-batch norms know of each part of their batches.

    The weights hold the statistics of all parts together; a run that is resumed wants each.
    """

    def before_save_checkpoint(self, runner, checkpoint):
        found = {name: norm.parts for name, norm in _split_norms(runner.model).items()
                 if norm.parts is not None}
        if found:
            checkpoint['norm_parts'] = found

    def before_train(self, runner):
        # The weights have been loaded by now, which lets all parts begin alike.
        for name, norm in _split_norms(runner.model).items():
            if name in self.found:
                norm.set_splits(self.found[name].shape[1])
                norm.parts = self.found[name].to(norm.running_mean.device)
        self.found = {}

    found = {}

    def after_load_checkpoint(self, runner, checkpoint):
        if runner._resume:
            self.found = checkpoint.get('norm_parts') or {}
