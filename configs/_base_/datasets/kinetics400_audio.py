# The sound of Kinetics-400, as wave files.
root = 'data/kinetics400'
num_classes = 400
reader = [dict(type='AudioDecodeInit')]
decode = [dict(type='AudioDecode')]
train_dataloader = dict(
    batch_size=320, num_workers=4, persistent_workers=True,
    dataset=dict(type='AudioDataset', ann_file=f'{root}/kinetics400_train_list_audio.txt',
                 data_prefix=f'{root}/audios'))
val_dataloader = test_dataloader = dict(
    batch_size=320, num_workers=4, persistent_workers=True,
    dataset=dict(type='AudioDataset', ann_file=f'{root}/kinetics400_val_list_audio.txt',
                 data_prefix=f'{root}/audios'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
