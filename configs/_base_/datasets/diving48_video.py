# Diving48 as video files.
root = 'data/diving48'
num_classes = 48
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/diving48_train_list_videos.txt',
                 data_prefix=f'{root}/videos'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/diving48_val_list_videos.txt',
                 data_prefix=f'{root}/videos'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
