# Kinetics-700 as video files.
root = 'data/kinetics700'
num_classes = 700
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=12, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/kinetics700_train_list_videos.txt',
                 data_prefix=f'{root}/videos_train'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/kinetics700_val_list_videos.txt',
                 data_prefix=f'{root}/videos_val'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
