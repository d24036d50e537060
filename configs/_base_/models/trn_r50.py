# TRN (arXiv:1711.08496), ResNet-50: relations between frames, of several lengths.
pack = [dict(type='FormatShape', input_format='NCHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer2D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCHW'),
    backbone=dict(type='ResNet', pretrained='torchvision://resnet50', depth=50, norm_eval=False,
                  partial_bn=True),
    cls_head=dict(type='TRNHead', num_classes=174, in_channels=2048, num_segments=8,
                  spatial_type='avg', relation_type='TRNMultiScale', hidden_dim=256,
                  dropout_ratio=0.8, init_std=0.001),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
