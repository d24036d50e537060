# MViT-B (arXiv:2104.11227, table 2): attention over pooled places, 16 blocks.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[114.75, 114.75, 114.75],
                           std=[57.375, 57.375, 57.375], format_shape='NCTHW',
                           blending=dict(type='RandomBatchAugment', probs=[0.5, 0.5], augments=[
                               dict(type='MixupBlending', num_classes=400, alpha=0.8),
                               dict(type='CutmixBlending', num_classes=400, alpha=1.0)])),
    backbone=dict(
        type='MViT', temporal_size=16, spatial_size=224, drop_path_rate=0.2,
        arch=dict(embed_dims=96, num_layers=16, num_heads=1, downscale_indices=(1, 3, 14)),
        use_abs_pos_embed=True, separable_pos_embed=True, rel_pos_embed=False,
        residual_pooling=False, dim_mul_in_attention=False, pool_all_queries=False),
    cls_head=dict(type='MViTHead', in_channels=768, num_classes=400, dropout_ratio=0.5,
                  label_smooth_eps=0.1),
    train_cfg=None,
    test_cfg=dict(average_clips='prob', max_testing_views=10))
