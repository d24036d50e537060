"""Mixing the samples of a training batch, frames and labels alike, on their device."""
import math

import torch
from torch import nn
from torch.distributions import Beta

from mmvideo.errors import InputError
from mmvideo.registry import MODELS

__all__ = ['BatchBlending', 'CutmixBlending', 'MixupBlending', 'RandomBatchAugment', 'soft_labels']


class BatchBlending(nn.Module):
    """Draws one share for a batch and a partner for each sample; a subclass has ``mix``.

    All numbers come from torch's default generator on the CPU: a seeded run repeats, and no draw
    waits for the device.

    Args:
        num_classes: classes, C.
        alpha: both parameters of the Beta distribution of the share. Small values draw close to 0
            or 1, that is almost unmixed samples; 1 draws evenly.

    Shape: ``imgs`` [N, M, ...] of floats, ``label`` as :func:`soft_labels` takes it -> ``imgs`` of
    the same shape, ``label`` [..., C].
    """

    def __init__(self, num_classes, alpha=0.2):
        super().__init__()
        if num_classes < 1:
            raise InputError(f'blending.num_classes must be positive, not {num_classes}')
        if alpha <= 0:
            raise InputError(f'blending.alpha must be positive, not {alpha}')
        self.num_classes = num_classes
        self.alpha = alpha

    def draw(self, size):
        """Share of the sample itself, and the order in which the batch gives partners."""
        alpha = torch.tensor(float(self.alpha), device='cpu')
        share = Beta(alpha, alpha).sample().item()
        return share, torch.randperm(size, device='cpu')

    def forward(self, imgs, label):
        """Mix every sample with another one of the batch."""
        if not torch.is_floating_point(imgs):
            raise InputError(f'{type(self).__name__}: frames must be float, not {imgs.dtype}; they '
                             'are mixed after normalization')
        if len(label) != len(imgs):
            raise InputError(f'{type(self).__name__}: {len(label)} labels for {len(imgs)} samples')
        label = soft_labels(label, self.num_classes)
        share, order = self.draw(len(imgs))
        # Without non_blocking the copy of the order would wait for all work on the device.
        order = order.to(imgs.device, non_blocking=True)
        return self.mix(imgs, label, share, order)


@MODELS.register_module()
class MixupBlending(BatchBlending):
    """Weighted sum of two samples and of their labels (mixup, arXiv:1710.09412).

    Args: as :class:`BatchBlending`.

    Shape: as :class:`BatchBlending`; the frames may have any axes.
    """

    @staticmethod
    def mix(imgs, label, share, order):
        """``share`` of every sample and ``1 - share`` of sample ``order[i]``.

        Args:
            imgs: [N, ...].
            label: [N, ...] soft.
            share: 0..1.
            order: [N] indices of the partners.
        """
        return tuple(torch.lerp(x.index_select(0, order), x, share) for x in (imgs, label))


@MODELS.register_module()
class CutmixBlending(BatchBlending):
    """Puts a window of another sample's frames in place (CutMix, arXiv:1905.04899).

    The window is the same in all views and frames. Its area is that of the share drawn; where it
    hangs over the border it is cut, and labels are mixed by the area that is left.

    Args: as :class:`BatchBlending`.

    Shape: as :class:`BatchBlending`; the last two axes of the frames are height and width.
    """

    @classmethod
    def mix(cls, imgs, label, share, order):
        """Draw the place of a window of ``1 - share`` of the area, and put it in.

        Args: as :meth:`MixupBlending.mix`.
        """
        height, width = imgs.shape[-2:]
        x = torch.randint(width, (1,), device='cpu').item()
        y = torch.randint(height, (1,), device='cpu').item()
        return cls.paste(imgs, label, cls.window(height, width, share, y, x), order)

    @staticmethod
    def window(height, width, share, y, x):
        """The window around a center (``y``, ``x``): (top, bottom, left, right), ends excluded.

        Args:
            height, width: of the frames, in pixels.
            share: of the area that stays outside, 0..1.
            y, x: center in pixels.
        """
        side = math.sqrt(1 - share)
        half_y, half_x = int(height * side) // 2, int(width * side) // 2
        return (max(y - half_y, 0), min(y + half_y, height),
                max(x - half_x, 0), min(x + half_x, width))

    @staticmethod
    def paste(imgs, label, window, order):
        """Take the window from sample ``order[i]``, and that much of its label.

        Args:
            imgs: [N, ..., H, W].
            label: [N, ...] soft.
            window: (top, bottom, left, right) in pixels, ends excluded.
            order: [N] indices of the partners.
        """
        top, bottom, left, right = window
        mixed = imgs.clone()
        patch = imgs[..., top:bottom, left:right]
        mixed[..., top:bottom, left:right] = patch.index_select(0, order)
        share = 1 - (bottom - top) * (right - left) / (imgs.shape[-2] * imgs.shape[-1])
        return mixed, torch.lerp(label.index_select(0, order), label, share)


