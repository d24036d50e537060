"""Split files of each public data set, in the form in which it is published, become lists."""
import json
import sys
from pathlib import Path

import av
import pytest

from mmvideo.datasets import AudioFeatureDataset, HVUDataset, RawframeDataset, VideoDataset
from mmvideo.datasets.official import OFFICIAL
from mmvideo.labels import LABEL_MAPS, label_names

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / 'tools' / 'data')]

import build_file_list  # noqa: E402
from file_lists.sets import DATA_SETS  # noqa: E402
from file_lists.split_files import plain  # noqa: E402
from published_splits import ANET, FRAMES, MIT, PREFIX, UCF, VIDEOS, place  # noqa: E402


def run(folder, name, *flags):
    return build_file_list.main([name, str(folder / 'items'), '--out-root-path',
                                 str(folder.parent), *flags])


def lists(folder):
    return {p.relative_to(folder).as_posix(): p.read_text(encoding='utf-8')
            for p in folder.rglob('*') if p.is_file() and 'items' not in p.parts}


@pytest.mark.parametrize('layout, name', [('videos', name) for name in VIDEOS]
                         + [('rawframes', name) for name in FRAMES])
def test_lists_of_official_split_files(layout, name, tmp_path, capsys):
    files, items, flags, expected = (VIDEOS if layout == 'videos' else FRAMES)[name]
    folder = place(tmp_path, name, files, items, PREFIX.get(name, 'img_'))
    assert run(folder, name, '--format', layout, *flags) == 0, capsys.readouterr().err
    found = lists(folder)
    assert {k: v for k, v in found.items() if k.removeprefix('annotations/') not in files} \
        == expected


def test_scripts_written_for_mmaction2_keep_working(tmp_path):
    files, items, _, expected = FRAMES['sthv1']
    folder = place(tmp_path, 'sthv1', files, items, '')
    assert run(folder, 'sthv1', '--rgb-prefix', '0', '--num-split', '1', '--level', '1',
               '--subset', 'train', '--format', 'rawframes', '--shuffle') == 0
    name = 'sthv1_train_list_rawframes.txt'
    assert sorted((folder / name).read_text().splitlines()) == expected[name].splitlines()


@pytest.mark.parametrize('name', [n for n in LABEL_MAPS if n != 'gym99' and n[:3] != 'hvu'])
def test_classes_differ_by_more_than_marks(name):
    assert len({plain(n) for n in label_names(name)}) == LABEL_MAPS[name]


def test_all_data_sets_are_tested():
    assert set(VIDEOS) | set(FRAMES) | {'hvu', 'kinetics600'} == set(DATA_SETS)
    assert set(DATA_SETS) | {'mini_kinetics'} == set(OFFICIAL)


def test_tags_of_hvu(tmp_path):
    action, scene = label_names('hvu_action')[7], label_names('hvu_scene')[3]
    folder = place(tmp_path, 'hvu', {
        'HVU_Train_V1.0.csv': f'Tags,youtube_id,time_start,time_end\n"{action}|{scene}",abc,1,11\n'
                              f'{scene},def,2,12\n',
        'HVU_Tags_Categories_V1.0.csv': f'Tag,Category\n{action},action\n{scene},scene\n'},
        ['abc_000001_000011.mp4', 'def_000002_000012.mp4'])
    assert run(folder, 'hvu', '--format', 'videos', '--subset', 'train') == 0
    found = lists(folder)
    assert json.loads(found['hvu_train.json']) == [
        dict(filename='abc_000001_000011.mp4', label=dict(action=[7], scene=[3])),
        dict(filename='def_000002_000012.mp4', label=dict(scene=[3]))]
    assert json.loads(found['hvu_action_train.json']) == [
        dict(filename='abc_000001_000011.mp4', label=[7])]
    assert len(json.loads(found['hvu_scene_train.json'])) == 2
    assert 'hvu_event_train.json' not in found
    assert len(HVUDataset(folder / 'hvu_train.json', [], ['action', 'scene'], [739, 248])) == 2
    assert len(VideoDataset(folder / 'hvu_scene_train.json', [], multi_class=True,
                            num_classes=248)) == 2


