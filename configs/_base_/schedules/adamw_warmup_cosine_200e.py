# AdamW, 30 epochs of warm-up, then half a cosine (MViT); the rate is that of 512 clips a step: of
# 256 videos, each shown twice.
train_cfg = dict(by_epoch=True, max_epochs=200, val_begin=1, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=0.0016, betas=(0.9, 0.999), weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.),
    clip_grad=dict(max_norm=1, norm_type=2))
param_scheduler = [dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=30,
                        convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', T_max=170, eta_min=0.000016, by_epoch=True,
                        begin=30, end=200, convert_to_iter_based=True)]
auto_scale_lr = dict(enable=False, base_batch_size=256)
