"""``tools/zoo.py reproduce``: the data audited, the row measured, the difference told."""
import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

from mmvideo.engine.run import load_config
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS, MODELS
from mmvideo.zoo.audit import Audit, Finding, fits_resolution, spread
from mmvideo.zoo.reproduce import compare
from mmvideo.zoo.results import read_results

sys.path.insert(0, str(Path(__file__).parent / 'tools'))

from runs import TSM, main_of  # noqa: E402

CONFIG = '''
_base_ = {parts!r}
still = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True)
model = dict(backbone=dict(base_channels=8), cls_head=dict(in_channels=64, num_classes=8))
train_dataloader = None
place = dict(ann_file={data!r} + '/val_videos.txt', data_prefix={data!r} + '/videos')
val_dataloader = dict(batch_size=8, dataset=dict(place, pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
test_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(
    place, pipeline=[*_base_.reader, dict(still, twice_sample={twice}), *_base_.decode,
                     *_base_.test_augment, *_base_.pack]))
classes = {data!r} + '/classes.txt'
zoo = {zoo!r}
'''


@pytest.fixture(scope='module')
def parts():
    text = Path(TSM).read_text()
    leaf = Path(TSM).parent
    named = text[text.index('_base_ = [') + 10:text.index(']')]
    return [str((leaf / word.strip(" '\n")).resolve()) for word in named.split(',')]


@pytest.fixture(scope='module')
def weights(embedded, parts, tmp_path_factory):
    """A folder with weights that know every clip (right.pth) and that know none (wrong.pth)."""
    folder = tmp_path_factory.mktemp('weights')
    cfg = load_config(write(folder / 'net.py', parts, embedded, []))
    net = MODELS.build(cfg.model).eval()
    torch.save(dict(state_dict=net.state_dict()), folder / 'wrong.pth')
    clips = DATASETS.build(dict(cfg.test_dataloader.dataset, test_mode=True))
    samples = [clips[i] for i in range(len(clips))]
    batch = dict(imgs=torch.stack([torch.as_tensor(sample['imgs']) for sample in samples]))
    with torch.no_grad():
        imgs = net.data_preprocessor(batch)['imgs']
        feats = net.extract_feat(imgs, stage='backbone').mean(dim=(2, 3)).unflatten(0, (-1, 8))
    feats = torch.cat([feats.mean(dim=1), torch.ones(len(samples), 1)], dim=1).double()
    labels = torch.eye(8, dtype=torch.double)[[int(sample['label']) for sample in samples]]
    solved = torch.linalg.lstsq(feats, labels, driver='gelsd').solution.T.float()
    with torch.no_grad():
        net.cls_head.fc_cls.weight.copy_(solved[:, :-1])
        net.cls_head.fc_cls.bias.copy_(solved[:, -1])
    torch.save(dict(state_dict=net.state_dict()), folder / 'right.pth')
    return folder


def write(path, parts, data, zoo, twice=False):
    path.write_text(CONFIG.format(parts=parts, data=str(data), zoo=zoo, twice=twice))
    return str(path)


@pytest.fixture
def again(parts, embedded, tmp_path, monkeypatch, capsys):
    """Runs the command on a config with the given entries; gives (status, output, errors)."""
    monkeypatch.chdir(tmp_path)
    main = main_of('tools/zoo.py')

    def run(zoo, *words, data=embedded, path=None, twice=False, options=('log_level=ERROR',)):
        if path is None:
            path = write(tmp_path / 'net.py', parts, data, zoo, twice)
            words = [*words, '--cfg-options', *options]
        status = main(['reproduce', *map(str, [path, *words])])
        return (status, *capsys.readouterr())
    return run


def entry(top1, **more):
    return dict(row=900, section='Mine', **{'top1': top1, **more})


