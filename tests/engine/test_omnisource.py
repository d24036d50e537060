"""Training on several sources: order, epochs, logs and places of each, by hand."""
import sys
from pathlib import Path

import pytest
import torch

from mmvideo.engine.check import check_config
from mmvideo.engine.omnisource import Source
from mmvideo.engine.run import complete
from mmvideo.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))

from toys import config, followed, loader, logged, toys, trained  # noqa: E402, F401

pytestmark = pytest.mark.usefixtures('toys')
SOURCES = [loader((10, 20, 30), every=2), loader((5, 6), batches=2)]
# One of the first after every second batch, two of the second after each; 100 more a round.
SHOWN = [1, 5, 6, 2, 10, 105, 106, 3, 205, 206, 4, 20, 305, 306,
         101, 405, 406, 102, 30, 505, 506, 103, 605, 606, 104, 110, 705, 706]


def test_order_epochs_and_logs_by_hand(tmp_path):
    found = trained(config(tmp_path, omnisource=SOURCES))
    assert found.model.seen == SHOWN
    way = followed(SHOWN)
    assert way[:3] == [0.5, 2.75, 4.375]
    assert found.model.w.item() == pytest.approx(way[-1], rel=1e-6)
    assert (found.iter, found.epoch) == (8, 2)
    # The first batch of the first source: 0.5 * (10 - w) ** 2, in the second iteration.
    first = logged(tmp_path, 'loss/aux0')
    assert first[2] == pytest.approx(0.5 * (10 - way[3]) ** 2, rel=1e-5) and 1 not in first
    second = logged(tmp_path, 'loss_way/aux1')
    assert second[1] == pytest.approx((0.5 * 4.5 ** 2 + 0.5 * 3.25 ** 2) / 2, rel=1e-5)
    assert logged(tmp_path, 'height/aux1')[8] == 705.5
    assert logged(tmp_path, 'height') == dict(enumerate([1, 2, 3, 4, 101, 102, 103, 104], 1))


def test_a_resumed_run_goes_on_with_all_sources_where_they_were(tmp_path):
    weight = trained(config(tmp_path, omnisource=SOURCES)).model.w
    for done, start in {3: 10, 6: 21}.items():      # in both epochs, all sources in mid-round
        cfg = config(tmp_path / 'rest', omnisource=SOURCES)
        found = trained(cfg, tmp_path / f'iter_{done}.pth')
        assert found.model.seen == SHOWN[start:]
        assert torch.equal(found.model.w, weight)


def test_workers_show_the_same(tmp_path):
    sources = [dict(source, num_workers=1, persistent_workers=i == 0)
               for i, source in enumerate(SOURCES)]
    cfg = config(tmp_path, omnisource=sources, epochs=1)
    assert trained(cfg).model.seen == SHOWN[:14]


def test_a_source_of_other_batches_begins_a_round_anew(tmp_path):
    trained(config(tmp_path, omnisource=SOURCES, epochs=1))
    others = [loader((10, 20, 30, 40), every=2), SOURCES[1]]
    found = trained(config(tmp_path / 'rest', omnisource=others, epochs=1),
                    tmp_path / 'iter_2.pth')
    assert found.model.seen == [3, 205, 206, 4, 10, 305, 306]


def test_a_round_draws_nothing_from_the_global_generator():
    numbers = torch.utils.data.TensorDataset(torch.arange(2.))
    plain = torch.utils.data.DataLoader(numbers)
    plain.start_at = lambda batch: None
    source, before = Source(plain), torch.get_rng_state()
    assert [float(source.draw()[0]) for _ in range(5)] == [0, 1, 0, 1, 0]
    assert source.place() == dict(epoch=2, done=1, batches=2, order_seed=None)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_published_loop_is_translated(tmp_path):
    cfg = config(tmp_path, train_cfg=dict(
        type='MultiLoaderEpochBasedTrainLoop', max_epochs=1, val_interval=1,
        other_loaders=[loader((10, 20))]))
    assert trained(cfg).model.seen == [1, 10, 2, 20, 3, 110, 4, 120]


