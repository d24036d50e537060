# SlowOnly (arXiv:1812.03982), ResNet-50, on optical flow.
pack = [dict(type='JoinFlow'),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[128, 128], std=[128, 128],
                           format_shape='NCTHW'),
    backbone=dict(type='ResNet3dSlowOnly', depth=50, pretrained='torchvision://resnet50',
                  lateral=False, conv1_kernel=(1, 7, 7), conv1_stride_t=1, pool1_stride_t=1,
                  inflate=(0, 0, 1, 1), norm_eval=False, in_channels=2, with_pool2=False),
    cls_head=dict(type='I3DHead', in_channels=2048, num_classes=400, spatial_type='avg',
                  dropout_ratio=0.5),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
