"""The learning rate of a 0.x config as schedulers of the engine, which gives the same rates.

0.x computes a regular rate from the whole run and multiplies it while it warms up. The engine's
schedulers multiply too, so a warm-up and a schedule that both begin at 0 give the same product.
"""
from mmvideo.errors import InputError
from mmvideo.registry import nearest

__all__ = ['translate_schedule']

COMMON = ('policy', 'by_epoch', 'warmup', 'warmup_iters', 'warmup_ratio', 'warmup_by_epoch')
OWN = dict(fixed=(), step=('step', 'gamma'), exp=('gamma', ), poly=('power', ),
           CosineAnnealing=('min_lr', 'min_lr_ratio'), TIN=('min_lr', ))
# What a config of 0.x carries along from the part that it inherits from, without any effect.
LEFT_OVER = ('step', 'gamma', 'min_lr')


def translate_schedule(lr_config, epochs):
    """The engine's ``param_scheduler`` for an ``lr_config``.

    Rates are those of 0.x in every iteration, but for a warm-up counted in epochs, which is
    complete one iteration earlier.

    Args:
        lr_config: as 0.x has it.
        epochs: how many the run has.

    Returns:
        list of schedulers, the warm-up first; empty for a fixed rate.

    Raises:
        InputError: names the value that has no counterpart.
    """
    policy = lr_config.get('policy')
    if not isinstance(policy, str) or policy not in OWN:
        raise _refusal('policy', f'{policy!r} has no counterpart; {nearest(policy, OWN)}')
    _check_keys(lr_config, policy)
    by_epoch, warms_up = lr_config.get('by_epoch', True), lr_config.get('warmup') is not None
    if policy == 'TIN':
        return _tin(lr_config, epochs)
    main = dict(step=_step, exp=_exp, poly=_poly, fixed=lambda *_: [],
                CosineAnnealing=_cosine)[policy](lr_config, by_epoch, epochs)
    ends_above = any(step.get('eta_min') or step.get('eta_min_ratio') for step in main)
    if warms_up and ends_above and not (by_epoch and _warm_epochs(lr_config) == 1):
        # The engine draws near to a rate above 0 by steps that do not commute with the warm-up's.
        raise _refusal('min_lr', 'a cosine that ends above 0 is warmed up for one epoch at most')
    return [*_warm_up(lr_config), *main]


def _refusal(key, why):
    return InputError(f"config key 'lr_config.{key}' cannot be translated: {why}")


def _check_keys(lr_config, policy):
    known = {*COMMON, *OWN[policy]}
    for key in lr_config:
        is_left_over = key in LEFT_OVER and (key != 'min_lr' or not lr_config[key])
        if key not in known and not is_left_over:
            raise _refusal(key, f'policy {policy!r} does not have it here; {nearest(key, known)}')


def _warm_epochs(lr_config):
    return lr_config.get('warmup_iters') if lr_config.get('warmup_by_epoch') else None


def _warm_up(lr_config):
    kind = lr_config.get('warmup')
    if kind is None:
        return []
    if kind not in ('linear', 'constant'):
        raise _refusal('warmup', f"expected 'linear' or 'constant', got {kind!r}")
    count = lr_config.get('warmup_iters', 0)
    if not isinstance(count, int) or count < 1:
        raise _refusal('warmup_iters', f'expected a whole number >= 1, got {count!r}')
    ratio = lr_config.get('warmup_ratio', 0.1)
    shape = dict(type='LinearLR', start_factor=ratio) if kind == 'linear' else \
        dict(type='ConstantLR', factor=ratio)
    if lr_config.get('warmup_by_epoch', False):
        return [dict(shape, by_epoch=True, begin=0, end=count, convert_to_iter_based=True)]
    # The full rate is reached one iteration before `end`; in 0.x it is that of iteration `count`.
    return [dict(shape, by_epoch=False, begin=0, end=count + 1)]


def _step(lr_config, by_epoch, epochs):
    step = lr_config.get('step')
    if not isinstance(step, (int, list, tuple)):
        raise _refusal('step', f'expected a whole number or a list of them, got {step!r}')
    if step in ([], ()):
        return []
    place = dict(by_epoch=True, begin=0, end=epochs) if by_epoch else dict(by_epoch=False, begin=0)
    decay = dict(step_size=step) if isinstance(step, int) else dict(milestones=list(step))
    name = 'StepLR' if isinstance(step, int) else 'MultiStepLR'
    return [dict(type=name, **place, **decay, gamma=lr_config.get('gamma', 0.1))]


def _exp(lr_config, by_epoch, epochs):
    if 'gamma' not in lr_config:
        raise _refusal('gamma', "policy 'exp' needs it")
    end = dict(end=epochs) if by_epoch else {}
    return [dict(type='ExponentialLR', gamma=lr_config['gamma'], by_epoch=by_epoch, begin=0, **end)]


def _poly(lr_config, by_epoch, epochs):
    if not by_epoch:
        raise _refusal('by_epoch', "policy 'poly' is stepped by epochs here")
    # Zero is reached one step before `end`; in 0.x, when the run is over.
    return [dict(type='PolyLR', power=lr_config.get('power', 1.), eta_min=0, by_epoch=True,
                 begin=0, end=epochs + 1)]


def _cosine(lr_config, by_epoch, epochs):
    low, ratio = lr_config.get('min_lr'), lr_config.get('min_lr_ratio')
    if (low is None) == (ratio is None):
        raise _refusal('min_lr', "policy 'CosineAnnealing' needs min_lr or min_lr_ratio, one of "
                       'the two')
    target = dict(eta_min=low) if ratio is None else dict(eta_min_ratio=ratio)
    every = {} if by_epoch else dict(convert_to_iter_based=True)
    return [dict(type='CosineAnnealingLR', T_max=epochs, **target, by_epoch=True, begin=0,
                 end=epochs, **every)]


def _tin(lr_config, epochs):
    """TIN (arXiv:2001.06499): the cosine begins where the warm-up ends."""
    if lr_config.get('by_epoch', True):
        raise _refusal('by_epoch', "policy 'TIN' is stepped by iterations: by_epoch=False")
    if lr_config.get('warmup') and _warm_epochs(lr_config) is None:
        raise _refusal('warmup_by_epoch', "policy 'TIN' is warmed up by epochs: "
                       'warmup_by_epoch=True')
    if 'min_lr' not in lr_config:
        raise _refusal('min_lr', "policy 'TIN' needs it")
    begin = _warm_epochs(lr_config) or 0
    cosine = dict(type='CosineAnnealingLR', T_max=epochs - begin, eta_min=lr_config['min_lr'],
                  by_epoch=True, begin=begin, end=epochs, convert_to_iter_based=True)
    return [*_warm_up(lr_config), cosine]