def test_sources_take_over_what_they_do_not_say(tmp_path):
    cfg = config(tmp_path, omnisource=[dict(dataset=dict(type='Numbers', values=[1])),
                                       dict(loader([1]), batch_size=5)])
    cfg.train_dataloader.update(batch_size=3, num_workers=2, persistent_workers=True)
    hook = next(h for h in complete(cfg).custom_hooks if h['type'] == 'TrainOnSources')
    first, second = hook['loaders']
    assert (first['batch_size'], first['num_workers'], first['persistent_workers']) == (3, 2, True)
    assert first['sampler'] == dict(type='DefaultSampler', shuffle=True)
    assert (second['batch_size'], second['num_workers']) == (5, 0)
    assert 'persistent_workers' not in second and second['sampler']['shuffle'] is False


@pytest.mark.parametrize('sources, message', [
    ([dict(dataset=dict(type='Numbers', values=[1]), every=0)],
     r'omnisource\[0\].every: expected a whole number >= 1, got 0'),
    ([dict(dataset=dict(type='Numbers', values=[1]), batches=1.5)], r'omnisource\[0\].batches: '),
    ([dict(dataset=dict(type='Numbers', vaules=[1]))],
     r"omnisource\[0\].dataset: Numbers takes no argument 'vaules'; did you mean 'values'"),
    ([dict(batch_size=3)], r"omnisource\[0\]: the key 'dataset' is missing"),
    ([dict(dataset=dict(type='Numbers', values=[1]), evry=2)], r"omnisource\[0\]: .*'evry'")])
def test_keys_are_checked_with_their_place(sources, message, tmp_path):
    with pytest.raises(InputError, match=message):
        check_config(config(tmp_path, omnisource=sources))


def test_what_is_no_list_of_loaders_is_refused(tmp_path):
    with pytest.raises(InputError, match='omnisource: expected a list of loaders .*, got True'):
        complete(config(tmp_path, omnisource=True))
    none = [dict(loader([1]), batch_size=2, drop_last=True)]
    with pytest.raises(InputError, match='omnisource: a loader has no batch; it has 1 samples'):
        trained(config(tmp_path, omnisource=none))


def images(folder, labels):
    """A list of pictures of 12x8, one of each label."""
    import cv2
    import numpy as np
    for k, _ in enumerate(labels):
        cv2.imwrite(str(folder / f'{k}.png'), np.full((8, 12, 3), 30 * k, np.uint8))
    (folder / 'list.txt').write_text(''.join(f'{k}.png {v}\n' for k, v in enumerate(labels)))
    steps = [dict(type='ImageDecode'), dict(type='FormatShape', input_format='NCHW'),
             dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
             dict(type='ToTensor', keys=['imgs'])]
    return dict(type='ImageDataset', ann_file=str(folder / 'list.txt'), data_prefix=str(folder),
                pipeline=steps)


def small_recognizer(tmp_path, first, second):
    cfg = config(tmp_path / 'run', epochs=1, model=dict(
        type='Recognizer2D', backbone=dict(type='ResNet', depth=18, base_channels=8),
        cls_head=dict(type='TSNHead', num_classes=3, in_channels=64)))
    cfg.train_dataloader = dict(cfg.train_dataloader, dataset=first)
    cfg.omnisource = [dict(dataset=second)]
    return cfg


def test_labels_and_lists_of_sources_are_looked_at(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'b').mkdir()
    cfg = small_recognizer(tmp_path, images(tmp_path / 'a', [0, 1, 2]),
                           images(tmp_path / 'b', [0, 1, 3]))
    with pytest.raises(InputError, match=r'b/list.txt, line 3: label 3, expected 0\.\.2'):
        trained(cfg)
    (tmp_path / 'b' / 'list.txt').unlink()
    with pytest.raises(InputError, match=r'b/list.txt does not exist \(omnisource\[0\]\)'):
        trained(cfg)


def test_bad_files_of_a_source_are_listed_as_its_own(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'b').mkdir()
    cfg = small_recognizer(tmp_path, images(tmp_path / 'a', [0, 1, 2]),
                           images(tmp_path / 'b', [0, 1, 2]))
    (tmp_path / 'b' / '1.png').write_text('no picture')
    cfg.max_bad_share = 0.4
    cfg.train_dataloader.batch_size = 3
    trained(cfg)
    work = tmp_path / 'run'
    assert [p.name for p in work.glob('bad_files*')] == ['bad_files_train_aux0.jsonl']
    assert '"file": "1.png"' in (work / 'bad_files_train_aux0.jsonl').read_text()
    cfg.max_bad_share = 0.3
    with pytest.raises(InputError, match='b/list.txt, line 2.*1 of 3 samples cannot be loaded'):
        trained(cfg)
