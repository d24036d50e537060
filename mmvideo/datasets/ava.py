"""Films with boxes around people and what each of them does, second by second."""
import numpy as np

from mmvideo.ava_files import class_ids, read_boxes, read_excluded, read_label_map, read_proposals
from mmvideo.datasets.base import BaseDataset
from mmvideo.datasets.rawframe import checked_template
from mmvideo.errors import InputError
from mmvideo.registry import DATASETS

# Where nobody was found: somewhere in the frame.
WHOLE = np.array([[0, 0, 1, 1]], np.float32)


@DATASETS.register_module()
class AVADataset(BaseDataset):
    """AVA (arXiv:1705.08421), v2.1 and v2.2, and sets in its form: a sample is a second of a film.

    The list is AVA's CSV file, ``video,second,x0,y0,x1,y1,action,person`` with boxes as shares of
    the frame. Training leaves out moments without a box that counts; a test has every moment that
    the list names.

    Args:
        ann_file, pipeline, test_mode, data_prefix, modality, **kwargs: as of :class:`BaseDataset`.
        exclude_file: CSV file ``video,second`` of moments to leave out, or None.
        label_file: the actions that count, as of :func:`mmvideo.ava_files.read_label_map`; boxes of
            others are left out. None for all.
        filename_tmpl: name of a frame in the folder of a video.
        start_index: added to the numbers of frames, which ``SampleAVAFrames`` counts from 1. None:
            0 for folders, whose frames count from 1, too, and -1 for videos.
        proposal_file: boxes in which somebody may be, as of
            :func:`mmvideo.ava_files.read_proposals`; None to propose the boxes of the list, which
            a test with them measures the best case of.
        person_det_score_thr: proposals below this score are left out, but for the best of a moment.
        num_classes: actions and one column for none, which is the first.
        custom_classes: numbers of the actions to keep; their columns follow each other.
        num_max_proposals: of a moment, the best.
        timestamp_start, timestamp_end: seconds in the film at which what lies on disk begins and
            ends.
        fps: frames a second of what lies on disk.
        suffix: of the videos, such as '.mp4'; None for folders with frames.
    """

    path_key = 'frame_dir'
    media = 'img'

    def __init__(self, ann_file, pipeline, exclude_file=None, label_file=None,
                 filename_tmpl='img_{:05}.jpg', start_index=None, proposal_file=None,
                 person_det_score_thr=0.9, num_classes=81, custom_classes=None,
                 num_max_proposals=1000, timestamp_start=900, timestamp_end=1800, fps=30,
                 suffix=None, modality='RGB', **kwargs):
        if not 0 <= person_det_score_thr <= 1:
            raise InputError('AVADataset: person_det_score_thr must be a number in 0..1, not '
                             f'{person_det_score_thr!r}')
        if timestamp_end <= timestamp_start or fps <= 0:
            raise InputError('AVADataset: timestamp_end must lie behind timestamp_start and fps '
                             f'above 0; found {timestamp_start}, {timestamp_end}, {fps}')
        self.exclude_file = exclude_file
        self.filename_tmpl = checked_template(filename_tmpl, modality)
        self.score_thr = person_det_score_thr
        self.num_max_proposals = num_max_proposals
        self.start_second = timestamp_start
        self.fps = fps
        frames = (timestamp_end - timestamp_start) * fps
        self.shot_info = (0, frames) if suffix is None else (1, frames + 1)
        self.suffix = suffix
        if suffix is not None:
            self.path_key, self.media = 'filename', 'video'
        if start_index is None:
            start_index = 0 if suffix is None else -1
        label_map = None if label_file is None else read_label_map(label_file)
        self.columns_of = class_ids(num_classes, label_map, custom_classes)
        self.proposals = None if proposal_file is None else read_proposals(proposal_file)
        super().__init__(ann_file, pipeline, num_classes=num_classes, start_index=start_index,
                         modality=modality, **kwargs)
        self.names = [record['img_key'] for record in self.records]

    def load_records(self):
        rows, excluded = read_boxes(self.ann_file), read_excluded(self.exclude_file)
        members = {}
        for i, (key, label) in enumerate(zip(rows.keys, rows.labels.tolist(), strict=True)):
            if label in self.columns_of:
                members.setdefault(key, []).append(i)
        records, places = [], []
        for key, line in rows.frames.items():
            if key in excluded or not (self.test_mode or key in members):
                continue
            video, _, second = key.rpartition(',')
            records.append({self.path_key: video + (self.suffix or ''), 'video_id': video,
                            'timestamp': int(second), 'img_key': key,
                            **self._people(rows, members.get(key, []))})
            places.append(line)
        if not records:
            raise InputError(f'ann_file: {self.ann_file} holds no moment with an action that '
                             'counts (label_file, custom_classes, exclude_file)')
        return records, places

    def _people(self, rows, members):
        """Boxes of a moment, each with all its actions."""
        people = {}
        for i in members:
            columns = people.setdefault((*rows.boxes[i].tolist(), str(rows.last[i])), [])
            columns.append(self.columns_of[int(rows.labels[i])])
        labels = np.zeros((len(people), self.num_classes), np.float32)
        for own, columns in zip(labels, people.values(), strict=True):
            own[columns] = 1
        boxes = np.array([person[:4] for person in people], np.float32).reshape(-1, 4)
        ids = np.nan_to_num([float(person[4]) for person in people], nan=-1).astype(np.int64)
        return dict(gt_bboxes=boxes, gt_labels=labels, entity_ids=ids)

    def make(self, index, rng, labeled_as=None, shape=None):
        # What stands in for a moment that cannot be loaded is measured as a moment without people
        # found, whatever its own label.
        return super().make(index, rng, shape=shape)

    def prepare(self, index):
        results = super().prepare(index)
        results.update(fps=self.fps, timestamp_start=self.start_second, shot_info=self.shot_info)
        if self.suffix is None:
            results['filename_tmpl'] = self.filename_tmpl
        boxes, scores = self._proposals(results)
        results.update(proposals=boxes, scores=scores)
        return results

    def _proposals(self, results):
        """Boxes [k, 4] to look at, and their scores [k], the best first."""
        if self.proposals is None:
            found = results['gt_bboxes'] if len(results['gt_bboxes']) else WHOLE
        else:
            found = self.proposals.get(results['img_key'], WHOLE)
        if not len(found):
            found = WHOLE
        if found.shape[1] == 4:
            return found[:self.num_max_proposals].copy(), np.ones(len(found), np.float32)[
                :self.num_max_proposals]
        order = np.argsort(-found[:, 4], kind='stable')[:self.num_max_proposals]
        found = found[order]
        found = found[found[:, 4] >= min(self.score_thr, found[0, 4])]
        return found[:, :4].copy(), found[:, 4].copy()
