"""The same work on many files, in several processes: what the tools of this folder share.

    jobs = [(source, target) for source, target in ...]
    tally = work_through(convert, jobs, num_workers=4, is_done=lambda _, target: target.exists())
    return tally.finish('videos written')

A file that fails does not stop the others; neither does one whose process is killed or, with a
limit, never ends. Results are put in place once they are whole
(:func:`mmvideo.storage.replacing`), so whatever cut a run short, the same command goes on where it
stopped.
"""
import contextlib
import dataclasses
import functools
import re
import sys
import time
from pathlib import Path

from mmvideo.errors import InputError, MissingFileError
from mmvideo.processes import Lost, spread

__all__ = ['Progress', 'Tally', 'add_options', 'find_files', 'find_folders', 'parse_part',
           'parse_suffixes', 'targets_of', 'time_text', 'work_through']

# Of the failures, so many are listed on the screen; all of them stand in the report file.
LISTED = 20
# Without a terminal, a line of progress comes this often.
LINE_SECONDS = 30


def parse_suffixes(text):
    """``mp4`` or ``mp4,.WebM`` as a tuple of suffixes in lower case, each with its point."""
    found = tuple(f'.{word.strip().lstrip(".").lower()}' for word in text.split(','))
    if '.' in found:
        raise InputError(f'--ext: expected a suffix, or several parted by commas, got {text!r}')
    return found


def find_files(home, suffixes, level):
    """Files with one of ``suffixes`` in a folder (level 1) or in the folders right below (level 2).

    Args:
        home: the folder.
        suffixes: as of :func:`parse_suffixes`; None takes all files.
        level: 1 or 2.

    Raises:
        InputError: there is none; it says which suffixes there are.
    """
    home = Path(home)
    if not home.is_dir():
        raise MissingFileError(f'{home}: no such folder')
    below = [p for p in sorted(home.glob('*' if level == 1 else '*/*'))
             if p.is_file() and not p.name.startswith('.')]
    found = [p for p in below if suffixes is None or p.suffix.lower() in suffixes]
    if not found:
        others = sorted({p.suffix.lstrip('.') for p in below if p.suffix})
        there = f'there are files with --ext {", ".join(others)}' if others else 'there are none'
        wanted = ', '.join(f'*{s}' for s in suffixes or ['.*'])
        raise InputError(f'{home}: no file {wanted} at --level {level}; {there}')
    return found


def find_folders(home, level):
    """Folders in a folder (level 1) or in those right below it (level 2)."""
    home = Path(home)
    if not home.is_dir():
        raise MissingFileError(f'{home}: no such folder')
    found = [p for p in sorted(home.glob('*' if level == 1 else '*/*'))
             if p.is_dir() and not p.name.startswith('.')]
    if not found:
        raise InputError(f'{home}: no folder at --level {level}')
    return found


def targets_of(sources, home, out, suffix):
    """Pairs (source, target): each source's place below ``home``, in ``out``, with ``suffix``.

    Raises:
        InputError: ``out`` is ``home``, or two sources have one target (``a.avi`` and ``a.mp4``).
    """
    home, out = Path(home), Path(out)
    if out.resolve() == home.resolve():
        raise InputError(f'{out}: is the folder with the sources; expected another one')
    taken = {}
    for source in sources:
        stem = source.name if source.is_dir() else source.stem
        target = out / source.relative_to(home).parent / f'{stem}{suffix}'
        if target in taken:
            raise InputError(f'{taken[target]} and {source.name} would both become {target}')
        taken[target] = source
    return [(source, target) for target, source in taken.items()]


def parse_part(text):
    """``2/5``, the second of five parts, as (2, 5)."""
    match = re.fullmatch(r'(\d+)/(\d+)', text)
    part, count = map(int, match.groups()) if match else (0, 0)
    if not 1 <= part <= count:
        raise InputError(f'--part: expected PART/COUNT with 1 <= PART <= COUNT, got {text!r}')
    return part, count


def add_options(parser, num_workers=8, limit_seconds=None):
    """Options that all these tools have; :func:`work_through` takes them by the same names."""
    parser.add_argument('--num-workers', '--num-worker', type=int, default=num_workers,
                        metavar='N', help=f'processes at work (default {num_workers})')
    parser.add_argument('--report-file', metavar='FILE',
                        help='write a line a file as it is finished: done, kept or failed, the '
                             'file, and the reason of a failure, parted by tabs')
    said = f'{limit_seconds:g}' if limit_seconds else 'none'
    parser.add_argument('--limit-seconds', type=float, default=limit_seconds, metavar='S',
                        help=f'a file that takes longer fails (default {said})')


@dataclasses.dataclass
class Tally:
    """What became of the files.

    Args:
        results: what the work gave for each file, by its name, in the order of the jobs.
        failed: reasons, by name.
        kept: number of files that were done before.
        report_file: where all of it was written down, or None.
    """

    results: dict
    failed: dict
    kept: int = 0
    report_file: str = None

    def finish(self, what):
        """Print the result, as '12 ``what``, 3 were there already, 1 failed:' with reasons.

        Returns:
            int: the exit status, 1 if a file failed.
        """
        line = f'{len(self.results)} {what}'
        if self.kept:
            line += f', {self.kept} {"was" if self.kept == 1 else "were"} there already'
        if not self.failed:
            print(line)
            return 0
        print(f'{line}, {len(self.failed)} failed:')
        lines = [reason if reason.startswith(name) else f'{name}: {reason}'
                 for name, reason in self.failed.items()]
        shown = lines[:LISTED] if self.report_file else lines
        print(*(f'  {line}' for line in shown), sep='\n')
        if len(shown) < len(lines):
            print(f'  and {len(lines) - len(shown)} more, see {self.report_file}')
        return 1


