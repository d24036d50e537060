# SGD with steps after a rise of 2 epochs, to fine-tune on boxes; 8 GPUs of 12 clips.
train_cfg = dict(by_epoch=True, max_epochs=10, val_begin=1, val_interval=1)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.15, momentum=0.9, weight_decay=0.00001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=2,
         convert_to_iter_based=True),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=10, milestones=[4, 6, 8], gamma=0.1)]
