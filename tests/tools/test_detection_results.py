"""The table at the end of ``make demo-detection``: figures from files of detections, the bounds."""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import main_of  # noqa: E402

BOX = '0.1,0.1,0.5,0.5'


@pytest.fixture
def folder(tmp_path):
    """Ten moments with one person each, whose odd numbers stand and whose even ones sit."""
    (tmp_path / 'val.csv').write_text(''.join(
        f'v,{900 + i:04d},{BOX},{1 + i % 2},0\n' for i in range(11)))
    (tmp_path / 'val_excluded.csv').write_text('v,0910\n')
    (tmp_path / 'actions.pbtxt').write_text('item { name: "sit" id: 1 }\n'
                                            'item { name: "stand" id: 2 }\n')
    (tmp_path / 'scenes.json').write_text(json.dumps(dict(ceilings={'clips': 1.,
                                                                    'single frames': .5})))
    return tmp_path


def write(folder, name, share):
    """Detections that find a share of each action's moments, and nothing else."""
    (folder / f'{name}.csv').write_text(''.join(
        f'v,{900 + i:04d},{BOX},{1 + i % 2},0.9\n' for i in range(round(10 * share))))


@pytest.mark.parametrize('clips, frames, status', [(1., .6, 0), (.6, .6, 1), (1., .8, 1)])
def test_figures_and_bounds(folder, capsys, clips, frames, status):
    write(folder, 'slowfast', clips)
    write(folder, 'oneframe', frames)
    main = main_of('tools/analysis/detection_results.py')
    assert main([str(folder), '--data', str(folder)]) == status
    assert json.loads((folder / 'results.json').read_text()) == dict(
        slowfast=100 * clips, oneframe=100 * frames)
    printed = capsys.readouterr().out
    assert f'{100 * clips:>6.2f}    100.0' in printed
    assert f'{100 * frames:>6.2f}     50.0' in printed
    assert ('expected' in printed) == bool(status)


def test_missing_steps_are_named(folder, capsys):
    main = main_of('tools/analysis/detection_results.py')
    write(folder, 'slowfast', 1)
    assert main([str(folder), '--data', str(folder)]) == 2
    assert 'oneframe.csv does not exist; run the steps of `make demo-detection`' in \
        capsys.readouterr().err
    (folder / 'scenes.json').unlink()
    assert main([str(folder), '--data', str(folder)]) == 2
    assert 'build_embedded.py --scenes makes it' in capsys.readouterr().err
