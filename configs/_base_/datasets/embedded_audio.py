# The sound of the embedded data set, as log-mel features [frames, 80].
root = 'data/embedded'
classes = f'{root}/classes.txt'
num_classes = 8
reader = [dict(type='LoadAudioFeature')]
decode = [dict(type='AudioFeatureSelector', fixed_length=128)]
train_dataloader = dict(
    batch_size=16, num_workers=2, persistent_workers=True,
    dataset=dict(type='AudioFeatureDataset', ann_file=f'{root}/train_audio_features.txt',
                 data_prefix=f'{root}/audio_features'))
val_dataloader = test_dataloader = dict(
    batch_size=16, num_workers=2, persistent_workers=True,
    dataset=dict(type='AudioFeatureDataset', ann_file=f'{root}/val_audio_features.txt',
                 data_prefix=f'{root}/audio_features'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
