# HVU as video files, the tags of the category 'event'; a video has several.
root = 'data/hvu'
num_classes = 69
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=32, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/hvu_event_train.json',
                 data_prefix=f'{root}/videos_train', multi_class=True, num_classes=num_classes))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/hvu_event_val.json',
                 data_prefix=f'{root}/videos_val', multi_class=True, num_classes=num_classes))
val_evaluator = test_evaluator = dict(type='AccMetric', metric_list=['mean_average_precision'])