@MODELS.register_module()
class RandomBatchAugment(nn.Module):
    """Applies one of several blendings to each batch, drawn at random.

    Args:
        augments: a blending in config notation, or a list of them.
        probs: probability of each, in sum at most 1; with what is missing to 1 a batch stays
            unmixed (its labels become soft all the same). None: all alike.

    Shape: as :class:`BatchBlending`.
    """

    def __init__(self, augments, probs=None):
        super().__init__()
        augments = list(augments) if isinstance(augments, (list, tuple)) else [augments]
        if not augments:
            raise InputError('RandomBatchAugment.augments: at least one blending is expected')
        self.augments = nn.ModuleList([a if isinstance(a, nn.Module) else MODELS.build(a)
                                       for a in augments])
        classes = {augment.num_classes for augment in self.augments}
        if len(classes) > 1:
            raise InputError('RandomBatchAugment.augments: num_classes must agree, these have '
                             + ', '.join(map(str, sorted(classes))))
        self.num_classes = classes.pop()
        if probs is None:
            probs = [1 / len(augments)] * len(augments)
        probs = [float(p) for p in (probs if isinstance(probs, (list, tuple)) else [probs])]
        if len(probs) != len(augments):
            raise InputError(f'RandomBatchAugment.probs: {len(probs)} values for {len(augments)} '
                             'augments')
        if min(probs) < 0 or sum(probs) > 1 + 1e-6:
            raise InputError('RandomBatchAugment.probs: values from 0, in sum at most 1, '
                             f'not {probs}')
        self.probs = probs

    def forward(self, imgs, label):
        """Mix the batch, or leave it."""
        place = torch.rand(1, device='cpu').item()
        for augment, probability in zip(self.augments, self.probs, strict=True):
            place -= probability
            if place < 0:
                return augment(imgs, label)
        return imgs, soft_labels(label, self.num_classes)


def soft_labels(label, num_classes):
    """Labels as shares of the classes.

    Args:
        label: [N] or [N, 1] class indices; or [N, C] or [N, 1, C] of one or several classes,
            hard or soft.
        num_classes: classes, C.

    Returns:
        Tensor: float, with C as the last axis: [N, C], or [N, 1, C] for [N, 1].
    """
    if label.dim() > 1 and label.shape[-1] == num_classes:
        if num_classes > 1 or torch.is_floating_point(label):
            return label if torch.is_floating_point(label) else label.float()
    if torch.is_floating_point(label) or label.dim() > 2 or label[0].numel() != 1:
        raise InputError(f'blending: labels of shape {tuple(label.shape)} ({label.dtype}) for '
                         f'num_classes={num_classes}; class indices [N], [N, 1] or shares [N, C] '
                         'are expected')
    # Looking at values on a device would wait for it.
    if label.device.type == 'cpu' and not 0 <= label.min() <= label.max() < num_classes:
        raise InputError(f'blending: class {label.min()} to {label.max()} in the labels, '
                         f'num_classes is {num_classes}')
    shares = torch.zeros(*label.shape, num_classes, device=label.device)
    return shares.scatter_(-1, label.long()[..., None], 1)
