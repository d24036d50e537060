"""LARS by hand: norms of 5 and 10, so that every rate is a short number."""
import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from mmvideo import engine  # noqa: F401  (registers it)
from mmvideo.engine.check import check_config
from mmvideo.engine.lars import LARS
from mmvideo.errors import InputError


def layer():
    """A weight of norm 5 with a gradient of norm 10, and a bias with one of 2."""
    weight = torch.tensor([[3., 4.]], requires_grad=True)
    bias = torch.tensor([1.], requires_grad=True)
    weight.grad, bias.grad = torch.tensor([[6., 8.]]), torch.tensor([2.])
    return weight, bias


def close(found, wanted):
    return torch.allclose(found, torch.tensor(wanted), rtol=0, atol=1e-6)


def test_two_steps_by_hand():
    weight, bias = layer()
    optimizer = LARS([weight, bias], lr=0.2, momentum=0.5, trust_coefficient=0.1)
    optimizer.step()
    # Rate 0.2 * 0.1 * 5 / 10 = 0.01, velocity 0.01 * (6, 8).
    assert close(weight, [[2.94, 3.92]])
    assert close(bias, [1 - 0.2 * 2])
    optimizer.param_groups[0]['lr'] = 0.1
    optimizer.step()
    # |w| = 4.9: rate 0.1 * 0.1 * 4.9 / 10 = 0.0049; the old velocity counts half, at its old rate.
    assert close(weight, [[2.94 - 0.03 - 0.0294, 3.92 - 0.04 - 0.0392]])
    assert close(bias, [0.6 - 0.2 - 0.2])


def test_decay_is_part_of_the_rate_and_spares_vectors():
    weight, bias = layer()
    LARS([weight, bias], lr=1., momentum=0., weight_decay=0.5, trust_coefficient=0.1).step()
    # Rate 0.1 * 5 / (10 + 0.5 * 5) = 0.04 of (6, 8) + 0.5 * (3, 4).
    assert close(weight, [[3 - 0.04 * 7.5, 4 - 0.04 * 10]])
    assert close(bias, [1. - 2.])


def test_vectors_are_adapted_where_asked():
    weight, bias = layer()
    LARS([bias], lr=1., momentum=0., weight_decay=1., trust_coefficient=0.3, eps=0.75,
         adapt_vectors=True).step()
    assert close(bias, [1 - 0.3 * 1 / (2 + 1 + 0.75) * 3])


@pytest.mark.parametrize('weight, grad', [((0., 0.), (6., 8.)), ((3., 4.), (0., 0.))])
def test_a_norm_of_zero_leaves_the_plain_rate(weight, grad):
    p = torch.tensor([weight], requires_grad=True)
    p.grad = torch.tensor([grad])
    LARS([p], lr=0.5, momentum=0., weight_decay=0.1).step()
    assert close(p, [[w - 0.5 * (g + 0.1 * w) for w, g in zip(weight, grad, strict=True)]])


def test_the_state_goes_on_after_loading():
    weight, bias = layer()
    optimizer = LARS([weight, bias], lr=0.2)
    optimizer.step()
    other = [p.detach().clone().requires_grad_() for p in (weight, bias)]
    for p, q in zip(other, (weight, bias), strict=True):
        p.grad = q.grad.clone()
    second = LARS(other, lr=1.)
    second.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    optimizer.step()
    second.step()
    assert torch.equal(weight, other[0]) and torch.equal(bias, other[1])


def test_configs_name_it():
    model = torch.nn.Linear(2, 3)
    wrapper = build_optim_wrapper(model, dict(
        type='OptimWrapper', optimizer=dict(type='LARS', lr=0.1, weight_decay=1e-4)))
    assert type(wrapper.optimizer) is LARS
    cfg = dict(model=dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18)),
               optim_wrapper=dict(optimizer=dict(type='LARS', lr=0.1, trust_coeficient=0.1)))
    with pytest.raises(InputError, match='optim_wrapper.optimizer: LARS takes no argument '
                                         ".*did you mean 'trust_coefficient'"):
        check_config(cfg)


@pytest.mark.parametrize('more', [dict(lr=-1), dict(momentum=1), dict(weight_decay=-1e-4),
                                  dict(trust_coefficient=0), dict(eps=-1)])
def test_ranges_are_checked(more):
    with pytest.raises(InputError, match=f'LARS: {next(iter(more))} must be'):
        LARS([torch.zeros(1, requires_grad=True)], **{'lr': 0.1, **more})
