# ActivityNet v1.3 as folders of frames, whole videos.
root = 'data/ActivityNet'
num_classes = 200
reader = []
decode = [dict(type='RawFrameDecode')]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/anet_train_video.txt',
                 data_prefix=f'{root}/rawframes'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/anet_val_video.txt',
                 data_prefix=f'{root}/rawframes'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