def test_what_is_missing_is_counted_and_named(tmp_path, capsys):
    files, items, flags, _ = VIDEOS['kinetics400']
    folder = place(tmp_path, 'kinetics400', files, [*items, 'testifying/other.mp4'])
    assert run(folder, 'kinetics400', '--format', 'videos', *flags) == 0
    out = capsys.readouterr().out
    assert ('kinetics400_train_list_videos.txt: 3 of 4 items; 1 not there, named in '
            f'{folder}/kinetics400_train_list_videos_missing.txt (officially about 246245)') in out
    assert 'are in no list, for example testifying/other.mp4' in out
    # Once all is there, the list of what is missing goes.
    (folder / 'items/zumba').mkdir()
    (folder / 'items/zumba/gone_000001_000011.mp4').touch()
    assert run(folder, 'kinetics400', '--format', 'videos', *flags) == 0
    assert not (folder / 'kinetics400_train_list_videos_missing.txt').exists()


def test_damaged_folders_of_frames_are_missing(tmp_path, capsys):
    files, items, flags, _ = FRAMES['gym99']
    names = list(items)
    folder = place(tmp_path, 'gym99', files, items)
    (folder / 'items' / names[0] / 'img_00003.jpg').unlink()
    assert run(folder, 'gym99', *flags) == 0
    assert (folder / 'annotations/gym99_train_list_rawframes.txt').exists() is False
    assert 'train: none of 1 items is there; no list' in capsys.readouterr().out
    (folder / 'items' / names[0]).rename(folder / 'items/aside')
    (folder / 'annotations/gym99_train_element_v1.0.txt').write_text(f'aside 1\n{names[1]} 2\n')
    assert run(folder, 'gym99', *flags) == 0
    assert '; 1 damaged, named in' in capsys.readouterr().out
    assert (folder / 'annotations/gym99_train_list_rawframes_missing.txt').read_text() \
        == 'aside\t4 frames img_* numbered 1..5, but none 3\n'


def test_frames_of_flow_are_counted_apart(tmp_path, capsys):
    files, items, _, _ = FRAMES['jester']
    folder = place(tmp_path, 'jester', files, items)
    place(tmp_path, 'jester', {}, {'34870': 36, '9': 1}, 'flow_x_')
    place(tmp_path, 'jester', {}, {'34870': 36, '9': 1}, 'flow_y_')
    flags = ['--rgb-prefix', 'img_', '--out-name', 'flow_{subset}_{format}.txt']
    for modality, count in (('rgb', 37), ('flow', 36), ('both', 36)):
        assert run(folder, 'jester', *flags, '--modality', modality) == 0
        assert (folder / 'flow_train_rawframes.txt').read_text() == f'34870 {count} 24\n'
    (folder / 'items/34870/flow_y_00036.jpg').unlink()
    assert run(folder, 'jester', *flags, '--modality', 'flow', '--subset', 'train') == 2
    assert '36 frames flow_x_*, but 35 flow_y_*' in capsys.readouterr().err


def test_frames_from_zero_are_said(tmp_path, capsys):
    files, items, flags, _ = FRAMES['activitynet']
    folder = place(tmp_path, 'activitynet', files, items, 'image_', first=0)
    assert run(folder, 'activitynet', *flags) == 0
    assert 'frames are numbered from 0: a config needs start_index=0' in capsys.readouterr().out
    # Clips name their first frame.
    assert (folder / 'anet_train_clip.txt').read_text() \
        == 'v_aaaaaaaaaaa 4 16 1\nv_aaaaaaaaaaa 39 1 1\n'


