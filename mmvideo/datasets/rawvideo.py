"""Long videos that were cut into clips, some of which show the action."""
import os.path as osp

from mmvideo import storage
from mmvideo.datasets.annotations import checked_integer, checked_label
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.lists import list_place, read_rows
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS


@DATASETS.register_module()
class RawVideoDataset(BaseDataset):
    """Folders of clips, of which each sample takes one: the untrimmed videos of OmniSource.

    OmniSource (arXiv:2003.13042). A line of the list is ``path label num_clips`` and the numbers of
    the clips that a teacher took for the class; clips count from 0. A JSON entry has ``video_dir``,
    ``label``, ``num_clips`` and ``positive_clip_inds``. Which clip is shown is drawn by the
    sample's own generator, anew in each epoch.

    Args:
        ann_file, pipeline, **kwargs: as of :class:`BaseDataset`; a sample has one label.
        clipname_tmpl: name of a clip, with a place for its number. One that begins with a letter
            is the name of a file in the folder ``path``, another is appended to ``path``.
        sampling_strategy: 'positive' draws among the clips listed, 'random' among all.
        start_index: number of the first frame; decoders count from 0.
    """

    path_key = 'video_dir'
    columns = ('label', 'num_clips')

    def __init__(self, ann_file, pipeline, clipname_tmpl='part_{}.mp4',
                 sampling_strategy='positive', start_index=0, **kwargs):
        if sampling_strategy not in ('positive', 'random'):
            raise InputError("sampling_strategy must be 'positive' or 'random', not "
                             f'{sampling_strategy!r}')
        try:
            differ = clipname_tmpl.format(0) != clipname_tmpl.format(1)
        except (IndexError, KeyError, ValueError):
            differ = False
        if not differ:
            raise InputError("clipname_tmpl must have one place for the clip's number, such as "
                             f"'part_{{}}.mp4'; found {clipname_tmpl!r}")
        if kwargs.get('multi_class'):
            raise InputError('RawVideoDataset: a sample has one label (multi_class=False)')
        self.clipname_tmpl = clipname_tmpl
        self.sampling_strategy = sampling_strategy
        super().__init__(ann_file, pipeline, start_index=start_index, **kwargs)

    def load_records(self):
        if storage.isdir(self.ann_file):
            self.find_samples(self.ann_file)    # says that a list is needed
        records, places = [], []
        place = list_place(self.ann_file)
        for number, fields in read_rows(self.ann_file, self.columns, self.path_key,
                                        rest='positive_clip_inds'):
            where = f'{place} {number}'
            try:
                records.append(self._record(where, *fields))
            except InputError as error:
                layout = ' '.join([self.path_key, *self.columns, 'positive_clip_inds'])
                raise InputError(f'{error}; expected `{layout}`, found '
                                 f'{" ".join(map(str, fields))!r}') from None
            places.append(number)
        if not records:
            raise InputError(f'ann_file: {self.ann_file} holds no sample')
        return records, places

    def _record(self, where, video_dir, label, num_clips, *clips):
        label = checked_label(where, [checked_integer(where, 'label', label)], False,
                              self.num_classes, self.test_mode)
        num_clips = checked_integer(where, 'num_clips', num_clips, 1)
        clips = [checked_integer(where, 'positive_clip_inds', clip, 0) for clip in clips]
        for clip in clips:
            if clip >= num_clips:
                raise InputError(f'{where}: clips count from 0; clip {clip}, expected '
                                 f'0..{num_clips - 1}')
        if not clips and self.sampling_strategy == 'positive':
            raise InputError(f"{where}: names no clip, but sampling_strategy 'positive' draws "
                             "among those named ('random' among all)")
        return dict(video_dir=video_dir, label=label, num_clips=num_clips,
                    positive_clip_inds=clips)

    def process(self, results, pipeline):
        chosen = (results['positive_clip_inds'] if self.sampling_strategy == 'positive'
                  else range(results['num_clips']))
        name = self.clipname_tmpl.format(chosen[int(results['rng'].integers(len(chosen)))])
        joined = osp.join(results['video_dir'], name)
        results['filename'] = joined if name[0].isalpha() else results['video_dir'] + name
        return super().process(results, pipeline)
