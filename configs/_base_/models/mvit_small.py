# MViTv2 (arXiv:2112.01526) of four blocks, from scratch: a few minutes on a CPU.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[114.75, 114.75, 114.75],
                           std=[57.375, 57.375, 57.375], format_shape='NCTHW'),
    backbone=dict(type='MViT', spatial_size=64, temporal_size=8, rel_pos_zero_init=False,
                  arch=dict(embed_dims=32, num_layers=4, num_heads=1, downscale_indices=(1, 3))),
    cls_head=dict(type='MViTHead', num_classes=400, in_channels=128, dropout_ratio=0.2),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