def test_shuffling_repeats(tmp_path):
    lines = ''.join(f'{i};No gesture\n' for i in range(50))
    folder = place(tmp_path, 'jester', {'jester-v1-train.csv': lines},
                   {str(i): 1 for i in range(50)}, '')
    found = []
    for seed in ('0', '0', '1'):
        assert run(folder, 'jester', '--subset', 'train', '--shuffle', '--seed', seed) == 0
        found.append((folder / 'jester_train_list_rawframes.txt').read_text().splitlines())
    assert found[0] == found[1] != found[2]
    assert sorted(found[0]) == sorted(found[2]) == sorted(f'{i} 1 25' for i in range(50))
    assert found[0] != [f'{i} 1 25' for i in range(50)]


def test_json_and_levels(tmp_path):
    files, items, flags, _ = VIDEOS['ucf101']
    folder = place(tmp_path, 'ucf101', files, [item.split('/')[1] for item in items])
    assert run(folder, 'ucf101', '--format', 'videos', '--level', '1', '--output-format', 'json',
               *flags) == 0
    path = folder / 'ucf101_train_split_1_videos.json'
    assert json.loads(path.read_text()) == [dict(filename='v_Archery_g01_c01.avi', label=[2]),
                                            dict(filename='v_YoYo_g01_c01.mp4', label=[100])]
    assert len(VideoDataset(path, [], num_classes=101)) == 2


