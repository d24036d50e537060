# Video Swin (arXiv:2106.13230) of four blocks, from scratch: a few minutes on a CPU.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCTHW'),
    backbone=dict(type='SwinTransformer3D', pretrained2d=False, patch_size=(2, 8, 8),
                  window_size=(4, 4, 4), drop_path_rate=0.0, out_indices=(1,),
                  arch=dict(embed_dims=48, depths=(2, 2), num_heads=(2, 4)),
                  init_cfg=dict(type='Xavier', layer=['Linear', 'Conv3d'])),
    cls_head=dict(type='I3DHead', num_classes=400, in_channels=96, spatial_type='avg',
                  dropout_ratio=0.2, init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
