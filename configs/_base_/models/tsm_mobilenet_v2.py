# TSM (arXiv:1811.08383) in MobileNetV2 (arXiv:1801.04381).
pack = [dict(type='FormatShape', input_format='NCHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer2D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCHW'),
    backbone=dict(type='MobileNetV2TSM', shift_div=8, num_segments=8, is_shift=True,
                  pretrained='mmcls://mobilenet_v2'),
    cls_head=dict(type='TSMHead', num_segments=8, num_classes=400, in_channels=1280,
                  spatial_type='avg', consensus=dict(type='AvgConsensus', dim=1),
                  dropout_ratio=0.5, init_std=0.001, is_shift=True),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
