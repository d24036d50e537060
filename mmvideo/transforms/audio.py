"""Spectrograms: loading a precomputed one and cutting out what belongs to the sampled frames."""
import os.path as osp

import numpy as np

from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import checks
from mmvideo.transforms.draws import generator


@TRANSFORMS.register_module()
class LoadAudioFeature:
    """Loads a log-mel spectrogram, saved as .npy, [frames, mels].

    Audiovisual SlowFast (arXiv:2001.08740) describes the features. The 0.x releases trained on
    zeros where a file was missing, without a word; here that has to be asked for.

    Args:
        pad_method: what stands in for a missing file: 'zero', or 'random' for noise in 0..1.
        allow_missing: give a stand-in of shape [640, 80] for a missing file instead of raising.

    Keys:
        needed: audio_path.
        added: audios [length, mels], length.

    Raises:
        MissingFileError: the file does not exist and ``allow_missing`` is off.
    """

    def __init__(self, pad_method='zero', allow_missing=False):
        self.pad_method = checks.one_of('LoadAudioFeature', 'pad_method', pad_method,
                                        ('zero', 'random'))
        self.allow_missing = allow_missing

    def __call__(self, results):
        path = results['audio_path']
        if osp.exists(path):
            feature = self._load(path)
        elif self.allow_missing:
            shape = (640, 80)
            feature = (np.zeros(shape, np.float32) if self.pad_method == 'zero'
                       else generator(results).random(shape, np.float32))
        else:
            raise MissingFileError(f'{path}: no such audio feature; LoadAudioFeature('
                                   'allow_missing=True) puts zeros in its place')
        results['audios'] = feature
        results['length'] = feature.shape[0]
        return results

    @staticmethod
    def _load(path):
        try:
            feature = np.load(path, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise InputError(f'{path}: is no array in .npy format ({error})') from error
        if feature.ndim != 2 or not len(feature):
            raise InputError(f'{path}: expected an array [frames, mels], '
                             f'found shape {feature.shape}')
        return feature


@TRANSFORMS.register_module()
class AudioFeatureSelector:
    """Cuts the part of a spectrogram that sounds while each clip is shown.

    Args:
        fixed_length: columns of one cut; longer ones lose their end, shorter ones get zeros.

    Keys:
        needed: audios [length, mels], frame_inds, num_clips, total_frames, length.
        changed: audios [num_clips, fixed_length, mels].
    """

    def __init__(self, fixed_length=128):
        self.fixed_length = checks.count('AudioFeatureSelector', 'fixed_length', fixed_length)

    def __call__(self, results):
        feature = results['audios']
        frames = np.reshape(results['frame_inds'], (results['num_clips'], -1))
        per_frame = results['length'] / results['total_frames']
        cuts = np.zeros((len(frames), self.fixed_length, *feature.shape[1:]), feature.dtype)
        for cut, (first, last) in zip(cuts, frames[:, [0, -1]], strict=True):
            start = max(0, round((first + 1) * per_frame))
            end = min(results['length'], round((last + 1) * per_frame))
            part = feature[start:end][:self.fixed_length]
            cut[:len(part)] = part
        results['audios'] = cuts
        return results
