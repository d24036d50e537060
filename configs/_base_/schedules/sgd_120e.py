# SGD with steps.
train_cfg = dict(by_epoch=True, max_epochs=120, val_begin=1, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, begin=0, end=120, milestones=[90, 110],
                        gamma=0.1)]
