# Moments in Time as video files.
root = 'data/mit'
num_classes = 339
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=16, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/mit_train_list_videos.txt',
                 data_prefix=f'{root}/videos/training'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/mit_val_list_videos.txt',
                 data_prefix=f'{root}/videos/validation'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
