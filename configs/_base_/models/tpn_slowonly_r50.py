# TPN (arXiv:2004.03548) on SlowOnly, ResNet-50: a pyramid of tempos on the last two stages.
pack = [dict(type='FormatShape', input_format='NCTHW'),
        dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['imgs', 'label'])]
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], format_shape='NCTHW'),
    backbone=dict(type='ResNet3dSlowOnly', depth=50, pretrained='torchvision://resnet50',
                  lateral=False, out_indices=(2, 3), conv1_kernel=(1, 7, 7), conv1_stride_t=1,
                  pool1_stride_t=1, inflate=(0, 0, 1, 1), norm_eval=False),
    neck=dict(type='TPN', in_channels=(1024, 2048), out_channels=1024,
              spatial_modulation_cfg=dict(in_channels=(1024, 2048), out_channels=2048),
              temporal_modulation_cfg=dict(downsample_scales=(8, 8)),
              upsample_cfg=dict(scale_factor=(1, 1, 1)),
              downsample_cfg=dict(downsample_scale=(1, 1, 1)),
              level_fusion_cfg=dict(in_channels=(1024, 1024), mid_channels=(1024, 1024),
                                    out_channels=2048, downsample_scales=((1, 1, 1), (1, 1, 1))),
              aux_head_cfg=dict(out_channels=400, loss_weight=0.5)),
    cls_head=dict(type='TPNHead', num_classes=400, in_channels=2048, spatial_type='avg',
                  consensus=dict(type='AvgConsensus', dim=1), dropout_ratio=0.5, init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
