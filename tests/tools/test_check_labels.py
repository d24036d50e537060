"""Lists against class names."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools' / 'data'))

import check_labels  # noqa: E402


def run(tmp_path, lines, *flags, classes='hmdb51'):
    path = tmp_path / 'list.txt'
    path.write_text('\n'.join(lines) + '\n')
    return check_labels.main([str(classes), str(path), *flags])


def test_a_list_that_agrees(tmp_path, capsys):
    assert run(tmp_path, ['brush_hair/a.avi 0', 'Brush-Hair/b.avi 0', 'wave/c.avi 50',
                          'elsewhere/d.avi 3']) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith('list.txt: 4 samples, 3 of 51 classes; 1 to 2 samples each, median 1')
    assert out[1].startswith('  without a sample: 1 (cartwheel), 2 (catch), 4 (clap), ')
    assert out[1].endswith(' and 38 more') and len(out) == 2


@pytest.mark.parametrize('lines, flags, told', [
    (['brush_hair/a.avi 1', 'cartwheel/b.avi 2', 'wave/c.avi 51'], [],
     ["line 1: label 1 is 'cartwheel', but the folder is that of 0 ('brush_hair')",
      "line 2: label 2 is 'catch', but the folder is that of 1 ('cartwheel')",
      'line 3: label 51, expected 0..50', '3 of 3 samples are wrong; all are off by +1']),
    (['wave/a 30 50', '', 'wave/b 20 3'], ['--format', 'rawframes'],
     ["line 3: label 3 is 'chew', but the folder is that of 50 ('wave')",
      '1 of 2 samples are wrong']),
])
def test_lines_that_disagree_are_told(lines, flags, told, tmp_path, capsys):
    assert run(tmp_path, lines, *flags) == 1
    out = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in out[2:]] == told


def test_lists_of_several_labels_and_of_none(tmp_path, capsys):
    assert run(tmp_path, ['wave/a.avi 50 3', 'wave/b.avi 2 1', 'wave/c.avi']) == 0
    assert '4 of 51 classes' in capsys.readouterr().out
    assert run(tmp_path, ['wave/a.avi', 'b.avi']) == 0
    assert capsys.readouterr().out.endswith('list.txt: 2 samples, 0 of 51 classes; no labels\n')


def test_errors_are_one_line(tmp_path, capsys):
    assert run(tmp_path, ['wave/a.avi x']) == 2
    assert "line 1: label 'x' is no whole number" in capsys.readouterr().err
    assert run(tmp_path, ['wave/a.avi 0'], classes='hmdb') == 2
    assert "did you mean 'hmdb51'" in capsys.readouterr().err
