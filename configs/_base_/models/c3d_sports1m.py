# C3D (arXiv:1412.0767), weights of Sports-1M.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[104, 117, 128], std=[1, 1, 1],
                           format_shape='NCTHW'),
    backbone=dict(
        type='C3D', style='pytorch', conv_cfg=dict(type='Conv3d'), norm_cfg=None,
        act_cfg=dict(type='ReLU'), dropout_ratio=0.5, init_std=0.005,
        pretrained='https://download.openmmlab.com/mmaction/recognition/c3d/'
                   'c3d_sports1m_pretrain_20201016-dcc47ddc.pth'),
    cls_head=dict(type='I3DHead', num_classes=101, in_channels=4096, spatial_type=None,
                  dropout_ratio=0.5, init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='score'))
