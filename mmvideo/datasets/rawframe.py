"""Videos that were taken apart into folders of pictures."""
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.trees import frame_folders_below
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS


def checked_template(filename_tmpl, modality):
    """Raise unless the name of a frame can be made: from a number, for flow from axis and number.
    """
    try:
        filename_tmpl.format(*(('x', 1) if modality == 'Flow' else (1, )))
    except (IndexError, KeyError, ValueError) as error:
        fits = '{}_{:05d}.jpg' if modality == 'Flow' else 'img_{:05}.jpg'
        raise InputError(f'filename_tmpl: {filename_tmpl!r} does not fit modality '
                         f'{modality!r}; {fits!r} would') from error
    return filename_tmpl


@DATASETS.register_module()
class RawframeDataset(BaseDataset):
    """Folders with one picture a frame, or two (x and y) for optical flow.

    A line of the list is ``path total_frames label``, with ``with_offset``
    ``path offset total_frames label``; a JSON entry has ``frame_dir``, ``total_frames`` and
    ``label``.

    A folder in place of a list is searched for folders with frames, whose frames are counted.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`.
        filename_tmpl: name of a frame, 'img_{:05}.jpg'; for optical flow with a place for the
            axis first, '{}_{:05d}.jpg'.
        with_offset: the list has a column ``offset``, which is added to frame numbers: several
            samples of one folder.
        start_index: number of the first frame.
        short_cycle_factors, default_s: of multigrid training, which has them from the config's
            ``multigrid``; accepted for the configs that say them here, too.
    """

    path_key = 'frame_dir'
    media = 'img'

    def __init__(self, ann_file, pipeline, filename_tmpl='img_{:05}.jpg', with_offset=False,
                 start_index=1, modality='RGB', short_cycle_factors=(0.5, 0.7071),
                 default_s=(224, 224), **kwargs):
        self.columns = ('offset', 'total_frames') if with_offset else ('total_frames', )
        self.filename_tmpl = checked_template(filename_tmpl, modality)
        super().__init__(ann_file, pipeline, start_index=start_index, modality=modality, **kwargs)

    def find_samples(self, folder):
        if 'offset' in self.columns:
            return super().find_samples(folder)
        return [dict(frame_dir=path, total_frames=count) for path, count in
                frame_folders_below(folder, self.filename_tmpl, self.start_index)]

    def prepare(self, index):
        results = super().prepare(index)
        results['filename_tmpl'] = self.filename_tmpl
        return results
