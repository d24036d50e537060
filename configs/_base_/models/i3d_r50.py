# I3D (arXiv:1705.07750) as an inflated ResNet-50 (arXiv:1711.07971, table 1).
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCTHW'),
    backbone=dict(type='ResNet3d', pretrained2d=True, pretrained='torchvision://resnet50',
                  depth=50, conv1_kernel=(5, 7, 7), conv1_stride_t=2, pool1_stride_t=2,
                  conv_cfg=dict(type='Conv3d'), norm_eval=False,
                  inflate=((1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0)),
                  zero_init_residual=False),
    cls_head=dict(type='I3DHead', num_classes=400, in_channels=2048, spatial_type='avg',
                  dropout_ratio=0.5, init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
