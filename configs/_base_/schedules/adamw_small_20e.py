# Twenty epochs of a small network from scratch: short warm-up, then half a cosine to zero.
train_cfg = dict(by_epoch=True, max_epochs=20, val_begin=1, val_interval=1)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=0.001, betas=(0.9, 0.999), weight_decay=0.01),
    clip_grad=dict(max_norm=5, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=1,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0, by_epoch=True, begin=1, end=20,
         convert_to_iter_based=True)]
auto_scale_lr = dict(enable=False, base_batch_size=16)
