# SGD with steps after a rise of 10 epochs.
train_cfg = dict(by_epoch=True, max_epochs=150, val_begin=1, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=10,
                        convert_to_iter_based=True),
                   dict(type='MultiStepLR', by_epoch=True, begin=0, end=150, milestones=[90, 130],
                        gamma=0.1)]
