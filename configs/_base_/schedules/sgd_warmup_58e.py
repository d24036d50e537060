# SGD with steps after a rise of 16 epochs, to fine-tune large networks (CSN).
train_cfg = dict(by_epoch=True, max_epochs=58, val_begin=1, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.000125, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=16,
                        convert_to_iter_based=True),
                   dict(type='MultiStepLR', by_epoch=True, begin=0, end=58, milestones=[32, 48],
                        gamma=0.1)]
