# Optical flow of Kinetics-400, two pictures (x, y) a frame.
root = 'data/kinetics400'
num_classes = 400
reader = []
decode = [dict(type='RawFrameDecode')]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/kinetics_flow_train_list.txt',
                 data_prefix=f'{root}/rawframes_train', filename_tmpl='{}_{:05d}.jpg',
                 modality='Flow'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/kinetics_flow_val_list.txt',
                 data_prefix=f'{root}/rawframes_val', filename_tmpl='{}_{:05d}.jpg',
                 modality='Flow'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
