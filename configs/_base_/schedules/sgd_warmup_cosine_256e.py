# SGD, half a cosine to zero; over the first 34 epochs the rate rises to it (SlowFast).
train_cfg = dict(by_epoch=True, max_epochs=256, val_begin=1, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=34,
                        convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', T_max=256, eta_min=0, by_epoch=True, begin=0,
                        end=256)]
