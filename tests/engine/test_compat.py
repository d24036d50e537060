"""Each workaround: its message still comes without it, and no longer comes with it."""
import copy
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.optim import AmpOptimWrapper
from torch.utils.data import DataLoader

from mmvideo.engine import compat


def run(code, **env):
    """Run a snippet in its own interpreter, as patches of mmengine last for a process."""
    import os
    return subprocess.run([sys.executable, '-c', textwrap.dedent(code)], capture_output=True,
                          text=True, env={**os.environ, **env}, timeout=120)


FIND = '''
    import sys
    sys.modules['pkg_resources'] = None  # what setuptools >= 82 amounts to
    {patch}
    from mmengine.utils import get_installed_path, is_installed
    assert is_installed('mmengine') and not is_installed('no_such_package')
    print(get_installed_path('mmengine'))
'''


def test_package_lookup_needs_the_workaround():
    plain = run(FIND.format(patch=''))
    assert 'ModuleNotFoundError' in plain.stderr and 'pkg_resources' in plain.stderr
    cured = run(FIND.format(patch='from mmvideo.engine.compat import install; install()'))
    assert cured.stdout.strip().endswith('mmengine'), cured.stderr


def test_loading_needs_the_workaround(tmp_path):
    path = str(tmp_path / 'old.pth')
    torch.save(dict(state_dict={}, message_hub=dict(log_scalars=dict(loss=HistoryBuffer()))), path)
    load = f"""
        {{patch}}
        from mmengine.runner import CheckpointLoader
        print(CheckpointLoader.load_checkpoint({path!r}, 'cpu', logger=None))
    """
    plain = run(load.format(patch=''))
    assert 'Weights only load failed' in plain.stderr
    cured = run(load.format(patch='from mmvideo.engine.compat import install; install()'))
    assert "{'state_dict': {}}" in cured.stdout, cured.stderr


def test_plain_values_load_by_plain_torch(tmp_path):
    given = dict(best=np.float64(0.5), n=np.int64(3), a=np.arange(3), t=torch.ones(2),
                 nested=[dict(x=(1, 'two', None))], other=object)
    plain = compat.make_plain(given)
    torch.save(plain, tmp_path / 'plain.pth')
    loaded = torch.load(tmp_path / 'plain.pth')
    assert loaded['best'] == 0.5 and type(loaded['n']) is int
    assert loaded['a'].tolist() == [0, 1, 2] and loaded['nested'] == [dict(x=(1, 'two', None))]
    assert isinstance(loaded['other'], str)


@pytest.mark.skipif(torch.cuda.is_available(), reason='about machines without a GPU')
def test_amp_on_cpu_needs_the_workaround():
    model = torch.nn.Linear(4, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(AssertionError, match='only available'):
        AmpOptimWrapper(optimizer=optimizer)
    wrapper = compat.CPUAmpOptimWrapper(optimizer=optimizer)
    before = model.weight.clone()
    with wrapper.optim_context(model):
        out = model(torch.ones(2, 4))
    assert out.dtype == torch.bfloat16
    wrapper.update_params(out.float().sum())
    assert not torch.equal(before, model.weight) and model.weight.dtype == torch.float32


JOIN = '''
    import torch
    from mmengine.config import Config, ConfigDict
    from mmengine.dist import init_dist
    from mmengine.model import MMDistributedDataParallel
    {patch}
    model = torch.nn.Linear(2, 2)
    {wrap}
    print('joined', torch.distributed.get_backend())
'''
ALONE = dict(RANK='0', LOCAL_RANK='0', WORLD_SIZE='1', MASTER_ADDR='127.0.0.1')


@pytest.mark.skipif(torch.cuda.is_available(), reason='about machines without a GPU')
def test_processes_on_cpus_need_the_workaround():
    plain = run(JOIN.format(patch="init_dist('pytorch', backend='gloo')", wrap=''), **ALONE,
                MASTER_PORT='29611')
    assert '_cuda_setDevice' in plain.stderr
    half = run(JOIN.format(patch="torch.distributed.init_process_group('gloo')",
                           wrap='MMDistributedDataParallel(model, device_ids=[0])'), **ALONE,
               MASTER_PORT='29612')
    assert 'device_ids' in half.stderr and 'ValueError' in half.stderr
    cured = run(JOIN.format(
        patch='from mmvideo.engine import compat, distributed\n'
              "    cfg = ConfigDict()\n    distributed.join('pytorch')\n"
              "    compat.wrap_on_cpus(cfg, 'pytorch')",
        wrap="MMDistributedDataParallel(model, **{k: v for k, v in cfg.model_wrapper_cfg.items()"
             " if k != 'type'})"), **ALONE, MASTER_PORT='29613')
    assert 'joined gloo' in cured.stdout, cured.stderr


def test_idle_persistence_needs_the_workaround():
    loader = dict(num_workers=0, persistent_workers=True, batch_size=2)
    with pytest.raises(ValueError, match='persistent_workers option needs num_workers > 0'):
        DataLoader([1, 2], **loader)
    compat.drop_idle_persistence(loader)
    assert len(DataLoader([1, 2], **loader)) == 1
    busy = dict(num_workers=1, persistent_workers=True)
    compat.drop_idle_persistence(busy)
    assert busy == dict(num_workers=1, persistent_workers=True)


def test_interrupted_layout_of_a_config_needs_the_workaround(monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt
    cfg = Config(dict(a=1, b=dict(c=[1, 2])))
    text = cfg.pretty_text
    kept = Config(dict(a=1, b=dict(c=[1, 2])))
    compat.keep_text(kept)
    monkeypatch.setattr('mmengine.config.config.FormatCode', interrupted)
    with pytest.raises(SyntaxError, match='Failed to format the config file'):
        cfg.pretty_text     # noqa: B018
    assert kept.pretty_text == text
    assert set(kept.keys()) == {'a', 'b'} and kept.b.c == [1, 2] and isinstance(kept, Config)
    assert copy.deepcopy(kept).pretty_text == text and copy.copy(kept).b == kept.b
