import hashlib
import importlib.util
from pathlib import Path

import torch

from mmvideo.checkpoint_file import check_hash

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location('publish_model',
                                              ROOT / 'tools/analysis/publish_model.py')
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test_weights_and_meta_stay_and_the_name_tells_the_hash(tmp_path, capsys):
    weights = dict(w=torch.arange(6.).reshape(2, 3), view=torch.zeros(1000)[:2])
    source = tmp_path / 'epoch_3.pth'
    torch.save(dict(state_dict=weights, meta=dict(epoch=3, cfg='model = 1'),
                    optimizer=dict(state={0: torch.zeros(1000)}), message_hub={}), source)
    assert tool.main([str(source), str(tmp_path / 'out' / 'net.pth')]) == 0
    path, = (tmp_path / 'out').iterdir()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == f'net-{digest[:8]}.pth'
    check_hash(str(path))
    found = torch.load(path, weights_only=True)
    assert set(found) == {'state_dict', 'meta'} and found['meta']['epoch'] == 3
    assert all(torch.equal(found['state_dict'][key], value) for key, value in weights.items())
    assert path.stat().st_size < 4000       # neither the optimizer nor what the view looks into
    assert 'left out: optimizer, message_hub' in capsys.readouterr().out
    # The same weights have the same name.
    assert tool.main([str(source), str(tmp_path / 'out' / 'net.pth')]) == 0
    assert list((tmp_path / 'out').iterdir()) == [path]


def test_what_is_no_checkpoint(tmp_path, capsys):
    source = tmp_path / 'x.pth'
    torch.save([1, 2], source)
    assert tool.main([str(source), str(tmp_path / 'net.pth')]) == 2
    assert 'x.pth: expected a checkpoint with weights' in capsys.readouterr().err
    assert tool.main([str(tmp_path / 'none.pth'), str(tmp_path / 'net.pth')]) == 2
    assert 'none.pth' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [source]
