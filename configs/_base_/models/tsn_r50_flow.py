# TSN (arXiv:1608.00859), ResNet-50, on five frames of optical flow as ten channels.
pack = [dict(type='JoinFlow'),
        dict(type='FormatShape', input_format='NCHW_Flow'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer2D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[128, 128], std=[128, 128],
                           format_shape='NCHW'),
    backbone=dict(type='ResNet', pretrained='torchvision://resnet50', depth=50, norm_eval=False,
                  in_channels=10),
    cls_head=dict(type='TSNHead', num_classes=400, in_channels=2048, spatial_type='avg',
                  consensus=dict(type='AvgConsensus', dim=1), dropout_ratio=0.4, init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips=None))
