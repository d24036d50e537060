# TANet (arXiv:2005.06803), ResNet-50: each block with a kernel along time made for the video.
pack = [dict(type='FormatShape', input_format='NCHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer2D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCHW'),
    backbone=dict(type='TANet', pretrained='torchvision://resnet50', depth=50, num_segments=8,
                  tam_cfg=dict()),
    cls_head=dict(type='TSMHead', num_classes=400, in_channels=2048, spatial_type='avg',
                  consensus=dict(type='AvgConsensus', dim=1), dropout_ratio=0.5, init_std=0.001),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
