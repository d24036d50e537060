"""One network for images and clips: they agree on still videos, both learn, both are averaged."""
import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

BACKBONE = dict(type='OmniResNet', layers=(1, 1, 1, 1), base_channels=8)
HEAD = dict(type='OmniHead', image_classes=7, video_classes=5, in_channels=256,
            average_clips='prob')
CLIPS, IMAGES = (2, 2, 3, 4, 32, 32), (2, 3, 32, 32)


def recognizer(**head):
    torch.manual_seed(0)
    model = MODELS.build(dict(
        type='RecognizerOmni', backbone=BACKBONE, cls_head=dict(HEAD, **head),
        data_preprocessor=dict(type='ActionDataPreprocessor', format_shape='MIX2d3d',
                               mean=[120.0] * 3, std=[60.0] * 3)))
    model.init_weights()
    return model


def test_an_image_is_the_middle_of_its_still_video():
    """Away from the ends, where zeros come in from outside, a frame gives what the image gives."""
    net = MODELS.build(BACKBONE).eval()
    net.init_weights()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        still = net(image[:, :, None].expand(-1, -1, 9, -1, -1))
        torch.testing.assert_close(still[:, :, 4], net(image))
        assert not torch.allclose(still[:, :, 0], net(image), atol=1e-3)


def test_both_kinds_share_the_statistics():
    net = MODELS.build(BACKBONE).train()
    before = net.bn1.running_mean.clone()
    net(torch.randn(IMAGES))
    after_image = net.bn1.running_mean.clone()
    net(torch.randn(2, 3, 4, 32, 32))
    assert not torch.equal(before, after_image)
    assert not torch.equal(after_image, net.bn1.running_mean)


def test_inflated_weights_give_what_the_image_network_gave(tmp_path):
    image_net = MODELS.build(dict(type='ResNet', depth=50, base_channels=8))
    image_net.init_weights()
    path = tmp_path / 'image_net.pth'
    # The names that torchvision gives.
    plain = {k.replace('.conv.', '.').replace('conv1.bn', 'bn1').replace('conv2.bn', 'bn2')
             .replace('conv3.bn', 'bn3').replace('downsample.bn', 'downsample.1')
             .replace('downsample.weight', 'downsample.0.weight'): v
             for k, v in image_net.state_dict().items()}
    torch.save(plain, path)
    net = MODELS.build(dict(type='OmniResNet', base_channels=8, pretrain_2d=str(path)))
    net.init_weights()
    assert net.layer4[0].conv1.weight.shape[2] == 3
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(net.eval()(image), image_net.eval()(image), rtol=1e-4,
                                   atol=1e-4)


@pytest.mark.parametrize('shape, classes, views', [
    (CLIPS, 5, 2), (IMAGES, 7, 1), ((2, 3, 3, 32, 32), 7, 3)])
def test_scores_and_predictions(shape, classes, views):
    model = recognizer().eval()
    imgs = torch.randn(shape)
    with torch.no_grad():
        scores = model(imgs, mode='tensor')
        found = model(imgs, torch.tensor([1, 2]), mode='predict')
    assert scores.shape == (2 * views, classes)
    mean = scores.softmax(1).reshape(2, views, classes).mean(1)
    torch.testing.assert_close(torch.stack([f['score'] for f in found]), mean)
    assert [f['label'].item() for f in found] == [1, 2]


@pytest.mark.parametrize('shape, used, idle', [(CLIPS, 'fc3d', 'fc2d'), (IMAGES, 'fc2d', 'fc3d')])
def test_each_kind_trains_the_network_and_its_own_classifier(shape, used, idle):
    model = recognizer(label_smooth_eps=0.1).train()
    batch = dict(imgs=torch.randint(0, 256, shape, dtype=torch.uint8),
                 label=torch.tensor([[0], [4]]))
    losses = model(**model.data_preprocessor(batch, training=True), mode='loss')
    assert set(losses) == {'loss_cls', 'top1_acc', 'top5_acc'}
    losses['loss_cls'].backward()
    for key, p in model.named_parameters():
        # A hidden layer's bias in front of a norm changes nothing.
        if key.startswith(f'cls_head.{idle}'):
            assert p.grad is None, key
        elif key != 'cls_head.fc3d.2.bias':
            assert p.grad.abs().sum() > 0, key


def test_smoothing_counts_the_classes_of_the_kind():
    head = MODELS.build(dict(HEAD, label_smooth_eps=0.3))
    for classes in (5, 7):
        score, label = torch.randn(3, classes), torch.tensor([0, 2, 4])
        expected = nn.functional.cross_entropy(score, label, label_smoothing=0.3)
        torch.testing.assert_close(head.loss(score, label)['loss_cls'], expected)


def test_plain_head_for_clips():
    head = MODELS.build(dict(HEAD, video_nl_head=False))
    assert [k for k in head.state_dict() if k.startswith('fc3d')] == ['fc3d.3.weight',
                                                                      'fc3d.3.bias']
    assert head(torch.randn(2, 256, 4, 2, 2)).shape == (2, 5)


def test_blended_images_and_clips():
    model = recognizer().train()
    for shape, classes in ((CLIPS, 5), (IMAGES, 7)):
        blending = MODELS.build(dict(type='MixupBlending', num_classes=classes))
        imgs, label = blending(torch.randn(shape), torch.tensor([[0], [4]]))
        losses = model(imgs, label, mode='loss')
        assert set(losses) == {'loss_cls'} and torch.isfinite(losses['loss_cls'])


def test_wrong_input():
    model = recognizer()
    with pytest.raises(InputError, match='or \\[N, C, H, W\\]'):
        model(torch.randn(3, 32, 32))
    with pytest.raises(InputError, match='C = 3'):
        model(torch.randn(2, 4, 32, 32))
    with pytest.raises(InputError, match='must be float'):
        model(torch.zeros(IMAGES, dtype=torch.uint8))
    with pytest.raises(InputError, match='image_classes must be positive'):
        MODELS.build(dict(HEAD, image_classes=0))
    with pytest.raises(InputError, match='in_channels is 256'):
        MODELS.build(HEAD)(torch.randn(2, 128, 4, 4))
    with pytest.raises(InputError, match='four stages'):
        MODELS.build(dict(BACKBONE, layers=(1, 1)))
    with pytest.raises(InputError, match='frozen_stages'):
        MODELS.build(dict(BACKBONE, frozen_stages=5))
