"""Fetching weights: taken up where it ended, held against the hash in the name, kept."""
import hashlib
import multiprocessing
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmvideo.checkpoint_file import check_hash, fetch, kept_at, local_file
from mmvideo.errors import InputError

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / 'tools')]

from file_server import serve  # noqa: E402
from runs import main_of  # noqa: E402

CONTENT = np.random.default_rng(0).bytes(3 << 20)
NAME = f'net_20200607-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth'


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder where files are kept."""
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    return tmp_path / 'hub' / 'checkpoints'


@pytest.fixture
def shop(tmp_path):
    """The folder that is served."""
    folder = tmp_path / 'shop'
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)
    return folder


def test_a_file_comes_once(hub, shop):
    told = []
    with serve(shop) as (address, asked):
        path = fetch(f'{address}/{NAME}', lambda *numbers: told.append(numbers))
        assert path == str(hub / NAME) == kept_at(f'{address}/{NAME}')
        assert local_file(f'{address}/{NAME}') == path
    assert Path(path).read_bytes() == CONTENT and asked == [None]
    assert told[-1] == (len(CONTENT), len(CONTENT)) and len(told) >= 3
    assert [p.name for p in hub.iterdir()] == [NAME]


def test_a_download_goes_on_where_it_ended(hub, shop):
    with serve(shop, breaks=2) as (address, asked):
        assert Path(fetch(f'{address}/{NAME}')).read_bytes() == CONTENT
    half, quarter = len(CONTENT) // 2, len(CONTENT) // 4
    assert asked == [None, f'bytes={half}-', f'bytes={half + quarter}-']


def test_another_day(hub, shop):
    with serve(shop, breaks=9) as (address, _):
        with pytest.raises(InputError, match='the connection broke 3 times; say it again') as error:
            fetch(f'{address}/{NAME}')
    assert str(hub / NAME) in str(error.value) and not (hub / NAME).exists()
    here = (hub / f'{NAME}.part').stat().st_size
    assert here == len(CONTENT) * 7 // 8
    with serve(shop) as (address, asked):
        assert Path(fetch(f'{address}/{NAME}')).read_bytes() == CONTENT
    assert asked == [f'bytes={here}-']


@pytest.mark.parametrize('here, asked', [
    (len(CONTENT), [f'bytes={len(CONTENT)}-']),             # all was here but its name
    (len(CONTENT) + 9, [f'bytes={len(CONTENT) + 9}-', None])])     # more than there is
def test_nothing_is_missing(hub, shop, here, asked):
    hub.mkdir(parents=True)
    (hub / f'{NAME}.part').write_bytes((CONTENT + b'123456789')[:here])
    with serve(shop) as (address, requests):
        assert Path(fetch(f'{address}/{NAME}')).read_bytes() == CONTENT
    assert requests == asked


def test_a_server_without_ranges(hub, shop):
    with serve(shop, breaks=1, ranges=False) as (address, asked):
        assert Path(fetch(f'{address}/{NAME}')).read_bytes() == CONTENT
    assert len(asked) == 2


def test_another_content_is_refused(hub, shop):
    (shop / NAME).write_bytes(CONTENT[:-1] + b'x')
    with serve(shop) as (address, _), pytest.raises(InputError, match='its hash begins'):
        fetch(f'{address}/{NAME}')
    assert list(hub.iterdir()) == []
    (shop / 'plain.pth').write_bytes(b'1')      # a name without a hash says nothing
    with serve(shop) as (address, _):
        assert Path(fetch(f'{address}/plain.pth')).read_bytes() == b'1'
    check_hash(hub / 'plain.pth')


def test_who_cannot_be_reached_and_what_is_not_there(hub, shop):
    with serve(shop) as (address, _):
        with pytest.raises(InputError, match=r'none.pth: download failed \(HTTP Error 404'):
            fetch(f'{address}/none.pth')
    with pytest.raises(InputError) as error:
        fetch(f'{address}/{NAME}')              # nobody listens any more
    assert f'fetch it by hand and place it at {hub / NAME}' in str(error.value)


def _fetch(url, folder, results):
    torch.hub.set_dir(folder)
    results.put(fetch(url))


def test_processes_that_start_together_fetch_once(hub, shop):
    context = multiprocessing.get_context('fork')
    results = context.Queue()
    with serve(shop) as (address, asked):
        started = [context.Process(target=_fetch, args=(f'{address}/{NAME}', str(hub.parent),
                                                        results)) for _ in range(3)]
        for process in started:
            process.start()
        assert {results.get(timeout=30) for _ in started} == {str(hub / NAME)}
        for process in started:
            process.join()
    assert (hub / NAME).read_bytes() == CONTENT and asked == [None]


@pytest.fixture
def command(hub, monkeypatch, capsys):
    """``tools/zoo.py`` on a small zoo; gives (status, output, errors)."""
    from mmengine.config import Config

    def run(zoo, *words):
        configs = {}
        for name, values in zoo.items():
            path = f'configs/recognition/tsm/{name}.py'
            assert Path(path).is_file()
            configs[path] = Config(values)
        monkeypatch.setattr('mmvideo.zoo.choice.read_configs',
                            lambda paths=configs: {path: configs[path] for path in paths})
        status = main_of('tools/zoo.py')(list(words))
        return (status, *capsys.readouterr())
    return run


def test_fetch_command(hub, shop, command, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    name, other = 'tsm_r50_1x1x8_50e_kinetics400_rgb', 'tsm_r50_1x1x16_50e_kinetics400_rgb'
    port = 'tsm_mobilenetv2_dense_1x1x8_100e_kinetics400_rgb'
    table_name = 'tsm_mobilenetv2_dense_1x1x8_kinetics400_rgb_port'
    with serve(shop) as (address, asked):
        rows = [dict(row=1, section='A', resolution='340x256', top1=70.24),
                dict(row=2, section='A', top1=71.0, ckpt=f'{address}/{NAME}'),
                dict(row=3, section='A', ckpt=f'{address}/gone.pth')]
        ported = [dict(row=4, section='A'), dict(row=5, section='A', config=table_name,
                                                 ckpt=f'{address}/none.pth')]
        zoo = {name: dict(zoo=rows), other: dict(model=1), port: dict(zoo=ported)}
        status, out, err = command(zoo, 'fetch', name)
        assert (status, out) == (0, f'{hub / NAME}\n') and asked == [None]
        assert 'row 2: ' + name in err and 'rows 3 (A, any resolution), too: --row' in err
        assert f'{NAME}: 3.1 MB of 3.1' in err and f'tools/test.py {name} {hub / NAME}' in err
        for words, said in (
                ([name, '--row', '1'], 'row 1 on configs/recognition/tsm/'),
                ([name, '--row', '7'], '--row 7: rows on'), ([table_name], '404'),
                ([other], 'is in no row of the tables'),
                (['tsm_r50_1x1x8_50e_kinetics_rgb'], 'does not exist; did you mean')):
            status, _, err = command(zoo, 'fetch', *words)
            assert status == 2 and said in err
        (hub / NAME).write_bytes(b'damaged')
        status, _, err = command(zoo, 'fetch', name)
        assert status == 2 and 'its hash begins' in err and 'damaged' in err
