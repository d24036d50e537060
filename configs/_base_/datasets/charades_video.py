# Charades as video files. A clip in training has the labels of what is done in it, a video in the
# test those of all of it.
root = 'data/charades'
num_classes = 157
reader = [dict(type='PyAVInit')]
timed = [dict(type='TimedLabel')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=2, num_workers=4, persistent_workers=True,
    dataset=dict(type='CharadesDataset', ann_file=f'{root}/annotations/Charades_v1_train.csv',
                 data_prefix=f'{root}/videos', multi_class=True, num_classes=num_classes))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/charades_val_list_videos.txt',
                 data_prefix=f'{root}/videos', multi_class=True, num_classes=num_classes))
val_evaluator = test_evaluator = dict(type='AccMetric', metric_list=['mean_average_precision'])
