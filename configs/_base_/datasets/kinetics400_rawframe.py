# Kinetics-400 as folders of frames.
root = 'data/kinetics400'
num_classes = 400
reader = []
decode = [dict(type='RawFrameDecode')]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/kinetics400_train_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes_train'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/kinetics400_val_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes_val'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
