"""Reading checkpoint files: what is restored, and that nothing of them runs."""
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmvideo.checkpoint_file import TRUST, local_file, read_checkpoint
from mmvideo.errors import InputError, MissingFileError


def old_run(path):
    """A file as older training runs wrote it: log objects beside the weights."""
    hub = dict(log_scalars=dict(loss=HistoryBuffer([1.], [1])))
    torch.save(dict(state_dict=dict(w=torch.arange(3.)), meta=dict(epoch=4), message_hub=hub), path)
    return path


def test_weights_of_older_runs_need_no_trust(tmp_path, monkeypatch):
    path = old_run(tmp_path / 'old.pth')
    monkeypatch.delenv(TRUST, raising=False)
    found = read_checkpoint(path)
    assert found['state_dict']['w'].tolist() == [0, 1, 2] and found['meta'] == dict(epoch=4)
    assert 'message_hub' not in found
    monkeypatch.setenv(TRUST, '1')
    loss = read_checkpoint(path)['message_hub']['log_scalars']['loss']
    assert isinstance(loss, HistoryBuffer) and loss.current() == 1


class Evil:
    """Opens a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, 'w')


def test_no_code_of_a_file_runs(tmp_path, monkeypatch):
    path, mark = tmp_path / 'evil.pth', tmp_path / 'ran'
    torch.save(dict(state_dict=dict(w=torch.ones(2)), extra=Evil(str(mark))), path)
    monkeypatch.delenv(TRUST, raising=False)
    assert read_checkpoint(path)['state_dict']['w'].tolist() == [1, 1]
    assert not mark.exists()


def test_the_format_before_torch_1_6_is_read(tmp_path, monkeypatch):
    path, mark = tmp_path / 'old.pth', tmp_path / 'ran'
    monkeypatch.delenv(TRUST, raising=False)
    for extra in ({}, dict(extra=Evil(str(mark)))):
        torch.save(dict(state_dict=dict(w=torch.arange(3.)), **extra), path,
                   _use_new_zipfile_serialization=False)
        assert read_checkpoint(path)['state_dict']['w'].tolist() == [0, 1, 2]
    assert not mark.exists()


@pytest.mark.parametrize('trust', ['', '1'])
@pytest.mark.parametrize('content', [b'', b'no checkpoint', b'PK\x03\x04 half a file'])
def test_damaged_files_are_named(tmp_path, monkeypatch, content, trust):
    monkeypatch.setenv(TRUST, trust)
    path = tmp_path / 'damaged.pth'
    path.write_bytes(content)
    with pytest.raises(InputError, match='damaged.pth is no checkpoint'):
        read_checkpoint(path)


def test_names_and_places(tmp_path, monkeypatch):
    with pytest.raises(MissingFileError, match='nowhere.pth does not exist'):
        read_checkpoint(tmp_path / 'nowhere.pth')
    with pytest.raises(InputError, match='torchvision://resnet51: known names are .*resnet50'):
        local_file('torchvision://resnet51')
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path))
    kept = tmp_path / 'checkpoints' / 'resnet50-0676ba61.pth'
    kept.parent.mkdir()
    kept.write_bytes(b'')
    assert local_file('torchvision://resnet50') == str(kept)
