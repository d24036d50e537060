"""How a checkpoint's keys meet a model's: what matches, and when a difference is an error."""
from mmvideo.errors import InputError

__all__ = ['match_state_dict']

SHOWN = 4


def _few(keys, describe=str):
    keys = sorted(keys)
    more = f', and {len(keys) - SHOWN} more' if len(keys) > SHOWN else ''
    return ', '.join(describe(k) for k in keys[:SHOWN]) + more


def _own_names(model, state_dict):
    for place, module in model.named_modules():
        for other, own in getattr(module, 'other_names', {}).items():
            prefix = f'{place}.{other}.'
            state_dict = {f'{place}.{own}.{k[len(prefix):]}' if k.startswith(prefix) else k: v
                          for k, v in state_dict.items()}
    return state_dict


def match_state_dict(model, state_dict, source, strict=False):
    """Hold a checkpoint against a model and keep what fits.

    A module may have ``other_names``: what checkpoints of its kin call its parts -> their names.

    Args:
        model: receives the weights afterwards.
        state_dict: the checkpoint's entries; a leading ``module.`` is taken off.
        source: the checkpoint's name, for messages.
        strict: for testing and resuming: every entry must fit. Otherwise (fine-tuning) a head of
            another class count may differ, as long as half of the backbone matches.

    Returns:
        tuple(dict, str): the entries that fit, and a sentence that says how many they are.

    Raises:
        InputError: fewer than half of the backbone's keys match, or any differs when ``strict``.
    """
    theirs = _own_names(model, {k.removeprefix('module.'): v for k, v in state_dict.items()})
    ours = {k: v for k, v in model.state_dict().items() if not k.endswith('num_batches_tracked')}
    kept = {k: v for k, v in theirs.items()
            if k.endswith('num_batches_tracked') or (k in ours and ours[k].shape == v.shape)}
    other_shape = {k for k in theirs if k in ours and ours[k].shape != theirs[k].shape}
    missing = set(ours) - set(theirs)
    unknown = {k for k in theirs if k not in ours and not k.endswith('num_batches_tracked')}

    def sizes(key):
        return f'{key} ({tuple(theirs[key].shape)} -> {tuple(ours[key].shape)})'

    parts = [f'{len(set(kept) & set(ours))} of {len(ours)} keys match']
    if other_shape:
        parts.append(f'{len(other_shape)} of another shape: {_few(other_shape, sizes)}')
    if missing:
        parts.append(f'{len(missing)} not in the checkpoint: {_few(missing)}')
    if unknown:
        parts.append(f'{len(unknown)} not in the model: {_few(unknown)}')
    report = f'{source}: ' + '; '.join(parts)

    backbone = [k for k in ours if k.startswith('backbone.')] or list(ours)
    matched = sum(k in kept for k in backbone)
    if 2 * matched < len(backbone):
        raise InputError(f'{report}. It is a checkpoint of another network: only {matched} of the '
                         f"{len(backbone)} keys of the model's backbone match")
    if strict and (other_shape or missing or unknown):
        hint = ('. The class count differs: set model.cls_head.num_classes as in training'
                if all(k.startswith('cls_head.') for k in other_shape) and other_shape else '')
        raise InputError(f'{report}. Every key must match here{hint}')
    renewed = sorted(other_shape | missing)
    if renewed:
        report += f'. Re-initialized: {_few(renewed)}'
    return kept, report
