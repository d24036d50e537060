"""Single pictures, which networks for video learn from as well."""
from mmvideo.datasets.base import BaseDataset
from mmvideo.registry import DATASETS


@DATASETS.register_module()
class ImageDataset(BaseDataset):
    """Pictures in files: the images from the web of OmniSource (arXiv:2003.13042).

    A line of the list is ``path label``; a JSON entry has ``filename`` and ``label``. The pipeline
    begins with ``ImageDecode``; ``BuildPseudoClip`` makes a clip of the picture.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        start_index: pictures have no frame numbers.
    """

    media = 'img'
    suffixes = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')

    def __init__(self, ann_file, pipeline, start_index=None, **kwargs):
        super().__init__(ann_file, pipeline, start_index=start_index, **kwargs)
