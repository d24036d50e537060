"""Recognizer of images and clips."""
import torch

from mmvideo.errors import InputError
from mmvideo.models.recognizers.base import BaseRecognizer
from mmvideo.registry import MODELS

__all__ = ['RecognizerOmni']

IMAGES = '[N, C, H, W] or [N, M, C, H, W] (images)'


@MODELS.register_module()
class RecognizerOmni(BaseRecognizer):
    """One network for images and clips, which come in batches of their own.

    For joint training on images and videos, as OmniSource (arXiv:2003.13042) does it; see
    :class:`~mmvideo.models.backbones.OmniResNet`. The number of axes says what a batch is.

    Args: as :class:`BaseRecognizer`.

    Shape: clips ``imgs`` [N, V, C, T, H, W] -> V rows of scores a sample; images [N, C, H, W], or
    [N, M, C, H, W] with M crops each -> M rows of scores.
    """
    axes = ('N', 'V', 'C', 'T', 'H', 'W')
    meanings = 'batch, crops x clips, channels, frames, height, width'

    def forward(self, imgs, label=None, mode='tensor', sample_index=None, **aux):
        return super().forward(with_views(imgs), label, mode, sample_index, **aux)

    def extract_feat(self, imgs, stage='neck', label=None):
        return super().extract_feat(with_views(imgs), stage, label)

    def check_input(self, imgs):
        if imgs.dim() == 5:
            # Images have the axes of clips with one frame.
            imgs = imgs[:, :, :, None]
        elif imgs.dim() != 6:
            raise InputError(f'RecognizerOmni: a batch has the axes [{", ".join(self.axes)}] '
                             f'({self.meanings}) or {IMAGES}, this one has {imgs.dim()}: shape '
                             f'{tuple(imgs.shape)}; see FormatShape in the pipeline')
        super().check_input(imgs)


def with_views(imgs):
    """Images get an axis of crops: [N, C, H, W] -> [N, 1, C, H, W]; others have their views."""
    return imgs[:, None] if torch.is_tensor(imgs) and imgs.dim() == 4 else imgs
