"""Measures training and testing on a GPU: as it comes, and with what makes it fast.

    python benchmarks/gpu.py                        writes benchmarks/gpu.md; a few minutes
    python benchmarks/gpu.py --device cpu --tiny    does it run? The numbers say nothing

SlowFast R50 8x8 and TSM R50 on random clips of the shapes of their recipes: float32 in eager mode,
then mixed precision, channels last and torch.compile, each added to those before.
"""
import argparse
import copy
import datetime
import gc
import shlex
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]
# The checkout that this file lies in is measured, whatever else is installed.
sys.path[0] = str(ROOT)

import torch  # noqa: E402

from mmvideo.engine import load_config  # noqa: E402
from mmvideo.engine.compiled import CompileModel  # noqa: E402
from mmvideo.engine.precision import DTYPES  # noqa: E402
from mmvideo.models.blocks.fuse import lay_channels_last  # noqa: E402
from mmvideo.registry import MODELS  # noqa: E402

# Config, axes of a clip in training and in a test, and clips of a batch in each; the same, tiny.
NETWORKS = {
    'SlowFast R50 8x8': ('slowfast_r50_8x8x1_256e_kinetics400_rgb', (1, 3, 32, 224, 224),
                         (1, 3, 32, 256, 256), 8, 16, (1, 3, 16, 32, 32)),
    'TSM R50 1x1x8': ('tsm_r50_1x1x8_50e_kinetics400_rgb', (8, 3, 224, 224), (8, 3, 224, 224), 16,
                      32, (8, 3, 32, 32))}
FORMS = {'eager float32': (), 'amp': ('amp',), 'amp, channels last': ('amp', 'last'),
         'amp, channels last, compile': ('amp', 'last', 'compile')}
