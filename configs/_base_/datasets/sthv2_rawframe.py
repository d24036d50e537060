# Something-Something V2 as folders of frames. Flipped, six classes become others.
root = 'data/sthv2'
num_classes = 174
reader = []
decode = [dict(type='RawFrameDecode')]
flip = [dict(type='Flip', flip_ratio=0.5,
             flip_label_map={86: 87, 87: 86, 93: 94, 94: 93, 166: 167, 167: 166})]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/sthv2_train_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/sthv2_val_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
