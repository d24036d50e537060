"""What the commands under ``tools/`` share: ``KEY=VALUE`` options, and errors that fit one line."""
import gc
import os
import select
import sys
import time
import traceback

from mmengine.config import DictAction

from mmvideo.errors import InputError

__all__ = ['KeyValues', 'exit_status', 'metric_options']

# Threads of torch that wait for each other shall sleep. By default they spin, and where a loader's
# workers want the same cores, a training step then takes many times as long. OpenMP reads this
# once, when torch is loaded: the commands import this module first.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')


class KeyValues(DictAction):
    """An option of ``KEY=VALUE`` pairs, as a dict; a pair of another form ends the command."""

    def __call__(self, parser, namespace, values, option_string=None):
        for pair in values:
            if not pair.partition('=')[0].strip() or '=' not in pair:
                parser.error(f'argument {option_string}: expected KEY=VALUE, got {pair!r}')
            try:
                super().__call__(parser, namespace, [pair], option_string)
            except (ValueError, AssertionError):
                parser.error(f'argument {option_string}: {pair}: the brackets do not match')


def metric_options(options):
    """Nest ``{'top_k_accuracy.topk': (1, 3)}``; a leading ``metric_options.`` may stand there."""
    nested = {}
    for key, value in options.items():
        *path, last = key.removeprefix('metric_options.').split('.')
        if not path and not isinstance(value, dict):
            raise InputError(f'--eval-options {key}={value}: expected METRIC.ARGUMENT=VALUE, for '
                             'example top_k_accuracy.topk="(1,3)"')
        place = nested
        for word in path:
            place = place.setdefault(word, {})
            if not isinstance(place, dict):
                raise InputError(f'--eval-options {key}={value}: {word} is set already')
        place[last] = value
    return nested or None


def exit_status(command, *args):
    """Run a command and give its exit status: what it returns, or 0.

    What the user can mend, and what the system refuses (a full disk, a folder that may not be
    written), is printed as one line and gives 2. Ctrl-C gives 130, and 141 a reader of the output
    that leaves early, such as ``head``: as in a shell. Of processes that train together one prints,
    and an error of one ends all.
    """
    try:
        status = command(*args)
        sys.stdout.flush()
    except (InputError, OSError) as error:
        if isinstance(error, BrokenPipeError) and _reader_left():
            return 141
        return _fail(f'error: {_said(error)}', 2)
    except KeyboardInterrupt:
        return _fail('interrupted', 130)
    except Exception as error:
        watch = _watch()
        if watch is None:
            raise
        if watch.explains():
            watch.end()
        if watch.condemn(f'{type(error).__name__}: {error}'):
            traceback.print_exc()
        watch.end(1)
    _leave_group()
    return status or 0


def _watch():
    """What this process knows of others that train with it; None if there are none."""
    module = sys.modules.get('mmvideo.engine.watch')        # loaded only if the command needed it
    return module and module.present()


def _fail(text, status):
    """Say why a command ends, in one of its processes, and give the exit status."""
    watch = _watch()
    if watch is None and os.environ.get('RANK', '0') != '0':
        time.sleep(2)       # they have not met yet; process 0 tells the same, and ends them
    if watch is None or watch.condemn(text):
        print(text, file=sys.stderr)
    if watch is not None:
        watch.end(status)
    return status


def _reader_left():
    """Whether nobody reads what is printed any more; what is left to print is dropped then."""
    try:
        output = sys.stdout.fileno()
        watch = select.poll()       # not on Windows
    except (AttributeError, OSError):
        return False
    watch.register(output, 0)
    has_left = any(event & select.POLLERR for _, event in watch.poll(0))
    if has_left:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return has_left


def _leave_group():
    """Part from the processes that trained together: one that exits unparted may abort."""
    torch = sys.modules.get('torch')        # loaded only if the command needed it
    if torch and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        gc.collect()        # a model that still holds the group keeps its threads alive


def _said(error):
    """An error's message; of one raised in a loader's worker, what stands below its traceback."""
    text = str(error)
    kind = type(error)
    if 'in DataLoader worker process' in text:
        text = text.rpartition(f'\n{kind.__module__}.{kind.__qualname__}: ')[2]
    return text.strip() or kind.__name__
