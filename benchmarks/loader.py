"""How much of two cores the loader of a training run uses while nobody holds it up."""
import time
from pathlib import Path

from mmengine.config import Config

from benchmarks.clips import CLIPS, SECONDS, write_clips
from benchmarks.networks import PARTS
from benchmarks.samples import LEAVES
from benchmarks.timing import PART, Row, Seconds
from mmvideo.engine.loader import WatchedLoader
from mmvideo.registry import DATASETS

WORKERS, BATCH = 2, 8
# A measurement lasts this many batches, after as many that fill the pipe.
BATCHES, AHEAD = 24, 8
ROWS = (Row('loader', f'CPU time of {WORKERS} persistent workers, batches of {BATCH} TSN samples, '
            f'{CLIPS["gop12"].words}', 'all the time that other programs left them on '
            f'{WORKERS} cores', 'used', 'offered', kind=PART, reach=0.9), )


def contenders(wanted, small, folder):
    write_clips(folder, ['gop12'], 1 if small else SECONDS)
    (folder / 'list.txt').write_text('gop12.mp4 0\n' * 64 * BATCH)
    use = Use(folder, 2 if small else BATCHES)
    return {key: lambda key=key: use.next(key) for key in wanted}


class Use:
    """Runs the loader once a round, whichever of the two figures is asked for first."""

    def __init__(self, folder, batches):
        from mmengine.runner import Runner
        cfg = Config.fromfile(PARTS.parents[1] / 'recognition' / LEAVES['tsn']).train_dataloader
        dataset = DATASETS.build(dict(cfg.dataset, ann_file=str(folder / 'list.txt'),
                                      data_prefix=str(folder)))
        self.loader = WatchedLoader.of(Runner.build_dataloader(dict(
            dataset=dataset, batch_size=BATCH, num_workers=WORKERS, persistent_workers=True,
            sampler=dict(type='DefaultSampler', shuffle=False)), seed=0))
        self.batches, self.figures = batches, {}

    def next(self, key):
        if key not in self.figures:
            self.figures = dict(zip(('used', 'offered'), self.measure(), strict=True))
        return Seconds(self.figures.pop(key))

    def measure(self):
        """CPU seconds of the workers, and those that they could have had."""
        batches = iter(self.loader)
        for _ in range(AHEAD):
            next(batches)
        pids = [worker.pid for worker in batches._workers]
        start, before = time.monotonic(), [shares(pid) for pid in pids]
        for _ in range(self.batches):
            next(batches)
        wall, after = time.monotonic() - start, [shares(pid) for pid in pids]
        used = sum(b[0] - a[0] for a, b in zip(before, after, strict=True))
        queued = sum(b[1] - a[1] for a, b in zip(before, after, strict=True))
        return used, max(WORKERS * wall - queued, 1e-9)


def shares(pid):
    """Seconds for which the threads of a process ran, and its first one waited for a core."""
    found = {path.parent.name: [int(x) / 1e9 for x in path.read_text().split()[:2]]
             for path in Path(f'/proc/{pid}/task').glob('*/schedstat')}
    return sum(ran for ran, _ in found.values()), found[str(pid)][1]
