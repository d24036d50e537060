"""Work on many files: failures, crashes and hangs stay with their file, results are whole."""
import os
import sys
from pathlib import Path

import pytest

from mmvideo.errors import InputError, MissingFileError
from mmvideo.storage import replacing

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import many_files  # noqa: E402
from many_files import find_files, targets_of, work_through  # noqa: E402

KILL = '__import__("os").kill(__import__("os").getpid(), 9)'
SLEEP = '__import__("time").sleep(600)'


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_processes_that_fail_die_or_hang(tmp_path, capsys):
    jobs = [(text,) for text in ('1 + 1', KILL, '1 / 0', SLEEP, '6 * 7', 'len([])')]
    report = tmp_path / 'logs' / 'report.txt'
    # A worker answers within the limit, also when the machine is busy: it starts before it counts.
    tally = work_through(eval, jobs, num_workers=2, report_file=report, limit_seconds=2)
    assert list(tally.results.items()) == [('1 + 1', 2), ('6 * 7', 42), ('len([])', 0)]
    assert tally.failed == {KILL: 'its process was killed by SIGKILL',
                            '1 / 0': 'ZeroDivisionError: division by zero',
                            SLEEP: 'took longer than 2 s'}
    assert tally.finish('sums done') == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == '3 sums done, 3 failed:' and len(printed) == 4
    assert printed[2] == '  1 / 0: ZeroDivisionError: division by zero'
    lines = report.read_text().splitlines()
    assert len(lines) == 6 and 'done\t6 * 7\t' in lines
    assert 'failed\t1 / 0\tZeroDivisionError: division by zero' in lines


def test_what_is_done_is_left_alone(tmp_path, capsys):
    touch(tmp_path, 'a', 'b')
    jobs = [(tmp_path / name, ) for name in 'abcd']
    report = tmp_path / 'report.txt'
    tally = work_through(Path.touch, jobs, is_done=Path.exists, report_file=report)
    assert (sorted(p.name for p in tmp_path.iterdir()), tally.kept) == (
        ['a', 'b', 'c', 'd', 'report.txt'], 2)
    assert tally.finish('files made') == 0
    assert capsys.readouterr().out == '2 files made, 2 were there already\n'
    assert [line.split('\t')[0] for line in report.read_text().splitlines()] == [
        'kept', 'kept', 'done', 'done']


def test_long_lists_of_failures_stand_in_the_report(tmp_path, capsys):
    failed = {f'{k}.mp4': 'broken' for k in range(50)}
    assert many_files.Tally({}, failed).finish('videos') == 1
    assert len(capsys.readouterr().out.splitlines()) == 51
    many_files.Tally({}, failed, report_file='report.txt').finish('videos')
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 22 and printed[-1] == '  and 30 more, see report.txt'


@pytest.mark.parametrize('options, word', [
    (dict(num_workers=0), '--num-workers'), (dict(limit_seconds=0), '--limit-seconds')])
def test_options_out_of_range(options, word):
    with pytest.raises(InputError, match=word):
        work_through(eval, [('1', )], **options)


def test_files_come_into_being_at_once(tmp_path):
    target = tmp_path / 'new' / 'a.txt'
    with pytest.raises(ZeroDivisionError), replacing(target) as draft:
        draft.write_text('half')
        raise ZeroDivisionError
    assert list(target.parent.iterdir()) == []
    with replacing(target) as draft:
        draft.write_text('whole')
        assert not target.exists()
    assert target.read_text() == 'whole'


def test_folders_come_into_being_at_once(tmp_path):
    for is_good in (False, True):
        try:
            with replacing(tmp_path / 'frames') as draft:
                draft.mkdir()
                (draft / '1.jpg').touch()
                assert is_good
        except AssertionError:
            assert os.listdir(tmp_path) == []
    assert os.listdir(tmp_path) == ['frames'] and os.listdir(tmp_path / 'frames') == ['1.jpg']


def test_files_are_found_by_suffix_and_depth(tmp_path):
    touch(tmp_path, 'b.mp4', 'a.MP4', 'c.avi', '.b.mp4.1.part', '.d.mp4', 'x/e.mp4', 'x/y/f.mp4')

    def names(*args):
        return [p.relative_to(tmp_path).as_posix() for p in find_files(tmp_path, *args)]

    assert names(many_files.parse_suffixes('mp4'), 1) == ['a.MP4', 'b.mp4']
    assert names(many_files.parse_suffixes('.avi,MP4'), 1) == ['a.MP4', 'b.mp4', 'c.avi']
    assert names(None, 2) == ['x/e.mp4']
    with pytest.raises(InputError, match=r'no file \*\.webm at --level 1; .*--ext MP4, avi, mp4'):
        find_files(tmp_path, ('.webm', ), 1)
    with pytest.raises(MissingFileError, match='nowhere: no such folder'):
        find_files(tmp_path / 'nowhere', None, 1)
    with pytest.raises(InputError, match='--ext'):
        many_files.parse_suffixes('mp4,')


def test_targets_keep_their_place_and_differ(tmp_path):
    sources = [tmp_path / 'in/x/a.b.mp4', tmp_path / 'in/y/a.avi']
    out = tmp_path / 'out'
    assert targets_of(sources, tmp_path / 'in', out, '.wav') == [
        (sources[0], out / 'x/a.b.wav'), (sources[1], out / 'y/a.wav')]
    assert targets_of(sources[1:], tmp_path / 'in', out, '')[0][1] == out / 'y/a'
    with pytest.raises(InputError, match=r'a\.mp4 and a\.avi would both become'):
        targets_of([tmp_path / 'a.mp4', tmp_path / 'a.avi'], tmp_path, out, '.wav')
    with pytest.raises(InputError, match='is the folder with the sources'):
        targets_of(sources, tmp_path / 'in', tmp_path / 'out/../in', '.mp4')


@pytest.mark.parametrize('seconds, text', [
    (0.4, '0 s'), (59.4, '59 s'), (59.6, '1 min 00 s'), (200, '3 min 20 s'),
    (3599.7, '1 h 00 min'), (18130, '5 h 02 min')])
def test_durations(seconds, text):
    assert many_files.time_text(seconds) == text


def test_progress_tells_what_is_left():
    progress = many_files.Progress(10, 'videos')
    for _ in range(4):
        progress.step(1)
    assert progress.line(80) == '4 of 10 videos, 1 failed, 2 min 00 s left'
    progress.done = 10
    assert progress.line(80) == '10 of 10 videos, 1 failed'
