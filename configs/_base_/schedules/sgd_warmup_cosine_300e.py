# SGD, half a cosine to zero; over the first 35 epochs the rate rises to it (X3D).
train_cfg = dict(by_epoch=True, max_epochs=300, val_begin=1, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.00005),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=35,
                        convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', T_max=300, eta_min=0, by_epoch=True, begin=0,
                        end=300)]
