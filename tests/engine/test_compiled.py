"""Compiled networks: the same numbers and names, and a way back where compiling fails."""
import copy
from types import SimpleNamespace

import pytest
import torch
from torch._dynamo.backends.common import aot_autograd
from torch._dynamo.backends.registry import register_backend

from mmvideo.engine.compiled import LONGEST, CompileModel
from mmvideo.errors import InputError
from mmvideo.models.blocks.fuse import lay_channels_last
from mmvideo.registry import MODELS

SMALL = dict(
    type='Recognizer2D', backbone=dict(type='ResNetTSM', depth=18, num_segments=2, num_stages=1,
                                       out_indices=(0,), base_channels=8),
    cls_head=dict(type='TSMHead', num_classes=3, in_channels=8, num_segments=2, dropout_ratio=0))


@register_backend
def fails_forward(graph, inputs):
    raise RuntimeError('no working compiler\n\nwas found\nbelow: a long trace')


def _fails(graph, inputs):
    raise NotImplementedError('no way back ' + 'x' * LONGEST)


@register_backend
def fails_backward(graph, inputs):
    return aot_autograd(fw_compiler=lambda graph, inputs: graph, bw_compiler=_fails)(graph, inputs)


def compiled(model, **how):
    """Compile a model in place as a run does; what the log said."""
    said = []
    logger = SimpleNamespace(info=said.append, warning=lambda text: said.append(f'warning: {text}'))
    CompileModel(**how).before_train(SimpleNamespace(model=model, logger=logger))
    return said


def steps(model, seed=1, sizes=(3, 3), **context):
    """Losses of two steps of training and the scores after them, with dropout off."""
    generator = torch.Generator().manual_seed(seed)
    imgs = torch.rand(3, 2, 3, 16, 16, generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for size in sizes:
        with torch.autocast('cpu', torch.bfloat16, enabled=bool(context.get('amp'))):
            loss = model.train()(imgs[:size], torch.tensor([0, 1, 2])[:size], mode='loss')
        optimizer.zero_grad()
        loss['loss_cls'].backward()
        optimizer.step()
        losses.append(loss['loss_cls'].item())
    with torch.no_grad():
        return losses, model.eval()(imgs, mode='tensor')


def assert_same(model, other):
    for (key, value), (name, wanted) in zip(model.state_dict().items(),
                                            other.state_dict().items(), strict=True):
        assert key == name
        torch.testing.assert_close(value, wanted, msg=key)


@pytest.mark.parametrize('backend, given_up', [
    ('eager', None), pytest.param('aot_eager', None, marks=pytest.mark.slow),
    ('fails_forward', 'RuntimeError: no working compiler was found'),
    ('fails_backward', 'no way back xxx')])
def test_a_compiled_network_trains_to_the_same_weights_under_the_same_names(backend, given_up):
    plain = MODELS.build(SMALL)
    model = copy.deepcopy(plain)
    state = torch.get_rng_state()
    said = compiled(model, backend=backend)
    sizes = (3, 2) if backend == 'eager' else (3, 3)    # another shape is compiled again
    losses, scores = steps(model, sizes=sizes)
    assert torch.equal(torch.get_rng_state(), state)    # the trial draws nothing
    wanted = steps(plain, sizes=sizes)
    assert losses == pytest.approx(wanted[0], abs=1e-6)
    torch.testing.assert_close(scores, wanted[1])
    assert_same(model, plain)       # the statistics of norms count two steps, not the trial
    assert said[0].startswith(f'backbone: compiled by {backend}')
    if given_up is None:
        assert len(said) == 1 and not model.backbone._compiled_call_impl.is_given_up
    else:
        assert len(said) == 2 and said[1].startswith('warning: backbone is not compiled: ')
        assert given_up in said[1] and '\n' not in said[1] and len(said[1]) < LONGEST + 60
    assert copy.deepcopy(model).backbone._compiled_call_impl is None


def test_compiled_with_mixed_precision_and_channels_last():
    plain = MODELS.build(SMALL)
    model = copy.deepcopy(plain)
    lay_channels_last(model)
    assert model.backbone.conv1.conv.weight.is_contiguous(memory_format=torch.channels_last)
    said = compiled(model, backend='aot_eager')
    losses, scores = steps(model, amp=True)
    assert losses == pytest.approx(steps(plain, amp=True)[0], rel=0.03)
    assert len(said) == 1 and scores.dtype == torch.float32


def test_errors_of_the_network_stay_its_own():
    model = MODELS.build(SMALL)
    said = compiled(model, backend='eager')
    with pytest.raises(InputError, match='ResNetTSM'), torch.no_grad():
        model.backbone(torch.rand(2, 5, 16, 16))
    assert said[1].startswith('warning: backbone is not compiled')


@pytest.mark.parametrize('how, said', [
    (dict(backend='inductr'), "compile.backend: no backend 'inductr'; known: .*inductor"),
    (dict(mode='fast'), "compile.mode: no mode 'fast'; known: .*max-autotune"),
    (dict(parts='backbone'), 'compile.parts: expected names of parts'),
    (dict(parts=['trunk'], backend='eager'), 'compile.parts: Recognizer2D has none of trunk')])
def test_wrong_settings_are_named(how, said):
    with pytest.raises(InputError, match=said):
        compiled(MODELS.build(SMALL), **how)


@pytest.mark.slow
def test_inductor_trains_to_the_same_weights():
    plain = MODELS.build(SMALL)
    model = copy.deepcopy(plain)
    said = compiled(model)
    losses, scores = steps(model)
    wanted = steps(plain)
    assert len(said) == 1, said
    assert losses == pytest.approx(wanted[0], abs=1e-4)
    torch.testing.assert_close(scores, wanted[1], atol=1e-4, rtol=1e-3)


@pytest.mark.slow
def test_without_a_compiler_of_cpp_it_trains_as_it_is(monkeypatch, tmp_path):
    from torch._inductor import config
    monkeypatch.setattr(config.cpp, 'cxx', ('no-such-compiler',))
    monkeypatch.setenv('TORCHINDUCTOR_CACHE_DIR', str(tmp_path))
    torch.compiler.reset()
    plain = MODELS.build(SMALL)
    model = copy.deepcopy(plain)
    said = compiled(model)
    losses, _ = steps(model)
    assert losses == steps(plain)[0]
    assert len(said) == 2 and 'compiler' in said[1], said
