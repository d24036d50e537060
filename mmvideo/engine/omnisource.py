"""Training on further sources beside the main one: images, web videos, uncut videos."""
import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS

from .check import RATIO
from .labels import check_labels

__all__ = ['Source', 'TrainOnSources', 'complete_sources', 'takes_sources']

# What a source takes over from the main loader where it says nothing.
SHARED = ('batch_size', 'num_workers', 'persistent_workers', 'prefetch_factor', 'pin_memory',
          'timeout', 'drop_last')
PUBLISHED = 'MultiLoaderEpochBasedTrainLoop'


class Source:
    """A loader that goes round without end; its epochs are its own.

    Samples depend on (seed, epoch, place) of this loader, whatever the main one is at.

    Args:
        loader: gives the batches.
        every: after so many batches of the main source it is this one's turn.
        batches: so many at a turn.

    Attributes:
        epoch: how often the loader went round.
        done: batches of the present round that were given.
    """

    def __init__(self, loader, every=1, batches=1):
        self.loader, self.every, self.batches = loader, every, batches
        self.epoch = self.done = 0
        self._iterator = None
        # A loader that starts a round draws; from the global generator it would change dropout.
        loader.generator = torch.Generator()

    def due(self, count):
        """Its batches for the main batch of this number, counted from 1."""
        return [self.draw() for _ in range(self.batches)] if count % self.every == 0 else []

    def draw(self):
        """The next batch."""
        batch = next(self._begin() if self._iterator is None else self._iterator, None)
        if batch is None:
            self.epoch, self.done = self.epoch + 1, 0
            batch = next(self._begin(), None)
            if batch is None:
                raise InputError('omnisource: a loader has no batch; it has '
                                 f'{len(self.loader.dataset)} samples, its batch_size is '
                                 f'{self.loader.batch_size}')
        self.done += 1
        return batch

    def _begin(self):
        for part in (self.loader.dataset, self.loader.sampler,
                     getattr(self.loader.batch_sampler, 'sampler', None)):
            if hasattr(part, 'set_epoch'):
                part.set_epoch(self.epoch)
        self.loader.start_at(self.done)
        self._iterator = iter(self.loader)
        return self._iterator

    def place(self):
        """Where it stands, as plain values for a checkpoint."""
        return dict(epoch=self.epoch, done=self.done, batches=len(self.loader),
                    order_seed=getattr(self.loader.sampler, 'seed', None))

    def go_to(self, place):
        """Go on from a place; a round of other batches begins anew. Gives whether it did not."""
        self._iterator = None
        if place.get('order_seed') is not None:     # drawn anew, if no seed was given
            self.loader.sampler.seed = place['order_seed']
        is_same = place['batches'] == len(self.loader)
        self.epoch, self.done = place['epoch'], place['done'] if is_same else 0
        return is_same


@HOOKS.register_module()
class TrainOnSources(Hook):
    """Joint training on several sources (OmniSource, arXiv:2003.13042).

    After every ``every``-th iteration on the main source come ``batches`` batches of each further
    one, each with an optimizer step of its own, at the rate of that iteration. They do not count
    as iterations; epochs are those of the main source. What is logged of the first further source
    has ``/aux0`` behind its name, ``loss/aux0``, and so on; several batches of a turn are averaged.

    Args:
        loaders: loaders in config notation, with ``every`` and ``batches`` (1 by default). The
            config key ``omnisource`` becomes this list.
    """

    # Batches are waited for before the clock of an iteration, and logged with the main one.
    priority = 'HIGHEST'

    def __init__(self, loaders):
        self.loaders = loaders
        self.sources = []
        self._due, self._before = [], None

    def before_run(self, runner):
        if runner.train_loop is None:
            return
        self.sources = []
        for number, given in enumerate(self.loaders):
            given = dict(given)
            ratio = {key: given.pop(key) for key in RATIO if key in given}
            self.sources.append(Source(runner.build_source(given, f'train_aux{number}'), **ratio))

    def before_train(self, runner):
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        head = getattr(model, 'cls_head', None)
        # A head with classes of their own for images does not say which a source is of.
        if hasattr(head, 'num_classes') and not hasattr(head, 'image_classes'):
            for source in self.sources:
                if hasattr(source.loader.dataset, 'records'):
                    check_labels(source.loader.dataset, head.num_classes)
        for source in self.sources:
            # That of a resumed run, where none is given, comes with its checkpoint.
            if hasattr(source.loader.dataset, 'set_seed'):
                source.loader.dataset.set_seed(runner.seed)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self._before = [source.place() for source in self.sources]
        self._due = [source.due(runner.iter + 1) for source in self.sources]

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        for number, batches in enumerate(self._due):
            found = []
            for batch in batches:
                runner.at_work = (self.sources[number].loader, batch)
                found.append(runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper))
            for key in found[0] if found else ():
                outputs[f'{key}/aux{number}'] = torch.stack([row[key] for row in found]).mean()
        self._before = None

    def before_save_checkpoint(self, runner, checkpoint):
        # In the middle of an iteration: where they stood when it began.
        checkpoint['meta']['sources'] = self._before or [s.place() for s in self.sources]

    def after_load_checkpoint(self, runner, checkpoint):
        if not runner._resume or not self.sources:
            return
        places = (checkpoint.get('meta') or {}).get('sources') or []
        if len(places) != len(self.sources):
            runner.logger.warning(f'the checkpoint knows the places of {len(places)} further '
                                  f'sources, there are {len(self.sources)}: all begin anew')
            return
        for number, (source, place) in enumerate(zip(self.sources, places, strict=True)):
            if not source.go_to(place):
                runner.logger.warning(
                    f'omnisource[{number}]: a round had {place["batches"]} batches and has '
                    f'{len(source.loader)} now; it begins anew')


def takes_sources(cfg):
    """Whether a config trains on further sources; the published loop for it is one of ours then.

    ``train_cfg=dict(type='MultiLoaderEpochBasedTrainLoop', other_loaders=[...])`` of the 1.x line
    becomes the key ``omnisource``.
    """
    loop = cfg.get('train_cfg') or {}
    if loop.get('type') == PUBLISHED:
        cfg['omnisource'] = loop.pop('other_loaders', None)
        del loop['type']
        loop['by_epoch'] = True
    sources = cfg.get('omnisource')
    if sources and not (isinstance(sources, (list, tuple))
                        and all(isinstance(source, dict) for source in sources)):
        raise InputError('omnisource: expected a list of loaders such as dict(dataset=dict(...), '
                         f'batch_size=8, every=2), got {sources!r}')
    return bool(sources) and cfg.get('train_dataloader') is not None


def complete_sources(cfg):
    """Loaders of the sources, with what they share with the main one."""
    main = cfg['train_dataloader']
    return [{**{key: main[key] for key in SHARED if key in main}, **source}
            for source in cfg['omnisource']]
