"""Views of a test sample that are cut from its frames on the device, when their turn comes."""
import copy

import torch

from mmvideo.errors import InputError

__all__ = ['Views']

KEYS = {'frames', 'inds', 'boxes'}


class Views:
    """A batch whose views are made chunk by chunk, of frames that many of them share.

    It stands in for a tensor [N, M, C, T, H, W], or [N, M, C, H, W], of the same values.

    Args:
        frames: [D, H, W, C] of each sample, D as it comes.
        inds: of each sample, on the same device: which frames a clip is made of, [clips, T]; or
            [T] for networks that take single frames.
        boxes: of each sample, [P, 5] on the CPU: x0, y0, x1, y1 of a crop, and whether it is
            mirrored.
        finish: makes network input of frames [1, M, C, ...].
    """

    def __init__(self, frames, inds, boxes, finish):
        self.frames, self.inds, self.finish = frames, inds, finish
        self.boxes = [part.tolist() for part in boxes]
        self.is_mirrored = False
        x0, y0, x1, y1, _ = self.boxes[0][0]
        *clip, self.channels = *inds[0].shape[1:], frames[0].shape[-1]
        self.shape = (len(frames), len(self.boxes[0]) * len(inds[0]), self.channels, *clip,
                      y1 - y0, x1 - x0)

    @classmethod
    def of(cls, imgs, to_device, finish):
        """Of what the loader gives: a dict of batches, or a list of dicts.

        Args:
            imgs: with ``frames``, ``inds`` and ``boxes``, from ``FormatShape``.
            to_device: called with tensors, gives them on the device.
            finish: see above.
        """
        parts = {key: [one[key] for one in imgs] for key in KEYS} if isinstance(imgs, list) \
            else {key: list(imgs[key]) for key in KEYS}
        same = {part.shape for key in ('inds', 'boxes') for part in parts[key]}
        if len(same) != 2:
            raise InputError('the samples of this batch have different numbers of views; '
                             'test_dataloader.batch_size=1 tests them one by one')
        return cls(to_device(parts['frames']), to_device(parts['inds']), parts['boxes'], finish)

    def __len__(self):
        return self.shape[0]

    def dim(self):
        return len(self.shape)

    def flip(self, axis):
        """The same, mirrored along the last axis."""
        other = copy.copy(self)
        other.is_mirrored = not self.is_mirrored
        return other

    def gather(self):
        """All views, [N, M, C, ...]."""
        return torch.cat(list(self.split(len(self) * self.shape[1]))).unflatten(0, self.shape[:2])

    def split(self, size):
        """Views of all samples in a row, as many at a time: tensors [size, C, ...].

        The same chunks as of a tensor with samples and views folded together.
        """
        count, per_crop = self.shape[1], len(self.inds[0])
        total = len(self) * count
        for start in range(0, total, size):
            parts, place, end = [], start, min(start + size, total)
            while place < end:
                sample, view = divmod(place, count)
                crop, first = divmod(view, per_crop)
                last = min(per_crop, first + end - place)
                parts.append(self._cut(sample, crop, slice(first, last)))
                place += last - first
            chunk = self.finish(torch.cat(parts).contiguous()[None])[0]
            yield chunk.flip(-1) if self.is_mirrored else chunk

    def _cut(self, sample, crop, clips):
        x0, y0, x1, y1, is_mirrored = self.boxes[sample][crop]
        inds = self.inds[sample][clips]
        # The box first: only its pixels are copied.
        found = self.frames[sample][:, y0:y1, x0:x1].index_select(0, inds.flatten())
        found = found.unflatten(0, inds.shape)
        found = found.flip(-2) if is_mirrored else found
        return found.permute(0, 3, 1, 2) if inds.dim() == 1 else found.permute(0, 4, 1, 2, 3)