HEAD = """\
# Speed on a GPU

Clips a second and greatest memory, random weights and random clips that lie on the GPU already;
the median of {rounds} rounds of {steps} batches behind {warm_up} that do not count. float32 is
torch's default (convolutions in TF32, where the GPU has it); amp is `--amp --amp-dtype {dtype}`,
channels last `--channels-last`, compile `--compile`. "Scores" is the greatest difference of a
test's scores from those of eager float32, as a share of the largest. Written by
`{command}`.

{machine}
"""


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--device', default='cuda', choices=['cuda', 'cpu'])
    parser.add_argument('--tiny', action='store_true', help='small clips: does everything run?')
    parser.add_argument('--dtype', choices=sorted(DTYPES), help='of mixed precision (default fp16, '
                        'bf16 on a CPU)')
    parser.add_argument('--backend', help='of compile (default inductor; eager with --tiny)')
    parser.add_argument('--rounds', type=int, help='measurements of each (default 5)')
    parser.add_argument('--steps', type=int, help='batches of a measurement (default 10)')
    parser.add_argument('--networks', nargs='+', choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument('--out', type=Path, help='where the table is written (default '
                        'benchmarks/gpu.md; with --tiny nowhere)')
    args = parser.parse_args(argv)
    args.dtype = args.dtype or ('bf16' if args.device == 'cpu' else 'fp16')
    args.backend = args.backend or ('eager' if args.tiny else 'inductor')
    args.rounds, args.steps = args.rounds or (1 if args.tiny else 5), args.steps or \
        (1 if args.tiny else 10)
    args.warm_up = 1 if args.tiny else 5
    if args.out is None and not args.tiny:
        args.out = ROOT / 'benchmarks' / 'gpu.md'
    return args


def main(argv=None):
    given = sys.argv[1:] if argv is None else argv
    args = parse(given)
    if args.device == 'cuda' and not torch.cuda.is_available():
        print('error: no GPU here; --device cpu --tiny tries whether it runs', file=sys.stderr)
        return 2
    tables = [table(name, args) for name in args.networks]
    text = HEAD.format(rounds=args.rounds, steps=args.steps, warm_up=args.warm_up,
                       dtype=args.dtype, machine=machine(args.device),
                       command=shlex.join(['python', 'benchmarks/gpu.py', *given]))
    text = '\n'.join([text, *tables]).rstrip() + '\n'
    print(text)
    if args.out:
        args.out.write_text(text, encoding='utf-8')
    return 0


def table(name, args):
    """The section of a network, in Markdown."""
    config, train_shape, test_shape, train_batch, test_batch, tiny = NETWORKS[name]
    if args.tiny:
        train_shape = test_shape = tiny
        train_batch = test_batch = 2
    torch.manual_seed(0)
    cfg = load_config(config)
    model = MODELS.build(cfg.model)     # random weights: they take the same time
    lines = [f'## {name}', '', f'`{config}`: training [{train_batch}, '
             f'{", ".join(map(str, train_shape))}], testing [{test_batch}, '
             f'{", ".join(map(str, test_shape))}].', '',
             '| | training, clips/s | ratio | MiB | testing, clips/s | ratio | MiB | scores |',
             '|---|---|---|---|---|---|---|---|']
    first, notes, expected = None, [], None
    for form, parts in FORMS.items():
        trained = measure(model, train_shape, train_batch, parts, args, trains=True)
        tested = measure(model, test_shape, test_batch, parts, args, trains=False)
        first = first or (trained, tested)
        expected = tested.scores if expected is None else expected
        off = (tested.scores - expected).abs().max() / expected.abs().max()
        cells = [form]
        for found, plain in zip((trained, tested), first, strict=True):
            cells += [f'{found.rate:.1f}', f'{found.rate / plain.rate:.2f}', found.memory]
            notes += found.notes
        lines.append(f'| {" | ".join([*cells, f"{off:.4f}"])} |')
        print(f'{name}: {lines[-1]}', file=sys.stderr, flush=True)
    return '\n'.join([*lines, '', *dict.fromkeys(notes), ''])


def measure(model, shape, batch, parts, args, trains):
    """Clips a second, greatest memory and scores of a network in one form.

    Args:
        model: is copied.
        shape: axes of one sample.
        batch: samples of a batch.
        parts: of the form: 'amp', 'last', 'compile'.
        args: of the command.
        trains: steps of training; otherwise of a test.
    """
    device, notes = torch.device(args.device), []
    if device.type == 'cuda':
        gc.collect()        # what the form before has left
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    step = stepper(model, shape, batch, parts, args, trains, notes)
    for _ in range(args.warm_up):
        scores = step()
    rates = []
    for _ in range(args.rounds):
        settle(device)
        start = time.perf_counter()
        for _ in range(args.steps):
            step()
        settle(device)
        rates.append(batch * args.steps / (time.perf_counter() - start))
    memory = f'{torch.cuda.max_memory_allocated() / 2**20:.0f}' if device.type == 'cuda' else '-'
    return SimpleNamespace(rate=statistics.median(rates), memory=memory, notes=notes,
                           scores=None if trains else scores.float().cpu())


def stepper(model, shape, batch, parts, args, trains, notes):
    """A function that trains for one step, or tests one batch and gives its scores."""
    device = torch.device(args.device)
    model = copy.deepcopy(model).to(device).train(trains)
    if 'last' in parts:
        lay_channels_last(model, with_3d=True)
    if 'compile' in parts:
        logger = SimpleNamespace(info=lambda text: None, warning=notes.append)
        CompileModel(backend=args.backend).before_train(
            SimpleNamespace(model=model, logger=logger))
    generator = torch.Generator().manual_seed(0)
    imgs = torch.randn(batch, *shape, generator=generator).to(device)
    label = torch.zeros(batch, dtype=torch.long, device=device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    scaler = torch.amp.GradScaler(device.type, enabled='amp' in parts and args.dtype == 'fp16')
    autocast = torch.autocast(device.type, DTYPES[args.dtype], enabled='amp' in parts)

    def train():
        with autocast:
            loss = model(imgs, label, mode='loss')['loss_cls']
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    def test():
        with torch.no_grad(), autocast:
            return model(imgs, mode='tensor')
    return train if trains else test


def settle(device):
    """Wait for all work that a device was given."""
    if device.type == 'cuda':
        torch.cuda.synchronize()


def machine(device):
    """What was measured on, in a sentence."""
    name = torch.cuda.get_device_name() if device == 'cuda' else 'CPU'
    cuda = f', CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}' \
        if device == 'cuda' else ''
    return f'{name}; torch {torch.__version__}{cuda}; {datetime.date.today()}.'


if __name__ == '__main__':
    sys.exit(main())
