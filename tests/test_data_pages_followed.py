"""Pages of docs/data followed to the letter: their commands turn a download into samples."""
import importlib
import json
import shlex
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvideo.labels import label_names
from mmvideo.registry import DATASETS

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / 'tools' / 'data')]

from test_data_pages import PAGES, commands  # noqa: E402

KINETICS = 'label,youtube_id,time_start,time_end,split\nzumba,{},0,10,train\n'
CLIP, OTHER = 'aaaaaaaaaaa_000000_000010', 'bbbbbbbbbbb_000000_000010'
UCF = {f'{part}list0{k}.txt': f'Archery/v_Archery_g0{n}_c01.avi {"3" if part == "train" else ""}\n'
       for k in (1, 2, 3) for part, n in (('train', 1), ('test', 2))}
ACTION = [dict(segment=[0.2, 1.0], label='Archery')]
# Page -> split files, videos as they are downloaded, config parts that read what comes of them.
DOWNLOADS = {
    'kinetics400': (
        {f'kinetics_{part}.csv': KINETICS.format(name)
         for part, name in (('train', 'a' * 11), ('val', 'b' * 11))},
        [f'downloads/youtube/{CLIP[:11]}.mp4', f'data/kinetics400/videos_val/zumba/{OTHER}.mp4'],
        ['kinetics400_video', 'kinetics400_rawframe', 'kinetics400_rawframe_256p',
         'kinetics400_flow', 'kinetics400_audio', 'kinetics400_audio_feature']),
    'ucf101': (
        {**UCF, 'classInd.txt': ''.join(f'{i} {name}\n' for i, name in
                                        enumerate(label_names('ucf101'), 1))},
        [f'data/ucf101/videos/Archery/v_Archery_g0{n}_c01.avi' for n in (1, 2)],
        ['ucf101_rawframe']),
    'gym': (
        {'finegym_annotation_info_v1.1.json': json.dumps({'aaaaaaaaaaa': {
            'E_000000_000001': dict(timestamps=[[0.1, 1.0]], segments={
                f'A_000{k}_000{k + 1}': dict(timestamps=[[0.3 * k, 0.3 * k + 0.4]])
                for k in (0, 1)})}}),
         **{f'gym99_{part}_element.txt': f'aaaaaaaaaaa_E_000000_000001_A_000{k}_000{k + 1} 3\n'
            for k, part in enumerate(('train', 'val'))}},
        ['data/gym/videos/aaaaaaaaaaa.mp4'],
        ['gym99_rawframe', 'gym99_flow']),
    'activitynet': (
        {'activity_net.v1-3.min.json': json.dumps(dict(database={
            'aa': dict(subset='training', duration=1.0, annotations=ACTION),
            'bb': dict(subset='validation', duration=1.0, annotations=ACTION)}))},
        ['data/ActivityNet/videos/v_aa.mp4', 'data/ActivityNet/videos/v_bb.mp4'],
        ['activitynet_clip', 'activitynet_clip_flow']),
    'sthv2': (
        {f'something-something-v2-{part}.json': json.dumps(
            [dict(id=i, template='Closing [something]')])
         for i, part in enumerate(('train', 'validation'))},
        ['data/sthv2/videos/0.webm', 'data/sthv2/videos/1.webm'], ['sthv2_rawframe']),
}


def follow(line):
    """Run one command of a page as its reader would, but in this process."""
    words = shlex.split(line)
    if '--task both' in line:
        words += ['--flow-type', 'dis']     # the usual TV-L1 takes minutes
    assert importlib.import_module(Path(words[1]).stem).main(words[2:]) == 0, line


def samples(part):
    """One sample of each list of a data set part that is there, read as its configs read it."""
    cfg = Config.fromfile(ROOT / f'configs/_base_/datasets/{part}.py')
    clip = dict(type='SampleFrames', clip_len=4, frame_interval=1, num_clips=1)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        if Path(loader.dataset.ann_file).exists():
            dataset = DATASETS.build(dict(loader.dataset, pipeline=[
                *cfg.reader, clip, *cfg.decode]))
            yield dataset[0]


@pytest.mark.slow
@pytest.mark.parametrize('page', DOWNLOADS)
def test_a_page_followed(page, tmp_path, monkeypatch, embedded):
    files, videos, parts = DOWNLOADS[page]
    monkeypatch.chdir(tmp_path)
    folder = Path(Config.fromfile(ROOT / f'configs/_base_/datasets/{parts[0]}.py').root)
    for name, text in files.items():
        (folder / 'annotations' / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / 'annotations' / name).write_text(text)
    sources = sorted((embedded / 'videos/val').glob('*.mp4'))
    for name, source in zip(videos, sources, strict=False):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(source.read_bytes())
    for line in commands(PAGES[f'{page}.md']):
        follow(line)
    for part in parts:
        found = list(samples(part))
        assert found, part
        for sample in found:
            assert len(sample['audios' if 'audio' in part else 'imgs'])
            assert sample['label'] >= 0
