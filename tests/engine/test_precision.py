"""Mixed precision: which type where, and numbers close to those of full precision."""
import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper

from mmvideo.engine.compat import CPUAmpOptimWrapper
from mmvideo.engine.precision import amp_dtype, predict_in, use_amp
from mmvideo.errors import InputError
from mmvideo.models.blocks.fuse import lay_channels_last
from mmvideo.registry import MODELS

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason='about machines without a GPU')
SMALL = dict(
    type='Recognizer3D', backbone=dict(type='ResNet3dSlowOnly', depth=18, num_stages=2,
                                       out_indices=(1,), base_channels=8, inflate=(0, 0),
                                       spatial_strides=(1, 2), temporal_strides=(1, 1),
                                       dilations=(1, 1), pretrained2d=False),
    cls_head=dict(type='I3DHead', num_classes=4, in_channels=16, dropout_ratio=0))
IMGS = torch.rand(2, 1, 3, 4, 32, 32, generator=torch.Generator().manual_seed(0))
LABELS = dict(one=torch.tensor([0, 3]), mixed=torch.tensor([[.7, .3, 0, 0], [0, 0, .5, .5]]))


def wrapper_of(**values):
    cfg = ConfigDict(optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1), **values))
    return cfg, lambda: cfg.optim_wrapper


@no_gpu
def test_on_a_cpu_bfloat16_without_a_scale():
    for given in (dict(), dict(type='AmpOptimWrapper', loss_scale=512., dtype='float16'),
                  dict(type='CPUAmpOptimWrapper')):
        cfg, wrapper = wrapper_of(**given)
        use_amp(cfg)
        assert wrapper() == dict(type='CPUAmpOptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    assert amp_dtype() is amp_dtype('bf16') is torch.bfloat16
    with pytest.raises(InputError, match='--amp-dtype fp16 needs a GPU'):
        use_amp(wrapper_of()[0], 'fp16')


def test_wrong_requests():
    with pytest.raises(InputError, match="--amp-dtype: expected fp16 or bf16, got 'half'"):
        amp_dtype('half')
    with pytest.raises(InputError, match="--amp cannot replace optim_wrapper.type='Own'"):
        use_amp(wrapper_of(type='Own')[0])


@pytest.mark.parametrize('name', ['fp16', 'bf16', None])
def test_on_a_gpu_what_is_asked_for(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda: True)
    cfg, wrapper = wrapper_of(loss_scale=512)
    use_amp(cfg, name)
    assert wrapper().type == 'AmpOptimWrapper' and wrapper().loss_scale == 512.
    assert isinstance(wrapper().loss_scale, float)      # mmengine refuses a whole number
    assert wrapper().dtype == ('bfloat16' if name == 'bf16' else 'float16')
    cfg, wrapper = wrapper_of(type='AmpOptimWrapper', dtype='bfloat16')
    use_amp(cfg, name)
    assert wrapper().dtype == ('float16' if name == 'fp16' else 'bfloat16')
    assert wrapper().loss_scale == 'dynamic'


@no_gpu
@pytest.mark.parametrize('kind', LABELS)
def test_a_step_in_bfloat16_is_close_to_one_in_float32(kind):
    model = MODELS.build(SMALL).train()
    other = copy.deepcopy(model)
    before = {k: v.clone() for k, v in model.named_parameters()}
    losses = []
    for net, kind_of_wrapper in ((model, OptimWrapper), (other, CPUAmpOptimWrapper)):
        wrapper = kind_of_wrapper(optimizer=torch.optim.SGD(net.parameters(), lr=0.1))
        with wrapper.optim_context(net):
            found = net(IMGS, LABELS[kind], mode='loss')
        assert found['loss_cls'].dtype == torch.float32
        losses.append(found['loss_cls'].item())
        wrapper.update_params(found['loss_cls'])
    assert losses[0] != losses[1] and losses[1] == pytest.approx(losses[0], rel=0.01)
    steps = [torch.cat([(p - before[k]).flatten() for k, p in net.named_parameters()])
             for net in (model, other)]
    assert all(p.dtype == torch.float32 for p in other.parameters())
    # Norms over so few places amplify the rounding; of two unlike steps it would be 0.
    assert torch.cosine_similarity(*steps, dim=0) > 0.95


@no_gpu
@pytest.mark.parametrize('average', ['prob', 'score', None])
def test_predictions_in_bfloat16_are_float32_and_close(average):
    model = MODELS.build({**SMALL, 'test_cfg': dict(average_clips=average)}).eval()
    model.init_weights()
    views = torch.cat([IMGS, IMGS.flip(-1)], 1)
    with torch.no_grad():
        plain = torch.stack([r['score'] for r in model(views, mode='predict')])
        predict_in(model, torch.bfloat16)
        half = torch.stack([r['score'] for r in model(views, mode='predict')])
    assert half.dtype == torch.float32 and not torch.equal(half, plain)
    torch.testing.assert_close(half, plain, atol=2e-2, rtol=5e-2)
    if average == 'prob':       # of bfloat16 the sums would be off by hundredths
        torch.testing.assert_close(half.sum(1), torch.ones(2), atol=1e-5, rtol=0)


def test_channels_last_changes_the_layout_and_nothing_else():
    model = MODELS.build(SMALL).train()
    other = copy.deepcopy(model)
    lay_channels_last(other, with_3d=True)
    kernel = other.backbone.layer1[0].conv1.conv.weight
    assert kernel.is_contiguous(memory_format=torch.channels_last_3d)
    results = []
    for net in (model, other):
        loss = net(IMGS, LABELS['one'], mode='loss')['loss_cls']
        loss.backward()
        results.append([loss, *(p.grad for p in net.parameters())])
    for one, two in zip(*results, strict=True):
        torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-3)
    lay_channels_last(model, with_3d=False)
    assert model.backbone.layer1[0].conv1.conv.weight.is_contiguous()


@pytest.mark.gpu
@pytest.mark.parametrize('name', ['fp16', 'bf16'])
def test_steps_on_a_gpu_and_the_scale_goes_on(name):
    from mmengine.optim import AmpOptimWrapper
    cfg, wrapper = wrapper_of()
    use_amp(cfg, name)
    settings = {k: v for k, v in wrapper().items() if k not in ('type', 'optimizer')}
    model = MODELS.build(SMALL).cuda().train()
    plain = copy.deepcopy(model)
    imgs, label = IMGS.cuda(), LABELS['one'].cuda()

    def made(net):
        return AmpOptimWrapper(optimizer=torch.optim.SGD(net.parameters(), lr=0.1), **settings)

    half = made(model)
    with half.optim_context(model):
        loss = model(imgs, label, mode='loss')['loss_cls']
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(plain(imgs, label, mode='loss')['loss_cls'].item(),
                                        rel=0.02)
    half.update_params(loss)
    half.loss_scaler.update(64.)
    resumed = made(plain)
    resumed.load_state_dict(half.state_dict())
    assert resumed.loss_scaler.get_scale() == 64.


@pytest.mark.gpu
def test_predictions_on_a_gpu_are_float32_and_close():
    model = MODELS.build(SMALL).cuda().eval()
    with torch.no_grad():
        plain = model(IMGS.cuda(), mode='predict')[0]['score']
        lay_channels_last(model)
        predict_in(model, torch.float16)
        half = model(IMGS.cuda(), mode='predict')[0]['score']
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, plain, atol=1e-2, rtol=1e-2)
