# Your own videos: point the lists, the folder and the class count at yours with --cfg-options.
root = 'data/own'
classes = f'{root}/classes.txt'
num_classes = 2
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=16, num_workers=2, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/train.txt', data_prefix=f'{root}/videos'))
val_dataloader = test_dataloader = dict(
    batch_size=16, num_workers=2, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/val.txt', data_prefix=f'{root}/videos'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
