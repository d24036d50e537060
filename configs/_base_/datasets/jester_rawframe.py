# Jester as folders of frames. Flipped, four classes become others.
root = 'data/jester'
num_classes = 27
reader = []
decode = [dict(type='RawFrameDecode')]
flip = [dict(type='Flip', flip_ratio=0.5, flip_label_map={0: 1, 1: 0, 6: 7, 7: 6})]
train_dataloader = dict(
    batch_size=8, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/jester_train_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes', filename_tmpl='{:05}.jpg'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=4, persistent_workers=True,
    dataset=dict(type='RawframeDataset', ann_file=f'{root}/jester_val_list_rawframes.txt',
                 data_prefix=f'{root}/rawframes', filename_tmpl='{:05}.jpg'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
