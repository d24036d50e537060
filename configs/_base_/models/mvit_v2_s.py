# MViTv2-S (arXiv:2112.01526, table 1): relative positions, pooled queries in every block.
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
    backbone=dict(type='MViT', arch='small', temporal_size=16, spatial_size=224,
                  drop_path_rate=0.2),
    cls_head=dict(type='MViTHead', in_channels=768, num_classes=400, dropout_ratio=0.5,
                  label_smooth_eps=0.1),
    train_cfg=None,
    test_cfg=dict(average_clips='prob', max_testing_views=10))