def work_through(work, jobs, num_workers=1, is_done=None, report_file=None, limit_seconds=None,
                 what='files'):
    """Call ``work(*job)`` for each job, in several processes, and tell how far it is.

    Args:
        work: a function of a module; whatever it raises is the reason of a failure.
        jobs: tuples of arguments; the first one, as text, is the name of the job.
        num_workers: processes; with 1 the work is done in this one, where nothing can guard
            against a crash, and ``limit_seconds`` is left out of account unless it is given.
        is_done: takes what ``work`` takes, and tells whether nothing is left to do.
        report_file: gets a line a job as soon as it is finished; the file is written anew.
        limit_seconds: work that takes longer is killed, and has failed.
        what: the files, in the progress.

    Returns:
        Tally: results and failures.

    Raises:
        InputError: an argument is out of range.
    """
    if num_workers < 1:
        raise InputError(f'--num-workers: expected at least 1, got {num_workers}')
    if limit_seconds is not None and limit_seconds <= 0:
        raise InputError(f'--limit-seconds: expected more than 0, got {limit_seconds:g}')
    todo = [job for job in jobs if not (is_done and is_done(*job))]
    tally = Tally({}, {}, len(jobs) - len(todo), report_file and str(report_file))
    left = {str(job[0]) for job in todo}
    order = {str(job[0]): k for k, job in enumerate(todo)}
    with contextlib.ExitStack() as stack:
        report = None
        if report_file:
            Path(report_file).parent.mkdir(parents=True, exist_ok=True)
            report = stack.enter_context(open(report_file, 'w', encoding='utf-8', buffering=1))
            report.writelines(f'kept\t{job[0]}\t\n' for job in jobs if str(job[0]) not in left)
        progress = Progress(len(todo), what)
        stack.callback(progress.close)
        finished = (_one_by_one(work, todo) if limit_seconds is None and
                    (num_workers == 1 or len(todo) < 2)
                    else _side_by_side(work, todo, min(num_workers, len(todo)), limit_seconds))
        for job, is_good, value in stack.enter_context(contextlib.closing(finished)):
            name = str(job[0])
            (tally.results if is_good else tally.failed)[name] = value
            if report:
                reason = '' if is_good else ' '.join(value.split())
                report.write(f'{"done" if is_good else "failed"}\t{name}\t{reason}\n')
            progress.step(len(tally.failed))
    for kind in ('results', 'failed'):
        setattr(tally, kind, dict(sorted(getattr(tally, kind).items(),
                                         key=lambda item: order[item[0]])))
    return tally


def _attempt(work, job):
    """(True, result), or (False, reason); an error that nobody foresaw is told with its kind."""
    try:
        return True, work(*job)
    except (InputError, OSError) as error:
        return False, str(error) or type(error).__name__
    except Exception as error:      # one strange file must not end a night's work
        return False, f'{type(error).__name__}: {error}'


def _one_by_one(work, jobs):
    for job in jobs:
        yield job, *_attempt(work, job)


def _side_by_side(work, jobs, num_workers, limit_seconds):
    """(job, whether it went well, result or reason) in the order in which they end."""
    for job, outcome in spread(functools.partial(_attempt, work), jobs, num_workers,
                               limit_seconds):
        yield job, *((False, str(outcome)) if isinstance(outcome, Lost) else outcome)


def time_text(seconds):
    """A duration as people say it: '7 s', '3 min 20 s', '5 h 02 min'."""
    seconds = round(seconds)
    if seconds < 60:
        return f'{seconds} s'
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f'{minutes} min {seconds:02d} s'
    return f'{minutes // 60} h {minutes % 60:02d} min'


class Progress:
    """Tells on stderr how far the work is and how long it will take.

    On a terminal that is one line that changes; elsewhere a line every half minute.

    Args:
        total: number of files.
        what: the files.
    """

    def __init__(self, total, what='files'):
        self.total, self.what = total, what
        self.done, self.failed = 0, 0
        self.start = self.told = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._width = 0

    def step(self, failed=0):
        """One more is finished; so many have failed by now."""
        self.done, self.failed = self.done + 1, failed
        now = time.monotonic()
        if now - self.told >= (0.2 if self._is_terminal else LINE_SECONDS):
            self.told = now
            self._tell(self.line(now - self.start))

    def line(self, seconds):
        """What is told after so many seconds."""
        line = f'{self.done} of {self.total} {self.what}'
        if self.failed:
            line += f', {self.failed} failed'
        left = seconds / self.done * (self.total - self.done)
        return f'{line}, {time_text(left)} left' if self.done < self.total else line

    def _tell(self, line):
        if self._is_terminal:
            print(f'\r{line:<{self._width}}', end='', file=sys.stderr, flush=True)
            self._width = len(line)
        else:
            print(line, file=sys.stderr, flush=True)

    def close(self):
        """Clear the line, for what is printed next."""
        if self._width:
            print(f'\r{"":<{self._width}}\r', end='', file=sys.stderr, flush=True)
            self._width = 0
