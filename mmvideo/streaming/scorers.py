"""Class scores of a stream: of windows that slide along it, or frame by frame."""
import collections
import copy
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import default_collate

from mmvideo.apis import DECODERS, test_dataset_of
from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.streaming.online import OnlineRecognizer
from mmvideo.transforms import Compose

__all__ = ['FrameByFrame', 'Prediction', 'SlidingWindow']

SAMPLERS = ('SampleFrames', 'DenseSampleFrames', 'UniformSample', 'UniformSampleFrames')


class Prediction(NamedTuple):
    """What a stretch of a stream shows.

    Attributes:
        frames: number of its first and of its last frame.
        seconds: when they were shown.
        scores: probability of each class, [C]: the softmax of the network's scores, where a clip
            may be of several classes their sigmoid.
    """
    frames: tuple
    seconds: tuple
    scores: np.ndarray

    def best(self, names, threshold=0.0, count=None):
        """(name, score) of classes with at least such a score, best first."""
        order = np.argsort(-self.scores, kind='stable')[:count]
        return [(names[i], float(self.scores[i])) for i in order if self.scores[i] >= threshold]


class _Scorer:
    """What both kinds share: the config's test pipeline, every how many frames, the average."""

    def __init__(self, model, every, input_step, average_size):
        for name, value in (('every', every), ('input_step', input_step),
                            ('average_size', average_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f'{name}: expected a whole number, 1 or more, got {value!r}')
        if getattr(model, 'cls_head', None) is None:
            raise InputError("the model has no classes to score; the config needs a 'cls_head'")
        self.model, self.every, self.input_step = model, every, input_step
        self._recent = collections.deque(maxlen=average_size)
        self._offered = self._taken = 0
        dataset = test_dataset_of(model.cfg)
        if dataset.get('modality', 'RGB') != 'RGB':
            raise InputError(f"a stream has RGB frames; the config tests on {dataset['modality']}")
        self.sampler, first, rest = _split(list(dataset['pipeline']))
        self._each, self._rest = Compose(first), Compose(rest)

    def over(self, frames):
        """Predictions of an iterable of :class:`~mmvideo.streaming.Frame`, as they come."""
        for frame in frames:
            found = self.push(frame)
            if found is not None:
                yield found
        found = self.finish()
        if found is not None:
            yield found

    def push(self, frame):
        """Take the next frame; a :class:`Prediction` if one is due, else None."""
        self._offered += 1
        if (self._offered - 1) % self.input_step:
            return None
        self._taken += 1
        height, width = frame.image.shape[:2]
        sample = self._each(dict(imgs=[frame.image], img_shape=(height, width),
                                 original_shape=(height, width), modality='RGB', label=-1,
                                 start_index=0, rng=np.random.default_rng(0)))
        return self._push(frame, sample)

    def finish(self):
        """What is left to say when the stream has ended: a :class:`Prediction` or None."""
        return None

    def _batch(self, samples, clip_len):
        """The batch that the config's pipeline makes of frames; each is a sample of its own."""
        count = len(samples)
        results = dict(samples[-1], imgs=[sample['imgs'][0] for sample in samples],
                       frame_inds=np.arange(count), total_frames=count, clip_len=clip_len,
                       num_clips=count // clip_len, frame_interval=1)
        return default_collate([self._rest(results)])

    def _prediction(self, first, last, scores):
        """Average with those before, as probabilities; ``scores`` as the model gives them."""
        if self.model.test_cfg.get('average_clips', self.model.cls_head.average_clips) != 'prob':
            is_several = getattr(self.model.cls_head, 'multi_class', False)
            scores = scores.sigmoid() if is_several else scores.softmax(-1)
        self._recent.append(scores.reshape(-1, scores.shape[-1]).mean(0).cpu().numpy())
        return Prediction((first.number, last.number), (first.seconds, last.seconds),
                          np.mean(self._recent, axis=0))


def _split(steps):
    """The sampler of a pipeline, its steps that see one frame at a time, and those behind."""
    kinds = [step['type'] for step in steps]
    decoders = [i for i, kind in enumerate(kinds) if kind in DECODERS]
    samplers = [step for step in steps if step['type'] in SAMPLERS]
    if not decoders or not samplers:
        raise InputError('a stream needs a config whose test pipeline decodes frames that one of '
                         f'{", ".join(SAMPLERS)} picks; this one has {", ".join(kinds)}')
    rest = steps[decoders[-1] + 1:]
    # Most of the frame is gone then, and windows that overlap do not resize it again.
    count = 0
    while count < len(rest) and rest[count]['type'] == 'Resize' and not rest[count].get('lazy'):
        count += 1
    return TRANSFORMS.build(samplers[0]), rest[:count], rest[count:]


class SlidingWindow(_Scorer):
    """Recognizes windows along a stream; no more frames than one window has are kept.

    A window is one clip as the config's test pipeline samples it: ``clip_len`` frames,
    ``frame_interval`` apart; of networks that see single frames (``clip_len=1``) ``num_clips``
    frames. The last window ends with the last frame. Where the stream is shorter than one window,
    its frames are sampled as those of a short file are.

    Args:
        model: from :func:`mmvideo.apis.init_recognizer`.
        stride: from window to window, as a share of the window's length; 0 for one frame.
        every: the same in frames, instead of ``stride``.
        input_step: only every such frame is looked at; the others do not count.
        average_size: so many predictions are averaged, the last ones.
        fps: frames per second of the source; needed by configs that sample at a rate of their own
            (``target_fps``).

    Raises:
        InputError: the config tests on something else than frames, or an argument is out of range.
    """

    def __init__(self, model, stride=0.0, every=None, input_step=1, average_size=1, fps=None):
        if isinstance(stride, bool) or not isinstance(stride, (int, float)) or \
                not 0 <= stride < float('inf'):
            raise InputError('stride: expected a share of the length of a window, 0 or more, got '
                             f'{stride!r}')
        super().__init__(model, 1 if every is None else every, input_step, average_size)
        self._fps = fps / input_step if fps else None
        self._offsets, self.length = self._window()
        if every is None:
            self.every = max(1, int(self.length * stride))
        self._buffer = collections.deque(maxlen=self.length)
        self._said = 0

    def _window(self):
        """Places of a clip's frames in the window, and its length."""
        sampler = self.sampler
        self._clip_len = sampler.clip_len
        interval = getattr(sampler, 'frame_interval', 1)
        count = sampler.clip_len if sampler.clip_len > 1 else sampler.num_clips
        if not getattr(sampler, 'target_fps', None):
            return np.arange(count) * interval, count * interval
        if not self._fps:
            raise InputError('the config samples frames at target_fps='
                             f'{sampler.target_fps}; the source does not tell its frame rate')
        span = max(1.0, count * interval * self._fps / sampler.target_fps)
        return np.linspace(0, span - 1, count).astype(np.int64), int(np.ceil(span))

    def _push(self, frame, sample):
        self._buffer.append((frame._replace(image=None), sample))
        if self._taken < self.length or (self._taken - self.length) % self.every:
            return None
        return self._recognize(self._offsets)

    def finish(self):
        if not self._buffer or self._said == self._taken:
            return None
        if len(self._buffer) == self.length:
            return self._recognize(self._offsets)
        sampler = copy.copy(self.sampler)
        sampler.test_mode, sampler.start_index = True, 0
        if self._clip_len > 1:
            sampler.num_clips = 1
        found = sampler(dict(total_frames=len(self._buffer), start_index=0, avg_fps=self._fps))
        return self._recognize(found['frame_inds'][:len(self._offsets)])

    def _recognize(self, places):
        self._said = self._taken
        batch = self._batch([self._buffer[i][1] for i in places.tolist()], self._clip_len)
        with torch.inference_mode():
            scores = self.model.test_step(batch)[0]['score'].float()
        return self._prediction(self._buffer[0][0], self._buffer[-1][0], scores)


class FrameByFrame(_Scorer):
    """Recognizes a stream with a network of the TSM family that sees each frame once.

    TSM (arXiv:1811.08383), section 4.2: what the shifts take from the frame before is kept
    (:class:`~mmvideo.streaming.OnlineRecognizer`). A prediction is the mean of the last
    ``num_segments`` frames, as the network's head has it of a clip.

    Args:
        model: as of :class:`SlidingWindow`.
        every: a prediction after so many frames.
        input_step, average_size: as of :class:`SlidingWindow`.

    Attributes:
        is_exact: whether the network was built to look back only; else this is an approximation.

    Raises:
        InputError: as of :class:`SlidingWindow`; or a network that has no such form.
    """

    def __init__(self, model, every=1, input_step=1, average_size=1):
        super().__init__(model, every, input_step, average_size)
        self.network = OnlineRecognizer(model)
        self.is_exact = self.network.is_exact
        self._frames = collections.deque(maxlen=model.backbone.num_segments)

    def _push(self, frame, sample):
        batch = self._batch([sample], 1)
        with torch.inference_mode():
            imgs = self.model.data_preprocessor(batch)['imgs']
            imgs = imgs if torch.is_tensor(imgs) else imgs.gather()
            self._frames.append((frame._replace(image=None), self.network.step(imgs[0]).float()))
            if self._taken % self.every:
                return None
            head = self.model.cls_head
            how = self.model.test_cfg.get('average_clips', head.average_clips)
            views = torch.stack([scores for _, scores in self._frames]).mean(0)
            scores = head.average(views, 1, how)[0]
        return self._prediction(self._frames[0][0], self._frames[-1][0], scores)
