"""Precomputed features of sound."""
from mmvideo.datasets.base import BaseDataset
from mmvideo.registry import DATASETS


@DATASETS.register_module()
class AudioFeatureDataset(BaseDataset):
    """Spectrograms saved as arrays, one a video, with the number of frames of that video.

    A line of the list is ``path total_frames label``; a JSON entry has ``audio_path``,
    ``total_frames`` and ``label``.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        suffix: added to paths that do not end in it.
    """

    path_key = 'audio_path'
    columns = ('total_frames', )
    media = 'audio'

    def __init__(self, ann_file, pipeline, suffix='.npy', modality='Audio', **kwargs):
        self.suffix = suffix
        super().__init__(ann_file, pipeline, modality=modality, **kwargs)

    def locate(self, path):
        return super().locate(path if path.endswith(self.suffix) else path + self.suffix)
