# SGD, half a cosine to zero after a rise of 2 epochs, to fine-tune on boxes; 8 GPUs of 6 clips.
train_cfg = dict(by_epoch=True, max_epochs=10, val_begin=1, val_interval=1)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.075, momentum=0.9, weight_decay=0.00001),
    clip_grad=dict(max_norm=40, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=2,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0, by_epoch=True, begin=2, end=10,
         convert_to_iter_based=True)]
