# SlowFast (arXiv:1812.03982), ResNet-50, 4x16, as its authors have it: norms behind connections.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[114.75, 114.75, 114.75],
                           std=[57.375, 57.375, 57.375], format_shape='NCTHW'),
    backbone=dict(
        type='ResNet3dSlowFast', pretrained=None, resample_rate=8, speed_ratio=8, channel_ratio=8,
        slow_frames='spread',
        slow_pathway=dict(type='resnet3d', depth=50, pretrained=None, lateral=True,
                          lateral_norm=True, fusion_kernel=5, conv1_kernel=(1, 7, 7),
                          inflate=(0, 0, 1, 1), norm_eval=False, non_local=(0, 0, 0, 0),
                          non_local_cfg=dict(mode='dot_product', sub_sample=False,
                                             use_scale=False, pool_first=(2, 2, 2),
                                             norm_cfg=dict(type='BN3d', requires_grad=True))),
        fast_pathway=dict(type='resnet3d', depth=50, pretrained=None, lateral=False,
                          base_channels=8, conv1_kernel=(5, 7, 7), norm_eval=False)),
    cls_head=dict(type='SlowFastHead', in_channels=2304, num_classes=400, spatial_type='avg',
                  dropout_ratio=0.5, pool_size=(7, 7)),
    train_cfg=None,
    test_cfg=dict(average_clips='prob', max_testing_views=10))
