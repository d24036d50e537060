"""A fixed clip that shows what converted weights compute."""
import os.path as osp

import numpy as np
import torch

from mmvideo.errors import InputError

__all__ = ['clip_from', 'fixed_clip', 'scores_of', 'worst_error']

GOLDEN = 2654435761     # 2^32 over the golden ratio: its multiples spread evenly (Knuth)


def fixed_clip(shape):
    """A normalized clip of mean 0 and variance 1 that depends on nothing but its shape."""
    count = int(np.prod(shape))
    words = (np.arange(count, dtype=np.uint64) * GOLDEN) % np.uint64(1 << 32)
    values = (words.astype(np.float64) / (1 << 31) - 1) * 3**0.5
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def clip_from(file, shape):
    """A clip from a .npy file, [C, T, H, W] or with further axes of 1 in front, as ``shape``.

    Raises:
        InputError: the file holds no such array.
    """
    if not osp.isfile(file):
        raise InputError(f'{file} does not exist; a clip as .npy is expected, normalized floats '
                         '[C, T, H, W]')
    clip = _array(file)
    lead = len(shape) - clip.ndim
    if clip.ndim < 3 or lead < 0 or clip.shape[0 if clip.ndim < 5 else -4] != shape[-4]:
        raise InputError(f'{file}: an array {list(clip.shape)}, expected [C, T, H, W] with '
                         f'{shape[-4]} channels')
    return torch.from_numpy(clip.astype(np.float32)).reshape(*[1] * lead, *clip.shape)


def _array(file):
    try:
        return np.load(file)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f'{file}: is no array in .npy format ({error})') from error


@torch.no_grad()
def scores_of(model, clip):
    """What a recognizer gives for a clip, before averages: [C].

    Raises:
        InputError: scores that are not finite.
    """
    scores = model.eval()(clip, mode='tensor')[0]
    if not scores.isfinite().all():
        raise InputError('the converted network gives scores that are not finite')
    return scores


def worst_error(scores, file):
    """How far scores are from those in a .npy file, by the spread of the latter.

    Scores that are probabilities are compared with the softmax of ours.

    Raises:
        InputError: the file holds other than one score a class.
    """
    if not osp.isfile(file):
        raise InputError(f'{file} does not exist; scores as .npy are expected')
    theirs = torch.from_numpy(_array(file).astype(np.float64)).flatten()
    if len(theirs) != len(scores):
        raise InputError(f'{file}: {len(theirs)} scores, the network has {len(scores)} classes')
    ours = scores.double()
    if theirs.min() >= 0 and abs(theirs.sum() - 1) < 1e-3:
        ours = ours.softmax(0)
    return ((ours - theirs).abs().max() / theirs.square().mean().sqrt().clamp_min(1e-12)).item()
