# Something-Something V1 as folders of frames. Flipped, six classes become others.
root = 'data/sthv1'
num_classes = 174
reader = []
decode = [dict(type='RawFrameDecode')]
flip = [dict(type='Flip', flip_ratio=0.5,
             flip_label_map={2: 4, 4: 2, 30: 41, 41: 30, 52: 66, 66: 52})]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/sthv1_train_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes', filename_tmpl='{:05}.jpg'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/sthv1_val_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes', filename_tmpl='{:05}.jpg'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
