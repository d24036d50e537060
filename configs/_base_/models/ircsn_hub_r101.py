# CSN (arXiv:1904.02811), interaction-reduced, ResNet-101, with norms as PyTorchVideo has them.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[114.75, 114.75, 114.75],
                           std=[57.375, 57.375, 57.375], format_shape='NCTHW'),
    backbone=dict(type='ResNet3dCSN', depth=101, pretrained=None, pretrained2d=False,
                  with_pool2=False, bottleneck_mode='ir',
                  norm_cfg=dict(type='BN3d', requires_grad=True, eps=1e-5)),
    cls_head=dict(type='I3DHead', in_channels=2048, num_classes=400, spatial_type='avg',
                  dropout_ratio=0.5, pool_size=(7, 7)),
    train_cfg=None,
    test_cfg=dict(average_clips='prob', max_testing_views=10))
