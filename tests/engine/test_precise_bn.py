import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmvideo.engine.precise_bn import PreciseBN, measure_statistics
from mmvideo.errors import InputError
from mmvideo.models.recognizers import Recognizer2D


class Frames(torch.utils.data.Dataset):
    """Six videos of one gray frame [1, 1, 1, 2]; the pixels of number i are 2i and 2i + 1."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return dict(imgs=torch.tensor([2. * index, 2. * index + 1]).reshape(1, 1, 1, 2),
                    label=torch.tensor([index % 2]))


class Net(nn.Module):
    """A frozen-or-not norm in front, a factor, a second norm, dropout that must stay off."""

    in_channels = 1

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.BatchNorm2d(1), nn.BatchNorm2d(1)
        self.drop = nn.Dropout(0.9)
        self.scale = nn.Parameter(torch.tensor(3.))
        self.norm_eval = False

    def train(self, mode=True):
        super().train(mode)
        if self.norm_eval:
            self.first.eval()
        return self

    def forward(self, x):
        return self.drop(self.second(self.scale * self.first(x)))


def recognizer(norm_eval=False):
    model = Recognizer2D(backbone=dict(type='ResNet', depth=18, pretrained=None))
    model.backbone = Net()
    model.backbone.norm_eval = norm_eval
    return model.train()


def batches():
    return DataLoader(Frames(), batch_size=2)


def test_statistics_are_those_of_all_pixels():
    model = recognizer()
    loaded = list(batches())
    before = torch.get_rng_state()
    assert measure_statistics(model, loaded) == 2
    # Pixels 0..11: mean 5.5; unbiased variance 143 / 11 = 13 (squares' sum 506 - 12 * 30.25 = 143).
    assert model.backbone.first.running_mean.item() == pytest.approx(5.5)
    assert model.backbone.first.running_var.item() == pytest.approx(13)
    # Each batch of 4 pixels has variance 1.25; normalized and times 3, all batches look alike:
    # mean 0, variance 9 * 1.25 / (1.25 + eps), over 12 pixels times 12 / 11.
    assert model.backbone.second.running_mean.item() == pytest.approx(0, abs=1e-5)
    assert model.backbone.second.running_var.item() == pytest.approx(
        9 * 1.25 / (1.25 + 1e-5) * 12 / 11, rel=1e-5)
    assert torch.equal(before, torch.get_rng_state())
    assert model.training and model.backbone.first.momentum == 0.1
    assert not model.backbone.first._forward_pre_hooks


def test_batches_of_other_sizes_weigh_by_their_pixels():
    model = recognizer()
    measure_statistics(model, DataLoader(Frames(), batch_size=4))      # 8 pixels, then 4
    assert model.backbone.first.running_mean.item() == pytest.approx(5.5)
    assert model.backbone.first.running_var.item() == pytest.approx(13)


def test_layers_held_in_evaluation_mode_keep_their_statistics():
    model = recognizer(norm_eval=True)
    assert measure_statistics(model, batches()) == 1
    assert model.backbone.first.running_mean.item() == 0
    assert model.backbone.first.running_var.item() == 1
    # The first norm passes its input (divided by sqrt(1 + eps)): pixels times 3.
    assert model.backbone.second.running_mean.item() == pytest.approx(16.5, rel=1e-4)
    assert model.backbone.second.running_var.item() == pytest.approx(9 * 13, rel=1e-4)


def test_the_hook_runs_every_interval_and_at_the_end(tmp_path):
    model = recognizer()
    model.backbone.drop.p = 0.
    model.cls_head = None
    model.loss = lambda imgs, label, aux: dict(loss=(model.extract_feat(imgs) ** 2).mean())
    seen = []

    class Watched(PreciseBN):
        def after_train_epoch(self, runner):
            before = model.backbone.first.running_mean.item()
            super().after_train_epoch(runner)
            seen.append((before, model.backbone.first.running_mean.item()))

    runner = Runner(
        model, str(tmp_path), train_dataloader=batches(), train_cfg=dict(by_epoch=True,
                                                                        max_epochs=3),
        optim_wrapper=dict(optimizer=torch.optim.SGD(model.parameters(), lr=0.)),
        custom_hooks=[Watched(num_iters=2, interval=2)], default_hooks=dict(checkpoint=None),
        cfg=Config(dict()), experiment_name='precise', default_scope='mmvideo')
    runner.train()
    # Two of three batches: pixels 0..7, mean 3.5; epoch 1 is not its turn.
    assert seen[0][0] == seen[0][1]
    assert [after for _, after in seen[1:]] == pytest.approx([3.5, 3.5])


@pytest.mark.parametrize('arguments', [dict(num_iters=0), dict(interval='3')])
def test_wrong_arguments_are_named(arguments):
    with pytest.raises(InputError, match=f'precise_bn.{next(iter(arguments))}'):
        PreciseBN(**arguments)
