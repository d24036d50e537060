"""Sound: waves, their features, and features beside the frames of the same video."""
import os.path as osp

from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.rawframe import checked_template
from mmvideo.registry import DATASETS


class _AudioBase:
    """Shared by lists of sound: paths may be written without their suffix."""

    path_key = 'audio_path'
    columns = ('total_frames', )
    media = 'audio'

    def locate(self, path):
        return super().locate(path if path.endswith(self.suffix) else path + self.suffix)


@DATASETS.register_module()
class AudioDataset(_AudioBase, BaseDataset):
    """Sound files, one a video, with the number of frames of that video.

    A line of the list is ``path total_frames label``; a JSON entry has ``audio_path``,
    ``total_frames`` and ``label``. The later releases read features with it too, with
    ``suffix='.npy'``.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        suffix: added to paths that do not end in it.
    """

    def __init__(self, ann_file, pipeline, suffix='.wav', modality='Audio', **kwargs):
        self.suffix = suffix
        super().__init__(ann_file, pipeline, modality=modality, **kwargs)


@DATASETS.register_module()
class AudioFeatureDataset(_AudioBase, BaseDataset):
    """Spectrograms saved as arrays, one a video, with the number of frames of that video.

    A line of the list is ``path total_frames label``; a JSON entry has ``audio_path``,
    ``total_frames`` and ``label``.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        suffix: added to paths that do not end in it.
    """

    def __init__(self, ann_file, pipeline, suffix='.npy', modality='Audio', **kwargs):
        self.suffix = suffix
        super().__init__(ann_file, pipeline, modality=modality, **kwargs)


@DATASETS.register_module()
class AudioVisualDataset(BaseDataset):
    """Folders of frames and, under the same names elsewhere, audio features and maybe videos.

    The list is that of :class:`mmvideo.datasets.RawframeDataset`. For the line ``a/b 300 7`` a
    sample has ``frame_dir`` (``data_prefix/a/b``), ``audio_path`` (``audio_prefix/a/b.npy``) and,
    with ``video_prefix``, ``filename`` (``video_prefix/a/b.mp4``).

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        audio_prefix: folder of the features.
        video_prefix: folder of the videos.
        filename_tmpl, with_offset, start_index, modality: as of ``RawframeDataset``.
    """

    path_key = 'frame_dir'
    media = 'img'

    def __init__(self, ann_file, pipeline, audio_prefix, video_prefix=None,
                 filename_tmpl='img_{:05}.jpg', with_offset=False, start_index=1, modality='RGB',
                 **kwargs):
        self.columns = ('offset', 'total_frames') if with_offset else ('total_frames', )
        self.audio_prefix = audio_prefix
        self.video_prefix = video_prefix
        self.filename_tmpl = checked_template(filename_tmpl, modality)
        super().__init__(ann_file, pipeline, start_index=start_index, modality=modality, **kwargs)

    def folders(self):
        return [self.data_prefix, self.audio_prefix, self.video_prefix]

    def prepare(self, index):
        results = super().prepare(index)
        name = self.names[index].rstrip('/')
        results['filename_tmpl'] = self.filename_tmpl
        results['audio_path'] = osp.join(self.audio_prefix, name + '.npy')
        if self.video_prefix is not None:
            results['filename'] = osp.join(self.video_prefix, name + '.mp4')
        return results
