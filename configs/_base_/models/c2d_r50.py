# C2D (arXiv:1711.07971, table 1), ResNet-50 from scratch.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[114.75, 114.75, 114.75],
                           std=[57.375, 57.375, 57.375], format_shape='NCTHW'),
    backbone=dict(type='C2D', depth=50, pretrained=None, pool1_padding=1, norm_eval=False),
    cls_head=dict(type='I3DHead', in_channels=2048, num_classes=400, spatial_type='avg',
                  dropout_ratio=0.5, pool_size=(7, 7)),
    train_cfg=None,
    test_cfg=dict(average_clips='prob', max_testing_views=10))