def test_a_row_is_measured_again(again, weights, tmp_path):
    zoo, out = [entry(100., top5=100., mean_class=99.9, resolution='128x96')], tmp_path / 'out.json'
    status, said, err = again(zoo, weights / 'right.pth', '--out', out)
    assert status == 0, said + err
    assert 'val_videos.txt: 8 items listed\nall 8 can be read\n' in said
    assert 'of 8 are not 128x96 as the row wants it; most often 128x96' in said
    assert 'frame rate: median ' in said and 'length: median ' in said
    assert said.endswith(f'reproduced: it differs by at most 0.10 points, 0.3 are allowed\n'
                         f'{out} written\n')
    found = json.loads(out.read_text())
    assert found['is_full'] and found['is_within'] and found['row'] == 900
    assert [f['difference'] for f in found['figures']] == [0, 0, 0.1]
    assert found['tests'] == [dict(name='', items=8, views=1)]
    assert found['weights'][0]['file'] == 'right.pth' and not found['weights'][0]['is_published']


def test_missing_and_unreadable_files(again, weights, embedded, tmp_path):
    videos, lines = tmp_path / 'videos', (embedded / 'val_videos.txt').read_text().splitlines()
    videos.mkdir()
    for line in lines[1:]:
        name = line.rpartition(' ')[0]
        (videos / name).parent.mkdir(parents=True, exist_ok=True)
        content = (embedded / 'videos' / name).read_bytes()
        (videos / name).write_bytes(content[:len(content) // 2] if line == lines[1] else content)
    shutil.copy(embedded / 'classes.txt', tmp_path)
    (tmp_path / 'val_videos.txt').write_text('\n'.join(lines))
    out = tmp_path / 'out.json'
    status, said, _ = again([entry(90., mean_class=99.9)], weights / 'right.pth', '--out', out,
                            data=tmp_path)
    assert status == 1
    first, second = (line.rpartition(' ')[0] for line in lines[:2])
    assert f'1 missing, such as {first}: ' in said and 'no such video file' in said
    assert f'1 unreadable, such as {second}: ' in said and 'all 8 can be read' not in said
    # All 6 that are left are right: with two wrong ones it would be 75 %.
    assert '90.00    100.00      +10.00' in said
    assert ('2 items are lost: with them 75.00 to 100.00, which can explain 100% of the difference'
            ) in said
    found = json.loads(out.read_text())
    assert not found['is_full'] and not found['is_within'] and found['lost'] == 2
    assert found['data'][0]['missing'] == found['data'][0]['unreadable'] == 1
    assert 'least' in found['figures'][0] and 'least' not in found['figures'][1]
    status, said, _ = again([entry(99.9)], weights / 'right.pth', '--limit', 2, data=tmp_path)
    assert status == 0 and '2 of them, evenly spread, were looked at' in said
    assert 'a trial run of 1 items' in said and 'reproduced' not in said
    shutil.rmtree(videos)
    status, _, err = again([entry(99.9)], weights / 'right.pth', data=tmp_path)
    assert status == 2 and f'data_prefix {videos} does not exist' in err
    videos.mkdir()
    status, _, err = again([entry(99.9)], weights / 'right.pth', data=tmp_path)
    assert status == 2 and 'none of the 8 items can be read: ' in err


def test_efficient_and_accurate(again, weights, tmp_path):
    """A row of two figures is tested twice, the second time on twice as many frames."""
    out = tmp_path / 'out.json'
    status, said, err = again([entry((90., 80.)), dict(row=901, section='B', top1=3.)],
                              weights / 'right.pth', '--limit', 4, '--out', out, twice=True)
    assert status == 0 and 'this config has rows 901 (B, any resolution), too: --row' in err
    found = json.loads(out.read_text())
    assert found['tests'] == [dict(name='efficient', items=4, views=1),
                              dict(name='accurate', items=4, views=2)]
    assert [(f['pass'], f['published']) for f in found['figures']] == [('efficient', 90.),
                                                                       ('accurate', 80.)]
    assert 'top-1, efficient' in said and found['figures'][0]['measured'] == 100


def test_a_row_of_the_embedded_benchmark(again, weights, tmp_path, embedded, parts):
    """Its figures are ours: from its own weights the difference is none."""
    folder = tmp_path / 'configs'
    folder.mkdir()
    path = write(folder / 'net.py', parts, embedded, [])
    with open(path, 'a') as file:
        file.write("benchmark = dict(evidence='ordered frames')\n"
                   'train_cfg = dict(max_epochs=7)\n')
    figures = dict(top1=100., mean_class=100., clips_per_second=None, seconds=None, machine='')
    (folder / 'embedded.json').write_text(json.dumps(dict(ceilings={}, rows=dict(net=figures))))
    status, _, err = again(None, path='net')
    assert status == 2 and 'net has no published weights; python tools/zoo.py embedded net' in err
    status, said, _ = again(None, weights / 'right.pth', path='net')
    assert status == 0 and said.startswith('net: Embedded benchmark, 8x1 frames\n')
    assert 'mean class     100.00    100.00       +0.00' in said and 'published ones' not in said
    status, said, _ = again(None, weights / 'wrong.pth', path='net')
    assert status == 1 and '100.00     12.50      -87.50' in said
    assert said.endswith('not reproduced: it differs by up to 87.50 points, 0.3 are allowed\n')
    assert not list(tmp_path.rglob('row_*'))


@pytest.mark.parametrize('words, said', [
    (['--row', '7'], '--row 7: rows on'), (['gone.pth'], 'checkpoint gone.pth does not exist'),
    (['--limit', '0'], 'expected at least one item'), (['--out', '.'], '--out .: expected'),
    (['{right}', '{wrong}'], '2 files for row 900 (net); expected 1: the weights of net'),
    (['damaged-12345678.pth'], 'its hash begins'), (['other.pth'], 'has the weights of row 901'),
    (['scores.pkl'], 'scores.pkl: weights are expected'), (['list.pth'], 'holds a list'),
    (['tiny.pth'], 'tiny.pth: 0 of 1')])
def test_what_does_not_fit(again, weights, tmp_path, words, said):
    for name in ('damaged-12345678.pth', 'other.pth', 'scores.pkl'):
        (tmp_path / name).write_bytes(b'other weights')
    torch.save([torch.zeros(1)], tmp_path / 'list.pth')
    torch.save({'backbone.x': torch.zeros(1)}, tmp_path / 'tiny.pth')
    digits = hashlib.sha256(b'other weights').hexdigest()[:8]
    zoo = [entry(1.), dict(row=901, section='B', ckpt=f'https://example.org/net-{digits}.pth')]
    words = [word.format(right=weights / 'right.pth', wrong=weights / 'wrong.pth')
             for word in words]
    status, out, err = again(zoo, *words)
    assert status == 2 and said in err, out + err
    assert len(err.strip().splitlines()) <= 2


def test_the_protocol_is_not_for_sale(again, weights, capsys):
    status, _, err = again([entry(1.)], weights / 'right.pth', options=['model.backbone.depth=50'])
    assert status == 2 and 'model.backbone.depth would change the protocol' in err
    status, _, err = again([dict(row=900, section='A')], weights / 'right.pth')
    assert status == 2 and 'row 900 (net) has no published figure that a test measures' in err


def test_scores_are_summed(again, weights, tmp_path, parts, embedded):
    folder = tmp_path / 'configs'
    folder.mkdir()
    for name in ('one', 'two'):
        write(folder / f'{name}.py', parts, embedded, [dict(row=901, section='A', top1=1.)])
    (tmp_path / 'sum.py').write_text(
        "fusion = dict(configs=['one', 'two'], coefficients=[1, 0.001])\n"
        "zoo = [dict(row=902, section='A', top1=(100., 0.3), mean_class=100.)]\n")
    files = weights / 'right.pth', weights / 'wrong.pth'
    out = tmp_path / 'out.json'
    status, said, err = again(None, *files, '--out', out, path=tmp_path / 'sum.py')
    assert status == 0, said + err
    found = json.loads(out.read_text())
    assert [f['difference'] for f in found['figures']] == [0, 0] and found['is_full']
    assert [t['name'] for t in found['tests']] == ['one', 'two']
    status, said, err = again(None, files[0], path=tmp_path / 'sum.py')
    assert status == 2 and 'expected 2: the weights of one and two, or their scores' in err


@pytest.mark.parametrize('size, resolution, fits', [
    ((320, 426), 'short-side 320', True), ((426, 320), 'short-side 320', True),
    ((319, 426), 'short-side 320', True), ((256, 340), 'short-side 320', False),
    ((256, 456), 'short-side 256p', True), ((100, 176), 'height 100', True),
    ((176, 100), 'height 100', False), ((256, 340), '340x256', True),
    ((128, 171), '128x171', True), ((240, 320), '128x171', False), ((1, 1), '+KRaw', None)])
def test_stored_sizes(size, resolution, fits):
    assert fits_resolution(size, resolution) is fits


def test_items_are_evenly_spread():
    assert spread(5) == spread(5, 9) == [0, 1, 2, 3, 4]
    assert spread(1000, 3) == [0, 500, 999] and spread(7, 1) == [0]


class Listed:
    """A data set of Kinetics-400 that lists 19,800 items of 300 frames."""

    ann_file, modality = 'data/kinetics400/kinetics400_val_list_videos.txt', 'RGB'
    records = names = ['a.mp4'] * 19800


@pytest.mark.parametrize('frames, said', [(250, 'length: median 250 frames, 250..250'),
                                          (120, 'clips of 10 s at 24 to 30 frames a second have '
                                                '240 to 300: these are of another rate')])
def test_kinetics_against_its_publisher(frames, said):
    found = Audit(Listed(), [Finding(i, size=(256, 340 + i % 2), frames=frames, rate=25.)
                             for i in range(19000)], 'short-side 320')
    lines = '\n'.join(found.lines())
    assert 'official are about 20000, the tables measured 19796' in lines and said in lines
    assert 'size: 19000 of 19000 are not short-side 320' in lines
    assert (found.expected, found.lost, found.other_sizes) == (19796, 800, 19000)
    assert not found.is_complete


@pytest.mark.parametrize('ann_file, listed, expected, is_complete', [
    ('data/kinetics400/kinetics400_val_list_videos.txt', 19700, 19796, True),
    ('data/kinetics400/kinetics400_val_list_videos.txt', 19877, 19796, True),
    ('data/kinetics400/kinetics400_val_list_videos.txt', 5, 19796, False),
    ('data/sthv1/sthv1_val_list_rawframes.txt', 11522, 11522, True),
    ('data/sthv1/sthv1_val_list_rawframes.txt', 5, 11522, False),
    ('data/mit/mit_val_list_videos.txt', 33800, 33800, True),
    ('data/mit/mit_val_list_videos.txt', 5, 33900, False), ('own/val.txt', 5, 5, True)])
def test_lists_of_a_part(ann_file, listed, expected, is_complete):
    dataset = Listed()
    dataset.ann_file, dataset.records = ann_file, ['a.mp4'] * listed
    found = Audit(dataset, [Finding(i) for i in range(listed)])
    assert (found.expected, found.is_complete) == (expected, is_complete)
    assert found.lost == max(0, expected - listed)


def test_what_lost_items_explain():
    figure, = compare('', dict(top1=71.), dict(top1=0.70), 900, 100)
    assert (figure['least'], figure['most']) == (63., 73.) and figure['explained'] == 1
    figure, = compare('', dict(top1=76.), dict(top1=0.70), 900, 100)
    assert (figure['difference'], figure['explained']) == (-6, 0.5)
    figure, = compare('', dict(top1=56.), dict(top1=0.70), 900, 100)
    assert figure['explained'] == 0.5
    figure, = compare('', dict(mean_ap=70.), dict(mean_ap=0.70), 900, 100)
    assert 'least' not in figure


def test_results_that_the_page_shows(tmp_path):
    def put(number, **more):
        found = dict(format='mmvideo-reproduction', row=number, is_full=True, figures=[],
                     weights=[dict(is_published=True)])
        (tmp_path / f'row_{number}.json').write_text(json.dumps({**found, **more}))
    assert read_results(tmp_path / 'none') == {}
    put(1)
    put(2, is_full=False)
    put(3, weights=[dict(is_published=False)])
    assert list(read_results(tmp_path)) == [1]
    put(4, format='other')
    with pytest.raises(InputError, match='row_4.json is no result'):
        read_results(tmp_path)
    (tmp_path / 'row_4.json').write_text('{')
    with pytest.raises(InputError, match='row_4.json is no result'):
        read_results(tmp_path)
