"""Split files of the public data sets, in the form in which they are published, and a disk."""
import json
from pathlib import Path

from mmvideo.datasets.official import OFFICIAL
from mmvideo.labels import label_names

UCF = ''.join(f'{i} {name}\n' for i, name in enumerate(label_names('ucf101'), 1))
HMDB = {f'{name}_test_split{k}.txt': '' for name in label_names('hmdb51') for k in (1, 2, 3)}
MIT = ''.join(f'{name},{i}\n' for i, name in enumerate(label_names('mit')))
DIVES = json.dumps([name.split('+') for name in label_names('diving48')])
STHV2 = json.dumps({name: str(i) for i, name in enumerate(label_names('sthv2'))})
ANET = json.dumps(dict(version='VERSION 1.3', database={
    'aaaaaaaaaaa': dict(subset='training', duration=10.0, annotations=[
        dict(segment=[1.0, 5.0], label='Arm wrestling'),
        dict(segment=[9.9, 20.0], label='Arm wrestling')]),
    'bbbbbbbbbbb': dict(subset='validation', duration=4.0, annotations=[
        dict(segment=[0, 4.0], label='Applying sunscreen')]),
    'ccccccccccc': dict(subset='testing', duration=4.0, annotations=[])}))

# Data set -> split files, items on disk (with a number: folders of so many frames), flags, lists.
VIDEOS = {
    'ucf101': (
        {'classInd.txt': UCF,
         'trainlist01.txt': 'Archery/v_Archery_g01_c01.avi 3\r\nYoYo/v_YoYo_g01_c01.avi 101\r\n',
         'testlist01.txt': 'HandstandPushups/v_HandStandPushups_g01_c01.avi\n'},
        ['Archery/v_Archery_g01_c01.avi', 'YoYo/v_YoYo_g01_c01.mp4',
         'HandStandPushups/v_HandStandPushups_g01_c01.avi'], ['--num-split', '1'],
        {'ucf101_train_split_1_videos.txt':
         'Archery/v_Archery_g01_c01.avi 2\nYoYo/v_YoYo_g01_c01.mp4 100\n',
         'ucf101_val_split_1_videos.txt': 'HandStandPushups/v_HandStandPushups_g01_c01.avi 36\n'}),
    'hmdb51': (
        {**HMDB, 'wave_test_split1.txt': '#1_wave.avi 1 \nb_wave.avi 2 \nc_wave.avi 0 \n',
         'wave_test_split2.txt': '#1_wave.avi 2 \nb_wave.avi 1 \nc_wave.avi 0 \n'},
        ['wave/#1_wave.avi', 'wave/b_wave.avi'], ['--num-split', '2'],
        {'hmdb51_train_split_1_videos.txt': 'wave/#1_wave.avi 50\n',
         'hmdb51_val_split_1_videos.txt': 'wave/b_wave.avi 50\n',
         'hmdb51_train_split_2_videos.txt': 'wave/b_wave.avi 50\n',
         'hmdb51_val_split_2_videos.txt': 'wave/#1_wave.avi 50\n'}),
    'kinetics400': (
        {'kinetics_train.csv': 'label,youtube_id,time_start,time_end,split,is_cc\n'
         'testifying,---QUuC4vJs,84,94,train,0\n"petting animal (not cat)",-0abc,5,15,train,0\n'
         "massaging person's head,xyz_1,0,10,train,0\nzumba,gone,1,11,train,0\n"},
        ['testifying/---QUuC4vJs_000084_000094.mp4', 'petting_animal_(not_cat)/-0abc_5_15.mkv',
         'massaging persons head/xyz_1.webm'], ['--subset', 'train'],
        {'kinetics400_train_list_videos.txt': 'testifying/---QUuC4vJs_000084_000094.mp4 354\n'
         'petting_animal_(not_cat)/-0abc_5_15.mkv 212\n'
         '"massaging persons head/xyz_1.webm" 196\n',
         'kinetics400_train_list_videos_missing.txt': 'zumba/gone_000001_000011\tis not there\n'}),
    'kinetics700': (
        {'validate.csv': 'label,youtube_id,time_start,time_end,split\nzumba,abc,1.0,11.0,val\n'},
        ['zumba/abc_000001_000011.mp4'], ['--subset', 'val'],
        {'kinetics700_val_list_videos.txt': 'zumba/abc_000001_000011.mp4 699\n'}),
    'sthv2': (
        {'something-something-v2-train.json': json.dumps([
            dict(id='78687', label='holding potato next to vicks vaporub bottle',
                 template='Holding [something] next to [something]')]),
         'something-something-v2-validation.json': json.dumps([
             dict(id=74225, template="Putting [something that can't roll] onto a slanted surface, "
                                     'so it stays where it is')]),
         'something-something-v2-test.json': json.dumps([dict(id='1420')]), 'labels.json': STHV2},
        ['78687.webm', '74225.webm', '1420.webm'], [],
        {'sthv2_train_list_videos.txt': '78687.webm 19\n',
         'sthv2_val_list_videos.txt': '74225.webm 116\n',
         'sthv2_test_list_videos.txt': '1420.webm\n'}),
    'mit': (
        {'moments_categories.txt': MIT, 'validationSet.csv':
         'adult+female+speaking/a-1.mp4,adult+female+speaking,3,0\nclapping/a-1.mp4,clapping,4,1\n'},
        ['adult+female+speaking/a-1.mp4', 'clapping/a-1.mp4'], ['--subset', 'val'],
        {'mit_val_list_videos.txt': 'adult+female+speaking/a-1.mp4 169\nclapping/a-1.mp4 0\n'}),
    'charades': (
        {'Charades_v1_train.csv': 'id,subject,script,actions,length\n'
                                  '46GP8,HR43,"A person, cooking",c092 11.90 21.20;'
                                  'c147 0.00 12.60;c092 22.00 30.00,24.83\nN11GT,0KZ7,,,18.33\n',
         'Charades_v1_test.csv': 'id,actions\nYSKX3,c156 1.00 2.00\n'},
        ['46GP8.mp4', 'N11GT.mp4', 'YSKX3.mp4'], [],
        {'charades_train_list_videos.txt': '46GP8.mp4 92 147\n',
         'charades_val_list_videos.txt': 'YSKX3.mp4 156\n'}),
    'mmit': (
        {'trainingSet.csv': 'accelerating/a-1.mp4,12,34\n', 'validationSet.txt': 'b/c.mp4,312\n'},
        ['accelerating/a-1.mp4', 'b/c.mp4'], [],
        {'mmit_train_list_videos.txt': 'accelerating/a-1.mp4 12 34\n',
         'mmit_val_list_videos.txt': 'b/c.mp4 312\n'}),
    'diving48': (
        {'Diving48_V2_train.json': json.dumps([dict(vid_name='bJEhFzrYgr4_00164', label=35,
                                                    start_frame=0, end_frame=235)]),
         'Diving48_V2_test.json': json.dumps([dict(vid_name='bJEhFzrYgr4_00165', label=0)]),
         'Diving48_vocab.json': DIVES},
        ['bJEhFzrYgr4_00164.mp4', 'bJEhFzrYgr4_00165.mp4'], [],
        {'diving48_train_list_videos.txt': 'bJEhFzrYgr4_00164.mp4 35\n',
         'diving48_val_list_videos.txt': 'bJEhFzrYgr4_00165.mp4 0\n'}),
}
FRAMES = {
    'sthv1': (
        {'something-something-v1-train.csv': '100218;Holding something\n'
         '100219;Pretending to put something on a surface\n',
         'something-something-v1-validation.csv':
         "3;Pushing something so that it almost falls off but doesn't\n",
         'something-something-v1-test.csv': '4\n',
         'something-something-v1-labels.csv': ''.join(n + '\n' for n in label_names('sthv1'))},
        {'100218': 3, '100219': 2, '3': 4}, [],
        {'sthv1_train_list_rawframes.txt': '100218 3 0\n100219 2 23\n',
         'sthv1_val_list_rawframes.txt': '3 4 8\n'}),
    'jester': (
        {'jester-v1-train.csv': '34870;Drumming Fingers\n',
         'jester-v1-validation.csv': '9;Swiping Left\n'},
        {'34870': 37, '9': 2}, [],
        {'jester_train_list_rawframes.txt': '34870 37 24\n',
         'jester_val_list_rawframes.txt': '9 2 0\n'}),
    'gym99': (
        {'gym99_train_element_v1.0.txt': 'A0xAXXysHUo_E_002184_002237_A_0035_0036 1\n',
         'gym99_val_element.txt': 'A0xAXXysHUo_E_002184_002237_A_0037_0038 98\n'},
        {'A0xAXXysHUo_E_002184_002237_A_0035_0036': 5,
         'A0xAXXysHUo_E_002184_002237_A_0037_0038': 6}, [],
        {'annotations/gym99_train_list_rawframes.txt':
         'A0xAXXysHUo_E_002184_002237_A_0035_0036 5 1\n',
         'annotations/gym99_val_list_rawframes.txt':
         'A0xAXXysHUo_E_002184_002237_A_0037_0038 6 98\n'}),
    'activitynet': (
        {'activity_net.v1-3.min.json': ANET}, {'v_aaaaaaaaaaa': 40, 'v_bbbbbbbbbbb': 8},
        ['--rgb-prefix', 'image_'],
        {'anet_train_video.txt': 'v_aaaaaaaaaaa 40 1\n', 'anet_val_video.txt':
         'v_bbbbbbbbbbb 8 0\n', 'anet_train_clip.txt':
         'v_aaaaaaaaaaa 5 16 1\nv_aaaaaaaaaaa 40 1 1\n',
         'anet_val_clip.txt': 'v_bbbbbbbbbbb 1 8 0\n'}),
}
PREFIX = dict(sthv1='', jester='', activitynet='image_')


def place(root, name, files, items, prefix='img_', first=1):
    """A data set on disk: empty files are enough, nothing is opened."""
    folder = root / 'data' / Path(OFFICIAL[name].root).name
    for path, text in files.items():
        (folder / 'annotations' / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / 'annotations' / path).write_text(text, newline='')
    for item in items:
        path = folder / 'items' / item
        (path if isinstance(items, dict) else path.parent).mkdir(parents=True, exist_ok=True)
        if isinstance(items, dict):
            for number in range(first, first + items[item]):
                (path / f'{prefix}{number:05}.jpg').touch()
        else:
            path.touch()
    return folder
