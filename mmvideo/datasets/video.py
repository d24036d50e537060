"""Videos in files."""
from mmvideo.datasets.base import BaseDataset
from mmvideo.registry import DATASETS


@DATASETS.register_module()
class VideoDataset(BaseDataset):
    """Videos that are decoded as they are needed.

    A line of the list is ``path label``; a JSON entry has ``filename`` and ``label``.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        start_index: number of the first frame; decoders count from 0.
    """

    def __init__(self, ann_file, pipeline, start_index=0, **kwargs):
        super().__init__(ann_file, pipeline, start_index=start_index, **kwargs)
