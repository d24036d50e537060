"""Detection from the embedded set to a picture: made, trained on, tested, drawn."""
import csv
import pickle
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import ROOT, main_of  # noqa: E402

sys.path.insert(0, str(ROOT / 'tools/data'))

import build_embedded  # noqa: E402
from embedded import ava_set  # noqa: E402

from mmvideo.errors import InputError  # noqa: E402

CONFIG = str(ROOT / 'configs/detection/ava/slowfast_r18_2x8x1_6e_embedded_scenes_rgb.py')


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp('detection') / 'ava'
    ava_set.build(out, train_films=1, seed=3)
    return out


def test_from_the_set_to_a_picture(made, tmp_path, capsys):
    """Eight moments and one epoch: that it runs and says what it should, not how well."""
    build_embedded.main(['--scenes', '--out', str(made), '--films', '1', '--seed', '3'])
    assert 'best mAP: clips' in capsys.readouterr().out
    values = {'train_cfg.max_epochs': 1, 'param_scheduler.0.end': 1, 'param_scheduler.1.begin': 0,
              'param_scheduler.1.end': 1, 'model.backbone.slow_pathway.base_channels': 4,
              'model.backbone.fast_pathway.base_channels': 2,
              'model.roi_head.bbox_head.in_channels': 24}
    for phase, lists in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        loader = f'{phase}_dataloader'
        values.update({f'{loader}.num_workers': 0, f'{loader}.batch_size': 4,
                       f'{loader}.dataset.ann_file': made / f'{lists}.csv',
                       f'{loader}.dataset.exclude_file': made / f'{lists}_excluded.csv',
                       f'{loader}.dataset.label_file': made / 'actions.pbtxt',
                       f'{loader}.dataset.proposal_file': made / f'{lists}_proposals.pkl',
                       f'{loader}.dataset.data_prefix': made / 'videos'})
        if phase != 'train':
            values.update({f'{phase}_evaluator.ann_file': made / 'val.csv',
                           f'{phase}_evaluator.exclude_file': made / 'val_excluded.csv',
                           f'{phase}_evaluator.label_file': made / 'actions.pbtxt'})
    options = ['--cfg-options', *(f'{key}={value}' for key, value in values.items())]
    work = ['--work-dir', str(tmp_path)]
    assert not main_of('tools/train.py')([CONFIG, '--validate', '--test-last', '--seed', '0',
                                          *work, *options])
    said = capsys.readouterr().out
    assert 'mAP@0.5IOU: 0.' in said
    assert any('average precision of each action' in log.read_text()
               for log in tmp_path.glob('*/*.log'))
    assert any(tmp_path.glob('best_mAP*.pth'))
    content = pickle.loads((tmp_path / 'last_pred.pkl').read_bytes())
    assert len(content['frames']) == 8 - len((made / 'val_excluded.csv').read_text().split())
    found = tmp_path / 'found.csv'
    assert not main_of('tools/test.py')([CONFIG, str(tmp_path / 'epoch_1.pth'), '--eval', 'mAP',
                                         '--out', str(found), *work, *options])
    assert 'mAP@0.5IOU: 0.' in capsys.readouterr().out
    rows = list(csv.reader(found.open()))
    assert {len(row) for row in rows} == {8} and {row[0] for row in rows} == {'val_00000'}
    draw = main_of('tools/analysis/show_detections.py')
    draw([str(made / 'videos/val_00000.mp4'), str(found), '--truth', str(made / 'val.csv'),
          '--label-map', str(made / 'actions.pbtxt'), '--out', str(tmp_path / 'shown.mp4'),
          '--score-thr', '0.1', '--hold-seconds', '0.3'])
    # 160 frames; three more for each of the moments, excluded ones have true boxes, too.
    assert f'{160 + 3 * 8} frames, 8 of them with boxes' in capsys.readouterr().out
    with pytest.raises(InputError, match='cannot be read'):
        draw([str(found), str(found), '--out', str(tmp_path / 'shown.mp4')])
