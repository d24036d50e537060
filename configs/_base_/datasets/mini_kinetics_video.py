# Mini-Kinetics, 200 classes of Kinetics-400, as video files.
root = 'data/OmniSource'
num_classes = 200
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
train_dataloader = dict(
    batch_size=12, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/annotations/kinetics_200/k200_train.txt',
                 data_prefix=f'{root}/kinetics_200_train'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='VideoDataset', ann_file=f'{root}/annotations/kinetics_200/k200_val.txt',
                 data_prefix=f'{root}/kinetics_200_val'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
