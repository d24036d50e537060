# CSN (arXiv:1904.02811), interaction-reduced, ResNet-152: 3x3x3 convolutions go channel by channel.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCTHW'),
    backbone=dict(type='ResNet3dCSN', pretrained2d=False, pretrained=None, depth=152,
                  with_pool2=False, bottleneck_mode='ir', norm_eval=False,
                  zero_init_residual=False),
    cls_head=dict(type='I3DHead', num_classes=400, in_channels=2048, spatial_type='avg',
                  dropout_ratio=0.5, init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='prob', max_testing_views=10))
