# Optical flow of FineGYM, 99 classes.
root = 'data/gym'
num_classes = 99
reader = []
decode = [dict(type='RawFrameDecode')]
train_dataloader = dict(
    batch_size=24, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset',
                 ann_file=f'{root}/annotations/gym99_train_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes', filename_tmpl='{}_{:05d}.jpg', modality='Flow'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset',
                 ann_file=f'{root}/annotations/gym99_val_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes', filename_tmpl='{}_{:05d}.jpg', modality='Flow'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
