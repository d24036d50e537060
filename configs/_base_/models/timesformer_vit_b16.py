# TimeSformer (arXiv:2102.05095), ViT-B/16: attention along time, then within the frame.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[127.5, 127.5, 127.5],
                           std=[127.5, 127.5, 127.5], format_shape='NCTHW'),
    backbone=dict(type='TimeSformer',
                  pretrained='https://download.openmmlab.com/mmaction/recognition/timesformer/'
                             'vit_base_patch16_224.pth', num_frames=8, img_size=224, patch_size=16,
                  embed_dims=768, in_channels=3, dropout_ratio=0.0, transformer_layers=None,
                  attention_type='divided_space_time', norm_cfg=dict(type='LN', eps=0.000001)),
    cls_head=dict(type='TimeSformerHead', num_classes=400, in_channels=768),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
