"""Recognizer of single frames and their order."""
import torch

from mmvideo.errors import InputError
from mmvideo.models.recognizers.base import BaseRecognizer
from mmvideo.registry import MODELS

__all__ = ['Recognizer2D']


@MODELS.register_module()
class Recognizer2D(BaseRecognizer):
    """2D network over the frames of a clip: TSN (arXiv:1608.00859), TSM (arXiv:1811.08383).

    Args: as :class:`BaseRecognizer`.

    Shape: ``imgs`` [N, M, C, H, W], M = crops x clips x frames, the frames of a clip next to each
    other. A head of TSN's kind joins all M into one row of scores, one of TSM's kind gives
    M / num_segments rows a sample.
    """
    axes = ('N', 'M', 'C', 'H', 'W')
    meanings = 'batch, crops x clips x frames, channels, height, width'

    def check_input(self, imgs):
        super().check_input(imgs)
        frames = self.clip_frames(imgs.shape[1])
        if imgs.shape[1] % frames:
            raise InputError(f'Recognizer2D: M = {imgs.shape[1]} frames do not divide into clips '
                             f'of num_segments = {frames} (batch of shape {tuple(imgs.shape)}, '
                             f'axes [{", ".join(self.axes)}]); see SampleFrames.num_clips')

    def clip_frames(self, num_inputs):
        """Frames of one clip: as the backbone has them; without a say, all of a sample."""
        own = getattr(self.backbone, 'num_segments', None)
        tested = None if self.training else self.test_cfg.get('num_segs')
        return tested or own or num_inputs

    def inputs_per_view(self, num_inputs):
        own = getattr(self.backbone, 'num_segments', None)
        return self.clip_frames(num_inputs) if own or self.neck is not None else 1

    def frames_in_rows(self, rows):
        # Frames that a network sees one by one are views of their own.
        own = getattr(self.backbone, 'num_segments', None)
        return self.clip_frames(rows) if own and self.neck is None else 1

    def run_neck(self, x, num_inputs, label=None):
        """A neck sees clips: [N*M, C, H, W] -> [N*M/T, C, T, H, W], for each level.

        Where it joins all frames of a clip, maps [N*M/T, C, H, W] leave it, as published.
        """
        if self.neck is None:
            return x, {}
        frames = self.clip_frames(num_inputs)
        levels = [x] if not isinstance(x, (tuple, list)) else x
        clips = tuple(level.reshape(-1, frames, *level.shape[1:]).transpose(1, 2).contiguous()
                      for level in levels)
        x, losses = self.neck(clips if isinstance(x, (tuple, list)) else clips[0], label)
        if torch.is_tensor(x) and x.dim() == 5:
            x = x.squeeze(2)
        return x, losses

    def run_head(self, x, num_inputs, **options):
        # Behind a neck a row is a clip already.
        return super().run_head(x, num_inputs if self.neck is None else 1, **options)