def test_lists_of_folders(tmp_path, capsys):
    for name in ('train/a b/1.mp4', 'train/c/deep/2.mp4', 'val/c/3.mp4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    flags = ['--format', 'videos', '--out-root-path', str(tmp_path)]
    assert build_file_list.main(['folders', str(tmp_path / 'train'), *flags]) == 0
    assert (tmp_path / 'train_list_videos.txt').read_text() == '"a b/1.mp4" 0\nc/deep/2.mp4 1\n'
    assert (tmp_path / 'classes.txt').read_text() == 'a b\nc\n'
    assert build_file_list.main(['folders', str(tmp_path / 'val'), *flags]) == 2
    assert 'other classes than' in capsys.readouterr().err
    (tmp_path / 'val/classes.txt').write_text('a b\nc\n')
    assert build_file_list.main(['folders', str(tmp_path / 'val'), *flags]) == 0
    assert (tmp_path / 'val_list_videos.txt').read_text() == 'c/3.mp4 1\n'
    place(tmp_path, 'jester', {}, {'x/1': 3, 'y/2': 4})
    assert build_file_list.main(['folders', str(tmp_path / 'data/jester/items'),
                                 '--out-root-path', str(tmp_path / 'data')]) == 0
    found = tmp_path / 'data/items_list_rawframes.txt'
    assert found.read_text() == 'x/1 3 0\ny/2 4 1\n'
    assert len(RawframeDataset(found, [])) == 2


@pytest.mark.parametrize('flags, message', [
    (['--format', 'audio'], '--format: folders can be of videos or rawframes, not of audio'),
    (['--modality', 'flow'], '--modality: folders are listed by their pictures'),
    (['--format', 'videos', '--out-name', '{x}'], '--out-name {x}: expected no places but'),
    (['--rgb-prefix', 'y'], 'holds no sample'),
])
def test_what_folders_cannot_be_listed(flags, message, tmp_path, capsys):
    (tmp_path / 'a/b').mkdir(parents=True)
    (tmp_path / 'a/1.mp4').touch()
    (tmp_path / 'a/b/img_00001.png').touch()
    args = ['folders', str(tmp_path), '--out-root-path', str(tmp_path / 'out')]
    assert build_file_list.main([*args, *flags]) == 2
    assert message in capsys.readouterr().err
    assert build_file_list.main([*args, '--out-name', 'f.txt']) == 0
    assert (tmp_path / 'out/f.txt').read_text() == 'a/b 1 0\n'


WRONG = [
    ('ucf101', {'trainlist01.txt': 'Archery/a.avi 3\n\nArchery/b.avi 4\n'}, [],
     'trainlist01.txt, line 3: Archery is class 3 of'),
    ('ucf101', {'trainlist01.txt': 'Arching/a.avi 3\n'}, [],
     "trainlist01.txt, line 1: class 'Arching' is not among the 101 of label map ucf101"),
    ('ucf101', {'trainlist01.txt': 'Archery/a.avi 3 4\n'}, [],
     "trainlist01.txt, line 1: expected `class/video.avi number`, found 'Archery/a.avi 3 4'"),
    ('ucf101', {'classInd.txt': UCF.replace('3 Archery', '4 Archery')}, [],
     "classInd.txt, line 3: expected class 3, found '4'"),
    ('hmdb51', {'wave_test_split1.txt': 'a.avi 3\n'}, [],
     "wave_test_split1.txt, line 1: expected 0, 1 or 2 after the name, found '3'"),
    ('hmdb51', {'wave_test_split2.txt': None}, [], 'has no split file wave_test_split2.txt'),
    ('kinetics400', {'kinetics_train.csv': 'label,youtube_id,time_start\nzumba,a,1\n'}, [],
     'kinetics_train.csv, line 1: expected `label,youtube_id,time_start,time_end`'),
    ('kinetics400', {'kinetics_train.csv': 'label,youtube_id,start,time_end\nzumba,a,1,2\n'}, [],
     "kinetics_train.csv, line 1: there is no column 'time_start'"),
    ('kinetics400', {'kinetics_train.csv':
                     'label,youtube_id,time_start,time_end\nzumba,a,x,11\n'}, [],
     "kinetics_train.csv, line 2: time_start 'x' and time_end '11' are no seconds"),
    ('sthv2', {'labels.json': '{"a": 0}'}, [], 'labels.json: 1 classes, label map sthv2 has 174'),
    ('sthv2', {'something-something-v2-train.json': '[{"id": "1"}]'}, [],
     "something-something-v2-train.json, entry 1: expected the key 'template' with a string"),
    ('mit', {'moments_categories.txt': MIT.replace('clapping', 'slapping')}, [],
     "moments_categories.txt: class 0 is 'slapping', in label map mit 'clapping'"),
    ('mmit', {'trainingSet.csv': 'a/b.mp4,313\n'}, [],
     'trainingSet.csv, line 1: class 313, expected 0..312'),
    ('mmit', {'trainingSet.csv': 'a/b.mp4,x\n'}, [],
     "trainingSet.csv, line 1: expected class numbers after the name, found 'x'"),
    ('charades', {'Charades_v1_train.csv': 'id,actions\na,c157 1 2\n'}, [],
     "Charades_v1_train.csv, line 2: action 'c157 1 2', expected for example 'c092 11.90 21.20'"),
    ('diving48', {'Diving48_V2_train.json': '[{"vid_name": "a", "label": 48}]'}, [],
     'Diving48_V2_train.json, entry 1: class 48, expected 0..47'),
    ('diving48', {'Diving48_V2_train.json': '{"vid_name": "a"'}, [], 'is no valid JSON'),
    ('ucf101', {}, ['--level', '1'], 'there are no files (videos) at --level 1, but at --level 2'),
    ('ucf101', {}, ['--subset', 'test'], '--subset test: ucf101 has train and val'),
    ('ucf101', {}, ['--num-split', '0'], '--num-split 0: expected 1 or more'),
    ('ucf101', {}, ['--out-name', '{x}.txt'], '--out-name {x}.txt: expected no places but'),
    ('ucf101', {}, ['--anno-dir', 'gone'], '--anno-dir: gone has no split file classInd.txt'),
    ('ucf101', {'trainlist01.txt': 'Archery/x.avi 3\n', 'testlist01.txt': 'YoYo/y.avi\n'}, [],
     'holds nothing that the split files name; expected for example YoYo/y, found for example '
     'Archery/v_Archery_g01_c01.avi'),
]


@pytest.mark.parametrize('name, changes, flags, message', WRONG)
def test_wrong_input_is_named(name, changes, flags, message, tmp_path, capsys):
    files, items, usual, _ = VIDEOS[name]
    files = {k: v for k, v in {**files, **changes}.items() if v is not None}
    folder = place(tmp_path, name, files, items)
    usual = ['--subset', 'train'] if name in ('kinetics400', 'mit') else usual
    if name == 'mit':
        (folder / 'annotations/trainingSet.csv').write_text('clapping/a-1.mp4,clapping\n')
    assert run(folder, name, '--format', 'videos', *usual, *flags) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1


def test_the_part_must_be_told_where_each_has_a_folder(tmp_path, capsys):
    folder = place(tmp_path, 'kinetics600', {}, ['zumba/a.mp4'])
    assert run(folder, 'kinetics600', '--format', 'videos') == 2
    assert '--subset: kinetics600 has a folder of its own for each' in capsys.readouterr().err
    assert build_file_list.main(['jester', str(tmp_path / 'gone')]) == 2
    assert 'gone: no such folder' in capsys.readouterr().err


@pytest.mark.parametrize('change, message', [
    (dict(segment=[1]), 'expected a segment [start, end] in seconds, found [1]'),
    (dict(segment=[0, float('nan')]), 'expected a segment [start, end] in seconds, found [0, nan]'),
    (dict(segment=None), "expected the key 'segment' with a list"),
    (dict(label='Napping'), "class 'Napping' is not among the 200 of label map activitynet"),
])
def test_wrong_actions_are_named(change, message, tmp_path, capsys):
    wrong = json.loads(ANET)
    wrong['database']['bbbbbbbbbbb']['annotations'][0].update(change)
    folder = place(tmp_path, 'activitynet', {'activity_net.v1-3.min.json': json.dumps(wrong)},
                   {'v_aaaaaaaaaaa': 1}, 'image_')
    assert run(folder, 'activitynet', '--rgb-prefix', 'image_') == 2
    assert f'video bbbbbbbbbbb, annotation 1: {message}' in capsys.readouterr().err


def test_lists_of_sound_count_the_frames_of_videos(tmp_path, capsys, embedded):
    csv = ('label,youtube_id,time_start,time_end\nzumba,a,1,11\nzumba,b,2,12\nzumba,c,3,13\n')
    folder = place(tmp_path, 'kinetics400', {'kinetics_val.csv': csv},
                   [f'zumba/{stem}.npy' for stem in ('a_000001_000011', 'b_000002_000012')])
    flags = ['--format', 'audio_feature', '--subset', 'val']
    assert run(folder, 'kinetics400', *flags) == 2
    assert '--frames-of: a list of audio_feature says how many frames' in capsys.readouterr().err
    frames = folder / 'frames.txt'
    frames.write_text('zumba/a_000001_000011 300 399\nzumba/c_000003_000013 250 399\n')
    assert run(folder, 'kinetics400', *flags, '--frames-of', str(frames)) == 0
    path = folder / 'kinetics400_val_list_audio_feature.txt'
    assert path.read_text() == 'zumba/a_000001_000011.npy 300 399\n'
    assert '1 of 3 items; 1 not there, 1 damaged' in capsys.readouterr().out
    assert (f'zumba/b_000002_000012.npy\t{frames} has no entry of this name'
            in (folder / 'kinetics400_val_list_audio_feature_missing.txt').read_text())
    assert AudioFeatureDataset(path, [], str(folder)).records[0]['total_frames'] == 300

    source = next((embedded / 'videos/val').glob('*.mp4'))
    (folder / 'videos/zumba').mkdir(parents=True)
    (folder / 'videos/zumba/a_000001_000011.mp4').symlink_to(source)
    assert run(folder, 'kinetics400', *flags, '--frames-of', str(folder / 'videos')) == 0
    with av.open(str(source)) as container:
        count = sum(1 for _ in container.decode(video=0))
    assert path.read_text() == f'zumba/a_000001_000011.npy {count} 399\n'
