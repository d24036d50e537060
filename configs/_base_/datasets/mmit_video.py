# Multi-Moments in Time as video files; a video has several labels.
root = 'data/mmit'
num_classes = 313
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=16, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/mmit_train_list_videos.txt',
                 data_prefix=f'{root}/videos', multi_class=True, num_classes=num_classes))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/mmit_val_list_videos.txt',
                 data_prefix=f'{root}/videos', multi_class=True, num_classes=num_classes))
val_evaluator = test_evaluator = dict(type='AccMetric', metric_list=['mmit_mean_average_precision'])
