"""Videos with tags of several kinds."""
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.lists import json_objects, list_place
from mmvideo.datasets.rawframe import checked_template
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS, nearest


@DATASETS.register_module()
class HVUDataset(BaseDataset):
    """Videos, or folders of frames, with tags of several categories (HVU, arXiv:1904.11451).

    A JSON entry has ``filename``, or ``frame_dir`` and ``total_frames``, all entries the same; and
    ``label``, for example ``{"action": [3, 17], "scene": [5]}``. A category that ``label`` lacks
    was not annotated: its tags are unknown, not absent. The transform ``LoadHVULabel`` makes
    vectors of the tags, and masks of what is known.

    Args:
        ann_file: ``.json`` or ``.jsonl``.
        pipeline, **kwargs: as of :class:`BaseDataset`.
        tag_categories: names of the categories, in the order in which a network scores them.
        tag_category_nums: number of tags of each.
        filename_tmpl: name of a frame, needed for folders of frames.
        start_index: number of the first frame; by default 0 for videos, 1 for frames.

    Attributes:
        num_classes: number of tags of all categories.
    """

    def __init__(self, ann_file, pipeline, tag_categories, tag_category_nums, filename_tmpl=None,
                 start_index=None, **kwargs):
        if len(tag_categories) != len(tag_category_nums):
            raise InputError(f'HVUDataset: {len(tag_categories)} tag_categories, but '
                             f'{len(tag_category_nums)} tag_category_nums')
        if kwargs.get('multi_class') or kwargs.get('sample_by_class'):
            raise InputError('HVUDataset: multi_class and sample_by_class do not apply; a sample '
                             'has tags by category')
        self.tag_categories = list(tag_categories)
        self.tag_category_nums = [int(num) for num in tag_category_nums]
        self.filename_tmpl = filename_tmpl
        super().__init__(ann_file, pipeline, start_index=start_index, **kwargs)
        self.num_classes = sum(self.tag_category_nums)
        # Metrics are told.
        self.metainfo = dict(tag_categories=self.tag_categories,
                             tag_category_nums=self.tag_category_nums)

    def load_records(self):
        if not self.ann_file.lower().endswith(('.json', '.jsonl')):
            raise InputError(f'ann_file: HVUDataset reads .json or .jsonl, not {self.ann_file}')
        records, places = [], []
        place = list_place(self.ann_file)
        for number, row in json_objects(self.ann_file):
            where = f'{place} {number}'
            if not records:
                self._choose_medium(where, row)
            records.append(self._record(where, row))
            places.append(number)
        if not records:
            raise InputError(f'ann_file: {self.ann_file} holds no sample')
        return records, places

    def _choose_medium(self, where, row):
        """Videos or frames, by the first entry."""
        if ('filename' in row) == ('frame_dir' in row):
            raise InputError(f"{where}: expected the key 'filename' or 'frame_dir', one of the "
                             f'two; found {row!r}')
        if 'filename' in row:
            self.filename_tmpl = None
        else:
            self.path_key, self.columns = 'frame_dir', ('total_frames', )
            if self.filename_tmpl is None:
                raise InputError('filename_tmpl is needed for folders of frames, for example '
                                 f"'img_{{:05}}.jpg'; {where} has a frame_dir")
            checked_template(self.filename_tmpl, self.modality)
        if self.start_index is None:
            self.start_index = 0 if 'filename' in row else 1

    def _record(self, where, row):
        for key in (self.path_key, *self.columns):
            kind = str if key == self.path_key else int
            if not isinstance(row.get(key), kind) or row[key] is True:
                raise InputError(f'{where}: expected the key {key!r} with a '
                                 f'{"string" if kind is str else "whole number"}; found {row!r}')
        record = {key: row[key] for key in (self.path_key, *self.columns)}
        tags = row.get('label', {} if self.test_mode else None)
        if not isinstance(tags, dict):
            raise InputError(f"{where}: expected the key 'label' with an object of tags by "
                             f'category, such as {{"{self.tag_categories[0]}": [0]}}; found '
                             f'{row!r}')
        for category, numbers in tags.items():
            if category not in self.tag_categories:
                raise InputError(f'{where}: {category!r} is not among tag_categories; '
                                 f'{nearest(category, self.tag_categories)}')
            count = self.tag_category_nums[self.tag_categories.index(category)]
            if not isinstance(numbers, list):
                raise InputError(f'{where}: {category}: expected a list of tags, found '
                                 f'{numbers!r}')
            for tag in numbers:
                if not isinstance(tag, int) or isinstance(tag, bool) or not 0 <= tag < count:
                    raise InputError(f'labels start at 0; {where}: {category} {tag!r}, expected '
                                     f'0..{count - 1}')
        record['label'] = tags
        return record

    def prepare(self, index):
        results = super().prepare(index)
        results['categories'] = self.tag_categories
        results['category_nums'] = self.tag_category_nums
        if self.filename_tmpl is not None:
            results['filename_tmpl'] = self.filename_tmpl
        return results
