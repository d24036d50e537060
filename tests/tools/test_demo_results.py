"""The table at the end of ``make demo``: figures from score files, and the bounds."""
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import main_of  # noqa: E402

from mmvideo.evaluation.scores import write_scores  # noqa: E402

LABELS = np.arange(8).repeat(5)


def write_run(folder, shares):
    """Score files that are right for a share of the samples."""
    (folder / 'embedded.json').write_text(json.dumps(dict(ceilings={
        'unordered frames': .375, 'ordered frames': .75, 'sound': .5,
        'ordered frames and sound': 1.})))
    for name, share in shares.items():
        guess = np.where(np.arange(40) < share * 40, LABELS, (LABELS + 1) % 8)
        write_scores(folder / f'{name}.pkl', np.eye(8)[guess], labels=LABELS.tolist())


@pytest.mark.parametrize('shares, fused, status', [
    (dict(tsn=.375, rgb=.75, audio=.5), 1., 0),
    (dict(tsn=.5, rgb=.75, audio=.5), 1., 1),       # order shows in single frames
    (dict(tsn=.375, rgb=.65, audio=.5), 1., 1),     # the temporal network has not learned
    (dict(tsn=.375, rgb=.75, audio=.5), .9, 1),     # sound and picture do not add up
])
def test_figures_and_bounds(tmp_path, capsys, shares, fused, status):
    write_run(tmp_path, shares)
    (tmp_path / 'fused.json').write_text(json.dumps(dict(top1_acc=fused)))
    main = main_of('tools/analysis/demo_results.py')
    assert main([str(tmp_path), '--data', str(tmp_path)]) == status
    found = json.loads((tmp_path / 'results.json').read_text())
    assert found == dict(tsn=100 * shares['tsn'], tsm=100 * shares['rgb'],
                         audio=100 * shares['audio'], fused=100 * fused)
    printed = capsys.readouterr().out
    assert f'{100 * shares["rgb"]:.2f}     75.0' in printed
    assert ('expected' in printed) == bool(status)


def test_missing_steps_are_named(tmp_path, capsys):
    write_run(tmp_path, dict(tsn=.375, rgb=.75, audio=.5))
    main = main_of('tools/analysis/demo_results.py')
    assert main([str(tmp_path), '--data', str(tmp_path)]) == 2
    assert 'fused.json does not exist; run the steps of `make demo` before' in \
        capsys.readouterr().err
