# The sound of Kinetics-400, as log-mel features [frames, 80].
root = 'data/kinetics400'
num_classes = 400
reader = [dict(type='LoadAudioFeature')]
decode = [dict(type='AudioFeatureSelector')]
train_dataloader = dict(
    batch_size=320, num_workers=4, persistent_workers=True,
    dataset=dict(type='AudioFeatureDataset',
                 ann_file=f'{root}/kinetics400_train_list_audio_feature.txt',
                 data_prefix=f'{root}/audio_feature_train'))
val_dataloader = test_dataloader = dict(
    batch_size=320, num_workers=4, persistent_workers=True,
    dataset=dict(type='AudioFeatureDataset',
                 ann_file=f'{root}/kinetics400_val_list_audio_feature.txt',
                 data_prefix=f'{root}/audio_feature_val'))
val_evaluator = test_evaluator = dict(
    type='AccMetric', metric_list=['top_k_accuracy', 'mean_class_accuracy'])
