"""A few clips of the embedded data set in every form that the recipes read."""
import math
import os.path as osp
import wave
from pathlib import Path

import cv2

__all__ = ['SmallData']

# Clips of each part: two iterations of training in batches of two, two samples to test on.
COUNTS = dict(train=4, val=2)
FRAMES = 12
MOMENT, PEOPLE = 903, ('0.1,0.1,0.5,0.9', '0.3,0.2,0.9,0.8')     # of detection
SIZE = (80, 64)     # width and height of the frames that are taken out
PICTURES = ('img_{:05}.jpg', '{:05}.jpg', 'image_{:05d}.jpg')
FLOWS = ('{}_{:05d}.jpg', 'flow_{}_{:05d}.jpg')
RESIZING = ('Resize', 'RandomRescale', 'RandomResizedCrop')
KINDS = dict(VideoDataset='videos', RepeatAugDataset='videos', RawframeDataset='frames',
             AudioDataset='sounds', AudioFeatureDataset='features', ImageDataset='images',
             RawVideoDataset='parts', CharadesDataset='actions')


class SmallData:
    """Lists of a few clips as videos, frames, flow, images, sound and features of sound.

    Args:
        embedded: folder of the embedded data set, with at least 4 clips to train on and 2 for
            validation.
        folder: where to write the lists, and what has to be taken out of the videos.
    """

    def __init__(self, embedded, folder):
        self.folder = Path(folder)
        embedded = Path(embedded).absolute()
        for phase, count in COUNTS.items():
            self._take(phase, embedded, count)
        self.classes = str(embedded / 'classes.txt')

    def _take(self, phase, embedded, count):
        lines = (embedded / f'{phase}_videos.txt').read_text().splitlines()[:count]
        sounds = (embedded / f'{phase}_audio_features.txt').read_text().splitlines()[:count]
        rows = {kind: [] for kind in ('resized', 'tags', 'offset', *KINDS.values())}
        del rows['actions']     # a list of another form
        for number, (line, sound) in enumerate(zip(lines, sounds, strict=True)):
            name, label = line.split()
            feature, length, _ = sound.split()
            video, place = embedded / 'videos' / name, self.folder / phase / str(number)
            total = take_apart(video, place)
            rows['videos'].append((video, label))
            rows['resized'].append((place / 'resized.mp4', label))
            rows['tags'].append((video, label, int(label) + 1))
            rows['features'].append((embedded / 'audio_features' / feature, length, label))
            rows['frames'].append((place, total, label))
            rows['offset'].append((place, 0, total, label))
            rows['images'].append((place / 'img_00001.jpg', label))
            rows['parts'].append((place, label, 1, 0))
            rows['sounds'].append((place / 'sound.wav', total, label))
        for kind, found in rows.items():
            # Quoted, since a folder's name may hold blanks.
            text = ''.join(f'"{path}" {" ".join(map(str, rest))}\n' for path, *rest in found)
            self._list(phase, kind).write_text(text)
        timed = ''.join(f'"{path.with_suffix("")}",c{int(label):03} 0.00 9.00;c100 0.00 0.02,1.5\n'
                        for path, label in rows['videos'])
        self._list(phase, 'actions').write_text('id,actions,length\n' + timed)

    def _list(self, phase, kind):
        return self.folder / f'{"train" if phase == "train" else "val"}_{kind}.txt'

    def __call__(self, dataset, phase, times=1):
        """Arguments of a data set that point it here.

        Args:
            dataset: its config.
            phase: ``'train'``, ``'val'`` or ``'test'``.
            times: how often each clip is listed.
        """
        if dataset['type'] == 'AVADataset':
            return self._moments(dataset, phase)
        kind = KINDS[dataset['type']]
        kind = 'offset' if dataset.get('with_offset') else kind
        if kind == 'videos':
            # Some pipelines cut their crops from videos that were resized before.
            resizes = any(step['type'] in RESIZING for step in dataset['pipeline'])
            kind = 'tags' if dataset.get('multi_class') else kind if resizes else 'resized'
        listed = self._list(phase, kind)
        if times > 1:
            text = listed.read_text() * times
            listed = listed.with_name(f'{listed.stem}_{times}_times.txt')
            listed.write_text(text)
        options = dict(ann_file=str(listed), data_prefix=None)
        if dataset.get('sample_by_class'):      # factors of classes of which there may be no clip
            options['sample_by_class'] = True
        return options

    def _moments(self, dataset, phase):
        """The same for a list of boxes: one second of each clip, and two people."""
        suffix, part = dataset.get('suffix'), 'train' if phase == 'train' else 'val'
        listed = self.folder / f'{part}_{"films" if suffix else "frames"}.csv'
        listed.write_text(''.join(
            f'{number}{"/resized" if suffix else ""},{MOMENT},{box},{action},{person}\n'
            for number in range(COUNTS[part]) for person, box in enumerate(PEOPLE)
            for action in (1 + person, 3 + person)))
        return dict(ann_file=str(listed), fps=2, timestamp_start=MOMENT - 3,
                    timestamp_end=MOMENT - 3 + FRAMES // 2, exclude_file=None, label_file=None,
                    data_prefix=str(self.folder / part), proposal_file=None)


def take_apart(video, place):
    """Frames, flow, clips and a sound of a video as files of all the names in use.

    Returns:
        int: how many frames.
    """
    place.mkdir(parents=True)
    reader = cv2.VideoCapture(str(video))
    frames = [cv2.resize(reader.read()[1], SIZE) for _ in range(FRAMES)]
    grays = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in frames]
    # From 0 on: some lists count so. The last flow is shown twice.
    for i in range(FRAMES + 1):
        last = min(i, FRAMES - 1)
        _write(place, PICTURES, (i,), frames[last])
        flow = cv2.calcOpticalFlowFarneback(grays[max(last - 1, 0)], grays[last], None, 0.5, 2, 9,
                                            2, 5, 1.1, 0)
        for axis, name in enumerate('xy'):
            _write(place, FLOWS, (name, i),
                   (flow[..., axis] * 8 + 128).clip(0, 255).astype('uint8'))
    resized = cv2.VideoWriter(str(place / 'resized.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 25, SIZE)
    for frame in frames:
        resized.write(frame)
    resized.release()
    (place / 'part_0.mp4').write_bytes(Path(video).read_bytes())
    with wave.open(osp.join(place, 'sound.wav'), 'wb') as file:
        file.setparams((1, 2, 16000, 0, 'NONE', None))
        file.writeframes(b''.join(int(9000 * math.sin(i / 9)).to_bytes(2, 'little', signed=True)
                                  for i in range(32000)))
    return FRAMES


def _write(place, templates, words, picture):
    coded = cv2.imencode('.jpg', picture)[1].tobytes()
    for template in templates:
        (place / template.format(*words)).write_bytes(coded)
