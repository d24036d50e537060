# The embedded data set, as video files: tools/data/build_embedded.py makes it.
root = 'data/embedded'
classes = f'{root}/classes.txt'
num_classes = 8
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=16, num_workers=2, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/train_videos.txt',
                 data_prefix=f'{root}/videos'))
val_dataloader = test_dataloader = dict(
    batch_size=16, num_workers=2, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/val_videos.txt',
                 data_prefix=f'{root}/videos'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
