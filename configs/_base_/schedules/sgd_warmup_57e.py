# SGD in steps, after four epochs of warm-up: fine-tuning on Charades (SlowFast), 16 clips a step.
train_cfg = dict(by_epoch=True, max_epochs=57, val_begin=1, val_interval=3)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.0375, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=4,
                        convert_to_iter_based=True),
                   dict(type='MultiStepLR', milestones=[41, 49], gamma=0.1, by_epoch=True, begin=0,
                        end=57)]
