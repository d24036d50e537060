# UCF101, first split, as folders of frames.
root = 'data/ucf101'
num_classes = 101
reader = []
decode = [dict(type='RawFrameDecode')]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/ucf101_train_split_1_rawframes.txt',
                 data_prefix=f'{root}/rawframes'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/ucf101_val_split_1_rawframes.txt',
                 data_prefix=f'{root}/rawframes'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
