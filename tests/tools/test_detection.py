"""The embedded set of detection: what it shows, and that it is in the forms of AVA."""
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT  # noqa: E402

sys.path.insert(0, str(ROOT / 'tools/data'))

from embedded import ava_set, scenes  # noqa: E402

from mmvideo.ava_files import read_boxes, read_proposals  # noqa: E402
from mmvideo.datasets import AVADataset  # noqa: E402
from mmvideo.errors import InputError  # noqa: E402


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp('detection') / 'ava'
    ava_set.build(out, train_films=1, seed=3)
    return out


def test_what_actors_do_is_odd_about_the_moment():
    for seed in range(20):
        for actor in scenes.draw_shot(np.random.default_rng(seed)).actors:
            before, at, after = (np.array(actor.at(scenes.MIDDLE + k)[:3]) for k in (-8, 0, 8))
            moved = after[0] - at[0]
            assert at[0] - before[0] == pytest.approx(moved)
            assert np.sign(round(moved, 6)) == (2 in actor.actions) - (1 in actor.actions)
            assert (3 in actor.actions) == (moved == 0)
            assert np.log(after[2] / at[2]) == pytest.approx(np.log(at[2] / before[2]))
            assert np.sign(round(after[2] - at[2], 6)) == (4 in actor.actions) - (
                5 in actor.actions)
            shades = {actor.at(k)[3] for k in range(1, scenes.FRAMES + 1)}
            assert len(shades) == 1 + (6 in actor.actions)
            assert len({7, 8} & set(actor.actions)) == 1


def test_boxes_are_where_actors_are():
    for seed in range(5):
        shot = scenes.draw_shot(np.random.default_rng(seed))
        image = scenes.render(shot)[scenes.MIDDLE - 1].astype(int)
        for actor in shot.actors:
            shade = np.array(actor.at(scenes.MIDDLE)[3])
            near = np.abs(image - shade).sum(-1) < np.abs(image - shot.ground_color).sum(-1)
            box = np.array(actor.box) * ([scenes.WIDTH, scenes.HEIGHT] * 2)
            left, top, right, bottom = np.clip(box + [-2, -2, 3, 3], 0, None).astype(int)
            rows, columns = np.nonzero(near[top:bottom, left:right])
            found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert found + np.array([left, top] * 2) == pytest.approx(box, abs=1.6)


def test_the_set_is_in_the_forms_of_ava(made):
    rows = read_boxes(made / 'val.csv')
    assert list(rows.frames) == [f'val_00000,{901 + 2 * i:04d}' for i in range(ava_set.SHOTS)]
    assert set(rows.labels) <= {*scenes.ACTIONS, scenes.UNLISTED}
    proposals = read_proposals(made / 'val_proposals.pkl')
    assert list(proposals) == list(rows.frames)
    dataset = AVADataset(
        str(made / 'val.csv'), exclude_file=str(made / 'val_excluded.csv'), fps=10,
        label_file=str(made / 'actions.pbtxt'), num_classes=9, data_prefix=str(made / 'videos'),
        suffix='.mp4', timestamp_end=916, pipeline=[
            dict(type='PyAVInit'),
            dict(type='SampleAVAFrames', clip_len=8, frame_interval=2, test_mode=True),
            dict(type='PyAVDecode')])
    for i, sample in enumerate(dataset):
        # All of a clip is of one shot, and its fifth frame is the middle.
        shot = (sample['timestamp'] - 901) // 2
        assert sample['frame_inds'].tolist() == list(range(20 * shot + 2, 20 * shot + 18, 2))
        assert sample['gt_labels'][:, 1:7].sum() >= len(sample['gt_bboxes']) > 1
        assert not sample['gt_labels'][:, 0].any(), i
    record = json.loads((made / 'scenes.json').read_text())
    assert record['ceilings'] == ava_set.ceilings(made)
    assert record['ceilings']['single frames'] < record['ceilings']['clips'] <= 1


def test_making_it_again_makes_nothing_or_the_same(made, tmp_path):
    assert ava_set.build(made, train_films=1, seed=3)[0] == 0
    before = {p: p.read_bytes() for p in made.rglob('*.*')}
    (made / 'val.csv').write_text('half')
    assert ava_set.build(made, train_films=1, seed=3)[0] == 2
    assert {p: p.read_bytes() for p in made.rglob('*.*')} == before
    (tmp_path / 'taken').write_text('')
    for arguments, said in ((dict(train_films=0), '--films'), (dict(seed=-1), '--seed'),
                            (dict(out=tmp_path / 'taken'), 'is a file')):
        with pytest.raises(InputError, match=said):
            ava_set.build(**{'out': tmp_path, **arguments})
