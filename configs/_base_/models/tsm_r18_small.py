# TSM with an 18-layer ResNet of 24 channels, from scratch: a few minutes on a CPU. A quarter of
# so few channels moves each way: with an eighth (three of 24) turning is learned late.
pack = [dict(type='FormatShape', input_format='NCHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer2D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCHW'),
    backbone=dict(type='ResNetTSM', depth=18, base_channels=24, norm_eval=False, shift_div=4),
    cls_head=dict(type='TSMHead', num_classes=400, in_channels=192, spatial_type='avg',
                  consensus=dict(type='AvgConsensus', dim=1), dropout_ratio=0.2, init_std=0.01,
                  is_shift=True),
    train_cfg=None,
    test_cfg=dict(average_clips='score'))
